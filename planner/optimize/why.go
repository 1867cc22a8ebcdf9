package optimize

import (
	"context"
	"fmt"
	"math"

	"haihe/planner"
)

// exactGap is how near to the best a plan must be for its basis to say what holds for every best plan.
const exactGap = 1e-9

// Why says of one request of a plan how much of it the best plan leaves behind, and why, exactly: where all may be split, each change
// that it names holds for every best plan, and a smaller one does not. It begins at the plan's prices and assignments, plans
// everything to the best, and has no limit of work for the one request; that takes about as long as a solve to a gap of 1e-9. What
// the best plan leaves may differ from what a plan of some regret leaves; nothing left has no reason. Requests that must go
// whole keep their places in the plan. The error names a request that the problem does not have, another reference to nothing,
// or says that ctx ended.
func Why(ctx context.Context, p *planner.Problem, plan *planner.Plan, request string, o Options) (planner.Unmatched, error) {
	o.Gap, o.Regret, o.Reasons = exactGap, 0, math.Inf(1)
	x, err := Resume(p, plan, o)
	if err != nil {
		return planner.Unmatched{}, err
	}
	r, ok := x.requests[request]
	if !ok {
		return planner.Unmatched{}, fmt.Errorf("optimize: the problem has no request %q", request)
	}
	s := x.s
	shares := x.now.shares
	if !x.Whole() {
		s.ctx = ctx
		s.price(s.everyone()) // at no prices: whom a change concerns is told by where they would go
		x.replan(ctx, 0, x.bound())
		if s.atOptimum() == nil {
			s.master.unband()
			s.rounds(s.everyone(), "prices", s.o.Gap, s.note)
			s.keep(s.fit(s.master.shares()))
		}
		shares = s.settled
	} else {
		s.ctx = ctx
		s.proof = append(s.proof[:0], x.prices.row...)
	}
	why := planner.Unmatched{Request: request, Fraction: 1}
	for _, part := range shares[r] {
		why.Fraction -= part.fraction
	}
	if why.Fraction <= leftover {
		return planner.Unmatched{Request: request}, ctx.Err()
	}
	w := s.newReasoner(shares)
	w.exact = true
	s.guideAt(nil, s.everyone(), never)
	if !x.Whole() {
		w.prepare(s)
	}
	w.answer(s.team, []requestIndex{r}, s.reasonsWork(), func() bool { return ctx.Err() != nil },
		func(_ int, reason planner.Reason) { why.Reason = reason })
	return why, ctx.Err()
}
