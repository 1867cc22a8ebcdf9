package web

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/assert/yaml"
	"github.com/stretchr/testify/require"

	"haihe/planner"
	"haihe/planner/live"
)

func TestOpenAPI(t *testing.T) {
	s := newService(t)
	r := s.call("", "", "GET", "/api/openapi.json", nil)
	var doc map[string]any
	s.into(r, 200, &doc)
	assert.Regexp(t, `^3\.1\.\d$`, doc["openapi"])
	assert.Equal(t, "https://json-schema.org/draft/2020-12/schema", or(doc["jsonSchemaDialect"], "https://json-schema.org/draft/2020-12/schema"))
	info := doc["info"].(obj)
	assert.NotEmpty(t, info["title"])
	assert.NotEmpty(t, info["version"])

	// Every schema is one by JSON Schema 2020-12, and every reference leads somewhere.
	c := compiler(t, "openapi.json", doc)
	for name := range doc["components"].(obj)["schemas"].(obj) {
		_, err := c.Compile("openapi.json#/components/schemas/" + name)
		assert.NoError(t, err, name)
	}
	refs := 0
	walk(doc, func(o obj) {
		if ref, ok := o["$ref"].(string); ok {
			refs++
			assert.NotNil(t, follow(doc, ref), ref)
		}
	})
	assert.Greater(t, refs, 20)

	ids := map[string]bool{}
	inPath := regexp.MustCompile(`\{(\w+)\}`)
	for path, methods := range doc["paths"].(obj) {
		for method, o := range methods.(obj) {
			op := o.(obj)
			where := method + " " + path
			id, _ := op["operationId"].(string)
			assert.NotEmpty(t, id, where)
			assert.False(t, ids[id], id)
			ids[id] = true
			assert.NotEmpty(t, op["summary"], where)
			assert.NotEmpty(t, op["tags"], where)
			assert.NotEmpty(t, op["responses"], where)
			var named, declared []string
			for _, m := range inPath.FindAllStringSubmatch(path, -1) {
				named = append(named, m[1])
			}
			list, _ := op["parameters"].([]any)
			for _, p := range list {
				if p := p.(obj); p["in"] == "path" {
					declared = append(declared, p["name"].(string))
					assert.Equal(t, true, p["required"])
				}
			}
			assert.ElementsMatch(t, named, declared, where)
			for status, answer := range op["responses"].(obj) {
				if status >= "4" {
					assert.Contains(t, answer.(obj)["content"], "application/problem+json", "%s %s", where, status)
				}
			}
			for _, need := range list2(op["security"]) {
				for scheme := range need.(obj) {
					assert.Contains(t, doc["components"].(obj)["securitySchemes"], scheme)
				}
			}
		}
	}
	assert.NotContains(t, r.raw, "unpkg.com")

	var fromYAML map[string]any
	y := s.call("", "", "GET", "/api/openapi.yaml", nil)
	require.Equal(t, 200, y.status)
	require.NoError(t, yaml.Unmarshal([]byte(y.raw), &fromYAML))
	assert.Equal(t, slices.Sorted(maps.Keys(doc["paths"].(obj))), slices.Sorted(maps.Keys(fromYAML["paths"].(obj))))
}

func or(a, b any) any {
	if a == nil {
		return b
	}
	return a
}

func list2(v any) []any { l, _ := v.([]any); return l }

func compiler(t *testing.T, name string, doc any) *jsonschema.Compiler {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.AssertFormat()
	raw, err := json.Marshal(doc)
	require.NoError(t, err)
	parsed, err := jsonschema.UnmarshalJSON(strings.NewReader(string(raw)))
	require.NoError(t, err)
	require.NoError(t, c.AddResource(name, parsed))
	return c
}

func walk(v any, see func(obj)) {
	switch v := v.(type) {
	case obj:
		see(v)
		for _, x := range v {
			walk(x, see)
		}
	case []any:
		for _, x := range v {
			walk(x, see)
		}
	}
}

// follow returns what a reference within doc leads to, or nil.
func follow(doc any, ref string) any {
	path, ok := strings.CutPrefix(ref, "#/")
	if !ok {
		return nil
	}
	for _, name := range strings.Split(path, "/") {
		o, ok := doc.(obj)
		if !ok {
			return nil
		}
		doc = o[name]
	}
	return doc
}

func asyncAPIDoc(t *testing.T) obj {
	t.Helper()
	var doc obj
	require.NoError(t, yaml.Unmarshal(asyncAPI, &doc))
	return doc
}

func TestAsyncAPI(t *testing.T) {
	s := newService(t)
	r := s.call("", "", "GET", "/api/asyncapi.yaml", nil)
	require.Equal(t, 200, r.status)
	assert.Equal(t, string(asyncAPI), r.raw)
	doc := asyncAPIDoc(t)
	assert.Equal(t, "3.0.0", doc["asyncapi"])
	messages := doc["components"].(obj)["messages"].(obj)
	used := map[string]bool{}
	walk(doc, func(o obj) {
		ref, ok := o["$ref"].(string)
		switch {
		case !ok:
		case strings.HasPrefix(ref, "/api/schemas/"):
			used[ref] = true
		default:
			assert.NotNil(t, follow(doc, ref), ref)
			used[ref] = true
		}
	})
	for name := range messages {
		assert.True(t, used["#/components/messages/"+name], name)
	}
	// Every type of fact is on a topic.
	for _, fact := range planner.FactTypes() {
		assert.Contains(t, messages, fact)
		assert.True(t, used["/api/schemas/"+fact+".json"], fact)
	}
}

// TestMessagesAreAsDescribed checks every kind of frame, with every kind of entity for every role, against asyncapi.yaml.
func TestMessagesAreAsDescribed(t *testing.T) {
	doc := asyncAPIDoc(t)
	c := compiler(t, "asyncapi.json", doc)
	schemas := map[string]*jsonschema.Schema{}
	for typ, name := range map[string]string{"snapshot": "Snapshot", "changes": "Changes", "positions": "Positions", "heartbeat": "Heartbeat"} {
		schema, err := c.Compile("asyncapi.json#/components/schemas/" + name)
		require.NoError(t, err)
		schemas[typ] = schema
	}
	s := newService(t, func(c *Config) {
		c.Route = straight
		c.Place = func(id string) (PlaceNames, bool) {
			return PlaceNames{ZH: "天津新港", EN: "Xingang", Kind: "seaport"}, true
		}
	})
	seen := map[string]bool{} // frame types and changes of kinds
	browsers := map[Role]*browser{Exporter: s.open(Exporter, "bikes", ""), Firm: s.open(Firm, "bohai", ""), Commission: s.open(Commission, "tc", "")}
	s.network()
	s.plan(1)
	s.settle() // a batch of its own, so that what goes is seen to go
	late := sailing("LAX-1", "bohai", "CNTXG", "USLAX")
	late.Voyage, late.Classes = "V", nil
	full := wish("R7", "bikes", "US")
	full.Modes, full.HSCode = []string{"sea"}, "871200"
	until := start.AddDate(0, 1, 0)
	perDay := store("WH-US", "pacific", "USLAX", "US")
	perDay.CapacityM3, perDay.From = planner.PerDay{100, 200}, "2027-03-01"
	s.say(late, full, perDay, wish("R8", "tiles", "FR"), wish("R9", "pipes", "FR"),
		&planner.DepartureDelayed{Departure: "LAX-1", Mode: "sea", DelayHours: 2, Reason: "fog"},
		&planner.DepartureCancelled{Departure: "HAM-1", Mode: "sea", Reason: "blanked"},
		&planner.WarehouseClosed{Warehouse: "WH-DE", Reason: "flood"},
		&planner.PassageClosed{Passage: "suez", Reason: "aground", Until: &until}, sailing("HAM-2", "hansa", "CNTXG", "DEHAM"),
		&planner.PositionReported{Departure: "LAX-1", Mode: "sea", Lat: 1, Lon: 2, SpeedKnots: 3, CourseDeg: 4, At: start})
	s.booked("bikes", "R4", "bk-1")
	day := 3
	s.web.Observe(live.Update{Matches: []planner.Match{{Request: "R7", Unmatched: 1, Reason: &planner.Reason{Code: "late", Message: "m", Departure: "d",
		Warehouse: "w", Day: &day, Place: "p", Relaxation: &planner.Relaxation{Kind: "due", Hours: 1, Modes: []string{"air"}, Value: 2, M3: 3, Part: 0.5, Smallest: true}}}},
		Unplanned: []string{"R1"}})
	s.settle()
	check := func(role Role, f frame) {
		seen[f.Type] = true
		for _, c := range f.Changes {
			seen[fmt.Sprint(c.Kind, " ", string(c.Value) == "null")] = true
			if role == Firm {
				seen["firm "+c.Kind] = true
			}
		}
		v, err := jsonschema.UnmarshalJSON(strings.NewReader(f.raw))
		require.NoError(t, err)
		require.Contains(t, schemas, f.Type)
		require.NoError(t, schemas[f.Type].Validate(v), "%s: %.2000s", role, f.raw)
	}
	for role, b := range browsers {
		shown := map[string]bool{}
		for !shown["positions"] {
			f := b.next()
			shown[f.Type] = true
			check(role, f)
		}
		for !shown["heartbeat"] {
			s.web.hub.heartbeat()
			f := b.next()
			shown[f.Type] = true
			check(role, f)
		}
		f := s.open(role, map[Role]string{Exporter: "bikes", Firm: "bohai", Commission: "tc"}[role], "").next()
		require.Equal(t, "snapshot", f.Type)
		check(role, f)
	}
	for _, want := range append(slices.Clone(lists), kindPlan) {
		assert.True(t, seen[want+" false"], "no change of a %s was seen", want)
	}
	assert.True(t, seen["match true"], "no match was seen to go")
	assert.True(t, seen["firm match"])
	for typ := range schemas {
		assert.True(t, seen[typ], typ)
	}
	// The schemas are strict: a field more is an error.
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(`{"type":"heartbeat","at":"2027-03-01T08:00:00Z","more":1}`))
	require.NoError(t, err)
	assert.Error(t, schemas["heartbeat"].Validate(v))
}
