package optimize

import (
	"maps"
	"math"
	"slices"
	"sync"
	"time"

	"haihe/planner"
)

// reasoner finds out why requests stay behind, by pricing variants of them: without prices, late, by any mode, for
// any class, and in the room that the plan leaves.
type reasoner struct {
	in     *instance
	prices *prices
	room   *room // what the plan leaves
	empty  *room // all there is
	pool   *master
	mu     sync.Mutex
	kinds  map[kindKey]*network
	modes  []string // all of the problem's, sorted
}

func (s *solver) newReasoner(shares [][]share) *reasoner {
	in := s.in
	w := &reasoner{in: in, prices: in.newPrices(), room: in.newRoom(), empty: in.newRoom(), pool: s.master, kinds: maps.Clone(in.networks)}
	copy(w.prices.row, s.proof)
	w.prices.sum(in)
	for _, list := range shares {
		for i := range list {
			w.room.place(in, &list[i].column, list[i].fraction)
		}
	}
	for i := range w.room.free {
		w.room.free[i] = max(0, w.room.free[i])
	}
	for m := range in.modes {
		w.modes = append(w.modes, m)
	}
	slices.Sort(w.modes)
	return w
}

func (w *reasoner) network(kind networkKind) *network {
	key := kind.key()
	w.mu.Lock()
	n := w.kinds[key]
	w.mu.Unlock()
	if n == nil {
		n = w.in.newNetwork(kind)
		w.mu.Lock()
		w.kinds[key] = n
		w.mu.Unlock()
	}
	return n
}

// explain fills in the reasons of a plan.
func (s *solver) explain(plan *planner.Plan, shares [][]share) {
	var who []requestIndex
	for r := range shares {
		left := 1.0
		for _, x := range shares[r] {
			left -= x.fraction
		}
		if left > leftover {
			who = append(who, requestIndex(r))
		}
	}
	if len(who) == 0 {
		return
	}
	// A solve that was stopped gives reasons only as far as a short while allows.
	enough := func() bool { return false }
	if s.stop() {
		for i := range plan.Unmatched {
			plan.Unmatched[i].Reason = planner.Reason{Code: planner.ReasonNoCapacity, Message: "no place was found for it before planning was stopped"}
		}
		until := time.Now().Add(max(grace, s.o.TimeLimit/10))
		enough = func() bool { return time.Now().After(until) }
	}
	w := s.newReasoner(shares)
	s.guideFreely(who)
	s.team.each(len(who), enough, func(worker, i int) {
		q := inquiry{reasoner: w, pr: s.team.pricers[worker], id: who[i], request: &s.in.requests[who[i]], left: plan.Unmatched[i].Fraction}
		plan.Unmatched[i].Reason = q.reason()
	})
}

// inquiry is about one request.
type inquiry struct {
	*reasoner
	pr      *pricer
	id      requestIndex
	request *request
	left    float64
	arena   []departureIndex
}

func (q *inquiry) find(r *request, n *network, y *prices, m *room, limit float64) (column, float64, bool) {
	a := ask{request: r, network: n, prices: y, room: m, weight: 1, limit: limit, guided: true}
	o := q.pr.find(&a)
	if o.node < 0 {
		return column{}, 0, false
	}
	q.arena = q.arena[:0:0]
	return q.pr.column(&a, o, q.id, q.request, &q.arena), o.cost, true
}

// open finds the cheapest itinerary at the plan's prices, below the limit, over departures and warehouse days that
// have room at all: for all of a request that must go whole, for a thousandth of any other.
func (q *inquiry) open(r *request, n *network, limit float64) (column, float64, bool) {
	part := 1.0
	asked := *r
	if !r.whole {
		part = 1e-3
		asked = r.part(part)
	}
	c, cost, ok := q.find(&asked, n, q.prices, q.empty, limit*part)
	return c, cost / part, ok
}

// soonest is open for the itinerary that arrives first.
func (q *inquiry) soonest(r *request, limit float64) (column, bool) {
	part := 1.0
	if !r.whole {
		part = 1e-3
	}
	asked := r.part(part)
	a := ask{request: &asked, network: r.network, prices: q.prices, room: q.empty, weight: 1, limit: limit * part, guided: true, soonest: true}
	o := q.pr.find(&a)
	if o.node < 0 {
		return column{}, false
	}
	q.arena = q.arena[:0:0]
	return q.pr.column(&a, o, q.id, q.request, &q.arena), true
}

func (q *inquiry) reason() planner.Reason {
	r := q.request
	inf := math.Inf(1)
	cheapest, cost, ok := q.find(r, r.network, nil, nil, inf)
	if !ok {
		return q.impossible()
	}
	charged, least, ok := q.open(r, r.network, inf)
	if !ok {
		charged, least = cheapest, inf
	}
	if cost >= r.value {
		return q.tooDear(cost, least)
	}
	if r.whole {
		for _, part := range []float64{0.75, 0.5, 0.25, 0.1} {
			p := r.part(part)
			if c, _, ok := q.find(&p, r.network, nil, q.room, p.value); ok {
				return q.mustSplit(part, &c)
			}
		}
	}
	return q.full(cheapest, charged, least)
}

// part is the request as if it were that fraction of it.
func (r *request) part(f float64) request {
	p := *r
	p.volume, p.weight, p.value = r.volume*f, r.weight*f, r.value*f
	p.timeCostHour, p.storageFactor = r.timeCostHour*f, r.storageFactor*f
	return p
}

// impossible is for requests that have no itinerary at all: no route, or none for its class, by its modes, or in
// its time.
func (q *inquiry) impossible() planner.Reason {
	kind := q.request.network.kind
	leads := func(k networkKind) bool { return q.in.leads(&k, q.request.origin) }
	if leads(kind) {
		return q.late()
	}
	anyMode := kind
	anyMode.modes = nil
	if leads(anyMode) {
		return q.otherMode(anyMode)
	}
	anyMode.anyClass = true
	if leads(anyMode) {
		return q.classReason()
	}
	return q.noRoute()
}

// otherMode looks for the fewest modes more that would do: one, or those of the best itinerary by any.
func (q *inquiry) otherMode(anyMode networkKind) planner.Reason {
	kind := q.request.network.kind
	var best column
	var more []string
	for _, m := range q.modes {
		if slices.Contains(kind.modes, m) {
			continue
		}
		k := kind
		k.modes = slices.Sorted(slices.Values(append(slices.Clone(kind.modes), m)))
		if c, _, ok := q.open(q.request, q.network(k), q.request.value); ok && (more == nil || c.cost < best.cost) {
			best, more = c, []string{m}
		}
	}
	if more == nil {
		if c, _, ok := q.open(q.request, q.network(anyMode), q.request.value); ok {
			for _, d := range c.legs {
				m := q.in.problem.Departures[d].Mode
				if !slices.Contains(kind.modes, m) && !slices.Contains(more, m) {
					more = append(more, m)
				}
			}
			slices.Sort(more)
		}
	}
	return q.modeReason(more)
}

// late looks for the least delay of the due time that would let it be matched at the plan's prices, or if there is
// none within the horizon, the least advance of the ready time. That is found by bisection, since more time never
// makes the cheapest itinerary dearer, and then made exact from the itinerary itself.
func (q *inquiry) late() planner.Reason {
	r := q.request
	v := *r
	v.due = float64(q.in.days * 24)
	if c, ok := q.soonest(&v, v.value); ok {
		return q.lateReason(planner.RelaxDue, c.arrive-r.due)
	}
	v = *r
	if c, ok := q.within(&v, &v.ready, r.ready, min(0, r.ready)); ok {
		v.ready = q.in.departures[c.legs[0]].cutoff
		if _, _, ok := q.open(&v, v.network, v.value); ok { // the longer way from the earlier time must pay too
			return q.lateReason(planner.RelaxReady, r.ready-v.ready)
		}
	}
	return q.lateReason("", 0)
}

// within bisects *at between a time from, which is not enough, and to, and returns the itinerary of the nearest time
// that is.
func (q *inquiry) within(v *request, at *float64, from, to float64) (column, bool) {
	*at = to
	// Time counts from the ready time as it is, so that an earlier one does not make the same itinerary dearer.
	price := func() (column, bool) {
		limit := q.request.value + v.timeCostHour*(q.request.ready-v.ready)
		c, _, ok := q.open(v, v.network, limit)
		return c, ok
	}
	best, ok := price()
	if !ok {
		return best, false
	}
	for range 40 {
		if math.Abs(to-from) < 1.0/120 {
			break
		}
		*at = (from + to) / 2
		if c, ok := price(); ok {
			best, to = c, *at
		} else {
			from = *at
		}
	}
	return best, true
}

// shortage is the one row without which a column would fit, and how much of it is missing.
func (q *inquiry) shortage(c *column) (row rowIndex, missing float64, short int) {
	use := map[rowIndex]float64{}
	n := len(q.in.departures)
	r := q.request
	var rows []rowIndex
	add := func(i rowIndex, x float64) {
		use[i] += x * q.left
		rows = append(rows, i)
	}
	for _, d := range c.legs {
		add(rowIndex(d), r.volume)
		add(rowIndex(n+int(d)), r.weight)
	}
	short = 0
	for _, i := range rows {
		if over := use[i] - q.room.free[i]; over > 0 {
			row, missing = i, over
			short++
		}
	}
	base := q.in.dayRow(c.warehouse, int(c.day))
	worst := 0.0
	for k, h := range q.in.heldFrom(c) {
		if over := h*r.volume*q.left - q.room.free[int(base)+k]; over > worst {
			if worst == 0 {
				short++
			}
			worst = over
			row, missing = base+rowIndex(k), over
		}
	}
	return row, missing, short
}

// full is for requests that would pay their way if there were room.
func (q *inquiry) full(cheapest, charged column, least float64) planner.Reason {
	r := q.request
	// One more m3 in one place, on the cheapest way there is that lacks nothing else.
	options := []*column{&cheapest, &charged}
	for _, id := range q.pool.of[q.id] {
		options = append(options, &q.pool.columns[id])
	}
	var best *column
	var at rowIndex
	var missing float64
	n := len(q.in.departures)
	for _, c := range options {
		if c.banned || c.cost >= r.value || best != nil && c.cost >= best.cost {
			continue
		}
		row, m3, short := q.shortage(c)
		if short == 1 && (int(row) < n || int(row) >= 2*n && q.oneDay(c)) {
			best, at, missing = c, row, m3
		}
	}
	if best != nil {
		return q.fullReason(at, &planner.Relaxation{Kind: planner.RelaxM3, M3: missing})
	}
	// Else what it would have to be worth: the cheapest way in the room that is left, or at the prices of room.
	row, _, _ := q.shortage(&cheapest)
	value := least
	p := r.part(q.left)
	if _, cost, ok := q.find(&p, r.network, nil, q.room, math.Inf(1)); ok && q.left > 0 {
		if r.whole || least < r.value {
			value = cost / q.left
		}
	} else if r.whole && least < r.value {
		return q.fullReason(row, nil)
	}
	if math.IsInf(value, 1) {
		return q.fullReason(row, nil)
	}
	return q.fullReason(row, &planner.Relaxation{Kind: planner.RelaxValue, Value: max(value, r.value) * (1 + 1e-6)})
}

// oneDay tells whether the column lacks room on a single day of its stay, so that more on that day is enough.
func (q *inquiry) oneDay(c *column) bool {
	days := 0
	base := int(q.in.dayRow(c.warehouse, int(c.day)))
	for k, h := range q.in.heldFrom(c) {
		if h*q.request.volume*q.left > q.room.free[base+k] {
			days++
		}
	}
	return days == 1
}
