package e2e

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"haihe/planner"
)

// TestKilledAtAnyMoment kills the service at random moments, from the first write of the sample on, while the feed
// runs, exporters submit requests, and hold, confirm and cancel what is matched. After each round, a program that shares
// nothing with the service adds up from the raw log that no room was sold twice; started again, every acknowledged
// command is there, none twice, and the state is what the log says.
func TestKilledAtAnyMoment(t *testing.T) {
	dir := t.TempDir()
	args := []string{"--sample", "--feed-speed", "20", "--hold-for", "20s", "--max-open", "0"}
	random := rand.New(rand.NewPCG(1, 2))
	desk := &desk{bookings: map[string]*promise{}}
	for round := range count("HAIHE_KILL_ROUNDS", 3) {
		s := serve(t, plain(), dir, args...)
		switch {
		case round%5 == 1:
			desk.lostNothing(s.taking())
		case round%2 == 1:
			s.taking() // the other rounds may end before the service takes commands
		}
		stop := make(chan struct{})
		var exporters sync.WaitGroup
		for n := range 2 {
			exporters.Go(func() {
				for i := 0; !stopped(stop); i++ {
					code, body := s.call("exporter", http.MethodPost, "/api/requests", newRequest(fmt.Sprintf("round %d, %d-%d", round, n, i)))
					var made struct {
						ID string `json:"id"`
					}
					if code == http.StatusCreated && json.Unmarshal(body, &made) == nil {
						desk.accepted(made.ID)
					} else {
						time.Sleep(20 * time.Millisecond)
					}
				}
			})
		}
		exporters.Go(func() {
			r := rand.New(rand.NewPCG(uint64(round), 3))
			for i := 0; !stopped(stop); i++ {
				if !desk.trade(s, r, fmt.Sprintf("%d-%d", round, i)) {
					time.Sleep(20 * time.Millisecond)
				}
			}
		})
		time.Sleep(time.Duration(random.Int64N(int64(6 * time.Second))))
		s.kill()
		close(stop)
		exporters.Wait()
		haihe(t, nil, "ledger", "audit", "--data", dir)
		haihe(t, nil, "ledger", "verify", "--data", dir)
	}
	s := serve(t, plain(), dir, args...).ready()
	desk.lostNothing(s)
	t.Logf("%d requests and %d bookings acknowledged, %d commands sent again, all there, none twice", len(desk.requests), len(desk.bookings), desk.again)
	require.NotEmpty(t, desk.requests)
	s.stop()
	t.Logf("%s", haihe(t, nil, "ledger", "audit", "--data", dir))
	t.Logf("%s", haihe(t, nil, "ledger", "verify", "--data", dir))
}

func stopped(stop chan struct{}) bool {
	select {
	case <-stop:
		return true
	default:
		return false
	}
}

// desk remembers what exporters were told.
type desk struct {
	mu       sync.Mutex
	requests []string
	bookings map[string]*promise
	unsure   []errand // commands that got no answer
	again    int      // that were sent again
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

// trade sends one command about a booking: first of all those that got no answer, with their keys.
func (d *desk) trade(s *service, r *rand.Rand, key string) bool {
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
func (d *desk) think(s *service, r *rand.Rand, key string) (errand, bool) {
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
