package web

import (
	"context"
	"maps"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"haihe/planner"
)

type bookingInput struct {
	Key  string `header:"Idempotency-Key" maxLength:"200" doc:"Any text of your own; the same command sent again with the same key happens once, and is answered alike"`
	ID   string `path:"id" minLength:"1" maxLength:"200" doc:"Id of the request, percent-encoded"`
	Body *bookingBody
}

type bookingBody struct {
	Status string      `json:"status,omitempty" enum:"QUOTED,HELD,CONFIRMED" default:"CONFIRMED" doc:"QUOTED fixes the price for a time; HELD keeps the room besides; CONFIRMED books at once"`
	Parts  []shownPart `json:"parts,omitempty" maxItems:"1000" doc:"The match as you saw it: if it has changed since, nothing is booked"`
}

// shownPart is a part of a match as it was shown.
type shownPart struct {
	Fraction   float64  `json:"fraction" minimum:"0" maximum:"1.000001"`
	Departures []string `json:"departures" minItems:"1" maxItems:"50" nullable:"false"`
	Warehouse  string   `json:"warehouse" minLength:"1" maxLength:"200"`
	Cost       float64  `json:"cost"`
}

// bookingCommand is about a booking that is there.
type bookingCommand struct {
	Key string `header:"Idempotency-Key" maxLength:"200" doc:"Any text of your own; the same command sent again with the same key happens once, and is answered alike"`
	ID  string `path:"id" minLength:"1" maxLength:"200" doc:"Id of the booking, percent-encoded"`
}

type rebookInput struct {
	Key  string `header:"Idempotency-Key" maxLength:"200" doc:"Any text of your own; the same command sent again with the same key happens once, and is answered alike"`
	ID   string `path:"id" minLength:"1" maxLength:"200" doc:"Id of the booking, percent-encoded"`
	Body rebookBody
}

// rebookBody names one of the alternatives as it was shown.
type rebookBody struct {
	Departures []string `json:"departures" minItems:"1" maxItems:"50" nullable:"false"`
	Gateway    string   `json:"gateway" minLength:"1" maxLength:"200"`
	Warehouse  string   `json:"warehouse" minLength:"1" maxLength:"200"`
	Cost       float64  `json:"cost" doc:"As shown; if it has changed since, nothing is booked"`
}

type bookingAnswer struct {
	Body struct {
		Booking string                `json:"booking" doc:"Its id"`
		Status  planner.BookingStatus `json:"status" doc:"As the command left it"`
	}
}

// statusEntries are the decisions that a new booking may begin with.
var statusEntries = map[string]string{"": planner.EntryBookingConfirmed, planner.BookingQuoted: planner.EntryBookingQuoted,
	planner.BookingHeld: planner.EntryBookingHeld, planner.BookingIsConfirmed: planner.EntryBookingConfirmed}

func (s *Server) apiBookings(a huma.API) {
	exporters := []Role{Exporter}
	operation(s, a, huma.Operation{OperationID: "confirm-booking", Method: http.MethodPost, Path: "/api/requests/{id}/bookings", Tags: []string{"bookings"},
		Summary:       "Quote, hold or book the current match of a request",
		Description:   "A quote fixes the price until it expires and takes no room. A hold keeps the room too. A confirmed booking holds still: no later plan moves it.",
		DefaultStatus: http.StatusCreated, Errors: []int{404, 409, 429}}, exporters, s.book)
	operation(s, a, huma.Operation{OperationID: "list-bookings", Method: http.MethodGet, Path: "/api/bookings", Tags: []string{"bookings"},
		Summary: "Your bookings, by id"}, exporters,
		func(_ context.Context, who session, _ *nothing) (*body[[]planner.BookingStatus], error) {
			found := []planner.BookingStatus{}
			s.hub.look(func(m *model) {
				for _, id := range slices.Sorted(maps.Keys(m.bookings)) {
					if s.hub.visible(kindBooking, id, who.viewer()) {
						found = append(found, *m.bookings[id])
					}
				}
			})
			return &body[[]planner.BookingStatus]{found}, nil
		})
	operation(s, a, huma.Operation{OperationID: "get-booking", Method: http.MethodGet, Path: "/api/bookings/{id}", Tags: []string{"bookings"},
		Summary: "A booking of yours with its history", Errors: []int{404}}, exporters,
		func(_ context.Context, who session, in *named) (*body[planner.BookingStatus], error) {
			b, err := s.ownBooking(who, in.ID)
			return &body[planner.BookingStatus]{b}, err
		})
	moves := []struct{ id, verb, kind, summary, more string }{
		{"hold-booking", "hold", planner.EntryBookingHeld, "Keep the room of a quote", "At the price of the quote, until the hold expires."},
		{"confirm-held-booking", "confirm", planner.EntryBookingConfirmed, "Confirm a quote or a hold", "At the price of the quote. From then on no plan moves it."},
	}
	for _, m := range moves {
		operation(s, a, huma.Operation{OperationID: m.id, Method: http.MethodPost, Path: "/api/bookings/{id}/" + m.verb, Tags: []string{"bookings"},
			Summary: m.summary, Description: m.more, Errors: []int{404, 409}}, exporters,
			func(ctx context.Context, who session, in *bookingCommand) (*bookingAnswer, error) {
				return s.decide(ctx, who, m.id, in.Key, in.ID, planner.Command{Kind: m.kind, Booking: in.ID}, nil)
			})
	}
	operation(s, a, huma.Operation{OperationID: "cancel-booking", Method: http.MethodDelete, Path: "/api/bookings/{id}", Tags: []string{"bookings"},
		Summary: "Cancel a quote, a hold or a booking and free its room", DefaultStatus: http.StatusNoContent, Errors: []int{404, 409}}, exporters,
		func(ctx context.Context, who session, in *bookingCommand) (*nothing, error) {
			b, err := s.ownBooking(who, in.ID)
			if err != nil || b.Status == planner.BookingIsCancelled {
				return nil, err
			}
			_, err = s.decide(ctx, who, "cancel-booking", in.Key, in.ID, planner.Command{Kind: planner.EntryBookingCancelled, Booking: in.ID}, nil)
			return nil, err
		})
	operation(s, a, huma.Operation{OperationID: "list-alternatives", Method: http.MethodGet, Path: "/api/bookings/{id}/alternatives", Tags: []string{"bookings"},
		Summary: "Other ways for a disrupted booking, at today's prices", Errors: []int{404}}, exporters,
		func(ctx context.Context, who session, in *named) (*quotesAnswer, error) {
			b, err := s.ownBooking(who, in.ID)
			if err != nil {
				return nil, err
			}
			quotes, err := s.alternatives(ctx, who, &b)
			answer := &quotesAnswer{}
			answer.Body.Quotes = list(quotes)
			return answer, err
		})
	operation(s, a, huma.Operation{OperationID: "rebook-booking", Method: http.MethodPost, Path: "/api/bookings/{id}/rebook", Tags: []string{"bookings"},
		Summary: "Take another way for a disrupted booking", Description: "All that is booked goes the way that is named, at its cost.", Errors: []int{404, 409}},
		exporters, s.rebook)
}

func (s *Server) ownBooking(who session, id string) (status planner.BookingStatus, err error) {
	err = huma.Error404NotFound("you have no such booking")
	s.hub.look(func(m *model) {
		if s.hub.visible(kindBooking, id, who.viewer()) {
			status, err = *m.bookings[id], nil
		}
	})
	return status, err
}

// book makes a quote, a hold or a booking of the current match of a request.
func (s *Server) book(ctx context.Context, who session, in *bookingInput) (*bookingAnswer, error) {
	if _, err := s.ownRequest(who, in.ID); err != nil {
		return nil, err
	}
	var asked bookingBody
	if in.Body != nil {
		asked = *in.Body
	}
	const operation = "confirm-booking"
	c := planner.Command{Kind: statusEntries[asked.Status], Match: in.ID, Booking: newName(who, operation, in.Key).of("bk", "booking")}
	for _, p := range asked.Parts {
		c.Shown = append(c.Shown, planner.Assignment{Fraction: p.Fraction, Departures: p.Departures, Warehouse: p.Warehouse, Cost: p.Cost})
	}
	return s.decide(ctx, who, operation, in.Key, "", c, struct {
		Request string
		Body    bookingBody
	}{in.ID, asked})
}

// alternatives prices what is booked of a request anew.
func (s *Server) alternatives(ctx context.Context, who session, b *planner.BookingStatus) ([]Quote, error) {
	r, err := s.ownRequest(who, b.Request)
	if err != nil {
		return nil, err
	}
	share := 0.0
	for i := range b.Parts {
		share += b.Parts[i].Fraction
	}
	r.VolumeM3, r.WeightKg, r.Value = r.VolumeM3*share, r.WeightKg*share, r.Value*share
	quotes, err := s.cfg.Quote(ctx, r.Request)
	return slices.DeleteFunc(quotes, func(q Quote) bool { return q.Share < 1 }), err
}

func (s *Server) rebook(ctx context.Context, who session, in *rebookInput) (*bookingAnswer, error) {
	b, err := s.ownBooking(who, in.ID)
	if err != nil {
		return nil, err
	}
	c := planner.Command{Kind: planner.EntryBookingRebooked, Booking: in.ID}
	if b.Status == planner.BookingPendingAmendment {
		quotes, err := s.alternatives(ctx, who, &b)
		if err != nil {
			return nil, err
		}
		k := slices.IndexFunc(quotes, func(q Quote) bool {
			return slices.Equal(q.Departures, in.Body.Departures) && q.Gateway == in.Body.Gateway && q.Warehouse == in.Body.Warehouse &&
				q.Cost < in.Body.Cost+0.01
		})
		if k < 0 {
			return nil, coded("not_offered", huma.Error409Conflict("that way is no longer offered at that cost; look at the alternatives again"))
		}
		share := 0.0
		for i := range b.Parts {
			share += b.Parts[i].Fraction
		}
		terms := b.BookingConfirmed
		terms.Parts = []planner.Assignment{{Request: b.Request, Fraction: share, Departures: quotes[k].Departures, Gateway: quotes[k].Gateway,
			Warehouse: quotes[k].Warehouse, Arrive: quotes[k].Arrive.UTC(), Cost: quotes[k].Cost}}
		c.Terms = &terms
	}
	return s.decide(ctx, who, "rebook-booking", in.Key, in.ID, c, in.Body)
}

// decide puts a command about a booking to the ledger. What it says, and about what, tells it from another with the
// same key.
func (s *Server) decide(ctx context.Context, who session, operation, key, target string, c planner.Command, said any) (*bookingAnswer, error) {
	answer, err := s.put(ctx, who, operation, key, target, c, said)
	return answer, s.asProblem(err)
}

// put is decide; what the ledger says of a refusal comes as it is.
func (s *Server) put(ctx context.Context, who session, operation, key, target string, c planner.Command, said any) (*bookingAnswer, error) {
	c.Exporter = who.Org
	c.ID = newName(who, operation+" "+target, key).of("cmd", "command")
	c.Digest = digestOf(said)
	// What a client that went away had begun is still finished.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commandWait)
	defer cancel()
	outcome, err := s.cfg.Decide(ctx, c)
	if err != nil {
		return nil, err
	}
	s.shows(ctx, func(m *model) bool {
		b := m.bookings[c.Booking]
		return b != nil && len(b.History) >= len(outcome.Booking.History)
	})
	answer := &bookingAnswer{}
	answer.Body.Booking, answer.Body.Status = c.Booking, outcome.Booking
	return answer, nil
}

// accept puts a request, or its withdrawal, on the ledger.
func (s *Server) accept(ctx context.Context, who session, n name, kind string, submitted *planner.RequestSubmitted, withdrawn string) error {
	now := s.cfg.Now().UTC()
	r := &planner.AcceptedRequest{ID: n.of("web", kind), Source: who.source(), Sequence: s.stamp.next(now), Submitted: submitted, Withdrawn: withdrawn}
	_, err := s.cfg.Decide(ctx, planner.Command{ID: r.ID, Kind: kind, Exporter: who.Org, Request: r})
	return s.asProblem(err)
}
