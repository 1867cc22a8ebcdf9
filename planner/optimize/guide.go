package optimize

import (
	"cmp"
	"math"
	"slices"
)

// guide bounds from below, for every leg of a network, what a m3 still has to pay once that leg is behind it. The
// pricer drops a label that cannot come home below its limit (A*: Hart, Nilsson and Raphael 1968). One sweep backward
// over the network serves all requests of a group, whose least values of time, density, carbon and stay it takes; room in
// warehouses counts as free.
type guide struct {
	groups []group
	// By leg, whatever the prices: the earliest hour at a door, and the least rent of a warehouse behind one.
	earliest, rent []float64
	ways           []ways // by group
}

// ways are what a m3 of a group has to spend at least; with the price of time counted from hour 0.
type ways struct {
	after  []float64 // by leg, once it is behind
	entry  []float64 // by leg, before it
	change []float64 // by place in leaving: of all that leave the place from there on, the least before them
	out    []float64 // by place, on the way out; without the time until then
	done   []int32   // scratch: by place, change is known from here on
}

// group is what the requests of a group have at least.
type group struct {
	hour    float64 // price of an hour, per m3
	days    float64 // m3-days a m3
	density float64 // kg per m3
	carbon  float64 // money per kg for a t CO2e per kg, see departure.co2
}

// perGroup is about how many requests share a sweep.
const perGroup = 6

// ungrouped is the group of a request that has no guide.
const ungrouped = -1

// compileGuides puts the requests of each network into groups.
func (in *instance) compileGuides(team *team, stop func() bool) {
	of := map[*network]int{}
	var list []*network
	var requests [][]requestIndex
	for i := range in.requests {
		r := &in.requests[i]
		r.group = ungrouped
		if r.volume > 0 && len(r.network.nodes) > 0 {
			k, ok := of[r.network]
			if !ok {
				k = len(list)
				of[r.network] = k
				list, requests = append(list, r.network), append(requests, nil)
			}
			requests[k] = append(requests[k], requestIndex(i))
		}
	}
	team.tasks(len(list), stop, func(i int) { list[i].guide = in.newGuide(list[i], requests[i]) })
}

// newGuide splits requests by what an hour is worth to them, and each part by how long they stay.
func (in *instance) newGuide(n *network, list []requestIndex) *guide {
	g := &guide{}
	g.earliest, g.rent = n.nearest()
	side := max(1, int(math.Sqrt(float64(len(list))/perGroup)))
	side = min(side, 5)
	by := func(list []requestIndex, f func(r *request) float64) {
		slices.SortStableFunc(list, func(a, b requestIndex) int { return cmp.Compare(f(&in.requests[a]), f(&in.requests[b])) })
	}
	hour := func(r *request) float64 { return r.timeCostHour / r.volume }
	days := func(r *request) float64 { return r.storageFactor / r.volume }
	by(list, hour)
	for a := range side {
		part := list[len(list)*a/side : len(list)*(a+1)/side]
		by(part, days)
		for b := range side {
			members := part[len(part)*b/side : len(part)*(b+1)/side]
			if len(members) == 0 {
				continue
			}
			least := group{math.Inf(1), math.Inf(1), math.Inf(1), math.Inf(1)}
			for _, id := range members {
				r := &in.requests[id]
				density := r.weight / r.volume
				least = group{min(least.hour, hour(r)), min(least.days, days(r)), min(least.density, density), min(least.carbon, r.co2Price*density)}
			}
			k := slices.Index(g.groups, least)
			if k < 0 {
				k = len(g.groups)
				g.groups = append(g.groups, least)
			}
			for _, id := range members {
				in.requests[id].group = int32(k)
			}
		}
	}
	return g
}

// nearest computes for every leg the earliest hour at a door behind it, or behind a leg that can follow, and the least
// rent of a warehouse behind one.
func (n *network) nearest() (earliest, rent []float64) {
	earliest, rent = make([]float64, len(n.nodes)), make([]float64, len(n.nodes))
	type door struct{ hours, rent float64 }
	doors := make([]door, len(n.doors))   // the least of each place
	later := make([]door, len(n.leaving)) // the least behind all that leave the place from there on
	done := make([]int32, len(n.doors))   // by place, later is known from here on
	for k, list := range n.doors {
		doors[k] = door{infinity, infinity}
		for _, d := range list {
			doors[k] = door{min(doors[k].hours, d.hours), min(doors[k].rent, d.rent)}
		}
		done[k] = n.leaveFirst[k+1]
	}
	for i := len(n.nodes) - 1; i >= 0; i-- {
		x := &n.nodes[i]
		t := door{x.arrive + doors[x.to].hours, doors[x.to].rent}
		if e := n.next[i]; e >= 0 {
			t = door{min(t.hours, earliest[e]), min(t.rent, rent[e])}
		}
		if k, last := n.onward[i], n.leaveFirst[x.to+1]; k < last {
			for done[x.to] > k {
				done[x.to]--
				d := done[x.to]
				e := n.leaving[d]
				later[d] = door{earliest[e], rent[e]}
				if d+1 < last {
					later[d] = door{min(later[d].hours, later[d+1].hours), min(later[d].rent, later[d+1].rent)}
				}
			}
			t = door{min(t.hours, later[k].hours), min(t.rent, later[k].rent)}
		}
		earliest[i], rent[i] = t.hours, t.rent
	}
	return earliest, rent
}

// sweepGuide computes the bounds of every group of the network at prices of departures; without prices, room is free.
func (in *instance) sweepGuide(n *network, y *prices) {
	g := n.guide
	if g.ways == nil {
		g.ways = make([]ways, len(g.groups))
		for k := range g.ways {
			g.ways[k].size(n)
		}
	}
	m3, kg := in.legPrices(n, y)
	for k := range g.groups {
		g.ways[k].sweep(n, &g.groups[k], m3, kg)
	}
}

// legPrices are prices by leg of a network; nil without prices.
func (in *instance) legPrices(n *network, y *prices) (m3, kg []float64) {
	if y == nil {
		return nil, nil
	}
	m3, kg = make([]float64, len(n.nodes)), make([]float64, len(n.nodes))
	for i := range n.nodes {
		d := int(n.nodes[i].departure)
		m3[i], kg[i] = y.row[d], y.row[len(in.departures)+d]
	}
	return m3, kg
}

// size makes room for the ways of a network.
func (w *ways) size(n *network) {
	w.after, w.entry, w.change = make([]float64, len(n.nodes)), make([]float64, len(n.nodes)), make([]float64, len(n.leaving))
	w.out, w.done = make([]float64, len(n.doors)), make([]int32, len(n.doors))
}

// sweep goes backward over the network for a group, at prices by leg; nil: room is free.
func (w *ways) sweep(n *network, q *group, m3, kg []float64) {
	done := w.done
	for p, list := range n.doors {
		w.out[p] = infinity
		for d := range list {
			x := &list[d]
			w.out[p] = min(w.out[p], x.rateM3+x.rent*q.days+q.hour*x.hours)
		}
		done[p] = n.leaveFirst[p+1]
	}
	for i := len(n.nodes) - 1; i >= 0; i-- {
		x := &n.nodes[i]
		// Comparisons instead of min and max, which take several times as long for floats.
		t := w.out[x.to] + q.hour*x.arrive
		if e := n.next[i]; e >= 0 && w.entry[e] < t {
			t = w.entry[e]
		}
		if k, last := n.onward[i], n.leaveFirst[x.to+1]; k < last {
			if done[x.to] > k {
				done[x.to] = w.changes(n, done[x.to], k, last)
			}
			if c := w.change[k] + n.transferM3[x.to]; c < t {
				t = c
			}
		}
		w.after[i] = t
		quantity := x.m3Factor
		if kg := q.density * x.kgFactor; kg > quantity {
			quantity = kg
		}
		t += quantity*x.amount + q.carbon*x.co2
		if m3 != nil {
			t += m3[i] + kg[i]*q.density
		}
		w.entry[i] = t
	}
	for p := range n.doors { // for those who begin there
		w.changes(n, done[p], n.leaveFirst[p], n.leaveFirst[p+1])
	}
}

// changes fills in change from place k on, where it is known from done on and last is the end of the place.
func (w *ways) changes(n *network, done, k, last int32) int32 {
	for done > k {
		done--
		c := w.entry[n.leaving[done]]
		if done+1 < last && w.change[done+1] < c {
			c = w.change[done+1]
		}
		w.change[done] = c
	}
	return done
}

// rest is a bound as the pricer uses it, for all of a request.
type rest struct {
	*ways
	earliest, rent     []float64
	hour               float64 // of the group
	volume, time, stay float64
	paid               float64
}

// slackOfRest keeps rounding from making a bound too high.
const slackOfRest = 1e-12

// rest is false where the network has no guide, or none for what r is now: a request may have been changed since it was
// put into its group, but a part of it is as good as all.
func (n *network) rest(r *request) (rest, bool) {
	if r.group < 0 || r.network != n || n.guide == nil || n.guide.ways == nil || !(r.volume > 0) {
		return rest{}, false
	}
	g := n.guide
	q := &g.groups[r.group]
	v := r.volume * (1 - slackOfRest)
	hour, days, density := r.timeCostHour/r.volume, r.storageFactor/r.volume, r.weight/r.volume
	const less = 1 - slackOfRest
	if hour < q.hour*less || days < q.days*less || density < q.density*less || r.co2Price*density < q.carbon*less {
		return rest{}, false
	}
	return rest{&g.ways[r.group], g.earliest, g.rent, q.hour, v, max(0, hour-q.hour) * v, max(0, days-q.days) * v, r.timeCostHour * r.ready}, true
}

// guided are the networks of the listed requests that have a guide, each once.
func (in *instance) guided(list []requestIndex) []*network {
	var networks []*network
	seen := map[*network]bool{}
	for _, r := range list {
		if n := in.requests[r].network; n.guide != nil && !seen[n] {
			seen[n] = true
			networks = append(networks, n)
		}
	}
	return networks
}

// guideAt makes the guides of the listed requests those of prices y; without prices they hold at any. It tells whether it came to
// the end; if not, they are of no prices in particular.
func (s *solver) guideAt(y *prices, list []requestIndex, stop func() bool) bool {
	networks := s.in.guided(list)
	s.guideFree = false // not all
	return s.team.tasks(len(networks), stop, func(i int) { s.in.sweepGuide(networks[i], y) })
}

// least is the least that the request spends where one of its group spends ways, behind leg i.
func (b *rest) least(ways float64, i int32) float64 {
	return b.volume*ways + b.time*b.earliest[i] + b.stay*b.rent[i] - b.paid
}
