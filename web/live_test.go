package web

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"haihe/planner"
	"haihe/planner/live"
)

func TestSnapshotThenChanges(t *testing.T) {
	s := newService(t, func(c *Config) { c.Route = straight })
	s.network()
	s.plan(1)
	require.True(t, s.web.hub.await(t.Context(), 0, func(m *model) bool { return len(m.lanes) == 2 }))
	s.settle()
	b := s.open(Exporter, "bikes", "")
	w := &world{t: t}
	w.take(b.next())
	assert.Equal(t, []string{"departure/HAM-1", "departure/LAX-1", "lane/CNTXG>DEHAM:sea", "lane/CNTXG>USLAX:sea", "match/R1", "match/R4",
		"place/CNTXG", "place/DEHAM", "place/USLAX", "plan/current", "request/R1", "request/R4", "warehouse/WH-DE", "warehouse/WH-US"},
		slices.Sorted(maps.Keys(w.values)))
	assert.JSONEq(t, `{"id":"CNTXG>USLAX:sea","from":"CNTXG","to":"USLAX","mode":"sea","distance_km":1234.6,"passages":[],
		"line":{"type":"MultiLineString","coordinates":[[[117.7,38.98],[-118.26,33.74]]]}}`, w.values["lane/CNTXG>USLAX:sea"])

	s.say(&planner.DepartureDelayed{Departure: "LAX-1", Mode: "sea", DelayHours: 6, Reason: "fog"})
	f := b.next()
	w.take(f)
	require.Len(t, f.Changes, 1)
	assert.Contains(t, w.values["departure/LAX-1"], `"delay_hours":6,"delay_reason":"fog"`)

	// What one may not see moves no number that one misses.
	s.say(wish("R9", "carpets", "US"))
	s.settle()
	s.say(&planner.RequestWithdrawn{Request: "R1"})
	w.take(b.next())
	assert.Contains(t, w.values["request/R1"], `"withdrawn":true`)

	s.web.Observe(live.Update{Unplanned: []string{"R1"}})
	w.take(b.next())
	assert.NotContains(t, w.values, "match/R1")
}

// While clients rest what changes adds up, and is told in one frame. One that comes meanwhile misses nothing of what changes
// back.
func TestTellingAddsUp(t *testing.T) {
	s := newService(t)
	s.network()
	s.settle()
	h := s.web.hub
	h.stop()
	<-h.done // from here on the test takes and tells
	delay := func(hours float64) {
		d := planner.DepartureStatus{Departure: sailing("LAX-1", "bohai", "CNTXG", "USLAX").Departure, DelayHours: hours}
		h.take([]live.Update{{Departures: []planner.DepartureStatus{d}}}, nil, time.Now())
	}
	shows := func(w *world) string { return w.values["departure/LAX-1"] }
	early, late := &world{t: t}, &world{t: t}
	b := s.open(Commission, "tc", "")
	early.take(b.next())
	delay(1)
	delay(2)
	delay(3)
	assert.Positive(t, h.tell(), "the more there are, the longer they rest")
	f := b.next()
	early.take(f)
	assert.Len(t, f.Changes, 1)
	assert.Contains(t, shows(early), `"delay_hours":3`)
	delay(4)
	c := s.open(Commission, "tc", "")
	late.take(c.next())
	assert.Contains(t, shows(late), `"delay_hours":4`)
	delay(3)
	h.tell()
	late.take(c.next())
	assert.Contains(t, shows(late), `"delay_hours":3`)
	early.take(b.next())
	early.take(b.next())
	assert.Equal(t, late.values, early.values)
}

// A browser that comes at any moment ends up with what one that was there all the time has.
func TestJoinAtAnyMoment(t *testing.T) {
	s := newService(t)
	s.network()
	s.plan(1)
	const rounds = 60
	clients := []*browser{}
	go func() {
		for i := range rounds {
			s.say(&planner.DepartureDelayed{Departure: "LAX-1", Mode: "sea", DelayHours: float64(i + 1)})
		}
	}()
	for range 20 {
		clients = append(clients, s.open(Commission, "tc", ""))
	}
	for _, b := range clients {
		w := &world{t: t}
		for !strings.Contains(w.values["departure/LAX-1"], fmt.Sprintf(`"delay_hours":%d,`, rounds)) {
			w.take(b.next())
		}
	}
}

func TestResume(t *testing.T) {
	s := newService(t, func(c *Config) { c.Ring = 8 })
	s.network()
	s.plan(1)
	s.settle()
	b := s.open(Exporter, "bikes", "")
	w := &world{t: t}
	w.take(b.next())
	b.close()

	s.say(&planner.DepartureDelayed{Departure: "LAX-1", Mode: "sea", DelayHours: 1})
	s.settle()
	s.say(&planner.DepartureDelayed{Departure: "LAX-1", Mode: "sea", DelayHours: 2}, wish("R5", "bikes", "US"), wish("R6", "carpets", "US"))
	s.settle()
	s.web.Observe(live.Update{Unplanned: []string{"R1", "R2"}})
	s.settle()

	b = s.open(Exporter, "bikes", fmt.Sprintf("?epoch=%s&seq=%d", w.epoch, w.seq))
	f := b.next()
	require.Equal(t, "changes", f.Type)
	var what []string
	for _, c := range f.Changes {
		what = append(what, c.Kind+"/"+c.ID)
	}
	assert.Equal(t, []string{"departure/LAX-1", "request/R5", "match/R1"}, what, "each once, and nothing of carpets")
	w.take(f)
	fresh := &world{t: t}
	fresh.take(s.open(Exporter, "bikes", "").next())
	assert.Equal(t, fresh.values, w.values)
	assert.Equal(t, fresh.seq, w.seq)

	t.Run("level", func(t *testing.T) {
		f := s.open(Exporter, "bikes", fmt.Sprintf("?epoch=%s&seq=%d", w.epoch, w.seq)).next()
		assert.Equal(t, "changes", f.Type)
		assert.Empty(t, f.Changes)
	})
	t.Run("beyond the ring", func(t *testing.T) {
		for i := range 40 {
			s.say(&planner.DepartureDelayed{Departure: "LAX-1", Mode: "sea", DelayHours: float64(10 + i)})
			s.settle()
		}
		assert.Equal(t, "snapshot", s.open(Exporter, "bikes", fmt.Sprintf("?epoch=%s&seq=%d", w.epoch, w.seq)).next().Type)
		now := s.web.hub.seq
		assert.Equal(t, "changes", s.open(Exporter, "bikes", fmt.Sprintf("?epoch=%s&seq=%d", w.epoch, now-3)).next().Type)
	})
	t.Run("another epoch", func(t *testing.T) {
		assert.Equal(t, "snapshot", s.open(Exporter, "bikes", "?epoch=other&seq=1").next().Type)
	})
	for _, query := range []string{"?epoch=" + w.epoch + "&seq=999999", "?epoch=x", "?seq=1", "?epoch=x&seq=-1", "?epoch=x&seq=one", "?epoch=%zz"} {
		t.Run("never was "+query, func(t *testing.T) {
			_, err := s.open(Exporter, "bikes", query).read()
			assert.True(t, websocket.IsCloseError(err, closeBadResume), "%v", err)
		})
	}
}

func TestSlowClientIsDroppedAndOthersGoOn(t *testing.T) {
	s := newService(t, func(c *Config) { c.Queue = 4 })
	s.network()
	s.settle()
	slow := s.open(Firm, "bohai", "")
	quick := s.open(Firm, "hansa", "")
	w := &world{t: t}
	w.take(quick.next())
	reason := strings.Repeat("far out at sea ", 100)
	// Frames fill the sockets' buffers first, then the queue.
	for i := 0; ; i++ {
		require.Less(t, i, 100000, "the slow client was never dropped")
		facts := []planner.Fact{}
		for k := range 40 {
			facts = append(facts, &planner.DepartureCancelled{Departure: fmt.Sprint("X", k), Mode: "sea", Reason: fmt.Sprint(i, reason)})
		}
		if i == 0 {
			for k := range 40 {
				s.say(sailing(fmt.Sprint("X", k), "hansa", "CNTXG", "USLAX"))
			}
		}
		s.say(facts...)
		for !strings.Contains(w.values["departure/X39"], fmt.Sprintf(`"cancel_reason":"%d`, i)) {
			w.take(quick.next())
		}
		s.web.hub.mu.Lock()
		left := len(s.web.hub.clients)
		s.web.hub.mu.Unlock()
		if left == 1 {
			break
		}
	}
	for {
		_, err := slow.read()
		if err != nil {
			require.True(t, websocket.IsCloseError(err, closeTooSlow), "%v", err)
			break
		}
	}
	s.say(&planner.DepartureReinstated{Departure: "X39", Mode: "sea"})
	w.take(quick.until("changes"))
	assert.Contains(t, w.values["departure/X39"], `"cancelled":false`)
}

func TestHeartbeat(t *testing.T) {
	s := newService(t, func(c *Config) { c.Heartbeat = 400 * time.Millisecond })
	s.network()
	s.settle()
	b := s.open(Exporter, "bikes", "")
	w := &world{t: t}
	w.take(b.next())
	f := b.until("heartbeat")
	assert.JSONEq(t, `{"type":"heartbeat","at":"2027-03-01T08:00:00Z"}`, f.raw)
	// One who sees nothing of a change learns how far the numbers have come, and can resume there.
	s.say(wish("R9", "carpets", "US"))
	f = b.until("changes")
	assert.Empty(t, f.Changes)
	w.take(f)
	for range 5 { // pings are answered, so the connection outlives three heartbeats
		b.until("heartbeat")
	}
}

func TestSilentClientIsGone(t *testing.T) {
	s := newService(t, func(c *Config) { c.Heartbeat = 10 * time.Millisecond })
	b := s.open(Exporter, "bikes", "")
	b.conn.SetPingHandler(func(string) error { return nil }) // answers nothing
	for {
		if _, err := b.read(); err != nil {
			break
		}
	}
	require.Eventually(t, func() bool {
		s.web.hub.mu.Lock()
		defer s.web.hub.mu.Unlock()
		return len(s.web.hub.clients) == 0
	}, time.Minute, time.Millisecond)
}

func TestPositions(t *testing.T) {
	s := newService(t)
	s.network()
	at := func(minute int) *planner.PositionReported {
		return &planner.PositionReported{Departure: "LAX-1", Mode: "sea", Lat: 30, Lon: float64(minute), SpeedKnots: 17.5, CourseDeg: 90, At: start.Add(time.Duration(minute) * time.Minute)}
	}
	s.say(at(1))
	s.settle()
	b := s.open(Exporter, "bikes", "")
	f := b.next()
	require.Equal(t, "snapshot", f.Type)
	assert.NotContains(t, string(f.Entities["departure"]), "speed_knots")
	f = b.next()
	require.Equal(t, "positions", f.Type)
	assert.Equal(t, []position{{"LAX-1", 1, 30, 90, 17.5, start.Add(time.Minute)}}, f.Positions)

	seq := s.web.hub.seq
	for minute := range 50 {
		s.say(at(minute + 2))
	}
	s.say(at(3)) // late: the newest holds
	frames := 0
	for {
		f = b.next()
		require.Equal(t, "positions", f.Type)
		frames++
		if f.Positions[0].Lon == 51 {
			break
		}
	}
	assert.Less(t, frames, 50, "positions are conflated")
	s.settle()
	assert.Equal(t, seq, s.web.hub.seq, "positions are not numbered")

	var shot struct{ Positions []position }
	s.into(s.call(Commission, "tc", "GET", "/api/snapshot", nil), 200, &shot)
	require.Len(t, shot.Positions, 1)
	assert.Equal(t, 51.0, shot.Positions[0].Lon)
}

// Positions of what has long arrived, or sails no more, are let go, so that they do not add up.
func TestPositionsAreForgotten(t *testing.T) {
	var late time.Duration
	s := newService(t, func(c *Config) {
		c.Heartbeat = 5 * time.Millisecond
		c.Now = func() time.Time { return start.Add(late) }
	})
	s.network()
	for _, id := range []string{"LAX-1", "HAM-1"} {
		s.say(&planner.PositionReported{Departure: id, Mode: "sea", Lat: 30, Lon: 1, At: start})
	}
	s.settle()
	known := func() (n int) {
		s.web.hub.look(func(*model) { n = len(s.web.hub.whereIs.at) })
		return n
	}
	require.Equal(t, 2, known())
	s.say(&planner.DepartureCancelled{Departure: "HAM-1", Mode: "sea"})
	require.Eventually(t, func() bool { return known() == 1 }, time.Minute, time.Millisecond)
	s.web.hub.mu.Lock()                     // the hub reads the clock
	late = 20*24*time.Hour + 30*time.Minute // half an hour after LAX-1 came
	s.web.hub.mu.Unlock()
	s.say(&planner.PositionReported{Departure: "LAX-1", Mode: "sea", Lat: 31, Lon: 1, At: start.Add(time.Hour)})
	s.settle()
	assert.Equal(t, 1, known(), "an arrival may yet be put off")
	s.web.hub.mu.Lock()
	late += time.Hour
	s.web.hub.mu.Unlock()
	require.Eventually(t, func() bool { return known() == 0 }, time.Minute, time.Millisecond)
}

// A waiting frame of positions is replaced by one that holds what it held.
func TestSlotConflates(t *testing.T) {
	w := newWhereabouts()
	c := &client{positions: slot{wake: make(chan struct{}, 1)}}
	var since []uint64
	offer := func() {
		c.positions.offer(w.version, func(from uint64) *websocket.PreparedMessage {
			since = append(since, from)
			return prepare(positionsFrame(start, w.since(from)))
		})
	}
	for i := range 3 {
		w.take([]position{{ID: fmt.Sprint(i), At: start}})
		offer()
	}
	offer() // nothing new
	require.NotNil(t, c.positions.take())
	require.Nil(t, c.positions.take())
	w.take([]position{{ID: "3", At: start}})
	offer()
	assert.Equal(t, []uint64{0, 0, 0, 3}, since)
}

func TestForeignPagesAreRefused(t *testing.T) {
	s := newService(t)
	bearer := http.Header{"Authorization": {"Bearer " + s.token(Exporter, "bikes")}}
	cookie := http.Header{"Cookie": {s.cookie(Exporter, "bikes")}}
	for name, try := range map[string]struct {
		header http.Header
		origin string
		status int
	}{
		"bearer, own origin":     {bearer, s.http.URL, 101},
		"bearer, no origin":      {bearer, "", 101},
		"bearer, foreign origin": {bearer, "https://evil.example", 403},
		"cookie, own origin":     {cookie, s.http.URL, 101},
		"cookie, no origin":      {cookie, "", 403},
		"cookie, foreign origin": {cookie, "http://evil.example", 403},
		"cookie, other port":     {cookie, "http://127.0.0.1:1", 403},
		"cookie, null":           {cookie, "null", 403},
		"nobody":                 {http.Header{}, s.http.URL, 401},
		"forged":                 {http.Header{"Cookie": {cookieName + "=" + forged(s)}}, s.http.URL, 401},
	} {
		t.Run(name, func(t *testing.T) {
			header := try.header.Clone()
			if try.origin != "" {
				header.Set("Origin", try.origin)
			}
			conn, res, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(s.http.URL, "http")+"/api/live", header)
			if conn != nil {
				conn.Close()
			}
			require.NotNil(t, res, "%v", err)
			res.Body.Close()
			assert.Equal(t, try.status, res.StatusCode)
		})
	}
	assert.Equal(t, http.StatusUpgradeRequired, s.call(Exporter, "bikes", "GET", "/api/live", nil).status)
}

// forged is a token for another organisation with the signature of a good one.
func forged(s *service) string {
	a, b := s.token(Exporter, "bikes"), s.token(Exporter, "carpets")
	return strings.Split(b, ".")[0] + "." + strings.Split(a, ".")[1]
}

func TestSignOutEndsTheBrowsersConnections(t *testing.T) {
	s := newService(t)
	dial := func(cookie string) *browser {
		conn, res, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(s.http.URL, "http")+"/api/live",
			http.Header{"Cookie": {cookie}, "Origin": {s.http.URL}})
		require.NoError(t, err)
		res.Body.Close()
		b := &browser{t: t, conn: conn}
		t.Cleanup(b.close)
		b.next()
		return b
	}
	cookie := s.cookie(Exporter, "bikes")
	here, elsewhere := dial(cookie), dial(s.cookie(Exporter, "bikes"))
	r := s.call("", "", "POST", "/api/signout", nil, "Cookie", cookie, "Origin", s.http.URL)
	require.Equal(t, 204, r.status, r.raw)
	assert.Contains(t, r.header.Get("Set-Cookie"), "Max-Age=0")
	_, err := here.read()
	assert.True(t, websocket.IsCloseError(err, closeSessionEnded), "%v", err)
	s.network()
	elsewhere.until("changes")
}

func TestCloseSaysGoodbye(t *testing.T) {
	s := newService(t)
	b := s.open(Firm, "bohai", "")
	b.next()
	done := make(chan struct{})
	go func() { s.web.Close(); close(done) }()
	_, err := b.read()
	assert.True(t, websocket.IsCloseError(err, websocket.CloseGoingAway), "%v", err)
	<-done
	r := s.call(Firm, "bohai", "GET", "/api/live", nil, "Connection", "Upgrade", "Upgrade", "websocket")
	assert.Equal(t, 503, r.status)
}

func TestTooManyConnections(t *testing.T) {
	s := newService(t, func(c *Config) { c.Clients = 1 })
	s.open(Firm, "bohai", "").next()
	_, err := s.open(Firm, "bohai", "").read()
	assert.True(t, websocket.IsCloseError(err, websocket.CloseTryAgainLater), "%v", err)
}

// An entity that cannot be shown keeps its last state, and the rest goes on.
func TestWhatCannotBeShown(t *testing.T) {
	s := newService(t)
	s.network()
	s.plan(1)
	s.settle()
	nan := live.Update{Plan: &planner.PlanSummary{Version: 2}}
	zero := 0.0
	nan.Plan.Gap = zero / zero
	s.web.Observe(nan)
	s.say(&planner.DepartureDelayed{Departure: "LAX-1", Mode: "sea", DelayHours: 5})
	s.settle()
	var shot struct {
		Entities struct {
			Plan      struct{ Version int }
			Departure []json.RawMessage
		}
	}
	s.into(s.call(Commission, "tc", "GET", "/api/snapshot", nil), 200, &shot)
	assert.Equal(t, 1, shot.Entities.Plan.Version)
	assert.Contains(t, string(shot.Entities.Departure[1]), `"delay_hours":5`)
}
