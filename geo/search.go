package geo

import (
	"math"
	"sync"

	"haihe/geo/internal/chart"
)

// tree holds the shortest ways from one point to every node, with a closure.
type tree struct {
	nm   []float32
	from []int32 // the node before, or -1 - link at the first
}

var unreached = float32(math.Inf(1))

// grow is Dijkstra's search with the queue in buckets of a mile (Dial, Communications of the ACM 12, 1969): what is found
// shorter within a bucket is looked at again, so the ways are the shortest all the same.
func (n *network) grow(a *approach, shut closure) *tree {
	t := &tree{nm: make([]float32, len(n.nodes)), from: make([]int32, len(n.nodes))}
	for i := range t.nm {
		t.nm[i] = unreached
	}
	q := bucketPool.Get().(*buckets)
	defer bucketPool.Put(q)
	for k, l := range a.links {
		if l.taken&shut == 0 && l.nm < t.nm[l.node] {
			t.nm[l.node], t.from[l.node] = l.nm, int32(-1-k)
			q.put(l.node, l.nm)
		}
	}
	for b := 0; q.count > 0; b++ {
		for len(q.of[b]) > 0 {
			last := len(q.of[b]) - 1
			at := q.of[b][last]
			q.of[b] = q.of[b][:last]
			q.count--
			base := t.nm[at.node]
			if at.nm > base {
				continue
			}
			for k, end := n.row[at.node], n.row[at.node+1]; k < end; k++ {
				e := n.arcs[k]
				if nm := base + e.nm; nm < t.nm[e.to] && (e.mark == 0 || n.taken[k]&shut == 0) {
					t.nm[e.to], t.from[e.to] = nm, at.node
					q.put(e.to, nm)
				}
			}
		}
	}
	return t
}

type queued struct {
	node int32
	nm   float32
}

// buckets hold what waits, by the mile. No way is longer than 65,536 nautical miles: three times round the Earth.
type buckets struct {
	of    [1 << 16][]queued
	count int
}

var bucketPool = sync.Pool{New: func() any { return new(buckets) }}

func (q *buckets) put(node int32, nm float32) {
	b := &q.of[min(int(nm), len(q.of)-1)]
	*b = append(*b, queued{node, nm})
	q.count++
}

func (n *network) blocked(a, b chart.Vec) bool {
	return n.land.Crossed(a, b) || n.shoals.Crossed(a, b)
}
