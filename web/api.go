package web

import (
	"context"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"haihe/planner"
	"haihe/planner/access"
)

const maxBodyBytes = 1 << 20

func init() {
	// Field names match to the letter. huma keeps this as one switch for the process.
	huma.ValidateStrictCasing = true
}

// perDaySchema stands for planner.PerDay: a number, or one number a day.
type perDaySchema struct{}

// Schema describes it.
func (perDaySchema) Schema(huma.Registry) *huma.Schema {
	zero, one, most, top := 0.0, 1, 3660, 1e9
	amount := func() *huma.Schema {
		return &huma.Schema{Type: huma.TypeNumber, Minimum: &zero, Maximum: &top}
	}
	items := amount()
	items.PrecomputeMessages()
	single := amount()
	single.PrecomputeMessages()
	return &huma.Schema{OneOf: []*huma.Schema{single, {Type: huma.TypeArray, Items: items, MinItems: &one, MaxItems: &most}},
		Description: "m3: the same every day, or day by day"}
}

// api registers every operation and serves their description.
func (s *Server) api(mux *http.ServeMux) {
	config := huma.DefaultConfig("Haihe", versionOr(s.cfg.Version))
	config.Info.Description = "Live planning of the logistics and overseas-warehouse capacity that Tianjin's exporters, carriers and " +
		"warehouses share. Volumes are m3, masses kg, times RFC 3339 in UTC. What changes while one looks on comes over the " +
		"websocket /api/live, described in /api/asyncapi.yaml."
	config.Info.License = &huma.License{Name: "Apache-2.0", Identifier: "Apache-2.0"}
	config.OpenAPIPath = "/api/openapi"
	config.DocsPath = ""
	config.SchemasPath = ""
	config.CreateHooks = nil // no $schema fields
	config.Formats = map[string]huma.Format{"application/json": strictJSON, "json": strictJSON}
	config.RejectUnknownQueryParameters = true
	config.Transformers = []huma.Transformer{trimEcho}
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"session": {Type: "apiKey", In: "cookie", Name: cookieName, Description: "set by signing in; over TLS its name begins with __Host-"},
		"bearer":  {Type: "http", Scheme: "bearer", Description: "an API key, made by an admin of the organisation"},
	}
	config.Components.Schemas.RegisterTypeAlias(reflect.TypeFor[planner.PerDay](), reflect.TypeFor[perDaySchema]())
	a := humago.New(mux, config)
	s.apiState(a, mux)
	s.apiRequests(a)
	s.apiRepeats(a)
	s.apiQuotes(a)
	s.apiBatch(a)
	s.apiTables(a)
	s.apiBookings(a)
	s.apiDepartures(a)
	s.apiPassages(a)
	s.apiWarehouses(a)
	s.apiAccess(a)
	s.apiScenarios(a)
	s.apiTargets(a)
	s.apiSums(a)
	describeFaults(a)
}

func versionOr(v string) string {
	if v == "" {
		return "dev"
	}
	return v
}

// everybody are the roles of operations for all who are signed in.
var everybody = []Role{Firm, Exporter, Commission}

// scopeOf is a key of the metadata of an operation: the scope that it takes. Without it reading takes Read, and what
// changes something the scope in which the organisation does.
const scopeOf = "scope"

// takes returns the scope that an operation takes of somebody.
func takes(op *huma.Operation, who session) access.Scope {
	if scope, ok := op.Metadata[scopeOf].(access.Scope); ok {
		return scope
	}
	if op.Method == http.MethodGet {
		return access.Read
	}
	return access.WriteScope(who.Role)
}

// scoped is the metadata of an operation that takes a scope.
func scoped(s access.Scope) map[string]any { return map[string]any{scopeOf: s} }

// operation registers what the given roles may do. Whoever has no session gets 401, another role or a lower level 403; a
// command that a browser sends for a page of another origin gets 403 too.
func operation[I, O any](s *Server, a huma.API, op huma.Operation, roles []Role, run func(context.Context, session, *I) (*O, error)) {
	if op.MaxBodyBytes == 0 {
		op.MaxBodyBytes = maxBodyBytes
	}
	op.Security = []map[string][]string{{"session": {}}, {"bearer": {}}}
	op.Errors = append(op.Errors, http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests)
	slices.Sort(op.Errors)
	op.Errors = slices.Compact(op.Errors)
	if op.Method != http.MethodGet {
		op.Errors = append(op.Errors, http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusServiceUnavailable)
	}
	if len(roles) < len(everybody) {
		op.Description = strings.TrimSpace(op.Description + "\n\nFor " + roleNames(roles) + ".")
	}
	op.Middlewares = append(op.Middlewares, func(ctx huma.Context, next func(huma.Context)) {
		r, _ := humago.Unwrap(ctx)
		ctx.SetHeader("Cache-Control", "no-store")
		who, byCookie, err := s.authenticate(r)
		if err != nil {
			status, detail := s.refusal(r, err)
			if after := retryAfter[status]; after != "" {
				ctx.SetHeader("Retry-After", after)
			}
			huma.WriteErr(a, ctx, status, detail)
			return
		}
		scope := takes(&op, who)
		changes := r.Method != http.MethodGet && scope != access.Read
		switch {
		case r.Method != http.MethodGet && (byCookie || r.Header.Get("Origin") != "") && !s.sameOrigin(r):
			huma.WriteErr(a, ctx, http.StatusForbidden, "the page that sends this is not of this service: Origin must be its own address")
		case !slices.Contains(roles, who.Role):
			huma.WriteErr(a, ctx, http.StatusForbidden, fmt.Sprintf("you are signed in as %s; this is for %s", who.Role, roleNames(roles)))
		case !who.may(scope):
			huma.WriteErr(a, ctx, http.StatusForbidden, fmt.Sprintf("this takes the scope %s, which you do not have; an admin of your organisation can give it", scope))
		case !s.limits.request(who) || changes && !s.limits.command(who.org()):
			ctx.SetHeader("Retry-After", "60")
			huma.WriteErr(a, ctx, http.StatusTooManyRequests, "too many requests of your organisation; try again in a minute")
		default:
			s.run(huma.WithValue(ctx, sessionKey{}, who), r, &op, next)
		}
		s.audit(r, who, op.OperationID, r.PathValue("id"), strconv.Itoa(ctx.Status()))
	})
	huma.Register(a, op, func(ctx context.Context, in *I) (*O, error) {
		who := ctx.Value(sessionKey{}).(session)
		out, err := run(ctx, who, in)
		if err != nil && s.cfg.CatchUp != nil && isNotFound(err) {
			// Another instance may have made what this one does not know yet.
			if err = s.catchUp(ctx); err == nil {
				out, err = run(ctx, who, in)
			}
		}
		if err != nil && op.Method != http.MethodGet && !s.cfg.Health().Ready {
			// While the log is read, what a command names may not be known yet: 503 and not 422, so that it is sent again.
			err = ErrNotReady
		}
		if err != nil {
			return nil, s.asProblem(err)
		}
		return out, nil
	})
}

type sessionKey struct{}

func roleNames(roles []Role) string {
	names := make([]string, len(roles))
	for i, r := range roles {
		names[i] = string(r)
	}
	return strings.Join(names, " and ")
}

// named is the path of an operation on one thing.
type named struct {
	ID string `path:"id" minLength:"1" maxLength:"200" doc:"Id, percent-encoded"`
}

// made is the answer to a command that made something.
type made struct {
	Body struct {
		ID string `json:"id"`
	}
}

func madeID(id string) *made {
	m := &made{}
	m.Body.ID = id
	return m
}

type nothing struct{}
