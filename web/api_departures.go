package web

import (
	"context"
	"hash/fnv"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"haihe/planner"
	"haihe/planner/history"
)

type rateBody struct {
	Per     string  `json:"per" enum:"m3,kg" doc:"m3: revenue tons, the larger of m3 and kg/kg_per_m3; kg: chargeable weight, the larger of kg and m3 × kg_per_m3"`
	Amount  float64 `json:"amount" minimum:"0" maximum:"1e9"`
	KgPerM3 float64 `json:"kg_per_m3" exclusiveMinimum:"0" maximum:"1e6"`
}

func (r rateBody) rate() planner.Rate { return planner.Rate(r) }

type departureBody struct {
	Mode       string    `json:"mode" enum:"sea,air,rail,road,post"`
	Voyage     string    `json:"voyage,omitempty" maxLength:"100" doc:"Consecutive legs of one voyage keep cargo aboard"`
	Vessel     string    `json:"vessel,omitempty" maxLength:"200" doc:"Ship, or flight number and aircraft"`
	From       string    `json:"from" minLength:"1" maxLength:"200" example:"CNTXG"`
	To         string    `json:"to" minLength:"1" maxLength:"200" example:"USLAX"`
	Cutoff     time.Time `json:"cutoff" doc:"Cargo must be there by then"`
	Depart     time.Time `json:"depart"`
	Arrive     time.Time `json:"arrive"`
	CapacityM3 float64   `json:"capacity_m3" minimum:"0" maximum:"1e9"`
	CapacityKg float64   `json:"capacity_kg" minimum:"0" maximum:"1e12"`
	Rate       rateBody  `json:"rate"`
	CO2eKgPerT *float64  `json:"co2e_kg_per_t,omitempty" minimum:"0" maximum:"1e6" doc:"Well to wheel, per tonne carried over the leg; left out: estimated by mode, class and distance"`
	CO2eClass  string    `json:"co2e_class,omitempty" maxLength:"50" example:"container-8000" doc:"Class of ship or aircraft for that estimate; one that does not exist names all"`
	Classes    []string  `json:"classes" minItems:"1" maxItems:"50" nullable:"false" doc:"Classes of cargo that it takes"`
}

type departureInput struct {
	Key  string `header:"Idempotency-Key" maxLength:"200" doc:"Any text of your own; the same command sent twice with the same key happens once"`
	Body departureBody
}

type departurePatch struct {
	DelayHours *float64  `json:"delay_hours,omitempty" minimum:"-744" maximum:"744" doc:"How much later than planned, for this leg and those after it, beside what shut passages cost; 0 takes a delay back"`
	Cancelled  *bool     `json:"cancelled,omitempty" doc:"false: runs again"`
	Reason     string    `json:"reason,omitempty" maxLength:"500" doc:"Of the delay or the cancellation"`
	CapacityM3 *float64  `json:"capacity_m3,omitempty" minimum:"0" maximum:"1e9" dependentRequired:"capacity_kg"`
	CapacityKg *float64  `json:"capacity_kg,omitempty" minimum:"0" maximum:"1e12" dependentRequired:"capacity_m3"`
	Rate       *rateBody `json:"rate,omitempty"`
}

func (s *Server) apiDepartures(a huma.API) {
	firms := []Role{Firm}
	operation(s, a, huma.Operation{OperationID: "publish-departure", Method: http.MethodPost, Path: "/api/departures", Tags: []string{"departures"},
		Summary: "Publish a sailing, a flight or a train", DefaultStatus: http.StatusCreated}, firms, s.publishDeparture)
	operation(s, a, huma.Operation{OperationID: "change-departure", Method: http.MethodPatch, Path: "/api/departures/{id}", Tags: []string{"departures"},
		Summary: "Delay, cancel or reinstate a departure of yours, or change its room or rate", DefaultStatus: http.StatusNoContent, Errors: []int{404, 412}},
		firms, s.changeDeparture)
	if s.cfg.Departed == nil {
		return
	}
	operation(s, a, huma.Operation{OperationID: "departure-history", Method: http.MethodGet, Path: "/api/departures/{id}/history", Tags: []string{"departures"},
		Summary: "What happened to a departure, oldest first", Errors: []int{404},
		Description: "From the log: up to 64 events, until two months after its arrival. Rates are told to its carrier and to exporters."}, everybody,
		func(_ context.Context, who session, in *named) (*body[[]history.Entry], error) {
			var d *planner.DepartureStatus
			s.hub.look(func(m *model) { d = m.departures[in.ID] })
			if d == nil {
				return nil, huma.Error404NotFound("there is no such departure")
			}
			return &body[[]history.Entry]{viewHistory(who.viewer(), d.Carrier, s.cfg.Departed.Of(in.ID))}, nil
		})
}

func (s *Server) publishDeparture(ctx context.Context, who session, in *departureInput) (*made, error) {
	const operation = "publish-departure"
	n := newName(who, operation, in.Key)
	b := &in.Body
	fact := &planner.DepartureScheduled{Vessel: b.Vessel, Departure: planner.Departure{ID: n.ownID(who.Org), Mode: b.Mode,
		Carrier: who.Org, Voyage: b.Voyage, From: b.From, To: b.To, Cutoff: b.Cutoff.UTC(), Depart: b.Depart.UTC(),
		Arrive: b.Arrive.UTC(), CapacityM3: b.CapacityM3, CapacityKg: b.CapacityKg, Rate: b.Rate.rate(), Classes: b.Classes}}
	return once(ctx, s, who, operation, in.Key, in.Body, func(ctx context.Context) (*made, error) {
		var before *planner.DepartureStatus
		var from, to planner.Place
		s.hub.look(func(m *model) {
			before, from, to = m.departures[fact.ID], m.places[b.From], m.places[b.To]
			if b.Voyage != "" && !m.ownsVoyage(who.Org, b.Voyage) {
				fact.Voyage = who.Org + "/" + b.Voyage
			}
		})
		if before != nil {
			if before.Mode != fact.Mode || before.From != fact.From || before.To != fact.To || !before.PlannedDepart.Equal(fact.Depart) {
				return nil, otherBody()
			}
			return madeID(fact.ID), nil
		}
		if err := fact.Validate(); err != nil {
			return nil, s.asProblem(err)
		}
		if from.ID == "" {
			return nil, s.knownPlace("body.from", b.From)
		}
		if to.ID == "" {
			return nil, s.knownPlace("body.to", b.To)
		}
		co2e, err := s.co2e(b, from, to)
		if err != nil {
			return nil, err
		}
		fact.CO2eKgPerT = co2e
		if err := s.submit(ctx, who, n, fact); err != nil {
			return nil, err
		}
		s.shows(ctx, func(m *model) bool { return m.departures[fact.ID] != nil })
		return madeID(fact.ID), nil
	})
}

// ownsVoyage reports whether a voyage is a carrier's already. Nobody joins another's voyage: its cargo would stay
// aboard, and its delays would be theirs.
func (m *model) ownsVoyage(carrier, voyage string) bool {
	owns := false
	for _, d := range m.departures {
		if d.Voyage == voyage {
			if d.Carrier != carrier {
				return false
			}
			owns = true
		}
	}
	return owns
}

func (s *Server) co2e(b *departureBody, from, to planner.Place) (float64, error) {
	switch {
	case b.CO2eKgPerT != nil:
		return *b.CO2eKgPerT, nil
	case s.cfg.CO2e == nil || s.cfg.Route == nil:
		return 0, nil
	}
	kg, err := s.cfg.CO2e(b.Mode, b.CO2eClass, s.cfg.Route(from, to, b.Mode).Km)
	if err != nil {
		return 0, wrongField("body.co2e_class", strings.TrimPrefix(err.Error(), "planner: "), b.CO2eClass)
	}
	return kg, nil
}

type departureChange struct {
	ID   string `path:"id" minLength:"1" maxLength:"200" doc:"Id, percent-encoded"`
	If   string `header:"If-Match" maxLength:"100" doc:"The revision of the departure that the change was made from, in quotes. If it has another by now, nothing changes. Left out: change it whatever it is"`
	Body departurePatch
}

func tooManyWithdrawals() error {
	return coded("withdrawn", huma.ErrorWithHeaders(huma.Error429TooManyRequests("your organisation has taken back as much room as it may in a day; ask the operator if there is a reason"),
		http.Header{"Retry-After": {"3600"}}))
}

func (s *Server) changeDeparture(ctx context.Context, who session, in *departureChange) (*nothing, error) {
	var status *planner.DepartureStatus
	seen := false
	s.hub.look(func(m *model) {
		status, seen = m.departures[in.ID], s.hub.visible(kindDeparture, in.ID, who.viewer())
	})
	switch {
	case status == nil || !seen:
		return nil, huma.Error404NotFound("there is no such departure")
	case status.Carrier != who.Org: // no secret: who sees it knows that it is another's
		return nil, huma.Error403Forbidden("this departure is another firm's")
	}
	var facts []planner.Fact
	p := &in.Body
	if p.DelayHours != nil {
		facts = append(facts, &planner.DepartureDelayed{Departure: in.ID, Mode: status.Mode, DelayHours: *p.DelayHours, Reason: p.Reason})
	}
	if p.Cancelled != nil && *p.Cancelled {
		facts = append(facts, &planner.DepartureCancelled{Departure: in.ID, Mode: status.Mode, Reason: p.Reason})
	}
	if p.Cancelled != nil && !*p.Cancelled {
		facts = append(facts, &planner.DepartureReinstated{Departure: in.ID, Mode: status.Mode})
	}
	if p.CapacityM3 != nil && p.CapacityKg != nil {
		facts = append(facts, &planner.DepartureCapacityChanged{Departure: in.ID, Mode: status.Mode, CapacityM3: *p.CapacityM3, CapacityKg: *p.CapacityKg})
	}
	if p.Rate != nil {
		facts = append(facts, &planner.DepartureRateChanged{Departure: in.ID, Mode: status.Mode, Rate: p.Rate.rate()})
	}
	if len(facts) == 0 {
		return nil, wrongField("body", "nothing to change; give delay_hours, cancelled, capacity_m3 with capacity_kg, or rate", nil)
	}
	cuts := p.CapacityM3 != nil && *p.CapacityM3 < status.CapacityM3 || p.CapacityKg != nil && *p.CapacityKg < status.CapacityKg
	if (cuts || p.Cancelled != nil && *p.Cancelled && !status.Cancelled) && !s.limits.room(who.org()) {
		return nil, tooManyWithdrawals()
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commandWait)
	defer cancel()
	if in.If == "" || in.If == "*" {
		return nil, s.submit(ctx, who, newName(who, "", ""), facts...)
	}
	// One after another, so that of two changes made from one revision the second is told.
	s.changing.Lock()
	defer s.changing.Unlock()
	s.hub.look(func(m *model) { status = m.departures[in.ID] })
	before := revisionOf(status)
	if err := matches(in.If, before, "departure"); err != nil {
		return nil, err
	}
	if err := s.submit(ctx, who, newName(who, "", ""), facts...); err != nil {
		return nil, err
	}
	s.shows(ctx, func(m *model) bool { return revisionOf(m.departures[in.ID]) != before })
	return nil, nil
}

// revisionOf names what the carrier of a departure says of it: two that are alike have the same. What shut passages do to it
// is no part of that.
func revisionOf(d *planner.DepartureStatus) string {
	return fingerprint(d.PlannedCutoff, d.PlannedDepart, d.PlannedArrive, d.Vessel, d.Voyage, d.CapacityM3, d.CapacityKg, d.Rate,
		d.DelayHours, d.DelayReason, d.Cancelled, d.CancelReason)
}

// fingerprint is a short name of what is said.
func fingerprint(said ...any) string {
	h := fnv.New64a()
	h.Write(encode(said))
	return strconv.FormatUint(h.Sum64(), 36)
}
