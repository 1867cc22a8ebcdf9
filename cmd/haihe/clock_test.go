package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"haihe/planner"
	"haihe/planner/sample"
	"haihe/web"
)

// jumping is a whole service with a broker of its own, whose clock is set.
type jumping struct {
	t     *testing.T
	dir   string
	ahead atomic.Int64 // of this machine's clock
	v     *service
	stop  func()
}

func (j *jumping) now() time.Time { return time.Now().Add(time.Duration(j.ahead.Load())) }

func (j *jumping) set(d time.Duration) { j.ahead.Store(int64(d)) }

func (j *jumping) start() {
	v, err := open(j.t.Context(), settings{listen: "127.0.0.1:0", brokerListen: "127.0.0.1:0", data: j.dir, sample: true, seed: 1, feedSpeed: 20, days: 60,
		quoteFor: time.Hour, holdFor: 30 * time.Minute, doors: doorSettings{idle: 8 * time.Hour, max: 24 * time.Hour}, now: j.now}, slog.New(slog.DiscardHandler))
	require.NoError(j.t, err)
	ctx, cancel := context.WithCancel(context.WithoutCancel(j.t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- v.run(ctx) }()
	j.v, j.stop = v, func() {
		cancel()
		require.NoError(j.t, <-ended)
	}
	j.eventually("it takes commands", func() bool { return v.ready.Load() })
}

func (j *jumping) eventually(what string, ok func() bool) {
	j.t.Helper()
	require.Eventually(j.t, ok, 5*time.Minute, 20*time.Millisecond, what)
}

// call sends a command of somebody's, and reads the answer if there is one.
func (j *jumping) call(role web.Role, org, method, path string, body, answer any) int {
	j.t.Helper()
	b, err := json.Marshal(body)
	require.NoError(j.t, err)
	r, err := http.NewRequestWithContext(j.t.Context(), method, "http://"+j.v.listener.Addr().String()+path, bytes.NewReader(b))
	require.NoError(j.t, err)
	token, err := web.Token(j.v.secret, web.Account{Role: role, Org: org, Name: org}, j.now())
	require.NoError(j.t, err)
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(r)
	require.NoError(j.t, err)
	defer resp.Body.Close()
	said, err := io.ReadAll(resp.Body)
	require.NoError(j.t, err)
	if answer != nil && resp.StatusCode < 300 {
		require.NoError(j.t, json.Unmarshal(said, answer), "%s", said)
	}
	return resp.StatusCode
}

// book makes a booking of some match of the sample's exporter.
func (j *jumping) book(status string) (id string) {
	j.t.Helper()
	j.eventually("something can be booked", func() bool {
		var shown struct {
			Entities struct {
				Match []planner.Match `json:"match"`
			} `json:"entities"`
		}
		require.Equal(j.t, http.StatusOK, j.call(web.Exporter, sample.Exporter, http.MethodGet, "/api/snapshot", nil, &shown))
		for _, m := range shown.Entities.Match {
			var made struct{ Booking string }
			if len(m.Parts) > 0 && j.call(web.Exporter, sample.Exporter, http.MethodPost, "/api/requests/"+m.Request+"/bookings", map[string]any{"status": status}, &made) == http.StatusCreated {
				id = made.Booking
				return true
			}
		}
		return false
	})
	return id
}

func (j *jumping) status(booking string) (s string) {
	require.NoError(j.t, j.v.loop.Read(j.t.Context(), func(x *planner.State) { b, _ := x.Booking(booking); s = b.Status }))
	return s
}

func (j *jumping) head() (h planner.LedgerHead) {
	require.NoError(j.t, j.v.loop.Read(j.t.Context(), func(x *planner.State) { h = x.Chain().Head() }))
	return h
}

// delay tells a delay of one of the firm's departures, and requires that it is so.
func (j *jumping) delay(hours float64) {
	j.t.Helper()
	var id string
	require.NoError(j.t, j.v.loop.Read(j.t.Context(), func(x *planner.State) {
		for _, d := range x.All().Departures {
			if s, ok := x.Departure(d); ok && s.Carrier == sample.Firm && s.PlannedDepart.After(j.now().Add(72*time.Hour)) {
				id = d
				return
			}
		}
	}))
	require.NotEmpty(j.t, id)
	require.Equal(j.t, http.StatusNoContent, j.call(web.Firm, sample.Firm, http.MethodPatch, "/api/departures/"+url.PathEscape(id), map[string]any{"delay_hours": hours, "reason": "fog"}, nil))
	var now planner.DepartureStatus
	require.NoError(j.t, j.v.loop.Read(j.t.Context(), func(x *planner.State) { now, _ = x.Departure(id) }))
	require.InDelta(j.t, hours, now.DelayHours, 1e-9, "what the firm was told is so")
}

// TestTheClockOfAServiceJumps: an hour ahead, holds that would have run out by then do, what is promised stays, and the
// service goes on; an hour back, and an hour back over a restart, the ledger does not go back, and what people and firms are
// told comes about, though facts of an hour to come stand in the log.
func TestTheClockOfAServiceJumps(t *testing.T) {
	j := &jumping{t: t, dir: t.TempDir()}
	j.start()
	promised, held := j.book(planner.BookingIsConfirmed), j.book(planner.BookingHeld)
	j.delay(3)

	j.set(time.Hour)
	j.eventually("the hold runs out, without anybody asking", func() bool { return j.status(held) == planner.BookingExpired })
	require.Equal(t, planner.BookingIsConfirmed, j.status(promised))
	second := j.book(planner.BookingHeld)
	j.delay(5)
	ahead := j.head()
	require.True(t, ahead.Time.After(time.Now().Add(50*time.Minute)), "it went by that clock: %v", ahead.Time)

	j.set(0) // back by an hour
	j.delay(7)
	third := j.book(planner.BookingHeld)
	require.False(t, j.head().Time.Before(ahead.Time), "no entry goes back in time")
	require.Equal(t, http.StatusOK, j.call(web.Exporter, sample.Exporter, http.MethodPost, "/api/bookings/"+second+"/confirm", nil, nil))

	j.stop()
	j.set(-time.Hour)
	j.start()
	require.Equal(t, planner.BookingIsConfirmed, j.status(promised))
	require.Equal(t, planner.BookingIsConfirmed, j.status(second))
	require.Equal(t, planner.BookingHeld, j.status(third))
	j.delay(9)
	require.Equal(t, http.StatusOK, j.call(web.Exporter, sample.Exporter, http.MethodPost, "/api/bookings/"+third+"/confirm", nil, nil))
	require.Equal(t, http.StatusNoContent, j.call(web.Exporter, sample.Exporter, http.MethodDelete, "/api/bookings/"+promised, nil, nil))
	require.False(t, j.head().Time.Before(ahead.Time))

	j.set(0)
	j.delay(11)
	j.stop()
	for _, verb := range []string{"verify", "audit"} {
		require.Zero(t, run(t.Context(), []string{"ledger", verb, "--data", j.dir}, nil, io.Discard, io.Discard), "haihe ledger %s", verb)
	}
}
