package live

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"haihe/planner"
	"haihe/planner/trace"
)

// do runs f in the loop.
func (l *Loop) do(ctx context.Context, f func()) error {
	done := make(chan struct{})
	select {
	case l.calls <- func() { f(); close(done) }:
	case <-ctx.Done():
		return ctx.Err()
	case <-l.done:
		return ErrStopped
	}
	<-done
	return nil
}

// Submit writes events to the log and returns when the state has them. An error means that they may or may
// not be there; the same events, with the same ids and sequences, may safely be submitted again.
func (l *Loop) Submit(ctx context.Context, events ...planner.Event) error {
	ctx, span := trace.Step(ctx, "submit")
	defer span.End()
	heard := make([]chan struct{}, len(events))
	err := l.do(ctx, func() {
		for i, e := range events {
			heard[i] = make(chan struct{})
			l.waiting[e.ID] = append(l.waiting[e.ID], heard[i])
		}
	})
	if err != nil {
		return err
	}
	defer l.forget(events, heard)
	if err := l.cfg.Publish(ctx, events...); err != nil {
		return err
	}
	for _, ch := range heard {
		select {
		case <-ch:
		case <-ctx.Done():
			return ctx.Err()
		case <-l.done:
			return ErrStopped
		}
	}
	return nil
}

// forget strikes those who wait no more.
func (l *Loop) forget(events []planner.Event, heard []chan struct{}) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = l.do(ctx, func() {
		for i, e := range events {
			list := l.waiting[e.ID]
			for j, ch := range list {
				if ch == heard[i] {
					list = append(list[:j:j], list[j+1:]...)
					break
				}
			}
			if len(list) == 0 {
				delete(l.waiting, e.ID)
			} else {
				l.waiting[e.ID] = list
			}
		}
	})
}

// proposal makes a booking of the match that the current plan has for a request.
func (l *Loop) proposal(c *planner.Command) (*planner.BookingConfirmed, error) {
	r, ok := l.cfg.State.Request(c.Match)
	if !ok || r.Withdrawn || r.Exporter != c.Exporter {
		return nil, ErrNotYours
	}
	if r.BookedShare > 1-1e-9 {
		return nil, fmt.Errorf("%w: it is booked already", ErrNotMatched)
	}
	if !l.own {
		return nil, ErrNotPlanned
	}
	left := 1 - r.BookedShare
	parts := l.parts(c.Match)
	if len(c.Shown) > 0 && !c.Shows(parts) {
		return nil, ErrMatchChanged
	}
	if len(parts) == 0 || !l.plannedFor(c.Match, left*r.VolumeM3) {
		return nil, ErrNotMatched
	}
	for i := range parts {
		parts[i].Fraction *= left
	}
	return &planner.BookingConfirmed{Booking: c.Booking, Request: c.Match, Exporter: c.Exporter,
		VolumeM3: r.VolumeM3, WeightKg: r.WeightKg, StorageDays: r.StorageDays, Drawdown: r.Drawdown, Parts: parts}, nil
}

// parts returns a copy of a request's assignments in the plan that is shown.
func (l *Loop) parts(request string) []planner.Assignment {
	if l.now.recorded == nil {
		return nil
	}
	list := l.now.recorded.Matches // sorted
	i, ok := slices.BinarySearchFunc(list, request, func(m planner.Match, id string) int { return strings.Compare(m.Request, id) })
	if !ok {
		return nil
	}
	return slices.Clone(list[i].Parts)
}

// plannedFor reports whether the plan that is shown was made for that volume of the request: a booking, or an
// amendment, since then makes its match void.
func (l *Loop) plannedFor(request string, volumeM3 float64) bool {
	list := l.now.problem.Requests // sorted
	i, ok := slices.BinarySearchFunc(list, request, func(r planner.Request, id string) int { return strings.Compare(r.ID, id) })
	return ok && math.Abs(list[i].VolumeM3-volumeM3) <= 1e-9*max(1, volumeM3)
}

// Current is the plan that is shown, and the problem that it answers. Both are shared: not to be written to.
type Current struct {
	Problem   *planner.Problem // nil before the first plan since the start, as is Plan
	Plan      *planner.Plan
	Summary   *planner.PlanSummary
	Omissions []planner.Omission
}

// Current returns the plan that is shown.
func (l *Loop) Current(ctx context.Context) (Current, error) {
	var c Current
	err := l.do(ctx, func() {
		c = Current{Problem: l.now.problem, Plan: l.now.plan, Omissions: l.now.omissions}
		if l.now.recorded != nil {
			c.Summary = &l.now.recorded.Summary
		}
	})
	return c, err
}

// Read lets f look at the state from within the loop. It must be quick, and keep nothing of it.
func (l *Loop) Read(ctx context.Context, f func(*planner.State)) error {
	return l.do(ctx, func() { f(l.cfg.State) })
}

// Cut returns what holds and how far the log was read for it.
func (l *Loop) Cut(ctx context.Context) (planner.Cut, error) {
	var c planner.Cut
	err := l.do(ctx, func() {
		c = planner.Cut{Offsets: l.offsets.Clone(), Events: l.cfg.State.Events(), Ledger: l.cfg.State.LedgerSnapshot()}
	})
	return c, err
}

// Digest returns the digest of the state and how far the log was read for it.
func (l *Loop) Digest(ctx context.Context) (planner.Offsets, string, error) {
	var o planner.Offsets
	var digest string
	var failed error
	err := l.do(ctx, func() {
		o = l.offsets.Clone()
		digest, failed = l.cfg.State.Digest()
	})
	return o, digest, errors.Join(err, failed)
}
