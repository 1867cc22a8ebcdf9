package web

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"haihe/planner"
	"haihe/planner/access"
)

type quotesAnswer struct {
	Body struct {
		Quotes []Quote `json:"quotes" doc:"Cheapest first; none: nothing takes it"`
	}
}

type offersAnswer struct {
	Body struct {
		Quotes      []Quote              `json:"quotes" doc:"Ways worth comparing, cheapest first; none: nothing takes it"`
		Helps       []planner.Relaxation `json:"helps" doc:"Changes that would give a way, each tried; only where there is none, or none within the value"`
		PlanEpoch   uint64               `json:"plan_epoch"`
		PlanVersion uint64               `json:"plan_version" doc:"Of the plan whose prices these are; the next may have others"`
		AsOf        time.Time            `json:"as_of"`
	}
}

// quoteInput is a quote that somebody takes.
type quoteInput struct {
	Key  string `header:"Idempotency-Key" maxLength:"200" doc:"Any text of your own; the same command sent again with the same key happens once, and is answered alike"`
	Body quoteBody
}

type quoteBody struct {
	Quote   string       `json:"quote" minLength:"1" maxLength:"4096" doc:"Id of the quote"`
	Status  string       `json:"status,omitempty" enum:"QUOTED,HELD,CONFIRMED" default:"HELD" doc:"HELD keeps the room for a time; CONFIRMED books at once; QUOTED keeps the cost for longer, and no room"`
	Request *requestBody `json:"request,omitempty" doc:"What was quoted, to the letter but for repeat; it is submitted with the booking, or neither is. Left out for a quote of a request that is there"`
}

// offer is what the id of a quote says: whose it is, of what, and which way at which cost.
type offer struct {
	Request    string    `json:"request,omitempty"` // that is there
	Digest     string    `json:"digest,omitempty"`  // of one that is not
	Fraction   float64   `json:"fraction"`
	Departures []string  `json:"departures"`
	Gateway    string    `json:"gateway"`
	Warehouse  string    `json:"warehouse"`
	Arrive     time.Time `json:"arrive"`
	Cost       float64   `json:"cost"`
}

// quoteRefused says why a quote cannot be taken any more, and what can instead.
type quoteRefused struct {
	huma.ErrorModel
	Changed *planner.Obstacle `json:"changed,omitempty"`
	Quotes  []Quote           `json:"quotes"`
}

func (s *Server) apiQuotes(a huma.API) {
	operation(s, a, huma.Operation{OperationID: "quote", Method: http.MethodPost, Path: "/api/quotes", Tags: []string{"requests"},
		Summary: "What a request would cost, without asking for it",
		Description: "Each way is itemised to the last cost. A quote binds nobody until it is taken: POST its id to /api/bookings. " +
			"Where nothing takes the request, helps names changes with which something does.", Metadata: scoped(access.Read)},
		[]Role{Exporter}, s.quote)
	operation(s, a, huma.Operation{OperationID: "quote-request", Method: http.MethodGet, Path: "/api/requests/{id}/quotes", Tags: []string{"requests"},
		Summary: "Ways for what is not yet booked of a request of yours", Errors: []int{404}}, []Role{Exporter}, s.quoteRequest)
	operation(s, a, huma.Operation{OperationID: "take-quote", Method: http.MethodPost, Path: "/api/bookings", Tags: []string{"bookings"},
		Summary: "Hold or book the way of a quote, at its cost",
		Description: "Just that way, whatever the plan matches. If it cannot be had any more the answer is 409 and names what changed and the ways " +
			"that there are now, the cheapest first; then nothing is booked, and no request submitted.",
		DefaultStatus: http.StatusCreated, Errors: []int{404, 409}}, []Role{Exporter}, s.takeQuote)
}

func (s *Server) quote(ctx context.Context, who session, in *struct{ Body requestBody }) (*offersAnswer, error) {
	fact := in.Body.fact("quote", who.Org)
	if err := s.checkRequest(fact); err != nil {
		return nil, err
	}
	return s.offers(ctx, who, &fact.Request, offer{Digest: in.Body.digest(), Fraction: 1})
}

func (s *Server) quoteRequest(ctx context.Context, who session, in *named) (*offersAnswer, error) {
	r, err := s.ownRequest(who, in.ID)
	if err != nil {
		return nil, err
	}
	left := 1 - r.BookedShare
	if r.Withdrawn || left < 1e-9 {
		return nil, huma.Error409Conflict("the request is withdrawn, or booked already")
	}
	r.VolumeM3, r.WeightKg, r.Value = r.VolumeM3*left, r.WeightKg*left, r.Value*left
	return s.offers(ctx, who, &r.Request, offer{Request: in.ID, Fraction: left})
}

// offers quotes a request and gives ids to the quotes that can be taken.
func (s *Server) offers(ctx context.Context, who session, r *planner.Request, of offer) (*offersAnswer, error) {
	answer := &offersAnswer{}
	s.hub.look(func(m *model) {
		if m.plan != nil {
			answer.Body.PlanEpoch, answer.Body.PlanVersion = m.plan.Epoch, m.plan.Version
		}
	})
	answer.Body.AsOf = s.cfg.Now().UTC()
	quotes, err := s.cfg.Quote(ctx, *r)
	if err != nil {
		return nil, err
	}
	within := false
	for i := range quotes {
		within = within || quotes[i].Cost+quotes[i].RoomPrice <= r.Value
	}
	if !within {
		helps, err := s.cfg.Helps(ctx, *r)
		if err != nil {
			return nil, err
		}
		answer.Body.Helps = helps
	}
	s.hub.look(func(m *model) {
		seen := m.punctuality(s.cfg.Now())
		for i := range quotes {
			quotes[i].OnTime = seen.of(m, &quotes[i], r.Due)
		}
	})
	for i := range quotes {
		s.name(&quotes[i], who, of)
	}
	answer.Body.Quotes, answer.Body.Helps = list(quotes), list(answer.Body.Helps)
	return answer, nil
}

// name gives a quote its id, if all of it can go its way.
func (s *Server) name(q *Quote, who session, of offer) {
	if q.Share < 1 {
		return
	}
	now := s.cfg.Now()
	ends := now.Add(s.cfg.OfferFor).Truncate(time.Second).UTC()
	of.Departures, of.Gateway, of.Warehouse, of.Arrive, of.Cost = q.Departures, q.Gateway, q.Warehouse, q.Arrive.UTC(), q.Cost
	id := sign(s.cfg.Secret, claims{Use: useQuote, Role: who.Role, Org: who.Org, Made: now.Unix(), Ends: ends.Unix(), Offer: &of})
	if len(id) <= maxTokenBytes {
		q.ID, q.Expires = id, &ends
	}
}

func (s *Server) takeQuote(ctx context.Context, who session, in *quoteInput) (*bookingAnswer, error) {
	const operation = "take-quote"
	c, err := readToken(s.cfg.Secret, in.Body.Quote, useQuote)
	if err != nil || c.Role != who.Role || c.Org != who.Org || c.Offer == nil {
		return nil, wrongField("body.quote", "is no quote of yours", nil)
	}
	status := in.Body.Status
	if status == "" {
		status = planner.BookingHeld
	}
	n := newName(who, operation, in.Key)
	command := planner.Command{Kind: statusEntries[status], Booking: n.of("bk", "booking"), Exact: true}
	var r planner.Request
	switch o := c.Offer; {
	case (in.Body.Request != nil) != (o.Request == ""):
		return nil, wrongField("body.request", "must be what was quoted, and left out where that is a request that is there", nil)
	case in.Body.Request == nil:
		own, err := s.ownRequest(who, o.Request)
		if err != nil {
			return nil, err
		}
		r = own.Request
	case in.Body.Request.digest() != o.Digest:
		return nil, wrongField("body.request", "is not what was quoted; quote it again", nil)
	default:
		fact := in.Body.Request.fact(n.of("rq", "request"), who.Org)
		if err := s.checkRequest(fact); err != nil {
			return nil, err
		}
		command.Request = &planner.AcceptedRequest{ID: n.of("web", planner.EntryRequestAccepted), Source: who.source(),
			Sequence: s.stamp.next(s.cfg.Now().UTC()), Submitted: fact}
		r = fact.Request
	}
	o := c.Offer
	command.Terms = &planner.BookingConfirmed{Booking: command.Booking, Request: r.ID, Exporter: who.Org, VolumeM3: r.VolumeM3, WeightKg: r.WeightKg,
		StorageDays: r.StorageDays, Drawdown: r.Drawdown, Parts: []planner.Assignment{{Request: r.ID, Fraction: o.Fraction, Departures: o.Departures,
			Gateway: o.Gateway, Warehouse: o.Warehouse, Arrive: o.Arrive, Cost: o.Cost}}}
	known := false // a command sent again is answered as it was, be the quote run out by now
	s.hub.look(func(m *model) { known = m.bookings[command.Booking] != nil })
	if known || c.goodAt(s.cfg.Now()) {
		answer, err := s.put(ctx, who, operation, in.Key, "", command, in.Body)
		if !errors.Is(err, planner.ErrNoRoom) {
			return answer, err
		}
		return nil, s.otherQuotes(ctx, who, err, &r, o)
	}
	return nil, s.otherQuotes(ctx, who, fmt.Errorf("%w at %s", planner.ErrLapsed, time.Unix(c.Ends, 0).UTC().Format(time.RFC3339)), &r, o)
}

// otherQuotes refuses a quote: it says why, and quotes anew.
func (s *Server) otherQuotes(ctx context.Context, who session, why error, r *planner.Request, o *offer) error {
	refused := &quoteRefused{ErrorModel: huma.ErrorModel{Title: http.StatusText(http.StatusConflict), Status: http.StatusConflict, Detail: why.Error()}}
	errors.As(why, &refused.Changed)
	again := *r
	again.VolumeM3, again.WeightKg, again.Value = r.VolumeM3*o.Fraction, r.WeightKg*o.Fraction, r.Value*o.Fraction
	quotes, err := s.offers(ctx, who, &again, offer{Request: o.Request, Digest: o.Digest, Fraction: o.Fraction})
	if err != nil {
		return why
	}
	// The plan whose prices these are may not know yet what the ledger does: the way that was refused is none.
	for _, q := range quotes.Body.Quotes {
		if q.ID != "" && (refused.Changed == nil || !slices.Equal(q.Departures, o.Departures) || q.Warehouse != o.Warehouse || q.Arrive.After(o.Arrive)) {
			refused.Quotes = append(refused.Quotes, q)
		}
	}
	refused.Quotes = list(refused.Quotes)
	return refused
}

// digest names what is quoted; how often it is asked for is no part of that.
func (b requestBody) digest() string {
	b.Repeat = nil
	return digestOf(b)
}

func digestOf(said any) string {
	sum := sha256.Sum256(encode(said))
	return hex.EncodeToString(sum[:16])
}
