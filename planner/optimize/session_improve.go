package optimize

import (
	"context"
	"math"
	"slices"
)

// Improve plans everything again from the prices, columns and shares known, until the regret or the gap of the session's
// options is reached, and returns the regret. Where requests must go whole it moves only the others; a new Solve searches
// for better places of those.
func (x *Session) Improve(ctx context.Context, regret float64) float64 {
	x.Prove()
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
	s.ctx, s.o.Regret, s.bound, s.values, s.settled, s.networks = ctx, regret, 0, 0, nil, nil
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
	if s.settledCost < objective {
		x.take(all, s.settled)
	}
	m.forgetPlan()
	copy(x.prices.row, s.proof)
	for id := range m.columns { // those that were found on the way
		if c := &m.columns[id]; c.request >= 0 && len(c.legs) > 0 && !slices.Contains(x.through[c.legs[0]], int32(id)) {
			x.list(int32(id))
		}
	}
	x.evaluate()
	x.touched, x.opened = x.touched[:0], x.opened[:0]
	_, _, now = x.Standing()
	return math.Max(0, now)
}

// Whole tells whether some request must go whole.
func (x *Session) Whole() bool {
	return slices.ContainsFunc(x.s.in.requests, func(r request) bool { return r.whole })
}
