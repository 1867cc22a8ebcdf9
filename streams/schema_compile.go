package streams

import (
	"fmt"
	"io/fs"
	"regexp"
	"strings"
	"sync"

	"github.com/go-json-experiment/json"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Patterns of schemas/common.json that are matched without a regular expression.
const (
	patternNoControl = `^[^\x00-\x1f\x7f]*$`
	patternUTC       = "Z$"
	patternDate      = "^([0-9]{4}-[0-9]{2}-[0-9]{2})?$"
)

// compiledSchemas returns the schema of each event type, compiled once. What is compiled accepts the same
// payloads as the files, about twice as fast: references to common.json are replaced by what they refer to, and
// bounds of numbers are compared as float64 instead of as fractions of big integers.
var compiledSchemas = sync.OnceValue(func() map[string]*jsonschema.Schema {
	docs := schemaDocs()
	defs := docs["common"].(map[string]any)["$defs"].(map[string]any)
	f := flattener{defs: defs, formats: map[string]*jsonschema.Format{}}
	for typ, doc := range docs {
		if typ != "common" {
			docs[typ] = f.flatten(doc)
		}
	}
	delete(docs, "common")
	c := jsonschema.NewCompiler()
	for _, format := range f.formats {
		c.RegisterFormat(format)
	}
	c.UseRegexpEngine(compilePattern)
	return compileDocs(c, docs)
})

// schemaDocs reads the embedded schemas, by type.
func schemaDocs() map[string]any {
	files, err := fs.Glob(Schemas(), "*.json")
	if err != nil {
		panic(err) // the pattern is right
	}
	docs := map[string]any{}
	for _, name := range files {
		b, err := fs.ReadFile(Schemas(), name)
		if err != nil {
			panic(err) // the file is embedded
		}
		var doc any
		if err := json.Unmarshal(b, &doc); err != nil {
			panic(fmt.Sprintf("streams: schemas/%s: %v", name, err))
		}
		docs[strings.TrimSuffix(name, ".json")] = doc
	}
	return docs
}

func compileDocs(c *jsonschema.Compiler, docs map[string]any) map[string]*jsonschema.Schema {
	c.AssertFormat()
	for typ, doc := range docs {
		if err := c.AddResource(SchemaURI(typ), doc); err != nil {
			panic(fmt.Sprintf("streams: schemas/%s.json: %v", typ, err))
		}
	}
	compiled := map[string]*jsonschema.Schema{}
	for typ := range docs {
		if typ != "common" {
			compiled[typ] = c.MustCompile(SchemaURI(typ))
		}
	}
	return compiled
}

// flattener replaces references and bounds in a schema. The definitions are not recursive.
type flattener struct {
	defs    map[string]any
	formats map[string]*jsonschema.Format
	bounds  bool // stay as they are
}

func (f *flattener) flatten(v any) any {
	switch v := v.(type) {
	case []any:
		list := make([]any, len(v))
		for i, x := range v {
			list[i] = f.flatten(x)
		}
		return list
	case map[string]any:
		if ref, ok := v["$ref"].(string); ok {
			_, name, _ := strings.Cut(ref, "#/$defs/")
			return f.flatten(f.defs[name])
		}
		flat := make(map[string]any, len(v))
		for k, x := range v {
			flat[k] = f.flatten(x)
		}
		if !f.bounds {
			f.replaceBounds(flat)
		}
		return flat
	}
	return v
}

// replaceBounds puts a format of its own in the place of minimum and maximum. A schema whose own properties have
// those names keeps them: there the values are no numbers.
func (f *flattener) replaceBounds(schema map[string]any) {
	lo, hasLo := schema["minimum"].(float64)
	hi, hasHi := schema["maximum"].(float64)
	if !hasLo || !hasHi || schema["format"] != nil {
		return
	}
	name := fmt.Sprintf("from %v to %v", lo, hi)
	f.formats[name] = &jsonschema.Format{Name: name, Validate: func(v any) error {
		if x, ok := v.(float64); ok && !(x >= lo && x <= hi) {
			return rangeError{lo: lo, hi: hi, got: x}
		}
		return nil
	}}
	delete(schema, "minimum")
	delete(schema, "maximum")
	schema["format"] = name
}

// rangeError says that a number is out of its bounds.
type rangeError struct{ lo, hi, got float64 }

func (e rangeError) Error() string {
	if e.got < e.lo && e.lo == 0 {
		return fmt.Sprintf("must not be negative, got %v", e.got)
	}
	return fmt.Sprintf("must be from %v to %v, got %v", e.lo, e.hi, e.got)
}

// handPattern is a pattern matched by hand.
type handPattern struct {
	pattern string
	match   func(string) bool
}

func (p handPattern) MatchString(s string) bool { return p.match(s) }
func (p handPattern) String() string            { return p.pattern }

func compilePattern(pattern string) (jsonschema.Regexp, error) {
	switch pattern {
	case patternNoControl:
		return handPattern{pattern, func(s string) bool {
			for i := 0; i < len(s); i++ {
				if s[i] < ' ' || s[i] == 0x7f {
					return false
				}
			}
			return true
		}}, nil
	case patternUTC:
		return handPattern{pattern, func(s string) bool { return strings.HasSuffix(s, "Z") }}, nil
	}
	return regexp.Compile(pattern)
}
