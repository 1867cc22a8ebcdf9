package optimize

import (
	"math"
	"slices"
)

// prices are dual prices ≥ 0 of all capacity rows, with prefix sums that make the price of any stay in a
// warehouse two subtractions.
type prices struct {
	row   []float64 // by row, money per m3 or kg
	flat  []float64 // by warehouse × (days + 1): prefix sums of price
	slope []float64 // the same of day × price
}

func (in *instance) newPrices() *prices {
	n := len(in.warehouses) * (in.days + 1)
	return &prices{row: make([]float64, len(in.capacity)), flat: make([]float64, n), slope: make([]float64, n)}
}

// sum makes the prefix sums of what stands in row.
func (y *prices) sum(in *instance) {
	for w := range in.warehouses {
		base, at := int(in.dayRow(warehouseIndex(w), 0)), w*(in.days+1)
		f, s := 0.0, 0.0
		for d := range in.days {
			if x := y.row[base+d]; x != 0 {
				f += x
				s += float64(d) * x
			}
			y.flat[at+d+1], y.slope[at+d+1] = f, s
		}
	}
}

// stay is the price of one m3 of the request that comes to the warehouse on a day and leaves as it sells.
func (y *prices) stay(in *instance, w warehouseIndex, r *request, day int) float64 {
	at := int(w)*(in.days+1) + day
	end := at + min(r.stay, in.days-day)
	f := y.flat[end] - y.flat[at]
	if f <= 0 {
		return 0
	}
	if !r.linear {
		return f
	}
	return max(0, f-(y.slope[end]-y.slope[at]-float64(day)*f)*r.inverseStay)
}

// offCapacity is what the prices charge for all the room there is, the last term of the Lagrangian bound.
func (y *prices) offCapacity(in *instance) float64 {
	t := 0.0
	for i, x := range y.row {
		if x != 0 {
			t += x * in.capacity[i]
		}
	}
	return t
}

// ask says what the pricer is to find for a request.
type ask struct {
	request *request
	network *network
	prices  *prices  // nil: room costs nothing
	room    *room    // nil: room is never short
	weight  float64  // with room: how much of the prices counts
	limit   float64  // only itineraries cheaper than this
	guided  bool     // the network's guide is of these prices or lower ones
	all     *[]offer // if set, gets the best way out after every leg, and none is dropped for another
	soonest bool     // of all that cost less than the limit the one that arrives first is asked for, not the cheapest
	starts  []start  // if set, it begins on one of these legs, whatever its origin; with a guide only
	most    int      // if above 0, so many of the cheapest are left in the pricer's top, no two with the same last leg
}

// start is a leg that an itinerary may begin with, and what was spent before it.
type start struct {
	node  int32
	spent float64
}

// offer is the itinerary that the pricer found: for all of the request, its cost with prices.
type offer struct {
	cost float64
	node int32 // the last leg, -1 if there is no itinerary below the limit
	door int32
}

// pricer is the working memory of one label-setting sweep. One goroutine uses it at a time.
type pricer struct {
	in      *instance
	label   []float64 // by node, least cost with prices of being carried by it
	from    []int32   // by node, where that label came from: a node, or -1 for the origin
	via     []bool    // by node, whether it came by a transfer
	spans   []span    // by place
	least   []arrived // by arrival: the cheapest of its place up to it
	marked  []uint64  // by node, a bit: it has a label and waits
	changes []arrived // by place: of those who have changed there, who had spent least, and the first leg that it could change to
	path    []int32   // of enumerate, from its last leg backward
	starts  []start   // for ask.starts
	reached int       // how often a leg was looked at, with a guide
	top     []offer   // for ask.most, the cheapest first
}

// arrived is the cheapest of the first arrivals at a place.
type arrived struct {
	cost float64
	node int32
}

// span says which arrivals of a place the sweep has gone through: those in from … done−1. Earlier ones left before the
// cargo was ready.
type span struct{ from, done int32 }

func newPricer(in *instance) *pricer { return &pricer{in: in} }

func (pr *pricer) prepare(n *network) {
	if len(pr.label) < len(n.nodes) {
		m := len(n.nodes) + len(n.nodes)/2
		pr.label, pr.from, pr.via, pr.marked = make([]float64, m), make([]int32, m), make([]bool, m), make([]uint64, m/64+1)
	}
	if len(pr.spans) < len(n.doors) {
		pr.spans, pr.changes = make([]span, 2*len(n.doors)), make([]arrived, 2*len(n.doors))
	}
	if len(pr.least) < len(n.arrivals) {
		pr.least = make([]arrived, len(n.arrivals)+len(n.arrivals)/2)
	}
}

// find returns the cheapest itinerary, or the soonest: one sweep over the network in order of departure (label setting on an
// acyclic graph). Labels at or above the limit are dropped, since no cost or price is negative.
func (pr *pricer) find(a *ask) offer {
	n, r := a.network, a.request
	if a.guided && (a.room == nil || a.weight == 1) {
		if rest, ok := n.rest(r); ok {
			return pr.seek(a, &rest)
		}
	}
	best := offer{cost: a.limit, node: -1}
	pr.top = pr.top[:0]
	start, origin := firstFrom(n.nodes, r.ready), n.place(r.origin)
	if start == len(n.nodes) || origin < 0 {
		return best
	}
	pr.prepare(n)
	for k := range n.doors {
		pr.spans[k] = span{from: -1}
	}
	var rowM3, rowKg []float64
	if a.prices != nil {
		rowM3, rowKg = a.prices.row, a.prices.row[len(pr.in.departures):]
	}
	var freeM3, freeKg []float64
	v, w := r.volume, r.weight
	vPrice, wPrice := v, w
	if a.room != nil {
		freeM3, freeKg = a.room.free, a.room.free[len(pr.in.departures):]
		vPrice, wPrice = v*a.weight, w*a.weight
	}
	due := r.due + timeSlack
	carbon := r.co2Price * w
	first := best // of soonest
	for i := start; i < len(n.nodes); i++ {
		x := &n.nodes[i]
		if x.depart > due {
			break
		}
		pr.label[i] = math.Inf(1)
		if x.arrive > due {
			continue
		}
		if freeM3 != nil && (freeM3[x.departure] < v || freeKg[x.departure] < w) {
			continue
		}
		in, from, via := math.Inf(1), int32(-1), false
		if x.from == origin && r.ready <= x.cutoff+timeSlack {
			in = 0
		} else if l := pr.changed(n, x, start, r.ready); l.node >= 0 {
			in, from, via = l.cost+x.transferCostM3*v, l.node, true
		}
		if e := x.aboard; e >= int32(start) && pr.label[e] <= in {
			in, from, via = pr.label[e], e, false
		}
		if !(in < best.cost) {
			continue
		}
		in += max(v*x.m3Factor, w*x.kgFactor)*x.amount + carbon*x.co2
		if rowM3 != nil {
			in += rowM3[x.departure]*vPrice + rowKg[x.departure]*wPrice
		}
		if !(in < best.cost) {
			continue
		}
		pr.label[i], pr.from[i], pr.via[i] = in, from, via
		if a.all == nil {
			if a.soonest {
				pr.leaveSoon(a, x, int32(i), in, &due, &first)
			} else if pr.leave(a, x, int32(i), in, &best); best.cost <= 0 {
				break // nothing is cheaper
			}
			continue
		}
		out := offer{cost: a.limit, node: -1}
		if pr.leave(a, x, int32(i), in, &out); out.node >= 0 {
			*a.all = append(*a.all, out)
		}
	}
	if a.soonest {
		return first
	}
	return best
}

// changed is the cheapest arrival that can change to x in time. Cutoffs need not be in the order of departures, so the
// least is kept for every arrival, not only for the last.
func (pr *pricer) changed(n *network, x *node, start int, ready float64) arrived {
	l := &pr.spans[x.from]
	if l.from < 0 {
		lo, hi := n.first[x.from], n.first[x.from+1]
		l.from = lo + int32(upTo(n.onwardAt[lo:hi], ready))
		l.done = l.from
	}
	if x.reachable <= l.from {
		return arrived{node: -1}
	}
	for ; l.done < x.reachable; l.done++ {
		least := arrived{math.Inf(1), -1}
		if l.done > l.from {
			least = pr.least[l.done-1]
		}
		if e := n.arrivals[l.done]; e >= int32(start) && pr.label[e] < least.cost {
			least = arrived{pr.label[e], e}
		}
		pr.least[l.done] = least
	}
	return pr.least[x.reachable-1]
}

// leave tries the doors behind the place that x comes to.
func (pr *pricer) leave(a *ask, x *node, i int32, label float64, best *offer) {
	doors, v := a.network.doors[x.to], a.request.volume
	out := offer{cost: best.cost, node: -1}
	for k := range doors {
		d := &doors[k]
		if !(label+v*d.rateM3 < out.cost) {
			break // nor do dearer ones
		}
		if c, ok := pr.through(a, x, d, label, out.cost); ok {
			out = offer{c, i, int32(k)}
		}
	}
	switch {
	case out.node < 0:
	case a.most == 0:
		*best = out
	default:
		k, _ := slices.BinarySearchFunc(pr.top, out.cost, func(o offer, cost float64) int {
			if o.cost <= cost {
				return -1
			}
			return 1
		})
		pr.top = slices.Insert(pr.top, k, out)
		if len(pr.top) >= a.most {
			pr.top = pr.top[:a.most]
			*best = pr.top[a.most-1] // who costs as much is not asked for
		}
	}
}

// leaveSoon is leave for who asks for the soonest: due, what it has to be before, becomes the arrival of what it finds.
func (pr *pricer) leaveSoon(a *ask, x *node, i int32, label float64, due *float64, first *offer) {
	doors, v := a.network.doors[x.to], a.request.volume
	for k := range doors {
		d := &doors[k]
		if !(label+v*d.rateM3 < a.limit) {
			return
		}
		if arrive := x.arrive + d.hours; arrive < *due {
			if c, ok := pr.through(a, x, d, label, a.limit); ok {
				*due, *first = arrive, offer{c, i, int32(k)}
			}
		}
	}
}

// through is what the request of a has spent when it has gone through a door, if that is less than limit and possible.
func (pr *pricer) through(a *ask, x *node, d *door, label, limit float64) (float64, bool) {
	r := a.request
	arrive := x.arrive + d.hours
	c := label + r.volume*d.rateM3 + d.stay(r) + r.timeCostHour*(arrive-r.ready)
	if !(c < limit) || arrive > r.due+timeSlack {
		return 0, false
	}
	on := day(arrive)
	if on < 0 || on >= pr.in.days {
		return 0, false
	}
	if a.prices != nil {
		p := r.volume * a.prices.stay(pr.in, d.warehouse, r, on)
		if a.room != nil {
			p *= a.weight
		}
		if c += p; !(c < limit) {
			return 0, false
		}
	}
	if a.room != nil && !a.room.takes(pr.in, d.warehouse, r, on) {
		return 0, false
	}
	return c, true
}

// firstFrom is the first node that departs at hour h or later.
func firstFrom(nodes []node, h float64) int {
	lo, hi := 0, len(nodes)
	for lo < hi {
		mid := (lo + hi) / 2
		if nodes[mid].depart < h {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

// column makes an itinerary for r, whatever part of it was asked for, of what find just returned; legs are appended to
// arena.
func (pr *pricer) column(a *ask, o offer, id requestIndex, r *request, arena *[]departureIndex) column {
	n := a.network
	begin := len(*arena)
	for i := o.node; i >= 0; i = pr.from[i] {
		*arena = append(*arena, n.nodes[i].departure)
	}
	legs := (*arena)[begin:len(*arena):len(*arena)]
	for i, j := 0, len(legs)-1; i < j; i, j = i+1, j-1 {
		legs[i], legs[j] = legs[j], legs[i]
	}
	d := &n.doors[n.nodes[o.node].to][o.door]
	return pr.in.newColumn(id, r, legs, d.warehouse, d.gate, d.rateM3)
}
