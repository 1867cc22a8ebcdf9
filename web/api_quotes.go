package web

import (
	"context"
	"net/http"
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

func (s *Server) apiQuotes(a huma.API) {
	operation(s, a, huma.Operation{OperationID: "quote", Method: http.MethodPost, Path: "/api/quotes", Tags: []string{"requests"},
		Summary: "What a request would cost, without asking for it",
		Description: "Each way is itemised to the last cost. A quote binds nobody: submit the request, and hold or confirm its match. " +
			"Where nothing takes the request, helps names changes with which something does.", Metadata: scoped(access.Read)},
		[]Role{Exporter}, s.quote)
}

func (s *Server) quote(ctx context.Context, who session, in *struct{ Body requestBody }) (*offersAnswer, error) {
	fact := in.Body.fact("quote", who.Org)
	if err := s.checkRequest(fact); err != nil {
		return nil, err
	}
	answer := &offersAnswer{}
	s.hub.look(func(m *model) {
		if m.plan != nil {
			answer.Body.PlanEpoch, answer.Body.PlanVersion = m.plan.Epoch, m.plan.Version
		}
	})
	answer.Body.AsOf = s.cfg.Now().UTC()
	quotes, err := s.cfg.Quote(ctx, fact.Request)
	if err != nil {
		return nil, err
	}
	within := false
	for i := range quotes {
		within = within || quotes[i].Cost+quotes[i].RoomPrice <= fact.Value
	}
	if !within {
		helps, err := s.cfg.Helps(ctx, fact.Request)
		if err != nil {
			return nil, err
		}
		answer.Body.Helps = helps
	}
	s.hub.look(func(m *model) {
		seen := m.punctuality(s.cfg.Now())
		for i := range quotes {
			quotes[i].OnTime = seen.of(m, &quotes[i], fact.Due)
		}
	})
	answer.Body.Quotes, answer.Body.Helps = list(quotes), list(answer.Body.Helps)
	return answer, nil
}
