package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"haihe/planner/access"
)

// linkGrace is how long a link may be opened again: one made now is opened on a second screen, or by whatever looks at
// a link before its reader does.
const linkGrace = 10 * time.Minute

var errRefused = errors.New("web: no entry")

// SignInLink is Link with the key and the clock of this server. It panics if there can be no such account.
func (s *Server) SignInLink(base string, a Account, good time.Duration) string {
	l, err := Link(s.cfg.Secret, base, a, s.cfg.Now(), good)
	if err != nil {
		panic(err)
	}
	return l
}

// signIn exchanges the token of a link for a cookie, so that it is gone from the address bar.
func (s *Server) signIn(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	if !s.limits.address(address(r)) {
		s.audit(r, session{}, "sign-in", "", "too many attempts")
		tooManyAttempts(w)
		return
	}
	c, err := openToken(s.cfg.Secret, r.URL.Query().Get("token"), useLink, s.cfg.Now())
	if err == nil {
		err = s.byLink(w, r, c)
	}
	switch {
	case err == nil:
		http.Redirect(w, r, "/", http.StatusSeeOther)
	case errors.Is(err, errToken), errors.Is(err, errRefused):
		s.audit(r, session{}, "sign-in", "link", "refused")
		plainPage(w, http.StatusUnauthorized, "Sign-in link not valid",
			"This sign-in link is not valid: it is cut short, has been used or is too old, or its account was closed. The operator makes a new one with haihe link; haihe serve prints some when it starts.")
	default:
		s.cfg.Logger.Error("web: a sign-in failed", "error", err)
		w.Header().Set("Retry-After", "2")
		plainPage(w, http.StatusServiceUnavailable, "Not now", "The service cannot note the sign-in at the moment. Open the link again in a few seconds.")
	}
}

func tooManyAttempts(w http.ResponseWriter) {
	w.Header().Set("Retry-After", "60")
	plainPage(w, http.StatusTooManyRequests, "Too many attempts", "There were too many attempts to sign in from your address. Try again in a minute.")
}

// byLink makes a session of what a link says.
func (s *Server) byLink(w http.ResponseWriter, r *http.Request, c claims) error {
	reg, org := s.cfg.Access, access.OrgID{Kind: c.Role, ID: c.Org}
	made := time.Unix(c.Made, 0)
	again := s.cfg.Now().Before(made.Add(linkGrace))
	if reg.UsedBy(c.Nonce) != "" && !again {
		return errRefused
	}
	// What the operator's link names and the log does not know yet comes to be by it; what was taken away stays away.
	var records []access.Record
	if _, known := reg.Org(org); !known {
		records = append(records, access.Record{Org: &access.Org{OrgID: org, Name: c.Name}})
	}
	if _, known := reg.User(c.User); !known {
		records = append(records, access.Record{User: &access.User{ID: c.User, Name: c.Name}})
	}
	if _, known := reg.Entry(org, c.User); !known {
		records = append(records, access.Record{Member: &access.Member{Org: org, User: c.User, Level: c.Level}})
	}
	id := access.NewID("s")
	records = append(records, access.Record{Use: &access.Use{Nonce: c.Nonce, By: id, Until: time.Unix(c.Ends, 0).UTC()}})
	if err := s.commit(r.Context(), c.User, records...); err != nil {
		return err
	}
	if reg.UsedBy(c.Nonce) != id && !again {
		return errRefused // another was quicker
	}
	return s.enter(w, r, id, org, c.User, "link")
}

// enter begins a session of a member and gives the browser its cookie. A session that the browser had ends.
func (s *Server) enter(w http.ResponseWriter, r *http.Request, id string, org access.OrgID, user, via string) error {
	if _, ok := s.cfg.Access.Member(org, user); !ok {
		return errRefused
	}
	now, secret := s.cfg.Now().UTC(), access.NewSecret()
	begun := &access.Session{ID: id, Hash: access.Hash(secret), Org: org, User: user, Via: via, From: address(r),
		Agent: printable(r.UserAgent(), 200), Begun: now, Ends: now.Add(s.cfg.SessionMax)}
	records := []access.Record{{Session: begun}}
	if c, err := r.Cookie(s.cookieName(r)); err == nil {
		if p, err := s.secretOf(c.Value); err == nil && !p.Key {
			records = append(records, s.ending(p.ID, now)...)
		}
	}
	if err := s.commit(r.Context(), user, records...); err != nil {
		return err
	}
	p, err := s.cfg.Access.ByID(id)
	if err != nil {
		return errRefused
	}
	s.audit(r, sessionOf(p), "sign-in", via, "ok")
	http.SetCookie(w, s.cookie(r, secret))
	return nil
}

// ending returns the record that ends a session, if it is there.
func (s *Server) ending(id string, now time.Time) []access.Record {
	p, err := s.cfg.Access.ByID(id)
	if err != nil {
		return nil
	}
	for _, x := range s.cfg.Access.Sessions(p.Org.OrgID) {
		if x.ID == id {
			x.Ended = &now
			return []access.Record{{Session: &x}}
		}
	}
	return nil
}

// endSession ends a session everywhere, and its websockets here at once.
func (s *Server) endSession(ctx context.Context, by, id string) error {
	records := s.ending(id, s.cfg.Now().UTC())
	if len(records) == 0 {
		return nil
	}
	if err := s.commit(ctx, by, records...); err != nil {
		return err
	}
	s.hub.review(s.valid)
	return nil
}

type signedOut struct {
	Cookie []http.Cookie `header:"Set-Cookie"`
}

// signOut ends the session that asks for it.
func (s *Server) signOut(ctx context.Context, who session, _ *nothing) (*signedOut, error) {
	if who.key || who.id == "" {
		return nil, huma.Error409Conflict("a key or token is no session; revoke a key with DELETE /api/keys/{id}")
	}
	if err := s.endSession(ctx, who.user, who.id); err != nil {
		return nil, fmt.Errorf("web: signing out: %w", err)
	}
	gone := func(name string, secure bool) http.Cookie {
		return http.Cookie{Name: name, Path: "/", MaxAge: -1, HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: secure}
	}
	return &signedOut{[]http.Cookie{gone(cookieName, false), gone(secureCookieName, true)}}, nil
}

// printable cuts what a client says of itself to what may be shown and kept.
func printable(text string, most int) string {
	var b []rune
	for _, r := range text {
		if len(b) >= most {
			break
		}
		if r >= ' ' && r < 0x7f {
			b = append(b, r)
		}
	}
	return string(b)
}
