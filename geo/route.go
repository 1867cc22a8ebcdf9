package geo

import (
	"fmt"
	"sort"
	"sync"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"
)

// Modes that a [Router] knows.
const (
	Sea = "sea"
	Air = "air"
)

// AirDetourKm is what a flight is reckoned to fly beyond the great circle: the European Union's emissions trading
// counts "great circle distance plus 95 km" (Directive 2003/87/EC, annex IV, part B), and so do EN 16258 and ISO 14083.
const AirDetourKm = 95.0

// Route is the way between two places. It is shared between callers that asked for the same way: read it, do not write to it.
type Route struct {
	Line       orb.MultiLineString // to draw; see [Line]
	DistanceKm float64             // as sailed or flown: longer than the line by SeaFactor or by AirDetourKm
	Via        []string            // ids of the passages taken, in order; see [PassageByID]
}

// Router finds the way between two positions by [Sea] or [Air]. It fails on a position that [Valid] refuses and on a mode
// that it does not know. Routers made here are safe for concurrent use and give equal answers to equal questions.
type Router func(from, to orb.Point, mode string) (Route, error)

// Options say how a [Router] finds its ways.
type Options struct {
	Closed []string // ids of [Passages] that are shut
	Open   []string // ids of passages that are taken although no ship takes them unasked, such as "northern-sea-route"
}

// NewRouter is a Router with nothing closed but what ships do not take unasked (see [Passage]). Flights follow the great
// circle. Answers are remembered.
func NewRouter() Router {
	r, err := NewRouterWith(Options{})
	if err != nil {
		panic(err) // nothing is asked for: cannot be
	}
	return r
}

// NewRouterAvoiding is a Router with some passages closed besides, "suez" or "bab-el-mandeb" for example. It fails on an
// id that is no passage; its routes fail where no way is left. All routers share one network: to make one costs nothing.
func NewRouterAvoiding(passageIDs ...string) (Router, error) {
	return NewRouterWith(Options{Closed: passageIDs})
}

// NewRouterWith is a Router with some passages closed and others open. It fails on an id that is no passage. What is both
// closed and open is closed.
func NewRouterWith(o Options) (Router, error) {
	shut, err := o.closure()
	if err != nil {
		return nil, err
	}
	var once sync.Once
	var ways *seaways
	return remember(func(from, to orb.Point, mode string) (Route, error) {
		for _, p := range []orb.Point{from, to} {
			if err := Valid(p); err != nil {
				return Route{}, fmt.Errorf("geo: route by %s: %w", mode, err)
			}
		}
		switch mode {
		case Air:
			km := DistanceKm(from, to)
			if km > 0 {
				km += AirDetourKm
			}
			return newRoute(km, nil, from, to), nil
		case Sea:
			once.Do(func() { ways = seawaysWith(shut) })
			return ways.route(from, to)
		}
		return Route{}, fmt.Errorf("geo: no routes by %q: only by %q and %q", mode, Sea, Air)
	}), nil
}

func (o Options) closure() (closure, error) {
	t := passageTable()
	closed, err := t.set(o.Closed)
	if err != nil {
		return 0, fmt.Errorf("geo: cannot close: %w", err)
	}
	open, err := t.set(o.Open)
	if err != nil {
		return 0, fmt.Errorf("geo: cannot open: %w", err)
	}
	return t.shut&^open | closed, nil
}

func newRoute(km float64, via []string, stops ...orb.Point) Route {
	return Route{Line: Line(stops...), DistanceKm: km, Via: via}
}

func measure(m orb.MultiLineString) (alongKm [][]float64, totalKm float64) {
	alongKm = make([][]float64, len(m))
	for i, line := range m {
		alongKm[i] = make([]float64, len(line))
		for k, p := range line {
			if k > 0 {
				totalKm += DistanceKm(line[k-1], p)
			}
			alongKm[i][k] = totalKm
		}
	}
	return alongKm, totalKm
}

// At is the position at a share of the way, and the bearing there in degrees from north. A share outside 0 and 1 counts as
// the nearer end. A Route without a line gives the zero point.
func (r Route) At(share float64) (p orb.Point, bearing float64) {
	along, _ := measure(r.Line)
	if len(along) == 0 {
		return orb.Point{}, 0
	}
	lastPart := along[len(along)-1]
	km := min(max(share, 0), 1) * lastPart[len(lastPart)-1]
	part := min(sort.Search(len(along), func(i int) bool { return along[i][len(along[i])-1] >= km }), len(along)-1)
	line, done := r.Line[part], along[part]
	k := min(max(sort.SearchFloat64s(done, km), 1), len(line)-1)
	a, b := line[k-1], line[k]
	inside := 0.0
	if done[k] > done[k-1] {
		inside = (km - done[k-1]) / (done[k] - done[k-1])
	}
	p = Interpolate(a, b, inside)
	if inside >= 1 { // a point has no bearing to itself: keep the one of arrival
		return p, Bearing(Interpolate(a, b, 0.999), b)
	}
	return p, Bearing(p, b)
}

// Feature is the route as GeoJSON: its line, with the properties distance_km and via.
func (r Route) Feature() *geojson.Feature {
	f := geojson.NewFeature(r.Line)
	f.Properties["distance_km"] = r.DistanceKm
	f.Properties["via"] = append([]string{}, r.Via...)
	return f
}

const rememberedRoutes = 4096 // twice this is kept at most: about 20 MB of sea routes

type question struct {
	from, to orb.Point
	mode     string
}

// remember keeps answers in two generations: when the young one is full it becomes the old one, and what was asked for
// since the last change survives. No clock, no lists, and bounded whatever outsiders ask.
func remember(ask Router) Router {
	var mu sync.Mutex
	young, old := map[question]Route{}, map[question]Route{}
	return func(from, to orb.Point, mode string) (Route, error) {
		q := question{from, to, mode}
		mu.Lock()
		r, ok := young[q]
		if !ok {
			r, ok = old[q]
		}
		mu.Unlock()
		if !ok {
			var err error
			if r, err = ask(from, to, mode); err != nil {
				return Route{}, err
			}
		}
		mu.Lock()
		defer mu.Unlock()
		if len(young) >= rememberedRoutes {
			young, old = map[question]Route{}, young
		}
		young[q] = r
		return r, nil
	}
}
