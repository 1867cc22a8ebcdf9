package geo

import (
	"encoding/csv"
	"encoding/json"
	"math"
	"os"
	"slices"
	"strconv"
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

func TestEveryPairIsRoutable(t *testing.T) {
	ports := Seaports()
	g := allLanes()
	for i, a := range ports {
		for _, b := range ports[i+1:] {
			if (i+int(b.Code[2])+int(b.Code[4]))%16 != 0 { // a fixed sixteenth of the lines is drawn in full, below; all are searched
				require.True(t, joined(g, a, b), "%s %s", a.Code, b.Code)
				continue
			}
			r, err := g.route(a.Point, b.Point)
			require.NoError(t, err, "%s %s", a.Code, b.Code)
			require.GreaterOrEqual(t, r.DistanceKm, DistanceKm(a.Point, b.Point)-1e-6)
			require.Less(t, r.DistanceKm, 32000.0, "%s %s", a.Code, b.Code)
			require.InDelta(t, r.DistanceKm, LengthKm(r.Line), 1e-6)
			for _, line := range r.Line {
				for k := 1; k < len(line); k++ {
					require.LessOrEqual(t, math.Abs(line[k][0]-line[k-1][0]), maxTurnDeg+1e-9)
				}
			}
		}
	}
}

func joined(g *laneGraph, a, b Place) bool {
	for _, x := range a.via {
		for _, y := range b.via {
			if !math.IsInf(g.from(g.byID[x]).WeightTo(int64(g.byID[y])), 1) {
				return true
			}
		}
	}
	return false
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
		{"CNSHA", "SGSIN", 2230, []string{"taiwan_str_m"}},
		{"CNTXG", "KRPUS", 700, []string{"bohai_strait"}},
		{"SGSIN", "NLRTM", 8290, []string{"one_fathom", "bab", "suez", "gibraltar", "dover"}},
		{"JPYOK", "USLAX", 4840, nil},
		{"CNTXG", "USNYC", 10700, []string{"tsugaru", "panama"}},
		{"SGSIN", "BRSSZ", 8900, []string{"good_hope"}},
		{"AEJEA", "INNSA", 1170, []string{"hormuz"}},
		{"NLRTM", "USNYC", 3370, []string{"dover"}},
	} {
		r, err := ask(place(t, c.from), place(t, c.to), Sea)
		require.NoError(t, err)
		require.InEpsilon(t, c.nm, r.DistanceKm/1.852, 0.08, "%s to %s via %v", c.from, c.to, r.Via)
		for _, id := range c.via {
			if id == "good_hope" { // the ocean way rounds the cape without calling at its waypoint
				require.True(t, slices.Contains(r.Via, "agulhas") || slices.Contains(r.Via, id), "%v", r.Via)
				continue
			}
			require.Contains(t, r.Via, id, "%s to %s", c.from, c.to)
		}
	}
}

func TestSeaDistancesAgainstATable(t *testing.T) {
	f, err := os.Open("../../shared/data/sea-distances.csv")
	if err != nil {
		t.Skip("no table of published distances beside the project")
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	require.NoError(t, err)
	var errors []float64
	for i, row := range rows[1:] {
		_, okA := PlaceByCode(row[0])
		_, okB := PlaceByCode(row[3])
		if !okA || !okB || i%10 != 0 {
			continue
		}
		number := func(k int) float64 { x, err := strconv.ParseFloat(row[k], 64); require.NoError(t, err); return x }
		r, err := allLanes().route(orb.Point{number(1), number(2)}, orb.Point{number(4), number(5)})
		require.NoError(t, err)
		errors = append(errors, math.Abs(r.DistanceKm/1.852/number(6)-1))
	}
	slices.Sort(errors)
	require.NotEmpty(t, errors)
	t.Logf("%d pairs: median %.2f %%, p95 %.1f %%", len(errors), 100*errors[len(errors)/2], 100*errors[len(errors)*95/100])
	require.Less(t, errors[len(errors)/2], 0.03)
	require.Less(t, errors[len(errors)*95/100], 0.13)
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

	blocked, err := NewRouterAvoiding("bohai_w")
	require.NoError(t, err)
	_, err = blocked(from, to, Sea)
	require.ErrorContains(t, err, "no open sea lane")
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
			_, _ = allLanes().route(from, to)
		}
	})
	b.Run("remembered", func(b *testing.B) {
		ask := NewRouter()
		for b.Loop() {
			_, _ = ask(from, to, Sea)
		}
	})
}
