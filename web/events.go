package web

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"haihe/planner"
)

// commandWait is how long a command may take from its arrival to the state.
const commandWait = 15 * time.Second

// stamper numbers the events of this server: by the time in µs, but always upwards.
type stamper struct {
	mu   sync.Mutex
	last uint64
}

func (s *stamper) next(now time.Time) uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = max(uint64(max(now.UnixMicro(), 0)), s.last+1)
	return s.last
}

// name makes ids that nobody can guess, or, of an Idempotency-Key, always the same ones.
type name struct{ seed []byte }

func newName(who session, operation, idempotencyKey string) name {
	if idempotencyKey == "" {
		var seed [32]byte
		rand.Read(seed[:])
		return name{seed[:]}
	}
	h := sha256.New()
	for _, part := range []string{string(who.Role), who.Org, operation, idempotencyKey} {
		var n [8]byte
		for i := range n {
			n[i] = byte(len(part) >> (8 * i))
		}
		h.Write(n[:])
		h.Write([]byte(part))
	}
	return name{h.Sum(nil)}
}

var idText = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// of returns the id for a purpose: prefix "-" 16 characters.
func (n name) of(prefix, purpose string) string {
	sum := sha256.Sum256(append([]byte(purpose+"\n"), n.seed...))
	return prefix + "-" + idText.EncodeToString(sum[:10])
}

// ownID returns an id under which what an organisation publishes is easily told: its own id as far as that is
// letters and digits, then random text.
func (n name) ownID(org string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(org) {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
		if b.Len() >= 32 {
			break
		}
	}
	prefix := strings.Trim(b.String(), "-")
	if prefix == "" {
		prefix = "org"
	}
	return n.of(prefix, "own")
}

// submit checks facts, puts them on the log as one command, and waits until they hold.
func (s *Server) submit(ctx context.Context, who session, n name, facts ...planner.Fact) error {
	for _, f := range facts {
		if err := f.Validate(); err != nil {
			return s.asProblem(err)
		}
	}
	events := make([]planner.Event, len(facts))
	for i, f := range facts {
		events[i] = s.event(who, n, f.Key().String()+"\n"+f.Type())
		events[i].Fact = f
	}
	return s.asProblem(s.cfg.Submit(ctx, events...))
}

// event stamps an event that has no fact yet.
func (s *Server) event(who session, n name, purpose string) planner.Event {
	now := s.cfg.Now().UTC()
	return planner.Event{ID: n.of("web", purpose), Source: who.source(), Sequence: s.stamp.next(now), Time: now}
}

// answers remembers what commands with an Idempotency-Key were answered, so that one sent twice happens once.
// After a restart the ids made of the key serve the same end.
type answers struct {
	mu    sync.Mutex
	known map[string]*answer
	order []string // oldest first
}

type answer struct {
	body  []byte
	ready chan struct{}
	value any
	err   error
}

const answersKept = 10000

// once runs a command, or waits for the same command's answer and returns that. Failures are not remembered.
func once[T any](ctx context.Context, s *Server, who session, operation, idempotencyKey string, body any, run func(context.Context) (T, error)) (T, error) {
	// What a client that went away had begun is still finished, and remembered for when it asks again.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commandWait)
	defer cancel()
	if idempotencyKey == "" {
		return run(ctx)
	}
	var zero T
	raw, err := json.Marshal(body)
	if err != nil {
		return zero, err
	}
	id := strings.Join([]string{string(who.Role), who.Org, operation, idempotencyKey}, "\x00")
	s.answers.mu.Lock()
	a := s.answers.known[id]
	first := a == nil
	if first {
		a = &answer{body: raw, ready: make(chan struct{}), err: errors.New("web: the command was cut short")}
		s.answers.known[id] = a
		s.answers.order = append(s.answers.order, id)
		if len(s.answers.order) > answersKept {
			delete(s.answers.known, s.answers.order[0])
			s.answers.order = s.answers.order[1:]
		}
	}
	s.answers.mu.Unlock()
	if !bytes.Equal(a.body, raw) {
		return zero, otherBody()
	}
	if first {
		defer func() {
			if a.err != nil {
				s.answers.forget(id, a)
			}
			close(a.ready)
		}()
		value, err := run(ctx)
		a.value, a.err = value, err
		return value, err
	}
	select {
	case <-a.ready:
	case <-ctx.Done():
		return zero, s.asProblem(ctx.Err())
	}
	if a.err != nil {
		return zero, a.err
	}
	return a.value.(T), nil
}

func (l *answers) forget(id string, a *answer) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.known[id] == a {
		delete(l.known, id) // its place in order stays; it costs a slot until it is the oldest
	}
}

func otherBody() error {
	return wrongField("header.Idempotency-Key", "this key was used for another command; make a new one", nil)
}

// shows waits a moment until a command that the state has applied shows in what people see too.
func (s *Server) shows(ctx context.Context, ok func(*model) bool) {
	s.hub.await(ctx, 2*time.Second, ok)
}

// catchUp waits until all that was decided anywhere shows in what people see here.
func (s *Server) catchUp(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, commandWait)
	defer cancel()
	if err := s.cfg.CatchUp(ctx); err != nil {
		return err
	}
	s.hub.drained(ctx)
	return nil
}

func isNotFound(err error) bool {
	var status huma.StatusError
	return errors.As(err, &status) && status.GetStatus() == http.StatusNotFound
}
