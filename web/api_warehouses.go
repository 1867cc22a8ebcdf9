package web

import (
	"context"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"haihe/planner"
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
	StorageM3Day float64        `json:"storage_m3_day" minimum:"0" maximum:"1e9" doc:"Cost of holding one m3 for a day"`
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
	Body struct {
		Closed bool   `json:"closed" doc:"Takes nothing in"`
		Reason string `json:"reason,omitempty" maxLength:"500"`
	}
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
		Summary: "Close or reopen a warehouse of yours", DefaultStatus: http.StatusNoContent, Errors: []int{404}}, firms,
		func(ctx context.Context, who session, in *warehouseChange) (*nothing, error) {
			if in.Body.Closed {
				return s.changeWarehouse(ctx, who, in.ID, &planner.WarehouseClosed{Warehouse: in.ID, Reason: in.Body.Reason})
			}
			return s.changeWarehouse(ctx, who, in.ID, &planner.WarehouseReopened{Warehouse: in.ID})
		})
}

func (s *Server) registerWarehouse(ctx context.Context, who session, in *warehouseInput) (*made, error) {
	const operation = "register-warehouse"
	n := newName(who, operation, in.Key)
	b := &in.Body
	fact := &planner.WarehouseRegistered{Name: b.Name, AreaM2: b.AreaM2, Public: b.Public, From: b.From,
		Warehouse: planner.Warehouse{ID: n.ownID(who.Org), Operator: who.Org, Country: b.Country, Lat: b.Lat, Lon: b.Lon,
			CapacityM3: b.CapacityM3, Classes: b.Classes, InboundM3: b.InboundM3, StorageM3Day: b.StorageM3Day}}
	for _, g := range b.Gateways {
		fact.Gateways = append(fact.Gateways, planner.Gateway(g))
	}
	for _, m := range b.Markets {
		fact.Markets = append(fact.Markets, planner.Market(m))
	}
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
		for i, g := range b.Gateways {
			if err := s.knownPlace(fmt.Sprintf("body.gateways[%d].place", i), g.Place); err != nil {
				return nil, err
			}
		}
		if err := s.submit(ctx, who, n, fact); err != nil {
			return nil, err
		}
		s.shows(ctx, func(m *model) bool { return m.warehouses[fact.ID] != nil })
		return madeID(fact.ID), nil
	})
}

func (s *Server) changeWarehouse(ctx context.Context, who session, id string, fact planner.Fact) (*nothing, error) {
	var status *planner.WarehouseStatus
	s.hub.look(func(m *model) { status = m.warehouses[id] })
	switch {
	case status == nil:
		return nil, huma.Error404NotFound("there is no such warehouse")
	case status.Operator != who.Org:
		return nil, huma.Error403Forbidden("this warehouse is another firm's")
	}
	if _, closes := fact.(*planner.WarehouseClosed); closes && !status.Closed && !s.limits.room(who.org()) {
		return nil, tooManyWithdrawals()
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commandWait)
	defer cancel()
	return nil, s.submit(ctx, who, newName(who, "", ""), fact)
}
