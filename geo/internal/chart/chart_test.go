package chart

import (
	"bytes"
	"math"
	"testing"

	"github.com/paulmach/orb"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func sample() *Chart {
	return &Chart{LandStep: orb.Point{0.5, 0.25}, LandZero: orb.Point{-180, -90},
		Land:   []Ring{{{10, 10}, {12, 10}, {12, 12}, {10, 12}}, {{179, -5}, {-179, -5}, {-179, -3}, {179, -3}}},
		Shoals: []Ring{{{20, 20}, {21, 20}, {21, 21}}},
		Nodes:  []Node{{Point: orb.Point{9, 9}, Before: 3, After: 250}, {Point: orb.Point{13, 9}}, {Point: orb.Point{-13.5, 9.1234}}},
		Edges:  []Edge{{From: 0, To: 1, Taken: 5}, {From: 0, To: 2}, {From: 1, To: 2, Channel: 2}}}
}

func TestEncodeAndDecode(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, sample().Encode(&out))
	got, err := Decode(out.Bytes())
	require.NoError(t, err)
	want := sample()
	require.Equal(t, want.Edges, got.Edges)
	require.Equal(t, want.Land, got.Land)
	for i := range want.Nodes {
		require.InDelta(t, want.Nodes[i].Point[0], got.Nodes[i].Point[0], 1e-9)
		require.InDelta(t, want.Nodes[i].Point[1], got.Nodes[i].Point[1], 1e-9)
	}
	for _, raw := range [][]byte{nil, []byte("x"), out.Bytes()[:len(out.Bytes())-4]} {
		_, err := Decode(raw)
		require.Error(t, err)
	}
}

func FuzzDecode(f *testing.F) {
	var out bytes.Buffer
	require.NoError(f, sample().Encode(&out))
	f.Add(out.Bytes())
	f.Add([]byte(magic))
	f.Fuzz(func(t *testing.T, raw []byte) {
		c, err := Decode(raw)
		if err != nil {
			return
		}
		for _, e := range c.Edges {
			require.True(t, 0 <= e.From && e.From < e.To && int(e.To) < len(c.Nodes))
		}
	})
}

func TestRings(t *testing.T) {
	r := NewRings(sample().Land)
	require.True(t, r.Inside(orb.Point{11, 11}))
	require.False(t, r.Inside(orb.Point{11, 9}))
	require.False(t, r.Inside(orb.Point{11, 13}))
	require.True(t, r.Inside(orb.Point{180, -4}), "a ring across the antimeridian holds what lies on it")
	require.True(t, r.Inside(orb.Point{-180, -4}))
	require.False(t, r.Inside(orb.Point{0, -4}), "and not the rest of the world")
	require.True(t, r.Crossed(At(orb.Point{9, 11}), At(orb.Point{13, 11})))
	require.False(t, r.Crossed(At(orb.Point{9, 9}), At(orb.Point{13, 9})))
	require.True(t, r.Crossed(At(orb.Point{170, -4}), At(orb.Point{-170, -4})))
	require.False(t, r.Crossed(At(orb.Point{170, 4}), At(orb.Point{-170, 4})))
	q, nm := r.Nearest(orb.Point{11, 9}, 120)
	require.InDelta(t, 60, nm, 0.5)
	require.InDelta(t, 10, q.Point()[1], 0.01)
	_, nm = r.Nearest(orb.Point{50, 50}, 120)
	require.True(t, math.IsInf(nm, 1))
}

func TestHoldingAndBlocking(t *testing.T) {
	r := NewRings(sample().Land)
	require.Equal(t, int32(0), r.Holding(orb.Point{11, 11}))
	require.Equal(t, int32(1), r.Holding(orb.Point{180, -4}))
	require.Equal(t, NoRing, r.Holding(orb.Point{0, 0}))
	a, b := At(orb.Point{9, 11}), At(orb.Point{13, 11.2})
	edge := r.Blocking(a, b, NoRing)
	require.Equal(t, int32(0), r.Ring(edge))
	require.True(t, r.Blocks(edge, a, b))
	require.False(t, r.Blocks(edge, a, At(orb.Point{9.5, 11})))
	require.Equal(t, NoEdge, r.Blocking(a, b, 0))
}

// Strides over open water and the quick arc tangent must miss no edge: every arc is tested against every edge as well.
func TestCrossedMissesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lon, lat := rapid.Float64Range(-180, 180), rapid.Float64Range(-85, 85)
		draw := func(name string) orb.Point { return orb.Point{lon.Draw(t, name+" lon"), lat.Draw(t, name+" lat")} }
		var rings []Ring
		for range rapid.IntRange(1, 12).Draw(t, "rings") {
			at, size := draw("ring"), rapid.Float64Range(0.05, 3).Draw(t, "size")
			var ring Ring
			for _, d := range [][2]float64{{0, 0}, {1, 0}, {1, 0.7}, {0.3, 1}} {
				ring = append(ring, orb.Point{math.Remainder(at[0]+d[0]*size, 360), min(at[1]+d[1]*size, 88)})
			}
			rings = append(rings, ring)
		}
		r := NewRings(rings)
		a, b := At(draw("a")), At(draw("b"))
		if a.Dot(b) < -0.99 || a.Nm(b) < 0.01 { // nearly antipodal, or nearly the same
			return
		}
		want := false
		for i := range r.a {
			want = want || Meet(a, b, r.a[i], r.b[i])
		}
		require.Equal(t, want, r.Crossed(a, b))
	})
}

func TestQuickArcTangent(t *testing.T) {
	for y := -1.0; y <= 1; y += 0.001 {
		for _, x := range []float64{-1, -0.5, -1e-9, 0, 1e-9, 0.3, 1} {
			require.InDelta(t, math.Atan2(y, x)/degree, angleOf(y, x), 1e-3)
		}
	}
}

func TestAnOutlineRoundAPole(t *testing.T) {
	south := NewRings([]Ring{{{-180, -50}, {-90, -50}, {0, -50}, {90, -50}}})
	require.True(t, south.Inside(orb.Point{45, -80}))
	require.False(t, south.Inside(orb.Point{45, 0}))
	north := NewRings([]Ring{{{-180, 80}, {-90, 80}, {0, 80}, {90, 80}}})
	require.True(t, north.Crossed(At(orb.Point{10, 70}), At(orb.Point{10, 89})))
	require.False(t, north.Inside(orb.Point{10, 70}))
}

func TestMilesOfShortArcs(t *testing.T) {
	a := At(orb.Point{10, 50})
	for _, nm := range []float64{0, 0.001, 1, 100, 340, 350, 5000} {
		require.InDelta(t, nm, a.Nm(a.Off(1, nm)), 1e-6)
	}
}

func TestTables(t *testing.T) {
	_, err := ParseLine("1 2, 3")
	require.ErrorContains(t, err, `"3" is no position`)
	_, err = ParseLine("1 2, 3 91")
	require.ErrorContains(t, err, `"3 91" is no position`)
	_, err = Passages([]byte("id\n"))
	require.ErrorContains(t, err, "passages.csv")
	_, err = Channels([]byte("id,name,line,source\na,A,1 2,s\n"))
	require.ErrorContains(t, err, "channels.csv: a")
	_, err = Shoals([]byte("id,name,outline,source\na,A,\"1 2, 2 2\",s\n"))
	require.ErrorContains(t, err, "shoals.csv: a")
}
