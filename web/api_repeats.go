package web

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"haihe/planner"
)

// repeatView is a rule by which a request is asked again and again. It stands in the newest request of its series.
type repeatView struct {
	Request   string     `json:"request" doc:"Id of the newest request that was made by it; the rule is changed by that"`
	Every     string     `json:"every" enum:"week,month"`
	Paused    bool       `json:"paused"`
	Made      int        `json:"made" doc:"Requests so far, with the first"`
	Goods     string     `json:"goods,omitempty"`
	Market    string     `json:"market"`
	VolumeM3  float64    `json:"volume_m3"`
	Asked     time.Time  `json:"asked" doc:"When the newest was submitted"`
	NextReady *time.Time `json:"next_ready,omitempty" doc:"When the next is ready; left out while the rule is paused"`
	NextAsked *time.Time `json:"next_asked,omitempty" doc:"When the next is submitted, or was to be: then it is about to"`
}

type repeatInput struct {
	ID   string `path:"id" minLength:"1" maxLength:"200" doc:"Id of the newest request of the series, percent-encoded"`
	Body repeatBody
}

func (s *Server) apiRepeats(a huma.API) {
	exporters := []Role{Exporter}
	operation(s, a, huma.Operation{OperationID: "list-repeats", Method: http.MethodGet, Path: "/api/repeats", Tags: []string{"requests"},
		Summary: "Your rules by which requests are asked again, the next first"}, exporters,
		func(_ context.Context, who session, _ *nothing) (*body[[]repeatView], error) {
			return &body[[]repeatView]{s.repeats(who)}, nil
		})
	operation(s, a, huma.Operation{OperationID: "set-repeat", Method: http.MethodPut, Path: "/api/requests/{id}/repeat", Tags: []string{"requests"},
		Summary: "Say how often a request of yours is asked again, or pause that", Description: "Whatever is booked of the request stays as it is.",
		DefaultStatus: http.StatusNoContent, Errors: []int{404, 409}}, exporters,
		func(ctx context.Context, who session, in *repeatInput) (*nothing, error) {
			return nil, s.setRepeat(ctx, who, in.ID, &planner.Repeat{Every: in.Body.Every, Paused: in.Body.Paused})
		})
	operation(s, a, huma.Operation{OperationID: "end-repeat", Method: http.MethodDelete, Path: "/api/requests/{id}/repeat", Tags: []string{"requests"},
		Summary: "End the rule of a request of yours", Description: "The request itself, and those made before it, stay.",
		DefaultStatus: http.StatusNoContent, Errors: []int{404, 409}}, exporters,
		func(ctx context.Context, who session, in *named) (*nothing, error) {
			return nil, s.setRepeat(ctx, who, in.ID, nil)
		})
}

// repeats lists the rules of an exporter that go on or are paused.
func (s *Server) repeats(who session) []repeatView {
	found := []repeatView{}
	now := s.cfg.Now()
	s.hub.look(func(m *model) {
		newest := map[string]*planner.RequestStatus{}
		for id, r := range m.requests {
			if r.Repeat == nil || !s.hub.visible(kindRequest, id, who.viewer()) {
				continue
			}
			series := r.Repeat.SeriesOf(id)
			if had := newest[series]; had == nil || had.Repeat.N < r.Repeat.N {
				newest[series] = r
			}
		}
		for series, r := range newest {
			if r.Withdrawn || m.requests[r.Repeat.NextID(r.ID)] != nil {
				continue // ended by the newest, or by the one after it, which has no rule any more
			}
			v := repeatView{Request: r.ID, Every: r.Repeat.Every, Paused: r.Repeat.Paused, Made: r.Repeat.N + 1, Goods: r.Goods,
				Market: r.Market, VolumeM3: r.VolumeM3, Asked: r.SubmittedAt}
			if !v.Paused {
				first := r
				if f := m.requests[series]; f != nil {
					first = f
				}
				ready := r.Repeat.Next(r.Ready, first.Ready, now)
				asked := ready.Add(-planner.RepeatAhead)
				v.NextReady, v.NextAsked = &ready, &asked
			}
			found = append(found, v)
		}
	})
	slices.SortFunc(found, func(a, b repeatView) int {
		switch {
		case a.NextReady != nil && b.NextReady != nil && !a.NextReady.Equal(*b.NextReady):
			return a.NextReady.Compare(*b.NextReady)
		case (a.NextReady == nil) != (b.NextReady == nil): // what is paused comes last
			if a.NextReady == nil {
				return 1
			}
			return -1
		}
		return cmp.Compare(a.Request, b.Request)
	})
	return found
}

// setRepeat gives a request another rule, or none. Said twice it changes nothing more.
func (s *Server) setRepeat(ctx context.Context, who session, id string, rule *planner.Repeat) error {
	before, err := s.ownRequest(who, id)
	if err != nil {
		return err
	}
	if before.Repeat != nil {
		if rule != nil {
			rule.Series, rule.N = before.Repeat.Series, before.Repeat.N
		}
		next := false
		s.hub.look(func(m *model) { next = m.requests[before.Repeat.NextID(id)] != nil })
		if next && !sameJSON(before.Repeat, rule) {
			return coded("not_newest", huma.Error409Conflict("a later request of the series carries its rule by now; change it there. GET /api/repeats names it"))
		}
	}
	switch {
	case sameJSON(before.Repeat, rule):
		return nil // it is so already
	case before.Withdrawn:
		return coded("request_withdrawn", huma.Error409Conflict("the request was withdrawn; submit a new one"))
	}
	return s.amend(ctx, who, &before, &planner.RequestSubmitted{Goods: before.Goods, HSCode: before.HSCode, Repeat: rule, Request: before.Request})
}
