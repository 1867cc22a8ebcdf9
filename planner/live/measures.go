package live

import (
	"context"
	"errors"
	"time"

	"haihe/planner"
)

// Measures are told what the loop does; each may be nil. All but Decided are called from within it: they must be quick.
type Measures struct {
	Decided func(took time.Duration, err error)       // a command was answered; err as Decide returned it
	Landed  func(entries int, took time.Duration)     // entries that were written together were read back and marked
	Solved  func(effort Effort, took time.Duration)   // a solve ended by itself, with or without a plan
	Shown   func(p *planner.PlanSummary, shared Gaps) // a plan is current from now on
	Applied func(f planner.Fact)                      // an event was read from the log
}

// Gaps say how far a plan may be from the best there is, as shares.
type Gaps struct {
	Gap    float64 // (objective - bound) / |objective|
	Regret float64 // (objective - bound) / (Σ value - bound)
}

// gapsOf reckons the gaps of a plan.
func gapsOf(p *planner.Problem, plan *planner.PlanSummary) Gaps {
	most := 0.0
	for i := range p.Requests {
		most += p.Requests[i].Value
	}
	g := Gaps{Gap: plan.Gap}
	if most > plan.Bound {
		g.Regret = max(0, (plan.Objective-plan.Bound)/(most-plan.Bound))
	}
	return g
}

// Efforts lists all efforts, least first.
var Efforts = []Effort{Quick, Proven, Mended, Improved, Thorough}

// String is the effort as a word.
func (e Effort) String() string {
	return [...]string{"quick", "proven", "mended", "improved", "thorough"}[e]
}

// Refused reports whether Decide returned err because the command cannot be granted. Any other error leaves it open.
func Refused(err error) bool {
	for _, no := range []error{ErrNotMatched, ErrMatchChanged, ErrNotYours, planner.ErrNoRoom, planner.ErrNoBooking, planner.ErrWrongStatus,
		planner.ErrLapsed, planner.ErrOtherBody, planner.ErrTooMany} {
		if errors.Is(err, no) {
			return true
		}
	}
	var fields *planner.FieldErrors
	return errors.As(err, &fields)
}

// Standing says how the loop is.
type Standing struct {
	Leading     bool
	Waiting     int // commands that wait for the flight before theirs
	Head        planner.LedgerHead
	PlanVersion uint64
}

// Standing says how the loop is; an error means that it does not answer.
func (l *Loop) Standing(ctx context.Context) (Standing, error) {
	var s Standing
	err := l.do(ctx, func() {
		s = Standing{Leading: l.leading, Waiting: len(l.queue) + len(l.behind), Head: l.cfg.State.Chain().Head()}
		if l.now.recorded != nil {
			s.PlanVersion = l.now.recorded.Summary.Version
		}
	})
	return s, err
}
