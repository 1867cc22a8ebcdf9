package planner

import (
	"cmp"
	"fmt"
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
	for _, b := range s.bookingsOn(s.booked[id]) {
		share := shareOn(b.master, id)
		d.BookedM3 += share * b.master.VolumeM3
		d.BookedKg += share * b.master.WeightKg
	}
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

// bookingsOn returns the bookings named, in the order in which they were confirmed.
func (s *State) bookingsOn(ids map[string]bool) []*bookingFacts {
	list := make([]*bookingFacts, 0, len(ids))
	for id := range ids {
		list = append(list, s.bookings[id])
	}
	slices.SortFunc(list, func(a, b *bookingFacts) int {
		return cmp.Or(cmp.Compare(a.confirmedAt, b.confirmedAt), cmp.Compare(a.master.Booking, b.master.Booking))
	})
	return list
}

// Warehouse returns a warehouse as it stands; false while it has not been registered.
func (s *State) Warehouse(id string) (WarehouseStatus, bool) {
	f := s.warehouses[id]
	if f == nil || f.master == nil {
		return WarehouseStatus{}, false
	}
	m := f.master
	w := WarehouseStatus{Warehouse: m.Warehouse, Name: m.Name, AreaM2: m.AreaM2, Public: m.Public, CapacityFrom: m.From}
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
		SubmittedAt: f.submitted.Time, Withdrawn: f.withdrawn()}
	for _, b := range s.bookingsOn(s.promised[id]) {
		for _, part := range b.master.Parts {
			r.BookedShare += part.Fraction
		}
	}
	r.BookedShare = min(r.BookedShare, 1)
	return r, true
}

// Booking returns a booking as it stands; false while it has not been confirmed.
func (s *State) Booking(id string) (BookingStatus, bool) {
	f := s.bookings[id]
	if f == nil || f.master == nil {
		return BookingStatus{}, false
	}
	b := BookingStatus{BookingConfirmed: *f.master, Cancelled: f.cancelled()}
	if !b.Cancelled {
		b.Disruptions = s.disruptions(f)
	}
	return b, true
}

// disruptions says why a booking can no longer run as confirmed.
func (s *State) disruptions(b *bookingFacts) []string {
	var list []string
	for _, part := range b.master.Parts {
		var last *DepartureStatus
		for _, id := range part.Departures {
			d, ok := s.Departure(id)
			switch {
			case !ok:
				list = append(list, fmt.Sprintf("departure %s is not known", id))
				continue
			case d.Cancelled:
				list = append(list, fmt.Sprintf("departure %s is cancelled", id))
			case !d.Runs():
				list = append(list, d.noWay())
			case last != nil && !s.connects(last, &d):
				list = append(list, fmt.Sprintf("the cargo misses the cutoff of departure %s: %s arrives at %s",
					id, last.ID, last.Arrive.Format(time.RFC3339)))
			}
			if over := s.overbooked(&d, b); over > 0 {
				list = append(list, fmt.Sprintf("departure %s was cut: %.2f m3 of this booking no longer fit", id, over))
			}
			last = &d
		}
		if late := s.overdue(b.master, &part, last); late != "" {
			list = append(list, late)
		}
	}
	return list
}

// overdue says that a part of a booking comes to its warehouse after the request is due, or is empty.
func (s *State) overdue(b *BookingConfirmed, part *Assignment, last *DepartureStatus) string {
	const slack = time.Minute // plans reckon in fractions of hours
	r, w := s.requests[b.Request], s.warehouses[part.Warehouse]
	if last == nil || !last.Runs() || r == nil || r.master == nil || w == nil || w.master == nil {
		return ""
	}
	for _, g := range w.master.Gateways {
		if g.Place != part.Gateway {
			continue
		}
		if door := last.Arrive.Add(hoursLong(g.Hours)); door.After(r.master.Due.Add(slack)) {
			return fmt.Sprintf("the cargo comes to warehouse %s at %s, after it is due, %s", part.Warehouse,
				door.Format(time.RFC3339), r.master.Due.Format(time.RFC3339))
		}
	}
	return ""
}

// connects reports whether cargo that came by a can go on by b.
func (s *State) connects(a, b *DepartureStatus) bool {
	if a.To != b.From {
		return false
	}
	if a.Voyage != "" && a.Voyage == b.Voyage && !a.Arrive.After(b.Depart) {
		return true
	}
	p, ok := s.Place(a.To)
	if !ok {
		return false
	}
	free := a.Arrive.Add(time.Duration(p.TransferHours * float64(time.Hour)))
	return !free.After(b.Cutoff)
}

// overbooked returns the m3 of a booking that a departure has no room for, those confirmed first served first.
func (s *State) overbooked(d *DepartureStatus, b *bookingFacts) float64 {
	leftM3, leftKg := d.CapacityM3, d.CapacityKg
	for _, x := range s.bookingsOn(s.booked[d.ID]) {
		share := shareOn(x.master, d.ID)
		m3, kg := share*x.master.VolumeM3, share*x.master.WeightKg
		if x == b {
			over := max(0, m3-max(leftM3, 0))
			if kg > 0 {
				over = max(over, m3*max(0, kg-max(leftKg, 0))/kg)
			}
			if over <= 1e-6*max(1, m3) {
				return 0
			}
			return over
		}
		leftM3, leftKg = leftM3-m3, leftKg-kg
	}
	return 0
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
