package web

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"slices"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"haihe/planner/live"
	"haihe/planner/trace"
)

// positionsEvery is the shortest time between two frames of positions.
const positionsEvery = 250 * time.Millisecond

// positionsSoon is how long the first of several positions waits for the others.
const positionsSoon = 15 * time.Millisecond

// frameCost is about what a frame to one client takes of a core, in the kernel on both sides too.
const frameCost = 20 * time.Microsecond

// restAtMost bounds the rest between two frames to the same client.
const restAtMost = 250 * time.Millisecond

// hub keeps what there is to see and tells the clients what changes in it.
type hub struct {
	cfg   Config
	epoch string

	inbox inbox
	done  chan struct{} // closed when run has returned
	stop  context.CancelFunc

	mu       sync.RWMutex // guards all below; run alone writes, but for clients that join and leave
	model    *model
	entities map[key]*facets
	order    map[string][]string // sorted ids of a kind; nil: to be sorted anew
	seq      uint64
	ring     ring
	untold   map[key]*facets // what changed since the clients were told, as it was before
	oldest   time.Time       // when the first update of untold came
	news     chan struct{}   // closed, and made anew, when a batch has been taken
	clients  map[*client]struct{}
	sockets  map[viewer]int                        // clients by viewer
	shots    map[viewer]*websocket.PreparedMessage // snapshots of seq, made as they are asked for
	whereIs  whereabouts
	told     told
	causes   []trace.Cause // of what was not told yet
	taken    int           // updates since the start
	closed   bool
}

// inbox is where Observe leaves updates. It grows rather than block; the hub empties it whole.
type inbox struct {
	mu      sync.Mutex
	updates []live.Update
	lanes   []laneView
	first   time.Time // when the first of updates came
	given   int       // updates since the start
	wake    chan struct{}
}

func (b *inbox) put(u *live.Update, lanes []laneView) {
	b.mu.Lock()
	if u != nil {
		if len(b.updates) == 0 {
			b.first = time.Now()
		}
		b.updates = append(b.updates, *u)
		b.given++
	}
	b.lanes = append(b.lanes, lanes...)
	b.mu.Unlock()
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

func (b *inbox) take() (u []live.Update, l []laneView, first time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	u, l = b.updates, b.lanes
	b.updates, b.lanes = nil, nil
	return u, l, b.first
}

func newHub(cfg Config) *hub {
	var random [6]byte
	rand.Read(random[:])
	ctx, stop := context.WithCancel(context.Background())
	h := &hub{
		cfg:      cfg,
		epoch:    cfg.Now().UTC().Format("20060102T150405") + "-" + hex.EncodeToString(random[:]),
		inbox:    inbox{wake: make(chan struct{}, 1)},
		done:     make(chan struct{}),
		stop:     stop,
		model:    newModel(cfg.Place),
		entities: map[key]*facets{},
		order:    map[string][]string{},
		ring:     ring{most: cfg.Ring},
		untold:   map[key]*facets{},
		news:     make(chan struct{}),
		clients:  map[*client]struct{}{},
		sockets:  map[viewer]int{},
		shots:    map[viewer]*websocket.PreparedMessage{},
		whereIs:  newWhereabouts(),
	}
	go h.run(ctx)
	return h
}

func (h *hub) run(ctx context.Context) {
	defer close(h.done)
	lanes := newLaner(h.cfg.Route, func(made []laneView) { h.inbox.put(nil, made) })
	defer lanes.close()
	beat := time.NewTicker(h.cfg.Heartbeat)
	defer beat.Stop()
	tick := time.NewTimer(positionsEvery)
	tick.Stop()
	ticking := false
	sent := time.Time{} // when positions were sent last
	telling := time.NewTimer(restAtMost)
	telling.Stop()
	var rested time.Time // until when nobody is told
	tell := func() {
		begun := time.Now()
		rested = begun.Add(h.tell())
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-h.inbox.wake:
			updates, made, first := h.inbox.take()
			wanted, moved := h.take(updates, made, first)
			if wait := time.Until(rested); wait <= 0 {
				tell()
			} else {
				telling.Reset(wait)
			}
			lanes.want(wanted)
			if moved && !ticking {
				// After a quiet time at once, but for what comes with it.
				ticking = true
				tick.Reset(max(positionsSoon, positionsEvery-time.Since(sent)))
			}
		case <-telling.C:
			tell()
		case <-tick.C:
			ticking = false
			sent = time.Now()
			h.sendPositions()
		case <-beat.C:
			h.heartbeat()
		}
	}
}

// take applies updates, the first of which came at a time, as one numbered batch. It returns the lanes that lack a line,
// and whether positions moved.
func (h *hub) take(updates []live.Update, made []laneView, first time.Time) (wanted []wantedLane, moved bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, u := range updates {
		h.model.take(u)
		moved = h.whereIs.take(positionsIn(u)) || moved
		h.taken++
		if h.cfg.Tracer != nil {
			h.causes = trace.Gather(h.causes, u.Cause)
		}
	}
	for _, l := range made {
		h.model.lanes[l.ID] = l
		h.model.touch(kindLane, l.ID)
	}
	if len(h.untold) == 0 {
		h.oldest = first
	}
	h.publish(h.model.takeDirty())
	close(h.news)
	h.news = make(chan struct{})
	return h.wantedLanes(), moved
}

// change is an entity before and after what is told.
type change struct {
	key         key
	before, now *facets
}

// publish numbers what changed, and notes it to be told.
func (h *hub) publish(dirty []key) {
	numbered := false
	for _, k := range dirty {
		now, ok := h.facetsOf(k)
		before := h.entities[k]
		if !ok || same(before, now) {
			continue
		}
		if !numbered {
			numbered = true
			h.seq++
			clear(h.shots)
		}
		if now == nil {
			delete(h.entities, k)
		} else {
			h.entities[k] = now
		}
		if (before == nil) != (now == nil) {
			h.order[k.kind] = nil
		}
		h.ring.add(entry{h.seq, k, before})
		if _, in := h.untold[k]; !in && len(h.clients) > 0 {
			h.untold[k] = before
		}
	}
}

// tell sends every client what it may see of what changed, and returns how long to rest after it: what changes meanwhile is
// told together. A few are told at once; the more there are the rarer, so that frames take no more than a core.
func (h *hub) tell() (rest time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.tellLocked()
	return min(time.Duration(len(h.clients))*frameCost, restAtMost)
}

func (h *hub) tellLocked() {
	span := h.traced()
	defer span.End()
	if len(h.untold) == 0 {
		return
	}
	changes := make([]change, 0, len(h.untold))
	for k, before := range h.untold {
		if now := h.entities[k]; !same(before, now) {
			changes = append(changes, change{k, before, now})
		}
	}
	clear(h.untold)
	slices.SortFunc(changes, func(a, b change) int { return compareKeys(a.key, b.key) })
	if span.On() {
		span.Set(trace.Int("haihe.seq", int(h.seq)), trace.Int("haihe.changes", len(changes)), trace.Int("haihe.clients", len(h.clients)))
	}
	h.fanOut(changes, h.told.add(span))
	if h.cfg.Measures.FannedOut != nil {
		h.cfg.Measures.FannedOut(time.Since(h.oldest))
	}
}

// facetsOf makes the facets of an entity. One that cannot be shown is reported and stays as it was: it must not
// take the others with it.
func (h *hub) facetsOf(k key) (f *facets, ok bool) {
	defer func() {
		if r := recover(); r != nil {
			h.cfg.Logger.Error("web: an entity cannot be shown", "kind", k.kind, "id", k.id, "reason", r)
			f, ok = nil, false
		}
	}()
	return h.model.facetsOf(k), true
}

// sorted returns the ids of a kind in order.
func (h *hub) sorted(kind string) []string {
	if h.order[kind] == nil {
		ids := []string{}
		for k := range h.entities {
			if k.kind == kind {
				ids = append(ids, k.id)
			}
		}
		slices.Sort(ids)
		h.order[kind] = ids
	}
	return h.order[kind]
}

// ownFrame names a frame that clients share: those who see what all of their role see have a viewer without an
// organisation.
type ownFrame struct {
	viewer viewer
	prev   uint64
}

// fanOut sends a batch. What is written once serves all of a role but the parties to something in the batch, and a
// frame is made once for all clients that see the same and were last sent the same. Parent is the traceparent of the
// batch, "" where it is not traced.
func (h *hub) fanOut(changes []change, parent string) {
	if len(h.clients) == 0 || len(changes) == 0 {
		return
	}
	parties := map[viewer][]int{} // changes that these see in a way of their own
	for i, c := range changes {
		for _, f := range []*facets{c.before, c.now} {
			if f == nil {
				continue
			}
			for v := range f.parties {
				if n := len(parties[v]); n == 0 || parties[v][n-1] != i {
					parties[v] = append(parties[v], i)
				}
			}
		}
	}
	shared := map[Role][]written{}
	bodies := map[viewer][]byte{}
	frames := map[ownFrame]*websocket.PreparedMessage{}
	for c := range h.clients {
		sees := c.viewer
		if parties[sees] == nil {
			sees.org = ""
		}
		body, done := bodies[sees]
		if !done {
			list, known := shared[sees.role]
			if !known {
				list = writtenFor(viewer{role: sees.role}, changes)
				shared[sees.role] = list
			}
			body = bodyFor(sees, changes, list, parties[sees])
			bodies[sees] = body
		}
		if len(body) == 0 {
			continue
		}
		name := ownFrame{sees, c.last}
		frame := frames[name]
		if frame == nil {
			frame = prepare(changesFrame(h.epoch, c.last, h.seq, parent, body))
			frames[name] = frame
		}
		c.last = h.seq
		h.send(c, frame)
	}
}

// written is a change as all of a role see it.
type written struct {
	at  int // index of the change
	raw []byte
}

func writtenFor(v viewer, changes []change) []written {
	var list []written
	for i, c := range changes {
		if old, now := c.before.of(v), c.now.of(v); !bytes.Equal(old, now) {
			var b bytes.Buffer
			writeChange(&b, c.key, now)
			list = append(list, written{i, b.Bytes()})
		}
	}
	return list
}

// bodyFor joins what all of a role see with what v sees in a way of its own instead, in the order of the batch.
func bodyFor(v viewer, changes []change, shared []written, own []int) []byte {
	var b bytes.Buffer
	for len(shared) > 0 || len(own) > 0 {
		if len(own) == 0 || len(shared) > 0 && shared[0].at < own[0] {
			if b.Len() > 0 {
				b.WriteByte(',')
			}
			b.Write(shared[0].raw)
			shared = shared[1:]
			continue
		}
		c := changes[own[0]]
		if old, now := c.before.of(v), c.now.of(v); !bytes.Equal(old, now) {
			writeChange(&b, c.key, now)
		}
		if len(shared) > 0 && shared[0].at == own[0] {
			shared = shared[1:]
		}
		own = own[1:]
	}
	return b.Bytes()
}

// send queues a frame, or drops the client if it is too far behind.
func (h *hub) send(c *client, frame *websocket.PreparedMessage) {
	select {
	case c.queue <- frame:
	default:
		h.forget(c)
		c.end(closeTooSlow, "too slow")
	}
}

func (h *hub) forget(c *client) {
	if _, in := h.clients[c]; !in {
		return
	}
	delete(h.clients, c)
	if h.sockets[c.viewer]--; h.sockets[c.viewer] == 0 {
		delete(h.sockets, c.viewer)
	}
}

// heartbeat also tells those who saw nothing of the latest changes how far the numbers have come, so that they
// can resume after a break.
func (h *hub) heartbeat() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.tellLocked()
	now := h.cfg.Now().UTC()
	h.whereIs.forget(func(id string) bool {
		d := h.model.departures[id]
		return d != nil && (!d.Runs() || d.Arrive.Before(now.Add(-arrivedFor)))
	})
	beat := prepare(heartbeatFrame(now))
	level := map[uint64]*websocket.PreparedMessage{}
	for c := range h.clients {
		if c.last < h.seq {
			if level[c.last] == nil {
				level[c.last] = prepare(changesFrame(h.epoch, c.last, h.seq, "", nil))
			}
			frame := level[c.last]
			c.last = h.seq
			h.send(c, frame)
		}
		if len(c.queue) == 0 { // whoever has frames to read needs no sign of life
			h.send(c, beat)
		}
	}
}

// join enters a client with its first frame in its queue: what it missed since it was at (epoch, seq), or else a
// snapshot. It reports false if there is no such seq in this epoch, or the hub is full or closed.
func (h *hub) join(c *client, r resume) (code int, reason string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.closed:
		return websocket.CloseGoingAway, "the service is stopping"
	case len(h.clients) >= h.cfg.Clients:
		return websocket.CloseTryAgainLater, "too many connections"
	case h.cfg.Limits.Sockets >= 0 && h.sockets[c.viewer] >= h.cfg.Limits.Sockets:
		return websocket.CloseTryAgainLater, "too many connections of your organisation"
	case r.epoch == h.epoch && r.seq > h.seq:
		return closeBadResume, "there is no such seq yet"
	}
	// All are told as of the same seq: what changed since the others were told, and changed back, would else stay with this one.
	h.tellLocked()
	var first *websocket.PreparedMessage
	missed, ok := []entry(nil), false
	if r.epoch == h.epoch {
		missed, ok = h.ring.since(r.seq)
	}
	if ok {
		var b bytes.Buffer
		for _, e := range missed {
			if old, now := e.before.of(c.viewer), h.entities[e.key].of(c.viewer); !bytes.Equal(old, now) {
				writeChange(&b, e.key, now)
			}
		}
		first = prepare(changesFrame(h.epoch, r.seq, h.seq, "", b.Bytes()))
	} else {
		first = h.shots[c.viewer]
		if first == nil {
			first = prepare(snapshotFrame(h.snapshotBody(c.viewer)))
			h.shots[c.viewer] = first
		}
	}
	c.last = h.seq
	c.queue <- first
	h.clients[c] = struct{}{}
	h.sockets[c.viewer]++
	h.whereIs.start(c, h.cfg.Now().UTC())
	return 0, ""
}

func (h *hub) leave(c *client) {
	h.mu.Lock()
	h.forget(c)
	h.mu.Unlock()
}

// connected returns who has a connection, each session or key once.
func (h *hub) connected() []session {
	h.mu.RLock()
	defer h.mu.RUnlock()
	seen := make(map[string]bool, len(h.clients))
	var list []session
	for c := range h.clients {
		if c.who.id != "" && !seen[c.who.id] {
			seen[c.who.id] = true
			list = append(list, c.who)
		}
	}
	return list
}

// review closes the connections of those who may no longer see what they do.
func (h *hub) review(valid func(session) bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for c := range h.clients {
		if !valid(c.who) {
			h.forget(c)
			c.end(closeSessionEnded, "the session has ended")
		}
	}
}

// close tells all clients that the service is going away, and waits for run to end.
func (h *hub) close() {
	h.stop()
	<-h.done
	h.mu.Lock()
	h.closed = true
	for c := range h.clients {
		h.forget(c)
		c.end(websocket.CloseGoingAway, "the service is stopping")
		c.conn.NetConn().SetWriteDeadline(time.Now().Add(closeWait)) // for a write that waits already
	}
	h.mu.Unlock()
}

// await waits until ok holds of the model, e.g. until a command shows in it; it gives up with ctx, and after most, where that is
// not 0.
func (h *hub) await(ctx context.Context, most time.Duration, ok func(*model) bool) bool {
	var late <-chan time.Time
	for {
		h.mu.RLock()
		fine, news := ok(h.model), h.news
		h.mu.RUnlock()
		if fine { // as nearly always: it was shown while the disk was asked
			return true
		}
		if late == nil && most > 0 {
			late = time.After(most)
		}
		select {
		case <-news:
		case <-late:
			return false
		case <-ctx.Done():
			return false
		case <-h.done:
			return false
		}
	}
}

// drained waits until all updates given so far are shown; it gives up with ctx.
func (h *hub) drained(ctx context.Context) bool {
	h.inbox.mu.Lock()
	given := h.inbox.given
	h.inbox.mu.Unlock()
	return h.await(ctx, 0, func(*model) bool { return h.taken >= given })
}

// look reads the model.
func (h *hub) look(read func(*model)) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	read(h.model)
}

// wantedLanes returns the lanes that lack a line and whose ends are known.
func (h *hub) wantedLanes() []wantedLane {
	var list []wantedLane
	for id, ends := range h.model.wanted {
		from, okFrom := h.model.places[ends.from]
		to, okTo := h.model.places[ends.to]
		if okFrom && okTo {
			list = append(list, wantedLane{id, from, to, ends.mode})
		}
	}
	clear(h.model.wanted)
	slices.SortFunc(list, func(a, b wantedLane) int { return cmp.Compare(a.id, b.id) })
	return list
}
