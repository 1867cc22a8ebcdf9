package e2e

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	mathrand "math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"haihe/planner"
	"haihe/streams"
	"haihe/streams/kafkatest"
)

// fleet is some instances on the same brokers. As a door it is a client that knows all of them: it goes to any, and
// where that does not answer it has not been answered.
type fleet struct {
	t       *testing.T
	brokers []string
	args    []string
	dirs    []string
	space   *namespace // of the first instance; nil: as the others

	mu        sync.Mutex
	instances []*service
}

// newFleet starts n instances on brokers, one after the other.
func newFleet(t *testing.T, brokers []string, n int, args ...string) *fleet {
	t.Helper()
	return newFleetIn(t, nil, brokers, n, args...)
}

// newFleetIn is newFleet with the first instance in a network namespace, unless that is nil.
func newFleetIn(t *testing.T, space *namespace, brokers []string, n int, args ...string) *fleet {
	t.Helper()
	secret := make([]byte, 32)
	_, err := rand.Read(secret)
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(file, []byte(hex.EncodeToString(secret)), 0o600))
	f := &fleet{t: t, brokers: brokers, space: space, instances: make([]*service, n),
		args: append([]string{"--brokers", strings.Join(brokers, ","), "--secret-file", file, "--log-level", "info"}, args...)}
	for i := range n {
		f.dirs = append(f.dirs, t.TempDir())
		f.start(i)
		f.at(i).taking()
	}
	return f
}

func (f *fleet) at(i int) *service {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.instances[i]
}

// start starts an instance, on what it left if it ran before.
func (f *fleet) start(i int) {
	command, args := []string{plain()}, f.args
	if f.space != nil && i == 0 {
		command = f.space.command(plain())
		args = append([]string{"--listen", f.space.inside + ":0"}, args...)
	}
	s := serveBy(f.t, command, f.dirs[i], args...)
	s.client = &http.Client{Timeout: 30 * time.Second} // of one that stands still, or is cut off, nothing else is heard
	f.mu.Lock()
	defer f.mu.Unlock()
	f.instances[i] = s
}

// standing is what /api/health says of the ledger.
type standing struct {
	Ready       bool
	Role        string
	Leader      string
	LedgerEpoch uint64 `json:"ledger_epoch"`
	PlanVersion uint64 `json:"plan_version"`
}

func (s *service) standing() (h standing) {
	_, body := s.call("", http.MethodGet, "/api/health", nil)
	_ = json.Unmarshal(body, &h) // no answer is no standing
	return h
}

// leader waits until one of the instances leads and returns which.
func (f *fleet) leader(but ...int) (i int) {
	f.t.Helper()
	require.Eventually(f.t, func() bool {
		for i = range f.dirs {
			if !slices.Contains(but, i) && f.at(i).standing().Role == "leading" {
				return true
			}
		}
		return false
	}, wait, 50*time.Millisecond, "nobody leads:\n%v", f)
	return i
}

// String is what the instances said on their standard error.
func (f *fleet) String() string {
	var b strings.Builder
	for i := range f.dirs {
		fmt.Fprintf(&b, "instance %d: %s\n", i, f.at(i).stderr)
	}
	return b.String()
}

func (f *fleet) call(role, method, path string, body any) (int, []byte) {
	return f.keyed(role, method, path, "", body)
}

func (f *fleet) keyed(role, method, path, key string, body any) (int, []byte) {
	return f.at(mathrand.IntN(len(f.dirs))).keyed(role, method, path, key, body)
}

// sound checks, from the raw log, that nothing was sold twice and that the ledger is whole.
func (f *fleet) sound() string {
	f.t.Helper()
	haihe(f.t, nil, "ledger", "audit", "--brokers", strings.Join(f.brokers, ","))
	return string(haihe(f.t, nil, "ledger", "verify", "--brokers", strings.Join(f.brokers, ",")))
}

// TestTwoInstances: on a cluster of three, each of two instances takes commands and shows what came of them, and takes
// cookies of the other; the follower shows the leader's plan and quotes at its prices. The leader dies; the other leads.
func TestTwoInstances(t *testing.T) {
	c := kafkatest.StartCluster(t)
	t.Cleanup(func() { require.NoError(t, c.Stop()) })
	f := newFleet(t, c.Addrs(), 2, "--sample", "--feed-speed", "0.0001")
	lead := f.leader()
	first, second := f.at(lead), f.at(1-lead)
	first.ready()
	second.ready()
	log, err := streams.EnsureTopics(t.Context(), c.Addrs())
	require.NoError(t, err)
	require.Equal(t, 3, log.Brokers)

	require.Equal(t, first.standing().Leader, second.standing().Leader)
	second.links = first.links // one secret signs for both
	made := get[struct{ Role string }](second, "exporter", "/api/me")
	require.Equal(t, "exporter", made.Role)

	// What one is told, the other knows; a command sent again, to whichever, is done once.
	code, body := second.keyed("exporter", http.MethodPost, "/api/requests", "r", newRequest("through the follower"))
	require.Equal(t, http.StatusCreated, code, "%s", body)
	var request struct{ ID string }
	require.NoError(t, json.Unmarshal(body, &request))
	get[any](second, "exporter", "/api/requests/"+request.ID)
	get[any](first, "exporter", "/api/requests/"+request.ID)
	id := second.holdSome("h")
	require.Equal(t, id, first.holdSome("h"))
	require.Equal(t, planner.BookingHeld, get[planner.BookingStatus](first, "exporter", "/api/bookings/"+id).Status)
	code, body = first.keyed("exporter", http.MethodPost, "/api/bookings/"+id+"/confirm", "c", nil)
	require.Equal(t, http.StatusOK, code, "%s", body)
	code, body = second.keyed("exporter", http.MethodPost, "/api/bookings/"+id+"/hold", "again", nil)
	require.Equal(t, http.StatusConflict, code, "%s", body)
	code, body = second.keyed("exporter", http.MethodDelete, "/api/bookings/"+id, "d", nil)
	require.Equal(t, http.StatusNoContent, code, "%s", body)
	code, body = second.call("exporter", http.MethodGet, "/api/bookings/none", nil)
	require.Equal(t, http.StatusNotFound, code, "%s", body)

	// The same plan on both, and the same prices.
	require.Eventually(t, func() bool {
		a, b := first.standing().PlanVersion, second.standing().PlanVersion
		return a == b && a == first.standing().PlanVersion
	}, wait, 50*time.Millisecond)
	type plan struct{ Prices planner.Prices }
	require.Equal(t, get[plan](first, "operator", "/api/plan"), get[plan](second, "operator", "/api/plan"))
	quote := func(s *service) []json.RawMessage {
		code, body := s.call("exporter", http.MethodPost, "/api/quotes", newRequest(""))
		require.Equal(t, http.StatusOK, code, "%s", body)
		var q struct{ Quotes []json.RawMessage }
		require.NoError(t, json.Unmarshal(body, &q))
		return q.Quotes
	}
	require.Equal(t, quote(first), quote(second))

	// A stranger's question is not answered.
	code, body = first.call("", http.MethodPost, "/peer/decide", map[string]any{"epoch": first.standing().LedgerEpoch})
	require.Equal(t, http.StatusUnauthorized, code, "%s", body)

	// The leader dies in the middle of things. A command that comes then waits, and is done by the one that leads next.
	epoch := second.standing().LedgerEpoch
	died := time.Now()
	first.kill()
	code, body = second.keyed("exporter", http.MethodPost, "/api/requests", "r2", newRequest("between leaders"))
	t.Logf("%.1f s after the leader died a command was answered with %d", time.Since(died).Seconds(), code)
	for code == http.StatusServiceUnavailable { // a busy machine may take longer than a command waits
		code, body = second.keyed("exporter", http.MethodPost, "/api/requests", "r2", newRequest("between leaders"))
	}
	require.Equal(t, http.StatusCreated, code, "%s", body)
	h := second.standing()
	require.Equal(t, "leading", h.Role)
	require.Greater(t, h.LedgerEpoch, epoch)
	second.sameAsReplay()

	// It comes back, and follows: who leads is left alone.
	f.start(lead)
	first = f.at(lead).ready()
	require.Equal(t, h, second.standing().butPlan(h))
	require.Equal(t, "following", first.standing().Role)
	require.NotEqual(t, id, first.holdSome("h3"))
	first.sameAsReplay()
	require.Contains(t, f.sound(), "the ledger is whole")
	first.stop()
	second.stop()
}

// butPlan is a standing with the plan of another: plans go on.
func (h standing) butPlan(o standing) standing {
	h.PlanVersion = o.PlanVersion
	return h
}
