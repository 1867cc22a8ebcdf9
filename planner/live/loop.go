package live

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"haihe/planner"
	"haihe/planner/trace"
)

// Effort says how hard a solve tries.
type Effort int

// A change is first answered by a Quick plan: patched from the one before, or made from nothing where that is no help, and
// then exact but for requests that must go whole. If nothing happens meanwhile each effort improves on the one before: the
// same plan Proven, the neighbourhood of the change Mended, all of it Improved where that is not enough, and in the end,
// where the plan is not known to be the best, a Thorough one: the plan that the problem has anywhere.
const (
	Quick Effort = iota
	Proven
	Mended
	Improved
	Thorough
)

// Config is what a Loop works with. Every field but Previous, Observe and Logger must be set.
type Config struct {
	State   *planner.State  // as restored; the loop owns it from Run on
	Offsets planner.Offsets // how far into the log State goes
	Epoch   uint64          // greater than that of any plan in the log
	Days    int             // of the horizon

	// Previous is the last plan in the log. It is shown until the first plan of this epoch is there.
	Previous *Recorded

	Now     func() time.Time
	Solve   func(context.Context, *planner.Problem, Effort) (*planner.Plan, error) // as Engine's; a nil plan says that the one before stands
	Publish func(context.Context, ...planner.Event) error                          // returns when the log holds them
	Record  func(context.Context, *Recorded) error                                 // returns when the log holds the plan
	Observe func(Update)                                                           // called from the loop: must be quick

	Rules  planner.Rules
	Marked planner.LedgerHead // how far the ledger was acknowledged in earlier runs; zero where that is not known
	// LedgerEnd says where the ledger ends, so that a refusal rests on all of it; nil where nobody else can lead. It is
	// given the last entry that was read.
	LedgerEnd func(ctx context.Context, last planner.Event) (planner.Offsets, error)
	Mark      func(head planner.LedgerHead) error // notes durably how far it was; nil: nobody does

	Measures Measures
	Tracer   *trace.Tracer // nil: nothing is traced

	Quiet    time.Duration // without an event before a solve starts
	Patience time.Duration // from the first event to the start of a solve, at most
	Logger   *slog.Logger
}

// Loop keeps the plan. Its methods may be called from any goroutine while Run is under way.
type Loop struct {
	cfg     Config
	batches chan batch
	calls   chan func()
	solved  chan *solution
	ready   chan struct{}
	done    chan struct{}

	// The fields below belong to the goroutine of Run.
	offsets  planner.Offsets
	waiting  map[string][]chan struct{} // by event id
	dirty    bool                       // the state has changed since the problem was last taken
	causes   []trace.Cause              // of the changes that no solve has seen
	since    time.Time                  // of the first change that no solve has seen
	last     time.Time                  // of the last such change
	rest     time.Time                  // no solve begins before: decisions come first
	caughtUp bool
	solving  bool
	abandon  context.CancelFunc // ends a solve beyond the first two efforts; nil where none is under way
	torn     bool               // the log may hold part of a plan: the next is recorded whole
	now      current
	own      bool      // now was made by this loop since it leads
	heard    *Recorded // the last plan of the log that Adopt was given
	ahead    bool      // it matches what had not been read when it was shown: topics are read side by side
	seen     uint64    // epoch of the last plan that is known of
	epoch    uint64    // of the plans of this lead
	version  uint64
	running  context.Context // of Run
	ledger
}

type batch struct {
	events  []planner.Event
	offsets planner.Offsets
	causes  []trace.Cause
	done    chan struct{}
}

// current is the plan that is shown, and what it answers. Problem is nil until the first that was made, or adopted, since
// the start.
type current struct {
	problem   *planner.Problem
	omissions []planner.Omission
	plan      *planner.Plan
	recorded  *Recorded
	loads     loads
}

// solution is what a solve may make current.
type solution struct {
	current
	epoch     uint64
	effort    Effort
	begun     time.Time     // when the problem was taken, or the solve began where it was there
	took      time.Duration // of the solve
	abandoned bool          // the state changed meanwhile
	causes    []trace.Cause // of the changes that it answers
	span      trace.Span
	err       error
}

// ErrStopped is returned to callers of a loop that has stopped.
var ErrStopped = errors.New("live: the service is stopping")

// New returns a loop that Run starts.
func New(cfg Config) *Loop {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	l := &Loop{
		cfg:     cfg,
		batches: make(chan batch),
		calls:   make(chan func()),
		solved:  make(chan *solution, 1),
		ready:   make(chan struct{}, 1),
		done:    make(chan struct{}),
		offsets: cfg.Offsets.Clone(),
		waiting: map[string][]chan struct{}{},
		ledger:  ledger{asked: map[subject]bool{}, appointed: map[subject]time.Time{}, marks: make(chan mark)},
	}
	l.now.recorded = cfg.Previous
	if l.seen = cfg.Epoch; l.seen > 0 {
		l.seen--
	}
	cfg.State.Chain().Expect(cfg.Marked)
	return l
}

// decidingFor is how long after a decision was granted others are taken to be coming.
const decidingFor = time.Second

// restAfter is how long no solve begins after one that took so long, with the making of its problem and the writing of its plan,
// while commands come in, so many of them together in the last flight: a solve takes every core there is, and somebody waits for
// the decisions. So plans have a quarter of the time, and where there is a crowd, the showing of plans to everybody is not what
// the time goes into.
func restAfter(took time.Duration, together int) time.Duration {
	const (
		times     = 3
		crowd     = 8
		crowdRest = 400 * time.Millisecond
		most      = 2 * time.Second
	)
	rest := times * took
	if together >= crowd {
		rest = max(rest, crowdRest)
	}
	return min(rest, most)
}

// retryAfter is how long a solve or a record that failed waits for the next try.
const retryAfter = time.Second

// Run keeps the plan until ctx ends. It plans nothing before it leads.
func (l *Loop) Run(ctx context.Context) error {
	defer close(l.done)
	solveCtx, stop := context.WithCancel(ctx)
	defer stop()
	l.running = ctx
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		timer.Reset(min(l.untilSolve(), l.untilAppointment()))
		select {
		case <-ctx.Done():
			if l.solving {
				stop()
				<-l.solved
			}
			return ctx.Err()
		case b := <-l.batches:
			l.apply(b)
		case f := <-l.calls:
			f()
		case <-l.ready:
			if l.caughtUp {
				continue
			}
			l.showAgain()
			l.caughtUp = true
			l.cfg.State.TakeChanges()
			l.observe(l.everything())
			l.change()
		case s := <-l.solved:
			l.adopt(solveCtx, s)
		case m := <-l.marks:
			l.noted(m)
		case <-timer.C:
			l.keepAppointments()
			if l.due() {
				l.solve(solveCtx)
			}
		}
	}
}

// CaughtUp tells the loop that the log was read to the end as it stood at the start: it may Lead.
func (l *Loop) CaughtUp() {
	select {
	case l.ready <- struct{}{}:
	default:
	}
}

// Ingest gives the loop events as they were read from the log, and where the log goes on after them. It
// returns when they are applied.
func (l *Loop) Ingest(ctx context.Context, events []planner.Event, next planner.Offsets) error {
	b := batch{events, next, trace.Causes(ctx), make(chan struct{})}
	select {
	case l.batches <- b:
	case <-ctx.Done():
		return ctx.Err()
	case <-l.done:
		return ErrStopped
	}
	<-b.done
	return nil
}

func (l *Loop) apply(b batch) {
	_, span := l.cfg.Tracer.From(l.running, "apply", b.causes, time.Time{})
	defer span.End()
	moved := false
	for _, e := range b.events {
		applied := l.cfg.State.Apply(e)
		if l.cfg.Measures.Applied != nil {
			l.cfg.Measures.Applied(e.Fact)
		}
		if entry, ok := e.Fact.(*planner.LedgerEntry); ok && applied {
			l.hear(entry)
		}
		moved = moved || applied && planner.MovesPlan(e.Fact)
	}
	for k, v := range b.offsets {
		l.offsets[k] = v
	}
	if len(l.behind) > 0 {
		defer l.catchUp()
	}
	if l.caughtUp {
		if c := l.cfg.State.TakeChanges(); !c.Empty() {
			u := l.statuses(c)
			u.Cause = span.Cause()
			l.observe(u)
			l.review(c.Bookings)
			l.repeat(c.Requests)
		}
	}
	if moved {
		l.causes = trace.Gather(l.causes, span.Cause())
		l.change()
		if l.ahead && l.caughtUp {
			l.showAgain()
		}
	}
	l.tellRead() // it is observed by now
	l.settle()
	for _, e := range b.events {
		for _, ch := range l.waiting[e.ID] {
			close(ch)
		}
		delete(l.waiting, e.ID)
	}
	close(b.done)
}

// change notes that the plan may no longer be the best.
func (l *Loop) change() {
	now := time.Now()
	if !l.dirty {
		l.since = now
	}
	l.dirty, l.last = true, now
	if l.abandon != nil {
		l.abandon()
	}
}

// untilSolve returns how long the loop may sleep before it looks again whether a solve is due.
func (l *Loop) untilSolve() time.Duration {
	if l.solving || !l.leading {
		return time.Hour
	}
	if l.dirty {
		return max(0, time.Until(l.rest), min(time.Until(l.last.Add(l.cfg.Quiet)), time.Until(l.since.Add(l.cfg.Patience))))
	}
	return l.untilStale()
}

// untilStale returns how long it takes until time alone makes the plan old: a cutoff passes, a request becomes
// overdue, a day begins.
func (l *Loop) untilStale() time.Duration {
	p := l.now.problem
	if p == nil {
		return time.Hour
	}
	now := l.cfg.Now()
	next := p.Start.AddDate(0, 0, 1)
	for i := range p.Departures {
		if t := p.Departures[i].Cutoff; t.Before(next) {
			next = t
		}
	}
	for i := range p.Requests {
		if t := p.Requests[i].Due; t.Before(next) {
			next = t
		}
	}
	return max(0, next.Sub(now)) + time.Millisecond // a cutoff at this very moment is still kept
}

func (l *Loop) due() bool {
	if l.solving || !l.leading {
		return false
	}
	if !l.dirty && l.untilStale() <= time.Millisecond {
		return true
	}
	return l.dirty && l.untilSolve() <= 0
}

// solve starts the one solve that may be under way, on the state as it is now.
func (l *Loop) solve(ctx context.Context) {
	s := &solution{effort: Quick, begun: time.Now(), causes: l.causes}
	l.causes = nil
	s.problem, s.omissions = l.cfg.State.Problem(l.cfg.Now(), l.cfg.Days)
	l.dirty = false
	l.launch(ctx, ctx, s)
}

// improve starts a solve of the problem whose plan is shown, with more effort than that was made with, for the same causes.
func (l *Loop) improve(ctx context.Context, effort Effort, causes []trace.Cause) {
	solving := ctx
	if effort > Proven {
		solving, l.abandon = context.WithCancel(ctx)
	}
	l.launch(ctx, solving, &solution{effort: effort, begun: time.Now(), causes: causes, current: current{problem: l.now.problem, omissions: l.now.omissions}})
}

// launch solves until solving ends, and records the plan until ctx does.
func (l *Loop) launch(ctx, solving context.Context, s *solution) {
	l.solving = true
	l.version++
	before, version, solvedAt := l.now, l.version, l.cfg.Now()
	s.epoch = l.epoch
	whole := l.torn || !l.own // the epoch before may have ended half-way through a plan
	ctx, s.span = l.cfg.Tracer.From(ctx, "plan", s.causes, time.Time{})
	if s.span.On() {
		solving = trace.Into(solving, ctx)
	}
	go func() {
		defer func() { l.solved <- s }()
		defer func() { s.tell(version) }()
		begun := time.Now()
		s.plan, s.err = l.cfg.Solve(solving, s.problem, s.effort)
		s.took = time.Since(begun)
		if s.err != nil {
			s.err = fmt.Errorf("live: solve: %w", s.err)
			return
		}
		if s.abandoned = s.effort > Proven && solving.Err() != nil; s.abandoned || s.plan == nil {
			return
		}
		s.recorded, s.loads = record(s.problem, s.plan, before.recorded)
		s.recorded.Summary.Epoch, s.recorded.Summary.Version = s.epoch, version
		s.recorded.Summary.SolvedAt = solvedAt.UTC()
		var known []planner.Steep
		if before.recorded != nil {
			known = before.recorded.Summary.Steep
		}
		s.recorded.Summary.Steep = steep(s.problem, s.plan.Prices.Departures, known, solvedAt.UTC())
		s.recorded.Complete = whole
		if err := l.cfg.Record(ctx, s.recorded); err != nil {
			s.err = fmt.Errorf("live: record plan: %w", err)
		}
	}()
}

// tell says in its span how a solve went, and ends that.
func (s *solution) tell(version uint64) {
	if !s.span.On() {
		return
	}
	s.span.Set(trace.String("haihe.effort", s.effort.String()), trace.Int("haihe.requests", len(s.problem.Requests)))
	switch {
	case s.err != nil:
		s.span.Fail("no plan")
	case s.abandoned:
		s.span.Set(trace.String("haihe.outcome", "abandoned"))
	case s.plan == nil:
		s.span.Set(trace.String("haihe.outcome", "the plan before stands"))
	default:
		s.span.Set(trace.String("haihe.outcome", "a plan"), trace.Int("haihe.plan.epoch", int(s.epoch)), trace.Int("haihe.plan.version", int(version)),
			trace.Float("haihe.plan.regret", gapsOf(s.problem, &s.recorded.Summary).Regret), trace.Int("haihe.plan.changed", len(s.recorded.Changed)))
	}
	s.span.End()
}

// adopt makes a recorded plan the current one.
func (l *Loop) adopt(ctx context.Context, s *solution) {
	l.solving = false
	if l.abandon != nil {
		l.abandon()
		l.abandon = nil
	}
	deciding := time.Since(l.granted) < decidingFor
	if deciding {
		l.rest = time.Now().Add(restAfter(time.Since(s.begun), l.together))
	}
	if s.abandoned {
		return
	}
	if !l.leading || s.epoch != l.epoch {
		l.torn = true // it is of a lead that is over
		return
	}
	if s.err == nil && s.plan == nil {
		l.version-- // it has no plan
	}
	l.torn = l.torn && s.plan == nil || s.err != nil
	if s.err != nil {
		if !errors.Is(s.err, context.Canceled) {
			l.cfg.Logger.Error("no new plan; trying again", "error", s.err, "after", retryAfter)
		}
		l.causes = trace.Gather(l.causes, s.causes...)
		l.change()
		l.last = time.Now().Add(retryAfter)
		l.since = l.last
		return
	}
	if l.cfg.Measures.Solved != nil {
		l.cfg.Measures.Solved(s.effort, s.took)
	}
	if s.plan != nil {
		before := l.now
		l.now, l.own = s.current, true
		if l.cfg.Measures.Shown != nil {
			l.cfg.Measures.Shown(&s.recorded.Summary, gapsOf(s.problem, &s.recorded.Summary))
		}
		u := Update{Plan: &s.recorded.Summary, Matches: s.recorded.Changed, Unplanned: s.recorded.Gone, Cause: s.span.Cause()}
		u.DepartureLoads, u.WarehouseLoads = s.loads.since(before.loads)
		l.observe(u)
	}
	if s.effort < Thorough && !l.dirty && (s.effort < Mended || l.now.plan.Status != planner.StatusOptimal) {
		l.improve(ctx, s.effort+1, s.causes)
	}
}

func (l *Loop) observe(u Update) {
	if l.cfg.Observe != nil {
		l.cfg.Observe(u)
	}
}

// statuses looks up what changed.
func (l *Loop) statuses(c planner.Changes) Update {
	s := l.cfg.State
	u := Update{
		Places:     collect(c.Places, s.Place),
		Passages:   collect(c.Passages, s.Passage),
		Departures: collect(c.Departures, s.Departure),
		Warehouses: collect(c.Warehouses, s.Warehouse),
		Requests:   collect(c.Requests, s.Request),
		Bookings:   collect(c.Bookings, s.Booking),
	}
	told := make(map[string]bool, len(c.Departures))
	for _, id := range c.Departures {
		told[id] = true
	}
	for _, p := range collect(c.Positions, s.Position) {
		if !told[p.Departure] {
			u.Positions = append(u.Positions, p)
		}
	}
	return u
}

func collect[T any](ids []string, look func(string) (T, bool)) []T {
	var list []T
	for _, id := range ids {
		if x, ok := look(id); ok {
			list = append(list, x)
		}
	}
	return list
}

// everything is the first update: all there is, and the plan that is shown.
func (l *Loop) everything() Update {
	u := l.statuses(l.cfg.State.All())
	if r := l.now.recorded; r != nil {
		u.Plan, u.Matches = &r.Summary, r.Matches
		u.DepartureLoads, u.WarehouseLoads = l.now.loads.since(loads{})
	}
	return u
}
