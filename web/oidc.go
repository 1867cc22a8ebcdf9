package web

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"haihe/planner/access"
)

// OIDC is a provider of sign-ins. The flow is that of an authorization code with PKCE, state and nonce.
type OIDC struct {
	Issuer       string
	ClientID     string
	ClientSecret string   // "" of a public client
	Scopes       []string // besides openid; nil: profile, email
	Rules        []ClaimRule
}

// ClaimRule lets whoever a claim holds for into an organisation. The first that fits counts.
type ClaimRule struct {
	Claim string       `json:"claim"` // e.g. groups; a list fits if one of it does
	Value string       `json:"value"` // "*": any
	Kind  Role         `json:"kind"`
	Org   string       `json:"org"` // "{}" stands for the value
	Name  string       `json:"name,omitempty"`
	Level access.Level `json:"level"`
}

// Valid says what is wrong with a rule.
func (r ClaimRule) Valid() error {
	switch {
	case r.Claim == "" || r.Value == "" || r.Org == "":
		return errors.New("claim, value and org must not be empty")
	case r.Kind != Firm && r.Kind != Exporter && r.Kind != Commission:
		return fmt.Errorf("kind is firm, exporter or commission, not %.40q", r.Kind)
	case !r.Level.Valid():
		return fmt.Errorf("level is reader, editor or admin, not %.40q", r.Level)
	case r.Value == "*" && r.Level == access.Admin && !strings.Contains(r.Org, "{}"):
		return errors.New("a rule for any value makes nobody an admin")
	}
	return nil
}

// provider is asked for its addresses and keys when somebody first signs in: the service starts without it.
type provider struct {
	mu       sync.Mutex
	found    *oidc.Provider
	verifier *oidc.IDTokenVerifier
}

const (
	providerWait = 15 * time.Second
	loginFor     = 10 * time.Minute
	loginCookie  = "haihe_login"
)

func (s *Server) provider(ctx context.Context) (*oauth2.Config, *oidc.IDTokenVerifier, error) {
	p, cfg := &s.oidc, s.cfg.OIDC
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.found == nil {
		// The provider keeps the context for fetching its keys later.
		found, err := oidc.NewProvider(oidc.ClientContext(context.WithoutCancel(ctx), &http.Client{Timeout: providerWait}), cfg.Issuer)
		if err != nil {
			return nil, nil, err
		}
		p.found, p.verifier = found, found.Verifier(&oidc.Config{ClientID: cfg.ClientID, Now: s.cfg.Now})
	}
	scopes := cfg.Scopes
	if scopes == nil {
		scopes = []string{"profile", "email"}
	}
	return &oauth2.Config{ClientID: cfg.ClientID, ClientSecret: cfg.ClientSecret, Endpoint: p.found.Endpoint(),
		RedirectURL: strings.TrimSuffix(s.cfg.URL, "/") + "/signin/oidc/callback", Scopes: append([]string{oidc.ScopeOpenID}, scopes...)}, p.verifier, nil
}

func (s *Server) oidcRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /signin/ways", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-cache")
		json.NewEncoder(w).Encode(map[string]bool{"oidc": s.cfg.OIDC != nil})
	})
	if s.cfg.OIDC == nil {
		return
	}
	mux.HandleFunc("GET /signin/oidc", s.beginLogin)
	mux.HandleFunc("GET /signin/oidc/callback", s.endLogin)
}

// loginName is the name of the cookie of a sign-in that is under way.
func (s *Server) loginName(r *http.Request) string {
	if s.secure(r) {
		return "__Host-" + loginCookie
	}
	return loginCookie
}

// beginLogin sends the browser to the provider. What must come back with it is in a cookie, signed: any instance may
// end what another began.
func (s *Server) beginLogin(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	if !s.limits.address(address(r)) {
		tooManyAttempts(w)
		return
	}
	flow, _, err := s.provider(r.Context())
	if err != nil {
		s.cfg.Logger.Error("web: the sign-in provider does not answer", "issuer", s.cfg.OIDC.Issuer, "error", err)
		plainPage(w, http.StatusBadGateway, "Not now", "The sign-in provider does not answer. Try again later, or use a sign-in link.")
		return
	}
	now := s.cfg.Now()
	c := claims{Use: useLogin, State: newNonce(), Nonce: newNonce(), Verifier: oauth2.GenerateVerifier(), Want: cut(r.URL.Query().Get("org"), 300),
		Made: now.Unix(), Ends: now.Add(loginFor).Unix()}
	http.SetCookie(w, &http.Cookie{Name: s.loginName(r), Value: sign(s.cfg.Secret, c), Path: "/", MaxAge: int(loginFor.Seconds()),
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: s.secure(r)})
	http.Redirect(w, r, flow.AuthCodeURL(c.State, oidc.Nonce(c.Nonce), oauth2.S256ChallengeOption(c.Verifier)), http.StatusSeeOther)
}

// endLogin takes what the provider sends back.
func (s *Server) endLogin(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	if !s.limits.address(address(r)) {
		tooManyAttempts(w)
		return
	}
	who, want, err := s.vouched(r)
	http.SetCookie(w, &http.Cookie{Name: s.loginName(r), Path: "/", MaxAge: -1, HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: s.secure(r)})
	if err != nil {
		s.cfg.Logger.Warn("web: a sign-in by the provider failed", "error", err)
		s.audit(r, session{}, "sign-in", "oidc", "refused")
		plainPage(w, http.StatusUnauthorized, "Sign-in failed", "The sign-in was not completed. Begin again at the start page.")
		return
	}
	places := s.placesOf(who)
	if i := slices.IndexFunc(places, func(p place) bool { return p.member.Org.String() == want }); i >= 0 {
		places = places[i : i+1]
	}
	switch len(places) {
	case 0:
		s.audit(r, session{}, "sign-in", "oidc "+who.subject, "no member")
		plainPage(w, http.StatusForbidden, "No account here", "The provider knows you, but no organisation here does. Ask an admin of yours to add your e-mail address, or the operator for a rule.")
	case 1:
		if err := s.byProvider(w, r, places[0]); errors.Is(err, errRefused) {
			s.audit(r, session{}, "sign-in", "oidc "+who.subject, "refused")
			plainPage(w, http.StatusForbidden, "No account here", "Your account here was closed. Ask an admin of your organisation.")
		} else if err != nil {
			s.cfg.Logger.Error("web: a sign-in failed", "error", err)
			plainPage(w, http.StatusServiceUnavailable, "Not now", "The service cannot note the sign-in at the moment. Try again in a few seconds.")
		} else {
			http.Redirect(w, r, "/", http.StatusSeeOther)
		}
	default:
		s.chooseOrg(w, places)
	}
}

// person is whom the provider vouches for.
type person struct {
	subject, name, email string
	all                  map[string]any
}

// vouched checks what the provider sends back against what the browser was sent with.
func (s *Server) vouched(r *http.Request) (person, string, error) {
	cookie, err := r.Cookie(s.loginName(r))
	if err != nil {
		return person{}, "", errors.New("the browser has not begun to sign in")
	}
	begun, err := openToken(s.cfg.Secret, cookie.Value, useLogin, s.cfg.Now())
	if err != nil {
		return person{}, "", err
	}
	q := r.URL.Query()
	if subtle.ConstantTimeCompare([]byte(q.Get("state")), []byte(begun.State)) != 1 {
		return person{}, "", errors.New("the state is not the one that the browser was sent with")
	}
	if q.Get("error") != "" {
		return person{}, "", fmt.Errorf("the provider says %q: %q", cut(q.Get("error"), 100), cut(q.Get("error_description"), 300))
	}
	ctx, cancel := context.WithTimeout(r.Context(), providerWait)
	defer cancel()
	flow, verifier, err := s.provider(ctx)
	if err != nil {
		return person{}, "", err
	}
	token, err := flow.Exchange(ctx, q.Get("code"), oauth2.VerifierOption(begun.Verifier))
	if err != nil {
		return person{}, "", err
	}
	raw, ok := token.Extra("id_token").(string)
	if !ok {
		return person{}, "", errors.New("the provider sent no id_token")
	}
	id, err := verifier.Verify(ctx, raw)
	if err != nil {
		return person{}, "", err
	}
	if subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(begun.Nonce)) != 1 {
		return person{}, "", errors.New("the nonce is not the one that the browser was sent with")
	}
	p := person{subject: id.Subject}
	if err := id.Claims(&p.all); err != nil {
		return person{}, "", err
	}
	if err := s.more(ctx, token, &p); err != nil {
		return person{}, "", err
	}
	p.name, _ = p.all["name"].(string)
	if verified, _ := p.all["email_verified"].(bool); verified {
		p.email, _ = p.all["email"].(string)
	} else {
		delete(p.all, "email") // anybody may claim one
	}
	return p, begun.Want, nil
}

// more adds the claims that the provider tells at its userinfo address alone.
func (s *Server) more(ctx context.Context, token *oauth2.Token, p *person) error {
	s.oidc.mu.Lock()
	found := s.oidc.found
	s.oidc.mu.Unlock()
	if found.UserInfoEndpoint() == "" {
		return nil
	}
	info, err := found.UserInfo(ctx, oauth2.StaticTokenSource(token))
	if err != nil {
		return err
	}
	if info.Subject != p.subject {
		return errors.New("the userinfo is of another than the id_token")
	}
	var told map[string]any
	if err := info.Claims(&told); err != nil {
		return err
	}
	for name, value := range told {
		if _, said := p.all[name]; !said {
			p.all[name] = value
		}
	}
	return nil
}

// place is where somebody may go in, and as whom.
type place struct {
	member access.Member
	user   access.User
	org    access.Org
}

// placesOf lists where somebody may go in: by rules of the operator, and as members whose address is theirs.
func (s *Server) placesOf(p person) []place {
	var list []place
	for _, rule := range s.cfg.OIDC.Rules {
		value, fits := rule.fits(p.all)
		if !fits {
			continue
		}
		org := access.OrgID{Kind: rule.Kind, ID: strings.ReplaceAll(rule.Org, "{}", value)}
		if org.Valid() != nil {
			continue
		}
		user := "oidc/" + access.Hash(s.cfg.OIDC.Issuer + "\n" + p.subject)[:32]
		list = append(list, place{access.Member{Org: org, User: user, Level: rule.Level},
			access.User{ID: user, Name: cut(p.name, 200)}, access.Org{OrgID: org, Name: rule.Name}})
		break
	}
	for _, u := range s.cfg.Access.UsersByEmail(p.email) {
		for _, m := range s.cfg.Access.MembershipsOf(u.ID) {
			if o, ok := s.cfg.Access.Org(m.Org); ok && !slices.ContainsFunc(list, func(x place) bool { return x.member.Org == m.Org }) {
				list = append(list, place{m, u, o})
			}
		}
	}
	return list
}

// fits returns the value of the claim that the rule fits.
func (r ClaimRule) fits(all map[string]any) (string, bool) {
	values, isList := all[r.Claim].([]any)
	if !isList {
		values = []any{all[r.Claim]}
	}
	for _, v := range values {
		if text, ok := v.(string); ok && text != "" && (r.Value == "*" || r.Value == text) {
			return text, true
		}
	}
	return "", false
}

// byProvider makes a session for somebody whom the provider vouches for. The level that a rule gives is set anew at
// each sign-in, so that what the provider takes away is gone with it; what an admin took away stays away.
func (s *Server) byProvider(w http.ResponseWriter, r *http.Request, p place) error {
	reg := s.cfg.Access
	var records []access.Record
	if _, known := reg.Org(p.org.OrgID); !known {
		records = append(records, access.Record{Org: &p.org})
	}
	if _, known := reg.User(p.user.ID); !known {
		records = append(records, access.Record{User: &p.user})
	}
	if m, known := reg.Entry(p.member.Org, p.member.User); !known || !m.Gone && m.Level != p.member.Level {
		records = append(records, access.Record{Member: &p.member})
	}
	if len(records) > 0 {
		if err := s.commit(r.Context(), p.user.ID, records...); err != nil {
			return err
		}
	}
	return s.enter(w, r, access.NewID("s"), p.member.Org, p.member.User, "oidc")
}

// chooseOrg asks somebody who is a member of several organisations which to enter. The provider, who knows them now,
// sends them straight back.
func (s *Server) chooseOrg(w http.ResponseWriter, places []place) {
	var b strings.Builder
	b.WriteString(`<!doctype html><meta charset="utf-8"><title>Haihe 海河</title><h1>请选择机构 Which organisation?</h1><ul>`)
	for _, p := range places {
		id := p.member.Org.String()
		name := p.org.Name
		if name == "" {
			name = id
		}
		fmt.Fprintf(&b, `<li><a href="/signin/oidc?org=%s">%s</a>`, html.EscapeString(url.QueryEscape(id)), html.EscapeString(name))
	}
	b.WriteString(`</ul>`)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Write([]byte(b.String()))
}
