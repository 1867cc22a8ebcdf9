package scenario

import (
	"context"
	"errors"
	"reflect"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"haihe/planner"
	"haihe/planner/optimize"
)

// Up to smallProblem requests a problem is solved within a second or so, and both sides are solved alike, so that no
// changes make no difference. Above, the live plan will do where its regret is small enough, and a plan that is near is
// gone on from: within nearRegret that takes a fraction of a solve from nothing, beyond it as long.
const (
	smallProblem = 4000
	liveRegret   = 5e-4
	nearRegret   = 2e-3
)

// baseline is the last plan without changes.
type baseline struct {
	mu      sync.Mutex
	problem *planner.Problem
	plan    *planner.Plan
}

// run solves one scenario, once there is room, and keeps the answer.
func (d *Desk) run(ctx context.Context, id string, changes []Change) {
	var answer *Answer
	var made *work
	select {
	case d.jobs <- struct{}{}:
		d.at(id, func(e *entry) { e.status = Running })
		answer, made = d.solveSafely(ctx, id, changes)
		<-d.jobs
	case <-ctx.Done():
	}
	d.saving.Lock()
	defer d.saving.Unlock()
	d.mu.Lock()
	e := d.held[id]
	if e == nil {
		d.mu.Unlock()
		return
	}
	e.end()
	e.cancel = nil
	if answer == nil {
		e.status = Cancelled
		d.mu.Unlock()
		return
	}
	answer.Seconds = d.cfg.Now().Sub(e.begun).Seconds()
	r := e.record
	r.Revision, r.Answer = d.revision(), answer
	if made != nil {
		d.work = slices.DeleteFunc(d.work, func(w *work) bool { return w.id == id })
		d.work = append(d.work, made)
		d.work = d.work[max(0, len(d.work)-keptWork):]
	}
	e.record, e.status = r, statusOf(&r)
	d.mu.Unlock()
	wait, done := context.WithTimeout(d.ctx, 30*time.Second)
	defer done()
	if err := d.save(wait, r); err != nil && d.ctx.Err() == nil {
		d.cfg.Logger.Warn("the answer of a what-if could not be kept; after a restart it is to be solved again", "scenario", id, "error", err)
	}
}

// solveSafely turns a panic into an answer that says so: a question must not bring the service down.
func (d *Desk) solveSafely(ctx context.Context, id string, changes []Change) (a *Answer, made *work) {
	defer func() {
		if p := recover(); p != nil {
			d.cfg.Logger.Error("a what-if panicked", "scenario", id, "panic", p, "stack", string(debug.Stack()))
			a, made = &Answer{Problem: "something went wrong here; it has been logged", SolvedAt: d.cfg.Now().UTC()}, nil
		}
	}()
	return d.solve(ctx, id, changes)
}

// at changes an entry that is still there.
func (d *Desk) at(id string, f func(*entry)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if e := d.held[id]; e != nil {
		f(e)
	}
}

func (d *Desk) stage(id, stage string, step int) {
	d.at(id, func(e *entry) {
		e.progress.Stage, e.progress.Step, e.progress.Phase, e.progress.Regret = stage, step, "", 1
	})
}

// solve returns an answer, or nil if ctx ended.
func (d *Desk) solve(ctx context.Context, id string, changes []Change) (*Answer, *work) {
	a := &Answer{}
	fail := func(err error) (*Answer, *work) {
		if ctx.Err() != nil {
			return nil, nil
		}
		a.Problem, a.SolvedAt = err.Error(), d.cfg.Now().UTC()
		return a, nil
	}
	d.stage(id, "copy", 1)
	base, liveProblem, livePlan, err := d.cfg.Base(ctx)
	if err != nil {
		return fail(err)
	}
	a.BaseAt = base.Now.UTC()
	before, err := base.Problem()
	if err != nil {
		return fail(err)
	}
	after, shut, err := base.with(changes)
	if err != nil {
		return fail(err)
	}
	if err := after.Validate(); err != nil {
		return fail(err)
	}
	o := d.cfg.Options
	o.Progress = func(p optimize.Progress) {
		d.at(id, func(e *entry) { e.progress.Phase, e.progress.Regret = p.Phase, p.Regret })
	}
	d.stage(id, "before", 2)
	planBefore, err := d.without(ctx, before, liveProblem, livePlan, o)
	if err != nil {
		return fail(err)
	}
	d.stage(id, "after", 3)
	planAfter, err := d.from(ctx, after, before, planBefore, o)
	if err != nil {
		return fail(err)
	}
	d.stage(id, "compare", 4)
	a.Difference = Compare(before, planBefore, after, planAfter)
	a.Difference.Shut = shut
	a.SolvedAt = d.cfg.Now().UTC()
	return a, &work{id, after, planAfter}
}

// without returns the plan without changes: one of before, the live one where it will do, or a new one.
func (d *Desk) without(ctx context.Context, p, liveProblem *planner.Problem, livePlan *planner.Plan, o optimize.Options) (*planner.Plan, error) {
	b := &d.base
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.plan != nil && reflect.DeepEqual(b.problem, p) {
		return b.plan, nil
	}
	if len(p.Requests) > d.small && livePlan != nil && RegretOf(liveProblem, livePlan) <= liveRegret && reflect.DeepEqual(liveProblem, p) {
		return livePlan, nil
	}
	plan, err := d.from(ctx, p, liveProblem, livePlan, o)
	if err != nil {
		return nil, err
	}
	b.problem, b.plan = p, plan
	return plan, nil
}

// from plans a problem to the regret of the options: from the plan of another problem where that is near, else from nothing.
func (d *Desk) from(ctx context.Context, p, other *planner.Problem, plan *planner.Plan, o optimize.Options) (*planner.Plan, error) {
	begun := time.Now()
	if plan != nil && len(p.Requests) > d.small && p.Start.Equal(other.Start) {
		if x, err := optimize.Resume(p, plan, o); err == nil && !x.Whole() {
			if _, _, regret := x.Standing(); regret <= nearRegret && x.Improve(ctx, o.Regret) <= o.Regret && ctx.Err() == nil {
				made := x.Explain()
				made.Seconds = time.Since(begun).Seconds()
				return made, ctx.Err()
			}
		}
	}
	made, err := optimize.Solve(ctx, p, o)
	return made, errors.Join(err, ctx.Err())
}

// RegretOf returns the share of what could be saved that a plan may miss.
func RegretOf(p *planner.Problem, plan *planner.Plan) float64 {
	value := 0.0
	for i := range p.Requests {
		value += p.Requests[i].Value
	}
	if value <= plan.Bound {
		return 0
	}
	return max(0, plan.Objective-plan.Bound) / (value - plan.Bound)
}
