package planner

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// State is how things stand: of every Key, the fact with the highest sequence. So it is the same whatever the
// order in which the topics were read, and however often. Apply is the only door in. A State belongs to one
// goroutine.
type State struct {
	facts map[Key]Event

	places     map[string]*PlaceDeclared
	passages   map[string]*passageFacts
	departures map[string]*departureFacts
	warehouses map[string]*warehouseFacts
	requests   map[string]*requestFacts
	bookings   map[string]*bookingFacts

	legs     map[string]map[string]bool // departures by voyage
	booked   map[string]map[string]bool // bookings that take room, by departure
	stored   map[string]map[string]bool // by warehouse
	promised map[string]map[string]bool // by request
	uses     uses                       // the room that they take
	changed  map[string]map[string]bool // ids by kind, since the last TakeChanges

	chain Chain          // of the ledger
	open  map[string]int // quotes and holds that will run out, by exporter

	shut       []closure             // passages that are shut, by id
	seaways    seaways               // what geo was asked
	diversions map[string]*Diversion // by departure; reckoned when first asked for, forgotten when it may differ
	told       map[string]*Diversion // those that hold as of the last TakeChanges
	review     bool                  // any diversion may differ from what was told
}

type passageFacts struct {
	closed *PassageClosed // nil where it is open
	said   time.Time      // when the event was
}

// from is when the passage shuts.
func (f *passageFacts) from() time.Time {
	if f.closed.From != nil {
		return f.closed.From.UTC()
	}
	return f.said
}

type departureFacts struct {
	master   *DepartureScheduled
	delay    *DepartureDelayed
	cancel   *DepartureCancelled // nil where it runs
	capacity *DepartureCapacityChanged
	rate     *DepartureRateChanged
	position *PositionReported
}

// onlySeen reports whether nothing but a position holds. That is as good as nothing, for it expires.
func (f *departureFacts) onlySeen() bool { return *f == departureFacts{position: f.position} }

type warehouseFacts struct {
	master    *WarehouseRegistered
	occupancy *OccupancyReported
	closed    *WarehouseClosed // nil where it is open
}

type requestFacts struct {
	master      *RequestSubmitted
	submitted   Event
	withdrawnAt uint64 // sequence of the withdrawal, 0 where there is none
}

func (r *requestFacts) withdrawn() bool { return r.withdrawnAt >= max(1, r.submitted.Sequence) }

// NewState returns the state before any event.
func NewState() *State {
	return &State{
		facts:      map[Key]Event{},
		places:     map[string]*PlaceDeclared{},
		passages:   map[string]*passageFacts{},
		departures: map[string]*departureFacts{},
		warehouses: map[string]*warehouseFacts{},
		requests:   map[string]*requestFacts{},
		bookings:   map[string]*bookingFacts{},
		legs:       map[string]map[string]bool{},
		booked:     map[string]map[string]bool{},
		stored:     map[string]map[string]bool{},
		promised:   map[string]map[string]bool{},
		uses:       newUses(),
		open:       map[string]int{},
		changed:    map[string]map[string]bool{},
		diversions: map[string]*Diversion{},
		told:       map[string]*Diversion{},
	}
}

// Apply takes an event in and reports whether it changed anything: false for a second delivery, or for a fact
// older than the one that holds. The fact must be valid, and is not to be written to afterwards. An entry of the
// ledger counts in its place alone; before its first, bookings may be told as facts, as they were when there was none.
func (s *State) Apply(e Event) bool {
	switch f := e.Fact.(type) {
	case *LedgerEntry:
		return s.applyEntry(f)
	case *BookingConfirmed, *BookingCancelled:
		if s.chain.head.Seq > 0 {
			return false
		}
	}
	k := e.Fact.Key()
	if held, ok := s.facts[k]; ok && !supersedes(e, held) {
		return false
	}
	s.facts[k] = e
	if k.Aspect != AspectPosition {
		s.mark(k.Kind, k.ID)
	}
	switch f := e.Fact.(type) {
	case *PlaceDeclared:
		s.places[f.ID] = f
		s.reviewDiversions()
	case *PassageClosed:
		*entry(s.passages, f.Passage) = passageFacts{f, e.Time.UTC()}
		s.closePassages()
	case *PassageReopened:
		*entry(s.passages, f.Passage) = passageFacts{}
		s.closePassages()
	case *DepartureScheduled:
		d := s.departure(f.ID)
		if d.master != nil && d.master.Voyage != f.Voyage {
			s.touchVoyage(f.ID) // what it leaves behind
			remove(s.legs, d.master.Voyage, f.ID)
		}
		d.master = f
		if f.Voyage != "" {
			add(s.legs, f.Voyage, f.ID)
		}
		s.touchVoyage(f.ID)
	case *DepartureDelayed:
		s.departure(f.Departure).delay = f
		s.touchVoyage(f.Departure)
	case *DepartureCancelled:
		s.departure(f.Departure).cancel = f
		s.touchVoyage(f.Departure)
	case *DepartureReinstated:
		s.departure(f.Departure).cancel = nil
		s.touchVoyage(f.Departure)
	case *DepartureCapacityChanged:
		s.departure(f.Departure).capacity = f
		s.touchBookings(f.Departure)
	case *DepartureRateChanged:
		s.departure(f.Departure).rate = f
	case *PositionReported:
		s.departure(f.Departure).position = f
		s.mark(AspectPosition, f.Departure)
	case *WarehouseRegistered:
		s.warehouse(f.ID).master = f
		s.markAll(s.stored[f.ID])
	case *OccupancyReported:
		s.warehouse(f.Warehouse).occupancy = f
		s.markAll(s.stored[f.Warehouse])
	case *WarehouseClosed:
		s.warehouse(f.Warehouse).closed = f
		s.markAll(s.stored[f.Warehouse])
	case *WarehouseReopened:
		s.warehouse(f.Warehouse).closed = nil
		s.markAll(s.stored[f.Warehouse])
	case *RequestSubmitted:
		r := s.request(f.ID)
		r.master, r.submitted = f, e
		s.markAll(s.promised[f.ID])
	case *RequestWithdrawn:
		s.request(f.Request).withdrawnAt = e.Sequence
	case *BookingConfirmed:
		s.rebook(f.Booking, func(b *bookingFacts) { b.master, b.confirmedAt = f, e.Sequence })
	case *BookingCancelled:
		s.rebook(f.Booking, func(b *bookingFacts) { b.cancelledAt = e.Sequence })
	default:
		panic(fmt.Sprintf("planner: no rule for fact %T", f))
	}
	return true
}

// supersedes reports whether e replaces held, a fact with the same key.
func supersedes(e, held Event) bool {
	if e.Sequence != held.Sequence {
		return e.Sequence > held.Sequence
	}
	return e.ID > held.ID
}

// MovesPlan reports whether a fact can change the plan; positions cannot, nor can what takes no room.
func MovesPlan(f Fact) bool {
	switch f := f.(type) {
	case *PositionReported:
		return false
	case *LedgerEntry:
		return f.Kind != EntryEpochBegun && f.Kind != EntryBookingQuoted
	}
	return true
}

// Sequence returns the sequence of the fact that holds for k, or 0 where none does.
func (s *State) Sequence(k Key) uint64 { return s.facts[k].Sequence }

// Held returns the event whose fact holds for k; false where none does.
func (s *State) Held(k Key) (Event, bool) {
	e, ok := s.facts[k]
	return e, ok
}

// Len returns the number of facts that hold.
func (s *State) Len() int { return len(s.facts) }

// Events returns the events that hold and are to last, sorted by key. Applied to a new State they give this one
// again, without the ledger (LedgerSnapshot) and the positions: those are many, expire from the log after a day, and the next report comes soon.
func (s *State) Events() []Event {
	list := s.Facts()
	slices.SortFunc(list, func(a, b Event) int {
		return strings.Compare(a.Fact.Key().String(), b.Fact.Key().String())
	})
	return list
}

// Facts is Events in no order.
func (s *State) Facts() []Event {
	list := make([]Event, 0, len(s.facts))
	for k, e := range s.facts {
		if k.Aspect != AspectPosition {
			list = append(list, e)
		}
	}
	return list
}

// Digest returns a SHA-256 over the Events and the ledger: two states with one digest are the same but for positions. So a
// replay of the log gives the same digest whatever is left of them there.
func (s *State) Digest() (string, error) {
	h := sha256.New()
	for _, e := range s.Events() {
		body, err := json.Marshal(e.Fact)
		if err != nil {
			return "", fmt.Errorf("planner: digest of %s: %w", e.Fact.Key(), err)
		}
		fmt.Fprintf(h, "%s %s %d %s %d\n%s\n", e.Fact.Type(), e.ID, e.Sequence, e.Source, e.Time.UnixNano(), body)
	}
	ledger, err := s.digestLedger()
	if err != nil {
		return "", fmt.Errorf("planner: digest of the ledger: %w", err)
	}
	h.Write(ledger)
	return hex.EncodeToString(h.Sum(nil)), nil
}

func (s *State) departure(id string) *departureFacts { return entry(s.departures, id) }
func (s *State) warehouse(id string) *warehouseFacts { return entry(s.warehouses, id) }
func (s *State) request(id string) *requestFacts     { return entry(s.requests, id) }
func (s *State) booking(id string) *bookingFacts     { return entry(s.bookings, id) }

func entry[T any](m map[string]*T, id string) *T {
	x := m[id]
	if x == nil {
		x = new(T)
		m[id] = x
	}
	return x
}

func (s *State) mark(kind, id string) { add(s.changed, kind, id) }

// touchVoyage marks every leg that a change of one leg's times may move, and the bookings on them.
func (s *State) touchVoyage(id string) {
	s.touchBookings(id)
	delete(s.diversions, id)
	d := s.departures[id]
	if d.master == nil || d.master.Voyage == "" {
		return
	}
	for leg := range s.legs[d.master.Voyage] {
		s.mark(KindDeparture, leg)
		s.touchBookings(leg)
		delete(s.diversions, leg)
	}
}

func (s *State) touchBookings(departure string) { s.markAll(s.booked[departure]) }

func (s *State) markAll(bookings map[string]bool) {
	for b := range bookings {
		s.mark(KindBooking, b)
	}
}

// rebook changes what is known of a booking, and the room that it takes.
func (s *State) rebook(id string, change func(*bookingFacts)) {
	b := s.booking(id)
	if b.open() {
		if s.open[b.master.Exporter]--; s.open[b.master.Exporter] == 0 {
			delete(s.open, b.master.Exporter)
		}
	}
	if b.takesRoom() {
		s.index(b.master, remove)
		s.uses.add(b.master, -1)
	}
	change(b)
	if b.takesRoom() {
		s.index(b.master, add)
		s.uses.add(b.master, 1)
	}
	if b.open() {
		s.open[b.master.Exporter]++
	}
}

// index enters a booking under, or strikes it from, all that it takes room of.
func (s *State) index(f *BookingConfirmed, apply func(map[string]map[string]bool, string, string)) {
	apply(s.promised, f.Request, f.Booking)
	s.mark(KindRequest, f.Request)
	for _, part := range f.Parts {
		for _, d := range part.Departures {
			s.touchBookings(d)
			apply(s.booked, d, f.Booking)
			s.mark(KindDeparture, d)
		}
		apply(s.stored, part.Warehouse, f.Booking)
		s.mark(KindWarehouse, part.Warehouse)
	}
}

func add(m map[string]map[string]bool, key, id string) {
	if m[key] == nil {
		m[key] = map[string]bool{}
	}
	m[key][id] = true
}

func remove(m map[string]map[string]bool, key, id string) {
	delete(m[key], id)
	if len(m[key]) == 0 {
		delete(m, key)
	}
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
