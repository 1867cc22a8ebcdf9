package planner

import (
	"fmt"
	"time"
)

// roomSlack is how far bookings may go over what is published, as a share and in m3 or kg: for the rounding of
// fractions.
const roomSlack = 1e-6

// Booking returns a booking as it stands; false while it has not been quoted, held or confirmed.
func (s *State) Booking(id string) (BookingStatus, bool) {
	f := s.bookings[id]
	status := f.status()
	if status == "" {
		return BookingStatus{}, false
	}
	b := f.view()
	if TakesRoom(status) {
		b.Disruptions = s.disruptions(f)
	}
	return b, true
}

// view is a booking by itself.
func (b *bookingFacts) view() BookingStatus {
	v := BookingStatus{BookingConfirmed: *b.master, Status: b.status(), Expires: b.expires, Price: b.master.Price()}
	v.Cancelled = v.Status == BookingIsCancelled || v.Status == BookingExpired
	for i := range b.acts {
		v.History = append(v.History, BookingStep{b.acts[i].Status, b.acts[i].Time, b.acts[i].Reasons})
	}
	return v
}

// Price is what all parts of a booking cost together.
func (f *BookingConfirmed) Price() float64 {
	sum := 0.0
	for i := range f.Parts {
		sum += f.Parts[i].Cost
	}
	return sum
}

// disruptions says why a booking can no longer run as confirmed.
func (s *State) disruptions(b *bookingFacts) []string {
	var list []string
	if b.status() == BookingStored {
		return nil // it is where it should be
	}
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
		if w, ok := s.Warehouse(part.Warehouse); ok {
			if w.Closed {
				list = append(list, fmt.Sprintf("warehouse %s is closed", part.Warehouse))
			}
			if over, day := s.overstored(&w, b, &part); over > 0 {
				list = append(list, fmt.Sprintf("warehouse %s was cut: %.2f m3 of this booking no longer fit on %s", part.Warehouse, over, day))
			}
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

// overbooked returns the m3 of a booking that a departure has no room for, those that came first served first.
func (s *State) overbooked(d *DepartureStatus, b *bookingFacts) float64 {
	if d.BookedM3 <= d.CapacityM3 && d.BookedKg <= d.CapacityKg {
		return 0
	}
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

// overstored returns the most m3 of a part of a booking that its warehouse has no room for on a day, and that day;
// those that came first are served first.
func (s *State) overstored(w *WarehouseStatus, b *bookingFacts, part *Assignment) (most float64, on string) {
	came := dayNumber(part.Arrive)
	var before []*bookingFacts // in order, up to b; looked up where it matters
	for k := range b.master.StorageDays {
		day := came + int64(k)
		free := w.published(day)
		if s.uses.in(w.ID, day) <= free*(1+roomSlack)+roomSlack {
			continue
		}
		if before == nil {
			before = s.bookingsOn(s.stored[w.ID])
		}
		for _, x := range before {
			need := x.master.VolumeM3 * storedOn(x.master, w.ID, day)
			if x == b {
				if over := need - max(free, 0); over > 1e-6*max(1, need) && over > most {
					most, on = over, dayTime(day).Format(time.DateOnly)
				}
				break
			}
			free -= need
		}
	}
	return most, on
}
