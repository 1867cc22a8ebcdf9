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
	M3         []*float64     `json:"m3,omitempty" doc:"In all warehouses together, to the commission; null where it is withheld"`
	RoomM3     []float64      `json:"room_m3,omitempty" doc:"What all of them offer, bookings included"`
}

type occupiedView struct {
	ID string     `json:"id"`
	M3 []*float64 `json:"m3" doc:"By day, by the plan and by bookings; null where it is withheld"`
}

// occupied is what stands in one warehouse on each day, and whose it is.
type occupied struct {
	m3     []float64
	owners []byOwner
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
				w = &occupied{make([]float64, m.plan.Days), make([]byOwner, m.plan.Days)}
				byWarehouse[a.Warehouse] = w
			}
			// Of what came before the horizon the days before it have passed: whole days back from its first.
			first := int(a.Arrive.UTC().Truncate(24*time.Hour).Sub(start).Hours() / 24)
			for k := max(0, -first); k < stay.StorageDays && first+k < m.plan.Days; k++ {
				day := first + k
				if w.owners[day] == nil {
					w.owners[day] = byOwner{}
				}
				m3 := a.Fraction * volumeM3 * stay.Held(k)
				w.m3[day] += m3
				w.owners[day].add(owner, figure{grid(m3)})
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

// viewOccupancy shows a firm its own warehouses, and the commission what is released of all (board), and of all together.
func (m *model) viewOccupancy(v viewer) occupancyView {
	start, byWarehouse := m.occupancy()
	view := occupancyView{Start: start.Format(time.DateOnly), Warehouses: []occupiedView{}}
	date := func(d int) string { return start.AddDate(0, 0, d).Format(time.DateOnly) }
	for name := range m.board.days {
		if name[len(name)-len(view.Start):] < view.Start {
			delete(m.board.days, name)
		}
	}
	var all occupied
	var hidden []map[string]bool // owners of what is withheld by itself
	if v.role == Commission && m.plan != nil {
		all = occupied{make([]float64, m.plan.Days), make([]byOwner, m.plan.Days)}
		hidden = make([]map[string]bool, m.plan.Days)
	}
	for _, id := range slices.Sorted(maps.Keys(byWarehouse)) {
		if v.role == Firm && m.operator(id) != v.org {
			continue
		}
		w := byWarehouse[id]
		days := make([]*float64, len(w.m3))
		for d := range days {
			if v.role == Firm || len(w.owners[d]) == 0 {
				days[d] = &w.m3[d]
				continue
			}
			if x, ok := m.board.days.offer(id+" "+date(d), w.owners[d], w.m3[d]); ok {
				days[d] = &x
			}
			if all.owners[d] == nil {
				all.owners[d], hidden[d] = byOwner{}, map[string]bool{}
			}
			all.m3[d] += w.m3[d]
			for owner, p := range w.owners[d] {
				all.owners[d].add(owner, p)
				if days[d] == nil {
					hidden[d][owner] = true
				}
			}
		}
		view.Warehouses = append(view.Warehouses, occupiedView{id, days})
	}
	for d := range all.m3 {
		var shown *float64
		if len(all.owners[d]) == 0 {
			shown = &all.m3[d]
		} else if x, ok := m.board.days.offer(date(d), all.owners[d], all.m3[d]); ok && (len(hidden[d]) == 0 || len(hidden[d]) >= least) {
			shown = &x
		}
		view.M3, view.RoomM3 = append(view.M3, shown), append(view.RoomM3, m.roomOn(start.AddDate(0, 0, d)))
	}
	return view
}

// roomOn is the room that all warehouses publish for a day.
func (m *model) roomOn(day time.Time) float64 {
	room := 0.0
	for _, id := range sortedKeys(m.warehouses) {
		if w := m.warehouses[id]; !w.Closed {
			room += w.Published(day)
		}
	}
	return room
}
