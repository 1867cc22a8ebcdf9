package web

import (
	"context"
	"encoding/json"
	"io/fs"
	"net/http"
	"path"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"haihe/planner/access"
)

// raw is an answer that is JSON already.
type rawJSON struct {
	ContentType string `header:"Content-Type"`
	Body        []byte `contentType:"application/json"`
}

func jsonBody(b []byte) *rawJSON { return &rawJSON{"application/json", b} }

type meView struct {
	Role   Role           `json:"role" enum:"firm,exporter,commission,operator"`
	Org    string         `json:"org" doc:"What stands in carrier, operator or exporter of what is yours"`
	Name   string         `json:"name"`
	User   string         `json:"user"`
	Level  access.Level   `json:"level,omitempty" enum:"reader,editor,admin"`
	Scopes []access.Scope `json:"scopes"`
}

type body[T any] struct {
	Body T
}

// apiState registers what tells how things stand.
func (s *Server) apiState(a huma.API, mux *http.ServeMux) {
	huma.Register(a, huma.Operation{OperationID: "health", Method: http.MethodGet, Path: "/api/health", Tags: []string{"state"},
		Summary: "How the service is", Description: "200 when commands are taken, else 503 with the same body. Needs no session."},
		func(context.Context, *nothing) (*healthAnswer, error) {
			h := s.cfg.Health()
			h.Epoch = s.hub.epoch
			if h.Version == "" {
				h.Version = s.cfg.Version
			}
			answer := &healthAnswer{Status: http.StatusOK, CacheControl: "no-store", Body: h}
			if !h.Ready {
				answer.Status = http.StatusServiceUnavailable
			}
			return answer, nil
		})
	operation(s, a, huma.Operation{OperationID: "me", Method: http.MethodGet, Path: "/api/me", Tags: []string{"session"},
		Summary: "Who is signed in"}, append([]Role{Operator}, everybody...),
		func(_ context.Context, who session, _ *nothing) (*body[meView], error) {
			return &body[meView]{meView{who.Role, who.Org, who.Name, who.user, who.level, list(who.scopes)}}, nil
		})
	operation(s, a, huma.Operation{OperationID: "sign-out", Method: http.MethodPost, Path: "/api/signout", Tags: []string{"session"},
		Summary: "End the session of this browser", DefaultStatus: http.StatusNoContent, Errors: []int{409}, Metadata: scoped(access.Read)}, everybody, s.signOut)
	operation(s, a, huma.Operation{OperationID: "live-ticket", Method: http.MethodPost, Path: "/api/live/ticket", Tags: []string{"session"},
		Summary:     "A ticket that opens the websocket once, within 30 s",
		Description: "For clients that cannot send the Authorization header with a websocket: /api/live?ticket=TICKET.", Metadata: scoped(access.Read)},
		everybody, s.ticket)
	operation(s, a, huma.Operation{OperationID: "snapshot", Method: http.MethodGet, Path: "/api/snapshot", Tags: []string{"state"},
		Summary:     "All that the session may see",
		Description: "The members of the websocket's snapshot and of its positions, described in /api/asyncapi.yaml."}, everybody,
		func(_ context.Context, who session, _ *nothing) (*rawJSON, error) {
			return jsonBody(s.hub.snapshot(who.viewer())), nil
		})
	operation(s, a, huma.Operation{OperationID: "occupancy", Method: http.MethodGet, Path: "/api/occupancy", Tags: []string{"plan"},
		Summary:     "What stands in warehouses day by day of the plan's horizon",
		Description: "By the plan and by bookings. A firm sees its own warehouses; the commission all and their sum, but for days that fewer than three owners make up; a day is shown anew once three owners' parts of it have changed."},
		[]Role{Firm, Commission},
		func(_ context.Context, who session, _ *nothing) (*body[occupancyView], error) {
			var view occupancyView
			s.hub.change(func(m *model) { view = m.viewOccupancy(who.viewer()) })
			return &body[occupancyView]{view}, nil
		})
	operation(s, a, huma.Operation{OperationID: "problem", Method: http.MethodGet, Path: "/api/problem", Tags: []string{"plan"},
		Summary: "The problem of the current plan, haihe.problem/1", Errors: []int{404}}, []Role{Operator},
		func(ctx context.Context, _ session, _ *nothing) (*rawJSON, error) {
			p, err := s.cfg.Problem(ctx)
			if err == nil && p == nil {
				err = huma.Error404NotFound("nothing has been planned yet")
			}
			return encoded(p, err)
		})
	operation(s, a, huma.Operation{OperationID: "plan", Method: http.MethodGet, Path: "/api/plan", Tags: []string{"plan"},
		Summary: "The current plan with its certificate, haihe.plan/1", Errors: []int{404}}, []Role{Operator},
		func(ctx context.Context, _ session, _ *nothing) (*rawJSON, error) {
			p, err := s.cfg.Plan(ctx)
			if err == nil && p == nil {
				err = huma.Error404NotFound("nothing has been planned yet")
			}
			return encoded(p, err)
		})
	operation(s, a, huma.Operation{OperationID: "state", Method: http.MethodGet, Path: "/api/state", Tags: []string{"state"},
		Summary:     "A digest of the state",
		Description: "A replay of the log up to the offsets gives the same digest.", Errors: []int{404}}, []Role{Operator, Commission},
		func(ctx context.Context, _ session, _ *nothing) (*body[stateView], error) {
			if s.cfg.Digest == nil {
				return nil, huma.Error404NotFound("this service gives no digest")
			}
			offsets, digest, err := s.cfg.Digest(ctx)
			if err != nil {
				return nil, err
			}
			return &body[stateView]{stateView{digest, offsets}}, nil
		})
	operation(s, a, huma.Operation{OperationID: "dead-letters", Method: http.MethodGet, Path: "/api/dead-letters", Tags: []string{"state"},
		Summary:     "Records that were refused, newest first",
		Description: "A firm sees those that name it as their source."}, []Role{Firm, Operator}, s.deadLetters)
	huma.Register(a, huma.Operation{OperationID: "schemas", Method: http.MethodGet, Path: "/api/schemas", Tags: []string{"formats"},
		Summary: "Names of the JSON Schemas of the events"},
		func(context.Context, *nothing) (*body[[]string], error) {
			names := []string{}
			if s.cfg.Schemas != nil {
				files, err := fs.Glob(s.cfg.Schemas, "*.json")
				if err != nil {
					return nil, err
				}
				names = append(names, files...)
			}
			return &body[[]string]{names}, nil
		})
	huma.Register(a, huma.Operation{OperationID: "schema", Method: http.MethodGet, Path: "/api/schemas/{name}", Tags: []string{"formats"},
		Summary: "The JSON Schema of an event", Errors: []int{404}}, s.schema)
	mux.HandleFunc("GET /api/asyncapi.yaml", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/yaml")
		w.Header().Set("Cache-Control", "no-cache")
		w.Write(asyncAPI)
	})
}

type stateView struct {
	Digest  string           `json:"digest" doc:"SHA-256 of all facts that hold, positions left out"`
	Offsets map[string]int64 `json:"offsets" doc:"By topic and partition, the offset to be read next"`
}

type healthAnswer struct {
	Status       int
	CacheControl string `header:"Cache-Control"`
	Body         Health
}

// snapshot is the body of the websocket's snapshot with the positions.
func (h *hub) snapshot(v viewer) []byte {
	h.mu.Lock() // not RLock: ids may be sorted
	defer h.mu.Unlock()
	b := append([]byte{'{'}, h.snapshotBody(v)...)
	b = append(b, `,"positions":`...)
	b = append(b, encode(h.whereIs.since(0))...)
	return append(b, '}')
}

func encoded(v any, err error) (*rawJSON, error) {
	if err != nil {
		return nil, err
	}
	b, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return jsonBody(b), nil
}

type deadLettersInput struct {
	Limit int `query:"limit" minimum:"1" maximum:"1000" default:"100"`
}

func (s *Server) deadLetters(ctx context.Context, who session, in *deadLettersInput) (*body[[]DeadLetter], error) {
	source := ""
	if who.Role == Firm {
		source = who.source()
	}
	found, err := s.cfg.DeadLetters(ctx, source, in.Limit)
	if err != nil {
		return nil, err
	}
	letters := []DeadLetter{}
	for _, d := range found {
		if (source == "" || d.Source == source) && len(letters) < in.Limit {
			letters = append(letters, d)
		}
	}
	return &body[[]DeadLetter]{letters}, nil
}

type schemaInput struct {
	Name string `path:"name" maxLength:"100" doc:"As in RequestSubmitted, with or without .json"`
}

func (s *Server) schema(_ context.Context, in *schemaInput) (*rawJSON, error) {
	name := strings.TrimSuffix(in.Name, ".json") + ".json"
	if s.cfg.Schemas == nil || path.Base(name) != name || !fs.ValidPath(name) {
		return nil, huma.Error404NotFound("there is no such schema; /api/schemas lists them")
	}
	b, err := fs.ReadFile(s.cfg.Schemas, name)
	if err != nil {
		return nil, huma.Error404NotFound("there is no such schema; /api/schemas lists them")
	}
	return &rawJSON{"application/schema+json", b}, nil
}
