package e2e

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"haihe/planner"
	"haihe/streams"
)

// sailing is what a browser knows of a departure that matters here.
type sailing struct {
	ID, Mode, Lane string
	Arrive         time.Time
	PlannedArrive  time.Time          `json:"planned_arrive"`
	Diversion      *planner.Diversion `json:"diversion"`
}

// TestSuezShutByAnOutsideRecord shuts Suez through a Kafka client that knows nothing of Haihe: ships go around, what
// is planned on them is planned anew, and a restart knows of it. The commission reopens it, and all is as before.
func TestSuezShutByAnOutsideRecord(t *testing.T) {
	dir := t.TempDir()
	args := []string{"--sample", "--feed-speed", "0.0001"}
	s := serve(t, plain(), dir, args...).ready()
	w := s.watch("commission")
	diverted := func() map[string]sailing {
		found := map[string]sailing{}
		for id, v := range w.entities["departure"] {
			var d sailing
			require.NoError(t, json.Unmarshal(v, &d))
			if d.Diversion != nil {
				found[id] = d
			}
		}
		return found
	}
	require.Empty(t, diverted())
	before := get[planner.Problem](s, "operator", "/api/problem")

	s.say("PassageClosed", streams.TopicRoutes, "passage:suezz:status", "passage:suezz", `{"passage":"suezz"}`)
	s.say("PassageClosed", streams.TopicRoutes, "passage:suez:status", "passage:suez", `{"passage":"suez","reason":"ship aground"}`)
	begun := time.Now()
	w.until("ships around Suez", func() bool { return len(diverted()) > 0 })
	seen := time.Since(begun)
	ships := diverted()
	arrive := func(p planner.Problem) map[string]time.Time {
		m := map[string]time.Time{}
		for _, d := range p.Departures {
			m[d.ID] = d.Arrive
		}
		return m
	}
	was, is := arrive(before), map[string]time.Time{}
	require.Eventually(t, func() bool { // the plan that is shown may be an older one for a moment
		is = arrive(get[planner.Problem](s, "operator", "/api/problem"))
		return slices.ContainsFunc(before.Departures, func(d planner.Departure) bool { return is[d.ID].After(d.Arrive) })
	}, wait, 50*time.Millisecond)
	t.Logf("from the record to the ships on a screen %v, to a plan around it %v", seen, time.Since(begun))
	later := 0
	for id, d := range ships {
		require.Equal(t, planner.ModeSea, d.Mode, id)
		require.Contains(t, d.Diversion.Passages, "suez", id)
		if is[id].After(was[id]) {
			later++
		}
		if d.Diversion.Km > 0 && !d.Diversion.Blocked {
			require.NotNil(t, w.entities["lane"][d.Lane], "the lane that %s sails", id)
		}
	}
	require.Positive(t, later)
	for id := range is {
		if at, known := was[id]; known && ships[id].Diversion == nil {
			require.Equal(t, at, is[id], id)
		}
	}
	t.Logf("%d of %d departures around Suez, %d of them to be planned", len(ships), len(w.entities["departure"]), later)
	require.Eventually(t, func() bool {
		letters := get[[]struct {
			Reason string `json:"reason"`
		}](s, "operator", "/api/dead-letters")
		return slices.ContainsFunc(letters, func(l struct {
			Reason string `json:"reason"`
		}) bool {
			return strings.Contains(l.Reason, `must be the id of a strait or canal, got "suezz"`)
		})
	}, wait, 50*time.Millisecond)
	s.sameAsReplay()
	s.stop()

	s = serve(t, plain(), dir, args...).ready()
	w = s.watch("commission")
	again := diverted()
	for id, d := range ships {
		require.Equal(t, d.Arrive, again[id].Arrive, "a restart forgets nothing of %s", id)
	}
	for _, role := range []string{"firm", "exporter"} {
		code, _ := s.call(role, http.MethodPost, "/api/passages/suez/reopen", nil)
		require.Equal(t, http.StatusForbidden, code)
	}
	code, body := s.call("commission", http.MethodPost, "/api/passages/suez/reopen", nil)
	require.Equal(t, http.StatusNoContent, code, "%s", body)
	w.until("ships through Suez", func() bool { return len(diverted()) == 0 })
	s.sameAsReplay()
	s.stop()
}
