package web

import (
	"math"
	"sync"

	"github.com/paulmach/orb"

	"haihe/planner"
)

// laneEnds are what a lane leads between.
type laneEnds struct{ from, to, mode string }

// wantedLane is a lane that lacks its line.
type wantedLane struct {
	id       string
	from, to planner.Place
	mode     string
}

// laner draws lanes beside the hub, since a way around the coasts takes a while to find. Without a route there
// are no lanes.
type laner struct {
	route func(from, to planner.Place, mode string) (orb.MultiLineString, float64)
	give  func([]laneView)

	mu      sync.Mutex
	todo    []wantedLane
	wake    chan struct{}
	quit    chan struct{}
	stopped sync.WaitGroup
}

// laneBatch lanes are given together: few enough that the map fills as one looks on.
const laneBatch = 64

func newLaner(route func(from, to planner.Place, mode string) (orb.MultiLineString, float64), give func([]laneView)) *laner {
	l := &laner{route: route, give: give, wake: make(chan struct{}, 1), quit: make(chan struct{})}
	if route != nil {
		l.stopped.Go(l.run)
	}
	return l
}

func (l *laner) want(list []wantedLane) {
	if len(list) == 0 || l.route == nil {
		return
	}
	l.mu.Lock()
	l.todo = append(l.todo, list...)
	l.mu.Unlock()
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

func (l *laner) run() {
	for {
		select {
		case <-l.quit:
			return
		case <-l.wake:
		}
		for {
			batch := l.next()
			if len(batch) == 0 {
				break
			}
			made := make([]laneView, 0, len(batch))
			for _, w := range batch {
				select {
				case <-l.quit:
					return
				default:
				}
				line, km := l.route(w.from, w.to, w.mode)
				if len(line) > 0 {
					made = append(made, laneView{w.id, w.from.ID, w.to.ID, w.mode, math.Round(km*10) / 10,
						lineView{"MultiLineString", rounded(line)}})
				}
			}
			l.give(made)
		}
	}
}

func (l *laner) next() []wantedLane {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := min(len(l.todo), laneBatch)
	batch := l.todo[:n:n]
	l.todo = l.todo[n:]
	return batch
}

func (l *laner) close() {
	close(l.quit)
	l.stopped.Wait()
}

// rounded keeps four decimals, about 11 m.
func rounded(line orb.MultiLineString) orb.MultiLineString {
	out := make(orb.MultiLineString, len(line))
	for i, part := range line {
		out[i] = make(orb.LineString, len(part))
		for k, p := range part {
			out[i][k] = orb.Point{math.Round(p[0]*1e4) / 1e4, math.Round(p[1]*1e4) / 1e4}
		}
	}
	return out
}
