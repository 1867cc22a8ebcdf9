package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"haihe/planner"
	"haihe/planner/live"
)

var peerSecret = []byte(strings.Repeat("p", 32))

// TestPeerLimits: strangers are bounded like those who try to get in, an instance by a limit of its own; neither takes from the other.
func TestPeerLimits(t *testing.T) {
	var decided int
	s := newService(t, func(c *Config) {
		c.Limits = Limits{SignIns: 2, Peers: 3}
		c.Peer = func(context.Context, uint64, *planner.Command) (planner.Outcome, uint64, error) {
			decided++
			return planner.Outcome{}, 1, nil
		}
	})
	ask := func(signature, body string) (int, string) {
		r := httptest.NewRequest(http.MethodPost, PeerPath, strings.NewReader(body))
		r.Header.Set(peerSignature, signature)
		w := httptest.NewRecorder()
		s.web.Handler().ServeHTTP(w, r)
		return w.Code, w.Header().Get("X-Content-Type-Options")
	}
	const body = `{"epoch":1}`
	signed := peerSign(s.web.cfg.Secret, "ask", body)
	forged := peerSign(peerSecret, "ask", body)
	var strangers, peers []int
	for range 4 {
		code, secured := ask(forged, body)
		assert.Equal(t, "nosniff", secured, "the headers of every answer")
		strangers = append(strangers, code)
		code, _ = ask(signed, body)
		peers = append(peers, code)
	}
	assert.Equal(t, []int{401, 401, 429, 429}, strangers)
	assert.Equal(t, []int{200, 200, 200, 429}, peers)
	assert.Equal(t, 3, decided)
	code, _ := ask(signed, strings.Repeat(" ", maxPeerBytes+1))
	assert.Equal(t, http.StatusRequestEntityTooLarge, code)
	code, _ = ask("", body)
	assert.Equal(t, http.StatusTooManyRequests, code)
}

// TestPeers: what the leader says comes to who asks as it was said, and nobody else is answered.
func TestPeers(t *testing.T) {
	refusing := map[string]error{"fine": nil, "no such": errors.New("the log does not answer")}
	for _, r := range refusals {
		refusing[r.code] = fmtWrap(r.err)
	}
	why := &planner.Obstacle{Kind: planner.ObstacleRoom, Departure: "D", LeftM3: 2, NeedM3: 3, Message: "too little"}
	refusing["why"] = fmt.Errorf("%w: %w", planner.ErrNoRoom, why)
	refusing["fields"] = &planner.FieldErrors{List: []*planner.FieldError{{Path: "terms", Problem: "is missing"}}, More: 2}
	var asked *planner.Command
	server := httptest.NewServer(peerHandler(peerSecret, newLimiters(Limits{}.withDefaults(), time.Now), nil, func(_ context.Context, epoch uint64, c *planner.Command) (planner.Outcome, uint64, error) {
		if asked = c; c == nil {
			return planner.Outcome{}, epoch + 1, nil
		}
		return planner.Outcome{Seq: 5, Booking: planner.BookingStatus{Status: planner.BookingHeld}}, epoch + 2, refusing[c.ID]
	}))
	defer server.Close()
	peers := NewPeers(peerSecret)
	defer peers.Close()
	for id, want := range refusing {
		c := &planner.Command{ID: id, Digest: "d", Kind: planner.EntryBookingHeld, Exporter: "e", Booking: "b", Match: "R"}
		outcome, head, err := peers.Decide(t.Context(), strings.TrimPrefix(server.URL, "http://"), 40, c)
		assert.Equal(t, c, asked)
		assert.EqualValues(t, 42, head)
		assert.EqualValues(t, 5, outcome.Seq)
		assert.Equal(t, planner.BookingHeld, outcome.Booking.Status)
		switch id {
		case "fine":
			assert.NoError(t, err)
		case "no such":
			assert.ErrorIs(t, err, ErrPeerSilent, "what may yet come about is no refusal")
		case "fields":
			assert.Equal(t, want, err)
		case "why":
			var told *planner.Obstacle
			assert.ErrorIs(t, err, planner.ErrNoRoom)
			assert.ErrorAs(t, err, &told)
			assert.Equal(t, why, told)
		default:
			assert.ErrorIs(t, err, want.(*refusal).kind)
			assert.EqualError(t, err, want.Error())
		}
	}
	_, head, err := peers.Decide(t.Context(), server.URL, 7, nil)
	require.NoError(t, err)
	assert.EqualValues(t, 8, head)
	assert.Nil(t, asked)

	strangers := NewPeers([]byte(strings.Repeat("q", 32)))
	defer strangers.Close()
	_, _, err = strangers.Decide(t.Context(), server.URL, 7, nil)
	assert.ErrorIs(t, err, ErrPeerSecret)
	for name, body := range map[string]string{"no JSON": "{", "the leader's own": `{"epoch":1,"command":{"kind":"BookingExpired","booking":"b"}}`} {
		r := httptest.NewRequest(http.MethodPost, PeerPath, strings.NewReader(body))
		r.Header.Set(peerSignature, peerSign(peerSecret, "ask", body))
		w := httptest.NewRecorder()
		server.Config.Handler.ServeHTTP(w, r)
		assert.Equal(t, http.StatusBadRequest, w.Code, name)
	}
	url := server.URL
	server.Close()
	others := NewPeers(peerSecret) // without a connection that is open still
	defer others.Close()
	_, _, err = others.Decide(t.Context(), url, 7, nil)
	assert.ErrorIs(t, err, ErrPeerAway)
}

// TestAForgedAnswerIsNone: who answers without the secret is not believed.
func TestAForgedAnswerIsNone(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set(peerSignature, r.Header.Get(peerSignature))
		w.Write([]byte(`{"outcome":{"seq":1},"head":1}`))
	}))
	defer server.Close()
	peers := NewPeers(peerSecret)
	defer peers.Close()
	_, _, err := peers.Decide(t.Context(), server.URL, 7, nil)
	assert.ErrorIs(t, err, ErrPeerSilent)
}

func fmtWrap(err error) error { return &refusal{detail: err.Error() + ": and why", kind: err} }

// FuzzPeer: whatever is signed and asked is answered, with an answer that can be read or a problem.
func FuzzPeer(f *testing.F) {
	f.Add([]byte(`{"epoch":3}`))
	f.Add([]byte(`{"epoch":3,"command":{"id":"c","exporter":"e","kind":"BookingHeld","booking":"b","match":"R","shown":[{"fraction":1}]}}`))
	f.Add([]byte(`{"command":{"terms":{"parts":[null]}}}`))
	handler := peerHandler(peerSecret, newLimiters(Limits{}.withDefaults(), time.Now), nil, func(context.Context, uint64, *planner.Command) (planner.Outcome, uint64, error) {
		return planner.Outcome{}, 1, live.ErrNotLeading
	})
	f.Fuzz(func(t *testing.T, body []byte) {
		r := httptest.NewRequest(http.MethodPost, PeerPath, bytes.NewReader(body))
		r.Header.Set(peerSignature, peerSign(peerSecret, "ask", string(body)))
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if w.Code != http.StatusOK && w.Code != http.StatusBadRequest {
			t.Fatalf("%q is answered %d", body, w.Code)
		}
	})
}
