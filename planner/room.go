package planner

import (
	"fmt"
	"time"
)

// fits says why a booking of a request, nil if there is none, cannot be promised on the room that is published and not yet taken,
// where besides has taken some more, or given some back. If it can, it returns the room that was published. What is wrong is an
// *Obstacle.
func (s *State) fits(b *BookingConfirmed, r *RequestStatus, besides uses) ([]Room, error) {
	no := func(format string, args ...any) ([]Room, error) {
		return nil, &Obstacle{Kind: ObstacleRequest, Message: fmt.Sprintf(format, args...)}
	}
	if r == nil || r.Exporter != b.Exporter {
		return no("request %s is not known, or not %s's", b.Request, b.Exporter)
	}
	if r.Withdrawn {
		return no("request %s was withdrawn", b.Request)
	}
	booked := s.uses.share(b.Request) + besides.share(b.Request)
	share := booked
	for _, part := range b.Parts {
		share += part.Fraction
	}
	if share > 1+roomSlack {
		return no("request %s is booked already: %.3g of it", b.Request, booked)
	}
	var rooms []Room
	seen := map[string]bool{}
	for i := range b.Parts {
		part := &b.Parts[i]
		for _, id := range part.Departures {
			if seen[id] {
				continue
			}
			seen[id] = true
			room, err := s.fitsOn(b, id, besides)
			if err != nil {
				return nil, err
			}
			rooms = append(rooms, room)
		}
		room, err := s.fitsIn(b, part, besides)
		if err != nil {
			return nil, err
		}
		if len(room.FreeM3) > 0 {
			rooms = append(rooms, room)
		}
	}
	return rooms, nil
}

// fitsOn looks at a departure.
func (s *State) fitsOn(b *BookingConfirmed, id string, besides uses) (Room, error) {
	d, gone := s.running(id)
	if gone != nil {
		return Room{}, gone
	}
	share := shareOn(b, id)
	needM3, needKg := share*b.VolumeM3, share*b.WeightKg
	otherM3, otherKg := besides.on(id)
	takenM3, takenKg := d.BookedM3+otherM3, d.BookedKg+otherKg
	if takenM3+needM3 > d.CapacityM3*(1+roomSlack)+roomSlack || takenKg+needKg > d.CapacityKg*(1+roomSlack)+roomSlack {
		leftM3, leftKg := max(0, d.CapacityM3-takenM3), max(0, d.CapacityKg-takenKg)
		return Room{}, &Obstacle{Kind: ObstacleRoom, Departure: id, LeftM3: cents(leftM3), NeedM3: cents(needM3), LeftKg: cents(leftKg), NeedKg: cents(needKg),
			Message: fmt.Sprintf("departure %s has %.2f m3 and %.0f kg left, the booking needs %.2f m3 and %.0f kg", id, leftM3, leftKg, needM3, needKg)}
	}
	return Room{Departure: id, M3: d.CapacityM3, Kg: d.CapacityKg, Said: s.said(Key{KindDeparture, id, AspectMaster}, Key{KindDeparture, id, AspectCapacity})}, nil
}

// fitsIn looks at the warehouse of a part. Other parts of the booking may go there too.
func (s *State) fitsIn(b *BookingConfirmed, part *Assignment, besides uses) (Room, error) {
	w, ok := s.Warehouse(part.Warehouse)
	if !ok || w.Closed || !w.Public {
		return Room{}, &Obstacle{Kind: ObstacleClosed, Warehouse: part.Warehouse, Message: fmt.Sprintf("warehouse %s is not open to share", part.Warehouse)}
	}
	came := dayNumber(part.Arrive)
	room := Room{Warehouse: w.ID, From: dayTime(came).Format(time.DateOnly), Said: s.said(Key{KindWarehouse, w.ID, AspectMaster}, Key{KindWarehouse, w.ID, AspectCapacity})}
	same := true
	for k := range b.StorageDays {
		day := came + int64(k)
		published := w.published(day)
		need := b.VolumeM3 * storedOn(b, w.ID, day)
		free := published - s.uses.in(w.ID, day) - besides.in(w.ID, day)
		if need > free+published*roomSlack+roomSlack {
			on := dayTime(day).Format(time.DateOnly)
			return Room{}, &Obstacle{Kind: ObstacleStorage, Warehouse: w.ID, Day: on, LeftM3: cents(free), NeedM3: cents(need),
				Message: fmt.Sprintf("warehouse %s has %.2f m3 free on %s, the booking needs %.2f m3", w.ID, max(0, free), on, need)}
		}
		room.FreeM3 = append(room.FreeM3, published)
		same = same && published == room.FreeM3[0]
	}
	if same && len(room.FreeM3) > 1 {
		room.FreeM3 = room.FreeM3[:1]
	}
	return room, nil
}

// said lists the events that set aspects of a resource, those that count last.
func (s *State) said(keys ...Key) []string {
	ids := []string{}
	for _, k := range keys {
		if e, ok := s.facts[k]; ok {
			ids = append(ids, e.ID)
		}
	}
	return ids
}

// Published is the room that a warehouse offers on the day of a time, bookings included, m3.
func (w *WarehouseStatus) Published(t time.Time) float64 { return w.published(dayNumber(t)) }

// published is Published on a day since 1970.
func (w *WarehouseStatus) published(day int64) float64 {
	if len(w.CapacityM3) == 0 {
		return 0
	}
	k := int64(0)
	if len(w.CapacityM3) > 1 {
		if from, err := time.Parse(time.DateOnly, w.CapacityFrom); err == nil {
			k = day - dayNumber(from)
		}
		k = min(max(k, 0), int64(len(w.CapacityM3)-1))
	}
	return w.CapacityM3[k]
}

// storedOn returns the share of a booking's request that stands in a warehouse on a day since 1970.
func storedOn(b *BookingConfirmed, warehouse string, day int64) float64 {
	stay := Request{StorageDays: b.StorageDays, Drawdown: b.Drawdown}
	share := 0.0
	for i := range b.Parts {
		if part := &b.Parts[i]; part.Warehouse == warehouse {
			share += part.Fraction * stay.Held(int(day-dayNumber(part.Arrive)))
		}
	}
	return share
}
