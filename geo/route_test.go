package geo

import (
	"encoding/json"
	"sync"
	"testing"

	"github.com/paulmach/orb"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func place(t testing.TB, code string) orb.Point {
	p, ok := PlaceByCode(code)
	require.True(t, ok, code)
	return p.Point
}

// Round figures in nautical miles as tables of port distances give them (NGA Pub. 151 and its like); tables differ among each other by
// some percent, so ours may by eight.
func TestSeaDistancesArePlausible(t *testing.T) {
	ask := NewRouter()
	for _, c := range []struct {
		from, to string
		nm       float64
		via      []string
	}{
		{"CNSHA", "SGSIN", 2230, []string{"taiwan"}},
		{"CNTXG", "KRPUS", 700, []string{"bohai"}},
		{"SGSIN", "NLRTM", 8290, []string{"malacca", "bab-el-mandeb", "suez", "gibraltar", "dover"}},
		{"JPYOK", "USLAX", 4840, nil},
		{"CNTXG", "USNYC", 10700, []string{"tsugaru", "panama"}},
		{"SGSIN", "BRSSZ", 8900, []string{"good-hope"}},
		{"AEJEA", "INNSA", 1170, []string{"hormuz"}},
		{"NLRTM", "USNYC", 3370, []string{"dover"}},
	} {
		r, err := ask(place(t, c.from), place(t, c.to), Sea)
		require.NoError(t, err)
		require.InEpsilon(t, c.nm, r.DistanceKm/1.852, 0.08, "%s to %s via %v", c.from, c.to, r.Via)
		for _, id := range c.via {
			require.Contains(t, r.Via, id, "%s to %s", c.from, c.to)
		}
	}
}

func TestAirRoute(t *testing.T) {
	ask := NewRouter()
	tsn, fra := place(t, "TSN"), place(t, "FRA")
	r, err := ask(tsn, fra, Air)
	require.NoError(t, err)
	require.InDelta(t, DistanceKm(tsn, fra)+AirDetourKm, r.DistanceKm, 1e-3)
	checkLine(t, r.Line, tsn, fra)
	none, err := ask(tsn, tsn, Air)
	require.NoError(t, err)
	require.Zero(t, none.DistanceKm)
}

func TestRouterRefuses(t *testing.T) {
	ask := NewRouter()
	_, err := ask(orb.Point{0, 91}, orb.Point{0, 0}, Sea)
	require.ErrorContains(t, err, "latitude 91")
	_, err = ask(orb.Point{0, 0}, orb.Point{0, 0}, "rail")
	require.ErrorContains(t, err, `no routes by "rail"`)
	_, err = NewRouterAvoiding("suezz")
	require.ErrorContains(t, err, `"suezz"`)
}

func TestClosedCanalMeansTheCape(t *testing.T) {
	closed, err := NewRouterAvoiding("suez")
	require.NoError(t, err)
	from, to := place(t, "CNTXG"), place(t, "NLRTM")
	open, err := NewRouter()(from, to, Sea)
	require.NoError(t, err)
	require.Contains(t, open.Via, "suez")
	long, err := closed(from, to, Sea)
	require.NoError(t, err)
	require.NotContains(t, long.Via, "suez")
	require.Greater(t, long.DistanceKm, open.DistanceKm+4000)

	blocked, err := NewRouterAvoiding("bohai")
	require.NoError(t, err)
	_, err = blocked(from, to, Sea)
	require.ErrorContains(t, err, "no open way by sea")
}

func TestAtMovesAlongTheWay(t *testing.T) {
	ask := NewRouter()
	ports := Seaports()
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.SampledFrom(ports).Draw(t, "a"), rapid.SampledFrom(ports).Draw(t, "b")
		r, err := ask(a.Point, b.Point, Sea)
		require.NoError(t, err)
		start, _ := r.At(-1)
		end, _ := r.At(2)
		require.Less(t, DistanceKm(start, a.Point), 1e-6)
		require.Less(t, DistanceKm(end, b.Point), 1e-6)
		share := rapid.Float64Range(0, 0.99).Draw(t, "share")
		p, bearing := r.At(share)
		q, _ := r.At(share + 0.01)
		require.NoError(t, Valid(p))
		require.True(t, bearing >= 0 && bearing < 360)
		// A hundredth of the way is sailed between the two, so they are no farther apart than that.
		require.LessOrEqual(t, DistanceKm(p, q), 0.01*r.DistanceKm+1e-6)
	})
}

func TestAtWithoutALine(t *testing.T) {
	p, bearing := Route{}.At(0.5)
	require.Zero(t, p)
	require.Zero(t, bearing)
}

func TestRouterIsSafeTogether(t *testing.T) {
	ask := NewRouter()
	ports := Seaports()[:20]
	want, err := ask(ports[0].Point, ports[19].Point, Sea)
	require.NoError(t, err)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for _, a := range ports {
				if _, err := ask(a.Point, ports[19].Point, Sea); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	again, err := ask(ports[0].Point, ports[19].Point, Sea)
	require.NoError(t, err)
	require.Equal(t, want, again)
}

func TestRememberedRoutesAreBounded(t *testing.T) {
	asked := 0
	ask := remember(func(from, to orb.Point, mode string) (Route, error) { asked++; return Route{}, nil })
	for i := range 2*rememberedRoutes + 1 {
		_, _ = ask(orb.Point{float64(i), 0}, orb.Point{}, Sea)
		_, _ = ask(orb.Point{-1, 0}, orb.Point{}, Sea) // asked for again and again: survives the changes
	}
	require.Equal(t, 2*rememberedRoutes+2, asked)
	_, _ = ask(orb.Point{0, 0}, orb.Point{}, Sea) // long forgotten
	require.Equal(t, 2*rememberedRoutes+3, asked)
}

func TestFeature(t *testing.T) {
	r, err := NewRouter()(place(t, "CNTXG"), place(t, "USLAX"), Sea)
	require.NoError(t, err)
	raw, err := json.Marshal(r.Feature())
	require.NoError(t, err)
	var f struct {
		Geometry   struct{ Type string }
		Properties struct {
			DistanceKm float64 `json:"distance_km"`
			Via        []string
		}
	}
	require.NoError(t, json.Unmarshal(raw, &f))
	require.Equal(t, "MultiLineString", f.Geometry.Type)
	require.InDelta(t, r.DistanceKm, f.Properties.DistanceKm, 1e-6)
	require.Equal(t, r.Via, f.Properties.Via)
}

func BenchmarkSeaRoute(b *testing.B) {
	from, to := place(b, "CNTXG"), place(b, "NLRTM")
	b.Run("searched", func(b *testing.B) {
		for b.Loop() {
			_, _ = seawaysWith(passageTable().shut).route(from, to)
		}
	})
	b.Run("remembered", func(b *testing.B) {
		ask := NewRouter()
		for b.Loop() {
			_, _ = ask(from, to, Sea)
		}
	})
}

// From the quay of Durban a bulge of the coast hides every node to the south; the way went 75 miles north first.
func TestAStraightCoastHidesNoNode(t *testing.T) {
	r, err := NewRouter()(place(t, "ZADUR"), place(t, "ZACPT"), Sea)
	require.NoError(t, err)
	require.InEpsilon(t, 800, r.DistanceKm/1.852, 0.03) // about 800 nautical miles, as tables of port distances give it
	for _, line := range r.Line {
		for _, p := range line {
			require.Less(t, p.Lat(), -29.8, "no way round by the north")
		}
	}
}
