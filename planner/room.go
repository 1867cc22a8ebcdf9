package planner

import (
	"errors"
	"fmt"
	"time"
)

// Fits says why a booking cannot be promised on the room that is published and not yet booked, or returns nil.
// One that is there already fits.
func (s *State) Fits(b *BookingConfirmed) error {
	const slack = 1e-6 // a share of the room, for the rounding of fractions
	if have, ok := s.Booking(b.Booking); ok {
		if have.Request != b.Request || have.Exporter != b.Exporter {
			return fmt.Errorf("booking %s is there already, for another request", b.Booking)
		}
		return nil
	}
	r, ok := s.Request(b.Request)
	if !ok || r.Exporter != b.Exporter {
		return fmt.Errorf("request %s is not known, or not %s's", b.Request, b.Exporter)
	}
	if r.Withdrawn {
		return fmt.Errorf("request %s was withdrawn", b.Request)
	}
	share := r.BookedShare
	for _, part := range b.Parts {
		share += part.Fraction
	}
	if share > 1+slack {
		return fmt.Errorf("request %s is booked already: %.3g of it", b.Request, r.BookedShare)
	}
	for _, part := range b.Parts {
		for _, id := range part.Departures {
			d, ok := s.Departure(id)
			if !ok {
				return fmt.Errorf("departure %s is not known", id)
			}
			if d.Cancelled {
				return fmt.Errorf("departure %s is cancelled", id)
			}
			if !d.Runs() {
				return errors.New(d.noWay())
			}
			share := shareOn(b, id)
			m3, kg := d.BookedM3+share*b.VolumeM3, d.BookedKg+share*b.WeightKg
			if m3 > d.CapacityM3*(1+slack)+slack || kg > d.CapacityKg*(1+slack)+slack {
				return fmt.Errorf("departure %s has %.2f m3 and %.0f kg left, the booking needs %.2f m3 and %.0f kg",
					id, max(0, d.CapacityM3-d.BookedM3), max(0, d.CapacityKg-d.BookedKg), share*b.VolumeM3, share*b.WeightKg)
			}
		}
		w, ok := s.Warehouse(part.Warehouse)
		if !ok || w.Closed || !w.Public {
			return fmt.Errorf("warehouse %s is not open to share", part.Warehouse)
		}
		day := part.Arrive.UTC().Truncate(24 * time.Hour)
		room := s.freeRoom(part.Warehouse, &w, day, max(1, b.StorageDays))
		stay := Request{StorageDays: b.StorageDays, Drawdown: b.Drawdown}
		for k := range b.StorageDays {
			need := b.VolumeM3 * storedOn(b, part.Warehouse, day.AddDate(0, 0, k), &stay)
			if free := room.At(k); need > free*(1+slack)+slack {
				return fmt.Errorf("warehouse %s has %.2f m3 free on %s, the booking needs %.2f m3", part.Warehouse,
					free, day.AddDate(0, 0, k).Format(time.DateOnly), need)
			}
		}
	}
	return nil
}

// storedOn returns the share of a booking's request that stands in a warehouse on a day.
func storedOn(b *BookingConfirmed, warehouse string, day time.Time, stay *Request) float64 {
	share := 0.0
	for _, part := range b.Parts {
		if part.Warehouse == warehouse {
			share += part.Fraction * stay.Held(dayOf(part.Arrive.UTC().Truncate(24*time.Hour), day))
		}
	}
	return share
}
