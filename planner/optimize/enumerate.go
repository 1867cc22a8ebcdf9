package optimize

import "math"

// enumerate calls emit for every itinerary that costs less with prices than the limit of a, and whose legs and stay
// fit into the room of a. It walks backward from every way out. The labels of find are the least that cargo spends
// until it is aboard a leg, so no path is begun that cannot end below the limit. It stops when emit says so, and tells
// whether it came to the end.
func (pr *pricer) enumerate(a *ask, id requestIndex, arena *[]departureIndex, emit func(c column, charged float64) bool) bool {
	n, r := a.network, a.request
	b := *a
	var ways []offer
	b.all = &ways // keeps every label below the limit
	pr.prepare(n)
	for i := range n.nodes {
		pr.label[i] = math.Inf(1)
	}
	pr.find(&b)
	for i := range n.nodes {
		if !(pr.label[i] < a.limit) {
			continue
		}
		x := &n.nodes[i]
		for k := range n.doors[x.to] {
			d := &n.doors[x.to][k]
			over, ok := pr.through(a, x, d, 0, a.limit-pr.label[i])
			if !ok {
				continue
			}
			pr.path = pr.path[:0]
			done := pr.back(a, int32(i), 0, a.limit-over, func(spent float64) bool {
				begin := len(*arena)
				for k := len(pr.path) - 1; k >= 0; k-- {
					*arena = append(*arena, n.nodes[pr.path[k]].departure)
				}
				legs := (*arena)[begin:len(*arena):len(*arena)]
				return emit(pr.in.newColumn(id, r, legs, d.warehouse, d.gate, d.rateM3), spent+over)
			})
			if !done {
				return false
			}
		}
	}
	return true
}

// back goes on from leg i to the origin, along every path of less than limit.
func (pr *pricer) back(a *ask, i int32, spent, limit float64, found func(spent float64) bool) bool {
	if !(pr.label[i]+spent < limit) {
		return true
	}
	n, r := a.network, a.request
	x := &n.nodes[i]
	pr.path = append(pr.path, i)
	defer func() { pr.path = pr.path[:len(pr.path)-1] }()
	spent += pr.aboard(a, x)
	if n.places[x.from] == r.origin && r.ready <= x.cutoff+timeSlack && spent < limit && !found(spent) {
		return false
	}
	if e := x.aboard; e >= 0 && !pr.back(a, e, spent, limit, found) {
		return false
	}
	changed := spent + x.transferCostM3*r.volume
	for k := x.reachable - 1; k >= n.first[x.from]; k-- {
		e := n.arrivals[k]
		if e == x.aboard {
			continue // staying aboard is never dearer
		}
		if !pr.back(a, e, changed, limit, found) {
			return false
		}
	}
	return true
}

// aboard is what a leg costs the request of a, with prices.
func (pr *pricer) aboard(a *ask, x *node) float64 {
	r := a.request
	c := max(r.volume*x.m3Factor, r.weight*x.kgFactor)*x.amount + r.co2Price*r.weight*x.co2
	if a.prices != nil {
		y := a.prices.row
		p := y[x.departure]*r.volume + y[len(pr.in.departures)+int(x.departure)]*r.weight
		if a.room != nil {
			p *= a.weight
		}
		c += p
	}
	return c
}
