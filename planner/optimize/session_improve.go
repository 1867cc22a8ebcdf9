package optimize

import (
	"context"
	"math"
	"slices"
	"time"
)

// Improve plans everything again from the prices, columns and shares known, until the regret or the gap of the session's
// options is reached, and returns the regret. Where requests must go whole it moves only the others; a new Solve searches
// for better places of those.
func (x *Session) Improve(ctx context.Context, regret float64) float64 {
	x.Prove()
	if len(x.s.master.columns) > 2*x.kept {
		x.forgetColumns()
	}
	objective, bound, now := x.Standing()
	if now <= regret || gap(objective, bound) <= x.s.o.Gap {
		return now
	}
	if x.Whole() {
		x.touched = x.touched[:0]
		for r := range x.s.in.requests {
			x.touched = append(x.touched, requestIndex(r))
		}
		return x.Mend(ctx, regret)
	}
	s := x.s
	m := s.master
	known := len(m.columns)
	x.replan(ctx, regret, bound)
	if s.settledCost < objective {
		x.take(s.everyone(), s.settled)
	}
	m.forgetPlan()
	copy(x.prices.row, s.proof)
	for id := known; id < len(m.columns); id++ { // those that were found on the way
		x.list(int32(id))
	}
	x.evaluate()
	x.reserve()
	x.touched, x.opened = x.touched[:0], x.opened[:0]
	_, _, now = x.Standing()
	return math.Max(0, now)
}

// replan solves the problem from the prices, columns and shares known, and leaves what it found in the solver and its master.
func (x *Session) replan(ctx context.Context, regret, bound float64) {
	s := x.s
	m := s.master
	s.ctx, s.until, s.o.Regret, s.values, s.settled, s.networks = ctx, time.Time{}, regret, 0, nil, nil
	for i := range s.in.requests {
		s.values += s.in.requests[i].value
	}
	s.in.compileScale()
	for i := range m.rhs {
		m.rhs[i] = s.in.capacity[i] * s.in.scale[i] * (1 - perturbation*m.random.Float64())
	}
	m.moneyUnit = s.values / float64(max(1, len(s.in.requests)))
	s.bound = bound
	s.proof = append(s.proof[:0], x.prices.row...)
	all := s.everyone()
	y := slices.Clone(x.prices.row)
	if len(all) > marketFrom {
		again := func(k *market, y []float64) bool {
			m.start(k.deal(y), y, bandWidth)
			s.keep(s.fit(m.shares()))
			return s.soon() && s.settle() || s.inner(y)
		}
		if !again(newMarket(s), y) && !s.stop() {
			// The prices known are too far from the best to begin at.
			m.forgetPlan()
			clear(m.price.row)
			if k, y := s.findPrices(); y != nil {
				again(k, y)
			}
		}
	} else {
		m.forgetPlan()
		x.warm(m, all)
		s.rounds(all, "prices", s.o.Gap, s.note)
		s.keep(s.fit(m.shares()))
	}
}

// Whole tells whether some request must go whole.
func (x *Session) Whole() bool {
	return slices.ContainsFunc(x.s.in.requests, func(r request) bool { return r.whole })
}

// tooDear is the share of its value by which an itinerary may be dearer than the cheapest of its request, and be kept.
const tooDear = 0.3

// forgetColumns drops the itineraries that can no longer be gone, and those that are far too dear, so that a long history takes no
// more room than a short one. The plan keeps its own.
func (x *Session) forgetColumns() {
	m := x.s.master
	kept := make([]column, 0, len(m.columns))
	for r, list := range m.of {
		m.of[r] = list[:0]
		for _, id := range list {
			c := &m.columns[id]
			if x.charged(c)-x.least[r] > tooDear*x.s.in.requests[r].value && !slices.ContainsFunc(x.now.shares[r], func(s share) bool { return s.column.sameWay(c) }) {
				continue
			}
			m.of[r] = append(m.of[r], int32(len(kept)))
			kept = append(kept, *c)
		}
	}
	m.columns = kept
	m.basicAt = m.basicAt[:len(m.of)+len(kept)] // the basis is empty, so that all are alike
	for _, lists := range [][][]int32{x.through, x.into} {
		for k := range lists {
			lists[k] = nil
		}
	}
	for id := range kept {
		x.list(int32(id))
	}
	x.kept = len(kept)
}
