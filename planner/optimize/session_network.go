package optimize

import (
	"cmp"
	"math/bits"
	"slices"
)

// Networks are brought up to date in place. A departure that runs at another hour moves to where that hour belongs, and
// what is computed anew of a guide is the departure itself and those before it who may now come home for less: from there
// backward, as far as values fall. Who comes home dearer than before keeps the old value, which still bounds from below,
// until all guides are made anew.

// mover is one call of catchUp.
type mover struct {
	x     *Session
	feeds [][]departureIndex // by place in held: who did not reach the departure before it changed, and does
}

// knownOf is what the networks know of a departure.
func (x *Session) knownOf(d departureIndex) *departure {
	for i := range x.held {
		if x.held[i].departure == d {
			return &x.held[i].known
		}
	}
	return &x.s.in.departures[d]
}

// indexAt is where a departure that leaves at an hour is in the network, or -1.
func (n *network) indexAt(d departureIndex, depart float64) int32 {
	for i := firstFrom(n.nodes, depart); i < len(n.nodes) && n.nodes[i].depart == depart; i++ {
		if n.nodes[i].departure == d {
			return int32(i)
		}
	}
	return -1
}

func (x *Session) newMover() *mover {
	in := x.s.in
	mv := &mover{x: x, feeds: make([][]departureIndex, len(x.held))}
	for k := range x.held {
		h := &x.held[k]
		now := &in.departures[h.departure]
		if now.cutoff <= h.known.cutoff {
			continue
		}
		for e := range in.departures {
			y := &in.departures[e]
			if on := y.arrive + in.transferHours[y.to]; y.to == now.from && on <= now.cutoff+2*timeSlack && on > h.known.cutoff-2*timeSlack {
				mv.feeds[k] = append(mv.feeds[k], departureIndex(e))
			}
		}
	}
	return mv
}

// renew brings a network up to date: in place, or made anew where it has other departures now. It lists where the late
// departures are in it.
func (mv *mover) renew(n *network) (late []int32) {
	x, in := mv.x, mv.x.s.in
	usable := in.usable(&n.kind)
	has := func(d departureIndex) bool { return n.indexAt(d, x.knownOf(d).depart) >= 0 }
	var moved []int32
	anew := false
	for k := range x.held {
		h := &x.held[k]
		if d := h.departure; usable(d) {
			if i := n.indexAt(d, h.known.depart); i >= 0 {
				moved = append(moved, i)
			}
		}
	}
	for k := range x.held {
		d := x.held[k].departure
		if !usable(d) {
			continue
		}
		missing := func(e departureIndex) bool { return usable(e) && !has(e) }
		if !has(d) {
			anew = anew || mv.leads(n, d, moved, has)
		} else if a := in.departures[d].aboard; a >= 0 && missing(a) || slices.ContainsFunc(mv.feeds[k], missing) {
			anew = true
		}
	}
	switch {
	case anew:
		x.remake(n)
		for k := range x.held {
			if d := x.held[k].departure; usable(d) {
				if i := n.indexAt(d, in.departures[d].depart); i >= 0 {
					late = append(late, i)
				}
			}
		}
	case len(moved) > 0:
		late = in.move(n, moved)
		n.lower(in, late, x.prices)
	}
	return late
}

// leads tells whether a departure that is not in the network may now lead to a door.
func (mv *mover) leads(n *network, d departureIndex, moved []int32, has func(departureIndex) bool) bool {
	in := mv.x.s.in
	y := &in.departures[d]
	on := y.arrive + in.transferHours[y.to] - timeSlack
	for _, i := range moved {
		if z := &in.departures[n.nodes[i].departure]; z.from == y.to && z.cutoff >= on {
			return true
		}
	}
	if e := in.onward[d]; e >= 0 && has(e) {
		return true
	}
	p := n.place(y.to)
	if p < 0 {
		return false // had it doors, the departure would be in the network
	}
	first, last := n.leaveFirst[p], n.leaveFirst[p+1]
	return len(n.doors[p]) > 0 || first < last && n.cutoffs[last-1] >= on
}

// remake makes a network anew, with its guide at the prices of the proof. Groups stay as they are.
func (x *Session) remake(n *network) {
	in := x.s.in
	fresh := in.newNetwork(n.kind)
	if n.guide != nil && len(fresh.nodes) > 0 {
		fresh.guide = &guide{groups: n.guide.groups}
		fresh.guide.earliest, fresh.guide.rent = fresh.nearest()
		in.sweepGuide(fresh, x.prices)
	}
	*n = *fresh
}

// move takes over the times, rates and links of departures that are in the network, and puts them where they belong. It
// returns where they are now.
func (in *instance) move(n *network, moved []int32) []int32 {
	for _, i := range moved {
		y := &n.nodes[i]
		d := &in.departures[y.departure]
		if e := y.aboard; e >= 0 && n.next[e] == i {
			n.next[e] = -1
		}
		y.aboard = -1
		n.arrivalAgain(i, d.arrive+in.transferHours[d.to])
		n.leavingAgain(i, d.cutoff)
		y.cutoff, y.depart, y.arrive, y.amount, y.co2 = d.cutoff, d.depart, d.arrive, d.amount, d.co2
		y.m3Factor, y.kgFactor = d.factors()
	}
	now := n.reorder(moved)
	for _, i := range now {
		y := &n.nodes[i]
		if a := in.departures[y.departure].aboard; a >= 0 {
			if e := n.indexAt(a, in.departures[a].depart); e >= 0 {
				y.aboard, n.next[e] = e, i
			}
		}
	}
	for _, i := range now {
		in.connect(n, n.nodes[i].from)
		in.connect(n, n.nodes[i].to)
	}
	return now
}

// shift moves what is at place i of a list to place j.
func shift[T any](list []T, i, j int) {
	x := list[i]
	if i < j {
		copy(list[i:j], list[i+1:j+1])
	} else {
		copy(list[j+1:i+1], list[j:i])
	}
	list[j] = x
}

// arrivalAgain puts node i among the arrivals of its place by another hour.
func (n *network) arrivalAgain(i int32, hour float64) {
	first, last := n.first[n.nodes[i].to], n.first[n.nodes[i].to+1]
	at := slices.Index(n.arrivals[first:last], i)
	list, hours := n.arrivals[first:last], n.onwardAt[first:last]
	to := placeFor(hours, at, hour)
	shift(list, at, to)
	shift(hours, at, to)
	hours[to] = hour
}

// leavingAgain puts node i among those that leave its place by another cutoff. The guide's least values move along: behind
// a place of the list is now nothing that was not behind where its value comes from, but for the node itself.
func (n *network) leavingAgain(i int32, cutoff float64) {
	first, last := n.leaveFirst[n.nodes[i].from], n.leaveFirst[n.nodes[i].from+1]
	list, hours := n.leaving[first:last], n.cutoffs[first:last]
	at := slices.Index(list, i)
	to := placeFor(hours, at, cutoff)
	shift(list, at, to)
	shift(hours, at, to)
	hours[to] = cutoff
	if n.guide == nil || at == to {
		return
	}
	for k := range n.guide.ways {
		change := n.guide.ways[k].change[first:last]
		shift(change, at, to)
		if change[to] = infinity; to+1 < len(change) {
			change[to] = change[to+1] // so that they still ascend; lower takes the node itself into account
		}
	}
}

// placeFor is where in a sorted list the value at a place belongs once it is h.
func placeFor(hours []float64, at int, h float64) int {
	for at > 0 && hours[at-1] > h {
		at--
	}
	for at+1 < len(hours) && hours[at+1] < h {
		at++
	}
	return at
}

// reorder sorts the nodes by hour of departure where only those listed may be out of order, and returns where these are.
func (n *network) reorder(moved []int32) []int32 {
	earlier := func(a, b int32) int {
		x, y := &n.nodes[a], &n.nodes[b]
		return cmp.Or(cmp.Compare(x.depart, y.depart), cmp.Compare(x.departure, y.departure))
	}
	moved = slices.Clone(moved)
	out := make([]bool, len(n.nodes))
	for _, i := range moved {
		out[i] = true
	}
	slices.SortFunc(moved, earlier)
	order, to := make([]int32, 0, len(n.nodes)), make([]int32, len(n.nodes))
	var now, at []int32 // where the moved are; where others are than before
	put := func(i int32) {
		k := int32(len(order))
		order, to[i] = append(order, i), k
		if i != k {
			at = append(at, k)
		}
	}
	k := 0
	for i := range n.nodes {
		if out[i] {
			continue
		}
		for ; k < len(moved) && earlier(moved[k], int32(i)) < 0; k++ {
			now = append(now, int32(len(order)))
			put(moved[k])
		}
		put(int32(i))
	}
	for ; k < len(moved); k++ {
		now = append(now, int32(len(order)))
		put(moved[k])
	}
	if len(at) == 0 {
		return now
	}
	permute(n.nodes, order, at)
	permute(n.onward, order, at)
	permute(n.next, order, at)
	if g := n.guide; g != nil {
		permute(g.earliest, order, at)
		permute(g.rent, order, at)
		for k := range g.ways {
			permute(g.ways[k].after, order, at)
			permute(g.ways[k].entry, order, at)
		}
	}
	follow := func(list []int32) {
		for k, i := range list {
			if i >= 0 {
				list[k] = to[i]
			}
		}
	}
	follow(n.arrivals)
	follow(n.leaving)
	follow(n.next)
	for i := range n.nodes {
		if e := n.nodes[i].aboard; e >= 0 {
			n.nodes[i].aboard = to[e]
		}
	}
	return now
}

// permute puts what was at order[k] at k, for every k of at.
func permute[T any](list []T, order, at []int32) {
	was := make([]T, len(at))
	for j, k := range at {
		was[j] = list[order[k]]
	}
	for j, k := range at {
		list[k] = was[j]
	}
}

// connect finds again what can change to what at a place of the network.
func (in *instance) connect(n *network, p int32) {
	first, leaveFirst := n.first[p], n.leaveFirst[p]
	onwardAt, cutoffs := n.onwardAt[first:n.first[p+1]], n.cutoffs[leaveFirst:n.leaveFirst[p+1]]
	for j, i := range n.leaving[leaveFirst:n.leaveFirst[p+1]] {
		n.nodes[i].reachable = first + int32(upTo(onwardAt, cutoffs[j]+timeSlack))
	}
	hours := in.transferHours[n.places[p]]
	for _, i := range n.arrivals[first:n.first[p+1]] {
		// By the node and not the list, where one that is cancelled still has its hour.
		n.onward[i] = leaveFirst + int32(before(cutoffs, n.nodes[i].arrive+hours-timeSlack))
	}
}

// lower brings the guide up to date after nodes have moved, at prices that are nowhere below those that it was made at.
func (n *network) lower(in *instance, moved []int32, y *prices) {
	g := n.guide
	if g == nil {
		return
	}
	marks, forced := make([]uint64, len(n.nodes)/64+1), make([]bool, len(n.nodes))
	for _, i := range moved {
		forced[i] = n.nodes[i].arrive < unreached
	}
	mark := func(i int32) { marks[i>>6] |= 1 << (i & 63) }
	each := func(visit func(i int32)) {
		for _, i := range moved {
			if forced[i] {
				mark(i)
			}
		}
		for w := len(marks) - 1; w >= 0; w-- {
			for marks[w] != 0 {
				b := bits.Len64(marks[w]) - 1
				marks[w] &^= 1 << b
				visit(int32(w*64 + b))
			}
		}
	}
	each(func(i int32) { n.nearer(i, forced[i], mark) })
	for k := range g.ways {
		w, q := &g.ways[k], &g.groups[k]
		each(func(i int32) { w.lower(in, n, q, y, i, forced[i], mark) })
	}
}

// nearer looks again at the earliest door behind a node and the least rent, and marks whom that may concern.
func (n *network) nearer(i int32, forced bool, mark func(int32)) {
	g, x := n.guide, &n.nodes[i]
	hours, rent := float64(unreached), infinity
	for _, d := range n.doors[x.to] {
		hours, rent = min(hours, x.arrive+d.hours), min(rent, d.rent)
	}
	if e := n.next[i]; e >= 0 {
		hours, rent = min(hours, g.earliest[e]), min(rent, g.rent[e])
	}
	for _, e := range n.leaving[min(n.onward[i], n.leaveFirst[x.to+1]):n.leaveFirst[x.to+1]] {
		hours, rent = min(hours, g.earliest[e]), min(rent, g.rent[e])
	}
	if rent == infinity {
		rent = 0
	}
	if !forced && hours >= g.earliest[i] && rent >= g.rent[i] {
		return
	}
	if !forced {
		hours, rent = min(hours, g.earliest[i]), min(rent, g.rent[i])
	}
	g.earliest[i], g.rent[i] = hours, rent
	n.eachBefore(i, func(e int32) {
		if g.earliest[e] > hours || g.rent[e] > rent {
			mark(e)
		}
	})
}

// eachBefore calls f for every node from which cargo can go on with node i.
func (n *network) eachBefore(i int32, f func(e int32)) {
	x := &n.nodes[i]
	if x.aboard >= 0 {
		f(x.aboard)
	}
	p := n.placeInLeaving(i)
	for _, e := range n.arrivals[n.first[x.from]:n.first[x.from+1]] {
		if n.onward[e] <= p {
			f(e)
		}
	}
}

// placeInLeaving is where in leaving a node is.
func (n *network) placeInLeaving(i int32) int32 {
	x := &n.nodes[i]
	first, last := n.leaveFirst[x.from], n.leaveFirst[x.from+1]
	return first + int32(slices.Index(n.leaving[first:last], i))
}

// lower looks again at what a group still has to spend behind a node and before it, and marks whom that may concern.
func (w *ways) lower(in *instance, n *network, q *group, y *prices, i int32, forced bool, mark func(int32)) {
	x := &n.nodes[i]
	t := w.out[x.to] + q.hour*x.arrive
	if e := n.next[i]; e >= 0 {
		t = min(t, w.entry[e])
	}
	last := n.leaveFirst[x.to+1]
	if k := n.onward[i]; k < last {
		t = min(t, w.change[k]+n.transferM3[x.to])
	}
	if !forced && t >= w.after[i] {
		return
	}
	w.after[i] = t
	t += x.spend(in, q, y)
	if !forced && t >= w.entry[i] {
		return
	}
	w.entry[i] = t
	p, first, last := n.placeInLeaving(i), n.leaveFirst[x.from], n.leaveFirst[x.from+1]
	if forced {
		w.change[p] = t
		if p+1 < last {
			w.change[p] = min(t, w.change[p+1])
		}
	}
	for k := p; k >= first && (k == p || w.change[k] > t); k-- {
		w.change[k] = min(w.change[k], t)
	}
	if e := x.aboard; e >= 0 && t < w.after[e] {
		mark(e)
	}
	t += n.transferM3[x.from]
	for _, e := range n.arrivals[n.first[x.from]:n.first[x.from+1]] {
		if t < w.after[e] && n.onward[e] <= p {
			mark(e)
		}
	}
}

// spend is what a m3 of a group pays on a node at least.
func (x *node) spend(in *instance, q *group, y *prices) float64 {
	return max(x.m3Factor, q.density*x.kgFactor)*x.amount + q.carbon*x.co2 + y.row[in.m3Row(x.departure)] + y.row[in.kgRow(x.departure)]*q.density
}
