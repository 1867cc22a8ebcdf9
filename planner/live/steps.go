package live

import (
	"context"

	"haihe/planner"
	"haihe/planner/optimize"
	"haihe/planner/trace"
)

// The steps of a solve, each a span of its own within that of the plan.

// patch is follow.
func (e *Engine) patch(ctx context.Context, p *planner.Problem) (bool, error) {
	_, span := trace.Step(ctx, "patch")
	defer span.End()
	warm, err := e.follow(p)
	if span.On() {
		if warm {
			span.Set(trace.String("haihe.outcome", "patched"))
			e.tell(span)
		} else {
			span.Set(trace.String("haihe.outcome", "too little in common"))
		}
	}
	return warm, err
}

func (e *Engine) prove(ctx context.Context) {
	_, span := trace.Step(ctx, "bound")
	defer span.End()
	e.session.Prove()
	e.tell(span)
}

func (e *Engine) mend(ctx context.Context) {
	_, span := trace.Step(ctx, "mend")
	defer span.End()
	e.session.Mend(ctx, kept)
	e.tell(span)
}

func (e *Engine) improve(ctx context.Context) {
	_, span := trace.Step(ctx, "improve")
	defer span.End()
	e.session.Improve(ctx, improved)
	e.tell(span)
}

func (e *Engine) explain(ctx context.Context) *planner.Plan {
	_, span := trace.Step(ctx, "explain")
	defer span.End()
	return e.session.Explain()
}

// anew plans from nothing.
func anew(ctx context.Context, p *planner.Problem, o optimize.Options) (*optimize.Session, *planner.Plan, error) {
	ctx, span := trace.Step(ctx, "plan from nothing")
	defer span.End()
	x, plan, err := optimize.Begin(ctx, p, o)
	if span.On() && err == nil && x != nil {
		_, _, regret := x.Standing()
		span.Set(trace.Float("haihe.plan.regret", regret))
	}
	return x, plan, err
}

// tell says in a span how good the plan is after a step.
func (e *Engine) tell(span trace.Span) {
	if span.On() {
		_, _, regret := e.session.Standing()
		span.Set(trace.Float("haihe.plan.regret", regret))
	}
}
