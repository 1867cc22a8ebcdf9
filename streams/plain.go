package streams

import (
	"slices"
	"strconv"
	"sync"
	"unicode/utf8"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// plainShapes are the schemas of the event types as shapes, compiled once. Nearly all that comes in, and all that goes out, is
// written plainly; a shape looks at its bytes once, without making a document of it, in a twentieth of the time or less. What a shape
// takes the schema takes too. What it does not take, it leaves to the schema, to be worded where it is a mistake.
var plainShapes = sync.OnceValue(func() map[string]*shape {
	docs := schemaDocs()
	f := flattener{defs: docs["common"].(map[string]any)["$defs"].(map[string]any), bounds: true}
	shapes := map[string]*shape{}
	for typ, doc := range docs {
		if s, ok := newShape(f.flatten(doc)); ok && typ != "common" {
			shapes[typ] = s
		}
	}
	return shapes
})

// isPlain reports whether a payload is written plainly, and surely is as the schema of its type wants it.
func isPlain(typ string, payload []byte) bool {
	s := plainShapes()[typ]
	if s == nil {
		return false
	}
	in := scan{payload}
	return s.matches(&in) && len(in.rest) == 0
}

// shape is what a schema asks of a value.
type shape struct {
	typ              string // object, array, string, number, integer, boolean; "" where a text is one of words
	members          map[string]member
	required         uint64 // of members, by bit
	items            *shape
	fewest, most     int // items, or characters
	hasLow, hasHigh  bool
	low, high, below float64
	hasBelow         bool
	words            []string
	pattern          jsonschema.Regexp
	date             bool
	list, other      *shape // the value is either
}

type member struct {
	bit   uint64
	shape *shape
}

// noLimit is more than any number of items or characters.
const noLimit = 1 << 40

// known are the keywords that a shape knows, or that ask nothing.
var known = map[string]bool{"type": true, "properties": true, "required": true, "additionalProperties": true, "items": true, "minItems": true,
	"maxItems": true, "minLength": true, "maxLength": true, "minimum": true, "maximum": true, "exclusiveMaximum": true, "enum": true, "pattern": true,
	"format": true, "if": true, "then": true, "else": true, "description": true, "title": true, "$schema": true, "$id": true}

// newShape reports false for a schema that says more than a shape can.
func newShape(doc any) (*shape, bool) {
	m, ok := doc.(map[string]any)
	if !ok {
		return nil, false
	}
	for k := range m {
		if !known[k] {
			return nil, false
		}
	}
	s := &shape{most: noLimit}
	if test, has := m["if"]; has {
		if t, ok := test.(map[string]any); !ok || len(t) != 1 || t["type"] != "array" || m["type"] != nil {
			return nil, false
		}
		then, ok := m["then"].(map[string]any)
		if !ok || then["type"] != nil {
			return nil, false
		}
		list := map[string]any{"type": "array"}
		for k, v := range then {
			list[k] = v
		}
		var okList, okOther bool
		s.list, okList = newShape(list)
		s.other, okOther = newShape(m["else"])
		return s, okList && okOther && s.other.typ != "array"
	}
	if s.typ, ok = m["type"].(string); !ok && m["type"] != nil {
		return nil, false
	}
	number := func(name string) (float64, bool) {
		x, ok := m[name].(float64)
		return x, ok
	}
	s.low, s.hasLow = number("minimum")
	s.high, s.hasHigh = number("maximum")
	s.below, s.hasBelow = number("exclusiveMaximum")
	for _, name := range []string{"minItems", "minLength"} {
		if x, ok := number(name); ok {
			s.fewest = int(x)
		}
	}
	for _, name := range []string{"maxItems", "maxLength"} {
		if x, ok := number(name); ok {
			s.most = int(x)
		}
	}
	if list, ok := m["enum"].([]any); ok {
		for _, w := range list {
			word, ok := w.(string)
			if !ok {
				return nil, false
			}
			s.words = append(s.words, word)
		}
	}
	if p, ok := m["pattern"].(string); ok {
		re, err := compilePattern(p)
		if err != nil {
			return nil, false
		}
		s.pattern = re
	}
	if f, ok := m["format"]; ok {
		if s.date = f == "date-time"; !s.date {
			return nil, false
		}
	}
	switch s.typ {
	case "object":
		return s, s.object(m)
	case "array":
		s.items, ok = newShape(m["items"])
		return s, ok
	case "":
		return s, len(s.words) > 0
	}
	return s, true
}

func (s *shape) object(m map[string]any) bool {
	properties, ok := m["properties"].(map[string]any)
	if !ok || m["additionalProperties"] != false || len(properties) > 64 {
		return false
	}
	s.members = map[string]member{}
	for name, doc := range properties {
		of, ok := newShape(doc)
		if !ok {
			return false
		}
		s.members[name] = member{1 << len(s.members), of}
	}
	required, _ := m["required"].([]any)
	for _, name := range required {
		text, _ := name.(string)
		s.required |= s.members[text].bit
		if s.members[text].shape == nil {
			return false
		}
	}
	return true
}

func (s *shape) matches(in *scan) bool {
	if s.list != nil {
		if len(in.rest) > 0 && in.rest[0] == '[' {
			return s.list.matches(in)
		}
		return s.other.matches(in)
	}
	switch s.typ {
	case "object":
		return s.matchesObject(in)
	case "array":
		return s.matchesArray(in)
	case "string", "":
		return s.matchesText(in)
	case "number", "integer":
		x, whole, ok := in.anyNumber()
		return ok && (whole || s.typ == "number") && !(s.hasLow && x < s.low) && !(s.hasHigh && x > s.high) && !(s.hasBelow && x >= s.below)
	case "boolean":
		return in.word("true") || in.word("false")
	}
	return false
}

func (s *shape) matchesObject(in *scan) bool {
	if !in.take('{') {
		return false
	}
	if in.take('}') {
		return s.required == 0
	}
	for seen := uint64(0); ; {
		name, ok := in.raw()
		m := s.members[string(name)]
		if !ok || m.shape == nil || seen&m.bit != 0 || !in.take(':') || !m.shape.matches(in) {
			return false
		}
		seen |= m.bit
		if !in.take(',') {
			return in.take('}') && seen&s.required == s.required
		}
	}
}

func (s *shape) matchesArray(in *scan) bool {
	if !in.take('[') {
		return false
	}
	if in.take(']') {
		return s.fewest == 0
	}
	for n := 1; ; n++ {
		if n > s.most || !s.items.matches(in) {
			return false
		}
		if !in.take(',') {
			return in.take(']') && n >= s.fewest
		}
	}
}

func (s *shape) matchesText(in *scan) bool {
	if s.date {
		before := in.rest
		if _, ok := in.time(); !ok {
			return false
		}
		n := len(before) - len(in.rest) - 2
		return n >= s.fewest && n <= s.most // it ends with Z
	}
	text, ok := in.raw()
	if !ok {
		return false
	}
	if s.words != nil {
		return slices.Contains(s.words, string(text))
	}
	if n := utf8.RuneCount(text); n < s.fewest || n > s.most {
		return false
	}
	return s.pattern == nil || s.pattern.MatchString(string(text))
}

// raw takes a text without escapes and returns its bytes.
func (s *scan) raw() ([]byte, bool) {
	if !s.take('"') {
		return nil, false
	}
	for i, c := range s.rest {
		switch {
		case c == '"':
			text := s.rest[:i]
			s.rest = s.rest[i+1:]
			return text, utf8.Valid(text)
		case c < ' ' || c == '\\':
			return nil, false
		}
	}
	return nil, false
}

// word takes a word.
func (s *scan) word(w string) bool {
	if len(s.rest) < len(w) || string(s.rest[:len(w)]) != w {
		return false
	}
	s.rest = s.rest[len(w):]
	return true
}

// anyNumber takes a number, with or without an exponent; whole says that it is written as an integer.
func (s *scan) anyNumber() (x float64, whole, ok bool) {
	all := s.rest
	s.take('-')
	if !s.take('0') && !s.digits() {
		return 0, false, false
	}
	whole = true
	if s.take('.') {
		if whole = false; !s.digits() {
			return 0, false, false
		}
	}
	if s.take('e') || s.take('E') {
		whole = false
		_ = s.take('-') || s.take('+')
		if !s.digits() {
			return 0, false, false
		}
	}
	x, err := strconv.ParseFloat(string(all[:len(all)-len(s.rest)]), 64)
	return x, whole, err == nil
}
