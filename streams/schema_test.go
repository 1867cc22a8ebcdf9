package streams

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"haihe/planner"
)

// TestSchemasAgreeWithTypes compares each schema with its Go type: the same fields, required unless Go leaves
// them out when empty, and of a type that Go can read.
func TestSchemasAgreeWithTypes(t *testing.T) {
	docs := schemaDocs()
	defs := docs["common"].(map[string]any)["$defs"].(map[string]any)
	types := map[string]any{typeRequestPlanned: RequestPlanned{}, typePlanPublished: PlanPublished{}}
	for _, f := range sampleFacts() {
		types[f.Type()] = f
	}
	for name, doc := range docs {
		if name == "common" {
			continue
		}
		v, ok := types[name]
		require.True(t, ok, "schemas/%s.json has no type", name)
		delete(types, name)
		compareSchema(t, name, doc, defs, reflect.TypeOf(v))
		require.Equal(t, name, doc.(map[string]any)["title"])
		require.NotEmpty(t, doc.(map[string]any)["description"])
	}
	require.Empty(t, types, "types without a schema")
}

func compareSchema(t *testing.T, path string, schema any, defs map[string]any, typ reflect.Type) {
	t.Helper()
	s := schema.(map[string]any)
	if ref, ok := s["$ref"].(string); ok {
		_, name, _ := strings.Cut(ref, "#/$defs/")
		require.Contains(t, defs, name, path)
		s = defs[name].(map[string]any)
	}
	for typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	switch {
	case typ == reflect.TypeFor[time.Time]():
		require.Equal(t, "date-time", s["format"], path)
	case typ == reflect.TypeFor[planner.PerDay]():
		require.Contains(t, s, "then", path)
	case typ.Kind() == reflect.Struct:
		required := []any{}
		properties := s["properties"].(map[string]any)
		seen := 0
		for _, f := range reflect.VisibleFields(typ) {
			if f.Anonymous || !f.IsExported() {
				continue
			}
			name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
			require.Contains(t, properties, name, path)
			compareSchema(t, path+"."+name, properties[name], defs, f.Type)
			if options != "omitempty" && options != "omitzero" {
				required = append(required, name)
			}
			seen++
		}
		require.Len(t, properties, seen, path)
		require.ElementsMatch(t, required, s["required"], path)
		require.Equal(t, false, s["additionalProperties"], path)
	case typ.Kind() == reflect.Slice:
		require.Equal(t, "array", s["type"], path)
		require.Contains(t, s, "maxItems", path)
		compareSchema(t, path+"[]", s["items"], defs, typ.Elem())
	case typ.Kind() == reflect.String && s["enum"] != nil:
		for _, word := range s["enum"].([]any) {
			require.IsType(t, "", word, path)
		}
	case typ.Kind() == reflect.String:
		require.Equal(t, "string", s["type"], path)
		require.True(t, s["maxLength"] != nil || s["pattern"] != nil, path)
	case typ.Kind() == reflect.Bool:
		require.Equal(t, "boolean", s["type"], path)
	case typ.Kind() == reflect.Float64:
		require.Equal(t, "number", s["type"], path)
	case typ.Kind() == reflect.Int || typ.Kind() == reflect.Uint64:
		require.Equal(t, "integer", s["type"], path)
	default:
		t.Fatalf("%s: no rule for %v", path, typ)
	}
}

// plainSchemas compiles the files as they are.
func plainSchemas() map[string]*jsonschema.Schema {
	return compileDocs(jsonschema.NewCompiler(), schemaDocs())
}

// TestCompiledSchemasAreThoseOfTheFiles changes payloads at random: what is compiled for speed and the files as
// they are must judge them alike.
func TestCompiledSchemasAreThoseOfTheFiles(t *testing.T) {
	plain := plainSchemas()
	facts := sampleFacts()
	odd := []any{nil, true, 0.0, -1.0, 1e18, 1.0000001e18, -1e18, 90.0, 90.1, 360.0, 0.5, "", "x", "a\x7f", "2027-03-01", "2027-03-01T00:00:00Z",
		"2027-03-01T00:00:00+08:00", "sea", "m3", strings.Repeat("é", 201), []any{}, []any{1.0}, []any{-1.0}, []any{"sea"}, map[string]any{}}
	accepted := 0
	rapid.Check(t, func(t *rapid.T) {
		f := rapid.SampledFrom(facts).Draw(t, "fact")
		payload, err := json.Marshal(f)
		require.NoError(t, err)
		var doc any
		require.NoError(t, json.Unmarshal(payload, &doc))
		for range rapid.IntRange(0, 2).Draw(t, "changes") {
			mutate(t, doc, odd)
		}
		want, got := plain[f.Type()].Validate(doc), compiledSchemas()[f.Type()].Validate(doc)
		require.Equal(t, want == nil, got == nil, "%v: %v / %v", doc, want, got)
		if got == nil {
			accepted++
		}
	})
	require.Positive(t, accepted)
}

// mutate changes, drops or adds a field somewhere in a document.
func mutate(t *rapid.T, doc any, odd []any) {
	switch d := doc.(type) {
	case map[string]any:
		names := make([]string, 0, len(d))
		for name := range d {
			names = append(names, name)
		}
		slices.Sort(names)
		name := rapid.SampledFrom(append(names, "extra")).Draw(t, "field")
		switch rapid.IntRange(0, 3).Draw(t, "how") {
		case 0:
			delete(d, name)
		case 1:
			mutate(t, d[name], odd)
		default:
			d[name] = rapid.SampledFrom(odd).Draw(t, "value")
		}
	case []any:
		if len(d) > 0 {
			i := rapid.IntRange(0, len(d)-1).Draw(t, "index")
			if rapid.Bool().Draw(t, "deeper") {
				mutate(t, d[i], odd)
			} else {
				d[i] = rapid.SampledFrom(odd).Draw(t, "value")
			}
		}
	}
}
