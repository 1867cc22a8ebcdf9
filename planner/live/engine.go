package live

import (
	"context"
	"errors"
	"time"

	"haihe/planner"
	"haihe/planner/optimize"
)

// Engine plans one problem after another. Where the next is like the last it starts from the last plan, its prices and
// its itineraries: a patched plan first, then its bound, then a plan whose neighbourhood of the change is planned anew.
// Where it is not, it begins from nothing. One goroutine uses it at a time.
type Engine struct {
	quick, thorough optimize.Options
	session         *optimize.Session
	fresh           bool // the session is of a solve that began from nothing
	steps           int  // stepsFrom, but for tests
}

// NewEngine makes an engine. Options are of the solves that begin from nothing.
func NewEngine(quick, thorough optimize.Options) *Engine {
	return &Engine{quick: quick, thorough: thorough, steps: stepsFrom}
}

const (
	// stepsFrom is from how many requests on each step of a warm start is a plan of its own: below, all of them take a few
	// milliseconds together.
	stepsFrom = 4000
	// unlike is which share of a problem may differ for the last plan to be worth starting from.
	unlike = 0.25
	// kept is the regret that a warm start comes back to, half of what it is to show, so that the next event has some left;
	// and improved the one that planning everything anew comes to.
	kept, improved = 5e-4, 1e-4
)

// Solve returns a plan of the problem, or nil where the effort adds nothing to the one before. Each effort is asked for
// after the ones below it, for the same problem.
func (e *Engine) Solve(ctx context.Context, p *planner.Problem, effort Effort) (*planner.Plan, error) {
	begun := time.Now()
	plan, err := e.solve(ctx, p, effort)
	if plan != nil {
		plan.Seconds = time.Since(begun).Seconds()
	}
	return plan, err
}

func (e *Engine) solve(ctx context.Context, p *planner.Problem, effort Effort) (*planner.Plan, error) {
	steps := len(p.Requests) > e.steps
	switch effort {
	case Quick:
		warm, err := e.patch(ctx, p)
		if err != nil {
			return nil, err
		}
		if !warm {
			return e.begin(ctx, p, e.quick)
		}
		if steps {
			return e.session.Plan(), nil
		}
		e.prove(ctx)
		e.mend(ctx)
		return e.explain(ctx), nil
	case Proven:
		if e.fresh || !steps {
			return nil, nil
		}
		e.prove(ctx)
		return e.session.Plan(), nil
	case Mended:
		if e.fresh || !steps {
			return nil, nil
		}
		e.mend(ctx)
		return e.explain(ctx), nil
	case Improved:
		if _, _, regret := e.session.Standing(); e.fresh || regret <= kept {
			return nil, nil
		}
		if !e.session.Whole() {
			e.improve(ctx)
			return e.explain(ctx), nil
		}
		// Patches leave whole requests where they are; a solve from nothing finds places that only moving several gives.
		return e.better(ctx, p)
	default:
		x, plan, err := anew(ctx, p, e.thorough)
		if err == nil && ctx.Err() == nil {
			e.session, e.fresh = x, true
		}
		return plan, err
	}
}

// better plans from nothing, and keeps what it has where that is no worse.
func (e *Engine) better(ctx context.Context, p *planner.Problem) (*planner.Plan, error) {
	was, _, _ := e.session.Standing()
	x, plan, err := anew(ctx, p, e.quick)
	if err != nil || ctx.Err() != nil || plan.Objective >= was {
		return nil, err
	}
	e.session, e.fresh = x, true
	return plan, nil
}

// begin plans from nothing.
func (e *Engine) begin(ctx context.Context, p *planner.Problem, o optimize.Options) (*planner.Plan, error) {
	x, plan, err := anew(ctx, p, o)
	if err != nil {
		return nil, err
	}
	e.session, e.fresh = x, true
	return plan, nil
}

// follow takes the session to a problem. It tells whether it could, and that was worth it.
func (e *Engine) follow(p *planner.Problem) (bool, error) {
	x := e.session
	if x == nil {
		return false, nil
	}
	d, ok := x.Difference(p)
	if float64(d.Len()) > unlike*float64(len(p.Requests)+len(p.Departures)+len(p.Warehouses)) {
		return false, nil
	}
	if ok {
		_, err := x.Apply(d)
		if err == nil {
			e.fresh = e.fresh && d.Len() == 0
			return true, nil
		}
		if !errors.Is(err, optimize.ErrRestart) {
			return false, nil // a problem that is wrong: the solve from nothing says how
		}
	}
	y, err := x.Restart(p)
	if err != nil {
		return false, err
	}
	e.session, e.fresh = y, false
	return true, nil
}
