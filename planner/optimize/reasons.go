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
// any class, and in the room that the plan leaves. relax.go finds what would help.
type reasoner struct {
	in     *instance
	prices *prices
	room   *room // what the plan leaves
	empty  *room // all there is
	pool   *master
	best   *master // the basis of the plan, if no better one is left to be found; else nil
	plain  bool    // what would help is not looked for
	exact  bool    // everyone is looked at, whatever it takes
	fixed  bool    // but for those who go whole, who keep their places
	near   *nearby // of best
	insert *inserter
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
	w.insert = &inserter{in: in, prices: w.prices, room: w.room, empty: w.empty, shares: shares, pool: s.master}
	w.insert.goes = in.newPlaces()
	for r := range shares {
		for k := range shares[r] {
			w.insert.goes.put(&shares[r][k].column)
		}
	}
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

// tellStopped gives the reason of whoever was not asked for one.
func tellStopped(plan *planner.Plan) {
	for i := range plan.Unmatched {
		plan.Unmatched[i].Reason = planner.Reason{Code: planner.ReasonNoCapacity, Message: "no place was found for it before planning was stopped"}
	}
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
	tellStopped(plan)
	cancelled := func() bool { return s.ctx.Err() != nil }
	enough := cancelled
	if s.stop() {
		until := time.Now().Add(max(grace, s.o.TimeLimit/10))
		enough = func() bool { return cancelled() || time.Now().After(until) }
	}
	if !s.guideAt(nil, s.everyone(), cancelled) { // of those too who may be asked to make way
		return
	}
	w := s.newReasoner(shares)
	if w.plain = s.o.Reasons < 0; !w.plain && !s.stop() {
		w.prepare(s)
	}
	w.answer(s.team, who, s.reasonsWork(), enough, func(i int, reason planner.Reason) { plan.Unmatched[i].Reason = reason })
}

// reasonsWork is how much work whatIf and inserter may have with all requests, in something like ns: a small part of the
// solve.
func (s *solver) reasonsWork() float64 {
	work := 1e7 + 2e4*float64(len(s.in.requests))
	if s.o.Reasons > 0 {
		work *= s.o.Reasons
	}
	return min(work, 1e18)
}

// prepare looks for a basis that whatIf can go on from.
func (w *reasoner) prepare(s *solver) {
	if s.polished != nil {
		s, w.fixed = s.polished, true
	}
	if w.best = s.atOptimum(); w.best == nil {
		return
	}
	w.near = w.best.nearby()
	for i, y := range w.best.price.row {
		w.prices.row[i] = max(0, y)
	}
	w.prices.sum(w.in)
}

// answer gives the reasons of the listed requests. Each may take as much work as any other; what some did not need goes
// to those who need more.
func (w *reasoner) answer(team *team, who []requestIndex, work float64, enough func() bool, tell func(i int, reason planner.Reason)) {
	inserters, questions := make([]*inserter, len(team.pricers)), make([]*whatIf, len(team.pricers))
	todo := make([]int, len(who))
	for i := range todo {
		todo[i] = i
	}
	most := 0.0
	for range 4 {
		if share := work / float64(max(1, len(todo))); share > 1.5*most {
			most = share
		} else {
			return
		}
		used, tired := make([]float64, len(todo)), make([]bool, len(todo))
		if !team.each(len(todo), enough, func(worker, k int) {
			if inserters[worker] == nil {
				inserters[worker] = w.insert.copyFor(team.pricers[worker])
			}
			i := todo[k]
			q := inquiry{reasoner: w, pr: team.pricers[worker], id: who[i], request: &w.in.requests[who[i]], insert: inserters[worker], left: 1}
			for _, x := range w.insert.shares[q.id] {
				q.left -= x.fraction
			}
			if !q.request.whole {
				q.base = w.best
			}
			q.ask = func() *whatIf {
				if questions[worker] == nil {
					questions[worker] = newWhatIf(w.best, w.near)
					questions[worker].thorough = w.exact
				}
				return questions[worker]
			}
			q.insert.work, q.insert.most = 0, most
			if q.base != nil {
				q.ask().work, q.ask().most = 0, most
			}
			tell(i, q.reason())
			used[k], tired[k] = q.insert.work, q.tired
			if q.base != nil {
				used[k] += q.ask().work
			}
		}) {
			return
		}
		again := todo[:0]
		for k, i := range todo {
			if work -= used[k]; tired[k] {
				again = append(again, i)
			}
		}
		if todo = again; len(todo) == 0 {
			return
		}
	}
}

// Where only some days of warehouses take part in pivots, whatIf has those with less slack than farFromFull; and room
// over capacity costs muchMore than any request is worth, whatever it is asked to be worth.
const (
	farFromFull = 0.3
	muchMore    = 1e5
)

// atOptimum is a copy of the master at the optimum of its linear program; nil where that was not reached.
func (s *solver) atOptimum() *master {
	m := s.master
	if s.full != nil || gap(m.objective, s.bound) > 2e-6 || m.excess() > 0 {
		return nil
	}
	b := m.copyOf(s.in)
	b.within = dualTol
	if b.lazy {
		b.band(s.proof, math.Inf(1))
		for i := range b.high {
			b.high[i] *= muchMore
		}
	}
	last := b.pivots + 200 + len(s.in.requests)/10
	b.optimise(s.everyone(), func() bool { return b.pivots > last })
	if b.residual() > 1e-9 {
		b.refactor()
	}
	if b.residual() > 1e-7 || b.excess() > 0 || b.pivots > last {
		return nil
	}
	if b.lazy {
		for w := range b.days {
			list := make([]int32, 0, 16)
			base := int(s.in.dayRow(warehouseIndex(w), 0))
			for d := range s.in.days {
				if i := base + d; b.tightAt[i] >= 0 || b.slack[i] < farFromFull {
					list = append(list, int32(d))
				}
			}
			b.days[w] = list
		}
	}
	b.sum()
	b.price.sum(s.in)
	return b
}

// inquiry is about one request.
type inquiry struct {
	*reasoner
	pr      *pricer
	id      requestIndex
	request *request
	left    float64
	base    *master // of the reasoner, if the request may be split
	insert  *inserter
	ask     func() *whatIf
	tired   bool // a question was too much work
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

// open finds the cheapest itinerary below the limit, at the plan's prices where the plan is the best and else at none,
// over departures and warehouse days that have room at all: for all of a request that must go whole, for a thousandth of any other.
func (q *inquiry) open(r *request, n *network, limit float64) (column, float64, bool) {
	part := 1.0
	asked := *r
	if !r.whole {
		part = 1e-3
		asked = r.part(part)
	}
	y := q.prices
	if q.base == nil || q.fixed {
		y = nil
	}
	c, cost, ok := q.find(&asked, n, y, q.empty, limit*part)
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
	if cost >= r.value {
		return q.tooDear(cost, q.helped((*inquiry).byValue))
	}
	if r.whole {
		for _, part := range []float64{0.75, 0.5, 0.25, 0.1} {
			p := r.part(part)
			if c, _, ok := q.find(&p, r.network, nil, q.room, p.value); ok {
				return q.mustSplit(part, &c, q.helped((*inquiry).bySplit))
			}
		}
	}
	return q.full(cheapest)
}

// helped is what would help, by one of the ways of relax.go, where that is asked for.
func (q *inquiry) helped(by func(*inquiry) *planner.Relaxation) *planner.Relaxation {
	if q.plain {
		return nil
	}
	return by(q)
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
		return q.lateReason(q.helped((*inquiry).byTime))
	}
	anyMode := kind
	anyMode.modes = nil
	if leads(anyMode) {
		return q.modeReason(q.helped(func(q *inquiry) *planner.Relaxation { return q.byModes(anyMode) }))
	}
	anyMode.anyClass = true
	if leads(anyMode) {
		return q.classReason()
	}
	return q.noRoute()
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
func (q *inquiry) full(cheapest column) planner.Reason {
	r := q.request
	if q.plain {
		row, _, _ := q.shortage(&cheapest)
		return q.fullReason(row, nil)
	}
	charged, _, ok := q.open(r, r.network, math.Inf(1))
	if !ok {
		charged = cheapest
	}
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
		if x := q.byRoom(at, missing); x != nil {
			return q.fullReason(at, x)
		}
	}
	row, _, _ := q.shortage(&cheapest)
	x := q.byValue()
	if x == nil {
		x = q.byTime()
	}
	if x == nil && len(r.network.kind.modes) > 0 {
		anyMode := r.network.kind
		anyMode.modes = nil
		x = q.byModes(anyMode)
	}
	return q.fullReason(row, x)
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
