package chart

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/paulmach/orb"
)

// Table reads a CSV table; lines that begin with # are remarks, the first other line must name the columns.
func Table(name string, raw []byte, columns ...string) ([][]string, error) {
	r := csv.NewReader(bytes.NewReader(raw))
	r.Comment, r.FieldsPerRecord = '#', len(columns)
	rows, err := r.ReadAll()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if len(rows) == 0 || !slices.Equal(rows[0], columns) {
		return nil, fmt.Errorf("%s: want the columns %v", name, columns)
	}
	return rows[1:], nil
}

// ParseLine reads "lon lat, lon lat, …".
func ParseLine(s string) (orb.LineString, error) {
	var line orb.LineString
	for pair := range strings.SplitSeq(s, ",") {
		f := strings.Fields(pair)
		if len(f) != 2 {
			return nil, fmt.Errorf("%q is no position: want \"lon lat\"", strings.TrimSpace(pair))
		}
		lon, err := strconv.ParseFloat(f[0], 64)
		lat, err2 := strconv.ParseFloat(f[1], 64)
		if err != nil || err2 != nil || !(lon >= -180 && lon <= 180 && lat >= -90 && lat <= 90) {
			return nil, fmt.Errorf("%q is no position: want \"lon lat\" in degrees", strings.TrimSpace(pair))
		}
		line = append(line, orb.Point{lon, lat})
	}
	return line, nil
}

// Channel is a fairway that may lead over what the coastline shows as land.
type Channel struct {
	ID, Name, Source string
	Line             orb.LineString
}

// Channels reads channels.csv.
func Channels(raw []byte) ([]Channel, error) {
	rows, err := Table("channels.csv", raw, "id", "name", "line", "source")
	if err != nil {
		return nil, err
	}
	var list []Channel
	for _, row := range rows {
		line, err := ParseLine(row[2])
		if err != nil || len(line) < 2 {
			return nil, fmt.Errorf("channels.csv: %s: a line of two points or more: %w", row[0], err)
		}
		list = append(list, Channel{row[0], row[1], row[3], line})
	}
	return list, nil
}

// Passage is a strait, canal or cape with the gate that tells who takes it.
type Passage struct {
	ID, Kind, NameZH, NameEN, Source string
	Point                            orb.Point
	Shut                             bool // unless asked for
	Gate                             orb.LineString
}

// MaxPassages is the number of passages that a set of them, a uint64, can hold.
const MaxPassages = 64

// Passages reads passages.csv.
func Passages(raw []byte) ([]Passage, error) {
	rows, err := Table("passages.csv", raw, "id", "kind", "name_zh", "name_en", "lon", "lat", "shut", "gate", "source")
	if err != nil {
		return nil, err
	}
	if len(rows) > MaxPassages {
		return nil, fmt.Errorf("passages.csv: %d passages, of %d at most", len(rows), MaxPassages)
	}
	var list []Passage
	for _, row := range rows {
		at, err := ParseLine(row[4] + " " + row[5])
		if err != nil {
			return nil, fmt.Errorf("passages.csv: %s: %w", row[0], err)
		}
		gate, err := ParseLine(row[7])
		if err != nil || len(gate) < 2 {
			return nil, fmt.Errorf("passages.csv: %s: a gate of two points or more: %w", row[0], err)
		}
		list = append(list, Passage{ID: row[0], Kind: row[1], NameZH: row[2], NameEN: row[3], Source: row[8], Point: at[0],
			Shut: row[6] == "yes", Gate: gate})
	}
	return list, nil
}

// Shoals reads the outlines of shoals.csv.
func Shoals(raw []byte) ([]Ring, error) {
	rows, err := Table("shoals.csv", raw, "id", "name", "outline", "source")
	if err != nil {
		return nil, err
	}
	var list []Ring
	for _, row := range rows {
		line, err := ParseLine(row[2])
		if err != nil || len(line) < 3 {
			return nil, fmt.Errorf("shoals.csv: %s: an outline of three points or more: %w", row[0], err)
		}
		list = append(list, Ring(line))
	}
	return list, nil
}

// Gates tells which passages an arc takes.
type Gates struct {
	list []gate
}

type gate struct {
	a, b    Vec
	passage uint
}

// NewGates makes Gates of passages; the n-th passage is bit n.
func NewGates(passages []Passage) *Gates {
	g := &Gates{}
	for i, p := range passages {
		for k := 1; k < len(p.Gate); k++ {
			g.list = append(g.list, gate{a: At(p.Gate[k-1]), b: At(p.Gate[k]), passage: uint(i)})
		}
	}
	return g
}

// Taken is the set of passages that the arc from a to b takes.
func (g *Gates) Taken(a, b Vec) uint64 {
	set := uint64(0)
	n := a.Cross(b)
	for i := range g.list {
		t := &g.list[i]
		if (n.Dot(t.a) > 0) != (n.Dot(t.b) > 0) && Meet(a, b, t.a, t.b) {
			set |= 1 << t.passage
		}
	}
	return set
}
