package web

import (
	"bytes"
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"haihe/planner"
	"haihe/planner/live"
)

// Kinds of entities, in the order in which they are sent.
const (
	kindPlace         = "place"
	kindPassage       = "passage"
	kindLane          = "lane"
	kindDeparture     = "departure"
	kindWarehouse     = "warehouse"
	kindRequest       = "request"
	kindMatch         = "match"
	kindBooking       = "booking"
	kindMarket        = "market"
	kindDepartureLoad = "departure_load"
	kindWarehouseLoad = "warehouse_load"
	kindPlan          = "plan"
)

// lists are the kinds that a snapshot holds as arrays.
var lists = []string{kindPlace, kindPassage, kindLane, kindDeparture, kindWarehouse, kindRequest, kindMatch, kindBooking,
	kindMarket, kindDepartureLoad, kindWarehouseLoad}

var kindOrder = func() map[string]int {
	order := map[string]int{kindPlan: len(lists)}
	for i, k := range lists {
		order[k] = i
	}
	return order
}()

const planID = "current"

// key names an entity.
type key struct{ kind, id string }

func compareKeys(a, b key) int {
	return cmp.Or(cmp.Compare(kindOrder[a.kind], kindOrder[b.kind]), cmp.Compare(a.id, b.id))
}

// model holds what the updates said, and joins it into entities. The hub guards it.
type model struct {
	names func(id string) (PlaceNames, bool)

	places     map[string]planner.Place
	passages   map[string]*planner.PassageStatus
	departures map[string]*planner.DepartureStatus
	warehouses map[string]*planner.WarehouseStatus
	requests   map[string]*planner.RequestStatus
	bookings   map[string]*planner.BookingStatus
	matches    map[string]*planner.Match
	loads      map[string]planner.Load // of departures
	stores     map[string]planner.Load // of warehouses
	plan       *planner.PlanSummary
	lanes      map[string]laneView
	sailed     map[string]int // departures by lane

	placements map[string]placement // by request
	markets    markets
	board      board

	dirty  map[key]bool
	wanted map[string]laneEnds // lanes without a line yet
}

func newModel(names func(id string) (PlaceNames, bool)) *model {
	return &model{
		names:      names,
		places:     map[string]planner.Place{},
		passages:   map[string]*planner.PassageStatus{},
		departures: map[string]*planner.DepartureStatus{},
		warehouses: map[string]*planner.WarehouseStatus{},
		requests:   map[string]*planner.RequestStatus{},
		bookings:   map[string]*planner.BookingStatus{},
		matches:    map[string]*planner.Match{},
		loads:      map[string]planner.Load{},
		stores:     map[string]planner.Load{},
		lanes:      map[string]laneView{},
		sailed:     map[string]int{},
		placements: map[string]placement{},
		markets:    newMarkets(),
		board:      newBoard(),
		dirty:      map[key]bool{},
		wanted:     map[string]laneEnds{},
	}
}

func (m *model) touch(kind, id string) { m.dirty[key{kind, id}] = true }

// take applies an update, and touches the entities that may differ for it.
func (m *model) take(u live.Update) {
	for _, p := range u.Places {
		m.place(p)
	}
	for i := range u.Passages {
		m.passages[u.Passages[i].ID] = &u.Passages[i]
		m.touch(kindPassage, u.Passages[i].ID)
	}
	ownersMoved := false
	for i := range u.Departures {
		ownersMoved = m.departure(&u.Departures[i]) || ownersMoved
	}
	for i := range u.Warehouses {
		ownersMoved = m.warehouse(&u.Warehouses[i]) || ownersMoved
	}
	for i := range u.Requests {
		r := &u.Requests[i]
		m.markets.touch(r.ID)
		m.requests[r.ID] = r
		m.placed(r.ID)
		m.touch(kindRequest, r.ID)
		m.touch(kindMatch, r.ID)
	}
	for i := range u.Bookings {
		m.booking(&u.Bookings[i])
	}
	if u.Plan != nil {
		m.plan = u.Plan
		m.touch(kindPlan, planID)
	}
	for i := range u.Matches {
		m.rematched(u.Matches[i].Request, &u.Matches[i])
	}
	for _, id := range u.Unplanned {
		m.rematched(id, nil)
	}
	for _, l := range u.DepartureLoads {
		m.loads[l.ID] = l.Load
		m.touch(kindDepartureLoad, l.ID)
	}
	for _, l := range u.WarehouseLoads {
		m.stores[l.ID] = l.Load
		m.touch(kindWarehouseLoad, l.ID)
	}
	if ownersMoved {
		// Who may see a match or a price hangs on who runs the departures and warehouses in it.
		for id := range m.matches {
			m.touch(kindMatch, id)
		}
		m.touch(kindPlan, planID)
	}
}

func (m *model) place(p planner.Place) {
	old, known := m.places[p.ID]
	m.places[p.ID] = p
	m.touch(kindPlace, p.ID)
	if known && (old.Lat != p.Lat || old.Lon != p.Lon) {
		for id, l := range m.lanes {
			if (l.From == p.ID || l.To == p.ID) && id == laneID(l.From, l.To, l.Mode) {
				delete(m.lanes, id)
				m.touch(kindLane, id)
				m.wanted[id] = laneEnds{l.From, l.To, l.Mode}
			}
		}
	}
	if !known {
		// A departure may have come before its places.
		for _, d := range m.departures {
			if d.From == p.ID || d.To == p.ID {
				m.wanted[laneID(d.From, d.To, d.Mode)] = laneEnds{d.From, d.To, d.Mode}
			}
		}
	}
}

// departure reports whether a known departure has another carrier now.
func (m *model) departure(d *planner.DepartureStatus) bool {
	old := m.departures[d.ID]
	m.departures[d.ID] = d
	m.touch(kindDeparture, d.ID)
	m.sails(old, d)
	if old == nil || old.Carrier != d.Carrier || old.BookedM3 != d.BookedM3 || old.BookedKg != d.BookedKg {
		m.touch(kindDepartureLoad, d.ID)
	}
	return old != nil && old.Carrier != d.Carrier
}

// sails puts a departure on its lane. Lanes around a shut passage come and go with those who sail them.
func (m *model) sails(old, d *planner.DepartureStatus) {
	lane, ends := laneOf(d), laneEnds{d.From, d.To, d.Mode}
	m.sailed[lane]++
	plain := laneID(d.From, d.To, d.Mode)
	if m.lanes[plain].ID == "" {
		m.wanted[plain] = ends
	}
	if lane != plain {
		x := d.Diversion
		m.lanes[lane] = newLane(lane, ends, Way{x.Way.Line, x.Way.DistanceKm, planner.PassagesOf(x.Way.Via)})
		m.touch(kindLane, lane)
	}
	if old == nil {
		return
	}
	was := laneOf(old)
	if m.sailed[was]--; m.sailed[was] == 0 {
		delete(m.sailed, was)
		if was != laneID(old.From, old.To, old.Mode) {
			delete(m.lanes, was)
			m.touch(kindLane, was)
		}
	}
}

func (m *model) warehouse(w *planner.WarehouseStatus) bool {
	old := m.warehouses[w.ID]
	m.warehouses[w.ID] = w
	m.touch(kindWarehouse, w.ID)
	moved := old != nil && old.Operator != w.Operator
	if moved {
		m.touch(kindWarehouseLoad, w.ID)
	}
	return moved
}

func (m *model) booking(b *planner.BookingStatus) {
	if old := m.bookings[b.Booking]; old != nil {
		for _, part := range old.Parts {
			for _, d := range part.Departures {
				m.board.reserved.remove(d, old.Exporter, b.Booking)
				m.touch(kindDepartureLoad, d)
			}
		}
	}
	m.bookings[b.Booking] = b
	m.touch(kindBooking, b.Booking)
	if b.Cancelled {
		return
	}
	for i := range b.Parts {
		part := &b.Parts[i]
		m.board.reserved.addTo(part, b.Exporter, b.Booking, assigned(part, b.VolumeM3, b.WeightKg))
		for _, d := range part.Departures {
			m.touch(kindDepartureLoad, d)
		}
	}
}

// rematched takes the match of a request; nil: it has none any more.
func (m *model) rematched(request string, now *planner.Match) {
	if now == nil {
		delete(m.matches, request)
	} else {
		m.matches[request] = now
	}
	m.placed(request)
	m.touch(kindMatch, request)
	m.markets.touch(request)
}

func (m *model) carrier(id string) string {
	if d := m.departures[id]; d != nil {
		return d.Carrier
	}
	return ""
}

func (m *model) operator(id string) string {
	if w := m.warehouses[id]; w != nil {
		return w.Operator
	}
	return ""
}

// takeDirty returns what was touched since it was last called, in the order in which it is sent.
func (m *model) takeDirty() []key {
	for _, id := range m.markets.settle(m.requests, m.matches) {
		m.touch(kindMarket, id)
	}
	m.settle()
	keys := slices.SortedFunc(maps.Keys(m.dirty), compareKeys)
	clear(m.dirty)
	return keys
}

// facetsOf makes the facets of an entity as it is now; nil if it is gone.
func (m *model) facetsOf(k key) *facets {
	switch k.kind {
	case kindPlace:
		names, _ := m.names(k.id)
		return placeFacets(m.places[k.id], names)
	case kindPassage:
		return passageFacets(m.passages[k.id])
	case kindLane:
		if l, ok := m.lanes[k.id]; ok {
			return laneFacets(l)
		}
	case kindDeparture:
		return departureFacets(m.departures[k.id])
	case kindWarehouse:
		return warehouseFacets(m.warehouses[k.id])
	case kindRequest:
		return requestFacets(m.requests[k.id])
	case kindMatch:
		if match := m.matches[k.id]; match != nil {
			return matchFacets(match, m.requests[k.id], m.carrier, m.operator)
		}
	case kindBooking:
		return bookingFacets(m.bookings[k.id])
	case kindMarket:
		if row, ok := m.markets.shown[k.id]; ok {
			return marketFacets(row, m.markets.withheld[k.id])
		}
	case kindDepartureLoad:
		load, b := m.loads[k.id], m.bookedOn(k.id)
		if load.Owners > 0 || b.owners > 0 {
			return departureLoadFacets(k.id, m.carrier(k.id), load, b, &m.board)
		}
	case kindWarehouseLoad:
		if load := m.stores[k.id]; load.Owners > 0 {
			return warehouseLoadFacets(k.id, m.operator(k.id), load, &m.board)
		}
	case kindPlan:
		if m.plan != nil {
			return planFacets(m.plan, &m.board, m.carrier, m.operator)
		}
	}
	return nil
}

func (m *model) bookedOn(departure string) booked {
	b := booked{owners: len(m.board.reserved.of(departure))}
	if d := m.departures[departure]; d != nil && b.owners > 0 {
		b.m3, b.kg = d.BookedM3, d.BookedKg
	}
	return b
}

// position is where the ship or aircraft of a departure is.
type position struct {
	ID         string    `json:"id"`
	Lon        float64   `json:"lon"`
	Lat        float64   `json:"lat"`
	CourseDeg  float64   `json:"course_deg"`
	SpeedKnots float64   `json:"speed_knots"`
	At         time.Time `json:"at"`
}

// positionsIn returns the positions that an update brings.
func positionsIn(u live.Update) []position {
	var found []position
	add := func(id string, p *planner.PositionReported) {
		found = append(found, position{id, p.Lon, p.Lat, p.CourseDeg, p.SpeedKnots, p.At})
	}
	for i := range u.Departures {
		if d := &u.Departures[i]; d.Position != nil {
			add(d.ID, d.Position)
		}
	}
	for i := range u.Positions {
		add(u.Positions[i].Departure, &u.Positions[i])
	}
	return found
}

// same reports whether two facets show everybody the same.
func same(a, b *facets) bool {
	if a == nil || b == nil {
		return a == b
	}
	return bytes.Equal(a.all, b.all) && bytes.Equal(a.commission, b.commission) && bytes.Equal(a.exporters, b.exporters) &&
		maps.EqualFunc(a.parties, b.parties, func(x, y json.RawMessage) bool { return bytes.Equal(x, y) })
}
