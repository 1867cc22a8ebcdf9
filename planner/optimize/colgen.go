package optimize

import (
	"context"
	"math"
	"time"
)

// solver is one call of Solve.
type solver struct {
	in      *instance
	o       Options
	ctx     context.Context
	begun   time.Time
	until   time.Time // zero: no limit
	team    *team
	master  *master
	bound   float64
	proof   []float64 // the row prices that prove bound
	results []priced
	// In the second stage of a problem with whole requests: all the room there is, for them to fit into whole, and the
	// bound that this gives. wholeBound is above bound, but the prices alone do not prove it.
	full        *room
	wholeBound  float64
	values      float64   // of all requests
	settled     [][]share // the best plan so far that is not the master's
	settledCost float64
	polished    *solver    // of those who may be split, in the room that the whole ones leave
	limits      []float64  // by request: nothing dearer is looked for; nil: the request's dual price is the limit
	networks    []*network // that have a guide
	guideFree   bool       // the guides are of no prices
}

// priced is what the pricer found for one request.
type priced struct {
	column column
	found  bool
	least  float64 // min of the request's dual price and of the cheapest itinerary with prices
}

func (s *solver) stop() bool {
	if s.ctx.Err() != nil {
		return true
	}
	return !s.until.IsZero() && !time.Now().Before(s.until)
}

// price looks for the cheapest itinerary of each listed request at the master's prices, and adds those that improve
// on what it has. It returns the sum of the least costs, and how many columns it added.
func (s *solver) price(list []requestIndex) (total float64, added int, whole bool) {
	m := s.master
	y := m.price
	for i, x := range y.row {
		if x < 0 {
			y.row[i] = 0
		}
	}
	y.sum(s.in)
	if cap(s.results) < len(list) {
		s.results = make([]priced, len(list))
	}
	results := s.results[:len(list)]
	s.guide(list)
	whole = s.team.each(len(list), s.stop, func(worker, i int) {
		id := list[i]
		r := &s.in.requests[id]
		var sigma float64
		if s.limits != nil {
			sigma = s.limits[id]
		} else {
			sigma = m.requestPrice(id)
		}
		limit := min(sigma, r.value)
		limit -= dualTol * math.Abs(limit) // else every way that costs the same is gone
		a := ask{request: r, network: r.network, prices: y, limit: limit, guided: true}
		if r.whole && s.full != nil {
			a.room, a.weight = s.full, 1
		}
		pr := s.team.pricers[worker]
		o := pr.find(&a)
		results[i] = priced{least: o.cost}
		if o.node >= 0 && o.cost < sigma-m.tolerance(sigma) {
			results[i].column, results[i].found = pr.column(&a, o, id, r, s.team.arena(worker)), true
		}
	})
	if !whole {
		return 0, 0, false
	}
	for i := range results {
		total += results[i].least
		if results[i].found && !m.has(&results[i].column) {
			m.add(results[i].column)
			added++
		}
	}
	return total, added, true
}

// guide makes the guides anew at the master's prices, where enough requests are listed to be worth it; else they
// stay as they were, at no prices at all.
func (s *solver) guide(list []requestIndex) {
	if s.networks == nil {
		s.networks = s.in.guided(s.everyone())
	}
	if few := len(list) < len(s.in.requests)/32; !few || !s.guideFree {
		var y *prices
		if !few {
			y = s.master.price
		}
		s.guideFree = s.team.tasks(len(s.networks), s.stop, func(i int) { s.in.sweepGuide(s.networks[i], y) }) && few
	}
}

// has tells whether the master has the column already.
func (m *master) has(c *column) bool {
	for _, id := range m.of[c.request] {
		if m.columns[id].sameWay(c) {
			return true
		}
	}
	return false
}

// note keeps a bound, with the prices that prove it, if it is the best so far.
func (s *solver) note(bound float64) {
	if bound > s.bound {
		s.bound = bound
		s.proof = append(s.proof[:0], s.master.price.row...)
	}
}

func gap(objective, bound float64) float64 {
	return max(0, objective-bound) / max(math.Abs(objective), 1e-9)
}

func (s *solver) everyone() []requestIndex {
	all := make([]requestIndex, len(s.in.requests))
	for i := range all {
		all[i] = requestIndex(i)
	}
	return all
}

// generate solves the linear program over all itineraries, split or not, by column generation.
func (s *solver) generate() {
	all := s.everyone()
	if len(all) <= marketFrom {
		total, _, ok := s.price(all)
		if !ok {
			return
		}
		s.note(total)
	}
	if len(all) > marketFrom || s.crowded() > crowdedFrom {
		k, y := s.findPrices()
		if s.ctx.Err() != nil {
			s.keep(k.scrape())
			return
		}
		if y == nil { // the time is up: a plan from what was found so far
			y = k.y.row
		}
		s.master.start(k.deal(y), y, bandWidth)
		s.keep(s.fit(s.master.shares()))
		if s.soon() && s.settle() || s.stop() || s.inner(y) || s.stop() {
			return
		}
		s.keep(s.fit(s.master.shares()))
		s.master.unband()
	}
	s.rounds(all, "prices", s.o.Gap, s.note)
}

// Prices are looked for before any pivot from so many requests on, or if so many of fewer want room that there is too
// little of. Otherwise pivots are quicker.
const (
	marketFrom  = 4000
	crowdedFrom = 1000
)

// crowded is how many requests would go, if room cost nothing, where there is too little room for all who would. All
// must have been priced at no prices.
func (s *solver) crowded() int {
	in, m := s.in, s.master
	load := make([]float64, len(in.capacity))
	for i := range m.columns {
		in.addUse(&m.columns[i], 1, load)
	}
	short := make([]float64, len(load)) // by row, 1 where there is too little
	for i, x := range load {
		if x > in.capacity[i] {
			short[i] = 1
		}
	}
	n := 0
	for i := range m.columns {
		if in.priceOf(&m.columns[i], short) > 0 {
			n++
		}
	}
	return n
}

// findPrices looks for prices at which supply meets demand; nil if it was stopped. The columns found on the way stay in
// the master.
func (s *solver) findPrices() (*market, []float64) {
	k := newMarket(s)
	if !k.open() {
		return k, nil
	}
	near := 0.8 // of the target is how much a bound may be short of what the columns known allow
	if s.soon() {
		near = 0.3
	}
	soft := softFirst
	var best []float64
	bestBound, pool := math.Inf(-1), math.Inf(1)
	for pass := range marketPasses {
		if pass > 0 {
			pool = k.haggle(soft, pass > 2)
			s.limits = k.least
		}
		total, added, ok := s.price(s.everyone())
		s.limits = nil
		if !ok {
			return k, nil
		}
		bound := total - k.y.offCapacity(s.in)
		s.note(bound)
		if bound > bestBound {
			bestBound, best = bound, append(best[:0], k.y.row...)
		}
		if pass > 0 {
			s.report("market", pool)
		}
		if pass > 0 && (added == 0 || pool-bound <= near*s.target(pool)) {
			break
		}
		if pass > 0 {
			soft = max(soft/3, softLast)
		}
	}
	return k, best
}

const (
	softFirst    = 0.01
	softLast     = 0.00003
	marketPasses = 8
)

// bandWidth is the band that prices may move in, as a share of what the market found; bandWithin, how near to its dual
// price a column may be left outside meanwhile; bandPivots, for how many pivots a request that goes on.
const (
	bandWidth  = 0.02
	bandWithin = 1e-4
	bandPivots = 0.4
	bandLook   = 1000 // pivots between two looks
)

// soon tells whether pivots in a band are likely to come to the target soon. For others they are in vain.
func (s *solver) soon() bool {
	const coarse = 5e-4
	return s.target(s.bound) >= coarse*(s.values-s.bound)
}

// settle pivots in a band round the market's prices, from what was dealt. Now and then what is over capacity is cut and
// refilled: it tells whether that has come near enough to the bound.
func (s *solver) settle() bool {
	m := s.master
	m.within = bandWithin
	defer func() { m.within = dualTol }()
	first, last, done := m.pivots, m.pivots, false
	look := func() bool {
		last = m.pivots
		m.residual()
		s.keep(s.fit(m.shares()))
		s.report("band", s.settledCost)
		done = s.closed(s.settledCost)
		return done
	}
	m.optimise(s.everyone(), func() bool {
		return done || m.pivots >= last+bandLook && look() || float64(m.pivots-first) > bandPivots*float64(len(m.key)) || s.stop()
	})
	return done || look()
}

// inner goes on with an interior-point method, pricing everyone at its prices, until what is found is near enough or
// there is nothing to find; and from there to a corner. It tells whether that is near enough.
func (s *solver) inner(y []float64) bool {
	m, k := s.master, newMarket(s)
	all := s.everyone()
	for round := range innerRounds {
		span := s.values - s.bound
		var b *barrier
		// Prices that are not near after all want a first point farther inside.
		for from := barrierFrom; b == nil || b.worst > barrierShort; from *= 10 {
			if s.stop() || from > 1 {
				return false
			}
			if b = newBarrier(s, k, y, barrierWidth, from*span); b == nil {
				return false
			}
			b.solve(barrierTo*span, s.stop, func(objective, left float64) { s.report("inner", objective) })
		}
		if s.stop() {
			return false
		}
		y = b.prices()
		s.limits = k.leasts(y)
		total, added, ok := s.price(all)
		s.limits = nil
		if !ok {
			s.keep(s.fit(b.shares()))
			return false
		}
		s.note(total - m.price.offCapacity(s.in))
		objective := b.objective()
		s.report("inner", objective)
		if left := objective - s.bound; left > 0.9*s.target(objective) && added > 0 && round < innerRounds-1 {
			continue
		}
		keys, rest, full := b.corner()
		if !m.crossover(keys, rest, full, y, bandWidth, s.stop) {
			s.keep(s.fit(b.shares()))
			return false
		}
		m.band(y, math.Inf(1))
		m.residual()
		m.sum()
		s.keep(s.fit(m.shares()))
		s.report("corner", s.settledCost)
		if s.o.Regret > 0 && !s.closed(s.settledCost) {
			// The corner lies off where rows that are short were left out. The point splits more requests, and fits.
			s.keep(s.fit(b.shares()))
			s.report("inner", s.settledCost)
		}
		return s.closed(s.settledCost)
	}
	return false
}

// innerRounds is how often prices of an interior point are tried on everyone.
const innerRounds = 5

// target is by how much an objective may miss the bound.
func (s *solver) target(objective float64) float64 {
	return max(s.o.Gap*math.Abs(objective), s.o.Regret*(s.values-s.bound))
}

// closed tells whether the bound is near enough to an objective.
func (s *solver) closed(objective float64) bool {
	return objective-s.bound <= s.target(objective)
}

// rounds alternates between pivoting on the columns known and pricing every request, until the gap is closed or
// no column is missing.
func (s *solver) rounds(all []requestIndex, phase string, within float64, note func(bound float64)) {
	m := s.master
	m.optimise(all, s.stop)
	for !s.stop() {
		total, added, ok := s.price(all)
		if !ok {
			return
		}
		bound := total - m.price.offCapacity(s.in)
		note(bound)
		s.report(phase, m.objective)
		if added == 0 || gap(m.objective, bound) <= within || phase == "prices" && s.closed(m.objective) {
			return
		}
		m.optimise(all, s.stop)
	}
}

// generateWhole goes on from the split optimum with whole requests kept off every departure and out of every
// warehouse that could not take all of them even when empty. Where requests are large beside departures this
// raises the bound nearly to the best whole plan, and its prices and columns steer the search for that plan.
func (s *solver) generateWhole() {
	m := s.master
	s.full = s.in.newRoom()
	for i := range m.columns {
		c := &m.columns[i]
		if s.in.requests[c.request].whole && !s.full.fits(s.in, c) {
			c.cost += s.in.requests[c.request].value // never better than going unmatched
			c.banned = true
		}
	}
	m.refactor()
	s.wholeBound = s.bound
	s.rounds(s.everyone(), "whole", max(s.o.Gap, 1e-5), func(bound float64) { s.wholeBound = max(s.wholeBound, bound) })
}
