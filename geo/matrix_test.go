package geo

import (
	"math"
	"testing"

	"github.com/paulmach/orb"
	"github.com/stretchr/testify/require"
)

func TestMatrixAgreesWithTheRouter(t *testing.T) {
	points := []orb.Point{place(t, "CNTXG"), place(t, "NLRTM"), place(t, "ILASH"), place(t, "KWSAA")}
	for _, o := range []Options{{}, {Closed: []string{"suez"}}} {
		ask, err := NewRouterWith(o)
		require.NoError(t, err)
		m, err := NewMatrix(points, o)
		require.NoError(t, err)
		for i, p := range points {
			for j, q := range points {
				r, err := ask(p, q, Sea)
				require.NoError(t, err)
				require.InDelta(t, r.DistanceKm, m.Km(i, j), 0.01)
			}
		}
	}
	m, err := NewMatrix(points, Options{Closed: []string{"hormuz"}})
	require.NoError(t, err)
	require.True(t, math.IsInf(m.Km(0, 3), 1), "Kuwait lies behind Hormuz")
	require.Panics(t, func() { m.Km(4, 0) })
	require.Panics(t, func() { m.Km(0, 4) })
	_, err = NewMatrix([]orb.Point{{0, 91}}, Options{})
	require.ErrorContains(t, err, "latitude 91")
	_, err = NewMatrix(nil, Options{Closed: []string{"x"}})
	require.ErrorContains(t, err, `"x" is no passage`)
}

func TestOverland(t *testing.T) {
	a, b := place(t, "CNTXG"), place(t, "CNSHA")
	require.InDelta(t, 1.3*DistanceKm(a, b), OverlandKm(a, b, RoadCircuity), 1e-9)
}

// BenchmarkNetwork is what the first route of a process waits for.
func BenchmarkNetwork(b *testing.B) {
	for b.Loop() {
		n, err := newNetworkFrom(seaChart)
		require.NoError(b, err)
		require.NotEmpty(b, n.nodes)
	}
}

// BenchmarkNewPoint is what a point costs that nobody asked for before: how it hangs on the network, and its tree.
func BenchmarkNewPoint(b *testing.B) {
	n := loadNetwork()
	s := newSeaways(n, passageTable().shut)
	ports := Seaports()
	i := 0
	for b.Loop() {
		a := n.newApproach(ports[i%len(ports)].Point)
		_ = s.grow(a, s.shut)
		i++
	}
}

// BenchmarkRoutes finds ways between seaports with their lines, each pair anew, the trees at hand.
func BenchmarkRoutes(b *testing.B) {
	s := newSeaways(loadNetwork(), passageTable().shut)
	ports := Seaports()
	for _, p := range ports {
		s.tree(s.approach(p.Point))
	}
	i := 0
	for b.Loop() {
		_, err := s.route(ports[i%len(ports)].Point, ports[(i*7+3)%len(ports)].Point)
		require.NoError(b, err)
		i++
	}
}

// BenchmarkMatrix reads distances at hand.
func BenchmarkMatrix(b *testing.B) {
	var points []orb.Point
	for _, p := range Seaports()[:40] {
		points = append(points, p.Point)
	}
	m, err := NewMatrix(points, Options{})
	require.NoError(b, err)
	sum, i := 0.0, 0
	for b.Loop() {
		sum += m.Km(i%40, (i*7+3)%40)
		i++
	}
	require.NotZero(b, sum)
}
