package live

import (
	"context"
	"errors"
	"fmt"
	"time"

	"haihe/planner"
	"haihe/planner/trace"
)

// Errors of Decide, besides those of planner.Draft.
var (
	ErrNotMatched   = errors.New("the current plan has no match for the request")
	ErrMatchChanged = errors.New("the match has changed since it was shown")
	ErrNotYours     = errors.New("the request is not there, or belongs to another exporter")
	ErrNoRoom       = planner.ErrNoRoom
	ErrNotLeading   = errors.New("live: another instance leads, or none yet")
	// ErrNotPlanned is for a command about a match: who leads has no plan of its own yet.
	ErrNotPlanned = errors.New("live: there is no plan yet")
	// ErrLedger means that what stands in the log is not what was acknowledged. Nothing may be served on it.
	ErrLedger = errors.New("the ledger is damaged or cut")
)

const (
	maxFlight   = 256 // entries that are written together
	maxFlights  = 4   // that are on their way at a time
	retryFlight = 200 * time.Millisecond
)

// ticket is a command that waits for its outcome.
type ticket struct {
	command planner.Command
	outcome planner.Outcome
	err     error
	done    chan struct{} // nil for the leader's own
	current bool          // what it is decided on is known to be no older than itself
	of      subject       // of the leader's own: what it is a step of
	cause   trace.Cause
}

func (t *ticket) answer(o planner.Outcome, err error) {
	t.outcome, t.err = o, err
	if t.done != nil {
		close(t.done)
	}
}

// flight is a row of entries between the decision and the answer: being written, or read back, or marked. Its tickets
// are the commands that were granted by it, and those whose outcome, a refusal too, rests on it or on a flight before it.
type flight struct {
	entries []*planner.LedgerEntry // none: it only waits to be marked
	head    planner.LedgerHead     // of the ledger behind it
	tickets []*ticket
	begun   time.Time
	begins  bool          // it holds the beginning of an epoch
	landed  chan struct{} // closed when all entries were read back, or another epoch began
	written bool          // the log is known to have it
	down    bool          // landed is closed
	fenced  bool

	within context.Context // of span; nil where there is none
	span   trace.Span
	step   trace.Span // within span: until it is read back, then until it is marked
}

func (f *flight) last() *planner.LedgerEntry { return f.entries[len(f.entries)-1] }

// holds reports whether an entry is one of its own.
func (f *flight) holds(e *planner.LedgerEntry) bool {
	return len(f.entries) > 0 && e.Seq >= f.entries[0].Seq && e.Seq <= f.last().Seq && f.entries[e.Seq-f.entries[0].Seq].Hash() == e.Hash()
}

// ledger is what the loop needs to decide. It belongs to the goroutine of Run.
type ledger struct {
	leading   bool
	over      chan struct{} // closed when it no longer leads
	candidate bool          // it is to lead when the beginning of its epoch has landed
	queue     []*ticket
	flights   []*flight // oldest first; each is decided as if those before it held
	granted   time.Time // when commands were last granted
	together  int       // how many entries were in the flight of then
	marking   bool
	marked    uint64    // Seq up to which the ledger was acknowledged in this epoch
	doubtful  []*ticket // refused on what may be old
	looking   bool      // where the ledger ends is being asked
	behind    []waiting
	tail      *planner.LedgerEntry // the last that was read
	awaited   []awaited
	asked     map[subject]bool // that a step of the leader's own is queued for
	agenda    agenda
	appointed map[subject]time.Time // of the last appointment of each; earlier ones are void
	marks     chan mark
}

// mark is how the watermark of the first flights went.
type mark struct {
	flights int
	err     error
}

// Decide returns the outcome of a command once the log holds it and the state has it. An error that is none of
// planner.Draft's, nor one of this package's, means that it may yet come about: the same command, with the same ID,
// may safely be sent again.
func (l *Loop) Decide(ctx context.Context, c planner.Command) (planner.Outcome, error) {
	begun := time.Now()
	ctx, span := trace.Step(ctx, "decide")
	o, err := l.decided(ctx, c)
	if span.On() {
		span.Set(trace.String("haihe.command", c.Kind))
		switch {
		case err == nil:
			span.Set(trace.String("haihe.outcome", "decided"), trace.Int("haihe.entry", int(o.Seq)))
		case Refused(err):
			span.Set(trace.String("haihe.outcome", "refused"))
		default:
			span.Fail("not known")
		}
		span.End()
	}
	if l.cfg.Measures.Decided != nil {
		l.cfg.Measures.Decided(time.Since(begun), err)
	}
	return o, err
}

func (l *Loop) decided(ctx context.Context, c planner.Command) (planner.Outcome, error) {
	t := &ticket{command: c, done: make(chan struct{}), cause: trace.Of(ctx)}
	err := l.do(ctx, func() {
		if !l.leading {
			t.answer(planner.Outcome{}, ErrNotLeading)
			return
		}
		l.queue = append(l.queue, t)
		l.decide()
	})
	if err != nil {
		return planner.Outcome{}, err
	}
	select {
	case <-t.done:
		return t.outcome, t.err
	case <-ctx.Done():
		return planner.Outcome{}, ctx.Err()
	case <-l.done:
		return planner.Outcome{}, ErrStopped
	}
}

// Lead takes the ledger over: from its return on this loop decides, until another takes over from it, or Follow. Address
// is where other instances reach it. It is for after CaughtUp. If another takes over meanwhile it returns ErrNotLeading:
// two that insisted would fence each other for ever.
func (l *Loop) Lead(ctx context.Context, leader, address string) error {
	var epoch uint64
	for first := true; ; first = false {
		var leads bool
		var broken error
		var landed chan struct{}
		err := l.do(ctx, func() {
			head := l.cfg.State.Chain().Head()
			if first {
				epoch = head.Epoch
			}
			l.candidate = true
			if leads = l.leading; leads {
				return
			}
			if len(l.flights) == 0 {
				if broken = l.sound(); broken != nil {
					return
				}
				if head.Epoch > epoch {
					l.candidate = false
					return
				}
				d := l.cfg.State.Draft(l.cfg.Rules)
				d.Begin(leader, address, l.cfg.Now())
				l.launchFlight(&flight{entries: d.Entries, begins: true})
			}
			landed = l.flights[len(l.flights)-1].landed
		})
		switch {
		case err != nil || leads:
			return err
		case broken != nil:
			return broken
		case landed == nil:
			return ErrNotLeading
		}
		select {
		case <-landed:
		case <-ctx.Done():
			return ctx.Err()
		case <-l.done:
			return ErrStopped
		}
		// Landed is not yet leading, and somebody else's entry may have come in between: look again.
		t := time.NewTimer(time.Millisecond)
		select {
		case <-t.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Sound says whether the ledger that was read is the one that was acknowledged. It is for before CaughtUp, so that
// nothing is shown that is not.
func (l *Loop) Sound(ctx context.Context) error {
	var broken error
	if err := l.do(ctx, func() { broken = l.sound() }); err != nil {
		return err
	}
	return broken
}

// sound says whether the ledger that was read is the one that was acknowledged.
func (l *Loop) sound() error {
	err := l.cfg.State.Chain().Check(l.cfg.Marked)
	head := l.cfg.State.Chain().Head()
	if err == nil && l.cfg.Mark != nil && l.cfg.Marked.Seq == 0 && head.Seq > head.Epoch {
		// Before the first mark there are beginnings of epochs at most.
		err = fmt.Errorf("it goes up to entry %d, and the watermark beside it is missing", head.Seq)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrLedger, err)
	}
	return nil
}

// decide makes entries of the commands that wait, unless a flight is still being written: then more gather. It goes on
// behind flights that are read back or marked meanwhile.
func (l *Loop) decide() {
	n := len(l.flights)
	if !l.leading || len(l.queue) == 0 || n >= maxFlights || n > 0 && !l.flights[n-1].written && !l.flights[n-1].down {
		return
	}
	d := l.cfg.State.Draft(l.cfg.Rules)
	for _, f := range l.flights {
		d.Assume(f.entries)
	}
	f := &flight{}
	head := l.cfg.State.Chain().Head()
	now := l.cfg.Now()
	taken := 0
	for _, t := range l.queue {
		if len(d.Entries) >= maxFlight {
			break
		}
		taken++
		if t.done == nil {
			delete(l.asked, t.of)
		}
		outcome, err := l.decideOne(d, &t.command, now)
		if err != nil && !errors.Is(err, ErrNotPlanned) && !t.current && t.done != nil && l.cfg.LedgerEnd != nil {
			l.makeCurrent(t)
			continue
		}
		// What rests on nothing but what was acknowledged is answered at once; the rest when that is true of it too.
		settled := n == 0 && len(d.Entries) == 0 && head.Seq <= l.marked
		if settled || err == nil && outcome.Seq > 0 && outcome.Seq <= l.marked {
			t.answer(outcome, err)
			continue
		}
		t.outcome, t.err = outcome, err
		f.tickets = append(f.tickets, t)
	}
	l.queue = append([]*ticket(nil), l.queue[taken:]...)
	switch f.entries = d.Entries; {
	case len(f.entries) > 0:
		l.launchFlight(f)
	case len(f.tickets) == 0:
	case n > 0:
		l.flights[n-1].tickets = append(l.flights[n-1].tickets, f.tickets...)
	default: // a watermark could not be written; here is another try
		f.head, f.begun, f.down, f.landed = head, time.Now(), true, make(chan struct{})
		close(f.landed)
		l.flights = append(l.flights, f)
		l.settle()
	}
}

// makeCurrent has commands decided again once all is read that stood in the ledger when they came. What is granted must
// pass through the log, which fences a leader that was replaced and does not know it yet; a refusal does not.
func (l *Loop) makeCurrent(t *ticket) {
	if l.doubtful = append(l.doubtful, t); !l.looking {
		l.look()
	}
}

// look asks for the end of the ledger on behalf of all that are in doubt. Those that come meanwhile wait for the next.
func (l *Loop) look() {
	tickets := l.doubtful
	l.doubtful, l.looking = nil, true
	last := l.tail.Event()
	ctx := l.running
	go func() {
		end, err := l.cfg.LedgerEnd(ctx, last)
		_ = l.do(ctx, func() {
			l.looking = false
			for _, t := range tickets {
				if t.current = true; err != nil {
					t.answer(planner.Outcome{}, err)
					continue
				}
				l.behind = append(l.behind, waiting{t, end})
			}
			l.catchUp()
			if len(l.doubtful) > 0 && !l.looking {
				l.look()
			}
		})
	}()
}

// waiting is a command that waits until the ledger is read up to an offset.
type waiting struct {
	ticket *ticket
	end    planner.Offsets
}

// catchUp queues the commands that wait for what has been read by now.
func (l *Loop) catchUp() {
	var still []waiting
	for _, w := range l.behind {
		read := true
		for name, end := range w.end {
			read = read && l.offsets[name] >= end
		}
		switch {
		case !read:
			still = append(still, w)
		case !l.leading:
			w.ticket.answer(planner.Outcome{}, ErrNotLeading)
		default:
			l.queue = append(l.queue, w.ticket)
		}
	}
	l.behind = still
	l.decide()
}

func (l *Loop) decideOne(d *planner.Draft, c *planner.Command, now time.Time) (planner.Outcome, error) {
	if c.Match != "" && c.Terms == nil && !d.Knows(c.Booking) {
		terms, err := l.proposal(c)
		if err != nil {
			return planner.Outcome{}, err
		}
		c.Terms = terms
	}
	return d.Decide(*c, now)
}

// launchFlight writes entries until the log has them. Written twice they count once; so an error is no reason to stop.
func (l *Loop) launchFlight(f *flight) {
	e := f.last()
	f.head = planner.LedgerHead{Seq: e.Seq, Epoch: e.Epoch, Hash: e.Hash(), Time: e.Time}
	f.landed, f.begun = make(chan struct{}), time.Now()
	l.flights = append(l.flights, f)
	events := make([]planner.Event, len(f.entries))
	for i, e := range f.entries {
		events[i] = e.Event()
	}
	ctx := l.traced(f)
	go func() {
		for {
			err := l.cfg.Publish(ctx, events...)
			if ctx.Err() != nil {
				return
			}
			if err == nil {
				_ = l.do(ctx, func() {
					f.written = true
					l.decide()
				})
				return
			}
			l.cfg.Logger.Warn("decisions cannot be written; trying again", "error", err)
			select {
			case <-f.landed:
				return
			case <-ctx.Done():
				return
			case <-time.After(retryFlight):
			}
		}
	}()
}

// traced begins the span of a flight, where a command in it is traced, and returns the context of what is done for it.
func (l *Loop) traced(f *flight) context.Context {
	if l.cfg.Tracer == nil {
		return l.running
	}
	var causes []trace.Cause
	for _, t := range f.tickets {
		causes = trace.Gather(causes, t.cause)
	}
	ctx, span := l.cfg.Tracer.From(l.running, "flight", causes, f.begun)
	if span.On() {
		span.Set(trace.Int("haihe.entries", len(f.entries)))
		f.within, f.span = ctx, span
		_, f.step = trace.Step(ctx, "read back")
	}
	return ctx
}

// hear looks at what an entry that was applied means for what is on its way.
func (l *Loop) hear(e *planner.LedgerEntry) {
	l.tail = e
	k := 0
	for k < len(l.flights) && l.flights[k].down {
		k++
	}
	air := l.flights[k:]
	switch {
	case len(air) > 0 && air[0].holds(e):
		if e.Seq == air[0].last().Seq {
			air[0].down = true
			air[0].step.End()
			close(air[0].landed)
		}
	case len(air) > 0 || e.Kind == planner.EntryEpochBegun: // it stands where one of ours should: none of them will count
		l.stepDown()
		for _, f := range air {
			f.fenced, f.down = true, true
			close(f.landed)
		}
	}
}

// settle sees to the flights that were read back: one watermark for all of them, then the answers.
func (l *Loop) settle() {
	for !l.marking && len(l.flights) > 0 && l.flights[0].down {
		if l.flights[0].fenced {
			l.land(nil)
			continue
		}
		n := 1
		for n < len(l.flights) && l.flights[n].down && !l.flights[n].fenced {
			n++
		}
		if l.cfg.Mark == nil {
			for range n {
				l.land(nil)
			}
			continue
		}
		l.marking = true
		for _, f := range l.flights[:n] {
			if f.span.On() {
				_, f.step = trace.Step(f.within, "mark")
			}
		}
		head, ctx := l.flights[n-1].head, l.running
		go func() {
			m := mark{n, l.cfg.Mark(head)}
			select {
			case l.marks <- m:
			case <-ctx.Done():
			}
		}()
	}
	l.decide()
}

// noted answers those whose entries the watermark holds.
func (l *Loop) noted(m mark) {
	l.marking = false
	if m.err != nil {
		l.cfg.Logger.Error("decisions stand in the log, but the watermark beside it cannot be written; make room on the disk of the data folder", "error", m.err)
	}
	for range m.flights {
		l.land(m.err)
	}
	l.settle()
}

// land answers those whose entries have come to rest, of the oldest flight.
func (l *Loop) land(err error) {
	f := l.flights[0]
	l.flights = l.flights[1:]
	if l.cfg.Measures.Landed != nil && !f.fenced && err == nil {
		l.cfg.Measures.Landed(len(f.entries), time.Since(f.begun))
	}
	if f.span.On() {
		if f.fenced {
			f.span.Fail("another leads")
		}
		if l.cfg.Mark != nil || f.fenced {
			f.step.End()
		}
		f.span.End()
	}
	switch {
	case f.fenced:
		for _, t := range f.tickets {
			// What had come in before the other epoch began holds. A command sent again learns of it.
			t.answer(planner.Outcome{}, ErrNotLeading)
		}
	case err != nil:
		for _, t := range f.tickets {
			t.answer(planner.Outcome{}, fmt.Errorf("live: the watermark: %w", err))
		}
	default:
		l.marked, l.granted, l.together = f.head.Seq, time.Now(), len(f.entries)
		for _, t := range f.tickets {
			t.answer(t.outcome, t.err)
		}
	}
	if f.begins && !f.fenced && l.candidate && l.cfg.State.Chain().Head().Epoch == f.head.Epoch {
		l.leading, l.over = true, make(chan struct{})
		l.epoch = max(f.head.Epoch, l.seen+1)
		l.seen = l.epoch
		clear(l.asked)
		clear(l.appointed)
		l.agenda = nil
		l.review(l.cfg.State.Bookings())
		l.repeat(l.cfg.State.Repeating())
		l.change()
	}
}
