package web

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"haihe/planner"
)

type closeInput struct {
	ID   string `path:"id" minLength:"1" maxLength:"200" doc:"Id, percent-encoded"`
	Body struct {
		Reason string     `json:"reason,omitempty" maxLength:"500" doc:"Everybody reads it"`
		From   *time.Time `json:"from,omitempty" doc:"Left out: now, or as before where it is shut already"`
		Until  *time.Time `json:"until,omitempty" doc:"Left out: until it is reopened"`
	}
}

func (s *Server) apiPassages(a huma.API) {
	commission := []Role{Commission}
	operation(s, a, huma.Operation{OperationID: "passages", Method: http.MethodGet, Path: "/api/passages", Tags: []string{"passages"},
		Summary: "Straits and canals, and which of them are shut"}, everybody,
		func(context.Context, session, *nothing) (*body[[]passageView], error) {
			var list []passageView
			s.hub.look(func(m *model) {
				for _, p := range planner.Passages() {
					status := m.passages[p.ID]
					if status == nil {
						status = &planner.PassageStatus{Passage: p}
					}
					list = append(list, viewPassage(status))
				}
			})
			return &body[[]passageView]{list}, nil
		})
	operation(s, a, huma.Operation{OperationID: "close-passage", Method: http.MethodPost, Path: "/api/passages/{id}/close", Tags: []string{"passages"},
		Summary: "Shut a strait or canal to ships, or say anew why and until when",
		Description: "Ships that would find it shut sail around: they arrive later by the extra way at the speed of their timetable, and so do " +
			"the later legs of their voyages. Departures with no way left do not run.",
		DefaultStatus: http.StatusNoContent, Errors: []int{404}}, commission, s.closePassage)
	operation(s, a, huma.Operation{OperationID: "reopen-passage", Method: http.MethodPost, Path: "/api/passages/{id}/reopen", Tags: []string{"passages"},
		Summary: "Open a strait or canal to ships again", DefaultStatus: http.StatusNoContent, Errors: []int{404}}, commission,
		func(ctx context.Context, who session, in *named) (*nothing, error) {
			return s.changePassage(ctx, who, in.ID, &planner.PassageReopened{Passage: in.ID})
		})
}

func (s *Server) closePassage(ctx context.Context, who session, in *closeInput) (*nothing, error) {
	b := &in.Body
	fact := &planner.PassageClosed{Passage: in.ID, Reason: b.Reason, From: utc(b.From), Until: utc(b.Until)}
	if now := s.cfg.Now(); fact.Until != nil && !fact.Until.After(now) {
		return nil, wrongField("body.until", "must be in the future; to open the passage now, reopen it", b.Until)
	}
	if fact.From == nil { // ships that have turned stay turned
		s.hub.look(func(m *model) {
			if p := m.passages[in.ID]; p != nil && p.Closed {
				fact.From = p.Since
			}
		})
	}
	return s.changePassage(ctx, who, in.ID, fact)
}

func utc(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	u := t.UTC()
	return &u
}

func (s *Server) changePassage(ctx context.Context, who session, id string, fact planner.Fact) (*nothing, error) {
	if !slices.ContainsFunc(planner.Passages(), func(p planner.Passage) bool { return p.ID == id }) {
		return nil, huma.Error404NotFound("there is no such strait or canal; GET /api/passages lists those there are")
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commandWait)
	defer cancel()
	if err := s.submit(ctx, who, newName(who, "", ""), fact); err != nil {
		return nil, err
	}
	_, shut := fact.(*planner.PassageClosed)
	s.shows(ctx, func(m *model) bool { return m.passages[id] != nil && m.passages[id].Closed == shut })
	return nil, nil
}
