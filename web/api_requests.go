package web

import (
	"bytes"
	"context"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"haihe/planner"
)

// requestBody is what an exporter asks for.
type requestBody struct {
	Origin        string    `json:"origin" minLength:"1" maxLength:"200" example:"CNTXG" doc:"Id of the place where the cargo is"`
	Market        string    `json:"market" minLength:"1" maxLength:"200" example:"US-W" doc:"Id of the market, as warehouses name those that they serve"`
	Class         string    `json:"class" minLength:"1" maxLength:"200" example:"general"`
	Goods         string    `json:"goods,omitempty" maxLength:"500" doc:"What it is, in your words"`
	HSCode        string    `json:"hs_code,omitempty" maxLength:"10" pattern:"^([0-9]{6,10})?$" patternDescription:"6 to 10 digits" example:"8712003000"`
	VolumeM3      float64   `json:"volume_m3" exclusiveMinimum:"0" maximum:"1e6"`
	WeightKg      float64   `json:"weight_kg" minimum:"0" maximum:"1e9"`
	Ready         time.Time `json:"ready" doc:"At the origin from then on"`
	Due           time.Time `json:"due" doc:"At the warehouse's door by then"`
	StorageDays   int       `json:"storage_days" minimum:"0" maximum:"3660"`
	Drawdown      string    `json:"drawdown,omitempty" enum:"none,linear" default:"none" doc:"none: all stays to the last day; linear: it leaves evenly"`
	Modes         []string  `json:"modes,omitempty" maxItems:"5" uniqueItems:"true" nullable:"false" enum:"sea,air,rail,road,post" doc:"Modes that it may go by; none: any"`
	Whole         bool      `json:"whole,omitempty" doc:"Go in one piece or not at all"`
	Value         float64   `json:"value" minimum:"0" maximum:"1e12" doc:"Cost of leaving it: no match costs more"`
	TimeCostM3Day float64   `json:"time_cost_m3_day,omitempty" minimum:"0" maximum:"1e9" doc:"What a day between ready and arrival costs, per m3"`
	CO2ePriceT    float64   `json:"co2e_price_t,omitempty" minimum:"0" maximum:"1e9" doc:"Price of a tonne of CO2e"`

	Repeat *repeatBody `json:"repeat,omitempty" doc:"Ask for it again and again: the next is submitted 14 days before it is ready, with its dates moved on"`
}

type repeatBody struct {
	Every  string `json:"every" enum:"week,month"`
	Paused bool   `json:"paused,omitzero" doc:"None more until it is resumed"`
}

// fact makes the request of an exporter.
func (b *requestBody) fact(id, exporter string) *planner.RequestSubmitted {
	drawdown := b.Drawdown
	if drawdown == "" {
		drawdown = planner.DrawdownNone
	}
	var repeat *planner.Repeat
	if b.Repeat != nil {
		repeat = &planner.Repeat{Every: b.Repeat.Every, Paused: b.Repeat.Paused}
	}
	return &planner.RequestSubmitted{Goods: b.Goods, HSCode: b.HSCode, Repeat: repeat, Request: planner.Request{
		ID: id, Exporter: exporter, Origin: b.Origin, Market: b.Market, Class: b.Class, VolumeM3: b.VolumeM3,
		WeightKg: b.WeightKg, Ready: b.Ready.UTC(), Due: b.Due.UTC(), StorageDays: b.StorageDays, Drawdown: drawdown,
		Modes: b.Modes, Whole: b.Whole, Value: b.Value, TimeCostM3Day: b.TimeCostM3Day, CO2ePriceT: b.CO2ePriceT}}
}

type requestInput struct {
	Key  string `header:"Idempotency-Key" maxLength:"200" doc:"Any text of your own; the same command sent twice with the same key happens once"`
	Body requestBody
}

type requestDetail struct {
	Request  planner.RequestStatus   `json:"request"`
	Match    *planner.Match          `json:"match,omitempty" doc:"What the current plan does for it; left out while it is not planned"`
	Bookings []planner.BookingStatus `json:"bookings"`
}

func (s *Server) apiRequests(a huma.API) {
	exporters := []Role{Exporter}
	operation(s, a, huma.Operation{OperationID: "list-requests", Method: http.MethodGet, Path: "/api/requests", Tags: []string{"requests"},
		Summary: "Your requests, by id"}, exporters,
		func(_ context.Context, who session, _ *nothing) (*body[[]planner.RequestStatus], error) {
			found := []planner.RequestStatus{}
			s.hub.look(func(m *model) {
				for _, id := range slices.Sorted(maps.Keys(m.requests)) {
					if s.hub.visible(kindRequest, id, who.viewer()) {
						found = append(found, *m.requests[id])
					}
				}
			})
			return &body[[]planner.RequestStatus]{found}, nil
		})
	operation(s, a, huma.Operation{OperationID: "get-request", Method: http.MethodGet, Path: "/api/requests/{id}", Tags: []string{"requests"},
		Summary: "A request of yours with its match and bookings", Errors: []int{404}}, exporters, s.getRequest)
	operation(s, a, huma.Operation{OperationID: "submit-request", Method: http.MethodPost, Path: "/api/requests", Tags: []string{"requests"},
		Summary: "Ask for a match", DefaultStatus: http.StatusCreated}, exporters, s.submitRequest)
	operation(s, a, huma.Operation{OperationID: "change-request", Method: http.MethodPut, Path: "/api/requests/{id}", Tags: []string{"requests"},
		Summary: "Ask for something else instead", Description: "Under the same id, in the place of what was asked; nothing of it may be held or booked.",
		DefaultStatus: http.StatusNoContent, Errors: []int{404, 409}}, exporters, s.changeRequest)
	operation(s, a, huma.Operation{OperationID: "withdraw-request", Method: http.MethodDelete, Path: "/api/requests/{id}", Tags: []string{"requests"},
		Summary: "Take a request back", Description: "Its bookings stay until they are cancelled.", DefaultStatus: http.StatusNoContent, Errors: []int{404}}, exporters,
		func(ctx context.Context, who session, in *named) (*nothing, error) {
			status, err := s.ownRequest(who, in.ID)
			if err != nil || status.Withdrawn {
				return nil, err
			}
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commandWait)
			defer cancel()
			if err := s.accept(ctx, who, newName(who, "", ""), planner.EntryRequestWithdrawn, nil, in.ID); err != nil {
				return nil, err
			}
			s.shows(ctx, func(m *model) bool { return m.requests[in.ID].Withdrawn })
			return nil, nil
		})
}

// visible reports whether a viewer sees an entity. The hub must be locked.
func (h *hub) visible(kind, id string, v viewer) bool { return h.entities[key{kind, id}].of(v) != nil }

func (s *Server) ownRequest(who session, id string) (status planner.RequestStatus, err error) {
	err = huma.Error404NotFound("you have no such request")
	s.hub.look(func(m *model) {
		if s.hub.visible(kindRequest, id, who.viewer()) {
			status, err = *m.requests[id], nil
		}
	})
	return status, err
}

func (s *Server) getRequest(_ context.Context, who session, in *named) (*body[requestDetail], error) {
	status, err := s.ownRequest(who, in.ID)
	if err != nil {
		return nil, err
	}
	detail := requestDetail{Request: status, Bookings: []planner.BookingStatus{}}
	s.hub.look(func(m *model) {
		if s.hub.visible(kindMatch, in.ID, who.viewer()) {
			detail.Match = m.matches[in.ID]
		}
		for _, id := range slices.Sorted(maps.Keys(m.bookings)) {
			if m.bookings[id].Request == in.ID && s.hub.visible(kindBooking, id, who.viewer()) {
				detail.Bookings = append(detail.Bookings, *m.bookings[id])
			}
		}
	})
	return &body[requestDetail]{detail}, nil
}

// checkRequest checks what a schema cannot: the order of times, and that the origin is there.
func (s *Server) checkRequest(f *planner.RequestSubmitted) error {
	if err := f.Validate(); err != nil {
		return err
	}
	if !f.Due.After(f.Ready) {
		return wrongField("body.due", "must be after ready", f.Due.Format(time.RFC3339))
	}
	return s.knownPlace("body.origin", f.Origin)
}

func (s *Server) knownPlace(location, id string) error {
	known := false
	s.hub.look(func(m *model) { _, known = m.places[id] })
	if !known {
		return wrongField(location, "there is no such place; take the id of one in /api/snapshot", id)
	}
	return nil
}

func (s *Server) submitRequest(ctx context.Context, who session, in *requestInput) (*made, error) {
	return s.submitOne(ctx, who, in.Key, &in.Body)
}

// submitOne asks for a match; with the same key once.
func (s *Server) submitOne(ctx context.Context, who session, key string, b *requestBody) (*made, error) {
	const operation = "submit-request"
	n := newName(who, operation, key)
	// Not the exporter's name: firms see the id of a request, and need not know whose it is.
	id := n.of("rq", "request")
	fact := b.fact(id, who.Org)
	return once(ctx, s, who, operation, key, *b, func(ctx context.Context) (*made, error) {
		var before *planner.RequestStatus
		s.hub.look(func(m *model) { before = m.requests[id] })
		if before != nil {
			if firstAsked(before) != digestOf(fact.Request) {
				return nil, otherBody()
			}
			return madeID(id), nil
		}
		if err := s.checkRequest(fact); err != nil {
			return nil, s.asProblem(err)
		}
		if err := s.accept(ctx, who, n, planner.EntryRequestAccepted, fact, ""); err != nil {
			return nil, err
		}
		s.shows(ctx, func(m *model) bool { return m.requests[id] != nil })
		return madeID(id), nil
	})
}

type requestChange struct {
	ID   string `path:"id" minLength:"1" maxLength:"200" doc:"Id, percent-encoded"`
	Body requestBody
}

func (s *Server) changeRequest(ctx context.Context, who session, in *requestChange) (*nothing, error) {
	before, err := s.ownRequest(who, in.ID)
	if err != nil {
		return nil, err
	}
	fact := in.Body.fact(in.ID, who.Org)
	if fact.Repeat != nil && before.Repeat != nil {
		fact.Repeat.Series, fact.Repeat.N = before.Repeat.Series, before.Repeat.N
	}
	same := sameJSON(before.Request, fact.Request) && before.Goods == fact.Goods && before.HSCode == fact.HSCode
	switch {
	case same && sameJSON(before.Repeat, fact.Repeat) && !before.Withdrawn:
		return nil, nil // it is so already
	case before.Withdrawn:
		return nil, coded("request_withdrawn", huma.Error409Conflict("the request was withdrawn; submit a new one"))
	case before.BookedShare > 0 && !same: // its rule may still be changed
		return nil, coded("request_booked", huma.Error409Conflict("some of the request is held or booked; cancel that first, or submit another for the rest"))
	}
	if err := s.checkRequest(fact); err != nil {
		return nil, err
	}
	return nil, s.amend(ctx, who, &before, fact)
}

// amend has a request that is there be asked as a fact has it from now on.
func (s *Server) amend(ctx context.Context, who session, before *planner.RequestStatus, fact *planner.RequestSubmitted) error {
	fact.First = firstAsked(before)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commandWait)
	defer cancel()
	if err := s.accept(ctx, who, newName(who, "", ""), planner.EntryRequestAccepted, fact, ""); err != nil {
		return err
	}
	s.shows(ctx, func(m *model) bool {
		now := m.requests[fact.ID]
		return sameJSON(now.Request, fact.Request) && sameJSON(now.Repeat, fact.Repeat)
	})
	return nil
}

// firstAsked is the digest of what a request was when it was submitted, whatever it was amended to since.
func firstAsked(r *planner.RequestStatus) string {
	if r.First != "" {
		return r.First
	}
	return digestOf(r.Request)
}

func sameJSON(a, b any) bool { return bytes.Equal(encode(a), encode(b)) }

var requestType = reflect.TypeFor[requestBody]()
