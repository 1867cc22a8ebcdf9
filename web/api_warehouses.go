package web

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"haihe/planner"
	"haihe/planner/targets"
)

type gatewayBody struct {
	Place  string  `json:"place" minLength:"1" maxLength:"200" doc:"Port or airport"`
	Hours  float64 `json:"hours" minimum:"0" maximum:"8760" doc:"From there to the door"`
	RateM3 float64 `json:"rate_m3" minimum:"0" maximum:"1e9"`
}

type marketBody struct {
	ID     string  `json:"id" minLength:"1" maxLength:"200"`
	Hours  float64 `json:"hours" minimum:"0" maximum:"8760" doc:"From the door to the customer"`
	RateM3 float64 `json:"rate_m3" minimum:"0" maximum:"1e9"`
}

type tierBody struct {
	FromDay int     `json:"from_day" minimum:"1" maximum:"3660" doc:"Of the stay, the first day being 0"`
	M3Day   float64 `json:"m3_day" minimum:"0" maximum:"1e9"`
}

type warehouseBody struct {
	Name         string         `json:"name,omitempty" maxLength:"200"`
	Country      string         `json:"country,omitempty" maxLength:"2" pattern:"^([A-Z]{2})?$" patternDescription:"two capital letters, ISO 3166-1" example:"US"`
	Lat          float64        `json:"lat" minimum:"-90" maximum:"90"`
	Lon          float64        `json:"lon" minimum:"-180" maximum:"180"`
	AreaM2       float64        `json:"area_m2" minimum:"0" maximum:"1e7"`
	Public       bool           `json:"public" doc:"Shared with other firms"`
	CapacityM3   planner.PerDay `json:"capacity_m3"`
	From         string         `json:"from,omitempty" format:"date" doc:"Day of the first number of capacity_m3, if there are several"`
	Classes      []string       `json:"classes" minItems:"1" maxItems:"50" nullable:"false"`
	InboundM3    float64        `json:"inbound_m3" minimum:"0" maximum:"1e9" doc:"Cost of taking in one m3"`
	StorageM3Day float64        `json:"storage_m3_day" minimum:"0" maximum:"1e9" doc:"Cost of holding one m3 for a day, before the first of storage_tiers"`
	FreeDays     int            `json:"free_days,omitzero" minimum:"0" maximum:"3660" doc:"Of each stay, that cost nothing"`
	StorageTiers []tierBody     `json:"storage_tiers,omitempty" maxItems:"20" doc:"What a m3 costs a day from a day of its stay on, by from_day"`
	Gateways     []gatewayBody  `json:"gateways" minItems:"1" maxItems:"100" nullable:"false"`
	Markets      []marketBody   `json:"markets" minItems:"1" maxItems:"100" nullable:"false"`
}

type warehouseInput struct {
	Key  string `header:"Idempotency-Key" maxLength:"200" doc:"Any text of your own; the same command sent twice with the same key happens once"`
	Body warehouseBody
}

type occupancyInput struct {
	ID   string `path:"id" minLength:"1" maxLength:"200" doc:"Id, percent-encoded"`
	Body struct {
		From   string         `json:"from,omitempty" format:"date" doc:"Day of the first number of free_m3, if there are several"`
		FreeM3 planner.PerDay `json:"free_m3"`
	}
}

type warehouseChange struct {
	ID   string `path:"id" minLength:"1" maxLength:"200" doc:"Id, percent-encoded"`
	If   string `header:"If-Match" maxLength:"100" doc:"The revision of the warehouse that the change was made from, in quotes. If it has another by now, nothing changes. Left out: change it whatever it is"`
	Body warehousePatch
}

type warehousePatch struct {
	Closed       *bool         `json:"closed,omitempty" doc:"Takes nothing in"`
	Reason       string        `json:"reason,omitempty" maxLength:"500" doc:"Of closing it"`
	FreeM3       *float64      `json:"free_m3,omitempty" minimum:"0" maximum:"1e9" doc:"Room to share, the same every day"`
	Name         *string       `json:"name,omitempty" maxLength:"200"`
	AreaM2       *float64      `json:"area_m2,omitempty" minimum:"0" maximum:"1e7"`
	Public       *bool         `json:"public,omitempty" doc:"Shared with other firms"`
	Classes      []string      `json:"classes,omitempty" maxItems:"50" nullable:"false"`
	InboundM3    *float64      `json:"inbound_m3,omitempty" minimum:"0" maximum:"1e9"`
	StorageM3Day *float64      `json:"storage_m3_day,omitempty" minimum:"0" maximum:"1e9"`
	FreeDays     *int          `json:"free_days,omitzero" minimum:"0" maximum:"3660"`
	StorageTiers *[]tierBody   `json:"storage_tiers,omitempty" maxItems:"20" doc:"An empty list takes them away"`
	Gateways     []gatewayBody `json:"gateways,omitempty" maxItems:"100" nullable:"false"`
	Markets      []marketBody  `json:"markets,omitempty" maxItems:"100" nullable:"false"`
}

// bookedView is a booking as the firm sees it on whose departure or in whose warehouse it takes room: nothing of its owner, of
// others' parts of it, or of its price.
type bookedView struct {
	Booking string     `json:"booking"`
	Status  string     `json:"status" doc:"As in /api/bookings"`
	Market  string     `json:"market,omitempty"`
	Class   string     `json:"class,omitempty"`
	M3      float64    `json:"m3"`
	Kg      float64    `json:"kg"`
	Arrive  *time.Time `json:"arrive,omitempty" doc:"At the warehouse's door"`
	Days    int        `json:"days,omitempty" doc:"In the warehouse from then on"`
}

func (s *Server) apiWarehouses(a huma.API) {
	firms := []Role{Firm}
	operation(s, a, huma.Operation{OperationID: "register-warehouse", Method: http.MethodPost, Path: "/api/warehouses", Tags: []string{"warehouses"},
		Summary: "Register an overseas warehouse", DefaultStatus: http.StatusCreated}, firms, s.registerWarehouse)
	operation(s, a, huma.Operation{OperationID: "set-occupancy", Method: http.MethodPut, Path: "/api/warehouses/{id}/occupancy", Tags: []string{"warehouses"},
		Summary: "Say how much room a warehouse of yours has to share", DefaultStatus: http.StatusNoContent, Errors: []int{404}}, firms,
		func(ctx context.Context, who session, in *occupancyInput) (*nothing, error) {
			return s.changeWarehouse(ctx, who, in.ID, &planner.OccupancyReported{Warehouse: in.ID, From: in.Body.From, FreeM3: in.Body.FreeM3})
		})
	operation(s, a, huma.Operation{OperationID: "change-warehouse", Method: http.MethodPatch, Path: "/api/warehouses/{id}", Tags: []string{"warehouses"},
		Summary: "Close or reopen a warehouse of yours, or change what it offers", Description: "What is left out stays as it is.",
		DefaultStatus: http.StatusNoContent, Errors: []int{404, 412}}, firms, s.patchWarehouse)
	operation(s, a, huma.Operation{OperationID: "list-departure-bookings", Method: http.MethodGet, Path: "/api/departures/{id}/bookings", Tags: []string{"departures"},
		Summary: "What is held and booked on a departure of yours", Errors: []int{404}}, firms,
		func(_ context.Context, who session, in *named) (*body[[]bookedView], error) {
			return s.bookedWith(in.ID, func(m *model) bool { return m.departures[in.ID] != nil && m.carrier(in.ID) == who.Org }, func(a *planner.Assignment) bool {
				return slices.Contains(a.Departures, in.ID)
			}, false)
		})
	operation(s, a, huma.Operation{OperationID: "list-warehouse-bookings", Method: http.MethodGet, Path: "/api/warehouses/{id}/bookings", Tags: []string{"warehouses"},
		Summary: "What is held, booked and stored in a warehouse of yours", Errors: []int{404}}, firms,
		func(_ context.Context, who session, in *named) (*body[[]bookedView], error) {
			return s.bookedWith(in.ID, func(m *model) bool { return m.warehouses[in.ID] != nil && m.operator(in.ID) == who.Org }, func(a *planner.Assignment) bool {
				return a.Warehouse == in.ID
			}, true)
		})
	if s.cfg.Targets != nil {
		operation(s, a, huma.Operation{OperationID: "warehouse-history", Method: http.MethodGet, Path: "/api/warehouses/{id}/history", Tags: []string{"warehouses"},
			Summary: "What a warehouse of yours had free day by day, by what you reported, up to half a year back", Errors: []int{404}}, firms,
			func(_ context.Context, who session, in *named) (*body[[]targets.Day], error) {
				own := false
				s.hub.look(func(m *model) { own = m.warehouses[in.ID] != nil && m.operator(in.ID) == who.Org })
				if !own {
					return nil, huma.Error404NotFound("you have no such warehouse")
				}
				now := s.cfg.Now().UTC()
				return &body[[]targets.Day]{s.cfg.Targets.Days(in.ID, now.AddDate(0, 0, -historyDays), now)}, nil
			})
	}
}

func (s *Server) registerWarehouse(ctx context.Context, who session, in *warehouseInput) (*made, error) {
	const operation = "register-warehouse"
	n := newName(who, operation, in.Key)
	b := &in.Body
	fact := &planner.WarehouseRegistered{Name: b.Name, AreaM2: b.AreaM2, Public: b.Public, From: b.From,
		Warehouse: planner.Warehouse{ID: n.ownID(who.Org), Operator: who.Org, Country: b.Country, Lat: b.Lat, Lon: b.Lon,
			CapacityM3: b.CapacityM3, Classes: b.Classes, InboundM3: b.InboundM3, StorageM3Day: b.StorageM3Day,
			FreeDays: b.FreeDays, StorageTiers: mapped(b.StorageTiers, tierOf)}}
	fact.Gateways, fact.Markets = mapped(b.Gateways, gatewayOf), mapped(b.Markets, marketOf)
	return once(ctx, s, who, operation, in.Key, in.Body, func(ctx context.Context) (*made, error) {
		var before *planner.WarehouseStatus
		s.hub.look(func(m *model) { before = m.warehouses[fact.ID] })
		if before != nil {
			if before.Name != fact.Name || before.Lat != fact.Lat || before.Lon != fact.Lon || before.AreaM2 != fact.AreaM2 {
				return nil, otherBody()
			}
			return madeID(fact.ID), nil
		}
		if err := fact.Validate(); err != nil {
			return nil, s.asProblem(err)
		}
		if err := s.knownGateways(b.Gateways); err != nil {
			return nil, err
		}
		if err := s.submit(ctx, who, n, fact); err != nil {
			return nil, err
		}
		s.shows(ctx, func(m *model) bool { return m.warehouses[fact.ID] != nil })
		return madeID(fact.ID), nil
	})
}

// historyDays is how far back a firm sees what its warehouses had free.
const historyDays = 180

// bookedWith lists the parts of bookings that take room of something that is one's own, the latest arrivals last.
func (s *Server) bookedWith(id string, own func(*model) bool, with func(*planner.Assignment) bool, stored bool) (*body[[]bookedView], error) {
	found := []bookedView{}
	err := huma.Error404NotFound("you have no such departure or warehouse")
	s.hub.look(func(m *model) {
		if !own(m) {
			return
		}
		err = nil
		for _, b := range m.bookings {
			if !planner.TakesRoom(b.Status) {
				continue
			}
			v := bookedView{Booking: b.Booking, Status: b.Status}
			if r := m.requests[b.Request]; r != nil {
				v.Market, v.Class = r.Market, r.Class
			}
			for i := range b.Parts {
				if part := &b.Parts[i]; with(part) {
					v.M3 += part.Fraction * b.VolumeM3
					v.Kg += part.Fraction * b.WeightKg
					if stored && (v.Arrive == nil || part.Arrive.Before(*v.Arrive)) {
						v.Arrive, v.Days = &part.Arrive, b.StorageDays
					}
				}
			}
			if v.M3 > 0 {
				v.M3, v.Kg = tidy(v.M3), tidy(v.Kg)
				found = append(found, v)
			}
		}
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(found, func(a, b bookedView) int {
		if a.Arrive != nil && b.Arrive != nil && !a.Arrive.Equal(*b.Arrive) {
			return a.Arrive.Compare(*b.Arrive)
		}
		return strings.Compare(a.Booking, b.Booking)
	})
	return &body[[]bookedView]{found}, nil
}

func (s *Server) ownWarehouse(who session, id string) (status *planner.WarehouseStatus, err error) {
	seen := false
	s.hub.look(func(m *model) {
		status, seen = m.warehouses[id], s.hub.visible(kindWarehouse, id, who.viewer())
	})
	switch {
	case status == nil || !seen:
		return nil, huma.Error404NotFound("there is no such warehouse")
	case status.Operator != who.Org:
		return nil, huma.Error403Forbidden("this warehouse is another firm's")
	}
	return status, nil
}

// warehouseRevision names what the operator of a warehouse says of it: two that are alike have the same.
func warehouseRevision(w *planner.WarehouseStatus) string { return fingerprint(w, w.Registered) }

func (s *Server) patchWarehouse(ctx context.Context, who session, in *warehouseChange) (*nothing, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commandWait)
	defer cancel()
	// One after another, so that of two changes made from one revision the second is told, and neither takes the other back.
	s.changing.Lock()
	defer s.changing.Unlock()
	w, err := s.ownWarehouse(who, in.ID)
	if err != nil {
		return nil, err
	}
	before := warehouseRevision(w)
	if err := matches(in.If, before, "warehouse"); err != nil {
		return nil, err
	}
	facts, err := s.warehouseFacts(w, &in.Body)
	if err != nil || len(facts) == 0 {
		return nil, err // it is all so already
	}
	b := &in.Body
	withdraws := b.Closed != nil && *b.Closed && !w.Closed || b.Public != nil && !*b.Public && w.Public
	if withdraws && !s.limits.room(who.org()) {
		return nil, tooManyWithdrawals()
	}
	if err := s.submit(ctx, who, newName(who, "", ""), facts...); err != nil {
		return nil, err
	}
	s.shows(ctx, func(m *model) bool { return warehouseRevision(m.warehouses[in.ID]) != before })
	return nil, nil
}

// warehouseFacts is what a patch says of a warehouse.
func (s *Server) warehouseFacts(w *planner.WarehouseStatus, b *warehousePatch) ([]planner.Fact, error) {
	var facts []planner.Fact
	master := &planner.WarehouseRegistered{Warehouse: w.Warehouse, Name: w.Name, AreaM2: w.AreaM2, Public: w.Public, From: w.RegisteredFrom}
	master.CapacityM3 = w.Registered
	was := encode(master)
	set(&master.Name, b.Name)
	set(&master.AreaM2, b.AreaM2)
	set(&master.Public, b.Public)
	set(&master.InboundM3, b.InboundM3)
	set(&master.StorageM3Day, b.StorageM3Day)
	set(&master.FreeDays, b.FreeDays)
	if b.StorageTiers != nil {
		master.StorageTiers = mapped(*b.StorageTiers, tierOf)
	}
	if len(b.Classes) > 0 {
		master.Classes = b.Classes
	}
	if len(b.Gateways) > 0 {
		if err := s.knownGateways(b.Gateways); err != nil {
			return nil, err
		}
		master.Gateways = mapped(b.Gateways, gatewayOf)
	}
	if len(b.Markets) > 0 {
		master.Markets = mapped(b.Markets, marketOf)
	}
	if !bytes.Equal(was, encode(master)) {
		facts = append(facts, master)
	}
	if b.FreeM3 != nil {
		facts = append(facts, &planner.OccupancyReported{Warehouse: w.ID, FreeM3: planner.PerDay{*b.FreeM3}})
	}
	switch {
	case b.Closed == nil, *b.Closed == w.Closed && b.Reason == w.CloseReason:
	case *b.Closed:
		facts = append(facts, &planner.WarehouseClosed{Warehouse: w.ID, Reason: b.Reason})
	default:
		facts = append(facts, &planner.WarehouseReopened{Warehouse: w.ID})
	}
	if bytes.Equal(encode(b), []byte("{}")) {
		return nil, wrongField("body", "nothing to change", nil)
	}
	return facts, nil
}

func (s *Server) knownGateways(list []gatewayBody) error {
	for i, g := range list {
		if err := s.knownPlace(fmt.Sprintf("body.gateways[%d].place", i), g.Place); err != nil {
			return err
		}
	}
	return nil
}

func gatewayOf(g gatewayBody) planner.Gateway { return planner.Gateway(g) }
func marketOf(m marketBody) planner.Market    { return planner.Market(m) }
func tierOf(t tierBody) planner.StorageTier   { return planner.StorageTier(t) }

// mapped is what f makes of each; nil of none.
func mapped[A, B any](list []A, f func(A) B) (out []B) {
	for _, x := range list {
		out = append(out, f(x))
	}
	return out
}

func set[T any](field *T, value *T) {
	if value != nil {
		*field = *value
	}
}

func (s *Server) changeWarehouse(ctx context.Context, who session, id string, fact planner.Fact) (*nothing, error) {
	if _, err := s.ownWarehouse(who, id); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commandWait)
	defer cancel()
	return nil, s.submit(ctx, who, newName(who, "", ""), fact)
}
