package web

import (
	"maps"
	"slices"
	"time"

	"haihe/planner"
)

// occupancyView is what stands in the warehouses day by day of the plan's horizon.
type occupancyView struct {
	Start      string         `json:"start" doc:"Date of the first day"`
	Warehouses []occupiedView `json:"warehouses" doc:"Those that anything stands in; in the others nothing does"`
}

type occupiedView struct {
	ID string     `json:"id"`
	M3 []*float64 `json:"m3" doc:"By day, by the plan and by bookings; null where it is withheld"`
}

// occupied is what stands in one warehouse on each day, and whose it is.
type occupied struct {
	m3     []float64
	owners []map[string]bool
}

// occupancy adds up what the plan and the bookings that hold put into each warehouse on each day of the horizon.
func (m *model) occupancy() (start time.Time, byWarehouse map[string]*occupied) {
	byWarehouse = map[string]*occupied{}
	if m.plan == nil {
		return start, byWarehouse
	}
	start = m.plan.Start
	put := func(owner string, volumeM3 float64, stay planner.Request, parts []planner.Assignment) {
		for _, a := range parts {
			w := byWarehouse[a.Warehouse]
			if w == nil {
				w = &occupied{make([]float64, m.plan.Days), make([]map[string]bool, m.plan.Days)}
				byWarehouse[a.Warehouse] = w
			}
			// Of what came before the horizon the days before it have passed: whole days back from its first.
			first := int(a.Arrive.UTC().Truncate(24*time.Hour).Sub(start).Hours() / 24)
			for k := max(0, -first); k < stay.StorageDays && first+k < m.plan.Days; k++ {
				day := first + k
				w.m3[day] += a.Fraction * volumeM3 * stay.Held(k)
				if w.owners[day] == nil {
					w.owners[day] = map[string]bool{}
				}
				w.owners[day][owner] = true
			}
		}
	}
	for id, match := range m.matches {
		if r := m.requests[id]; r != nil {
			put(r.Exporter, r.VolumeM3*(1-r.BookedShare), r.Request, match.Parts)
		}
	}
	for _, b := range m.bookings {
		if !b.Cancelled {
			put(b.Exporter, b.VolumeM3, planner.Request{StorageDays: b.StorageDays, Drawdown: b.Drawdown}, b.Parts)
		}
	}
	return start, byWarehouse
}

// viewOccupancy shows a firm its own warehouses, and the commission all, but for days that fewer than three owners make up.
func (m *model) viewOccupancy(v viewer) occupancyView {
	start, byWarehouse := m.occupancy()
	view := occupancyView{Start: start.Format(time.DateOnly), Warehouses: []occupiedView{}}
	for _, id := range slices.Sorted(maps.Keys(byWarehouse)) {
		if v.role == Firm && m.operator(id) != v.org {
			continue
		}
		w := byWarehouse[id]
		days := make([]*float64, len(w.m3))
		for d := range days {
			if n := len(w.owners[d]); n == 0 || v.role == Firm || n >= least {
				days[d] = &w.m3[d]
			}
		}
		view.Warehouses = append(view.Warehouses, occupiedView{id, days})
	}
	return view
}
