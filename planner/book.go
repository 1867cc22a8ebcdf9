package planner

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Statuses of a booking. CONFIRMED, PENDING_AMENDMENT, CANCELLED and COMPLETED are words of DCSA Booking 2.0, EXPIRED
// of IATA ONE Record; for the others neither has one.
const (
	BookingQuoted           = "QUOTED"            // its price holds until it expires; it takes no room
	BookingHeld             = "HELD"              // its room is kept until it expires
	BookingIsConfirmed      = "CONFIRMED"         //
	BookingPendingAmendment = "PENDING_AMENDMENT" // it cannot run as confirmed: rebook or cancel it
	BookingInTransit        = "IN_TRANSIT"
	BookingStored           = "STORED"
	BookingCompleted        = "COMPLETED" // released from the warehouse
	BookingIsCancelled      = "CANCELLED"
	BookingExpired          = "EXPIRED"
)

var statuses = []string{BookingQuoted, BookingHeld, BookingIsConfirmed, BookingPendingAmendment, BookingInTransit, BookingStored,
	BookingCompleted, BookingIsCancelled, BookingExpired}

// TakesRoom reports whether a booking of that status counts against what is published.
func TakesRoom(status string) bool {
	switch status {
	case BookingHeld, BookingIsConfirmed, BookingPendingAmendment, BookingInTransit, BookingStored:
		return true
	}
	return false
}

// nextStatus says what an entry makes of a booking; false where it has no place in its life. "" is a booking that is
// not there yet.
func nextStatus(kind, status string) (string, bool) {
	move := moves[kind]
	if slices.Contains(move.from, status) {
		return move.to, true
	}
	return "", false
}

var moves = map[string]struct {
	from []string
	to   string
}{
	EntryBookingQuoted:    {[]string{""}, BookingQuoted},
	EntryBookingHeld:      {[]string{"", BookingQuoted}, BookingHeld},
	EntryBookingConfirmed: {[]string{"", BookingQuoted, BookingHeld}, BookingIsConfirmed},
	EntryBookingDisrupted: {[]string{BookingIsConfirmed}, BookingPendingAmendment},
	EntryBookingRestored:  {[]string{BookingPendingAmendment}, BookingIsConfirmed},
	EntryBookingRebooked:  {[]string{BookingPendingAmendment}, BookingIsConfirmed},
	EntryBookingDeparted:  {[]string{BookingIsConfirmed, BookingPendingAmendment}, BookingInTransit},
	EntryBookingStored:    {[]string{BookingInTransit}, BookingStored},
	EntryBookingReleased:  {[]string{BookingStored}, BookingCompleted},
	EntryBookingCancelled: {[]string{BookingQuoted, BookingHeld, BookingIsConfirmed, BookingPendingAmendment}, BookingIsCancelled},
	EntryBookingExpired:   {[]string{BookingQuoted, BookingHeld}, BookingExpired},
}

// bookingFacts is what is known of a booking: by the ledger, or by facts from before there was one.
type bookingFacts struct {
	master      *BookingConfirmed
	confirmedAt uint64 // sequences of facts, 0 where there are none
	cancelledAt uint64

	ledger  string // status by the ledger; "" while that knows nothing of it
	seq     uint64 // of the entry that took its room, or quoted it
	expires *time.Time
	acts    []Act // what the ledger did with it, oldest first
}

// Act is something that the ledger did with a booking.
type Act struct {
	Seq     uint64     `json:"seq"`
	Kind    string     `json:"kind"`
	Status  string     `json:"status"` // from then on
	Time    time.Time  `json:"time"`
	Expires *time.Time `json:"expires,omitempty"`
	Reasons []string   `json:"reasons,omitempty"`
	Command string     `json:"command,omitempty"`
	Digest  string     `json:"digest,omitempty"`

	Was *BookingConfirmed `json:"was,omitempty"` // the terms before a rebooking
}

// actsKept bounds the history of one booking, which a carrier that cuts and restores its room could make long.
const actsKept = 32

// status is "" where nothing was booked, or only a cancellation is known.
func (b *bookingFacts) status() string {
	switch {
	case b == nil || b.master == nil:
		return ""
	case b.ledger != "":
		return b.ledger
	case b.cancelledAt >= max(1, b.confirmedAt):
		return BookingIsCancelled
	}
	return BookingIsConfirmed
}

func (b *bookingFacts) takesRoom() bool { return TakesRoom(b.status()) }

// open reports whether it is a quote or a hold that will run out.
func (b *bookingFacts) open() bool {
	status := b.status()
	return b != nil && b.expires != nil && (status == BookingQuoted || status == BookingHeld)
}

// act finds what a command did.
func (b *bookingFacts) act(command string) *Act {
	if b == nil || command == "" {
		return nil
	}
	for i := range b.acts {
		if b.acts[i].Command == command {
			return &b.acts[i]
		}
	}
	return nil
}

// taking returns the booking as an entry makes it.
func (b *bookingFacts) taking(e *LedgerEntry) (*bookingFacts, bool) {
	next := &bookingFacts{}
	if b != nil {
		*next = *b
	}
	status, ok := nextStatus(e.Kind, b.status())
	if !ok || b.status() == "" && e.Terms == nil {
		return nil, false
	}
	if e.Terms != nil {
		next.master = e.Terms
	}
	if !TakesRoom(b.status()) && TakesRoom(status) || next.seq == 0 || e.Kind == EntryBookingRebooked {
		next.seq = e.Seq
	}
	next.ledger, next.expires = status, e.Expires
	act := Act{Seq: e.Seq, Kind: e.Kind, Status: status, Time: e.Time, Expires: e.Expires, Reasons: e.Reasons,
		Command: e.Command, Digest: e.Digest}
	if e.Terms != nil && b.status() != "" {
		act.Was = b.master
	}
	next.acts = append(slices.Clone(next.acts), act)
	if n := len(next.acts) - actsKept; n > 0 {
		next.acts = slices.Delete(next.acts, 1, 1+n) // the first stays: it made the booking
	}
	return next, true
}

// Chain says how far the ledger goes, and where it breaks.
func (s *State) Chain() *Chain { return &s.chain }

// applyEntry takes an entry of the ledger in, if it follows.
func (s *State) applyEntry(e *LedgerEntry) bool {
	if s.chain.Take(e) != Follows {
		return false
	}
	switch e.Kind {
	case EntryEpochBegun:
	case EntryRequestAccepted, EntryRequestWithdrawn:
		r := e.Request
		var f Fact = &RequestWithdrawn{Request: r.Withdrawn}
		if r.Submitted != nil {
			f = r.Submitted
		}
		s.Apply(Event{ID: r.ID, Source: r.Source, Sequence: r.Sequence, Time: e.Time, Fact: f})
	default:
		if next, ok := s.bookings[e.Booking].taking(e); ok {
			s.mark(KindBooking, e.Booking)
			s.rebook(e.Booking, func(b *bookingFacts) { *b = *next })
		}
	}
	return true
}

// LedgerSnapshot is what the ledger says up to its head.
type LedgerSnapshot struct {
	Format   string           `json:"format"`
	Head     LedgerHead       `json:"head"`
	Bookings []BookingOfEntry `json:"bookings"` // by id
	// Forks are entries of a leader that was replaced, as far as others that hang on them may yet be read.
	Forks []Fork `json:"forks,omitempty"`
}

// BookingOfEntry is a booking that the ledger knows.
type BookingOfEntry struct {
	Terms   *BookingConfirmed `json:"terms"`
	Status  string            `json:"status"`
	Seq     uint64            `json:"seq"`
	Expires *time.Time        `json:"expires,omitempty"`
	Acts    []Act             `json:"acts"`
}

// LedgerSnapshot returns what the ledger says.
func (s *State) LedgerSnapshot() LedgerSnapshot {
	l := LedgerSnapshot{Format: LedgerFormat, Head: s.chain.Head(), Bookings: []BookingOfEntry{}, Forks: slices.Clone(s.chain.aside)}
	for _, id := range sortedKeys(s.bookings) {
		if b := s.bookings[id]; b.ledger != "" {
			l.Bookings = append(l.Bookings, BookingOfEntry{b.master, b.ledger, b.seq, b.expires, b.acts})
		}
	}
	return l
}

// Validate says what of a snapshot cannot be.
func (l *LedgerSnapshot) Validate() error {
	if l.Format != LedgerFormat {
		return fmt.Errorf("the format of the ledger is %s, want %s", short(l.Format), LedgerFormat)
	}
	if len(l.Forks) > forksKept {
		return fmt.Errorf("it has %d forks, at most %d are kept", len(l.Forks), forksKept)
	}
	for i := range l.Bookings {
		b := &l.Bookings[i]
		if b.Terms == nil || !slices.Contains(statuses, b.Status) {
			return fmt.Errorf("booking %d has no terms, or no status", i+1)
		}
		if err := b.Terms.Validate(); err != nil {
			return fmt.Errorf("booking %d: %w", i+1, err)
		}
	}
	return nil
}

// RestoreLedger sets the ledger as a snapshot has it. It is for a State that has seen the Events of the same moment,
// and no entry.
func (s *State) RestoreLedger(l LedgerSnapshot) {
	if l.Head.Hash != genesis {
		s.chain.head = l.Head
	}
	for _, f := range l.Forks {
		s.chain.remember(f.Hash)
		s.chain.setAside(f)
	}
	for _, b := range l.Bookings {
		s.rebook(b.Terms.Booking, func(f *bookingFacts) {
			f.master, f.ledger, f.seq, f.expires, f.acts = b.Terms, b.Status, b.Seq, b.Expires, b.Acts
		})
	}
}

// digestLedger writes all that the ledger says.
func (s *State) digestLedger() ([]byte, error) {
	l := s.LedgerSnapshot()
	if l.Head.Seq == 0 {
		return nil, nil
	}
	l.Forks = nil // what was passed over says nothing
	return json.Marshal(l)
}

// bookingsOn returns the bookings named, in the order in which they took their room.
func (s *State) bookingsOn(ids map[string]bool) []*bookingFacts {
	list := make([]*bookingFacts, 0, len(ids))
	for id := range ids {
		list = append(list, s.bookings[id])
	}
	slices.SortFunc(list, func(a, b *bookingFacts) int {
		return cmp.Or(cmp.Compare(a.seq, b.seq), cmp.Compare(a.confirmedAt, b.confirmedAt), strings.Compare(a.master.Booking, b.master.Booking))
	})
	return list
}
