package web

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"haihe/planner"
	"haihe/planner/live"
	"haihe/planner/trace"
)

// PeerPath is where an instance takes what other instances of its cluster forward.
const PeerPath = "/peer/decide"

const (
	peerSignature = "Haihe-Signature"
	peerDomain    = "haihe peer 1\n" // keeps the secret's other uses apart
	maxPeerBytes  = 2 << 20
)

// Errors of Peers.Decide, besides those of planner/live.
var (
	// ErrPeerAway means that the command was not sent: nobody answers at the leader's address.
	ErrPeerAway = errors.New("web: the leader cannot be reached")
	// ErrPeerSilent means that the command was sent and not answered: it may yet come about in the leader's epoch.
	ErrPeerSilent = errors.New("web: the leader did not answer")
	// ErrPeerSecret means that the instances do not share a secret.
	ErrPeerSecret = errors.New("web: the leader does not know this instance; start all instances with the same --secret-file")
)

// refusals are the errors that mean the same on both sides, by what they are called on the way.
var refusals = []struct {
	code string
	err  error
}{
	{"not_leading", live.ErrNotLeading}, {"not_planned", live.ErrNotPlanned}, {"not_matched", live.ErrNotMatched},
	{"match_changed", live.ErrMatchChanged}, {"not_yours", live.ErrNotYours}, {"no_booking", planner.ErrNoBooking},
	{"wrong_status", planner.ErrWrongStatus}, {"no_room", planner.ErrNoRoom}, {"lapsed", planner.ErrLapsed},
	{"other_body", planner.ErrOtherBody}, {"too_many", planner.ErrTooMany}, {"too_much", planner.ErrTooMuch}, {"invalid", ErrInvalid},
}

// peerQuestion is what an instance asks of the leader: to decide a command, or, without one, how far the ledger goes.
// The epoch says whom it takes for the leader; another does not answer for it. So what was sent to a leader and lies
// about somewhere cannot come about under the next.
type peerQuestion struct {
	Epoch   uint64           `json:"epoch"`
	Command *planner.Command `json:"command,omitempty"`
}

type peerAnswer struct {
	Outcome planner.Outcome       `json:"outcome"`
	Head    uint64                `json:"head"` // of the ledger, when it was answered
	Code    string                `json:"code,omitempty"`
	Detail  string                `json:"detail,omitempty"`
	Why     *planner.Obstacle     `json:"why,omitempty"`
	Fields  []*planner.FieldError `json:"fields,omitempty"`
	More    int                   `json:"more,omitempty"`
}

// refusal is an error as the leader worded it.
type refusal struct {
	detail string
	kind   error
	why    *planner.Obstacle // nil: not known
}

func (r *refusal) Error() string { return r.detail }
func (r *refusal) Unwrap() []error {
	if r.why == nil {
		return []error{r.kind}
	}
	return []error{r.kind, r.why}
}

func (a *peerAnswer) refuse(err error) {
	if err == nil {
		return
	}
	var list *planner.FieldErrors
	var one *planner.FieldError
	switch {
	case errors.As(err, &list):
		a.Fields, a.More = list.List, list.More
		return
	case errors.As(err, &one):
		a.Fields = []*planner.FieldError{one}
		return
	}
	a.Code, a.Detail = "unknown", err.Error()
	errors.As(err, &a.Why)
	for _, r := range refusals {
		if errors.Is(err, r.err) {
			a.Code = r.code
			return
		}
	}
}

func (a *peerAnswer) refused() error {
	if len(a.Fields) > 0 {
		return &planner.FieldErrors{List: a.Fields, More: a.More}
	}
	if a.Code == "" {
		return nil
	}
	for _, r := range refusals {
		if a.Code == r.code {
			return &refusal{a.Detail, r.err, a.Why}
		}
	}
	return fmt.Errorf("%w: %s", ErrPeerSilent, a.Detail)
}

// PeerDecide answers another instance: what came of a command in an epoch, and how far the ledger goes; that alone where there
// is no command.
type PeerDecide func(ctx context.Context, epoch uint64, c *planner.Command) (planner.Outcome, uint64, error)

// peerSign is the HMAC of parts, in hexadecimal. No part but the last holds a newline.
func peerSign(secret []byte, parts ...string) string {
	h := hmac.New(sha256.New, secret)
	io.WriteString(h, peerDomain+strings.Join(parts, "\n"))
	return hex.EncodeToString(h.Sum(nil))
}

// peerHandler answers what other instances ask. Decide is given the epoch that they ask it of, and a command or nil; it
// returns how far the ledger goes besides. Whoever has not the secret is bounded like one who tries to get in; an instance of
// the cluster has a limit of its own, since it speaks for all that are signed in there. Tracer may be nil.
func peerHandler(secret []byte, limits *limiters, tracer *trace.Tracer, decide PeerDecide) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		refuse := func() {
			if !limits.address(address(r)) {
				tooMany(w)
				return
			}
			writeProblem(w, http.StatusUnauthorized, "this is for the instances of one cluster, which share a secret")
		}
		signature := r.Header.Get(peerSignature)
		if r.Method != http.MethodPost || len(signature) != 2*sha256.Size { // its body is not looked at
			refuse()
			return
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxPeerBytes))
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			writeProblem(w, http.StatusRequestEntityTooLarge, fmt.Sprintf("a question has %d bytes at most", large.Limit))
			return
		}
		if err != nil {
			writeProblem(w, http.StatusBadRequest, "the body cannot be read: "+err.Error())
			return
		}
		if !hmac.Equal([]byte(signature), []byte(peerSign(secret, "ask", string(body)))) {
			refuse()
			return
		}
		if !limits.peer(address(r)) {
			tooMany(w)
			return
		}
		var q peerQuestion
		if err := json.Unmarshal(body, &q); err != nil {
			writeProblem(w, http.StatusBadRequest, "the question cannot be read: "+err.Error())
			return
		}
		if q.Command != nil && (q.Command.ID == "" || q.Command.Exporter == "") {
			writeProblem(w, http.StatusBadRequest, "a command has an id and an exporter") // those without are the leader's own
			return
		}
		var a peerAnswer
		ctx := r.Context()
		if parent := r.Header.Get(trace.Header); parent != "" {
			var span trace.Span
			ctx, span = tracer.Receive(ctx, trace.Server, "decide for another", parent)
			defer span.End()
		}
		a.Outcome, a.Head, err = decide(ctx, q.Epoch, q.Command)
		a.refuse(err)
		out, err := json.Marshal(a)
		if err != nil {
			writeProblem(w, http.StatusInternalServerError, err.Error())
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set(peerSignature, peerSign(secret, "answer", signature, string(out)))
		w.Write(out)
	})
}

func tooMany(w http.ResponseWriter) {
	w.Header().Set("Retry-After", "60")
	writeProblem(w, http.StatusTooManyRequests, "too many requests from your address; try again in a minute")
}

// Peers asks other instances.
type Peers struct {
	secret []byte
	client *http.Client
}

// NewPeers returns a Peers for instances that share a secret.
func NewPeers(secret []byte) *Peers {
	dialer := net.Dialer{Timeout: 2 * time.Second}
	return &Peers{secret, &http.Client{
		Transport: &http.Transport{DialContext: dialer.DialContext, MaxIdleConnsPerHost: 64,
			IdleConnTimeout: 30 * time.Second}, // well before the other side's
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Close drops the connections that are not in use.
func (p *Peers) Close() { p.client.CloseIdleConnections() }

// Decide has the leader of an epoch, at an address of HOST:PORT or a URL, decide a command. It returns how far the
// ledger goes, too; that alone where c is nil. What the leader refuses is an error as its own Decide returns it.
func (p *Peers) Decide(ctx context.Context, address string, epoch uint64, c *planner.Command) (planner.Outcome, uint64, error) {
	ctx, span := trace.StepAs(ctx, trace.Client, "ask the leader")
	defer span.End()
	body, err := json.Marshal(peerQuestion{epoch, c})
	if err != nil {
		return planner.Outcome{}, 0, err
	}
	if !strings.Contains(address, "://") {
		address = "http://" + address
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(address, "/")+PeerPath, bytes.NewReader(body))
	if err != nil {
		return planner.Outcome{}, 0, fmt.Errorf("%w: %w", ErrPeerAway, err)
	}
	signature := peerSign(p.secret, "ask", string(body))
	r.Header.Set(peerSignature, signature)
	r.Header.Set("Content-Type", "application/json")
	if span.On() {
		r.Header.Set(trace.Header, span.Cause().String())
	}
	answer, err := p.client.Do(r)
	if err != nil {
		var dial *net.OpError
		if errors.As(err, &dial) && dial.Op == "dial" {
			return planner.Outcome{}, 0, fmt.Errorf("%w: %w", ErrPeerAway, err)
		}
		return planner.Outcome{}, 0, fmt.Errorf("%w: %w", ErrPeerSilent, err)
	}
	defer answer.Body.Close()
	out, err := io.ReadAll(io.LimitReader(answer.Body, maxPeerBytes))
	switch {
	case err != nil:
		return planner.Outcome{}, 0, fmt.Errorf("%w: %w", ErrPeerSilent, err)
	case answer.StatusCode == http.StatusUnauthorized:
		return planner.Outcome{}, 0, ErrPeerSecret
	case answer.StatusCode != http.StatusOK:
		return planner.Outcome{}, 0, fmt.Errorf("%w: it answers %s", ErrPeerAway, strconv.Itoa(answer.StatusCode))
	case !hmac.Equal([]byte(answer.Header.Get(peerSignature)), []byte(peerSign(p.secret, "answer", signature, string(out)))):
		return planner.Outcome{}, 0, fmt.Errorf("%w: %w", ErrPeerSilent, ErrPeerSecret)
	}
	var a peerAnswer
	if err := json.Unmarshal(out, &a); err != nil {
		return planner.Outcome{}, 0, fmt.Errorf("%w: %w", ErrPeerSilent, err)
	}
	return a.Outcome, a.Head, a.refused()
}
