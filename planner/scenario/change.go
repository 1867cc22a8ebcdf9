package scenario

import (
	"fmt"
	"strings"
	"time"

	"haihe/geo"
	"haihe/planner"
)

// Kinds of a Change.
const (
	ShutPassage     = "passage_shut"      // Passage, from From (or now) until Until (or for good)
	OpenPassage     = "passage_open"      // Passage
	AddService      = "service_added"     // Service
	ChangeWarehouse = "warehouse_changed" // Warehouse, its room times Factor, Public or not
	StrikePort      = "port_strike"       // Place, from From (or now) for Days
	ChangeDemand    = "demand_changed"    // Market (or all), every volume times Factor
)

// Change is one thing that is supposed to be otherwise. Which fields count depends on Kind.
type Change struct {
	Kind      string     `json:"kind" enum:"passage_shut,passage_open,service_added,warehouse_changed,port_strike,demand_changed"`
	Passage   string     `json:"passage,omitempty" maxLength:"200" doc:"Id of a strait or canal"`
	Place     string     `json:"place,omitempty" maxLength:"200" doc:"Port or airport on strike"`
	Warehouse string     `json:"warehouse,omitempty" maxLength:"200"`
	Market    string     `json:"market,omitempty" maxLength:"200" doc:"Left out: every market"`
	From      *time.Time `json:"from,omitempty" doc:"Left out: now"`
	Until     *time.Time `json:"until,omitempty" doc:"Of a passage; left out: for good"`
	Days      float64    `json:"days,omitempty" minimum:"0" maximum:"120" doc:"Length of a strike"`
	Factor    *float64   `json:"factor,omitempty" minimum:"0" maximum:"100" doc:"Of the room of a warehouse, or of the volumes of a market"`
	Public    *bool      `json:"public,omitempty" doc:"Whether the warehouse is shared with other firms"`
	Service   *Service   `json:"service,omitempty"`
}

// Service is a sailing or flight that does not exist. What is left out is as on the departure of its mode that is most
// alike: the one over the most similar distance.
type Service struct {
	Mode       string     `json:"mode" enum:"sea,air,rail,road"`
	Carrier    string     `json:"carrier,omitempty" maxLength:"200"`
	Calls      []string   `json:"calls" minItems:"2" maxItems:"12" doc:"Ports or airports in their order"`
	First      *time.Time `json:"first,omitempty" doc:"First departure from the first call; left out: three days from now"`
	EveryDays  float64    `json:"every_days,omitempty" minimum:"0" maximum:"60" doc:"Left out: 7"`
	CapacityM3 float64    `json:"capacity_m3,omitempty" minimum:"0" maximum:"1000000" doc:"Room of each departure"`
	CapacityKg float64    `json:"capacity_kg,omitempty" minimum:"0" maximum:"1000000000"`
	RateUSD    float64    `json:"rate,omitempty" minimum:"0" maximum:"1000000" doc:"For each unit that the most similar departure charges by, over one leg"`
}

const maxChanges = 20

// Check says which of the changes make no sense on a base, by the path of the field: a *planner.FieldErrors, or nil.
func (b *Base) Check(changes []Change) error { return b.check(b.State(), changes) }

func (b *Base) check(s *planner.State, changes []Change) error {
	c := checker{state: s, now: b.Now}
	if len(changes) > maxChanges {
		c.add("changes", "there may be at most %d, got %d", maxChanges, len(changes))
	}
	for i := range changes[:min(len(changes), maxChanges)] {
		c.path = fmt.Sprintf("changes[%d]", i)
		c.change(&changes[i])
	}
	if len(c.found.List) == 0 {
		return nil
	}
	return &c.found
}

type checker struct {
	state *planner.State
	now   time.Time
	path  string
	found planner.FieldErrors
}

func (c *checker) add(field, format string, a ...any) {
	path := strings.Trim(c.path+"."+field, ".")
	c.found.List = append(c.found.List, &planner.FieldError{Path: path, Problem: fmt.Sprintf(format, a...)})
}

func (c *checker) change(x *Change) {
	switch x.Kind {
	case ShutPassage, OpenPassage:
		if _, ok := c.state.Passage(x.Passage); !ok {
			c.add("passage", "must be the id of a strait or canal, got %q; GET /api/passages lists them", x.Passage)
		}
		if x.Until != nil && !x.Until.After(*orTime(x.From, c.now)) {
			c.add("until", "must be after it is shut")
		}
	case AddService:
		c.service(x.Service)
	case ChangeWarehouse:
		if _, ok := c.state.Warehouse(x.Warehouse); !ok {
			c.add("warehouse", "must be the id of a registered warehouse, got %q", x.Warehouse)
		}
		if x.Factor == nil && x.Public == nil {
			c.add("factor", "is wanted: 2 for twice the room, 0 to close it; or say public")
		}
		c.factor(x.Factor)
	case StrikePort:
		c.place("place", x.Place, "")
		if !(x.Days > 0) {
			c.add("days", "must be more than 0")
		}
	case ChangeDemand:
		if x.Factor == nil {
			c.add("factor", "is wanted: 1.2 for a fifth more")
		} else if *x.Factor <= 0 {
			c.add("factor", "must be more than 0")
		}
		c.factor(x.Factor)
	default:
		c.add("kind", "must be one of %s, got %q", strings.Join([]string{ShutPassage, OpenPassage, AddService, ChangeWarehouse, StrikePort, ChangeDemand}, ", "), x.Kind)
	}
}

func (c *checker) factor(f *float64) {
	if f != nil && !(*f >= 0 && *f <= 100) {
		c.add("factor", "must be from 0 to 100, got %g", *f)
	}
}

func (c *checker) service(s *Service) {
	if s == nil {
		c.add("service", "is wanted")
		return
	}
	switch s.Mode {
	case planner.ModeSea, planner.ModeAir, planner.ModeRail, planner.ModeRoad:
	default:
		c.add("service.mode", "must be sea, air, rail or road, got %q", s.Mode)
	}
	if n := len(s.Calls); n < 2 || n > 12 {
		c.add("service.calls", "must be 2 to 12 ports or airports, got %d", n)
	}
	for i, id := range s.Calls {
		c.place(fmt.Sprintf("service.calls[%d]", i), id, s.Mode)
		if i > 0 && id == s.Calls[i-1] {
			c.add(fmt.Sprintf("service.calls[%d]", i), "is the same as the call before")
		}
	}
	if s.First != nil && s.First.Before(c.now.AddDate(0, -3, 0)) {
		c.add("service.first", "must not be more than three months ago")
	}
	if s.EveryDays < 0 || s.EveryDays > 60 || s.EveryDays > 0 && s.EveryDays < 0.25 {
		c.add("service.every_days", "must be from 0.25 to 60, got %g", s.EveryDays)
	}
	for _, x := range []struct {
		field string
		value float64
		most  float64
	}{{"capacity_m3", s.CapacityM3, 1e6}, {"capacity_kg", s.CapacityKg, 1e9}, {"rate", s.RateUSD, 1e6}} {
		if !(x.value >= 0 && x.value <= x.most) {
			c.add("service."+x.field, "must be from 0 to %g, got %g", x.most, x.value)
		}
	}
}

// place wants one that is declared, or that the gazetteer has; an airport for a flight, a seaport for a sailing.
func (c *checker) place(field, id, mode string) {
	p, known := placeOf(c.state, id)
	switch {
	case !known:
		c.add(field, "must be a port (UN/LOCODE) or airport (IATA), got %q", id)
	case mode == planner.ModeAir && p.Kind == "seaport", mode == planner.ModeSea && p.Kind == "airport":
		c.add(field, "%s is a place of kind %s, where nothing goes by %s", id, p.Kind, mode)
	}
}

// placeOf looks a place up in the state, then in the gazetteer.
func placeOf(s *planner.State, id string) (planner.Place, bool) {
	if p, ok := s.Place(id); ok {
		if g, ok := geo.PlaceByCode(id); ok && p.Kind == "" {
			p.Kind = g.Kind
		}
		return p, true
	}
	g, ok := geo.PlaceByCode(id)
	return planner.Place{ID: id, Name: g.NameEN, Kind: g.Kind, Country: g.Country, Lat: g.Point.Lat(), Lon: g.Point.Lon()}, ok
}

func orTime(t *time.Time, otherwise time.Time) *time.Time {
	if t == nil {
		return &otherwise
	}
	return t
}
