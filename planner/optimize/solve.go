package optimize

import (
	"context"
	"slices"
	"time"

	"haihe/planner"
)

// Options say how far Solve goes. The zero value is the default of each.
type Options struct {
	Gap       float64        // stop at this proven gap; 0: 1e-6
	Regret    float64        // stop at this proven regret, (objective − bound)/(Σ value − bound), too; 0: by Gap alone
	TimeLimit time.Duration  // 0: none
	Seed      uint64         // of the random numbers that break ties and steer the search for whole requests
	Search    int            // moves of that search: work, not time, so that the plan does not depend on the machine; 0: 100,000, < 0: none. A move counts for 45 cheap ones over a pool
	Reasons   float64        // how much work may go into the reasons, as a multiple of the usual; 0: 1, < 0: they name the obstacle and not what would help, math.Inf(1): until all are exact
	Workers   int            // goroutines; 0: GOMAXPROCS. The plan does not depend on it
	Progress  func(Progress) // called from Solve's goroutine now and then; may be nil
}

// Progress is how far Solve has come. While whole requests are not yet placed, Objective is that of the split plan.
type Progress struct {
	Elapsed               time.Duration
	Objective, Bound, Gap float64
	Regret                float64
	Phase                 string // market, band, inner, corner, prices, whole, round or search
	Pivots                int
	WholeBound            float64 // with requests that must go whole: a bound that they allow for; 0 before it is known
	Columns, Rows         int     // itineraries known; capacity rows that bind
}

// Solve plans a problem that its Validate has passed. It returns the best plan that it finds, with the bound that the
// plan's prices prove, when the gap is reached, the time is up or ctx ends, whichever comes first. The error names a
// reference to nothing.
func Solve(ctx context.Context, p *planner.Problem, o Options) (*planner.Plan, error) {
	begun := time.Now()
	in, err := compileUntil(p, func() bool { return ctx.Err() != nil })
	if err != nil {
		return nil, err
	}
	if in.requests == nil {
		return in.planNothing(begun), nil
	}
	plan, _, _, err := solveCompiled(ctx, in, o, begun)
	return plan, err
}

// planNothing is the plan of a solve that was stopped before it knew the requests.
func (in *instance) planNothing(begun time.Time) *planner.Plan {
	s := &solver{in: in, proof: make([]float64, len(in.capacity))}
	plan := s.lay(make([][]share, len(in.problem.Requests)))
	tellStopped(plan)
	plan.Seconds = time.Since(begun).Seconds()
	return plan
}

// solveOpen is Solve, and hands over what a Session goes on with: the solver and its last shares.
func solveOpen(ctx context.Context, p *planner.Problem, o Options) (*planner.Plan, *solver, [][]share, error) {
	begun := time.Now()
	in, err := compileUntil(p, func() bool { return ctx.Err() != nil })
	if err == nil && in.requests == nil {
		err = in.compileRequests(never)
	}
	if err != nil {
		return nil, nil, nil, err
	}
	return solveCompiled(ctx, in, o, begun)
}

func solveCompiled(ctx context.Context, in *instance, o Options, begun time.Time) (*planner.Plan, *solver, [][]share, error) {
	s := newSolver(ctx, in, o.withDefaults(), begun)
	var shares [][]share
	if slices.ContainsFunc(in.requests, func(r request) bool { return r.whole }) {
		s.limit(0.5) // the rest of the time is for planning whole
		s.generate()
		s.limit(0.65)
		s.generateWhole()
		s.limit(1)
		shares = s.polish(s.round().shares)
	} else {
		s.limit(1)
		s.generate()
		if s.settled == nil || s.ctx.Err() == nil {
			s.keep(s.fit(s.master.shares()))
		}
		shares = s.settled
	}
	plan := s.write(shares)
	plan.Seconds = time.Since(begun).Seconds()
	return plan, s, shares, nil
}

func newSolver(ctx context.Context, in *instance, o Options, begun time.Time) *solver {
	s := &solver{in: in, o: o, ctx: ctx, begun: begun, team: newTeam(in, o.Workers), master: newMaster(in, o.Seed)}
	s.proof = make([]float64, len(in.capacity))
	for i := range in.requests {
		s.values += in.requests[i].value
	}
	return s
}

// limit ends the next stage at a share of the time limit.
func (s *solver) limit(share float64) {
	if s.o.TimeLimit > 0 {
		s.until = s.begun.Add(time.Duration(share * float64(s.o.TimeLimit)))
	}
}

func (s *solver) report(phase string, objective float64) {
	if s.o.Progress == nil {
		return
	}
	s.o.Progress(Progress{Elapsed: time.Since(s.begun), Objective: objective, Bound: s.bound, Gap: gap(objective, s.bound), Phase: phase,
		Regret:     s.doubt(objective),
		WholeBound: s.wholeBound, Pivots: s.master.pivots, Columns: len(s.master.columns), Rows: len(s.master.tight)})
}

// doubt is the share of what could be saved that a plan may miss: 1 as long as nothing is proven, as of a plan that goes on from
// another's, and of what is no plan yet, dearer than none or no number at all.
func (s *solver) doubt(objective float64) float64 {
	if regret := max(0, objective-s.bound) / max(s.values-s.bound, 1e-9); regret <= 1 { // NaN is not
		return regret
	}
	return 1
}

// keep notes a plan if it costs less than the one that is settled.
func (s *solver) keep(shares [][]share) {
	if cost := s.cost(shares); s.settled == nil || cost < s.settledCost {
		s.settled, s.settledCost = shares, cost
	}
}

func (s *solver) cost(shares [][]share) float64 {
	t := 0.0
	for r, list := range shares {
		left := 1.0
		for k := range list {
			t += list[k].fraction * list[k].column.cost
			left -= list[k].fraction
		}
		t += left * s.in.requests[r].value
	}
	return t
}
