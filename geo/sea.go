package geo

import (
	_ "embed"
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/paulmach/orb"

	"haihe/geo/internal/chart"
)

//go:generate go run haihe/geo/internal/build -land ../web/app/node_modules/world-atlas/land-50m.json -geo .

//go:embed sea.chart
var seaChart []byte

//go:embed channels.csv
var channelTable []byte

// network is the chart made ready to sail by: an undirected graph in rows. All routers share it.
type network struct {
	land, shoals *chart.Rings
	gates        *chart.Gates
	channels     []chart.Channel
	inChannel    [][]int32 // the nodes of each channel's line

	nodes []chart.Node
	v     []chart.Vec
	coast []chart.Coast // of the nodes that are not free
	atSea []int32       // the nodes that are not ashore

	row   []int32 // edges of node n: row[n] up to row[n+1]
	arcs  []arcTo
	taken []closure

	queues     chan *queue
	approaches approachCache
	sights     sights
}

// arcTo is an edge as seen from one of its nodes: the other one, with what is special about the edge in the highest bits.
type arcTo struct {
	marked uint32
	nm     float32
}

const (
	takesPassage = 1 << 31 // some of network.taken
	inFairway    = 1 << 30 // on the line of a channel
	nodeBits     = inFairway - 1
)

func (e arcTo) to() int32 { return int32(e.marked & nodeBits) }

var loadNetwork = sync.OnceValue(func() *network {
	n, err := newNetworkFrom(seaChart)
	if err != nil {
		panic("geo: sea.chart: " + err.Error())
	}
	return n
})

func newNetworkFrom(raw []byte) (*network, error) {
	c, err := chart.Decode(raw)
	if err != nil {
		return nil, err
	}
	return newNetwork(c)
}

func newNetwork(c *chart.Chart) (*network, error) {
	n := &network{queues: make(chan *queue, 8), sights: sights{known: map[uint64]closure{}}, land: chart.NewRings(c.Land), shoals: chart.NewRings(c.Shoals), gates: chart.NewGates(passageTable().list), nodes: c.Nodes}
	var err error
	if n.channels, err = chart.Channels(channelTable); err != nil {
		return nil, err
	}
	n.v = make([]chart.Vec, len(n.nodes))
	n.atSea, n.coast = make([]int32, 0, len(n.nodes)), make([]chart.Coast, len(n.nodes))
	at := make(map[[2]int32]int32, 1024)
	for i, node := range n.nodes {
		n.v[i] = chart.At(node.Point)
		if !node.Free() || !n.land.Inside(node.Point) {
			n.atSea = append(n.atSea, int32(i))
		}
		if node.Free() {
			at[onGrid(node.Point)] = int32(i)
		} else {
			n.coast[i] = node.Coast()
		}
	}
	for _, ch := range n.channels {
		var line []int32
		for _, p := range ch.Line {
			i, ok := at[onGrid(p)]
			if !ok {
				return nil, fmt.Errorf("channels.csv: %s has a point that sea.chart lacks: build it anew (make sea)", ch.ID)
			}
			line = append(line, i)
		}
		n.inChannel = append(n.inChannel, line)
	}
	n.row = make([]int32, len(n.nodes)+1)
	for _, e := range c.Edges {
		n.row[e.From+1]++
		n.row[e.To+1]++
	}
	for i := range n.nodes {
		n.row[i+1] += n.row[i]
	}
	fill := slices.Clone(n.row)
	n.arcs, n.taken = make([]arcTo, 2*len(c.Edges)), make([]closure, 2*len(c.Edges))
	for _, e := range c.Edges {
		mark := uint32(0)
		if e.Taken != 0 {
			mark |= takesPassage
		}
		if e.Channel != chart.NoChannel {
			mark |= inFairway
		}
		nm := float32(n.v[e.From].Nm(n.v[e.To]))
		for _, d := range [2][2]int32{{e.From, e.To}, {e.To, e.From}} {
			k := fill[d[0]]
			n.arcs[k], n.taken[k] = arcTo{uint32(d[1]) | mark, nm}, e.Taken
			fill[d[0]]++
		}
	}
	return n, nil
}

func onGrid(p orb.Point) [2]int32 {
	return [2]int32{int32(math.Round(p[0] / chart.Grid)), int32(math.Round(p[1] / chart.Grid))}
}
