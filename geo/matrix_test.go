package geo

import (
	"math"
	"syscall"
	"testing"
	"time"

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
	defer reportCPU(b)()
	for b.Loop() {
		n, err := newNetworkFrom(seaChart)
		require.NoError(b, err)
		require.NotEmpty(b, n.nodes)
	}
}

// reportCPU adds the processor's time for an operation: on a machine with other work the clock says little.
func reportCPU(b *testing.B) func() {
	used := func() time.Duration {
		var r syscall.Rusage
		require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &r))
		return time.Duration(r.Utime.Nano() + r.Stime.Nano())
	}
	begun := used()
	return func() { b.ReportMetric(float64((used()-begun).Nanoseconds())/float64(b.N), "cpu-ns/op") }
}

// BenchmarkNewPoint is what a point costs that nobody asked for before: how it hangs on the network, and its tree.
func BenchmarkNewPoint(b *testing.B) {
	n := loadNetwork()
	s := newSeaways(n, passageTable().shut)
	ports := Seaports()
	b.Run("seen", func(b *testing.B) {
		defer reportCPU(b)()
		i := 0
		for b.Loop() {
			_ = n.newApproach(ports[i%len(ports)].Point)
			i++
		}
	})
	b.Run("searched", func(b *testing.B) {
		a := n.approach(ports[0].Point)
		defer reportCPU(b)()
		for b.Loop() {
			_ = s.grow(a, s.shut)
		}
	})
}

// BenchmarkRoutes finds ways between seaports with their lines, each pair anew, the trees at hand.
func BenchmarkRoutes(b *testing.B) {
	s := newSeaways(loadNetwork(), passageTable().shut)
	ports := Seaports()
	for _, p := range ports {
		s.tree(s.approach(p.Point))
	}
	defer reportCPU(b)()
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
	defer reportCPU(b)()
	sum, i := 0.0, 0
	for b.Loop() {
		sum += m.Km(i%40, (i*7+3)%40)
		i++
	}
	require.NotZero(b, sum)
}
