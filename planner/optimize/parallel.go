package optimize

import (
	"sync"
	"sync/atomic"
)

// team is the goroutines' working memory: one pricer each, kept from pass to pass.
type team struct {
	in      *instance
	pricers []*pricer
	arenas  [][]departureIndex
}

func newTeam(in *instance, workers int) *team {
	t := &team{in: in}
	for range workers {
		t.pricers = append(t.pricers, newPricer(in))
	}
	t.arenas = make([][]departureIndex, workers)
	return t
}

// each calls f for 0 … n−1, spread over the team. What f writes for i must depend on i alone, so that the result is
// the same however many workers there are. It stops early, and returns false, when stop says so.
func (t *team) each(n int, stop func() bool, f func(worker, i int)) bool {
	const chunk = 16
	var next atomic.Int64
	var stopped atomic.Bool
	work := func(worker int) {
		for {
			from := int(next.Add(chunk)) - chunk
			if from >= n {
				return
			}
			if stop() {
				stopped.Store(true)
				return
			}
			for i := from; i < min(n, from+chunk); i++ {
				f(worker, i)
			}
		}
	}
	if len(t.pricers) == 1 || n <= chunk {
		work(0)
		return !stopped.Load()
	}
	var wg sync.WaitGroup
	for w := range t.pricers {
		wg.Go(func() { work(w) })
	}
	wg.Wait()
	return !stopped.Load()
}

// arena gives a worker room for the legs of one more column.
func (t *team) arena(worker int) *[]departureIndex {
	if a := t.arenas[worker]; cap(a)-len(a) < 64 {
		t.arenas[worker] = make([]departureIndex, 0, 256)
	}
	return &t.arenas[worker]
}

// never is a stop that does not.
func never() bool { return false }

// tasks runs f for 0 … n−1, as many at a time as there are workers. It looks at stop before each, and tells whether it came to
// the end.
func (t *team) tasks(n int, stop func() bool, f func(i int)) bool {
	var wg sync.WaitGroup
	var next atomic.Int64
	var stopped atomic.Bool
	for range t.pricers {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				if stop() {
					stopped.Store(true)
					return
				}
				f(i)
			}
		})
	}
	wg.Wait()
	return !stopped.Load()
}
