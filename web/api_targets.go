package web

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"haihe/planner/targets"
)

type targetInput struct {
	ID string `path:"id" enum:"firms,area_m2,turned_public,public_use"`
}

type targetsView struct {
	Due     string           `json:"due" doc:"When they are to be met, a date"`
	Targets []targets.Target `json:"targets"`
}

func (s *Server) apiTargets(a huma.API) {
	if s.cfg.Targets == nil {
		return
	}
	commission := []Role{Commission}
	operation(s, a, huma.Operation{OperationID: "targets", Method: http.MethodGet, Path: "/api/targets", Tags: []string{"targets"},
		Summary: "The way to the city's targets for overseas warehouses, with the trend of each figure"}, commission,
		func(context.Context, session, *nothing) (*body[targetsView], error) {
			return &body[targetsView]{targetsView{"2027-12-31", s.cfg.Targets.Board(s.cfg.Now())}}, nil
		})
	operation(s, a, huma.Operation{OperationID: "target-sources", Method: http.MethodGet, Path: "/api/targets/{id}", Tags: []string{"targets"},
		Summary: "The events behind a figure, the largest contribution first", Errors: []int{404}}, commission,
		func(_ context.Context, _ session, in *targetInput) (*body[[]targets.Source], error) {
			list, ok := s.cfg.Targets.Sources(in.ID, s.cfg.Now())
			if !ok {
				return nil, huma.Error404NotFound("there is no such target; GET /api/targets lists them")
			}
			return &body[[]targets.Source]{list}, nil
		})
}
