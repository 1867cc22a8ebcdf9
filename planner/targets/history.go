package targets

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"haihe/planner"
)

// History is what is known of all warehouses over time. It may be used from many goroutines at once.
type History struct {
	mu            sync.Mutex
	registrations map[string][]registration // by warehouse, by sequence
	reports       map[string][]report       // by warehouse, by day
}

type registration struct {
	event planner.Event // its Fact is not kept
	fact  *planner.WarehouseRegistered
}

type report struct {
	event planner.Event
	free  float64 // m3, on the day of the report
}

// NewHistory returns a history in which nothing happened.
func NewHistory() *History {
	return &History{registrations: map[string][]registration{}, reports: map[string][]report{}}
}

const day = 24 * time.Hour

// Take takes an event in; those that change no figure are passed over.
func (h *History) Take(e planner.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	fact := e.Fact
	e.Fact = nil
	switch f := fact.(type) {
	case *planner.WarehouseRegistered:
		list := h.registrations[f.ID]
		i, known := slices.BinarySearchFunc(list, e, func(r registration, e planner.Event) int { return order(r.event, e) })
		if !known {
			h.registrations[f.ID] = slices.Insert(list, i, registration{e, f})
		}
	case *planner.OccupancyReported:
		r := report{e, freeOn(f, e.Time)}
		list := h.reports[f.Warehouse]
		i, same := slices.BinarySearchFunc(list, e.Time.Truncate(day), func(r report, at time.Time) int {
			return r.event.Time.Truncate(day).Compare(at)
		})
		switch {
		case !same:
			h.reports[f.Warehouse] = slices.Insert(list, i, r)
		case order(list[i].event, e) < 0:
			list[i] = r
		}
	}
}

// order is that of two facts about one thing.
func order(a, b planner.Event) int {
	return cmp.Or(cmp.Compare(a.Sequence, b.Sequence), cmp.Compare(a.ID, b.ID))
}

// freeOn is the room that a report tells of for its own day.
func freeOn(f *planner.OccupancyReported, at time.Time) float64 {
	if len(f.FreeM3) == 0 {
		return 0
	}
	from, err := time.Parse(time.DateOnly, f.From)
	if err != nil {
		return f.FreeM3[0]
	}
	return f.FreeM3[min(max(int(at.Sub(from)/day), 0), len(f.FreeM3)-1)]
}

// roomOf is the room that a registration offers, on its first day.
func roomOf(f *planner.WarehouseRegistered) float64 {
	if len(f.CapacityM3) == 0 {
		return 0
	}
	return slices.Max(f.CapacityM3)
}

// at returns the registration that held at a time, nil before the first.
func at(list []registration, t time.Time) *registration {
	for i := len(list) - 1; i >= 0; i-- {
		if !list[i].event.Time.After(t) {
			return &list[i]
		}
	}
	return nil
}

// reported returns the last report of a warehouse up to a time.
func reported(list []report, t time.Time) *report {
	for i := len(list) - 1; i >= 0; i-- {
		if !list[i].event.Time.After(t) {
			return &list[i]
		}
	}
	return nil
}
