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
			tell(span, e.session)
		} else {
			span.Set(trace.String("haihe.outcome", "too little in common"))
		}
	}
	return warm, err
}

func (e *Engine) prove(ctx context.Context) {
	e.step(ctx, "bound", func() { e.session.Prove() })
}

func (e *Engine) mend(ctx context.Context) {
	e.step(ctx, "mend", func() { e.session.Mend(ctx, kept) })
}

func (e *Engine) improve(ctx context.Context) {
	e.step(ctx, "improve", func() { e.session.Improve(ctx, improved) })
}

// step does something to the plan.
func (e *Engine) step(ctx context.Context, name string, do func()) {
	_, span := trace.Step(ctx, name)
	defer span.End()
	do()
	tell(span, e.session)
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
	if err == nil && x != nil {
		tell(span, x)
	}
	return x, plan, err
}

// tell says in a span how good a plan is after a step.
func tell(span trace.Span, x *optimize.Session) {
	if span.On() {
		_, _, regret := x.Standing()
		span.Set(trace.Float("haihe.plan.regret", regret))
	}
}
