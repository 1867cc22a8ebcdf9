package web

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// upgrader makes connections out of requests; live has checked where they come from. Frames are not compressed:
// a prepared frame would be compressed once, but every connection would hold a window.
var upgrader = websocket.Upgrader{
	HandshakeTimeout: 10 * time.Second,
	WriteBufferPool:  &sync.Pool{},
	WriteBufferSize:  4096,
	ReadBufferSize:   512,
	CheckOrigin:      func(*http.Request) bool { return true },
}

// resume is where a client was. The zero value is nowhere.
type resume struct {
	epoch string
	seq   uint64
}

var errResume = errors.New("to resume, give epoch and seq as the last frame had them")

// parseResume reads the query ?epoch=E&seq=N; both or none.
func parseResume(query string) (resume, error) {
	q, err := url.ParseQuery(query)
	if err != nil {
		return resume{}, errResume
	}
	epoch, seq := q.Get("epoch"), q.Get("seq")
	if epoch == "" && seq == "" {
		return resume{}, nil
	}
	n, err := strconv.ParseUint(seq, 10, 63)
	if err != nil || epoch == "" || len(epoch) > 64 {
		return resume{}, errResume
	}
	return resume{epoch, n}, nil
}

// live serves the websocket.
func (s *Server) live(w http.ResponseWriter, r *http.Request) {
	who, byCookie, err := s.atTheDoor(r)
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	if !s.sameOrigin(r) || byCookie && r.Header.Get("Origin") == "" {
		s.audit(r, who, "live", "", "foreign origin")
		writeProblem(w, http.StatusForbidden, "the page that opens this websocket is not of this service: Origin must be its own address")
		return
	}
	if !s.limits.request(who) {
		w.Header().Set("Retry-After", "60")
		writeProblem(w, http.StatusTooManyRequests, "too many requests; try again in a minute")
		return
	}
	if !websocket.IsWebSocketUpgrade(r) {
		w.Header().Set("Upgrade", "websocket")
		writeProblem(w, http.StatusUpgradeRequired, "this address speaks websocket; see /api/asyncapi.yaml")
		return
	}
	from, resumeErr := parseResume(r.URL.RawQuery)
	if !s.connections.open() {
		writeProblem(w, http.StatusServiceUnavailable, "the service is stopping")
		return
	}
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		s.connections.done()
		return // Upgrade has answered
	}
	c := newClient(conn, who, &s.cfg)
	if resumeErr != nil {
		c.end(closeBadResume, resumeErr.Error())
	} else if code, reason := s.hub.join(c, from); code != 0 {
		c.end(code, reason)
	} else if !s.valid(who) { // it ended while the client came in
		s.hub.review(s.valid)
	}
	s.audit(r, who, "live", "", "ok")
	// Not on this goroutine: it holds the request and the buffers that it came by, 20 KiB for as long as the client stays.
	go func() {
		defer s.connections.done()
		var writing sync.WaitGroup
		writing.Go(c.write)
		c.read(func(p painted) { s.hub.shown(c, p) })
		s.hub.leave(c)
		c.end(0, "")
		conn.Close() // ends a write that waits for the client
		writing.Wait()
	}()
}

// connections counts what Close must wait for.
type connections struct {
	mu     sync.Mutex
	closed bool
	count  sync.WaitGroup
}

func (c *connections) open() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.closed {
		c.count.Add(1)
	}
	return !c.closed
}

func (c *connections) done() { c.count.Done() }

// wait lets no more in, and returns when all are gone.
func (c *connections) wait() {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.count.Wait()
}
