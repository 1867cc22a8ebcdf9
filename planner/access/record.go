package access

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
)

// OrgID names an organisation: the same id may stand for a firm and for an exporter.
type OrgID struct {
	Kind Kind   `json:"kind"`
	ID   string `json:"id"`
}

// String is KIND/ID.
func (o OrgID) String() string { return string(o.Kind) + "/" + o.ID }

// Org is an organisation.
type Org struct {
	OrgID  `json:",inline"`
	Name   string `json:"name,omitempty"`
	Closed bool   `json:"closed,omitempty"` // nobody of it gets in
}

// User is a person, whatever organisations they are a member of.
type User struct {
	ID    string `json:"id"`
	Name  string `json:"name,omitempty"`
	Email string `json:"email,omitempty"` // lets whoever a provider vouches for under this address in
	Gone  bool   `json:"gone,omitempty"`  // gets in nowhere
}

// Member is a user's place in an organisation.
type Member struct {
	Org   OrgID  `json:"org"`
	User  string `json:"user"`
	Level Level  `json:"level"`
	Gone  bool   `json:"gone,omitempty"`
}

// Session is a browser that signed in. What identifies it is known to the browser alone.
type Session struct {
	ID    string     `json:"id"`
	Hash  string     `json:"hash"` // of the secret in the cookie
	Org   OrgID      `json:"org"`
	User  string     `json:"user"`
	Via   string     `json:"via"`  // link or oidc
	From  string     `json:"from"` // address
	Agent string     `json:"agent,omitempty"`
	Begun time.Time  `json:"begun"`
	Ends  time.Time  `json:"ends"` // at the latest
	Ended *time.Time `json:"ended,omitempty"`
}

// APIKey lets a program in.
type APIKey struct {
	ID      string     `json:"id"`
	Hash    string     `json:"hash"`
	Org     OrgID      `json:"org"`
	Name    string     `json:"name"` // what it is for
	Scopes  []Scope    `json:"scopes"`
	By      string     `json:"by"` // user
	Made    time.Time  `json:"made"`
	Expires time.Time  `json:"expires"`
	Revoked *time.Time `json:"revoked,omitempty"`
}

// Use says that something that may be used once was: a sign-in link, or a ticket of the websocket.
type Use struct {
	Nonce string    `json:"nonce"`
	By    string    `json:"by"`    // tells two that use it at once apart
	Until time.Time `json:"until"` // it is void anyway from then on
}

// Seen says when a session or key was last used, to within some minutes.
type Seen struct {
	ID string    `json:"id"`
	At time.Time `json:"at"`
}

// Record is what stands in the log: one of its fields, and who set it.
type Record struct {
	At time.Time `json:"at"`
	By string    `json:"by,omitempty"`

	Org     *Org     `json:"org,omitempty"`
	User    *User    `json:"user,omitempty"`
	Member  *Member  `json:"member,omitempty"`
	Session *Session `json:"session,omitempty"`
	Key     *APIKey  `json:"key,omitempty"`
	Use     *Use     `json:"use,omitempty"`
	Seen    *Seen    `json:"seen,omitempty"`
	Drop    string   `json:"drop,omitempty"` // name of a record that is no longer needed
}

// Name is what the record sets; records of one name replace each other.
func (r *Record) Name() string {
	switch {
	case r.Org != nil:
		return "org:" + r.Org.String()
	case r.User != nil:
		return "user:" + r.User.ID
	case r.Member != nil:
		return "member:" + r.Member.Org.String() + "\n" + r.Member.User
	case r.Session != nil:
		return "session:" + r.Session.ID
	case r.Key != nil:
		return "key:" + r.Key.ID
	case r.Use != nil:
		return "use:" + r.Use.Nonce
	case r.Seen != nil:
		return "seen:" + r.Seen.ID
	}
	return r.Drop
}

// Encode writes the value of a record; one that drops has none.
func (r *Record) Encode() ([]byte, error) {
	if err := r.valid(); err != nil {
		return nil, err
	}
	if r.Drop != "" {
		return nil, nil
	}
	return json.Marshal(r)
}

// Decode reads a record by its name and value; a nil value drops.
func Decode(name string, value []byte) (Record, error) {
	if value == nil {
		r := Record{Drop: name}
		return r, r.valid()
	}
	var r Record
	if err := json.Unmarshal(value, &r, json.RejectUnknownMembers(true)); err != nil {
		return Record{}, fmt.Errorf("access: %.100q: %w", name, err)
	}
	if r.Drop != "" {
		return Record{}, fmt.Errorf("access: %.100q drops, and has a value", name)
	}
	if err := r.valid(); err != nil {
		return Record{}, err
	}
	if r.Name() != name {
		return Record{}, fmt.Errorf("access: the record of %.100q stands under the key %.100q", r.Name(), name)
	}
	return r, nil
}

// ErrInvalid is wrapped by what says why a record cannot stand in the log.
var ErrInvalid = errors.New("access: not valid")

func wrong(format string, a ...any) error {
	return fmt.Errorf("%w: %w", ErrInvalid, fmt.Errorf(format, a...))
}

func (r *Record) valid() error {
	set := 0
	for _, is := range []bool{r.Org != nil, r.User != nil, r.Member != nil, r.Session != nil, r.Key != nil, r.Use != nil, r.Seen != nil, r.Drop != ""} {
		if is {
			set++
		}
	}
	if set != 1 {
		return wrong("a record sets one thing, this one %d", set)
	}
	switch {
	case r.Org != nil:
		return errors.Join(r.Org.OrgID.Valid(), text("name", r.Org.Name, 400, true))
	case r.User != nil:
		return errors.Join(text("user", r.User.ID, 200, false), text("name", r.User.Name, 400, true), text("email", r.User.Email, 320, true))
	case r.Member != nil:
		if !r.Member.Level.Valid() {
			return wrong("there is no level %.50q; reader, editor and admin are", r.Member.Level)
		}
		return errors.Join(r.Member.Org.Valid(), text("user", r.Member.User, 200, false))
	case r.Session != nil:
		s := r.Session
		return errors.Join(s.Org.Valid(), text("user", s.User, 200, false), text("id", s.ID, 100, false), hashed(s.Hash))
	case r.Key != nil:
		k := r.Key
		for _, s := range k.Scopes {
			if !slices.Contains(KeyScopes(k.Org.Kind), s) {
				return wrong("a key of a %s cannot have the scope %.50q", k.Org.Kind, s)
			}
		}
		return errors.Join(k.Org.Valid(), text("name", k.Name, 200, false), text("id", k.ID, 100, false), hashed(k.Hash))
	case r.Use != nil:
		return errors.Join(text("nonce", r.Use.Nonce, 100, false), text("by", r.Use.By, 200, false))
	case r.Seen != nil:
		return text("id", r.Seen.ID, 100, false)
	}
	return text("name", r.Drop, 700, false)
}

// Valid says why no organisation can have the id.
func (o OrgID) Valid() error {
	if !slices.Contains(Kinds(), o.Kind) {
		return wrong("there are no organisations of kind %.50q; firm, exporter and commission are", o.Kind)
	}
	return text("organisation", o.ID, 200, false)
}

func text(what, s string, most int, empty bool) error {
	switch {
	case s == "" && !empty:
		return wrong("the %s is missing", what)
	case len(s) > most:
		return wrong("the %s has %d bytes, at most %d are allowed", what, len(s), most)
	case !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl):
		return wrong("the %s must be UTF-8 without control characters", what)
	}
	return nil
}

func hashed(s string) error {
	if b, err := hex.DecodeString(s); err != nil || len(b) != sha256.Size {
		return wrong("the hash is not a SHA-256 in hexadecimal digits")
	}
	return nil
}

// NewSecret returns 256 random bits as text.
func NewSecret() string {
	var b [32]byte
	rand.Read(b[:])
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// NewID returns a random id, which is no secret.
func NewID(prefix string) string {
	var b [8]byte
	rand.Read(b[:])
	return prefix + "-" + hex.EncodeToString(b[:])
}

// Hash is what is recorded of a secret.
func Hash(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}
