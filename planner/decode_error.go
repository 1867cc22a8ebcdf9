package planner

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// DecodeError says what is wrong in a file, and where. Line and Column count from 1, Column in characters; both are
// 0 where the whole file is meant.
type DecodeError struct {
	File         string
	Line, Column int
	FieldError
}

func (e *DecodeError) Error() string {
	if e.Line == 0 {
		return e.File + ": " + e.FieldError.Error()
	}
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.FieldError.Error())
}

// DecodeErrors are the first errors of a file, in its order, and how many more there are.
type DecodeErrors struct {
	List []*DecodeError
	More int
}

func (e *DecodeErrors) Error() string {
	lines := make([]string, 0, len(e.List)+1)
	for _, one := range e.List {
		lines = append(lines, one.Error())
	}
	if e.More > 0 {
		lines = append(lines, fmt.Sprintf("and %d more", e.More))
	}
	return strings.Join(lines, "\n")
}

// fail makes an error of one place in the file; a negative offset means the whole of it.
func (d *decoding) fail(offset int64, path, format string, a ...any) error {
	return &DecodeErrors{List: []*DecodeError{d.at(offset, path, fmt.Sprintf(format, a...))}}
}

func (d *decoding) at(offset int64, path, problem string) *DecodeError {
	e := &DecodeError{File: d.name, FieldError: FieldError{Path: path, Problem: problem}}
	if offset >= 0 {
		before := d.data[:min(offset, int64(len(d.data)))]
		e.Line = 1 + bytes.Count(before, []byte("\n"))
		e.Column = 1 + utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:])
	}
	return e
}

// explain words an error of package json.
func (d *decoding) explain(err error) error {
	var syntax *jsontext.SyntacticError
	var semantic *json.SemanticError
	switch {
	case errors.As(err, &syntax):
		problem := "is not JSON: " + wordSyntax(syntax)
		return d.fail(syntax.ByteOffset, fieldPath(syntax.JSONPointer), "%s", problem)
	case errors.As(err, &semantic):
		if other := d.otherVersion(); other != "" {
			return d.fail(-1, "version", "want a %s file, this one is %s", d.version, short(other))
		}
		return d.fail(d.skipSpace(semantic.ByteOffset), fieldPath(semantic.JSONPointer), "%s", d.wordSemantic(semantic))
	}
	return fmt.Errorf("%s: %w", d.name, err)
}

func wordSyntax(e *jsontext.SyntacticError) string {
	switch {
	case errors.Is(e.Err, jsontext.ErrDuplicateName):
		return "a name stands there twice"
	case errors.Is(e.Err, io.ErrUnexpectedEOF):
		return "the file ends too early"
	case e.Err == nil:
		return "it cannot be read"
	}
	return cut(e.Err.Error(), 120)
}

func (d *decoding) wordSemantic(e *json.SemanticError) string {
	if errors.Is(e.Err, json.ErrUnknownName) {
		return "unknown field"
	}
	want := wordType(e.GoType)
	if want == "" && e.Err != nil {
		return cut(e.Err.Error(), 120)
	}
	return fmt.Sprintf("want %s, got %s", want, wordValue(e, d.data[min(d.skipSpace(e.ByteOffset), int64(len(d.data))):]))
}

// wordType names what a field takes.
func wordType(t reflect.Type) string {
	if t == nil {
		return ""
	}
	switch t {
	case reflect.TypeFor[time.Time]():
		return `a time in UTC such as "2027-03-01T08:30:00Z"`
	case reflect.TypeFor[PerDay]():
		return "a number, or one number a day"
	}
	switch t.Kind() {
	case reflect.Pointer:
		return wordType(t.Elem())
	case reflect.Float64:
		return "a number"
	case reflect.Int:
		return "a whole number"
	case reflect.String:
		return "a text"
	case reflect.Bool:
		return "true or false"
	case reflect.Slice:
		return "a list"
	case reflect.Struct, reflect.Map:
		return "an object"
	}
	return ""
}

// wordValue names what stands in the file, in short.
func wordValue(e *json.SemanticError, rest []byte) string {
	kind := e.JSONKind
	if kind == 0 && len(rest) > 0 {
		kind = jsontext.Value(rest[:1]).Kind()
	}
	switch kind {
	case 'n':
		return "null"
	case 't', 'f':
		return "true or false"
	case '"':
		return "the text " + scalar(rest)
	case '0':
		return scalar(rest)
	case '[', ']':
		return "a list"
	case '{', '}':
		return "an object"
	}
	return "something else"
}

// scalar is the text or number at the beginning of rest, as it stands in the file.
func scalar(rest []byte) string {
	const most = 60
	for i, c := range rest {
		switch {
		case i == most:
			return cut(string(rest[:most+1]), most)
		case rest[0] == '"' && i > 0 && c == '"' && rest[i-1] != '\\':
			return string(rest[:i+1])
		case rest[0] != '"' && strings.IndexByte(" \t\r\n,]}", c) >= 0:
			return string(rest[:i])
		}
	}
	return string(rest)
}

// cut shortens a text of the file to at most n bytes.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}

// otherVersion returns what version the file says it is of, if that is another than asked for.
func (d *decoding) otherVersion() string {
	var head struct {
		Version string `json:"version"`
	}
	if err := json.Unmarshal(d.data, &head); err != nil || head.Version == d.version || d.version == ProblemVersion && head.Version == TariffVersion {
		return ""
	}
	return head.Version
}

// fieldPath turns a JSON pointer into a path: /departures/17/from into departures[17].from.
func fieldPath(p jsontext.Pointer) string {
	var b strings.Builder
	for t := range p.Tokens() {
		if _, err := strconv.ParseUint(t, 10, 32); err == nil && b.Len() > 0 {
			b.WriteString("[" + t + "]")
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('.')
		}
		b.WriteString(cut(t, 60))
	}
	return b.String()
}

// skipSpace returns the offset of the next value or name.
func (d *decoding) skipSpace(offset int64) int64 {
	for offset < int64(len(d.data)) && strings.IndexByte(" \t\r\n,:", d.data[offset]) >= 0 {
		offset++
	}
	return offset
}

// locate finds the fields that a validation complains of in the file.
func (d *decoding) locate(err error) error {
	var found *FieldErrors
	if !errors.As(err, &found) {
		return err
	}
	root := &fieldNode{}
	nodes := make([]*fieldNode, len(found.List))
	for i, e := range found.List {
		nodes[i] = root.child(e.Path)
	}
	d.walk(jsontext.NewDecoder(bytes.NewBuffer(d.data)), root)
	list := make([]*DecodeError, len(nodes))
	for i, e := range found.List {
		n := nodes[i]
		for !n.found && n.parent != nil { // a field that is missing: say where its object begins
			n = n.parent
		}
		list[i] = d.at(n.offset, e.Path, e.Problem)
	}
	return &DecodeErrors{List: list, More: found.More}
}

// fieldNode is a field whose place in the file is wanted, or an object or list around one.
type fieldNode struct {
	parent *fieldNode
	kids   map[string]*fieldNode
	offset int64
	found  bool
}

// child returns the node of a path such as a[3].b, made if need be.
func (n *fieldNode) child(path string) *fieldNode {
	for _, name := range strings.FieldsFunc(path, func(c rune) bool { return c == '.' || c == '[' || c == ']' }) {
		next := n.kids[name]
		if next == nil {
			next = &fieldNode{parent: n}
			if n.kids == nil {
				n.kids = map[string]*fieldNode{}
			}
			n.kids[name] = next
		}
		n = next
	}
	return n
}

// walk notes the offset of the next value for n, and looks into it only as far as n's kids ask for. The file has
// been read once, so an error here cannot be; it would only lose a line number.
func (d *decoding) walk(dec *jsontext.Decoder, n *fieldNode) {
	n.offset, n.found = d.skipSpace(dec.InputOffset()), true
	kind := dec.PeekKind()
	if len(n.kids) == 0 || kind != '{' && kind != '[' {
		_ = dec.SkipValue()
		return
	}
	if _, err := dec.ReadToken(); err != nil {
		return
	}
	for i := 0; ; i++ {
		next := dec.PeekKind()
		if next == '}' || next == ']' || next == 0 {
			_, _ = dec.ReadToken()
			return
		}
		name := strconv.Itoa(i)
		if kind == '{' {
			t, err := dec.ReadToken()
			if err != nil {
				return
			}
			name = t.String()
		}
		if kid := n.kids[name]; kid != nil {
			d.walk(dec, kid)
		} else if dec.SkipValue() != nil {
			return
		}
	}
}
