package history

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"haihe/planner"
)

// What happened.
const (
	Scheduled  = "scheduled"
	Delayed    = "delayed"
	Cancelled  = "cancelled"
	Reinstated = "reinstated"
	Capacity   = "capacity"
	Rated      = "rate"
)

// Entry is one thing that happened to a departure. Only the fields of its kind are set.
type Entry struct {
	At         time.Time     `json:"at"`
	What       string        `json:"what" enum:"scheduled,delayed,cancelled,reinstated,capacity,rate"`
	Hours      *float64      `json:"hours,omitempty" doc:"Of delay, in all"`
	Reason     string        `json:"reason,omitempty"`
	Depart     *time.Time    `json:"depart,omitempty" doc:"By the timetable, with arrive"`
	Arrive     *time.Time    `json:"arrive,omitempty"`
	CapacityM3 *float64      `json:"capacity_m3,omitempty"`
	CapacityKg *float64      `json:"capacity_kg,omitempty"`
	Rate       *planner.Rate `json:"rate,omitempty" doc:"To its carrier and to exporters"`
	Event      string        `json:"event,omitempty" doc:"ce_id of the record in the log; to its carrier and to the commission"`

	sequence uint64
}

const (
	most    = 64                  // entries of a departure
	keptFor = 60 * 24 * time.Hour // after its arrival by the timetable
	sweep   = 4096                // events between two looks for those that have arrived long ago
)

// Departures is the history of all departures. It may be used from many goroutines at once.
type Departures struct {
	now func() time.Time

	mu    sync.Mutex
	of    map[string][]Entry // by departure, oldest first
	ends  map[string]time.Time
	taken int
}

// NewDepartures returns a history in which nothing happened.
func NewDepartures(now func() time.Time) *Departures {
	return &Departures{now: now, of: map[string][]Entry{}, ends: map[string]time.Time{}}
}

// Take takes an event in; those of no departure, and positions, are passed over.
func (h *Departures) Take(e planner.Event) {
	x := Entry{At: e.Time.UTC(), Event: e.ID, sequence: e.Sequence}
	id := ""
	switch f := e.Fact.(type) {
	case *planner.DepartureScheduled:
		id, x.What = f.ID, Scheduled
		x.Depart, x.Arrive, x.CapacityM3, x.CapacityKg, x.Rate = &f.Depart, &f.Arrive, &f.CapacityM3, &f.CapacityKg, &f.Rate
	case *planner.DepartureDelayed:
		id, x.What, x.Hours, x.Reason = f.Departure, Delayed, &f.DelayHours, f.Reason
	case *planner.DepartureCancelled:
		id, x.What, x.Reason = f.Departure, Cancelled, f.Reason
	case *planner.DepartureReinstated:
		id, x.What = f.Departure, Reinstated
	case *planner.DepartureCapacityChanged:
		id, x.What, x.CapacityM3, x.CapacityKg = f.Departure, Capacity, &f.CapacityM3, &f.CapacityKg
	case *planner.DepartureRateChanged:
		id, x.What, x.Rate = f.Departure, Rated, &f.Rate
	default:
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	list := h.of[id]
	i, known := slices.BinarySearchFunc(list, x, order)
	if known {
		return
	}
	list = slices.Insert(list, i, x)
	if len(list) > most {
		list = slices.Delete(list, 1, 2)
	}
	h.of[id] = list
	if x.Arrive != nil && x.Arrive.After(h.ends[id]) {
		h.ends[id] = *x.Arrive
	}
	if h.taken++; h.taken%sweep == 0 {
		h.forget()
	}
}

func order(a, b Entry) int {
	return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.sequence, b.sequence), cmp.Compare(a.Event, b.Event))
}

// forget drops departures that arrived long ago.
func (h *Departures) forget() {
	limit := h.now().Add(-keptFor)
	for id, end := range h.ends {
		if end.Before(limit) {
			delete(h.of, id)
			delete(h.ends, id)
		}
	}
}

// Of returns what happened to a departure, oldest first.
func (h *Departures) Of(id string) []Entry {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.of[id])
}
