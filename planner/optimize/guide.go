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
	after          [][]float64 // by group and leg, money per m3; with time counted from hour 0
	change         [][]float64 // by group and leg, the same if cargo changes there
	out            [][]float64 // by group and place, the same if cargo leaves there, at hour 0
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
	n.backward(nil, g.earliest, nil, func(x *node) float64 {
		t := math.Inf(1)
		for k := range n.doors[x.to] {
			t = min(t, x.arrive+n.doors[x.to][k].hours)
		}
		return t
	}, func(*node) float64 { return 0 }, 0)
	n.backward(nil, g.rent, nil, func(x *node) float64 {
		t := math.Inf(1)
		for k := range n.doors[x.to] {
			t = min(t, n.doors[x.to][k].storageM3Day)
		}
		return t
	}, func(*node) float64 { return 0 }, 0)
}

// backward computes for every leg the least sum of costs from its end to a door: leave is the cost of the way out behind
// it, leg the cost of a leg, and transfer the factor of the cost of a transfer. suffix is scratch.
func (n *network) backward(suffix, after, change []float64, leave, leg func(*node) float64, transfer float64) {
	if len(suffix) < len(n.leaving) {
		suffix = make([]float64, len(n.leaving))
	}
	done := make([]int32, len(n.doors)) // by place, suffix is known from here on
	for k := range done {
		done[k] = n.leaveFirst[k+1]
	}
	entry := make([]float64, len(n.nodes)) // from before a leg
	for i := len(n.nodes) - 1; i >= 0; i-- {
		x := &n.nodes[i]
		t := leave(x)
		if e := n.next[i]; e >= 0 {
			t = min(t, entry[e])
		}
		c := math.Inf(1)
		if k := n.onward[i]; k < n.leaveFirst[x.to+1] {
			for done[x.to] > k {
				done[x.to]--
				d := done[x.to]
				s := math.Inf(1)
				if d+1 < n.leaveFirst[x.to+1] {
					s = suffix[d+1]
				}
				e := n.leaving[d]
				suffix[d] = min(s, entry[e]+transfer*n.nodes[e].transferCostM3)
			}
			c = suffix[k]
		}
		if change != nil {
			change[i] = c
		}
		t = min(t, c)
		after[i] = t
		entry[i] = t + leg(x)
	}
}

// sweep computes after for every group of the network at prices of departures.
func (in *instance) sweepGuide(n *network, y *prices) {
	g := n.guide
	if g.after == nil {
		g.after, g.change, g.out = make([][]float64, len(g.groups)), make([][]float64, len(g.groups)), make([][]float64, len(g.groups))
		for k := range g.after {
			g.after[k], g.change[k], g.out[k] = make([]float64, len(n.nodes)), make([]float64, len(n.nodes)), make([]float64, len(n.doors))
		}
	}
	nd := len(in.departures)
	var rowM3, rowKg []float64
	if y != nil {
		rowM3, rowKg = y.row, y.row[nd:]
	}
	suffix := make([]float64, len(n.leaving))
	for k := range g.groups {
		q := &g.groups[k]
		out := g.out[k]
		for p, list := range n.doors {
			out[p] = math.Inf(1)
			for d := range list {
				x := &list[d]
				out[p] = min(out[p], x.rateM3+x.storageM3Day*q.days+q.hour*x.hours)
			}
		}
		n.backward(suffix, g.after[k], g.change[k], func(x *node) float64 { return out[x.to] + q.hour*x.arrive }, func(x *node) float64 {
			c := max(x.m3Factor, q.density*x.kgFactor)*x.amount + q.carbon*x.co2
			if rowM3 != nil {
				c += rowM3[x.departure] + rowKg[x.departure]*q.density
			}
			return c
		}, 1)
	}
}

// rest is a bound as the pricer uses it: of all of a request, from the end of leg i, after[i]·volume + earliest[i]·time
// + rent[i]·stay − paid.
type rest struct {
	after, earliest, rent    []float64
	volume, time, stay, paid float64
}

// slackOfRest keeps rounding from making a bound too high.
const slackOfRest = 1e-12

func (n *network) rest(r *request) (rest, bool) {
	if r.group < 0 || n.guide == nil || n.guide.after == nil {
		return rest{}, false
	}
	g := n.guide
	q := &g.groups[r.group]
	v := r.volume * (1 - slackOfRest)
	return rest{g.after[r.group], g.earliest, g.rent, v, (r.timeCostHour/r.volume - q.hour) * v, (r.storageFactor/r.volume - q.days) * v,
		r.timeCostHour * r.ready}, true
}
