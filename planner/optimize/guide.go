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
	change []float64 // by place in leaving: of all that leave the place from there on, the least, transfer included
	out    []float64 // by place, on the way out; without the time until then
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
func (in *instance) compileGuides() {
	of := map[*network][]requestIndex{}
	var list []*network
	for i := range in.requests {
		r := &in.requests[i]
		r.group = ungrouped
		if r.volume > 0 && len(r.network.nodes) > 0 {
			if of[r.network] == nil {
				list = append(list, r.network)
			}
			of[r.network] = append(of[r.network], requestIndex(i))
		}
	}
	for _, n := range list {
		n.guide = in.newGuide(of[n])
		n.sortLeaving()
	}
}

// newGuide splits requests by what an hour is worth to them, and each part by how long they stay.
func (in *instance) newGuide(list []requestIndex) *guide {
	g := &guide{}
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
				r.group = int32(len(g.groups))
				density := r.weight / r.volume
				least = group{min(least.hour, hour(r)), min(least.days, days(r)), min(least.density, density), min(least.carbon, r.co2Price*density)}
			}
			g.groups = append(g.groups, least)
		}
	}
	return g
}

// sortLeaving lists the legs that leave each place by cutoff, and for each leg the first that cargo can change to.
func (n *network) sortLeaving() {
	places := len(n.doors)
	byPlace := make([][]int32, places)
	for i := range n.nodes {
		if from := n.nodes[i].from; from >= 0 {
			byPlace[from] = append(byPlace[from], int32(i))
		}
	}
	n.leaveFirst = make([]int32, 1, places+1)
	var cutoffs []float64
	for _, list := range byPlace {
		slices.SortStableFunc(list, func(a, b int32) int { return cmp.Compare(n.nodes[a].cutoff, n.nodes[b].cutoff) })
		n.leaving = append(n.leaving, list...)
		n.leaveFirst = append(n.leaveFirst, int32(len(n.leaving)))
	}
	for _, i := range n.leaving {
		cutoffs = append(cutoffs, n.nodes[i].cutoff)
	}
	n.onward = make([]int32, len(n.nodes))
	for k, i := range n.arrivals {
		x := &n.nodes[i]
		lo, hi := n.leaveFirst[x.to], n.leaveFirst[x.to+1]
		// The first whose cutoff is at least onwardAt, but for the slack.
		at := n.onwardAt[k] - timeSlack
		n.onward[i] = lo + int32(upTo(cutoffs[lo:hi], math.Nextafter(at, math.Inf(-1))))
	}
	n.next = make([]int32, len(n.nodes))
	for i := range n.next {
		n.next[i] = -1
	}
	for i := range n.nodes {
		if e := n.nodes[i].aboard; e >= 0 {
			n.next[e] = int32(i)
		}
	}
	for i := range n.nodes {
		if n.nodes[i].home {
			n.homes = append(n.homes, int32(i))
		}
	}
	g := n.guide
	g.earliest, g.rent = make([]float64, len(n.nodes)), make([]float64, len(n.nodes))
	n.least(g.earliest, func(x *node, d *door) float64 { return x.arrive + d.hours })
	n.least(g.rent, func(_ *node, d *door) float64 { return d.storageM3Day })
}

// least computes for every leg the least of what a door behind it, or behind a leg that can follow, has.
func (n *network) least(after []float64, at func(x *node, d *door) float64) {
	suffix := make([]float64, len(n.leaving))
	done := make([]int32, len(n.doors)) // by place, suffix is known from here on
	for k := range done {
		done[k] = n.leaveFirst[k+1]
	}
	for i := len(n.nodes) - 1; i >= 0; i-- {
		x := &n.nodes[i]
		t := math.Inf(1)
		for k := range n.doors[x.to] {
			t = min(t, at(x, &n.doors[x.to][k]))
		}
		if e := n.next[i]; e >= 0 {
			t = min(t, after[e])
		}
		if k, last := n.onward[i], n.leaveFirst[x.to+1]; k < last {
			for done[x.to] > k {
				done[x.to]--
				d := done[x.to]
				suffix[d] = after[n.leaving[d]]
				if d+1 < last {
					suffix[d] = min(suffix[d], suffix[d+1])
				}
			}
			t = min(t, suffix[k])
		}
		after[i] = t
	}
}

// sweepGuide computes the bounds of every group of the network at prices of departures; without prices, room is free.
func (in *instance) sweepGuide(n *network, y *prices) {
	g := n.guide
	if g.ways == nil {
		g.ways = make([]ways, len(g.groups))
		for k := range g.ways {
			g.ways[k] = ways{after: make([]float64, len(n.nodes)), entry: make([]float64, len(n.nodes)), change: make([]float64, len(n.leaving)),
				out: make([]float64, len(n.doors))}
		}
	}
	nd := len(in.departures)
	var m3, kg []float64 // prices by leg
	if y != nil {
		m3, kg = make([]float64, len(n.nodes)), make([]float64, len(n.nodes))
		for i := range n.nodes {
			d := int(n.nodes[i].departure)
			m3[i], kg[i] = y.row[d], y.row[nd+d]
		}
	}
	done := make([]int32, len(n.doors)) // by place, change is known from here on
	for k := range g.groups {
		q, w := &g.groups[k], &g.ways[k]
		for p, list := range n.doors {
			w.out[p] = math.Inf(1)
			for d := range list {
				x := &list[d]
				w.out[p] = min(w.out[p], x.rateM3+x.storageM3Day*q.days+q.hour*x.hours)
			}
			done[p] = n.leaveFirst[p+1]
		}
		for i := len(n.nodes) - 1; i >= 0; i-- {
			x := &n.nodes[i]
			t := w.out[x.to] + q.hour*x.arrive
			if e := n.next[i]; e >= 0 {
				t = min(t, w.entry[e])
			}
			if k, last := n.onward[i], n.leaveFirst[x.to+1]; k < last {
				for done[x.to] > k {
					done[x.to]--
					d := done[x.to]
					e := n.leaving[d]
					c := w.entry[e] + n.nodes[e].transferCostM3
					if d+1 < last {
						c = min(c, w.change[d+1])
					}
					w.change[d] = c
				}
				t = min(t, w.change[k])
			}
			w.after[i] = t
			t += max(x.m3Factor, q.density*x.kgFactor)*x.amount + q.carbon*x.co2
			if m3 != nil {
				t += m3[i] + kg[i]*q.density
			}
			w.entry[i] = t
		}
	}
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

func (n *network) rest(r *request) (rest, bool) {
	if r.group < 0 || n.guide == nil || n.guide.ways == nil {
		return rest{}, false
	}
	g := n.guide
	q := &g.groups[r.group]
	v := r.volume * (1 - slackOfRest)
	return rest{&g.ways[r.group], g.earliest, g.rent, q.hour, v, (r.timeCostHour/r.volume - q.hour) * v, (r.storageFactor/r.volume - q.days) * v,
		r.timeCostHour * r.ready}, true
}

// least is the least that the request spends where one of its group spends ways, behind leg i.
func (b *rest) least(ways float64, i int32) float64 {
	return b.volume*ways + b.time*b.earliest[i] + b.stay*b.rent[i] - b.paid
}
