package planner

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"time"
)

// Why a command is refused; wrapped.
var (
	ErrNoBooking   = errors.New("there is no such booking")
	ErrWrongStatus = errors.New("the booking does not allow that now")
	ErrNoRoom      = errors.New("the room is no longer free")
	ErrLapsed      = errors.New("the quote or hold has run out")
	ErrOtherBody   = errors.New("the idempotency key was used for another command")
	ErrTooMany     = errors.New("too many open quotes and holds")
	ErrTooMuch     = errors.New("more of a departure than one exporter may have")
)

// Command is what somebody asks of the ledger.
type Command struct {
	ID       string            `json:"id,omitempty"`     // the same for a command that is sent again; "" for the leader's own
	Digest   string            `json:"digest,omitempty"` // of all that it says
	Kind     string            `json:"kind"`             // of the entry that it asks for
	Exporter string            `json:"exporter,omitempty"`
	Booking  string            `json:"booking,omitempty"`
	Terms    *BookingConfirmed `json:"terms,omitempty"` // of a new booking, or of a rebooking
	Reasons  []string          `json:"reasons,omitempty"`
	// Request is what is accepted or withdrawn. With the Terms of a new booking it is accepted in the same breath: both, or
	// neither.
	Request *AcceptedRequest `json:"request,omitempty"`

	// Exact asks that the way of the terms can still be gone as they say, to the hour of arrival.
	Exact bool `json:"exact,omitzero"`

	// Match asks for the terms that the current plan has for a request. Shown are its parts as somebody saw them: if
	// they are others now, the command is refused.
	Match string       `json:"match,omitempty"`
	Shown []Assignment `json:"shown,omitempty"`
}

// Shows reports whether parts are what was shown, to the cent.
func (c *Command) Shows(parts []Assignment) bool {
	near := func(a, b float64) bool { return math.Abs(a-b) <= 1e-6*max(1, math.Abs(a)) }
	return slices.EqualFunc(parts, c.Shown, func(a, b Assignment) bool {
		return slices.Equal(a.Departures, b.Departures) && a.Warehouse == b.Warehouse &&
			near(a.Fraction, b.Fraction) && math.Abs(a.Cost-b.Cost) < 0.01
	})
}

// Outcome is what became of a command. It stays the same when the command is sent again.
type Outcome struct {
	Seq     uint64        `json:"seq"`
	Booking BookingStatus `json:"booking"` // as it was right then; zero for requests
}

// Rules bound what the ledger grants.
type Rules struct {
	QuoteFor time.Duration // how long a quote holds
	HoldFor  time.Duration // how long a hold holds
	MaxOpen  int           // quotes and holds that an exporter may have open at a time; 0: any number
	MaxShare float64       // of the volume of a departure that an exporter may have held and booked; 0: all

	Check func(*LedgerEntry) error // whether the log will take an entry; nil: Validate alone
}

// Draft is a row of entries that are decided and not yet in the log. Each is decided as if those before it held, for
// the log will hold them in this order or not at all. The state is not touched.
type Draft struct {
	state    *State
	rules    Rules
	uses     uses // what the entries take besides the state's
	bookings map[string]*bookingFacts
	requests map[string]uint64 // by the id of the event of an entry: its Seq
	accepted map[string]*RequestSubmitted
	open     map[string]int // by exporter: quotes and holds that the entries add or close
	head     LedgerHead
	Entries  []*LedgerEntry
}

// Draft begins a row behind the head of the chain.
func (s *State) Draft(r Rules) *Draft {
	return &Draft{state: s, rules: r, uses: newUses(), bookings: map[string]*bookingFacts{}, requests: map[string]uint64{},
		accepted: map[string]*RequestSubmitted{}, open: map[string]int{}, head: s.chain.Head()}
}

// Begin adds the entry by which a leader takes over.
func (d *Draft) Begin(leader, address string, now time.Time) *LedgerEntry {
	e := d.entry(EntryEpochBegun, now)
	e.Epoch, e.Leader, e.Address = d.head.Epoch+1, leader, address
	d.add(e)
	return e
}

func (d *Draft) entry(kind string, now time.Time) *LedgerEntry {
	now = now.UTC()
	if now.Before(d.head.Time) {
		now = d.head.Time // a clock that was set back does not turn the ledger back
	}
	return &LedgerEntry{Seq: d.head.Seq + 1, Epoch: d.head.Epoch, Prev: d.head.Hash, Time: now, Kind: kind}
}

// Knows reports whether there is a booking of that id.
func (d *Draft) Knows(booking string) bool { return d.booking(booking).status() != "" }

// check says why an entry cannot stand in the log.
func (d *Draft) check(e *LedgerEntry) error {
	if err := e.Validate(); err != nil {
		return err
	}
	e.Seal()
	if d.rules.Check == nil {
		return nil
	}
	return d.rules.Check(e)
}

func (d *Draft) add(e *LedgerEntry) {
	if e.hash == "" { // check has sealed what it has looked at
		e.Seal()
	}
	d.follow(e)
	d.Entries = append(d.Entries, e)
}

func (d *Draft) follow(e *LedgerEntry) {
	d.head.Seq, d.head.Epoch, d.head.Hash, d.head.Time = e.Seq, e.Epoch, e.hash, e.Time
}

// Assume has the entries that are decided next follow some that are on their way into the log; those that the state has
// already are passed over.
func (d *Draft) Assume(entries []*LedgerEntry) {
	for _, e := range entries {
		if e.Seq <= d.head.Seq {
			continue
		}
		if e.Request != nil {
			d.accept(e)
		} else if b := d.booking(e.Booking); e.Booking != "" {
			if next, ok := b.taking(e); ok {
				d.take(b, next, e.Booking)
			}
		}
		d.follow(e)
	}
}

func (d *Draft) accept(e *LedgerEntry) {
	d.requests[e.Request.ID] = e.Seq
	if f := e.Request.Submitted; f != nil {
		d.accepted[f.ID] = f
	}
}

// asked is a request as the entries leave it; nil where there is none.
func (d *Draft) asked(id string) *RequestStatus {
	r, ok := d.state.Request(id)
	if f := d.accepted[id]; f != nil {
		r.Request, ok = f.Request, true
	}
	if !ok {
		return nil
	}
	return &r
}

// take has a booking be as an entry makes it.
func (d *Draft) take(was, next *bookingFacts, id string) {
	if was.takesRoom() {
		d.uses.add(was.master, -1)
	}
	if next.takesRoom() {
		d.uses.add(next.master, 1)
	}
	if was.open() {
		d.open[was.master.Exporter]--
	}
	if next.open() {
		d.open[next.master.Exporter]++
	}
	d.bookings[id] = next
}

func (d *Draft) booking(id string) *bookingFacts {
	if b := d.bookings[id]; b != nil {
		return b
	}
	return d.state.bookings[id]
}

// Decide adds the entry that a command asks for, or says why not. It adds none where the command was done before;
// the outcome is then what it was.
func (d *Draft) Decide(c Command, now time.Time) (Outcome, error) {
	switch c.Kind {
	case EntryRequestAccepted, EntryRequestWithdrawn:
		return d.request(c, now)
	}
	b := d.booking(c.Booking)
	if act := b.act(c.ID); act != nil {
		if act.Digest != c.Digest {
			return Outcome{}, ErrOtherBody
		}
		return b.outcome(act), nil
	}
	status := b.status()
	switch {
	case status == "" && c.Terms == nil:
		return Outcome{}, ErrNoBooking
	case status != "" && c.Exporter != "" && b.master.Exporter != c.Exporter:
		return Outcome{}, ErrNoBooking // whose it is, is nobody else's business
	case status != "" && c.Terms != nil && c.Kind != EntryBookingRebooked:
		return Outcome{}, ErrOtherBody // the id of a new booking comes of the key
	}
	if status == "" && c.Request != nil {
		return d.both(c, now)
	}
	e := d.entry(c.Kind, now)
	e.Booking, e.Command, e.Digest, e.Reasons, e.Terms = c.Booking, c.ID, c.Digest, c.Reasons, c.Terms
	if _, ok := nextStatus(c.Kind, status); !ok {
		return Outcome{}, fmt.Errorf("%w: it is %s", ErrWrongStatus, status)
	}
	if err := d.timely(e, b); err != nil {
		return Outcome{}, err
	}
	if err := d.room(e, b, c.Exact); err != nil {
		return Outcome{}, err
	}
	if err := d.few(e, b); err != nil {
		return Outcome{}, err
	}
	if err := d.check(e); err != nil {
		return Outcome{}, err
	}
	next, ok := b.taking(e)
	if !ok {
		return Outcome{}, ErrNoBooking
	}
	d.take(b, next, e.Booking)
	d.add(e)
	return next.outcome(&next.acts[len(next.acts)-1]), nil
}

// both accepts a request and makes a booking of it; where the booking is refused, the request is not accepted either.
func (d *Draft) both(c Command, now time.Time) (Outcome, error) {
	r := c.Request
	if r.Submitted == nil || c.Terms == nil || c.Terms.Request != r.Submitted.ID {
		return Outcome{}, fmt.Errorf("%w: the booking is of another request", ErrOtherBody)
	}
	head, n := d.head, len(d.Entries)
	if _, err := d.request(Command{ID: r.ID, Kind: EntryRequestAccepted, Exporter: c.Exporter, Request: r}, now); err != nil {
		return Outcome{}, err
	}
	c.Request = nil
	o, err := d.Decide(c, now)
	if err != nil && len(d.Entries) > n {
		d.head, d.Entries = head, d.Entries[:n]
		delete(d.requests, r.ID)
		delete(d.accepted, r.Submitted.ID)
	}
	return o, err
}

// timely sets until when a quote or hold lasts, and refuses what comes after that.
func (d *Draft) timely(e *LedgerEntry, b *bookingFacts) error {
	lapsed := b != nil && b.expires != nil && !e.Time.Before(*b.expires)
	switch e.Kind {
	case EntryBookingQuoted:
		until := e.Time.Add(d.rules.QuoteFor)
		e.Expires = &until
	case EntryBookingHeld:
		until := e.Time.Add(d.rules.HoldFor)
		e.Expires = &until
	case EntryBookingExpired:
		if !lapsed {
			return ErrWrongStatus
		}
		return nil
	}
	if lapsed && e.Kind != EntryBookingCancelled {
		return fmt.Errorf("%w at %s", ErrLapsed, b.expires.Format(time.RFC3339))
	}
	return nil
}

// room looks whether there is room for what the entry newly takes, and, where it is to be exact, whether its way is still gone
// as the terms say. A quote takes no room, but is given only where there is some.
func (d *Draft) room(e *LedgerEntry, b *bookingFacts, exact bool) error {
	terms := e.Terms
	switch {
	case e.Kind == EntryBookingQuoted, e.Kind == EntryBookingRebooked:
	case e.Kind == EntryBookingHeld || e.Kind == EntryBookingConfirmed && !b.takesRoom():
		if terms == nil {
			terms = b.master
		}
	default:
		return nil
	}
	besides := d.uses
	if b.takesRoom() { // it may move within its own room
		besides = besides.clone()
		besides.add(b.master, -1)
	}
	if e.Kind == EntryBookingRebooked && (terms.Request != b.master.Request || terms.Exporter != b.master.Exporter) {
		return fmt.Errorf("%w: a rebooking keeps the request", ErrWrongStatus)
	}
	request := d.asked(terms.Request)
	if exact {
		var due time.Time
		if request != nil {
			due = request.Due
		}
		if o := d.state.obstacle(terms, due, e.Time); o != nil {
			return fmt.Errorf("%w: %w", ErrNoRoom, o)
		}
	}
	rooms, err := d.state.fits(terms, request, besides)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNoRoom, err)
	}
	if err := d.fairly(terms, besides); err != nil {
		return err
	}
	e.Rooms = rooms
	return nil
}

// fairly bounds what an exporter has of a departure.
func (d *Draft) fairly(terms *BookingConfirmed, besides uses) error {
	if d.rules.MaxShare <= 0 {
		return nil
	}
	for i := range terms.Parts {
		for _, id := range terms.Parts[i].Departures {
			dep, _ := d.state.Departure(id)
			has := d.state.uses.of(terms.Exporter, id) + besides.of(terms.Exporter, id)
			most := d.rules.MaxShare * dep.CapacityM3
			if has+shareOn(terms, id)*terms.VolumeM3 > most*(1+roomSlack)+roomSlack {
				return fmt.Errorf("%w: of %s you have %.2f m3 already, and may have %.2f m3 in all", ErrTooMuch, id, has, most)
			}
		}
	}
	return nil
}

// few bounds what an exporter may have open.
func (d *Draft) few(e *LedgerEntry, b *bookingFacts) error {
	if d.rules.MaxOpen <= 0 || b.status() != "" || e.Kind != EntryBookingQuoted && e.Kind != EntryBookingHeld {
		return nil
	}
	who := e.Terms.Exporter
	if n := d.state.open[who] + d.open[who]; n >= d.rules.MaxOpen {
		return fmt.Errorf("%w: %d; confirm or cancel some, or wait until they run out", ErrTooMany, n)
	}
	return nil
}

// request accepts a request or its withdrawal. A second time is done before.
func (d *Draft) request(c Command, now time.Time) (Outcome, error) {
	r := c.Request
	id := r.Withdrawn
	key := Key{KindRequest, id, AspectStatus}
	if r.Submitted != nil {
		id = r.Submitted.ID
		key = Key{KindRequest, id, AspectMaster}
	}
	if seq, ok := d.requests[r.ID]; ok {
		return Outcome{Seq: seq}, nil
	}
	if have, ok := d.state.Held(key); ok && have.ID == r.ID {
		return Outcome{}, nil
	}
	e := d.entry(c.Kind, now)
	e.Command, e.Digest, e.Request = c.ID, c.Digest, r
	if err := d.check(e); err != nil {
		return Outcome{}, err
	}
	d.accept(e)
	d.add(e)
	return Outcome{Seq: e.Seq}, nil
}

// outcome is the booking as an act left it.
func (b *bookingFacts) outcome(a *Act) Outcome {
	then := *b
	then.ledger, then.expires = a.Status, a.Expires
	k := slices.IndexFunc(b.acts, func(x Act) bool { return x.Seq == a.Seq })
	then.acts = b.acts[:k+1]
	for i := len(b.acts) - 1; i > k; i-- {
		if b.acts[i].Was != nil {
			then.master = b.acts[i].Was
		}
	}
	return Outcome{a.Seq, then.view()}
}

func (u uses) clone() uses {
	c := newUses()
	for k, v := range u.departures {
		c.departures[k] = v
	}
	for w, days := range u.days {
		c.days[w] = map[int64]int64{}
		for d, v := range days {
			c.days[w][d] = v
		}
	}
	for k, v := range u.shares {
		c.shares[k] = v
	}
	for k, v := range u.held {
		c.held[k] = v
	}
	return c
}
