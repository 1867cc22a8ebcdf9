package main

import (
	"cmp"
	"log"
	"math"
	"runtime"
	"slices"
	"sync"

	"github.com/paulmach/orb"

	"haihe/geo/internal/chart"
)

// offNm are the distances that a node stands off its coast: the largest that finds room between this coast and others.
var offNm = []float64{5, 3, 2, 1.2, 0.7, 0.4, 0.2}

// stretch and slackNm are how much longer a way over other nodes may be than the edge that it makes needless. What is left out is
// replaced by edges that take no passage which the edge did not take, so the bound holds whatever is shut.
const (
	stretch = 1.001
	slackNm = 0.1
)

func tolerance(lat float64) float64 {
	switch {
	case lat > 66:
		return 5
	case lat > 55 || lat < -42:
		return 3
	}
	return 2
}

type builder struct {
	chart    *chart.Chart
	channels []chart.Channel
	gates    *chart.Gates

	land, shoals *chart.Rings
	v            []chart.Vec
	corners      []corner
	byPoint      map[orb.Point]int32
}

type candidate struct {
	from, to int32
	nm       float64
	taken    uint64
	channel  int
}

func (b *builder) build() {
	b.land, b.shoals = chart.NewRings(b.chart.Land), chart.NewRings(b.chart.Shoals)
	b.byPoint = map[orb.Point]int32{}
	fixed := b.fairways()
	for _, ring := range b.chart.Land {
		for _, c := range corners(simplify(ring, tolerance), offNm, b.clear) {
			b.add(c)
		}
	}
	for _, ring := range b.chart.Shoals {
		for _, c := range corners(ring, []float64{1, 0.5}, b.clear) {
			b.add(c)
		}
	}
	log.Printf("%d candidate nodes, %d fairway edges", len(b.corners), len(fixed))
	open := b.visible()
	log.Printf("%d lines of sight", len(open))
	kept := b.thin(fixed, open)
	b.write(kept)
}

// add puts a node unless there is one at its place already, and gives its number.
func (b *builder) add(c corner) int32 {
	if i, ok := b.byPoint[c.point]; ok {
		b.corners[i].free = b.corners[i].free || c.free
		return i
	}
	i := int32(len(b.corners))
	b.byPoint[c.point] = i
	b.corners = append(b.corners, c)
	b.v = append(b.v, chart.At(c.point))
	return i
}

func (b *builder) clear(at, node chart.Vec, nm float64) bool {
	p := node.Point()
	if p[1] < -58 || p[1] > 84 || b.land.Inside(p) || b.shoals.Inside(p) {
		return false
	}
	start := at.Off(at.Bearing(node), min(0.02, nm/10))
	if b.land.Crossed(start, node) {
		return false
	}
	_, gap := b.land.Nearest(p, 0.7*nm)
	return math.IsInf(gap, 1)
}

func (b *builder) fairways() []candidate {
	var list []candidate
	for k, ch := range b.channels {
		last := int32(-1)
		for _, p := range ch.Line {
			i := b.add(corner{point: round(p), free: true})
			if last >= 0 {
				list = append(list, candidate{from: min(i, last), to: max(i, last), nm: b.v[i].Nm(b.v[last]),
					taken: b.gates.Taken(b.v[last], b.v[i]), channel: k + 1})
			}
			last = i
		}
	}
	return list
}

func (b *builder) node(i int32) chart.Node {
	c := b.corners[i]
	if c.free {
		return chart.Node{Point: c.point}
	}
	turn := func(x float64) uint8 {
		return uint8(int(math.Round(x/(2*math.Pi)*256)) & 255)
	}
	n := chart.Node{Point: c.point, Before: turn(c.before), After: turn(c.after)}
	if n.Before == 0 && n.After == 0 {
		n.After = 1
	}
	return n
}

// visible are the pairs of nodes between which a straight way over open water is tangent to the coasts at both ends.
func (b *builder) visible() []candidate {
	nodes := make([]chart.Node, len(b.v))
	water, coasts := make([]bool, len(b.v)), make([]chart.Coast, len(b.v))
	for i := range nodes {
		nodes[i] = b.node(int32(i))
		coasts[i] = b.node(int32(i)).Coast()
		water[i] = !b.land.Inside(nodes[i].Point)
	}
	var mu sync.Mutex
	var list []candidate
	var wg sync.WaitGroup
	next := make(chan int)
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			var mine []candidate
			for i := range next {
				for j := i + 1; j < len(nodes); j++ {
					if !water[j] || b.v[i].Dot(b.v[j]) < -0.94 {
						continue
					}
					if !nodes[i].Free() && !coasts[i].Tangent(b.v[j]) || !nodes[j].Free() && !coasts[j].Tangent(b.v[i]) {
						continue
					}
					if b.land.Crossed(b.v[i], b.v[j]) || b.shoals.Crossed(b.v[i], b.v[j]) {
						continue
					}
					mine = append(mine, candidate{from: int32(i), to: int32(j), nm: b.v[i].Nm(b.v[j]),
						taken: b.gates.Taken(b.v[i], b.v[j])})
				}
			}
			mu.Lock()
			list = append(list, mine...)
			mu.Unlock()
		})
	}
	for i := range nodes {
		if water[i] {
			next <- i
		}
	}
	close(next)
	wg.Wait()
	slices.SortFunc(list, func(x, y candidate) int {
		return cmp.Or(cmp.Compare(x.nm, y.nm), cmp.Compare(x.from, y.from), cmp.Compare(x.to, y.to))
	})
	return list
}

func (b *builder) write(kept []candidate) {
	// Nodes in the order of a walk along the coasts lie near each other; only what an edge reaches is kept.
	used := make([]bool, len(b.v))
	for _, e := range kept {
		used[e.from], used[e.to] = true, true
	}
	number := make([]int32, len(b.v))
	for i := range b.v {
		if used[i] {
			number[i] = int32(len(b.chart.Nodes))
			b.chart.Nodes = append(b.chart.Nodes, b.node(int32(i)))
		}
	}
	for _, e := range kept {
		b.chart.Edges = append(b.chart.Edges, chart.Edge{From: number[e.from], To: number[e.to], Channel: e.channel, Taken: e.taken})
	}
	slices.SortFunc(b.chart.Edges, func(x, y chart.Edge) int { return cmp.Or(cmp.Compare(x.From, y.From), cmp.Compare(x.To, y.To)) })
	b.chart.Edges = slices.CompactFunc(b.chart.Edges, func(x, y chart.Edge) bool { return x.From == y.From && x.To == y.To })
}
