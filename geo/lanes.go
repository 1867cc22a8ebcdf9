package geo

import (
	"fmt"
	"math"
	"strings"
	"sync"

	"github.com/paulmach/orb"
	"gonum.org/v1/gonum/graph/path"
	"gonum.org/v1/gonum/graph/simple"
)

// Waypoint is a point of the sea-lane graph.
type Waypoint struct {
	ID     string // "malacca", as in Route.Via
	Kind   string // "strait", "canal", "cape", or "open" for a nameless point in open water
	NameZH string // empty when open
	NameEN string // empty when open
	Point  orb.Point
}

const (
	portReachKm = 100.0 // a ship this near to a seaport of the gazetteer leaves by that port's approach
	coastHopKm  = 60.0  // neighbours, as Los Angeles and Long Beach, need no lane between them
)

// Waypoints lists the waypoints of the sea lanes in the order of waypoints.csv.
func Waypoints() []Waypoint { return append([]Waypoint(nil), waypointTable().list...) }

// WaypointByID finds a waypoint.
func WaypointByID(id string) (Waypoint, bool) {
	t := waypointTable()
	i, ok := t.byID[id]
	if !ok {
		return Waypoint{}, false
	}
	return t.list[i], true
}

type waypoints struct {
	list  []Waypoint
	byID  map[string]int
	lanes [][2]int // each pair once, smaller index first
}

var waypointTable = sync.OnceValue(func() *waypoints {
	t := &waypoints{byID: map[string]int{}}
	for _, row := range table("waypoints.csv", "id", "kind", "name_zh", "name_en", "lat", "lon") {
		t.byID[row[0]] = len(t.list)
		t.list = append(t.list, Waypoint{ID: row[0], Kind: row[1], NameZH: row[2], NameEN: row[3], Point: position(row[4], row[5])})
	}
	if len(t.byID) != len(t.list) {
		panic("geo: waypoints.csv: an id stands twice")
	}
	seen := map[[2]int]bool{}
	for _, row := range table("lanes.csv", "chain") {
		ids := strings.Fields(row[0])
		for k := 1; k < len(ids); k++ {
			a, okA := t.byID[ids[k-1]]
			b, okB := t.byID[ids[k]]
			if !okA || !okB || a == b {
				panic(fmt.Sprintf("geo: lanes.csv: %q to %q is no lane", ids[k-1], ids[k]))
			}
			pair := [2]int{min(a, b), max(a, b)}
			if !seen[pair] {
				seen[pair] = true
				t.lanes = append(t.lanes, pair)
			}
		}
	}
	return t
})

// laneGraph searches the open lanes; trees of shortest ways are grown from a waypoint when it is first asked for.
type laneGraph struct {
	*waypoints
	open  []bool
	graph *simple.WeightedUndirectedGraph

	mu    sync.Mutex
	trees map[int]path.Shortest
}

var allLanes = sync.OnceValue(func() *laneGraph {
	g, err := newLanes(nil)
	if err != nil {
		panic(err) // nothing is closed: cannot be
	}
	return g
})

func newLanes(closed []string) (*laneGraph, error) {
	t := waypointTable()
	g := &laneGraph{waypoints: t, open: make([]bool, len(t.list)), graph: simple.NewWeightedUndirectedGraph(0, math.Inf(1)), trees: map[int]path.Shortest{}}
	for i := range g.open {
		g.open[i] = true
	}
	for _, id := range closed {
		i, ok := t.byID[id]
		if !ok {
			return nil, fmt.Errorf("geo: cannot close %q: no such waypoint", id)
		}
		g.open[i] = false
	}
	for i := range t.list {
		if g.open[i] {
			g.graph.AddNode(simple.Node(i))
		}
	}
	for _, l := range t.lanes {
		if g.open[l[0]] && g.open[l[1]] {
			g.graph.SetWeightedEdge(simple.WeightedEdge{F: simple.Node(l[0]), T: simple.Node(l[1]),
				W: DistanceKm(t.list[l[0]].Point, t.list[l[1]].Point)})
		}
	}
	return g, nil
}

func (g *laneGraph) from(i int) path.Shortest {
	g.mu.Lock()
	defer g.mu.Unlock()
	tree, ok := g.trees[i]
	if !ok {
		tree = path.DijkstraFrom(simple.Node(i), g.graph)
		g.trees[i] = tree
	}
	return tree
}

// approaches are the open waypoints from which p is reached: those of the seaport that it lies in, else the nearest one.
func (g *laneGraph) approaches(p orb.Point) []int {
	var list []int
	if port, km := NearestSeaport(p); km <= portReachKm {
		for _, id := range port.via {
			if i := g.byID[id]; g.open[i] {
				list = append(list, i)
			}
		}
		return list
	}
	best, bestKm := -1, math.Inf(1)
	for i, w := range g.list {
		if km := DistanceKm(p, w.Point); g.open[i] && km < bestKm {
			best, bestKm = i, km
		}
	}
	if best >= 0 {
		list = append(list, best)
	}
	return list
}

func (g *laneGraph) route(from, to orb.Point) (Route, error) {
	if DistanceKm(from, to) <= coastHopKm {
		return newRoute(nil, from, to), nil
	}
	var way []int
	bestKm := math.Inf(1)
	ends := g.approaches(to)
	for _, a := range g.approaches(from) {
		tree := g.from(a)
		for _, b := range ends {
			km := DistanceKm(from, g.list[a].Point) + tree.WeightTo(int64(b)) + DistanceKm(g.list[b].Point, to)
			if km >= bestKm {
				continue
			}
			nodes, _ := tree.To(int64(b))
			bestKm, way = km, way[:0]
			for _, n := range nodes {
				way = append(way, int(n.ID()))
			}
		}
	}
	if math.IsInf(bestKm, 1) {
		return Route{}, fmt.Errorf("geo: no open sea lane from %.2f N %.2f E to %.2f N %.2f E", from.Lat(), from.Lon(), to.Lat(), to.Lon())
	}
	stops, via := []orb.Point{from}, []string(nil)
	for _, i := range way {
		stops = append(stops, g.list[i].Point)
		if g.list[i].Kind != "open" {
			via = append(via, g.list[i].ID)
		}
	}
	return newRoute(via, append(stops, to)...), nil
}
