package web

import (
	"time"

	"github.com/gorilla/websocket"
)

// Measures are told what the hub does; each may be nil, and must be quick.
type Measures struct {
	FannedOut func(took time.Duration) // changes are queued for every browser; took is from the first of them on
	Closed    func(code int)           // a connection was told to go, by one of CloseCodes
}

// CloseCodes are all the codes by which the service closes a websocket.
func CloseCodes() []int {
	return []int{closeBadResume, closeTooSlow, closeSessionEnded, websocket.CloseGoingAway, websocket.CloseTryAgainLater}
}

// Standing says how the hub is.
type Standing struct {
	Clients int // connections
	Behind  int // frames that wait for the slowest of them
	Inbox   int // updates that the hub has not taken
}

// Standing says how the hub is.
func (s *Server) Standing() Standing {
	h := s.hub
	h.inbox.mu.Lock()
	st := Standing{Inbox: len(h.inbox.updates)}
	h.inbox.mu.Unlock()
	h.mu.RLock()
	defer h.mu.RUnlock()
	st.Clients = len(h.clients)
	for c := range h.clients {
		st.Behind = max(st.Behind, len(c.queue))
	}
	return st
}
