package e2e

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	"haihe/planner"
	"haihe/streams"
)

// TestABrowserThatDoesNotRead: one that takes a snapshot and then nothing any more is dropped, while another sees every
// change and commands are answered.
func TestABrowserThatDoesNotRead(t *testing.T) {
	s := serve(t, plain(), t.TempDir(), "--sample", "--feed-speed", "0.0001", "--metrics-listen", "127.0.0.1:0").ready()
	quick := s.watch("commission")
	slow := websocket.Dialer{NetDialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, addr)
		if err == nil {
			err = conn.(*net.TCPConn).SetReadBuffer(4096) // sooner full
		}
		return conn, err
	}}
	asleep, _, err := slow.Dial("ws"+strings.TrimPrefix(s.base, "http")+"/api/live", http.Header{"Authorization": {"Bearer " + s.token("commission")}})
	require.NoError(t, err)
	defer asleep.Close()
	clients := func(n int) bool {
		return strings.Contains(string(fetch(t, s.metrics+"/metrics", http.StatusOK)), fmt.Sprintf("\nhaihe_websocket_clients %d\n", n))
	}
	require.Eventually(t, func() bool { return clients(2) }, wait, 20*time.Millisecond)

	sailings := get[planner.Problem](s, "operator", "/api/problem").Departures
	deadline := time.Now().Add(wait)
	for i := 0; !clients(1); i++ {
		require.True(t, time.Now().Before(deadline), "it was never dropped")
		d := sailings[i%len(sailings)]
		topic := streams.TopicRoutes
		if d.Mode == planner.ModeAir {
			topic = streams.TopicFlights
		}
		reason := fmt.Sprint(i, strings.Repeat(" fog", 100))
		s.say("DepartureDelayed", topic, "departure:"+d.ID+":delay", "departure:"+d.ID,
			fmt.Sprintf(`{"departure":%q,"mode":%q,"delay_hours":%d,"reason":%q}`, d.ID, d.Mode, 1+i%5, reason))
		quick.until("a delay, while the other sleeps", func() bool {
			var now planner.DepartureStatus
			return quick.entity("departure", d.ID, &now) && now.DelayReason == reason
		})
	}
	code, body := s.call("exporter", http.MethodPost, "/api/requests", newRequest("meanwhile"))
	require.Equal(t, http.StatusCreated, code, "%s", body)
	require.NoError(t, asleep.SetReadDeadline(time.Now().Add(wait)))
	for err == nil {
		_, _, err = asleep.ReadMessage()
	}
	var late net.Error
	require.False(t, errors.As(err, &late) && late.Timeout(), "the connection is closed: %v", err)
	s.stop()
}
