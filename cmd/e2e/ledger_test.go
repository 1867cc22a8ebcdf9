package e2e

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"haihe/planner"
	"haihe/streams"
)

// holdSome holds the room of a match, waiting for one.
func (s *service) holdSome(key string) (id string) {
	s.t.Helper()
	require.Eventually(s.t, func() bool {
		var shown struct {
			Entities struct {
				Match []planner.Match `json:"match"`
			} `json:"entities"`
		}
		code, body := s.call("exporter", http.MethodGet, "/api/snapshot", nil)
		if code != http.StatusOK || json.Unmarshal(body, &shown) != nil {
			return false
		}
		for _, m := range shown.Entities.Match {
			var made struct{ Booking string }
			code, body = s.keyed("exporter", http.MethodPost, "/api/requests/"+m.Request+"/bookings", key, map[string]any{"status": "HELD"})
			if code == http.StatusCreated && json.Unmarshal(body, &made) == nil {
				id = made.Booking
				return true
			}
		}
		return false
	}, wait, 200*time.Millisecond, "nothing can be held")
	return id
}

// refused runs a verb that must fail, and returns all that it says.
func refused(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.Command(plain(), args...)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit, "%s", out)
	require.Equal(t, 1, exit.ExitCode(), "%s", out)
	return string(out)
}

// TestHoldsRunOut: the leader gives the room of a hold back when its time is up, and whoever comes late is told.
func TestHoldsRunOut(t *testing.T) {
	s := serve(t, plain(), t.TempDir(), "--sample", "--feed-speed", "0.0001", "--hold-for", "2s").ready()
	id := s.holdSome("h")
	require.Eventually(t, func() bool {
		return get[planner.BookingStatus](s, "exporter", "/api/bookings/"+id).Status == planner.BookingExpired
	}, wait, 100*time.Millisecond)
	code, body := s.call("exporter", http.MethodPost, "/api/bookings/"+id+"/confirm", nil)
	require.Equal(t, http.StatusConflict, code, "%s", body)
	code, body = s.call("exporter", http.MethodDelete, "/api/bookings/"+id, nil)
	require.Equal(t, http.StatusConflict, code, "it was not its owner who gave it up: %s", body)
	require.NotEqual(t, id, s.holdSome("h2"), "its room is free again")
	s.sameAsReplay()
	s.stop()
}

// TestADamagedLogIsNotServed flips a byte of the ledger, and goes the way that the messages show.
func TestADamagedLogIsNotServed(t *testing.T) {
	for _, end := range []struct {
		name string
		stop func(*service)
	}{{"stopped", (*service).stop}, {"killed", (*service).kill}} {
		t.Run(end.name, func(t *testing.T) {
			dir := t.TempDir()
			args := []string{"--sample", "--feed-speed", "0.0001"}
			s := serve(t, plain(), dir, args...).ready()
			kept := s.holdSome("kept")
			lost := s.holdSome("lost")
			end.stop(s)
			require.Contains(t, string(haihe(t, nil, "ledger", "verify", "--data", dir)), "the ledger is whole")
			require.Contains(t, string(haihe(t, nil, "ledger", "audit", "--data", dir)), "nothing was sold twice")

			path := filepath.Join(dir, "broker", "log", "partitions", "haihe.bookings-0", "0.dat")
			b, err := os.ReadFile(path)
			require.NoError(t, err)
			at := bytes.LastIndex(b, []byte(lost))
			require.Positive(t, at)
			b[at] ^= 1
			require.NoError(t, os.WriteFile(path, b, 0o644))

			said := refused(t, append([]string{"serve", "--listen", "127.0.0.1:0", "--broker-listen", "127.0.0.1:0", "--data", dir}, args...)...)
			require.Contains(t, said, "haihe.bookings-0/0.dat")
			require.Contains(t, said, "haihe ledger recover --data "+dir)
			require.NotContains(t, said, "Sign in as", "nothing is served")
			said = refused(t, "ledger", "verify", "--data", dir)
			require.Contains(t, said, "FAULT log/partitions/haihe.bookings-0/0.dat")
			require.Contains(t, said, "entries are missing")

			said = string(haihe(t, nil, "ledger", "recover", "--data", dir))
			require.Contains(t, said, "lost 1 pieces")
			s = serve(t, plain(), dir, args...).ready()
			code, body := s.call("exporter", http.MethodGet, "/api/bookings/"+kept, nil)
			require.Equal(t, http.StatusOK, code, "%s", body)
			code, _ = s.call("exporter", http.MethodGet, "/api/bookings/"+lost, nil)
			require.Equal(t, http.StatusNotFound, code)
			s.sameAsReplay()
			s.stop()
		})
	}
}

// TestAnOldLogStarts: bookings told as facts, from before there was a ledger, count, and are bookings like others.
func TestAnOldLogStarts(t *testing.T) {
	dir := t.TempDir()
	s := serve(t, plain(), dir, "--sample", "--feed-speed", "0.0001").ready()
	var request planner.RequestStatus
	var part planner.Assignment
	for _, r := range get[[]planner.RequestStatus](s, "exporter", "/api/requests") {
		detail := get[struct{ Match *planner.Match }](s, "exporter", "/api/requests/"+r.ID)
		if m := detail.Match; m != nil && len(m.Parts) > 0 {
			request, part = r, m.Parts[0]
		}
	}
	require.NotEmpty(t, request.ID)
	s.stop()

	// An old log: the same without its ledger. Offsets within snapshots are of the one that it had.
	require.NoError(t, os.RemoveAll(filepath.Join(dir, "snapshots")))
	broker := filepath.Join(dir, "broker")
	for _, file := range []string{"ledger.mark", "seal.json", "state.json", "log/partitions/haihe.bookings-0/0.dat", "log/partitions/haihe.bookings-0/0.idx"} {
		require.NoError(t, os.Remove(filepath.Join(broker, file)))
	}
	fact := planner.BookingConfirmed{Booking: "old-1", Request: request.ID, Exporter: request.Exporter, VolumeM3: request.VolumeM3, WeightKg: request.WeightKg,
		StorageDays: request.StorageDays, Drawdown: request.Drawdown, Parts: []planner.Assignment{part}}
	payload, err := json.Marshal(fact)
	require.NoError(t, err)
	e, err := streams.StartEmbedded(broker, "127.0.0.1:0")
	require.NoError(t, err)
	(&service{t: t, kafka: e.Addr()}).say("BookingConfirmed", streams.TopicBookings, "booking:old-1:master", "booking:old-1", string(payload))
	require.NoError(t, e.Close())

	s = serve(t, plain(), dir, "--sample", "--feed-speed", "0.0001").ready()
	b := get[planner.BookingStatus](s, "exporter", "/api/bookings/old-1")
	require.Contains(t, []string{planner.BookingIsConfirmed, planner.BookingPendingAmendment}, b.Status)
	code, body := s.call("exporter", http.MethodDelete, "/api/bookings/old-1", nil)
	require.Equal(t, http.StatusNoContent, code, "%s", body)
	s.say("BookingConfirmed", streams.TopicBookings, "booking:old-1:master", "booking:old-1", string(payload))
	letters := func() int {
		return len(get[[]any](s, "operator", "/api/dead-letters"))
	}
	require.Eventually(t, func() bool { return letters() == 1 }, wait, 50*time.Millisecond, "told as a fact, a booking is a dead letter by now")
	s.sameAsReplay()
	s.stop()
	s = serve(t, plain(), dir, "--sample", "--feed-speed", "0.0001").ready()
	require.Equal(t, planner.BookingIsCancelled, get[planner.BookingStatus](s, "exporter", "/api/bookings/old-1").Status)
	s.sameAsReplay()
	s.stop()
}
