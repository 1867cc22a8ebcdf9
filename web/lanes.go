package web

import (
	"math"
	"strings"
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

// laneOf is the lane that a departure sails: that of its ports and mode, or, where it sails around a shut passage, the
// one that all take who sail around it alike. A ship that turned at sea has a lane of its own.
func laneOf(d *planner.DepartureStatus) string {
	id := laneID(d.From, d.To, d.Mode)
	switch x := d.Diversion; {
	case x == nil || len(x.Way.Line) == 0:
		return id
	case x.Turned != nil:
		return id + "@" + d.ID
	default:
		return id + "~" + strings.Join(x.Passages, "~")
	}
}

func newLane(id string, ends laneEnds, way Way) laneView {
	return laneView{id, ends.from, ends.to, ends.mode, math.Round(way.Km*10) / 10, list(way.Passages), lineView{"MultiLineString", rounded(way.Line)}}
}

// laner draws lanes beside the hub, since a way around the coasts takes a while to find. Without a route there
// are no lanes.
type laner struct {
	route func(from, to planner.Place, mode string) Way
	give  func([]laneView)

	mu      sync.Mutex
	todo    []wantedLane
	wake    chan struct{}
	quit    chan struct{}
	stopped sync.WaitGroup
}

// laneBatch lanes are given together: few enough that the map fills as one looks on.
const laneBatch = 64

func newLaner(route func(from, to planner.Place, mode string) Way, give func([]laneView)) *laner {
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
				if way := l.route(w.from, w.to, w.mode); len(way.Line) > 0 {
					made = append(made, newLane(w.id, laneEnds{w.from.ID, w.to.ID, w.mode}, way))
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
