package geo

import (
	"fmt"
	"math"
	"math/bits"
	"slices"
	"sync"

	"github.com/paulmach/orb"

	"haihe/geo/internal/chart"
)

// SeaFactor is what a ship sails beyond the shortest way that keeps off coasts and shoals: lanes, pilot stations and
// courses in whole legs. It is the factor by which the published distances of NGA Pub. 151 (as LINERLIB lists them, over
// the 135 ports beside the project) exceed ours at the median.
const SeaFactor = 1.006

// seaways are the ways by sea with one closure. The network is shared; a closure costs nothing until it is asked.
type seaways struct {
	*network
	shut closure

	mu    sync.Mutex
	trees map[*approach]*tree
	turn  []*approach // the trees by age, oldest first
}

// keptTrees bounds the memory: a tree takes some 200 kB.
const keptTrees = 320

func newSeaways(n *network, shut closure) *seaways {
	return &seaways{network: n, shut: shut, trees: map[*approach]*tree{}}
}

// tree gives the shortest ways from a, and remembers them.
func (s *seaways) tree(a *approach) *tree {
	s.mu.Lock()
	t := s.trees[a]
	s.mu.Unlock()
	if t != nil {
		return t
	}
	t = s.grow(a, s.shut)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.trees[a] == nil {
		if len(s.turn) >= keptTrees {
			delete(s.trees, s.turn[0])
			s.turn = s.turn[1:]
		}
		s.trees[a] = t
		s.turn = append(s.turn, a)
	}
	return t
}

// backward tells from which end a way is searched, so that the way there is the way back whatever was asked before:
// from a seaport rather than from a ship, because it will be asked for again.
func backward(from, to orb.Point) bool {
	a, b := atSeaport(from), atSeaport(to)
	switch {
	case a != b:
		return b
	case from[0] != to[0]:
		return from[0] > to[0]
	}
	return from[1] > to[1]
}

func atSeaport(p orb.Point) bool {
	_, ok := loadGazetteer().seaportAt[p]
	return ok
}

// way is a route before it is drawn.
type way struct {
	nm    float64 // without SeaFactor
	stops []stop
}

type stop struct {
	v    chart.Vec
	p    orb.Point
	node int32 // -1 at an end of the way or an exit
	leg  legKind
}

// legKind tells what the leg that ends at a stop sails through.
type legKind uint8

const (
	openWater legKind = iota
	fairway           // a channel, which may lead over what the coastline shows as land
	harbour           // from a point ashore to where the water begins
)

// errNoWay is what remains when every way is shut.
type errNoWay struct{ from, to orb.Point }

func (e errNoWay) Error() string {
	return fmt.Sprintf("geo: no open way by sea from %s to %s", degrees(e.from), degrees(e.to))
}

func degrees(p orb.Point) string {
	ns, ew := "N", "E"
	if p[1] < 0 {
		ns = "S"
	}
	if p[0] < 0 {
		ew = "W"
	}
	return fmt.Sprintf("%.2f° %s %.2f° %s", math.Abs(p[1]), ns, math.Abs(p[0]), ew)
}

// arrive is the best of the links by which a tree's ways reach a point.
func (s *seaways) arrive(t *tree, end *approach) (nm float64, by int) {
	best, by := unreached, -1
	for k, l := range end.links {
		if x := t.nm[l.node] + l.nm; x < best && l.taken&s.shut == 0 {
			best, by = x, k
		}
	}
	return float64(best), by
}

type straightWay struct {
	nm       float64
	from, to exit
}

// straight is the way without a bend, if there is one and it is shorter than the one found.
func (s *seaways) straight(a, b *approach, foundNm float64) (straightWay, bool) {
	best, ok := straightWay{nm: foundNm}, false
	for _, x := range a.exits {
		for _, y := range b.exits {
			nm := x.nm + x.v.Nm(y.v) + y.nm
			// Where the straight way is open, the way over nodes is hardly longer.
			if nm >= best.nm || nm < 0.8*foundNm && nm > 100 && !math.IsInf(foundNm, 1) {
				continue
			}
			same := x.channel != 0 && x.channel == y.channel && x.after == y.after
			if !same && (x.channel != 0 || y.channel != 0 || x.v.Dot(y.v) < -0.9 || s.blocked(x.v, y.v)) ||
				s.gates.Taken(x.v, y.v)&s.shut != 0 {
				continue
			}
			best, ok = straightWay{nm, x, y}, true
		}
	}
	return best, ok
}

func (s *seaways) way(from, to orb.Point) (way, error) {
	if !backward(from, to) {
		return s.forward(from, to)
	}
	w, err := s.forward(to, from)
	if err != nil {
		return w, errNoWay{from, to}
	}
	for i := range len(w.stops) - 1 { // the leg that led to the next stop now leads to this one
		w.stops[i].leg = w.stops[i+1].leg
	}
	slices.Reverse(w.stops)
	return w, nil
}

func (s *seaways) forward(from, to orb.Point) (way, error) {
	a, b := s.approach(from), s.approach(to)
	t := s.tree(a)
	nm, by := s.arrive(t, b)
	if d, ok := s.straight(a, b, nm); ok {
		w := way{stops: []stop{{v: a.v, p: from, node: -1}}}
		kind := openWater
		if d.from.channel != 0 {
			kind = fairway
		}
		w.leave(a, d.from)
		w.enter(b, d.to, kind)
		w.add(stop{v: b.v, p: to, node: -1, leg: harbour})
		w.measure()
		return w, nil
	}
	if by < 0 {
		return way{}, errNoWay{from, to}
	}
	var nodes []int32 // from the end backwards
	first := int32(0)
	for v := b.links[by].node; ; {
		nodes = append(nodes, v)
		if u := t.from[v]; u >= 0 {
			v = u
			continue
		}
		first = -1 - t.from[v]
		break
	}
	inLink, outLink := a.links[first], b.links[by]
	slices.Reverse(nodes)
	w := way{stops: make([]stop, 0, len(nodes)+4)}
	w.stops = append(w.stops, stop{v: a.v, p: from, node: -1})
	x, y := a.exits[inLink.exit], b.exits[outLink.exit]
	w.leave(a, x)
	for i, v := range nodes {
		kind := openWater
		switch {
		case i == 0 && x.channel != 0 || i > 0 && s.channelBetween(nodes[i-1], v):
			kind = fairway
		}
		w.stops = append(w.stops, stop{v: s.v[v], p: s.nodes[v].Point, node: v, leg: kind})
	}
	kind := openWater
	if y.channel != 0 {
		kind = fairway
	}
	w.enter(b, y, kind)
	w.add(stop{v: b.v, p: to, node: -1, leg: harbour})
	s.smooth(&w)
	w.measure()
	return w, nil
}

// leave adds the stops between a point and the open water or fairway before it.
func (w *way) leave(a *approach, x exit) {
	if x.quay == 0 {
		w.exit(x, harbour)
		return
	}
	w.exit(a.exits[x.quay-1], harbour)
	w.exit(x, openWater)
}

// enter adds the stops by which a way comes in from the open water or a fairway.
func (w *way) enter(a *approach, x exit, leg legKind) {
	w.exit(x, leg)
	if x.quay != 0 {
		w.exit(a.exits[x.quay-1], openWater)
	}
}

// exit adds the stop at an exit, unless the point lies there itself.
func (w *way) exit(x exit, leg legKind) {
	last := w.stops[len(w.stops)-1]
	if x.nm > 0 || leg != harbour {
		if last.v.Nm(x.v) > 1e-3 {
			w.stops = append(w.stops, stop{v: x.v, p: x.v.Point(), node: -1, leg: leg})
		}
	}
}

// add puts a stop at the end unless it is where the way already is: then that stop takes its exact place.
func (w *way) add(p stop) {
	if last := &w.stops[len(w.stops)-1]; len(w.stops) > 1 && last.v.Nm(p.v) <= 1e-3 {
		last.v, last.p = p.v, p.p
		return
	}
	w.stops = append(w.stops, p)
}

func (w *way) measure() {
	w.nm = 0
	for i := 1; i < len(w.stops); i++ {
		w.nm += w.stops[i-1].v.Nm(w.stops[i].v)
	}
}

func (n *network) channelBetween(a, b int32) bool {
	for k := n.row[a]; k < n.row[a+1]; k++ {
		if n.arcs[k].to() == b {
			return n.arcs[k].marked&inFairway != 0
		}
	}
	return false
}

// smooth leaves out bends that a straight leg over open water makes needless: edges that the network left out because
// others are as good as they.
func (s *seaways) smooth(w *way) {
	kept := w.stops[:1]
	for i := 1; i < len(w.stops); i++ {
		at := w.stops[i]
		for len(kept) >= 2 && at.leg == openWater && kept[len(kept)-1].leg == openWater && s.sees(kept[len(kept)-2], at) {
			kept = kept[:len(kept)-1]
		}
		kept = append(kept, at)
	}
	w.stops = kept
}

// sees tells whether a leg from a to b is clear and takes no passage that is shut. Answers on nodes are remembered.
func (s *seaways) sees(a, b stop) bool {
	if a.v.Dot(b.v) < -0.5 {
		return false
	}
	if a.node < 0 || b.node < 0 {
		return !s.blocked(a.v, b.v) && s.gates.Taken(a.v, b.v)&s.shut == 0
	}
	key := uint64(uint32(min(a.node, b.node)))<<32 | uint64(uint32(max(a.node, b.node)))
	c := &s.sights
	c.RLock()
	sight, ok := c.known[key]
	c.RUnlock()
	if !ok {
		sight = blockedSight
		if !s.blocked(a.v, b.v) {
			sight = s.gates.Taken(a.v, b.v)
		}
		c.Lock()
		if len(c.known) > 1<<17 {
			clear(c.known)
		}
		c.known[key] = sight
		c.Unlock()
	}
	return sight != blockedSight && sight&s.shut == 0
}

// blockedSight can be no set of passages: there are fewer than 64.
const blockedSight = ^closure(0)

type sights struct {
	sync.RWMutex
	known map[uint64]closure
}

func (s *seaways) route(from, to orb.Point) (Route, error) {
	if from == to {
		return newRoute(0, nil, from, to), nil
	}
	w, err := s.way(from, to)
	if err != nil {
		return Route{}, err
	}
	stops := make([]orb.Point, len(w.stops))
	for i, at := range w.stops {
		stops[i] = at.p
	}
	return newRoute(w.nm*1.852*SeaFactor, s.via(w.stops), stops...), nil
}

// via names the passages of a way in their order.
func (s *seaways) via(stops []stop) []string {
	var ids []string
	seen := closure(0)
	list := passageTable().list
	for i := 1; i < len(stops); i++ {
		taken := s.gates.Taken(stops[i-1].v, stops[i].v) &^ seen
		seen |= taken
		first := len(ids)
		for ; taken != 0; taken &= taken - 1 {
			ids = append(ids, list[bits.TrailingZeros64(taken)].ID)
		}
		if len(ids) > first+1 { // several on one leg: by how far they are from where it begins
			byID := passageTable().byID
			slices.SortFunc(ids[first:], func(a, b string) int {
				p, q := stops[i-1].v.Nm(chart.At(list[byID[a]].Point)), stops[i-1].v.Nm(chart.At(list[byID[b]].Point))
				return int(math.Copysign(1, p-q))
			})
		}
	}
	return ids
}

// seawaysWith gives the seaways of a closure. Those asked for before are shared.
func seawaysWith(shut closure) *seaways {
	n := loadNetwork()
	sharedSeaways.Lock()
	defer sharedSeaways.Unlock()
	if s, ok := sharedSeaways.by[shut]; ok {
		return s
	}
	if len(sharedSeaways.by) >= sharedClosures {
		clear(sharedSeaways.by) // routers that use them keep them
	}
	s := newSeaways(n, shut)
	sharedSeaways.by[shut] = s
	return s
}

const sharedClosures = 8

var sharedSeaways = struct {
	sync.Mutex
	by map[closure]*seaways
}{by: map[closure]*seaways{}}
