package geo

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"fmt"
	"maps"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"github.com/stretchr/testify/require"

	"haihe/geo/internal/chart"
	"haihe/geo/internal/topojson"
)

const landFile = "../web/app/node_modules/world-atlas/land-50m.json"

// pairs visits the pairs of seaports: a fixed few of them, or with HAIHE_ALL_PAIRS=1 all.
func pairs(visit func(a, b Place)) {
	every := 60
	if os.Getenv("HAIHE_ALL_PAIRS") != "" {
		every = 1
	}
	ports, n := Seaports(), 0
	for i, a := range ports {
		for _, b := range ports[i+1:] {
			if n++; n%every == 0 {
				visit(a, b)
			}
		}
	}
}

func TestEveryPairIsRoutable(t *testing.T) {
	ask := NewRouter()
	pairs(func(a, b Place) {
		r, err := ask(a.Point, b.Point, Sea)
		require.NoError(t, err, "%s %s", a.Code, b.Code)
		require.GreaterOrEqual(t, r.DistanceKm, DistanceKm(a.Point, b.Point)-1e-6, "%s %s", a.Code, b.Code)
		require.Less(t, r.DistanceKm, 32000.0, "%s %s", a.Code, b.Code)
		require.InEpsilon(t, r.DistanceKm, SeaFactor*LengthKm(r.Line), 1e-6, "%s %s", a.Code, b.Code)
		require.Less(t, DistanceKm(a.Point, r.Line[0][0]), 1e-6)
		last := r.Line[len(r.Line)-1]
		require.Less(t, DistanceKm(b.Point, last[len(last)-1]), 1e-6)
		for _, line := range r.Line {
			for k := 1; k < len(line); k++ {
				require.LessOrEqual(t, math.Abs(line[k][0]-line[k-1][0]), maxTurnDeg+1e-9)
			}
		}
	})
}

func TestThereAndBackIsAsFar(t *testing.T) {
	there, back := NewRouter(), NewRouter()
	pairs(func(a, b Place) {
		if a.Code[4] != b.Code[4] {
			return
		}
		x, err := there(a.Point, b.Point, Sea)
		require.NoError(t, err)
		y, err := back(b.Point, a.Point, Sea)
		require.NoError(t, err)
		require.InEpsilon(t, x.DistanceKm, y.DistanceKm, 1e-9, "%s %s", a.Code, b.Code)
		require.ElementsMatch(t, x.Via, y.Via, "%s %s", a.Code, b.Code)
	})
}

// coast tests legs against the coastline without the index that the router searches with.
type coast struct {
	rings []chart.Ring
	v     [][]chart.Vec
	boxes []box
	known map[[4]float64]bool
}

type box struct{ west, wide, south, north float64 }

func newCoast(t *testing.T) *coast {
	raw, err := os.ReadFile(landFile)
	c := &coast{known: map[[4]float64]bool{}}
	if err == nil {
		c.rings, _, _, err = topojson.ReadLand(raw)
		require.NoError(t, err)
	} else { // the same outlines, as they are embedded; TestEmbeddedLand compares them
		embedded, err := chart.Decode(seaChart)
		require.NoError(t, err)
		c.rings = embedded.Land
	}
	for _, ring := range c.rings {
		v := make([]chart.Vec, len(ring))
		x, west, east := 0.0, 0.0, 0.0
		b := box{south: 90, north: -90}
		for i, p := range ring {
			v[i] = chart.At(p)
			if i > 0 {
				x += math.Remainder(p[0]-ring[i-1][0], 360)
			}
			west, east = min(west, x), max(east, x)
			b.south, b.north = min(b.south, p[1]), max(b.north, p[1])
		}
		b.west, b.wide = ring[0][0]+west, east-west
		c.v, c.boxes = append(c.v, v), append(c.boxes, b)
	}
	return c
}

func (c *coast) crosses(p, q orb.Point) bool {
	key := [4]float64{p[0], p[1], q[0], q[1]}
	if crossed, ok := c.known[key]; ok {
		return crossed
	}
	a, b := chart.At(p), chart.At(q)
	leg := box{west: p[0], south: min(p[1], q[1]), north: max(p[1], q[1]), wide: math.Abs(math.Remainder(q[0]-p[0], 360))}
	if math.Remainder(q[0]-p[0], 360) < 0 {
		leg.west = q[0]
	}
	for f := 0.0; f <= 1; f += 1.0 / 64 { // a great circle bulges out of the box of its ends
		lat := Interpolate(p, q, f)[1]
		leg.south, leg.north = min(leg.south, lat-0.1), max(leg.north, lat+0.1)
	}
	crossed := false
	for i, v := range c.v {
		r := c.boxes[i]
		if r.south > leg.north || r.north < leg.south {
			continue
		}
		if d := math.Mod(math.Mod(r.west-leg.west, 360)+360, 360); d > leg.wide+0.1 && d+r.wide < 359.9 {
			continue
		}
		for k := range v {
			if chart.Meet(a, b, v[k], v[(k+1)%len(v)]) {
				crossed = true
			}
		}
	}
	c.known[key] = crossed
	return crossed
}

func TestNoWayCrossesLand(t *testing.T) {
	c := newCoast(t)
	s := seawaysWith(passageTable().shut)
	legs, ways := 0, 0
	pairs(func(a, b Place) {
		w, err := s.way(a.Point, b.Point)
		require.NoError(t, err)
		ways++
		for i := 1; i < len(w.stops); i++ {
			if w.stops[i].leg == openWater {
				legs++
				if c.crosses(w.stops[i-1].p, w.stops[i].p) {
					t.Errorf("%s to %s crosses land between %v and %v", a.Code, b.Code, w.stops[i-1].p, w.stops[i].p)
				}
			}
		}
	})
	t.Logf("%d ways, %d legs over open water, %d of them different", ways, legs, len(c.known))
}

func TestEmbeddedLand(t *testing.T) {
	raw, err := os.ReadFile(landFile)
	if err != nil {
		t.Skip("the coastline is not installed: npm ci in web/app")
	}
	rings, step, zero, err := topojson.ReadLand(raw)
	require.NoError(t, err)
	c, err := chart.Decode(seaChart)
	require.NoError(t, err)
	require.Equal(t, []orb.Point{step, zero}, []orb.Point{c.LandStep, c.LandZero})
	require.Equal(t, len(rings), len(c.Land))
	for i := range rings {
		require.Equal(t, len(rings[i]), len(c.Land[i]))
		for k := range rings[i] {
			require.InDelta(t, rings[i][k][0], c.Land[i][k][0], 1e-9)
			require.InDelta(t, rings[i][k][1], c.Land[i][k][1], 1e-9)
		}
	}
}

func TestChartIsSmallAndFits(t *testing.T) {
	require.Less(t, len(seaChart), 2<<20)
	n := loadNetwork()
	c, err := chart.Decode(seaChart)
	require.NoError(t, err)
	for _, e := range c.Edges { // passages.csv has not changed since the chart was built
		require.Equal(t, n.gates.Taken(n.v[e.From], n.v[e.To]), e.Taken, "%v %v: build the chart anew (make sea)", c.Nodes[e.From].Point, c.Nodes[e.To].Point)
	}
	var again bytes.Buffer
	require.NoError(t, c.Encode(&again))
	require.Equal(t, seaChart, again.Bytes())
}

// published is a table of distances, with ours beside them.
type published struct {
	ports map[string]orb.Point
	nm    map[[2]string]float64 // both ways round
	rows  [][2]string
}

func readPublished(t *testing.T) published {
	f, err := os.Open("../../shared/data/sea-distances.csv")
	if err != nil {
		t.Skip("no table of published distances beside the project")
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	require.NoError(t, err)
	p := published{map[string]orb.Point{}, map[[2]string]float64{}, nil}
	for _, row := range rows[1:] {
		number := func(k int) float64 { x, err := strconv.ParseFloat(row[k], 64); require.NoError(t, err); return x }
		p.ports[row[0]], p.ports[row[3]] = orb.Point{number(1), number(2)}, orb.Point{number(4), number(5)}
		p.nm[[2]string{row[0], row[3]}], p.nm[[2]string{row[3], row[0]}] = number(6), number(6)
		p.rows = append(p.rows, [2]string{row[0], row[3]})
	}
	return p
}

func quantiles(errors []float64) string {
	slices.Sort(errors)
	n := len(errors)
	return fmt.Sprintf("%d pairs: median %.2f %%, p90 %.1f %%, p95 %.2f %%", n, 100*errors[n/2], 100*errors[n*90/100], 100*errors[n*95/100])
}

func TestSeaDistancesAgainstATable(t *testing.T) {
	p := readPublished(t)
	s := seawaysWith(passageTable().shut)
	all := os.Getenv("HAIHE_ALL_PAIRS") != ""
	ours := map[[2]string]float64{}
	var errors []float64
	for i, row := range p.rows {
		if i%4 != 0 && !all {
			continue
		}
		w, err := s.way(p.ports[row[0]], p.ports[row[1]])
		require.NoError(t, err, "%v", row)
		nm := SeaFactor * w.nm
		ours[row], ours[[2]string{row[1], row[0]}] = nm, nm
		errors = append(errors, math.Abs(nm/p.nm[row]-1))
	}
	t.Log(quantiles(errors))
	n := len(errors)
	require.Less(t, errors[n/2], 0.015)
	require.Less(t, errors[n*90/100], 0.05)
	require.Less(t, errors[n*95/100], 0.07)
	if !all {
		return
	}
	// A row from A to B is at odds with the table's own row from A to C where even with a twentieth more on the way from C to B,
	// which crosses no land, and a twentieth more on the whole, going by C is shorter than the row says.
	var sound []float64
	odds := map[string]int{}
	for _, row := range p.rows {
		against := false
		for c := range p.ports {
			for _, ends := range [][2]string{row, {row[1], row[0]}} {
				first, known := p.nm[[2]string{ends[0], c}]
				last, sailed := ours[[2]string{c, ends[1]}]
				against = against || known && sailed && (first+1.05*last)*1.05 < p.nm[row]
			}
		}
		if against {
			odds[row[0]]++
			odds[row[1]]++
			continue
		}
		sound = append(sound, math.Abs(ours[row]/p.nm[row]-1))
	}
	worst := slices.SortedFunc(maps.Keys(odds), func(a, b string) int { return cmp.Or(odds[b]-odds[a], strings.Compare(a, b)) })
	t.Logf("%d rows are at odds with others of the table, most of them at %v; without them %s", n-len(sound), worst[:5], quantiles(sound))
	require.Less(t, sound[len(sound)*95/100], 0.05)
}
