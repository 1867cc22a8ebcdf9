package geo

import (
	"testing"

	"github.com/paulmach/orb"
	"github.com/stretchr/testify/require"
)

// What it is to go round, in nautical miles, as others publish it.
//   - Drewry Shipping Consultants in Oil & Gas Journal, 28 December 1992 (round trips, here halved): Ras Tanura, Yokohama and
//     Sydney to Europe and Houston by the Cape of Good Hope and by Suez.
//   - E. R. Johnson, Special Commissioner on Panama Canal Traffic and Tolls, quoted by J. B. Bishop, Panama Past and Present,
//     1913, p. 237: New York to San Francisco by Magellan and by Panama.
//   - Suez Canal Authority, Influences of the Suez Canal on World Trade: Jeddah to Constanza.
func TestDetoursAsPublished(t *testing.T) {
	rasTanura, london := orb.Point{50.16, 26.64}, orb.Point{0.05, 51.5}
	rotterdam, houston := orb.Point{4.1, 51.98}, orb.Point{-95.28, 29.74}
	yokohama, sydney := orb.Point{139.65, 35.45}, orb.Point{151.2, -33.86}
	newYork, sanFrancisco := orb.Point{-74.02, 40.7}, orb.Point{-122.4, 37.8}
	jeddah, constanza := orb.Point{39.15, 21.5}, orb.Point{28.66, 44.16}
	for _, c := range []struct {
		name     string
		from, to orb.Point
		shut     []string
		nm       float64
		via      string
	}{
		{"Ras Tanura to Rotterdam", rasTanura, rotterdam, nil, 6349, "suez"},
		{"Ras Tanura to Rotterdam by the Cape", rasTanura, rotterdam, []string{"suez"}, 11169, "good-hope"},
		{"Ras Tanura to Houston", rasTanura, houston, nil, 9756, "suez"},
		{"Ras Tanura to Houston by the Cape", rasTanura, houston, []string{"suez"}, 12500, "good-hope"},
		{"Yokohama to London", yokohama, london, nil, 11021, "suez"},
		{"Yokohama to London by the Cape", yokohama, london, []string{"suez", "panama"}, 14427, "good-hope"},
		{"Sydney to Rotterdam", sydney, rotterdam, nil, 11483, "suez"},
		{"Sydney to Rotterdam by the Cape", sydney, rotterdam, []string{"suez", "panama", "cape-horn", "magellan"}, 12707, "good-hope"},
		{"Jeddah to Constanza", jeddah, constanza, nil, 1698, "suez"},
		{"Jeddah to Constanza by the Cape", jeddah, constanza, []string{"suez"}, 11771, "good-hope"},
		{"New York to San Francisco", newYork, sanFrancisco, nil, 5262, "panama"},
		{"New York to San Francisco by Magellan", newYork, sanFrancisco, []string{"panama"}, 13135, "magellan"},
	} {
		ask, err := NewRouterAvoiding(c.shut...)
		require.NoError(t, err)
		r, err := ask(c.from, c.to, Sea)
		require.NoError(t, err, c.name)
		nm := r.DistanceKm / 1.852
		t.Logf("%-40s published %6.0f, ours %6.0f nm, %+.1f %%", c.name, c.nm, nm, 100*(nm/c.nm-1))
		require.InEpsilon(t, c.nm, nm, 0.05, c.name)
		require.Contains(t, r.Via, c.via, c.name)
	}
}

func TestNothingSailsThroughWhatIsShut(t *testing.T) {
	for _, shut := range [][]string{{"suez"}, {"panama"}, {"suez", "panama"}, {"malacca", "sunda"}, {"bab-el-mandeb"}, {"taiwan", "korea"}} {
		set, err := Options{Closed: shut}.closure()
		require.NoError(t, err)
		s := newSeaways(loadNetwork(), set)
		i := 0
		pairs(func(a, b Place) {
			if i++; i%8 != 0 {
				return
			}
			w, err := s.way(a.Point, b.Point)
			if err != nil { // a port behind a strait that is the only way to it
				require.ErrorContains(t, err, "no open way by sea")
				return
			}
			for k := 1; k < len(w.stops); k++ {
				require.Zero(t, s.gates.Taken(w.stops[k-1].v, w.stops[k].v)&set, "%s to %s with %v shut", a.Code, b.Code, shut)
			}
		})
	}
}

// A way with something shut is never shorter than the one with everything open, and the same where it took nothing shut.
func TestShuttingNeverShortens(t *testing.T) {
	open := NewRouter()
	shut, err := NewRouterAvoiding("suez", "malacca")
	require.NoError(t, err)
	i := 0
	pairs(func(a, b Place) {
		if i++; i%4 != 0 {
			return
		}
		x, err := open(a.Point, b.Point, Sea)
		require.NoError(t, err)
		y, err := shut(a.Point, b.Point, Sea)
		require.NoError(t, err)
		touched := false
		for _, id := range x.Via {
			touched = touched || id == "suez" || id == "malacca"
		}
		if touched {
			require.Greater(t, y.DistanceKm, x.DistanceKm*0.999, "%s %s", a.Code, b.Code)
		} else {
			require.InEpsilon(t, x.DistanceKm, y.DistanceKm, 2e-3, "%s %s", a.Code, b.Code)
		}
	})
}

func TestTheArcticIsShutUnlessAskedFor(t *testing.T) {
	from, to := place(t, "JPYOK"), place(t, "NLRTM")
	r, err := NewRouter()(from, to, Sea)
	require.NoError(t, err)
	require.Contains(t, r.Via, "suez")
	ask, err := NewRouterWith(Options{Open: []string{"northern-sea-route"}})
	require.NoError(t, err)
	north, err := ask(from, to, Sea)
	require.NoError(t, err)
	require.Contains(t, north.Via, "northern-sea-route")
	require.Less(t, north.DistanceKm, 0.7*r.DistanceKm)
	_, err = NewRouterWith(Options{Open: []string{"north"}})
	require.ErrorContains(t, err, `"north" is no passage`)
}

// Small ships save the way round the Peloponnese: Piraeus to Trieste is 709 nautical miles by the Corinth Canal (LINERLIB
// after NGA Pub. 151).
func TestCorinthIsForThoseWhoFit(t *testing.T) {
	from, to := place(t, "GRPIR"), place(t, "ITTRS")
	r, err := NewRouter()(from, to, Sea)
	require.NoError(t, err)
	ask, err := NewRouterWith(Options{Open: []string{"corinth"}})
	require.NoError(t, err)
	short, err := ask(from, to, Sea)
	require.NoError(t, err)
	require.Contains(t, short.Via, "corinth")
	require.InEpsilon(t, 709, short.DistanceKm/1.852, 0.02)
	require.Greater(t, r.DistanceKm, short.DistanceKm+200)
}

// A wall that ends in the water can be sailed round. Gates of straits and canals end on land, or at a pole.
func TestGatesReachFromShoreToShore(t *testing.T) {
	n := loadNetwork()
	for _, p := range passageTable().list {
		if p.Kind == "cape" {
			continue
		}
		for _, end := range []orb.Point{p.Gate[0], p.Gate[len(p.Gate)-1]} {
			require.True(t, n.land.Inside(end) || end[1] == 90, "%s ends in the water at %v", p.ID, end)
		}
	}
	ask, err := NewRouterAvoiding("kanmon")
	require.NoError(t, err)
	r, err := ask(orb.Point{129.5, 33.8}, orb.Point{131.8, 33.8}, Sea)
	require.NoError(t, err)
	require.Greater(t, r.DistanceKm, 600.0, "round Honshu or Kyushu")
}
