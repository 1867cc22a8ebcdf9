package web

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A screen that is looked at all day asks for nothing: its open websocket keeps its session from being idle, and not beyond
// its end. Closed, it does so no more.
func TestAnOpenSocketUsesItsSession(t *testing.T) {
	var c clock
	s := newService(t, c.set, func(cfg *Config) { cfg.SessionIdle, cfg.SessionMax = time.Hour, 5*time.Hour })
	s.network()
	me := func(cookie string) int { return s.call("", "", "GET", "/api/me", nil, "Cookie", cookie).status }
	watched, left := s.cookie(Firm, "bohai"), s.cookie(Firm, "hansa")
	open := func(cookie string) *websocket.Conn {
		conn, res, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(s.http.URL, "http")+"/api/live",
			http.Header{"Cookie": {cookie}, "Origin": {s.http.URL}})
		require.NoError(t, err)
		res.Body.Close()
		t.Cleanup(func() { conn.Close() })
		_, _, err = conn.ReadMessage()
		require.NoError(t, err)
		return conn
	}
	open(watched)
	gone := open(left)
	require.Len(t, s.web.hub.connected(), 2)
	gone.Close()
	require.Eventually(t, func() bool { return len(s.web.hub.connected()) == 1 }, time.Minute, time.Millisecond)
	id := s.web.hub.connected()[0].id
	for range 8 {
		c.forward(30 * time.Minute)
		s.web.touchConnected()
		require.Eventually(t, func() bool { return s.web.cfg.Access.LastSeen(id).Equal(c.now()) }, time.Minute, time.Millisecond)
	}
	assert.Equal(t, 200, me(watched), "four hours without a request")
	assert.Equal(t, 401, me(left))
	c.forward(61 * time.Minute)
	s.web.touchConnected()
	assert.Equal(t, 401, me(watched), "its end is its end")
}

// What one may not see is answered as what is not there also where changing another's is forbidden.
func TestChangingWhatOneDoesNotSee(t *testing.T) {
	s := newService(t)
	s.network()
	s.settle()
	for _, x := range []struct{ kind, id, method, path string }{
		{kindDeparture, "LAX-1", "PATCH", "/api/departures/"}, {kindWarehouse, "WH-US", "PUT", "/api/warehouses/"}} {
		path, body := func(id string) string { return x.path + id }, obj{"delay_hours": 3}
		if x.kind == kindWarehouse {
			path, body = func(id string) string { return x.path + id + "/occupancy" }, obj{"free_m3": 5}
		}
		change := func(id string) reply { return s.call(Firm, "elsewhere", x.method, path(id), body) }
		require.Equal(t, 403, change(x.id).status, "it is on everybody's map")
		s.web.hub.mu.Lock()
		delete(s.web.hub.entities, key{x.kind, x.id})
		s.web.hub.mu.Unlock()
		unseen, absent := change(x.id), change(strings.Repeat("x", len(x.id)))
		assert.Equal(t, 404, unseen.status)
		assert.Equal(t, absent.raw, unseen.raw)
	}
}
