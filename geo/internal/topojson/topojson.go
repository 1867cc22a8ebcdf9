// Package topojson reads the land of the npm package world-atlas.
package topojson

import (
	"encoding/json"
	"fmt"

	"github.com/paulmach/orb"

	"haihe/geo/internal/chart"
)

// topology is the part of TopoJSON that land-50m.json of the npm package world-atlas uses: quantised arcs that polygons
// share (https://github.com/topojson/topojson-specification).
type topology struct {
	Type      string `json:"type"`
	Transform struct {
		Scale, Translate [2]float64
	} `json:"transform"`
	Arcs    [][][2]int `json:"arcs"`
	Objects map[string]struct {
		Type       string     `json:"type"`
		Geometries []geometry `json:"geometries"`
	} `json:"objects"`
}

type geometry struct {
	Type string          `json:"type"`
	Arcs json.RawMessage `json:"arcs"`
}

// ReadLand is the outlines of the object "land", on whole steps from zero. It fails on what is no quantised topology of polygons.
func ReadLand(raw []byte) (rings []chart.Ring, step, zero orb.Point, err error) {
	var t topology
	if err = json.Unmarshal(raw, &t); err != nil {
		return nil, step, zero, fmt.Errorf("topojson: %w", err)
	}
	step, zero = orb.Point(t.Transform.Scale), orb.Point(t.Transform.Translate)
	land, ok := t.Objects["land"]
	if t.Type != "Topology" || !ok || step[0] <= 0 || step[1] <= 0 {
		return nil, step, zero, fmt.Errorf("topojson: want a quantised topology with an object \"land\"")
	}
	arcs := make([]chart.Ring, len(t.Arcs))
	for i, arc := range t.Arcs {
		x, y := 0, 0
		for _, d := range arc {
			x, y = x+d[0], y+d[1]
			arcs[i] = append(arcs[i], orb.Point{zero[0] + float64(x)*step[0], zero[1] + float64(y)*step[1]})
		}
	}
	for _, g := range land.Geometries {
		var polygons [][][]int
		switch g.Type {
		case "Polygon":
			polygons = make([][][]int, 1)
			err = json.Unmarshal(g.Arcs, &polygons[0])
		case "MultiPolygon":
			err = json.Unmarshal(g.Arcs, &polygons)
		default:
			err = fmt.Errorf("geometry %q is no polygon", g.Type)
		}
		if err != nil {
			return nil, step, zero, fmt.Errorf("topojson: %w", err)
		}
		for _, polygon := range polygons {
			for _, parts := range polygon {
				var ring chart.Ring
				for _, i := range parts {
					backward := i < 0
					if backward {
						i = ^i
					}
					if i >= len(arcs) {
						return nil, step, zero, fmt.Errorf("topojson: no arc %d among %d", i, len(arcs))
					}
					for k := range arcs[i] {
						p := arcs[i][k]
						if backward {
							p = arcs[i][len(arcs[i])-1-k]
						}
						if len(ring) == 0 || ring[len(ring)-1] != p {
							ring = append(ring, p)
						}
					}
				}
				for len(ring) > 1 && ring[0] == ring[len(ring)-1] {
					ring = ring[:len(ring)-1]
				}
				rings = append(rings, ring)
			}
		}
	}
	return rings, step, zero, nil
}
