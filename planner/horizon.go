package planner

import (
	"fmt"
	"slices"
	"time"
)

// Omission is something that stands in the log but in no problem, and why.
type Omission struct {
	Kind    string `json:"kind"`
	ID      string `json:"id"`
	Problem string `json:"problem"`
}

// Problem returns what there is to plan at a time: the departures that cargo can still reach, the open public
// warehouses, and the requests that are neither withdrawn, nor wholly booked, nor overdue. Confirmed bookings
// are taken from the room. The horizon starts at midnight UTC of now and has that many days. What refers to
// something unknown is left out and named; the rest is sorted by id.
func (s *State) Problem(now time.Time, days int) (*Problem, []Omission) {
	now = now.UTC()
	start := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, time.UTC)
	p := &Problem{Version: ProblemVersion, Currency: "USD", Start: start, Days: days,
		Places: []Place{}, Departures: []Departure{}, Warehouses: []Warehouse{}, Requests: []Request{}}
	var out []Omission
	omit := func(kind, id, format string, a ...any) {
		out = append(out, Omission{kind, id, fmt.Sprintf(format, a...)})
	}
	for _, id := range sortedKeys(s.places) {
		p.Places = append(p.Places, s.places[id].Place)
	}
	for _, id := range sortedKeys(s.passages) {
		if _, known := passageByID(id); !known && s.passages[id].closed != nil {
			omit(KindPassage, id, "it is shut, but no such strait or canal is known")
		}
	}
	end := start.AddDate(0, 0, days)
	for _, id := range sortedKeys(s.departures) {
		d, ok := s.Departure(id)
		if !ok && s.departures[id].onlySeen() {
			continue
		}
		if !ok {
			omit(KindDeparture, id, "facts are known about it, but it was never scheduled")
			continue
		}
		if s.places[d.From] == nil || s.places[d.To] == nil {
			omit(KindDeparture, id, "it goes from %s to %s, and not both are declared places", d.From, d.To)
			continue
		}
		if !d.Runs() || d.Cutoff.Before(now) || d.Depart.After(end) {
			continue
		}
		d.CapacityM3 = max(0, d.CapacityM3-d.BookedM3)
		d.CapacityKg = max(0, d.CapacityKg-d.BookedKg)
		p.Departures = append(p.Departures, d.Departure)
	}
	for _, id := range sortedKeys(s.warehouses) {
		w, ok := s.Warehouse(id)
		if !ok {
			omit(KindWarehouse, id, "facts are known about it, but it was never registered")
			continue
		}
		if w.Closed || !w.Public {
			continue
		}
		w.Gateways = slices.DeleteFunc(slices.Clone(w.Gateways), func(g Gateway) bool {
			if s.places[g.Place] != nil {
				return false
			}
			omit(KindWarehouse, id, "its gateway %s is not a declared place", g.Place)
			return true
		})
		w.CapacityM3 = s.freeRoom(id, &w, start, days)
		p.Warehouses = append(p.Warehouses, w.Warehouse)
	}
	open := s.openRequests(now)
	p.Requests = make([]Request, 0, len(open))
	for _, id := range open {
		r, ok := s.Request(id)
		if !ok {
			if s.requests[id].withdrawnAt == 0 {
				omit(KindRequest, id, "facts are known about it, but it was never submitted")
			}
			continue
		}
		left := 1 - r.BookedShare
		if left <= 1e-9 {
			continue
		}
		if s.places[r.Origin] == nil {
			omit(KindRequest, id, "its origin %s is not a declared place", r.Origin)
			continue
		}
		r.VolumeM3, r.WeightKg, r.Value = r.VolumeM3*left, r.WeightKg*left, r.Value*left
		p.Requests = append(p.Requests, r.Request)
	}
	p.Version = p.Format()
	return p, out
}

// openRequests lists the requests that may be planned, sorted. Those that ever were add up; only these are put in order.
func (s *State) openRequests(now time.Time) []string {
	var ids []string
	for id, f := range s.requests {
		if f.master == nil || !f.withdrawn() && f.master.Due.After(now) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// freeRoom returns what a warehouse offers on each day of a horizon, bookings taken off.
func (s *State) freeRoom(id string, w *WarehouseStatus, start time.Time, days int) PerDay {
	if len(w.CapacityM3) == 1 && len(s.uses.days[id]) == 0 {
		return w.CapacityM3
	}
	first := dayNumber(start)
	room := make(PerDay, days)
	for d := range room {
		day := first + int64(d)
		room[d] = max(0, w.published(day)-s.uses.in(id, day))
	}
	if same := slices.IndexFunc(room, func(x float64) bool { return x != room[0] }); same < 0 {
		return room[:1]
	}
	return room
}
