package planner

import (
	"time"
)

// Step is what a leader should decide by itself about a booking, and when.
type Step struct {
	Kind    string
	Reasons []string
	At      time.Time // zero: at once
}

// NextStep returns the next thing that time or facts do to a booking; false where there is nothing to wait for. It
// changes with the facts that the booking depends on.
func (s *State) NextStep(id string) (Step, bool) {
	b := s.bookings[id]
	switch b.status() {
	case BookingQuoted, BookingHeld:
		if b.expires == nil {
			return Step{}, false
		}
		return Step{Kind: EntryBookingExpired, At: *b.expires}, true
	case BookingIsConfirmed:
		if why := s.disruptions(b); len(why) > 0 {
			return Step{Kind: EntryBookingDisrupted, Reasons: cutReasons(why)}, true
		}
		return s.departs(b)
	case BookingPendingAmendment:
		why := s.disruptions(b)
		if len(why) == 0 {
			return Step{Kind: EntryBookingRestored}, true
		}
		return s.departs(b)
	case BookingInTransit:
		at := time.Time{}
		for i := range b.master.Parts {
			if door := s.atDoor(&b.master.Parts[i]); door.After(at) {
				at = door
			}
		}
		return Step{Kind: EntryBookingStored, At: at}, true
	case BookingStored:
		at := time.Time{}
		for i := range b.master.Parts {
			if door := s.atDoor(&b.master.Parts[i]); door.After(at) {
				at = door
			}
		}
		return Step{Kind: EntryBookingReleased, At: at.AddDate(0, 0, b.master.StorageDays)}, true
	}
	return Step{}, false
}

// departs says when the first cargo of a booking is on its way: when the first of its departures that runs, and has
// room for it, leaves. A booking of which none does waits for its owner.
func (s *State) departs(b *bookingFacts) (Step, bool) {
	var first time.Time
	for i := range b.master.Parts {
		part := &b.master.Parts[i]
		d, ok := s.Departure(part.Departures[0])
		if !ok || !d.Runs() || s.overbooked(&d, b) > 0 {
			continue
		}
		if first.IsZero() || d.Depart.Before(first) {
			first = d.Depart
		}
	}
	return Step{Kind: EntryBookingDeparted, At: first}, !first.IsZero()
}

// atDoor is when a part comes to its warehouse, as things stand; as it was planned where nothing better is known.
func (s *State) atDoor(part *Assignment) time.Time {
	d, ok := s.Departure(part.Departures[len(part.Departures)-1])
	w := s.warehouses[part.Warehouse]
	if !ok || !d.Runs() || w == nil || w.master == nil {
		return part.Arrive
	}
	for _, g := range w.master.Gateways {
		if g.Place == part.Gateway {
			return d.Arrive.Add(hoursLong(g.Hours))
		}
	}
	return part.Arrive
}

func cutReasons(list []string) []string { return list[:min(len(list), maxReasons)] }

// Bookings returns the ids of all bookings.
func (s *State) Bookings() []string { return sortedKeys(s.bookings) }
