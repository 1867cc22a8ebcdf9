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
	in, m := x.s.in, x.s.master
	ask := slices.Clone(x.doubted)
	for _, h := range x.held {
		x.prices.row[in.m3Row(h.departure)], x.prices.row[in.kgRow(h.departure)] = h.m3, h.kg
	}
	gain := x.catchUp()
	for _, list := range [][]departureIndex{x.late, x.struck} {
		for _, d := range list {
			for _, id := range x.through[d] {
				if r := m.columns[id].request; r >= 0 && slices.Contains(x.way[r].legs, d) {
					ask = append(ask, r)
				}
			}
		}
	}
	x.touched = append(x.touched, gain...)
	ask = slices.DeleteFunc(append(ask, gain...), func(r requestIndex) bool { return x.gone[r] })
	slices.Sort(ask)
	x.late, x.held, x.struck, x.doubted = x.late[:0], x.held[:0], x.struck[:0], x.doubted[:0]
	x.reprice(slices.Compact(ask))
	return x.bound()
}

// catchUp tells the networks of the late departures. It lists the requests for whom an itinerary by one of them may cost
// less than what was proven, in ascending order and each once.
func (x *Session) catchUp() []requestIndex {
	if len(x.late) == 0 {
		return nil
	}
	in := x.s.in
	var networks []*network
	for _, n := range in.networks {
		networks = append(networks, n)
	}
	gain := make([][]requestIndex, len(networks))
	mv := x.newMover()
	x.s.team.tasks(len(networks), func(i int) {
		n := networks[i]
		late, _ := mv.renew(n)
		if len(late) == 0 {
			return
		}
		for _, r := range x.members[n] {
			q := &in.requests[r]
			rest, ok := n.rest(q)
			for _, k := range late {
				y := &n.nodes[k]
				if y.cutoff+timeSlack >= q.ready && y.arrive <= q.due+timeSlack && (!ok || rest.least(rest.entry[k], k) < x.least[r]) {
					gain[i] = append(gain[i], r)
					break
				}
			}
		}
	})
	all := slices.Concat(gain...)
	slices.Sort(all)
	return all
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
