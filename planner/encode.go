package planner

import (
	"bufio"
	"io"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	jsonv1 "github.com/go-json-experiment/json/v1"
)

// EncodeProblem writes p as haihe.problem/1, or as /2 where it takes that, one element of a list on each line, so that an editor shows it, grep
// finds in it, and an error's line number means something. The same Problem gives the same bytes.
func EncodeProblem(w io.Writer, p *Problem) error {
	e := newLines(w)
	e.field("version", p.Format())
	e.field("currency", p.Currency)
	e.field("start", p.Start)
	e.field("days", p.Days)
	lines(e, "places", p.Places)
	lines(e, "departures", p.Departures)
	lines(e, "warehouses", p.Warehouses)
	lines(e, "requests", p.Requests)
	return e.end()
}

// EncodePlan writes p as haihe.plan/1, laid out as EncodeProblem does.
func EncodePlan(w io.Writer, p *Plan) error {
	e := newLines(w)
	e.field("version", p.Version)
	e.field("status", p.Status)
	e.field("objective", p.Objective)
	e.field("bound", p.Bound)
	e.field("gap", p.Gap)
	e.field("seconds", p.Seconds)
	lines(e, "assignments", p.Assignments)
	lines(e, "unmatched", p.Unmatched)
	e.name("prices")
	e.text("{")
	e.first = true
	lines(e, "departures", p.Prices.Departures)
	lines(e, "warehouses", p.Prices.Warehouses)
	e.text("}")
	return e.end()
}

// lineWriter writes one JSON object with its fields and the elements of its lists on lines of their own.
type lineWriter struct {
	w     *bufio.Writer
	first bool
	err   error
}

func newLines(w io.Writer) *lineWriter {
	e := &lineWriter{w: bufio.NewWriterSize(w, 1<<16), first: true}
	e.text("{")
	return e
}

func (e *lineWriter) text(s string) {
	if e.err == nil {
		_, e.err = e.w.WriteString(s)
	}
}

func (e *lineWriter) name(s string) {
	if !e.first {
		e.text(",")
	}
	e.first = false
	e.text("\n" + strconv.Quote(s) + ": ")
}

func (e *lineWriter) value(v any) {
	if e.err != nil {
		return
	}
	// A zero of omitempty is left out as encoding/json does, so that both write the same.
	b, err := json.Marshal(v, jsonv1.OmitEmptyWithLegacySemantics(true), jsontext.SpaceAfterComma(true), jsontext.SpaceAfterColon(true))
	if err != nil {
		e.err = err
		return
	}
	_, e.err = e.w.Write(b)
}

func (e *lineWriter) field(name string, v any) {
	e.name(name)
	e.value(v)
}

func lines[T any](e *lineWriter, name string, list []T) {
	e.name(name)
	e.text("[")
	for i := range list {
		if i > 0 {
			e.text(",")
		}
		e.text("\n")
		e.value(&list[i])
	}
	e.text("]")
}

func (e *lineWriter) end() error {
	e.text("\n}\n")
	if e.err != nil {
		return e.err
	}
	return e.w.Flush()
}
