package planner

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// maxFileBytes is the most that a file may hold. A problem of 100,000 requests has about 40 MB.
const maxFileBytes = 1 << 30

// DecodeProblem reads a haihe.problem/1 or /2 file and checks it as Problem.Validate does. The name stands in errors,
// which are *DecodeErrors: unknown fields, names given twice, wrong types, null, text after the end and bytes that
// are not UTF-8 are errors.
func DecodeProblem(r io.Reader, name string) (*Problem, error) {
	d := decoding{name: name, version: ProblemVersion}
	p := new(Problem)
	if err := d.read(r, p); err != nil {
		return nil, err
	}
	if err := d.locate(p.Validate()); err != nil {
		return nil, err
	}
	if p.Version == ProblemVersion && p.Format() != p.Version {
		return nil, d.fail(-1, "version", "must be %q where storage has free_days or storage_tiers, got %q", TariffVersion, p.Version)
	}
	return p, nil
}

// DecodePlan reads a haihe.plan/1 file as strictly as DecodeProblem, but takes null for an empty list. What the
// plan claims is for Check to judge.
func DecodePlan(r io.Reader, name string) (*Plan, error) {
	d := decoding{name: name, version: PlanVersion, nullable: map[jsontext.Pointer]bool{
		"/assignments": true, "/unmatched": true, "/prices/departures": true, "/prices/warehouses": true,
	}}
	p := new(Plan)
	if err := d.read(r, p); err != nil {
		return nil, err
	}
	if err := d.locate(p.validate()); err != nil {
		return nil, err
	}
	return p, nil
}

// validate says what keeps p from being read at all; names in it are only held to be short.
func (p *Plan) validate() error {
	fe := &fieldErrors{}
	if p.Version != PlanVersion {
		fe.add("version", "must be %q, got %s", PlanVersion, short(p.Version))
	}
	fe.text("status", p.Status, maxIDBytes)
	for i := range p.Assignments {
		a := &p.Assignments[i]
		back := fe.under(element("assignments", i))
		fe.id("request", a.Request)
		for k, id := range a.Departures {
			if len(id) > maxIDBytes || id == "" {
				fe.id(element("departures", k), id)
			}
		}
		fe.id("gateway", a.Gateway)
		fe.id("warehouse", a.Warehouse)
		back()
	}
	for i := range p.Unmatched {
		back := fe.under(element("unmatched", i))
		fe.id("request", p.Unmatched[i].Request)
		fe.text("reason.message", p.Unmatched[i].Reason.Message, maxTextBytes)
		back()
	}
	for i := range p.Prices.Departures {
		if id := p.Prices.Departures[i].ID; len(id) > maxIDBytes || id == "" {
			fe.id(element("prices.departures", i)+".id", id)
		}
	}
	for i := range p.Prices.Warehouses {
		if id := p.Prices.Warehouses[i].ID; len(id) > maxIDBytes || id == "" {
			fe.id(element("prices.warehouses", i)+".id", id)
		}
	}
	return fe.err()
}

// decoding is the reading of one file.
type decoding struct {
	name     string
	version  string
	nullable map[jsontext.Pointer]bool // where null is fine
	data     []byte
}

func (d *decoding) read(r io.Reader, v any) error {
	var buffer bytes.Buffer
	if f, ok := r.(interface{ Stat() (fs.FileInfo, error) }); ok { // a file: read into memory of its size
		if info, err := f.Stat(); err == nil && info.Mode().IsRegular() && info.Size() <= maxFileBytes {
			buffer.Grow(int(info.Size()) + bytes.MinRead)
		}
	}
	_, err := buffer.ReadFrom(io.LimitReader(r, maxFileBytes+1))
	d.data = buffer.Bytes()
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", d.name, err)
	case len(d.data) > maxFileBytes:
		return d.fail(-1, "", "is larger than %d MiB", maxFileBytes>>20)
	case len(bytes.TrimSpace(d.data)) == 0:
		return d.fail(-1, "", "is empty; want a %s file", d.version)
	}
	if err := json.Unmarshal(d.data, v, json.RejectUnknownMembers(true)); err != nil {
		return d.explain(err)
	}
	return d.noNull()
}

// noNull finds the nulls that json takes for zero values.
func (d *decoding) noNull() error {
	if !bytes.Contains(d.data, []byte("null")) {
		return nil
	}
	dec := jsontext.NewDecoder(bytes.NewBuffer(d.data))
	for {
		t, err := dec.ReadToken()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return d.explain(err)
		}
		if t.Kind() == 'n' {
			if at := dec.StackPointer(); !d.nullable[at] {
				return d.fail(dec.InputOffset()-int64(len("null")), fieldPath(at), "must not be null; leave the field out or give a value")
			}
		}
	}
}
