package e2e

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"haihe/planner"
)

// TestKilledAtAnyMoment kills the service at random moments, from the first write of the sample on, while the feed
// runs and exporters submit requests. Started again, every acknowledged request is there, and the state is what the
// log says.
func TestKilledAtAnyMoment(t *testing.T) {
	dir := t.TempDir()
	args := []string{"--sample", "--feed-speed", "20"}
	random := rand.New(rand.NewPCG(1, 2))
	var acknowledged []string
	for round := range count("HAIHE_KILL_ROUNDS", 3) {
		s := serve(t, plain(), dir, args...)
		if round%5 == 1 { // in between; the other rounds may end before the service takes commands
			s.taking().lostNothing(acknowledged)
		}
		var mu sync.Mutex
		stop := make(chan struct{})
		var exporters sync.WaitGroup
		for n := range 2 {
			exporters.Go(func() {
				for i := 0; ; i++ {
					select {
					case <-stop:
						return
					default:
					}
					code, body := s.call("exporter", http.MethodPost, "/api/requests", newRequest(fmt.Sprintf("round %d, %d-%d", round, n, i)))
					var made struct {
						ID string `json:"id"`
					}
					if code == http.StatusCreated && json.Unmarshal(body, &made) == nil {
						mu.Lock()
						acknowledged = append(acknowledged, made.ID)
						mu.Unlock()
					} else {
						time.Sleep(20 * time.Millisecond)
					}
				}
			})
		}
		time.Sleep(time.Duration(random.Int64N(int64(4 * time.Second))))
		s.kill()
		close(stop)
		exporters.Wait()
	}
	s := serve(t, plain(), dir, args...).ready()
	s.lostNothing(acknowledged)
	t.Logf("%d requests acknowledged, all there", len(acknowledged))
	require.NotEmpty(t, acknowledged)
	s.stop()
}

// lostNothing checks that the state is what the log says, and has every request that was acknowledged.
func (s *service) lostNothing(acknowledged []string) {
	s.t.Helper()
	s.sameAsReplay()
	have := map[string]bool{}
	for _, r := range get[[]planner.RequestStatus](s, "exporter", "/api/requests") {
		have[r.ID] = true
	}
	for _, id := range acknowledged {
		require.True(s.t, have[id], "request %s was acknowledged and is lost", id)
	}
}

func newRequest(goods string) map[string]any {
	now := time.Now().UTC().Truncate(time.Hour)
	return map[string]any{"origin": "CNTXG", "market": "US", "class": "general", "goods": goods, "volume_m3": 1.5, "weight_kg": 300,
		"ready": now.AddDate(0, 0, 3).Format(time.RFC3339), "due": now.AddDate(0, 0, 60).Format(time.RFC3339), "storage_days": 30,
		"drawdown": "linear", "modes": []string{"sea"}, "whole": false, "value": 900, "time_cost_m3_day": 1, "co2e_price_t": 0}
}
