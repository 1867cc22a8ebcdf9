package web

import (
	"context"
	"errors"
	"math"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"haihe/planner"
	"haihe/planner/live"
)

type bookingInput struct {
	Key  string `header:"Idempotency-Key" maxLength:"200" doc:"Any text of your own; the same command sent twice with the same key happens once"`
	ID   string `path:"id" minLength:"1" maxLength:"200" doc:"Id, percent-encoded"`
	Body *bookingBody
}

type bookingBody struct {
	Parts []shownPart `json:"parts,omitempty" maxItems:"1000" doc:"The match as you saw it: if it has changed since, nothing is booked"`
}

// shownPart is a part of a match as it was shown.
type shownPart struct {
	Fraction   float64  `json:"fraction" minimum:"0" maximum:"1.000001"`
	Departures []string `json:"departures" minItems:"1" maxItems:"50" nullable:"false"`
	Warehouse  string   `json:"warehouse" minLength:"1" maxLength:"200"`
	Cost       float64  `json:"cost"`
}

type bookingAnswer struct {
	Body struct {
		Booking string                `json:"booking" doc:"Its id"`
		Status  planner.BookingStatus `json:"status"`
	}
}

func (s *Server) apiBookings(a huma.API) {
	exporters := []Role{Exporter}
	operation(s, a, huma.Operation{OperationID: "confirm-booking", Method: http.MethodPost, Path: "/api/requests/{id}/bookings", Tags: []string{"bookings"},
		Summary:       "Book the current match of a request",
		Description:   "A booking holds still: no later plan moves it.",
		DefaultStatus: http.StatusCreated, Errors: []int{404, 409}}, exporters, s.confirmBooking)
	operation(s, a, huma.Operation{OperationID: "cancel-booking", Method: http.MethodDelete, Path: "/api/bookings/{id}", Tags: []string{"bookings"},
		Summary: "Cancel a booking and free its room", DefaultStatus: http.StatusNoContent, Errors: []int{404}}, exporters,
		func(ctx context.Context, who session, in *named) (*nothing, error) {
			var status *planner.BookingStatus
			s.hub.look(func(m *model) {
				if s.hub.visible(kindBooking, in.ID, who.viewer()) {
					status = m.bookings[in.ID]
				}
			})
			if status == nil {
				return nil, huma.Error404NotFound("you have no such booking")
			}
			if status.Cancelled {
				return nil, nil
			}
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commandWait)
			defer cancel()
			if err := s.submit(ctx, who, newName(who, "", ""), &planner.BookingCancelled{Booking: in.ID}); err != nil {
				return nil, err
			}
			s.shows(ctx, func(m *model) bool { return m.bookings[in.ID].Cancelled })
			return nil, nil
		})
}

func (s *Server) confirmBooking(ctx context.Context, who session, in *bookingInput) (*bookingAnswer, error) {
	if _, err := s.ownRequest(who, in.ID); err != nil {
		return nil, err
	}
	const operation = "confirm-booking"
	n := newName(who, operation, in.Key)
	id := n.of("bk", "booking")
	var shown bookingBody
	if in.Body != nil {
		shown = *in.Body
	}
	said := struct {
		Request string
		Parts   []shownPart
	}{in.ID, shown.Parts}
	return once(ctx, s, who, operation, in.Key, said, func(ctx context.Context) (*bookingAnswer, error) {
		if len(shown.Parts) > 0 && !s.stillMatches(in.ID, shown.Parts) {
			var booked bool
			s.hub.look(func(m *model) { booked = m.bookings[id] != nil })
			if !booked { // else this is the same command again, after a restart
				return nil, huma.Error409Conflict("the match has changed since you saw it; look at it again")
			}
		}
		status, err := s.cfg.Confirm(ctx, who.Org, in.ID, id, s.event(who, n, "booking"))
		if errors.Is(err, live.ErrNotYours) && in.Key != "" {
			var other bool
			s.hub.look(func(m *model) { other = m.bookings[id] != nil && m.bookings[id].Request != in.ID })
			if other {
				return nil, otherBody()
			}
		}
		if err != nil {
			return nil, s.asProblem(err)
		}
		s.shows(ctx, func(m *model) bool { return m.bookings[id] != nil })
		answer := &bookingAnswer{}
		answer.Body.Booking, answer.Body.Status = id, status
		return answer, nil
	})
}

// stillMatches compares the match as it was shown with the current one, to the cent.
func (s *Server) stillMatches(request string, shown []shownPart) bool {
	near := func(a, b float64) bool { return math.Abs(a-b) <= 1e-6*max(1, math.Abs(a)) }
	same := false
	s.hub.look(func(m *model) {
		match := m.matches[request]
		same = match != nil && slices.EqualFunc(match.Parts, shown, func(a planner.Assignment, b shownPart) bool {
			return slices.Equal(a.Departures, b.Departures) && a.Warehouse == b.Warehouse &&
				near(a.Fraction, b.Fraction) && math.Abs(a.Cost-b.Cost) < 0.01
		})
	})
	return same
}
