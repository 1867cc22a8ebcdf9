package web

import (
	"fmt"
	"io"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"haihe/planner"
	"haihe/planner/live"
)

// BenchmarkFanOut has 1,000 clients, 300 exporters and 50 firms among them, and counts an operation when every
// one of them has read a changed departure.
func BenchmarkFanOut(b *testing.B) {
	const clients = 1000
	s := newService(b)
	s.network()
	s.settle()
	var read atomic.Int64
	for i := range clients {
		role, org := Exporter, fmt.Sprint("exporter-", i%300)
		if i%10 == 0 {
			role, org = Firm, fmt.Sprint("firm-", i%50)
		}
		c := s.open(role, org, "").conn
		go func() {
			for {
				_, r, err := c.NextReader()
				if err != nil {
					return
				}
				io.Copy(io.Discard, r)
				read.Add(1)
			}
		}()
	}
	b.ResetTimer()
	for i := range b.N {
		read.Store(0)
		s.web.Observe(delayed(i))
		for read.Load() < clients {
			time.Sleep(50 * time.Microsecond)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/clients, "µs/delivery")
}

func delayed(i int) live.Update {
	return live.Update{Departures: []planner.DepartureStatus{{Departure: sailing("LAX-1", "bohai", "CNTXG", "USLAX").Departure, DelayHours: float64(i + 1)}}}
}

// BenchmarkPublish is what the hub does for a new plan of 10,000 matches, seen by 300 exporters and 50 firms whose
// connections are not there: 351 audiences, no socket.
func BenchmarkPublish(b *testing.B) {
	cfg := Config{Ring: 16384, Queue: 1 << 20, Now: time.Now}
	h := &hub{cfg: cfg, epoch: "e", news: make(chan struct{}), whereIs: newWhereabouts(), model: newModel(func(string) (PlaceNames, bool) { return PlaceNames{}, false }),
		entities: map[key]*facets{}, order: map[string][]string{}, untold: map[key]*facets{}, ring: ring{most: cfg.Ring}, clients: map[*client]struct{}{}, shots: map[viewer]*websocket.PreparedMessage{}}
	join := func(v viewer) {
		h.clients[&client{viewer: v, queue: make(chan *websocket.PreparedMessage, 1<<16), end: func(int, string) {}}] = struct{}{}
	}
	join(viewer{role: Commission})
	var u live.Update
	for i := range 50 {
		firm := fmt.Sprint("firm-", i)
		join(viewer{Firm, firm})
		u.Departures = append(u.Departures, planner.DepartureStatus{Departure: sailing(fmt.Sprint("D", i), firm, "A", "B").Departure})
		u.Warehouses = append(u.Warehouses, planner.WarehouseStatus{Warehouse: store(fmt.Sprint("W", i), firm, "B", "M").Warehouse})
	}
	for i := range 300 {
		join(viewer{Exporter, fmt.Sprint("exporter-", i)})
	}
	for i := range 10000 {
		u.Requests = append(u.Requests, planner.RequestStatus{Request: wish(fmt.Sprint("R", i), fmt.Sprint("exporter-", i%300), fmt.Sprint("M", i%8)).Request})
	}
	h.take([]live.Update{u}, nil, time.Now())
	for n := 0; b.Loop(); n++ {
		plan := live.Update{Plan: &planner.PlanSummary{Version: uint64(n)}}
		for i := range 10000 {
			id := fmt.Sprint("R", i)
			plan.Matches = append(plan.Matches, planner.Match{Request: id, Parts: []planner.Assignment{{Request: id, Fraction: 1, Cost: float64(n + i),
				Departures: []string{fmt.Sprint("D", i%50)}, Warehouse: fmt.Sprint("W", (i+n)%50), Arrive: start}}})
		}
		h.take([]live.Update{plan}, nil, time.Now())
		h.tell()
		for c := range h.clients {
			for len(c.queue) > 0 {
				<-c.queue
			}
		}
	}
}

// BenchmarkSnapshot is a first connection's snapshot of a network of 10,000 requests and 500 departures.
func BenchmarkSnapshot(b *testing.B) {
	s := newService(b)
	s.network()
	var u live.Update
	for i := range 10000 {
		u.Requests = append(u.Requests, planner.RequestStatus{Request: wish(fmt.Sprint("Q", i), fmt.Sprint("exporter-", i%300), "M").Request})
	}
	for i := range 500 {
		u.Departures = append(u.Departures, planner.DepartureStatus{Departure: sailing(fmt.Sprint("D", i), "f", "A", "B").Departure})
	}
	s.web.Observe(u)
	s.settle()
	size := 0
	for b.Loop() {
		size = len(s.web.hub.snapshot(viewer{Exporter, "exporter-1"}))
	}
	b.ReportMetric(float64(size), "bytes")
}
