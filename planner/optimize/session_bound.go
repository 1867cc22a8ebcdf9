package optimize

import (
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
	s.guideAt(x.prices, s.everyone())
	x.reprice(all)
	x.doubted = x.doubted[:0]
}

// reprice finds what the listed requests, each once, cost at least.
func (x *Session) reprice(list []requestIndex) {
	in, m := x.s.in, x.s.master
	found := make([]bool, len(list))
	x.s.team.each(len(list), func() bool { return false }, func(worker, i int) {
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
	in := x.s.in
	ask := map[requestIndex]bool{}
	for _, r := range x.doubted {
		ask[r] = !x.gone[r]
	}
	for _, h := range x.held {
		x.prices.row[in.m3Row(h.departure)], x.prices.row[in.kgRow(h.departure)] = h.m3, h.kg
	}
	gain := x.catchUp()
	if len(x.late)+len(x.struck) > 0 {
		for r := range x.way {
			for _, d := range x.way[r].legs {
				if slices.Contains(x.late, d) || slices.Contains(x.struck, d) {
					ask[requestIndex(r)] = !x.gone[r]
				}
			}
		}
	}
	for _, r := range gain {
		ask[r] = true
	}
	x.touched = append(x.touched, slices.Compact(slices.Sorted(slices.Values(gain)))...)
	x.late, x.held, x.struck, x.doubted = x.late[:0], x.held[:0], x.struck[:0], x.doubted[:0]
	list := make([]requestIndex, 0, len(ask))
	for r, is := range ask {
		if is {
			list = append(list, r)
		}
	}
	slices.Sort(list)
	x.reprice(list)
	return x.bound()
}

// catchUp renews the networks that the late departures are in, or could be, with their guides. It lists the requests for
// whom an itinerary by one of them may cost less than what was proven.
func (x *Session) catchUp() []requestIndex {
	if len(x.late) == 0 {
		return nil
	}
	in := x.s.in
	var networks []*network
	for _, n := range in.networks {
		if x.concerned(n) {
			networks = append(networks, n)
		}
	}
	gain := make([][]requestIndex, len(networks))
	x.s.team.tasks(len(networks), func(i int) {
		n := networks[i]
		if !in.renewNetwork(n, x.late, x.prices) {
			return
		}
		for k := range n.nodes {
			y := &n.nodes[k]
			if !slices.Contains(x.late, y.departure) {
				continue
			}
			for _, r := range x.members[n] {
				q := &in.requests[r]
				if y.depart < q.ready || y.arrive > q.due {
					continue
				}
				if rest, ok := n.rest(q); !ok || rest.least(rest.entry[k], int32(k)) < x.least[r] {
					gain[i] = append(gain[i], r)
				}
			}
		}
	})
	return slices.Concat(gain...)
}

// concerned tells whether a late departure takes what goes by the network.
func (x *Session) concerned(n *network) bool {
	in := x.s.in
	class, ok := in.classes[n.kind.class]
	return ok && slices.ContainsFunc(x.late, func(d departureIndex) bool {
		return in.takes[class][d] && (len(n.kind.modes) == 0 || slices.Contains(n.kind.modes, x.problem.Departures[d].Mode))
	})
}

// renewNetwork makes a network anew if one of the departures is in it, or is now, and its guide at the prices. Groups
// stay as they are. It tells whether it did.
func (in *instance) renewNetwork(n *network, changed []departureIndex, y *prices) bool {
	has := func(n *network) bool {
		return slices.ContainsFunc(n.nodes, func(y node) bool { return slices.Contains(changed, y.departure) })
	}
	fresh := in.newNetwork(n.kind)
	if !has(n) && !has(fresh) {
		return false
	}
	if n.guide != nil && len(fresh.nodes) > 0 {
		fresh.guide = &guide{groups: n.guide.groups}
		fresh.guide.earliest, fresh.guide.rent = fresh.nearest()
		in.sweepGuide(fresh, y)
	}
	*n = *fresh
	return true
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
