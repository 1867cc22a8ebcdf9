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
	full       *room
	wholeBound float64
	values     float64    // of all requests
	settled    [][]share  // a plan to go back to if what follows does not reach it
	polished   *solver    // of those who may be split, in the room that the whole ones leave
	limits     []float64  // by request: nothing dearer is looked for; nil: the request's dual price is the limit
	networks   []*network // that have a guide
	guideFree  bool       // the guides are of no prices
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
		sigma := m.requestPrice(id)
		if s.limits != nil {
			sigma = min(sigma, s.limits[id])
		}
		limit := min(sigma, r.value)
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
		seen := map[*network]bool{}
		for i := range s.in.requests {
			if n := s.in.requests[i].network; n.guide != nil && !seen[n] {
				seen[n] = true
				s.networks = append(s.networks, n)
			}
		}
	}
	if few := len(list) < len(s.in.requests)/32; !few || !s.guideFree {
		var y *prices
		if !few {
			y = s.master.price
		}
		s.guideFree = few
		s.team.tasks(len(s.networks), func(i int) { s.in.sweepGuide(s.networks[i], y) })
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
	if len(all) > marketFrom {
		y, keys := s.findPrices()
		if y == nil {
			return
		}
		s.settle(y, keys)
		if s.closed(s.master.objective) && s.master.excess() == 0 || s.stop() {
			return
		}
		// Rows that hold nothing or next to nothing can keep a band from closing: the same columns, from the empty plan on.
		s.settled = s.fit(s.master.shares())
		s.master.unband()
	} else {
		total, _, ok := s.price(all)
		if !ok {
			return
		}
		s.note(total)
	}
	s.rounds(all, "prices", s.o.Gap, s.note)
}

// marketFrom is from how many requests on prices are looked for before any pivot: below, pivots are quicker.
const marketFrom = 4000

// findPrices looks for prices at which supply meets demand, and for a column for each request that is good at them;
// nil if it was stopped. The columns found on the way stay in the master.
func (s *solver) findPrices() (y []float64, keys []int32) {
	k := newMarket(s)
	defer func() {
		if y == nil { // stopped: what was found so far is packed as it is
			s.master.start(k.crash(k.y.row), k.y.row, 0)
			s.master.sum()
		}
	}()
	if !k.open() {
		return nil, nil
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
			return nil, nil
		}
		bound := total - k.y.offCapacity(s.in)
		s.note(bound)
		if bound > bestBound {
			bestBound, best = bound, append(best[:0], k.y.row...)
		}
		if pass > 0 {
			s.report("market", pool)
		}
		if pass > 0 && (added == 0 || pool-bound <= 0.3*s.target(pool)) {
			break
		}
		if pass > 0 {
			soft = max(soft/3, softLast)
		}
	}
	return best, k.crash(best)
}

const (
	softFirst    = 0.01
	softLast     = 0.00003
	marketPasses = 8
)

// widths are the bands that prices may move in, one after the other, as shares of what the market found; how near to
// its dual price a column may be left outside meanwhile; and for how many pivots a request that goes on, since a narrow
// band is there to begin well and not to be finished.
var widths = [...]struct{ width, within, pivots float64 }{{0.02, 1e-4, 9}, {0.1, 3e-5, 9}, {0.5, 1e-5, 9}, {math.Inf(1), 1e-6, math.Inf(1)},
	{math.Inf(1), dualTol, math.Inf(1)}}

// settle goes from prices to a plan that fits, and on to the best one while more than the target is open.
func (s *solver) settle(y []float64, keys []int32) {
	m, all := s.master, s.everyone()
	m.start(keys, y, widths[0].width)
	defer func() { m.within = dualTol }()
	for i, w := range widths {
		m.within = w.within
		if i > 0 {
			m.band(y, w.width)
		}
		last := m.pivots
		enough := float64(last) + w.pivots*float64(len(all))
		m.optimise(all, func() bool {
			if m.pivots >= last+pivotsToLook {
				last = m.pivots
				m.residual()
				m.sum()
				s.report("band", m.objective)
				if m.excess() == 0 && s.closed(m.objective) {
					return true
				}
			}
			return float64(m.pivots) > enough || s.stop()
		})
		m.residual()
		m.sum()
		if s.stop() {
			return
		}
		s.report("band", m.objective)
		if m.excess() == 0 && s.closed(m.objective) {
			return
		}
		if float64(m.pivots) > enough {
			continue // prices on the way are not worth a look at everyone
		}
		total, _, ok := s.price(all)
		if !ok {
			return
		}
		s.note(total - m.price.offCapacity(s.in))
		s.report("band", m.objective)
		if m.excess() == 0 && s.closed(m.objective) {
			return
		}
	}
}

// pivotsToLook is how many pivots there are between two looks at whether the target is met.
const pivotsToLook = 2000

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
