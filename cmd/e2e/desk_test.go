package e2e

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/stretchr/testify/require"

	"haihe/planner"
)

// door is where a desk sends its commands: a service, or any of several.
type door interface {
	call(role, method, path string, body any) (int, []byte)
	keyed(role, method, path, key string, body any) (int, []byte)
}

// desk remembers what exporters were told.
type desk struct {
	mu       sync.Mutex
	requests []string
	bookings map[string]*promise
	unsure   []errand // commands that got no answer
	again    int      // that were sent again
	most     int      // requests that one work submits; 0: any number

	answered atomic.Int64 // commands about bookings, granted or refused
}

func newDesk() *desk { return &desk{bookings: map[string]*promise{}} }

// requestPause is how long an exporter waits between two requests: what is planned grows with every one.
const requestPause = 100 * time.Millisecond

// work has exporters submit requests, and hold, confirm and cancel what is matched, until stop is closed.
func (d *desk) work(s door, seed uint64, stop chan struct{}) {
	var exporters sync.WaitGroup
	exporters.Go(func() {
		for i := 0; !stopped(stop) && (d.most == 0 || i < d.most); i++ {
			code, body := s.call("exporter", http.MethodPost, "/api/requests", newRequest(fmt.Sprintf("%d, %d", seed, i)))
			var made struct {
				ID string `json:"id"`
			}
			if code == http.StatusCreated && json.Unmarshal(body, &made) == nil {
				d.accepted(made.ID)
			}
			idle(stop, requestPause)
		}
	})
	exporters.Go(func() {
		r := rand.New(rand.NewPCG(seed, 3))
		for i := 0; !stopped(stop); i++ {
			if !d.trade(s, r, fmt.Sprintf("%d-%d", seed, i)) {
				idle(stop, 20*time.Millisecond)
			}
		}
	})
	exporters.Wait()
}

func stopped(stop chan struct{}) bool {
	select {
	case <-stop:
		return true
	default:
		return false
	}
}

// idle waits, at most until stop is closed.
func idle(stop chan struct{}, d time.Duration) {
	select {
	case <-stop:
	case <-time.After(d):
	}
}

// promise is the last that was acknowledged of a booking, while nothing else about it was asked.
type promise struct {
	status string
	asked  bool // something was asked since, and got no answer
}

// errand is a command that may or may not have come about.
type errand struct {
	method, path, key string
	body              any
}

func (d *desk) accepted(id string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.requests = append(d.requests, id)
}

// booked tells whether anything was.
func (d *desk) booked() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.bookings) > 0
}

// trade sends one command about a booking: first of all those that got no answer, with their keys.
func (d *desk) trade(s door, r *rand.Rand, key string) bool {
	d.mu.Lock()
	var e errand
	again := len(d.unsure) > 0
	if again {
		e, d.unsure = d.unsure[0], d.unsure[1:]
		d.again++
	}
	d.mu.Unlock()
	if !again {
		var ok bool
		if e, ok = d.think(s, r, key); !ok {
			return false
		}
	}
	code, body := s.keyed("exporter", e.method, e.path, e.key, e.body)
	if code > 0 && code < 500 {
		d.answered.Add(1)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	var answer struct {
		Booking string
		Status  struct{ Status string }
	}
	id := strings.Split(strings.TrimPrefix(e.path, "/api/bookings/"), "/")[0]
	switch {
	case code == 0 || code >= 500:
		d.unsure = append(d.unsure, e)
		if p := d.bookings[id]; p != nil {
			p.asked = true
		}
	case code == http.StatusNoContent:
		d.bookings[id] = &promise{status: planner.BookingIsCancelled}
	case code < 300 && json.Unmarshal(body, &answer) == nil:
		d.bookings[answer.Booking] = &promise{status: answer.Status.Status}
	}
	return code > 0 && code < 500
}

// think makes up a command: about a booking that was promised, or about a match.
func (d *desk) think(s door, r *rand.Rand, key string) (errand, bool) {
	d.mu.Lock()
	var open []string
	for id, p := range d.bookings {
		if p.status == planner.BookingHeld && !p.asked {
			open = append(open, id)
		}
	}
	d.mu.Unlock()
	slices.Sort(open)
	if len(open) > 0 && r.IntN(2) == 0 {
		path := "/api/bookings/" + open[r.IntN(len(open))]
		if r.IntN(3) == 0 {
			return errand{http.MethodDelete, path, key, nil}, true
		}
		return errand{http.MethodPost, path + "/confirm", key, nil}, true
	}
	var shown struct {
		Entities struct {
			Match []planner.Match `json:"match"`
		} `json:"entities"`
	}
	code, body := s.call("exporter", http.MethodGet, "/api/snapshot", nil)
	if code != http.StatusOK || json.Unmarshal(body, &shown) != nil {
		return errand{}, false
	}
	matched := slices.DeleteFunc(shown.Entities.Match, func(m planner.Match) bool { return len(m.Parts) == 0 })
	if len(matched) == 0 {
		return errand{}, false
	}
	status := []string{planner.BookingQuoted, planner.BookingHeld, planner.BookingHeld, planner.BookingIsConfirmed}[r.IntN(4)]
	return errand{http.MethodPost, "/api/requests/" + matched[r.IntN(len(matched))].Request + "/bookings", key, map[string]any{"status": status}}, true
}

// lostNothing checks that the state is what the log says, and has every request and booking that was acknowledged.
func (d *desk) lostNothing(s *service) {
	s.t.Helper()
	s.sameAsReplay()
	have := map[string]bool{}
	for _, r := range get[[]planner.RequestStatus](s, "exporter", "/api/requests") {
		have[r.ID] = true
	}
	for _, id := range d.requests {
		require.True(s.t, have[id], "request %s was acknowledged and is lost", id)
	}
	bookings := map[string]planner.BookingStatus{}
	for _, b := range get[[]planner.BookingStatus](s, "exporter", "/api/bookings") {
		bookings[b.BookingConfirmed.Booking] = b
	}
	for id, p := range d.bookings {
		b, ok := bookings[id]
		require.True(s.t, ok, "booking %s was acknowledged and is lost", id)
		if p.asked || b.Status == p.status {
			continue
		}
		// Time and carriers may have moved it on; nothing else may.
		onward := map[string][]string{planner.BookingQuoted: {planner.BookingExpired}, planner.BookingHeld: {planner.BookingExpired},
			planner.BookingIsConfirmed: {planner.BookingPendingAmendment, planner.BookingInTransit}}[p.status]
		require.Contains(s.t, onward, b.Status, "booking %s was acknowledged as %s: %+v", id, p.status, b.History)
	}
}

func newRequest(goods string) map[string]any {
	now := time.Now().UTC().Truncate(time.Hour)
	return map[string]any{"origin": "CNTXG", "market": "US", "class": "general", "goods": goods, "volume_m3": 1.5, "weight_kg": 300,
		"ready": now.AddDate(0, 0, 3).Format(time.RFC3339), "due": now.AddDate(0, 0, 60).Format(time.RFC3339), "storage_days": 30,
		"drawdown": "linear", "modes": []string{"sea"}, "whole": false, "value": 900, "time_cost_m3_day": 1, "co2e_price_t": 0}
}
