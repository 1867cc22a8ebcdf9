package web

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"haihe/planner/access"
)

// Role is what the organisation of a person does here.
type Role = access.Kind

// Roles.
const (
	Firm       = access.Firm
	Exporter   = access.Exporter
	Commission = access.Commission
	Operator   = access.Operator // runs the service; a token of its key alone, no session
)

// The cookie of a session. A browser takes one with the prefix only over TLS, for this host alone.
const (
	cookieName       = "haihe_session"
	secureCookieName = "__Host-" + cookieName
)

var (
	errNobody = errors.New("not signed in; use a sign-in link (haihe link makes one), the sign-in page or an API key")
	errScheme = errors.New(`the Authorization header must be "Bearer KEY"`)
	errUnread = errors.New("the service is starting and cannot tell yet who you are; try again in a moment")
)

// session says who is signed in. Org is what stands in carrier, operator or exporter of what belongs to it.
type session struct {
	Role Role
	Org  string
	Name string

	user   string
	level  access.Level // "" of a key
	scopes []access.Scope
	id     string // of the session or key; "" of a token
	key    bool
	ends   time.Time
}

func (s session) viewer() viewer {
	if s.Role == Commission || s.Role == Operator {
		return viewer{role: s.Role}
	}
	return viewer{s.Role, s.Org}
}

func (s session) org() access.OrgID { return access.OrgID{Kind: s.Role, ID: s.Org} }

func (s session) may(scope access.Scope) bool { return slices.Contains(s.scopes, scope) }

// source is the publisher of the events that come from the session.
func (s session) source() string { return "/" + string(s.Role) + "s/" + url.PathEscape(s.Org) }

func sessionOf(p access.Principal) session {
	return session{Role: p.Org.Kind, Org: p.Org.ID, Name: p.Org.Name, user: p.User.ID, level: p.Level, scopes: p.Scopes, id: p.ID, key: p.Key, ends: p.Ends}
}

// ofClaims is whoever a signed token speaks for.
func ofClaims(c claims) session {
	return session{Role: c.Role, Org: c.Org, Name: c.Name, user: c.User, level: c.Level, scopes: c.Level.Scopes(c.Role), ends: time.Unix(c.Ends, 0)}
}

// authenticate returns who a request comes from, and whether a cookie says so, as browsers send it unasked.
func (s *Server) authenticate(r *http.Request) (who session, byCookie bool, err error) {
	defer func() {
		if err == nil {
			s.touch(who)
		}
	}()
	if h := r.Header.Get("Authorization"); h != "" {
		scheme, t, _ := strings.Cut(h, " ")
		if !strings.EqualFold(scheme, "Bearer") {
			return session{}, false, errScheme
		}
		if !s.accessRead() {
			return session{}, false, errUnread
		}
		who, err = s.bearer(strings.TrimSpace(t))
		return who, false, err
	}
	c, err := r.Cookie(s.cookieName(r))
	if err != nil {
		return session{}, false, errNobody
	}
	if !s.accessRead() {
		return session{}, true, errUnread
	}
	p, err := s.secretOf(c.Value)
	if err != nil || p.Key {
		return session{}, true, errNobody
	}
	return sessionOf(p), true, nil
}

func (s *Server) accessRead() bool { return s.cfg.AccessRead == nil || s.cfg.AccessRead() }

// bearer returns whoever a key, a session or a token of the operator's commands speaks for.
func (s *Server) bearer(t string) (session, error) {
	if p, err := s.secretOf(t); err == nil {
		return sessionOf(p), nil
	}
	c, err := s.tokens.open(s.cfg.Secret, t, s.cfg.Now())
	if err != nil {
		return session{}, errNobody
	}
	if o, known := s.cfg.Access.Org(access.OrgID{Kind: c.Role, ID: c.Org}); known && o.Closed {
		return session{}, errNobody
	}
	return ofClaims(c), nil
}

// maxSecretBytes is more than any secret of a session or key has.
const maxSecretBytes = 128

func (s *Server) secretOf(t string) (access.Principal, error) {
	if t == "" || len(t) > maxSecretBytes {
		return access.Principal{}, access.ErrNoEntry
	}
	return s.cfg.Access.BySecret(t)
}

// valid reports whether a session, key or token that was good still is, with the same view.
func (s *Server) valid(who session) bool {
	if who.id == "" {
		o, known := s.cfg.Access.Org(who.org())
		return s.cfg.Now().Before(who.ends) && !(known && o.Closed)
	}
	p, err := s.cfg.Access.ByID(who.id)
	return err == nil && sessionOf(p).viewer() == who.viewer() && p.May(access.Read)
}

// secure reports whether browsers reach the service over TLS.
func (s *Server) secure(r *http.Request) bool { return r.TLS != nil || s.cfg.Secure }

func (s *Server) cookieName(r *http.Request) string {
	if s.secure(r) {
		return secureCookieName
	}
	return cookieName
}

// cookie makes the cookie of a session. It ends with the browser; the session may end before.
func (s *Server) cookie(r *http.Request, value string) *http.Cookie {
	c := &http.Cookie{Name: s.cookieName(r), Value: value, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: s.secure(r)}
	if value == "" {
		c.MaxAge = -1
	}
	return c
}

// sameOrigin reports whether the page that a request comes from is ours, or one that the operator allows. A request
// without an Origin comes from no page; a browser always sends it with a websocket and with whatever changes state.
func (s *Server) sameOrigin(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return r.Header.Get("Sec-Fetch-Site") == "" || r.Header.Get("Sec-Fetch-Site") == "same-origin"
	}
	if slices.ContainsFunc(s.cfg.Origins, func(o string) bool { return strings.EqualFold(o, origin) }) {
		return true
	}
	u, err := url.Parse(origin)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return false
	}
	return strings.EqualFold(u.Host, r.Host) && (u.Scheme == "https" || !s.secure(r))
}

// address is where a request comes from.
func address(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// commitWait is how long a change of who may do what may take to be on the log and back.
const commitWait = 15 * time.Second

// commit puts records on the log and returns when this instance has folded them, whatever becomes of ctx.
func (s *Server) commit(ctx context.Context, by string, records ...access.Record) error {
	return s.commitUnlessEnded(context.WithoutCancel(ctx), by, records...)
}

// commitUnlessEnded is commit for what need not be written when ctx ends.
func (s *Server) commitUnlessEnded(ctx context.Context, by string, records ...access.Record) error {
	ctx, cancel := context.WithTimeout(ctx, commitWait)
	defer cancel()
	for i := range records {
		records[i].At, records[i].By = s.cfg.Now().UTC(), by
	}
	return s.cfg.Commit(ctx, records...)
}

// toucher notes that sessions and keys are used: seldom, as each note is a record.
type toucher struct {
	mu    sync.Mutex
	under map[string]bool // being noted
	wg    sync.WaitGroup
	shut  bool
}

// touch notes that a session or key is used. It does not wait.
func (s *Server) touch(who session) {
	if who.id == "" {
		return
	}
	now := s.cfg.Now()
	if now.Sub(s.cfg.Access.LastSeen(who.id)) < s.cfg.SessionIdle/16 {
		return
	}
	t := &s.toucher
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.shut || t.under[who.id] {
		return
	}
	if t.under == nil {
		t.under = map[string]bool{}
	}
	t.under[who.id] = true
	t.wg.Go(func() {
		err := s.commitUnlessEnded(s.guard.life, "", access.Record{Seen: &access.Seen{ID: who.id, At: now.UTC()}})
		if err != nil && s.guard.life.Err() == nil {
			s.cfg.Logger.Warn("web: the use of a session could not be noted", "error", err)
		}
		t.mu.Lock()
		defer t.mu.Unlock()
		delete(t.under, who.id)
	})
}

func (t *toucher) wait() {
	t.mu.Lock()
	t.shut = true
	t.mu.Unlock()
	t.wg.Wait()
}
