package live

import (
	"context"
	"slices"
	"time"

	"haihe/planner"
	"haihe/planner/trace"
)

// Stand is where a loop stands to the ledger.
type Stand struct {
	Leading bool
	Head    planner.LedgerHead // as far as it is read: with the epoch, its leader and where that is reached
}

// Stand says whether this loop leads, and who does as far as it has read.
func (l *Loop) Stand(ctx context.Context) (Stand, error) {
	var s Stand
	err := l.do(ctx, func() { s = Stand{l.leading, l.cfg.State.Chain().Head()} })
	return s, err
}

// Led returns once this loop does not lead.
func (l *Loop) Led(ctx context.Context) error {
	var over chan struct{}
	err := l.do(ctx, func() {
		if l.leading {
			over = l.over
		}
	})
	if err != nil || over == nil {
		return err
	}
	select {
	case <-over:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-l.done:
		return ErrStopped
	}
}

// Await returns once the ledger is read up to an entry.
func (l *Loop) Await(ctx context.Context, seq uint64) error {
	read := make(chan struct{})
	err := l.do(ctx, func() {
		if l.cfg.State.Chain().Head().Seq >= seq {
			close(read)
			return
		}
		l.awaited = append(l.awaited, awaited{seq, read})
	})
	if err != nil {
		return err
	}
	select {
	case <-read:
		return nil
	case <-ctx.Done():
		_ = l.do(context.WithoutCancel(ctx), func() {
			l.awaited = slices.DeleteFunc(l.awaited, func(a awaited) bool { return a.read == read })
		})
		return ctx.Err()
	case <-l.done:
		return ErrStopped
	}
}

// awaited is an entry that somebody waits for.
type awaited struct {
	seq  uint64
	read chan struct{}
}

// tellRead tells those who wait for what was read.
func (l *Loop) tellRead() {
	seq := l.cfg.State.Chain().Head().Seq
	l.awaited = slices.DeleteFunc(l.awaited, func(a awaited) bool {
		if a.seq <= seq {
			close(a.read)
			return true
		}
		return false
	})
}

// Follow ends the lead: commands that wait for a decision get ErrNotLeading, and a plan that is being made is dropped.
// Decisions on their way to the log may still come about.
func (l *Loop) Follow(ctx context.Context) error {
	return l.do(ctx, func() {
		l.candidate = false
		l.stepDown()
	})
}

// stepDown stops deciding and planning.
func (l *Loop) stepDown() {
	if !l.leading {
		return
	}
	l.leading, l.own = false, false
	close(l.over)
	if l.abandon != nil {
		l.abandon()
	}
	for _, t := range l.queue {
		t.answer(planner.Outcome{}, ErrNotLeading)
	}
	for _, t := range l.doubtful {
		t.answer(planner.Outcome{}, ErrNotLeading)
	}
	l.queue, l.doubtful = nil, nil
	l.catchUp()
	if l.heard != nil {
		l.show(l.heard, trace.Cause{})
	}
}

// Adopt shows a plan that another instance made, as it was read from the log, its matches by request. Of its problem
// this loop has what its own state says. A loop that leads shows its own, and does not ask for the matches of it.
func (l *Loop) Adopt(ctx context.Context, last planner.PlanSummary, matches func() []planner.Match) error {
	_, span := l.cfg.Tracer.From(ctx, "adopt", trace.Causes(ctx), time.Time{})
	defer span.End()
	return l.do(ctx, func() {
		if l.leading && last.Epoch <= l.epoch {
			return
		}
		l.seen = max(l.seen, last.Epoch)
		r := &Recorded{Summary: last}
		if l.heard != nil && !r.after(l.heard) {
			return
		}
		r.Matches = matches()
		if l.heard = r; !l.leading {
			l.show(r, span.Cause())
		}
	})
}

// after reports whether a plan was made after another.
func (r *Recorded) after(o *Recorded) bool {
	a, b := &r.Summary, &o.Summary
	return a.Epoch > b.Epoch || a.Epoch == b.Epoch && a.Version > b.Version
}

// show makes the plan of another instance the current one, unless it is older than that.
func (l *Loop) show(r *Recorded, cause trace.Cause) {
	before := l.now
	if before.recorded != nil && (before.recorded.after(r) || before.problem != nil && !r.after(before.recorded)) {
		return
	}
	s := r.Summary
	at := s.SolvedAt
	if next := s.Start.Add(24 * time.Hour); !at.Before(next) || at.Before(s.Start) {
		at = s.Start // the days of its prices count from there
	}
	l.now = current{recorded: r}
	l.now.problem, l.now.omissions = l.cfg.State.Problem(at, s.Days)
	l.now.plan = adopted(l.now.problem, r)
	l.now.loads = loadsOf(l.now.problem, l.now.plan)
	l.own = false
	l.ahead = slices.ContainsFunc(r.Matches, func(m planner.Match) bool {
		_, known := l.cfg.State.Request(m.Request)
		return !known
	})
	if !l.caughtUp {
		return // everything is told then
	}
	u := Update{Plan: &r.Summary, Cause: cause}
	u.Matches, u.Unplanned = differ(before.recorded, r)
	u.DepartureLoads, u.WarehouseLoads = l.now.loads.since(before.loads)
	l.observe(u)
}

// showAgain shows the plan of another instance on what has been read since it came.
func (l *Loop) showAgain() {
	if l.heard == nil || l.leading {
		return
	}
	l.now.problem = nil
	l.show(l.heard, trace.Cause{})
}

// adopted is the plan that was recorded, as far as it is about what a problem holds.
func adopted(p *planner.Problem, r *Recorded) *planner.Plan {
	s := &r.Summary
	plan := &planner.Plan{Version: planner.PlanVersion, Status: s.Status, Objective: s.Objective, Bound: s.Bound, Gap: s.Gap, Seconds: s.Seconds,
		Assignments: []planner.Assignment{}, Unmatched: []planner.Unmatched{},
		Prices: planner.Prices{Departures: []planner.DeparturePrice{}, Warehouses: []planner.WarehousePrice{}}}
	requests, departures, warehouses := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for i := range p.Requests {
		requests[p.Requests[i].ID] = true
	}
	for i := range p.Departures {
		departures[p.Departures[i].ID] = true
	}
	for i := range p.Warehouses {
		warehouses[p.Warehouses[i].ID] = true
	}
	for i := range r.Matches {
		m := &r.Matches[i]
		if !requests[m.Request] {
			continue
		}
		for _, a := range m.Parts {
			if warehouses[a.Warehouse] && !a.Arrive.Before(p.Start) && !slices.ContainsFunc(a.Departures, func(id string) bool { return !departures[id] }) {
				plan.Assignments = append(plan.Assignments, a)
			}
		}
		if m.Reason != nil {
			plan.Unmatched = append(plan.Unmatched, planner.Unmatched{Request: m.Request, Fraction: m.Unmatched, Reason: *m.Reason})
		}
	}
	for _, x := range s.Departures {
		if departures[x.ID] {
			plan.Prices.Departures = append(plan.Prices.Departures, x)
		}
	}
	for _, x := range s.Warehouses {
		if warehouses[x.ID] && x.Day < p.Days {
			plan.Prices.Warehouses = append(plan.Prices.Warehouses, x)
		}
	}
	return plan
}
