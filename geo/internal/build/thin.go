package main

import (
	"container/heap"
	"log"

	"haihe/geo/internal/chart"
)

// thin keeps of the lines of sight, the shortest first, those that no way over kept edges replaces within the stretch and
// without another passage (a greedy spanner: Althöfer, Das, Dobkin, Joseph, Soares, Discrete & Computational Geometry 9,
// 1993, with the passages as labels).
func (b *builder) thin(fixed, open []candidate) []candidate {
	s := &spanner{b: b, out: make([][]int32, len(b.v)), best: make([]float64, len(b.v)), seen: make([]int32, len(b.v))}
	for _, e := range fixed {
		s.keep(e)
	}
	for _, e := range open {
		if !s.replaced(e) {
			s.keep(e)
		}
	}
	log.Printf("%d edges kept", len(s.edges))
	return s.main()
}

type spanner struct {
	b     *builder
	edges []candidate
	out   [][]int32 // numbers of edges
	best  []float64
	seen  []int32
	round int32
	heap  frontier
}

func (s *spanner) keep(e candidate) {
	i := int32(len(s.edges))
	s.edges = append(s.edges, e)
	s.out[e.from], s.out[e.to] = append(s.out[e.from], i), append(s.out[e.to], i)
}

func (s *spanner) replaced(e candidate) bool {
	limit := e.nm*stretch + slackNm
	goal := s.b.v[e.to]
	s.round++
	s.heap = append(s.heap[:0], reached{e.from, 0, e.nm})
	s.best[e.from], s.seen[e.from] = 0, s.round
	for len(s.heap) > 0 {
		at := heap.Pop(&s.heap).(reached)
		if at.node == e.to {
			return true
		}
		if at.nm > s.best[at.node] {
			continue
		}
		for _, k := range s.out[at.node] {
			d := &s.edges[k]
			if d.taken&^e.taken != 0 || d.channel != 0 {
				continue
			}
			to, nm := d.from+d.to-at.node, at.nm+d.nm
			if s.seen[to] == s.round && s.best[to] <= nm {
				continue
			}
			total := nm + s.b.v[to].Nm(goal)
			if total > limit {
				continue
			}
			s.best[to], s.seen[to] = nm, s.round
			heap.Push(&s.heap, reached{to, nm, total})
		}
	}
	return false
}

// main is what hangs together with the ocean: the largest part.
func (s *spanner) main() []candidate {
	part := make([]int32, len(s.out))
	var sizes []int
	for i := range part {
		if part[i] != 0 || len(s.out[i]) == 0 {
			continue
		}
		sizes = append(sizes, 0)
		id := int32(len(sizes))
		stack := []int32{int32(i)}
		part[i] = id
		for len(stack) > 0 {
			n := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			sizes[id-1]++
			for _, k := range s.out[n] {
				if to := s.edges[k].from + s.edges[k].to - n; part[to] == 0 {
					part[to] = id
					stack = append(stack, to)
				}
			}
		}
	}
	ocean := 0
	for i, n := range sizes {
		if n > sizes[ocean] {
			ocean = i
		}
	}
	var kept []candidate
	told := map[int]bool{}
	for _, e := range s.edges {
		switch {
		case part[e.from] == int32(ocean+1):
			kept = append(kept, e)
		case e.channel != chart.NoChannel && !told[e.channel]:
			told[e.channel] = true
			log.Printf("channel %s is cut off from the sea", s.b.channels[e.channel-1].ID)
		}
	}
	return kept
}

type reached struct {
	node      int32
	nm, total float64
}

type frontier []reached

func (f frontier) Len() int           { return len(f) }
func (f frontier) Less(i, j int) bool { return f[i].total < f[j].total }
func (f frontier) Swap(i, j int)      { f[i], f[j] = f[j], f[i] }
func (f *frontier) Push(x any)        { *f = append(*f, x.(reached)) }
func (f *frontier) Pop() any {
	old := *f
	x := old[len(old)-1]
	*f = old[:len(old)-1]
	return x
}
