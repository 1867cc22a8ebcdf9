package optimize

import (
	"cmp"
	"container/heap"
	"math"
	"slices"
)

// evaluate prices everyone exactly at the prices of the proof, and makes the guides of these.
func (x *Session) evaluate() {
	s := x.s
	x.prices.sum(s.in)
	all := make([]requestIndex, 0, len(s.in.requests))
	for r := range s.in.requests {
		if !x.gone[r] {
			all = append(all, requestIndex(r))
		}
	}
	s.guideAt(x.prices, s.everyone(), never)
	x.reprice(all)
	x.doubted = x.doubted[:0]
}

// reprice finds what the listed requests, each once, cost at least.
func (x *Session) reprice(list []requestIndex) {
	in, m := x.s.in, x.s.master
	found := make([]bool, len(list))
	x.s.team.each(len(list), never, func(worker, i int) {
		r := list[i]
		least, way := in.requests[r].value, column{}
		for _, id := range m.of[r] {
			if c := x.charged(&m.columns[id]); c < least {
				least, way = c, m.columns[id]
			}
		}
		if cost, c := x.price(worker, r, least); c.legs != nil {
			least, way, found[i] = cost, c, true
		}
		x.least[r], x.way[r] = least, way
	})
	for i, r := range list {
		if found[i] {
			x.learn(x.way[r])
		}
	}
}

// Prove brings the bound up to date: the networks learn what Apply changed, and whoever could gain by it, or went that
// way, is priced again. Who cannot gain keeps what was proven before: fewer itineraries only cost more. It returns the
// bound.
func (x *Session) Prove() float64 {
	in, m := x.s.in, x.s.master
	ask := slices.Clone(x.doubted)
	for _, h := range x.held {
		x.prices.row[in.m3Row(h.departure)], x.prices.row[in.kgRow(h.departure)] = h.m3, h.kg
	}
	for _, list := range [][]departureIndex{x.late, x.struck} {
		for _, d := range list {
			for _, id := range x.through[d] {
				if r := m.columns[id].request; r >= 0 && slices.Contains(x.way[r].legs, d) {
					ask = append(ask, r)
				}
			}
		}
	}
	ask = slices.DeleteFunc(ask, func(r requestIndex) bool { return x.gone[r] })
	slices.Sort(ask)
	ask = slices.Compact(ask)
	gain := x.catchUp()
	x.late, x.held, x.struck, x.doubted = x.late[:0], x.held[:0], x.struck[:0], x.doubted[:0]
	x.reprice(ask)
	x.gain(slices.DeleteFunc(gain, func(g gaining) bool { _, is := slices.BinarySearch(ask, g.request); return is }))
	return x.bound()
}

// gaining is a request for whom an itinerary by a departure that changed may cost less than what was proven.
type gaining struct {
	request requestIndex
	by      *changed
}

// changed are departures that changed in a network, and what comes before them.
type changed struct {
	nodes  []int32
	before [][]float64 // by place in nodes and by place of the network: what a m3 that begins there pays at least to come to the node
}

// catchUp tells the networks of the late departures. It lists who may gain by them, in ascending order and each once.
func (x *Session) catchUp() []gaining {
	if len(x.late) == 0 {
		return nil
	}
	in := x.s.in
	var networks []*network
	for _, n := range in.networks {
		networks = append(networks, n)
	}
	gain := make([][]gaining, len(networks))
	mv := x.newMover()
	x.s.team.tasks(len(networks), never, func(i int) {
		n := networks[i]
		nodes := mv.renew(n)
		if len(nodes) == 0 {
			return
		}
		by := &changed{nodes: nodes}
		gain[i] = x.gainers(n, by, x.members[n])
		if n.guide != nil && slices.ContainsFunc(gain[i], func(g gaining) bool { return by.elsewhere(n, &in.requests[g.request]) }) {
			for _, k := range nodes {
				by.before = append(by.before, n.before(in, k, x.prices))
			}
			list := make([]requestIndex, len(gain[i]))
			for k := range list {
				list[k] = gain[i][k].request
			}
			gain[i] = x.gainers(n, by, list)
		}
	})
	all := slices.Concat(gain...)
	slices.SortFunc(all, func(a, b gaining) int { return cmp.Compare(a.request, b.request) })
	return all
}

// gainers are those of a network's requests who may gain by departures that changed, as far as guides and what comes before these
// tell.
func (x *Session) gainers(n *network, by *changed, list []requestIndex) []gaining {
	var gain []gaining
	var starts []start
	for _, r := range list {
		q := &x.s.in.requests[r]
		rest, ok := n.rest(q)
		if starts = by.starts(starts[:0], n, q); slices.ContainsFunc(starts, func(s start) bool {
			return !ok || s.spent+rest.least(rest.entry[s.node], s.node) < x.least[r]
		}) {
			gain = append(gain, gaining{r, by})
		}
	}
	return gain
}

// starts lists the changed departures that a request may leave by or change to, with what it has spent before at least.
func (by *changed) starts(list []start, n *network, q *request) []start {
	origin := n.place(q.origin)
	for j, k := range by.nodes {
		y := &n.nodes[k]
		if y.cutoff+timeSlack < q.ready || y.arrive > q.due+timeSlack {
			continue
		}
		spent := 0.0
		if by.before != nil && y.from != origin && origin >= 0 {
			if spent = by.before[j][origin] * q.volume * (1 - slackOfRest); math.IsInf(spent, 1) || math.IsNaN(spent) {
				continue
			}
		}
		list = append(list, start{k, spent})
	}
	return list
}

// elsewhere tells whether a request would have to come to one of the departures from another place.
func (by *changed) elsewhere(n *network, q *request) bool {
	return slices.ContainsFunc(by.nodes, func(k int32) bool { return n.places[n.nodes[k].from] != q.origin })
}

// beforeMost is how many legs before a departure are looked at.
const beforeMost = 300

// before is what a m3 of any group pays at least to come to a node, by the place where it begins: the cheapest ways first, backward
// (Dijkstra 1959), until enough has been seen. Who begins elsewhere pays no less than the last of these.
func (n *network) before(in *instance, to int32, y *prices) []float64 {
	q := group{density: infinity, carbon: infinity}
	for _, g := range n.guide.groups {
		q.density, q.carbon = min(q.density, g.density), min(q.carbon, g.carbon)
	}
	least := make([]float64, len(n.places))
	for k := range least {
		least[k] = infinity
	}
	spent := map[int32]float64{to: 0}
	queue := frontier{{to, 0}}
	last := infinity // all that is left costs this much
	for seen := 0; len(queue) > 0; seen++ {
		x := heap.Pop(&queue).(start)
		if x.spent > spent[x.node] {
			continue
		}
		if seen == beforeMost {
			last = x.spent
			break
		}
		from := n.nodes[x.node].from
		least[from] = min(least[from], x.spent)
		n.eachBefore(x.node, func(e int32) {
			c := x.spent + n.nodes[e].spend(in, &q, y)
			if n.next[e] != x.node {
				c += n.transferM3[from]
			}
			if was, ok := spent[e]; !ok || c < was {
				spent[e] = c
				heap.Push(&queue, start{e, c})
			}
		})
	}
	for k := range least {
		least[k] = min(least[k], last)
	}
	return least
}

// frontier is a heap of legs, the cheapest to come from first.
type frontier []start

func (q frontier) Len() int           { return len(q) }
func (q frontier) Less(i, j int) bool { return q[i].spent < q[j].spent }
func (q frontier) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }
func (q *frontier) Push(x any)        { *q = append(*q, x.(start)) }
func (q *frontier) Pop() any {
	old := *q
	x := old[len(old)-1]
	*q = old[:len(old)-1]
	return x
}

// gain prices who may gain by departures that changed: by itineraries through these alone, and by all where what comes
// before them is not known.
func (x *Session) gain(list []gaining) {
	in := x.s.in
	type offered struct {
		cost float64
		way  column
	}
	found := make([]offered, len(list))
	x.s.team.each(len(list), never, func(worker, i int) {
		r := list[i].request
		q := &in.requests[r]
		n := q.network
		f := &found[i]
		if rest, ok := n.rest(q); ok {
			pr := x.s.team.pricers[worker]
			pr.starts = list[i].by.starts(pr.starts[:0], n, q)
			a := ask{request: q, network: n, prices: x.prices, limit: x.least[r], guided: true, starts: pr.starts}
			o := pr.seek(&a, &rest)
			if o.node < 0 {
				return
			}
			first := o.node
			for pr.from[first] >= 0 {
				first = pr.from[first]
			}
			if n.places[n.nodes[first].from] == q.origin {
				*f = offered{o.cost, pr.column(&a, o, r, q, x.s.team.arena(worker))}
				return
			}
		}
		f.cost, f.way = x.price(worker, r, x.least[r])
	})
	for i := range found {
		if f := &found[i]; f.way.legs != nil {
			r := list[i].request
			x.least[r], x.way[r] = f.cost, f.way
			x.learn(f.way)
			x.touched = append(x.touched, r)
		}
	}
}

// raise tries higher prices of rows: those of who plans a part of the plan anew, where they are above the proof's. Who goes
// by one of these rows, and the listed requests, are priced again; what everyone else costs at least holds all the more.
// What does not raise the bound is undone. It tells whether it did.
func (x *Session) raise(row []float64, rows []rowIndex, list []requestIndex) bool {
	in := x.s.in
	before := x.bound()
	type old struct {
		row   rowIndex
		price float64
	}
	var was []old
	up := map[rowIndex]bool{}
	for _, i := range rows {
		if row[i] > x.prices.row[i]*(1+1e-6)+1e-12 {
			was = append(was, old{i, x.prices.row[i]})
			up[i] = true
			x.prices.row[i] = row[i]
		}
	}
	if len(was) == 0 {
		return false
	}
	x.prices.sum(in)
	for r := range x.way {
		if x.way[r].legs != nil && x.uses(&x.way[r], up) {
			list = append(list, requestIndex(r))
		}
	}
	list = slices.Compact(slices.Sorted(slices.Values(list)))
	least, way := make([]float64, len(list)), make([]column, len(list))
	for i, r := range list {
		least[i], way[i] = x.least[r], x.way[r]
	}
	x.reprice(list)
	if x.bound() > before {
		return true
	}
	for _, o := range was {
		x.prices.row[o.row] = o.price
	}
	x.prices.sum(in)
	for i, r := range list {
		x.least[r], x.way[r] = least[i], way[i]
	}
	return false
}

// uses tells whether a column takes room of one of the rows.
func (x *Session) uses(c *column, rows map[rowIndex]bool) bool {
	in := x.s.in
	for _, d := range c.legs {
		if rows[in.m3Row(d)] || rows[in.kgRow(d)] {
			return true
		}
	}
	base := in.dayRow(c.warehouse, int(c.day))
	for k := range in.heldFrom(c) {
		if rows[base+rowIndex(k)] {
			return true
		}
	}
	return false
}
