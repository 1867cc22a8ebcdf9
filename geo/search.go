package geo

import (
	"math"

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
	q := n.takeQueue()
	defer n.giveQueue(q)
	for k, l := range a.links {
		if l.taken&shut == 0 && l.nm < t.nm[l.node] {
			t.nm[l.node], t.from[l.node] = l.nm, int32(-1-k)
			q.put(l.node, l.nm)
		}
	}
	for b := 0; q.count > 0; b++ {
		for head := &q.head[b&bucketBits]; *head != 0; {
			at := q.entries[*head]
			*head = at.next
			q.count--
			base := t.nm[at.node]
			if at.nm > base {
				continue
			}
			first, end := n.row[at.node], n.row[at.node+1]
			for k, e := range n.arcs[first:end] {
				to := e.to()
				if nm := base + e.nm; nm < t.nm[to] && (e.marked&takesPassage == 0 || n.taken[int(first)+k]&shut == 0) {
					t.nm[to], t.from[to] = nm, at.node
					q.put(to, nm)
				}
			}
		}
	}
	return t
}

// queue holds what waits, by the mile, round and round: no edge is as long as the 16,384 nautical miles of a round.
type queue struct {
	head    [bucketBits + 1]int32 // of the list of each bucket; 0 is its end
	entries []queued
	count   int
}

type queued struct {
	node int32
	nm   float32
	next int32
}

const bucketBits = 1<<14 - 1

func (q *queue) put(node int32, nm float32) {
	b := &q.head[int(nm)&bucketBits]
	q.entries = append(q.entries, queued{node, nm, *b})
	*b = int32(len(q.entries) - 1)
	q.count++
}

// takeQueue gives an empty queue. A sync.Pool would lose them at every collection of garbage, which trees cause.
func (n *network) takeQueue() *queue {
	select {
	case q := <-n.queues:
		q.entries = q.entries[:1]
		return q
	default:
		return &queue{entries: make([]queued, 1, 1<<16)}
	}
}

func (n *network) giveQueue(q *queue) {
	select {
	case n.queues <- q:
	default:
	}
}

func (n *network) blocked(a, b chart.Vec) bool {
	return n.land.Crossed(a, b) || n.shoals.Crossed(a, b)
}
