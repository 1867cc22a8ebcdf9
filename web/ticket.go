package web

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"haihe/planner/access"
)

// ticketFor is how long a ticket opens the websocket.
const ticketFor = 30 * time.Second

type ticketAnswer struct {
	Body struct {
		Ticket  string    `json:"ticket" doc:"Opens /api/live?ticket=… once"`
		Expires time.Time `json:"expires"`
	}
}

// ticket makes a ticket for clients that can send no header with a websocket, and have no cookie.
func (s *Server) ticket(_ context.Context, who session, _ *nothing) (*ticketAnswer, error) {
	now := s.cfg.Now()
	c := claims{Use: useLive, ID: who.id, Nonce: newNonce(), Made: now.Unix(), Ends: now.Add(ticketFor).Unix()}
	if who.id == "" {
		c.Role, c.Org, c.Name, c.User, c.Level = who.Role, who.Org, who.Name, who.user, who.level
	}
	a := &ticketAnswer{}
	a.Body.Ticket, a.Body.Expires = sign(s.cfg.Secret, c), time.Unix(c.Ends, 0).UTC()
	return a, nil
}

// atTheDoor is authenticate for the websocket, which a ticket opens too.
func (s *Server) atTheDoor(r *http.Request) (who session, byCookie bool, err error) {
	q := r.URL.Query()
	if !q.Has("ticket") {
		who, byCookie, err = s.authenticate(r)
		if err == nil && !who.may(access.Read) {
			err = errNobody
		}
		return who, byCookie, err
	}
	who, err = s.byTicket(r.Context(), q.Get("ticket"))
	return who, false, err
}

func (s *Server) byTicket(ctx context.Context, t string) (session, error) {
	c, err := openToken(s.cfg.Secret, t, useLive, s.cfg.Now())
	if err != nil || s.cfg.Access.UsedBy(c.Nonce) != "" {
		return session{}, errNobody
	}
	by := access.NewID("t")
	if err := s.commit(ctx, c.User, access.Record{Use: &access.Use{Nonce: c.Nonce, By: by, Until: time.Unix(c.Ends, 0).UTC()}}); err != nil {
		return session{}, fmt.Errorf("web: a ticket could not be taken: %w", err)
	}
	if s.cfg.Access.UsedBy(c.Nonce) != by {
		return session{}, errNobody // another was quicker
	}
	if c.ID == "" {
		who := ofClaims(c)
		who.ends = s.cfg.Now().Add(maxBearer)
		return who, nil
	}
	p, err := s.cfg.Access.ByID(c.ID)
	if err != nil || !p.May(access.Read) {
		return session{}, errNobody
	}
	return sessionOf(p), nil
}

// retryAfter is in how many seconds whoever was refused may try again.
var retryAfter = map[int]string{http.StatusTooManyRequests: "60", http.StatusServiceUnavailable: "2"}

// refuse answers whoever does not get in; all alike.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, err error) {
	status, detail := s.refusal(r, err)
	if after := retryAfter[status]; after != "" {
		w.Header().Set("Retry-After", after)
	}
	writeProblem(w, status, detail)
}

// refusal counts who comes with something that lets nobody in. To guess what lets somebody in is hopeless; the limit
// keeps the log from being filled by it.
func (s *Server) refusal(r *http.Request, err error) (int, string) {
	tried := r.Header.Get("Authorization") != "" || r.URL.Query().Has("ticket")
	switch {
	case err == errUnread: //nolint:errorlint // returned as it is
		return http.StatusServiceUnavailable, err.Error()
	case err != errNobody && err != errScheme: //nolint:errorlint // both are returned as they are
		s.cfg.Logger.Error("web: the door", "error", err)
		return http.StatusServiceUnavailable, "the service cannot tell who you are at the moment; try again"
	case tried && !s.limits.address(address(r)):
		return http.StatusTooManyRequests, "too many attempts from your address; try again in a minute"
	case tried:
		s.audit(r, session{}, "enter", r.URL.Path, "refused")
	}
	return http.StatusUnauthorized, err.Error()
}
