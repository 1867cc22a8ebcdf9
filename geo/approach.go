package geo

import (
	"cmp"
	"math"
	"slices"
	"sync"

	"github.com/paulmach/orb"

	"haihe/geo/internal/chart"
)

// An approach is how a point hangs on the network: the first leg of every way from it, the last of every way to it.
type approach struct {
	v     chart.Vec
	exits []exit // where it reaches water or a fairway; the first is the nearest
	links []link // by node
}

// exit is a point in water, or on the line of a channel, that stands for a point on land.
type exit struct {
	v       chart.Vec
	nm      float64 // from the point itself
	channel int     // 1 + the channel whose line it is on; 0 in open water
	after   int     // the place of the channel's point before it
	quay    int32   // 1 + the exit that it stands off, for roads; 0 otherwise
}

// link is a straight way from an exit to a node.
type link struct {
	node  int32
	exit  int32
	nm    float32 // from the point itself to the node
	taken closure
}

const (
	offCoastNm   = 0.05 // an exit stands this far off the coast, so that rounding does not put it ashore
	fairwayNm    = 4.0  // a point this near to a channel's line lies on the channel
	farthestNm   = 400  // no port lies farther inland than this from a coast or channel
	sameWaterNm  = 1.0  // two exits this near, in sight of each other, are one
	maxCachedApp = 8192
	roadsNm      = 6.0   // roads lie this far off, just outside the line along which nodes stand off a coast
	roadsReachNm = 300.0 // and serve to get round what is near
)

type approachCache struct {
	mu         sync.Mutex
	young, old map[orb.Point]*approach
}

// approach finds how p hangs on the network, and remembers it.
func (n *network) approach(p orb.Point) *approach {
	c := &n.approaches
	c.mu.Lock()
	a, ok := c.young[p]
	if !ok {
		a, ok = c.old[p]
	}
	c.mu.Unlock()
	if !ok {
		a = n.newApproach(p)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.young == nil || len(c.young) >= maxCachedApp {
		c.young, c.old = map[orb.Point]*approach{}, c.young
	}
	c.young[p] = a
	return a
}

func (n *network) newApproach(p orb.Point) *approach {
	a := &approach{v: chart.At(p)}
	ashore := n.land.Inside(p)
	coastNm := 0.0
	if ashore {
		reach := 10.0
		for coastNm = math.Inf(1); math.IsInf(coastNm, 1) && reach <= farthestNm; reach *= 2.5 {
			_, coastNm = n.land.Nearest(p, reach)
		}
	}
	n.fairwayExits(a, p, ashore, coastNm)
	nearestFairway := math.Inf(1)
	if len(a.exits) > 0 {
		nearestFairway = a.exits[0].nm
	}
	switch {
	case !ashore:
		a.exits = append(a.exits, exit{v: a.v})
		n.look(a, len(a.exits)-1, math.Inf(1))
		n.roads(a, len(a.exits)-1)
	case coastNm < nearestFairway+2:
		for limit := max(coastNm*1.5, coastNm+1); limit <= farthestNm; limit *= 2 {
			nearest := len(a.exits)
			n.coastExits(a, p, limit)
			if len(a.exits) > nearest {
				n.roads(a, nearest)
			}
			if len(a.links) > 0 {
				break
			}
		}
	}
	n.trim(a)
	return a
}

// fairwayExits puts p on the channels beside it.
func (n *network) fairwayExits(a *approach, p orb.Point, ashore bool, coastNm float64) {
	reach := fairwayNm
	if ashore {
		reach = max(fairwayNm, coastNm*1.2)
	}
	for k, line := range n.inChannel {
		best := exit{nm: math.Inf(1)}
		for i := 1; i < len(line); i++ {
			q := chart.Nearest(a.v, n.v[line[i-1]], n.v[line[i]])
			if nm := a.v.Nm(q); nm < best.nm {
				best = exit{v: q, nm: nm, channel: k + 1, after: i - 1}
			}
		}
		if best.nm > reach || !ashore && n.land.Crossed(a.v, best.v) && best.nm > 1.5 {
			continue
		}
		a.exits = append(a.exits, best)
	}
	slices.SortStableFunc(a.exits, func(x, y exit) int { return cmp.Compare(x.nm, y.nm) })
	if len(a.exits) > 1 { // beside two rivers, the nearer one
		for i, x := range a.exits {
			if x.nm > a.exits[0].nm+1.5 {
				a.exits = a.exits[:i]
				break
			}
		}
	}
	for i, x := range a.exits {
		line := n.inChannel[x.channel-1]
		for _, node := range []int32{line[x.after], line[x.after+1]} {
			a.links = append(a.links, link{node: node, exit: int32(i), nm: float32(x.nm + x.v.Nm(n.v[node])),
				taken: n.gates.Taken(x.v, n.v[node])})
		}
	}
}

// coastExits lets p leave its land by the coast at the points nearest to it, one in each eighth of the compass.
func (n *network) coastExits(a *approach, p orb.Point, limitNm float64) {
	var best [8]exit
	for i := range best {
		best[i].nm = math.Inf(1)
	}
	n.land.Near(p, limitNm, func(edge int32) {
		q := chart.Nearest(a.v, first(n.land.Ends(edge)), second(n.land.Ends(edge)))
		nm := a.v.Nm(q)
		if nm > limitNm {
			return
		}
		bearing := a.v.Bearing(q)
		k := int((bearing+2*math.Pi)/(math.Pi/4)) % 8
		if nm < best[k].nm {
			best[k] = exit{v: a.v.Off(bearing, nm+offCoastNm), nm: nm + offCoastNm}
		}
	})
	slices.SortFunc(best[:], func(x, y exit) int { return cmp.Compare(x.nm, y.nm) })
	found := len(a.exits)
	for _, x := range best {
		if math.IsInf(x.nm, 1) || n.land.Inside(x.v.Point()) {
			continue
		}
		// What sees an exit that is hardly farther away adds nothing to it.
		if slices.ContainsFunc(a.exits[found:], func(y exit) bool { return x.v.Nm(y.v) < sameWaterNm && !n.land.Crossed(x.v, y.v) }) {
			continue
		}
		a.exits = append(a.exits, x)
		n.look(a, len(a.exits)-1, math.Inf(1))
	}
}

// roads adds the widest water before an exit. Nodes stand off a coast that is drawn with fewer corners; from the very shore
// one of the corners left out may hide all of them on one side.
func (n *network) roads(a *approach, quay int) {
	x := a.exits[quay]
	shoal := n.shoals.Holding(x.v.Point())
	best, wide := exit{}, 0.0
	for k := range 16 {
		v := x.v.Off(float64(k)*math.Pi/8, roadsNm)
		if n.land.Crossed(x.v, v) || n.shoals.Blocking(x.v, v, shoal) != chart.NoEdge {
			continue
		}
		_, gap := n.land.Nearest(v.Point(), roadsNm)
		if gap = min(gap, roadsNm); gap > wide {
			best, wide = exit{v: v, nm: x.nm + roadsNm, quay: int32(quay) + 1}, gap
		}
	}
	if wide == 0 {
		return
	}
	a.exits = append(a.exits, best)
	n.look(a, len(a.exits)-1, roadsReachNm)
}

func first(a, _ chart.Vec) chart.Vec  { return a }
func second(_, b chart.Vec) chart.Vec { return b }

// look links an exit with the nodes in sight round which a way from it may bend. What hides a node mostly hides its
// neighbours, so nodes are taken by bearing, and the edges that hid the last ones are tried first. Nodes beyond a reach are
// left to other exits.
func (n *network) look(a *approach, k int, reachNm float64) {
	x := a.exits[k]
	shoal := n.shoals.Holding(x.v.Point()) // a port on a shoal leaves it; the others bar its ways as any
	v := newView(x.v)
	farthest := max(-0.94, math.Cos(min(reachNm/chart.NmPerRad, math.Pi)))
	for _, i := range n.atSea {
		if w := n.v[i]; x.v.Dot(w) >= farthest && (n.nodes[i].Free() || n.coast[i].Tangent(x.v)) {
			v.add(i, w)
		}
	}
	hidden := screen{rings: n.land, but: chart.NoRing}
	shallow := screen{rings: n.shoals, but: shoal}
	v.around(func(i int32) {
		w := n.v[i]
		if hidden.hides(x.v, w) || shallow.hides(x.v, w) {
			return
		}
		a.links = append(a.links, link{node: i, exit: int32(k), nm: float32(x.nm + x.v.Nm(w)), taken: n.gates.Taken(x.v, w)})
	})
}

// view holds nodes by the direction that they are seen in, in parts of the compass.
type view struct {
	east, north chart.Vec
	node        []int32
	part        []uint16
	first       [compassParts + 1]int32
}

const compassParts = 1024

func newView(v chart.Vec) *view {
	east := chart.Vec{X: -v.Y, Y: v.X}
	return &view{east: east, north: v.Cross(east)}
}

func (v *view) add(node int32, w chart.Vec) {
	x, y := w.Dot(v.east), w.Dot(v.north)
	// x/(|x|+|y|) grows with the bearing as its sine does, and needs no arc tangent.
	share := 0.0
	if d := math.Abs(x) + math.Abs(y); d > 0 {
		share = x / d
	}
	if y < 0 {
		share = 2 - share
	}
	part := uint16((share + 1) * (compassParts / 4) * (1 - 1e-12))
	v.node, v.part = append(v.node, node), append(v.part, part)
	v.first[part+1]++
}

// around calls see with each node in the order of the compass.
func (v *view) around(see func(node int32)) {
	for k := range compassParts {
		v.first[k+1] += v.first[k]
	}
	order := make([]int32, len(v.node))
	at := v.first
	for i, part := range v.part {
		order[at[part]] = v.node[i]
		at[part]++
	}
	for _, i := range order {
		see(i)
	}
}

// screen is outlines that hide what is behind them, with the edges that last did.
type screen struct {
	rings *chart.Rings
	but   int32
	last  [8]int32
	known int
}

func (s *screen) hides(a, b chart.Vec) bool {
	for k, edge := range s.last[:s.known] {
		if s.rings.Blocks(edge, a, b) {
			s.last[0], s.last[k] = edge, s.last[0]
			return true
		}
	}
	edge := s.rings.Blocking(a, b, s.but)
	if edge == chart.NoEdge {
		return false
	}
	s.known = min(s.known+1, len(s.last))
	copy(s.last[1:s.known], s.last[:])
	s.last[0] = edge
	return true
}

// trim leaves out the links that nearer ones and the network replace.
func (n *network) trim(a *approach) {
	slices.SortFunc(a.links, func(x, y link) int { return cmp.Or(cmp.Compare(x.nm, y.nm), cmp.Compare(x.node, y.node)) })
	seen := map[int32]bool{}
	kept := a.links[:0]
	for _, l := range a.links {
		if !seen[l.node] {
			seen[l.node] = true
			kept = append(kept, l)
		}
	}
	a.links = kept
}
