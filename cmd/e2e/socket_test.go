package e2e

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"
)

// socket is a browser's websocket.
type socket struct {
	t        *testing.T
	conn     *websocket.Conn
	entities map[string]map[string]json.RawMessage // by kind and id
	plan     planHead
	seq      uint64
}

type planHead struct {
	Epoch   uint64 `json:"epoch"`
	Version uint64 `json:"version"`
}

type frame struct {
	Type     string                     `json:"type"`
	Prev     uint64                     `json:"prev"`
	Seq      uint64                     `json:"seq"`
	Entities map[string]json.RawMessage `json:"entities"`
	Changes  []struct {
		Kind  string          `json:"kind"`
		ID    string          `json:"id"`
		Value json.RawMessage `json:"value"`
	} `json:"changes"`
}

// watch connects as a role and takes the snapshot.
func (s *service) watch(role string) *socket {
	s.t.Helper()
	w := &socket{t: s.t, entities: map[string]map[string]json.RawMessage{}}
	var err error
	w.conn, _, err = websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(s.base, "http")+"/api/live",
		http.Header{"Authorization": {"Bearer " + s.token(role)}})
	require.NoError(s.t, err)
	s.t.Cleanup(func() { w.conn.Close() })
	w.until("a snapshot", func() bool { return w.seq > 0 || len(w.entities) > 0 })
	return w
}

// until reads on until ok, which is asked after each numbered frame.
func (w *socket) until(what string, ok func() bool) {
	w.t.Helper()
	deadline := time.Now().Add(wait)
	for !ok() {
		require.NoError(w.t, w.conn.SetReadDeadline(deadline))
		_, b, err := w.conn.ReadMessage()
		require.NoError(w.t, err, "waiting for %s", what)
		var f frame
		require.NoError(w.t, json.Unmarshal(b, &f))
		switch f.Type {
		case "snapshot":
			w.seq = f.Seq
			for kind, list := range f.Entities {
				if kind == "plan" {
					w.take(kind, "current", list)
					continue
				}
				var values []json.RawMessage
				require.NoError(w.t, json.Unmarshal(list, &values), kind)
				for _, v := range values {
					var x struct{ ID, Request, Booking string }
					require.NoError(w.t, json.Unmarshal(v, &x))
					id := x.ID
					if kind == "match" {
						id = x.Request
					}
					if kind == "booking" {
						id = x.Booking
					}
					w.take(kind, id, v)
				}
			}
		case "changes":
			require.Equal(w.t, w.seq, f.Prev, "a change was lost")
			w.seq = f.Seq
			for _, c := range f.Changes {
				w.take(c.Kind, c.ID, c.Value)
			}
		}
	}
}

func (w *socket) take(kind, id string, value json.RawMessage) {
	if w.entities[kind] == nil {
		w.entities[kind] = map[string]json.RawMessage{}
	}
	w.entities[kind][id] = value
	if kind == "plan" && string(value) != "null" {
		require.NoError(w.t, json.Unmarshal(value, &w.plan))
	}
}

func (w *socket) entity(kind, id string, into any) bool {
	v, ok := w.entities[kind][id]
	if !ok || string(v) == "null" {
		return false
	}
	require.NoError(w.t, json.Unmarshal(v, into))
	return true
}
