package web

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"haihe/planner/access"
)

// Signed tokens say something for a short time and are kept nowhere: who has the key made them. What they are for is
// part of what is signed, so that none does for another.
const (
	useLink   = "link"   // signs a person in, once
	useBearer = "bearer" // is the Authorization of the operator's own commands
	useLive   = "live"   // opens the websocket, once
	useQuote  = "quote"  // is the id of a quote: a way at its cost
	useLogin  = "login"  // carries a sign-in by a provider from its beginning to its end
)

const (
	maxTokenBytes = 4096
	tokenDomain   = "haihe token 2\n" // keeps the key's other uses, if any, apart
)

var errToken = errors.New("the token is not valid, or no longer")

// claims are what a token says.
type claims struct {
	Use   string       `json:"use"`
	Role  Role         `json:"role,omitempty"`
	Org   string       `json:"org,omitempty"`
	Name  string       `json:"name,omitempty"` // of the organisation
	User  string       `json:"user,omitempty"`
	Level access.Level `json:"level,omitempty"`
	ID    string       `json:"id,omitempty"`    // of the session or key that it speaks for
	Nonce string       `json:"nonce,omitempty"` // tells tokens apart that are used once
	Made  int64        `json:"made"`            // s since 1970
	Ends  int64        `json:"ends"`

	State    string `json:"state,omitempty"` // of a login
	Verifier string `json:"verifier,omitempty"`
	Want     string `json:"want,omitempty"` // organisation that is asked for

	Offer *offer `json:"offer,omitempty"` // of a quote
}

func newNonce() string {
	var b [16]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// sign makes a token: base64url(JSON) "." base64url(HMAC-SHA256).
func sign(secret []byte, c claims) string {
	body, err := json.Marshal(c)
	if err != nil {
		panic(err) // strings and numbers alone
	}
	return base64.RawURLEncoding.EncodeToString(body) + "." + base64.RawURLEncoding.EncodeToString(mac(secret, body))
}

func mac(secret, body []byte) []byte {
	h := hmac.New(sha256.New, secret)
	h.Write([]byte(tokenDomain))
	h.Write(body)
	return h.Sum(nil)
}

// openToken returns what a token says that was signed with secret for a use and is good now.
func openToken(secret []byte, t, use string, now time.Time) (claims, error) {
	c, err := readToken(secret, t, use)
	if err != nil || !c.goodAt(now) {
		return claims{}, errToken
	}
	return c, nil
}

func (c *claims) goodAt(now time.Time) bool { return now.Unix() < c.Ends && now.Unix() >= c.Made-60 }

// readToken returns what a token says that was signed with secret for a use, be it good or not.
func readToken(secret []byte, t, use string) (claims, error) {
	if len(t) > maxTokenBytes {
		return claims{}, errToken
	}
	head, tail, ok := strings.Cut(t, ".")
	if !ok || strings.ContainsAny(t, "\r\n") { // base64 passes over those, and a token has one spelling
		return claims{}, errToken
	}
	strict := base64.RawURLEncoding.Strict()
	body, err := strict.DecodeString(head)
	if err != nil {
		return claims{}, errToken
	}
	sum, err := strict.DecodeString(tail)
	if err != nil || !hmac.Equal(sum, mac(secret, body)) {
		return claims{}, errToken
	}
	var c claims
	if err := json.Unmarshal(body, &c); err != nil || c.Use != use {
		return claims{}, errToken
	}
	return c, nil
}

// tokensKept bounds how many tokens are known at a time.
const tokensKept = 1024

// tokens knows the latest tokens that were well signed, so that whoever comes with every request is read once. Whether a
// token is good still is looked at each time.
type tokens struct {
	mu    sync.Mutex
	known map[string]claims
}

// open is openToken for bearers.
func (k *tokens) open(secret []byte, t string, now time.Time) (claims, error) {
	k.mu.Lock()
	c, ok := k.known[t]
	k.mu.Unlock()
	if !ok {
		var err error
		if c, err = readToken(secret, t, useBearer); err != nil {
			return claims{}, err
		}
		k.mu.Lock()
		if k.known == nil || len(k.known) >= tokensKept {
			k.known = map[string]claims{}
		}
		k.known[strings.Clone(t)] = c
		k.mu.Unlock()
	}
	if !c.goodAt(now) {
		return claims{}, errToken
	}
	return c, nil
}

// Account says for whom a link or token is: a member of an organisation. User "" is the local account of the
// organisation, Level "" an admin.
type Account struct {
	Role  Role
	Org   string
	Name  string // of the organisation, where it is not known yet
	User  string
	Level access.Level
}

func (a Account) claims(use string, now time.Time, good time.Duration) (claims, error) {
	known := a.Role == Firm || a.Role == Exporter || a.Role == Commission || a.Role == Operator && use == useBearer
	if a.Level == "" {
		a.Level = access.Admin
	}
	if !known || a.Org == "" || len(a.Org) > 200 || len(a.Name) > 400 || len(a.User) > 200 || !a.Level.Valid() || !utf8.ValidString(a.Org+a.Name+a.User) {
		return claims{}, fmt.Errorf("web: no sign-in for role %q and organisation %.60q: the role is firm, exporter or commission, the id at most 200 bytes", a.Role, a.Org)
	}
	if a.User == "" {
		a.User = localUser(access.OrgID{Kind: a.Role, ID: a.Org})
	}
	return claims{Use: use, Role: a.Role, Org: a.Org, Name: a.Name, User: a.User, Level: a.Level, Nonce: newNonce(),
		Made: now.Unix(), Ends: now.Add(good).Unix()}, nil
}

// localUser is the id of the account that an organisation has without a provider of sign-ins.
func localUser(org access.OrgID) string { return org.String() + "/local" }

// maxBearer is how long a token of the operator's commands is good at most: nobody can take it back.
const maxBearer = time.Hour

// Token returns a token that speaks for an account from now on for at most an hour, for the header
// "Authorization: Bearer TOKEN". Whoever has the key may make one; programs of others take an API key.
func Token(secret []byte, a Account, now time.Time) (string, error) {
	c, err := a.claims(useBearer, now, maxBearer)
	if err != nil {
		return "", err
	}
	return sign(secret, c), nil
}

// Link returns a link that signs a person in; base is as in "http://127.0.0.1:8080". It may be opened until it has
// been used or linkGrace has gone by, whichever is later, and never after good.
func Link(secret []byte, base string, a Account, now time.Time, good time.Duration) (string, error) {
	c, err := a.claims(useLink, now, good)
	if err != nil {
		return "", err
	}
	return strings.TrimSuffix(base, "/") + "/signin?token=" + sign(secret, c), nil
}
