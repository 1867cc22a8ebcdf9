package planner

import (
	"slices"
	"time"
)

// Changes lists, sorted, the ids whose status may differ since the last time they were taken.
type Changes struct {
	Places, Passages, Departures, Warehouses, Requests, Bookings []string
	Positions                                                    []string // departures whose ship or aircraft has moved, and no more
}

// Empty reports whether nothing changed.
func (c Changes) Empty() bool {
	return len(c.Places)+len(c.Passages)+len(c.Departures)+len(c.Warehouses)+len(c.Requests)+len(c.Bookings)+len(c.Positions) == 0
}

// TakeChanges returns what changed since it was last called.
func (s *State) TakeChanges() Changes {
	s.markDiverted()
	c := Changes{
		Places:     sortedKeys(s.changed[KindPlace]),
		Passages:   sortedKeys(s.changed[KindPassage]),
		Departures: sortedKeys(s.changed[KindDeparture]),
		Warehouses: sortedKeys(s.changed[KindWarehouse]),
		Requests:   sortedKeys(s.changed[KindRequest]),
		Bookings:   sortedKeys(s.changed[KindBooking]),
		Positions:  sortedKeys(s.changed[AspectPosition]),
	}
	clear(s.changed)
	return c
}

// Place returns a place that was declared.
func (s *State) Place(id string) (Place, bool) {
	p := s.places[id]
	if p == nil {
		return Place{}, false
	}
	return p.Place, true
}

// Passage returns a strait or canal as it stands; false if there is none of that id.
func (s *State) Passage(id string) (PassageStatus, bool) {
	p, ok := passageByID(id)
	if !ok {
		return PassageStatus{}, false
	}
	status := PassageStatus{Passage: p}
	if f := s.passages[id]; f != nil && f.closed != nil {
		since := f.from()
		status.Closed, status.Reason, status.Since, status.Until = true, f.closed.Reason, &since, f.closed.Until
	}
	return status, true
}

// Position returns the last position reported of a departure's ship or aircraft; false where none was, or none
// since the state was restored from its Events.
func (s *State) Position(departure string) (PositionReported, bool) {
	f := s.departures[departure]
	if f == nil || f.position == nil {
		return PositionReported{}, false
	}
	return *f.position, true
}

// Departure returns a departure as it stands; false while it has not been scheduled.
func (s *State) Departure(id string) (DepartureStatus, bool) {
	f := s.departures[id]
	if f == nil || f.master == nil {
		return DepartureStatus{}, false
	}
	m := f.master
	d := DepartureStatus{
		Departure: m.Departure, Vessel: m.Vessel,
		PlannedCutoff: m.Cutoff, PlannedDepart: m.Depart, PlannedArrive: m.Arrive,
		Position: f.position,
	}
	if late := s.delayOf(f); late != nil {
		d.DelayHours, d.DelayReason = late.DelayHours, late.Reason
		by := time.Duration(late.DelayHours * float64(time.Hour))
		d.Cutoff, d.Depart, d.Arrive = m.Cutoff.Add(by), m.Depart.Add(by), m.Arrive.Add(by)
	}
	if x := s.diversion(id); x != nil {
		d.divert(x)
	}
	if f.cancel != nil {
		d.Cancelled, d.CancelReason = true, f.cancel.Reason
	}
	if f.capacity != nil {
		d.CapacityM3, d.CapacityKg = f.capacity.CapacityM3, f.capacity.CapacityKg
	}
	if f.rate != nil {
		d.Rate = f.rate.Rate
	}
	d.BookedM3, d.BookedKg = s.uses.on(id)
	return d, true
}

// delayOf returns the delay that holds for a departure: its own, else that of the leg of its voyage that
// reported last before it. A ship that leaves Busan a day late calls at Los Angeles a day late too, until its
// carrier says otherwise.
func (s *State) delayOf(f *departureFacts) *DepartureDelayed {
	if f.delay != nil || f.master.Voyage == "" {
		return f.delay
	}
	var nearest *departureFacts
	for id := range s.legs[f.master.Voyage] {
		g := s.departures[id]
		if g.delay == nil || !before(g.master, f.master) {
			continue
		}
		if nearest == nil || before(nearest.master, g.master) {
			nearest = g
		}
	}
	if nearest == nil {
		return nil
	}
	return nearest.delay
}

// before orders the legs of a voyage as planned.
func before(a, b *DepartureScheduled) bool {
	if c := a.Depart.Compare(b.Depart); c != 0 {
		return c < 0
	}
	return a.ID < b.ID
}

// shareOn returns the fraction of a booking's request that goes by a departure.
func shareOn(b *BookingConfirmed, departure string) float64 {
	share := 0.0
	for _, part := range b.Parts {
		if slices.Contains(part.Departures, departure) {
			share += part.Fraction
		}
	}
	return share
}

// Warehouse returns a warehouse as it stands; false while it has not been registered.
func (s *State) Warehouse(id string) (WarehouseStatus, bool) {
	f := s.warehouses[id]
	if f == nil || f.master == nil {
		return WarehouseStatus{}, false
	}
	m := f.master
	w := WarehouseStatus{Warehouse: m.Warehouse, Name: m.Name, AreaM2: m.AreaM2, Public: m.Public, CapacityFrom: m.From,
		Registered: m.CapacityM3, RegisteredFrom: m.From}
	if f.occupancy != nil {
		w.CapacityM3, w.CapacityFrom = f.occupancy.FreeM3, f.occupancy.From
	}
	if f.closed != nil {
		w.Closed, w.CloseReason = true, f.closed.Reason
	}
	return w, true
}

// Request returns a request as it stands; false while it has not been submitted.
func (s *State) Request(id string) (RequestStatus, bool) {
	f := s.requests[id]
	if f == nil || f.master == nil {
		return RequestStatus{}, false
	}
	r := RequestStatus{Request: f.master.Request, Goods: f.master.Goods, HSCode: f.master.HSCode,
		SubmittedAt: f.submitted.Time, Withdrawn: f.withdrawn(), Repeat: f.master.Repeat, First: f.master.First}
	r.BookedShare = min(s.uses.share(id), 1)
	return r, true
}

// All returns the ids of everything there is.
func (s *State) All() Changes {
	all := make([]string, 0, len(passages()))
	for _, p := range passages() {
		all = append(all, p.ID)
	}
	return Changes{Places: sortedKeys(s.places), Passages: all, Departures: sortedKeys(s.departures),
		Warehouses: sortedKeys(s.warehouses), Requests: sortedKeys(s.requests), Bookings: sortedKeys(s.bookings)}
}
