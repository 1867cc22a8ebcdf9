package web

import (
	"cmp"
	"slices"
	"time"

	"github.com/gorilla/websocket"
)

// whereabouts holds the newest position of every ship and aircraft. Positions are not numbered like changes: a
// client that is behind gets the newest of each, and never those between.
type whereabouts struct {
	at      map[string]located
	version uint64
}

type located struct {
	position
	version uint64 // that it came with
}

func newWhereabouts() whereabouts { return whereabouts{at: map[string]located{}} }

// arrivedFor is how long after its arrival a position is kept, since an arrival may yet be put off.
const arrivedFor = time.Hour

// forget drops positions. Without it those of all that ever sailed would add up for as long as the service runs.
func (w *whereabouts) forget(gone func(id string) bool) {
	for id := range w.at {
		if gone(id) {
			delete(w.at, id)
		}
	}
}

// take reports whether any position is new.
func (w *whereabouts) take(list []position) bool {
	moved := false
	for _, p := range list {
		old, known := w.at[p.ID]
		if known && !p.At.After(old.At) {
			continue
		}
		if !moved {
			moved = true
			w.version++
		}
		w.at[p.ID] = located{p, w.version}
	}
	return moved
}

// since returns the positions that came after a version, sorted by id.
func (w *whereabouts) since(version uint64) []position {
	list := []position{}
	for _, l := range w.at {
		if l.version > version {
			list = append(list, l.position)
		}
	}
	slices.SortFunc(list, func(a, b position) int { return cmp.Compare(a.ID, b.ID) })
	return list
}

// start gives a client that joins all positions there are.
func (w *whereabouts) start(c *client, now time.Time) {
	if len(w.at) > 0 {
		c.positions.offer(w.version, func(uint64) *websocket.PreparedMessage {
			return prepare(positionsFrame(now, w.since(0)))
		})
	}
}

// sendPositions offers each client what moved since the frame that it took last.
func (h *hub) sendPositions() {
	h.mu.RLock()
	defer h.mu.RUnlock()
	now := h.cfg.Now().UTC()
	made := map[uint64]*websocket.PreparedMessage{}
	frame := func(since uint64) *websocket.PreparedMessage {
		if made[since] == nil {
			made[since] = prepare(positionsFrame(now, h.whereIs.since(since)))
		}
		return made[since]
	}
	for c := range h.clients {
		c.positions.offer(h.whereIs.version, frame)
	}
}
