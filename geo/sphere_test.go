package geo

import (
	"math"
	"testing"

	"github.com/paulmach/orb"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// points draws positions with a liking for the awkward ones: poles, the antimeridian, the equator.
func points() *rapid.Generator[orb.Point] {
	return rapid.Custom(func(t *rapid.T) orb.Point {
		lon := rapid.OneOf(rapid.Float64Range(-180, 180), rapid.SampledFrom([]float64{-180, 180, 0, 179.999999, -179.999999, 90})).Draw(t, "lon")
		lat := rapid.OneOf(rapid.Float64Range(-90, 90), rapid.SampledFrom([]float64{-90, 90, 0, 89.999999, -89.9999999})).Draw(t, "lat")
		return orb.Point{lon, lat}
	})
}

func TestDistanceKnown(t *testing.T) {
	quarter := math.Pi / 2 * EarthRadiusKm
	require.InDelta(t, quarter, DistanceKm(orb.Point{0, 0}, orb.Point{90, 0}), 1e-6)
	require.InDelta(t, quarter, DistanceKm(orb.Point{17, 0}, orb.Point{-80, 90}), 1e-6)
	require.InDelta(t, 2*quarter, DistanceKm(orb.Point{10, 20}, orb.Point{-170, -20}), 1e-6)
	// One metre north.
	require.InDelta(t, 0.001, DistanceKm(orb.Point{117, 39}, orb.Point{117, 39 + 0.001/EarthRadiusKm/degree}), 1e-9)
}

func TestBearingKnown(t *testing.T) {
	require.InDelta(t, 90, Bearing(orb.Point{0, 0}, orb.Point{10, 0}), 1e-9)
	require.InDelta(t, 270, Bearing(orb.Point{-175, 0}, orb.Point{175, 0}), 1e-9)
	require.InDelta(t, 0, Bearing(orb.Point{30, 10}, orb.Point{30, 20}), 1e-9)
	require.Zero(t, Bearing(orb.Point{30, 10}, orb.Point{30, 10}))
}

func TestValid(t *testing.T) {
	require.NoError(t, Valid(orb.Point{180, -90}))
	require.ErrorContains(t, Valid(orb.Point{0, 90.1}), "latitude 90.1")
	require.ErrorContains(t, Valid(orb.Point{-181, 0}), "longitude -181")
	require.Error(t, Valid(orb.Point{math.NaN(), 0}))
	require.Error(t, Valid(orb.Point{0, math.Inf(1)}))
}

func TestDistanceIsAMetric(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := points().Draw(t, "a"), points().Draw(t, "b"), points().Draw(t, "c")
		require.InDelta(t, DistanceKm(a, b), DistanceKm(b, a), 1e-6)
		require.Zero(t, DistanceKm(a, a))
		require.LessOrEqual(t, DistanceKm(a, c), DistanceKm(a, b)+DistanceKm(b, c)+1e-6)
		require.LessOrEqual(t, DistanceKm(a, b), math.Pi*EarthRadiusKm+1e-6)
	})
}

func TestInterpolateDividesTheWay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := points().Draw(t, "a"), points().Draw(t, "b")
		share := rapid.Float64Range(0, 1).Draw(t, "share")
		p := Interpolate(a, b, share)
		require.NoError(t, Valid(p))
		d := DistanceKm(a, b)
		require.InDelta(t, share*d, DistanceKm(a, p), 1e-5)
		require.InDelta(t, (1-share)*d, DistanceKm(p, b), 1e-5)
		require.Equal(t, a, Interpolate(a, b, 0))
		require.Equal(t, b, Interpolate(a, b, 1))
	})
}

func TestLineOnThePage(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		stops := rapid.SliceOfN(points(), 1, 4).Draw(t, "stops")
		if len(stops) > 1 && rapid.Bool().Draw(t, "antipodal") {
			a := stops[0]
			stops[1] = orb.Point{math.Remainder(a.Lon()+180, 360), -a.Lat()}
		}
		checkLine(t, Line(stops...), stops...)
	})
}

type fatal interface {
	Errorf(format string, args ...any)
	FailNow()
}

// checkLine holds what every line on the map must: on the page, no jumps, cuts only at ±180 or a pole, nothing lost.
func checkLine(t fatal, m orb.MultiLineString, stops ...orb.Point) {
	require.NotEmpty(t, m)
	want := 0.0
	for i := 1; i < len(stops); i++ {
		want += DistanceKm(stops[i-1], stops[i])
	}
	// A line that goes through a pole which it passed by centimetres is longer by as little.
	require.InDelta(t, want, LengthKm(m), 0.001*float64(len(stops)))
	require.Less(t, DistanceKm(stops[0], m[0][0]), 1e-6)
	last := m[len(m)-1]
	require.Less(t, DistanceKm(stops[len(stops)-1], last[len(last)-1]), 1e-6)
	for i, line := range m {
		require.GreaterOrEqual(t, len(line), 2)
		for k, p := range line {
			require.NoError(t, Valid(p))
			if k > 0 {
				require.LessOrEqual(t, math.Abs(p.Lon()-line[k-1].Lon()), maxTurnDeg+1e-9)
				require.LessOrEqual(t, DistanceKm(p, line[k-1]), maxStepKm+1e-6)
			}
		}
		if i > 0 {
			end, begin := m[i-1][len(m[i-1])-1], line[0]
			atEdge := math.Abs(end.Lon()) == 180 && begin.Lon() == -end.Lon() && begin.Lat() == end.Lat()
			atPole := math.Abs(end.Lat()) == 90 && begin.Lat() == end.Lat()
			require.True(t, atEdge || atPole, "cut from %v to %v", end, begin)
		}
	}
}

func TestLineCrossesTheAntimeridianExactly(t *testing.T) {
	m := Line(orb.Point{170, 10}, orb.Point{-170, 10})
	require.Len(t, m, 2)
	end, begin := m[0][len(m[0])-1], m[1][0]
	require.Equal(t, 180.0, end.Lon())
	require.Equal(t, -180.0, begin.Lon())
	require.InDelta(t, Interpolate(orb.Point{170, 10}, orb.Point{-170, 10}, 0.5).Lat(), end.Lat(), 1e-9)
}

func TestLineOverThePoleAndWithoutLength(t *testing.T) {
	over := Line(orb.Point{20, 80}, orb.Point{-160, 80})
	require.Len(t, over, 2)
	require.InDelta(t, 20, over[0][len(over[0])-1].Lon(), 1e-3)
	require.Equal(t, 90.0, over[0][len(over[0])-1].Lat())
	require.InDelta(t, -160, over[1][0].Lon(), 1e-3)
	require.Equal(t, orb.MultiLineString{{{5, 6}, {5, 6}}}, Line(orb.Point{5, 6}, orb.Point{5, 6}))
	require.Nil(t, Line())
}
