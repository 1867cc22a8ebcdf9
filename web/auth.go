package web

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"
)

// Role is what a person does here.
type Role string

// Roles.
const (
	Firm       Role = "firm"       // publishes departures and warehouses
	Exporter   Role = "exporter"   // asks for room
	Commission Role = "commission" // watches over all
)

const (
	cookieName    = "haihe_session"
	maxTokenBytes = 2048
	tokenDomain   = "haihe session 1\n" // keeps the key's other uses, if any, apart
)

var errToken = errors.New("the sign-in link is not valid; use one that haihe serve printed")

// session says who is signed in. Org is what stands in carrier, operator or exporter of what belongs to it.
type session struct {
	Role Role   `json:"role"`
	Org  string `json:"org"`
	Name string `json:"name,omitempty"`

	browser string // tells the browsers of one organisation apart, so that signing out ends only one
}

func (s session) viewer() viewer {
	if s.Role == Commission {
		return viewer{role: Commission}
	}
	return viewer{s.Role, s.Org}
}

// source is the publisher of the events that come from the session.
func (s session) source() string { return "/" + string(s.Role) + "s/" + url.PathEscape(s.Org) }

func (s session) valid() bool {
	switch s.Role {
	case Firm, Exporter, Commission:
	default:
		return false
	}
	return s.Org != "" && len(s.Org) <= 200 && len(s.Name) <= 400 && utf8.ValidString(s.Org) && utf8.ValidString(s.Name)
}

// token signs a session: base64url(JSON) "." base64url(HMAC-SHA256).
func token(secret []byte, s session) string {
	body, err := json.Marshal(s)
	if err != nil {
		panic(err) // strings alone
	}
	return base64.RawURLEncoding.EncodeToString(body) + "." + base64.RawURLEncoding.EncodeToString(mac(secret, body))
}

func mac(secret, body []byte) []byte {
	h := hmac.New(sha256.New, secret)
	h.Write([]byte(tokenDomain))
	h.Write(body)
	return h.Sum(nil)
}

// parseToken returns the session that a token signed with secret speaks for.
func parseToken(secret []byte, t string) (session, error) {
	if len(t) > maxTokenBytes {
		return session{}, errToken
	}
	head, tail, ok := strings.Cut(t, ".")
	if !ok {
		return session{}, errToken
	}
	strict := base64.RawURLEncoding.Strict()
	body, err := strict.DecodeString(head)
	if err != nil {
		return session{}, errToken
	}
	sum, err := strict.DecodeString(tail)
	if err != nil || !hmac.Equal(sum, mac(secret, body)) {
		return session{}, errToken
	}
	var s session
	if err := json.Unmarshal(body, &s); err != nil || !s.valid() {
		return session{}, errToken
	}
	return s, nil
}

// SignInLink is the function SignInLink for a token of this server. It panics if there can be no such session.
func (s *Server) SignInLink(base string, role Role, org, name string) string {
	t, err := Token(s.cfg.Secret, role, org, name)
	if err != nil {
		panic(err)
	}
	return SignInLink(base, t)
}

// signIn exchanges the token of a link for a cookie, so that it is gone from the address bar.
func (s *Server) signIn(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	t := r.URL.Query().Get("token")
	if _, err := parseToken(s.cfg.Secret, t); err != nil {
		plainPage(w, http.StatusUnauthorized, "Sign-in link not valid",
			"This sign-in link is not valid: it is cut short, or belongs to another data folder. Use one of the links that haihe serve printed when it started.")
		return
	}
	var browser [8]byte
	rand.Read(browser[:])
	http.SetCookie(w, &http.Cookie{Name: cookieName, Value: t + "~" + hex.EncodeToString(browser[:]), Path: "/",
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: r.TLS != nil})
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// authenticate returns who a request comes from, and whether a cookie says so, as browsers send it unasked.
func (s *Server) authenticate(r *http.Request) (who session, byCookie bool, err error) {
	if h := r.Header.Get("Authorization"); h != "" {
		scheme, t, _ := strings.Cut(h, " ")
		if !strings.EqualFold(scheme, "Bearer") {
			return session{}, false, errors.New(`the Authorization header must be "Bearer TOKEN"`)
		}
		who, err = parseToken(s.cfg.Secret, strings.TrimSpace(t))
		return who, false, err
	}
	c, err := r.Cookie(cookieName)
	if err != nil {
		return session{}, false, errors.New("not signed in; use one of the sign-in links that haihe serve printed")
	}
	t, browser, _ := strings.Cut(c.Value, "~")
	who, err = parseToken(s.cfg.Secret, t)
	who.browser = browser
	return who, true, err
}

// sameOrigin reports whether the page that a request comes from is ours. A request without an Origin comes from
// no page; a browser always sends it with a websocket and with whatever changes state.
func sameOrigin(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return r.Header.Get("Sec-Fetch-Site") == "" || r.Header.Get("Sec-Fetch-Site") == "same-origin"
	}
	u, err := url.Parse(origin)
	return err == nil && u.Host != "" && strings.EqualFold(u.Host, r.Host)
}
