package web

import (
	"context"
	"io"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	"golang.org/x/time/rate"
)

// Codes that a connection is closed with, besides those of RFC 6455.
const (
	closeBadResume    = 4000 // the client asked to resume from what never was; connect afresh
	closeTooSlow      = 4001 // the client was too far behind; connect again
	closeSessionEnded = 4003 // signed out, or the session, key or token ended
)

// closeWait is how long a client has to take its leave.
const closeWait = 2 * time.Second

// maxMessageBytes is the most that a client may send in a message; it has little to say.
const maxMessageBytes = 1024

// client is one websocket connection. The hub fills queue and positions and never waits; write empties them.
type client struct {
	conn   *websocket.Conn
	viewer viewer
	who    session
	cfg    *Config

	last uint64 // seq of the last change queued; guarded by the hub

	reports *rate.Limiter // of what is heard from it; nil where nothing is traced
	painted uint64        // number of the last batch that it reported; guarded by the hub

	queue     chan *websocket.PreparedMessage
	positions slot

	ended context.Context // done when the hub has no more to say to it
	end   func(code int, reason string)

	mu     sync.Mutex
	code   int
	reason string
}

func newClient(conn *websocket.Conn, who session, cfg *Config) *client {
	ended, cancel := context.WithCancel(context.Background())
	c := &client{conn: conn, viewer: who.viewer(), who: who, cfg: cfg,
		queue: make(chan *websocket.PreparedMessage, cfg.Queue), positions: slot{wake: make(chan struct{}, 1)},
		ended: ended}
	if cfg.Tracer != nil {
		c.reports = rate.NewLimiter(reportsASecond, reportsAtOnce)
	}
	c.end = func(code int, reason string) {
		c.mu.Lock()
		if c.code == 0 && code != 0 {
			c.code, c.reason = code, reason
			if cfg.Measures.Closed != nil {
				cfg.Measures.Closed(code)
			}
		}
		c.mu.Unlock()
		cancel()
	}
	return c
}

// slot holds the one frame of positions that waits for a client. A newer one takes its place and holds what it
// held.
type slot struct {
	mu    sync.Mutex
	from  uint64 // version that the waiting frame starts after; of the last taken if none waits
	to    uint64 // version that it, or the last taken, reaches to
	frame *websocket.PreparedMessage
	wake  chan struct{}
}

func (s *slot) offer(version uint64, frame func(since uint64) *websocket.PreparedMessage) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.to >= version {
		return
	}
	if s.frame == nil {
		s.from = s.to
	}
	s.frame, s.to = frame(s.from), version
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

func (s *slot) take() *websocket.PreparedMessage {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.frame
	s.frame = nil
	return f
}

// read waits for the client to go. What it sends tells that it is there; where batches are traced, when it showed them.
func (c *client) read(painted func(painted)) {
	c.conn.SetReadLimit(maxMessageBytes)
	silence := 3 * c.cfg.Heartbeat
	alive := func() { c.conn.SetReadDeadline(time.Now().Add(silence)) }
	alive()
	c.conn.SetPongHandler(func(string) error { alive(); return nil })
	for {
		kind, message, err := c.conn.NextReader()
		if err != nil {
			return
		}
		alive()
		if c.reports != nil && kind == websocket.TextMessage && c.reports.Allow() {
			raw, err := io.ReadAll(message)
			if p, ok := parsePainted(raw); err == nil && ok {
				painted(p)
			}
		}
	}
}

// write sends what the hub queues until the client is ended or gone.
func (c *client) write() {
	ping := time.NewTicker(c.cfg.Heartbeat)
	defer ping.Stop()
	for {
		select {
		case <-c.ended.Done(): // before all that still waits
			c.sayGoodbye()
			return
		default:
		}
		var err error
		select {
		case <-c.ended.Done():
		case frame := <-c.queue:
			err = c.send(frame)
		case <-c.positions.wake:
			err = c.sendPositions()
		case <-ping.C:
			err = c.conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(c.cfg.WriteWait))
		}
		if err != nil {
			c.conn.Close() // ends read
			return
		}
	}
}

// sendPositions sends first what waits in the queue: no ship before the snapshot that has its departure.
func (c *client) sendPositions() error {
	for {
		select {
		case frame := <-c.queue:
			if err := c.send(frame); err != nil {
				return err
			}
			continue
		default:
		}
		break
	}
	if frame := c.positions.take(); frame != nil {
		return c.send(frame)
	}
	return nil
}

func (c *client) send(frame *websocket.PreparedMessage) error {
	c.conn.SetWriteDeadline(time.Now().Add(c.cfg.WriteWait))
	return c.conn.WritePreparedMessage(frame)
}

// sayGoodbye sends the code, and gives the client a moment to hear it and close: to close at once may reset the
// connection before the code is read.
func (c *client) sayGoodbye() {
	c.mu.Lock()
	code, reason := c.code, c.reason
	c.mu.Unlock()
	if code == 0 {
		c.conn.Close()
		return
	}
	c.conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, reason), time.Now().Add(closeWait))
	time.AfterFunc(closeWait, func() { c.conn.Close() })
}
