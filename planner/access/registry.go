package access

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// ErrNoEntry is all that whoever does not get in is told; why not is for the audit log.
var ErrNoEntry = errors.New("access: not signed in, or the session or key has ended")

// Principal is whoever a session or key speaks for.
type Principal struct {
	Org    Org
	User   User
	Level  Level // "" of a key
	Scopes []Scope
	ID     string // of the session or key
	Key    bool
	Ends   time.Time // at the latest
}

// May reports whether the principal has a scope.
func (p *Principal) May(s Scope) bool { return slices.Contains(p.Scopes, s) }

// Registry is the fold of the records. It may be used from many goroutines.
type Registry struct {
	now  func() time.Time
	idle time.Duration

	mu       sync.RWMutex
	orgs     map[OrgID]Org
	users    map[string]User
	members  map[memberID]Member
	sessions map[string]*Session // by id
	keys     map[string]*APIKey
	hashes   map[string]string // id of a session or key by its hash
	uses     map[string]Use
	seen     map[string]time.Time
	changed  chan struct{}
}

type memberID struct {
	org  OrgID
	user string
}

// NewRegistry returns an empty registry. Sessions that are not used for idle end.
func NewRegistry(now func() time.Time, idle time.Duration) *Registry {
	return &Registry{now: now, idle: idle, orgs: map[OrgID]Org{}, users: map[string]User{}, members: map[memberID]Member{},
		sessions: map[string]*Session{}, keys: map[string]*APIKey{}, hashes: map[string]string{}, uses: map[string]Use{},
		seen: map[string]time.Time{}, changed: make(chan struct{})}
}

// Apply takes the next record of the log.
func (r *Registry) Apply(rec Record) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case rec.Org != nil:
		r.orgs[rec.Org.OrgID] = *rec.Org
	case rec.User != nil:
		r.users[rec.User.ID] = *rec.User
	case rec.Member != nil:
		r.members[memberID{rec.Member.Org, rec.Member.User}] = *rec.Member
	case rec.Session != nil:
		r.session(*rec.Session)
	case rec.Key != nil:
		r.key(*rec.Key)
	case rec.Use != nil:
		if _, used := r.uses[rec.Use.Nonce]; !used {
			r.uses[rec.Use.Nonce] = *rec.Use
		}
		return
	case rec.Seen != nil:
		if rec.Seen.At.After(r.seen[rec.Seen.ID]) {
			r.seen[rec.Seen.ID] = rec.Seen.At
		}
		return
	default:
		r.drop(rec.Drop)
	}
	close(r.changed)
	r.changed = make(chan struct{})
}

// session takes a session, or the end of one. The hash and whose it is never change.
func (r *Registry) session(s Session) {
	if old := r.sessions[s.ID]; old != nil {
		if old.Ended == nil && s.Hash == old.Hash {
			old.Ended = s.Ended
		}
		return
	}
	r.sessions[s.ID] = &s
	r.hashes[s.Hash] = s.ID
}

func (r *Registry) key(k APIKey) {
	if old := r.keys[k.ID]; old != nil {
		if old.Revoked == nil && k.Hash == old.Hash {
			old.Revoked = k.Revoked
		}
		return
	}
	r.keys[k.ID] = &k
	r.hashes[k.Hash] = k.ID
}

func (r *Registry) drop(name string) {
	kind, id, _ := strings.Cut(name, ":")
	switch kind {
	case "session":
		if s := r.sessions[id]; s != nil {
			delete(r.hashes, s.Hash)
			delete(r.sessions, id)
		}
	case "key":
		if k := r.keys[id]; k != nil {
			delete(r.hashes, k.Hash)
			delete(r.keys, id)
		}
	case "use":
		delete(r.uses, id)
	case "seen":
		delete(r.seen, id)
	}
}

// Changed is closed when somebody's rights may have changed.
func (r *Registry) Changed() <-chan struct{} {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.changed
}

// BySecret returns whoever the secret of a session or key speaks for.
func (r *Registry) BySecret(secret string) (Principal, error) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	id, ok := r.hashes[Hash(secret)]
	if !ok {
		return Principal{}, ErrNoEntry
	}
	return r.byID(id)
}

// ByID returns whoever a session or key speaks for, unless it has ended.
func (r *Registry) ByID(id string) (Principal, error) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.byID(id)
}

func (r *Registry) byID(id string) (Principal, error) {
	now := r.now()
	if s := r.sessions[id]; s != nil {
		p, ok := r.member(s.Org, s.User)
		if !ok || s.Ended != nil || !now.Before(s.Ends) || !now.Before(r.lastUse(s).Add(r.idle)) {
			return Principal{}, ErrNoEntry
		}
		p.ID, p.Ends = s.ID, s.Ends
		return p, nil
	}
	if k := r.keys[id]; k != nil {
		org, ok := r.orgs[k.Org]
		if !ok || org.Closed || k.Revoked != nil || !now.Before(k.Expires) {
			return Principal{}, ErrNoEntry
		}
		return Principal{Org: org, User: User{ID: "key:" + k.ID, Name: k.Name}, Scopes: k.Scopes, ID: k.ID, Key: true, Ends: k.Expires}, nil
	}
	return Principal{}, ErrNoEntry
}

func (r *Registry) lastUse(s *Session) time.Time {
	if at := r.seen[s.ID]; at.After(s.Begun) {
		return at
	}
	return s.Begun
}

// member returns what a user may do in an organisation; false if it is nothing.
func (r *Registry) member(org OrgID, user string) (Principal, bool) {
	o, known := r.orgs[org]
	u, is := r.users[user]
	m, in := r.members[memberID{org, user}]
	if !known || !is || !in || o.Closed || u.Gone || m.Gone {
		return Principal{}, false
	}
	return Principal{Org: o, User: u, Level: m.Level, Scopes: m.Level.Scopes(org.Kind)}, true
}

// Member returns what a user may do in an organisation; false if it is nothing.
func (r *Registry) Member(org OrgID, user string) (Principal, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.member(org, user)
}

// Org returns an organisation.
func (r *Registry) Org(id OrgID) (Org, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	o, ok := r.orgs[id]
	return o, ok
}

// User returns a user.
func (r *Registry) User(id string) (User, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	u, ok := r.users[id]
	return u, ok
}

// Entry returns a membership as it was recorded, also one that is gone.
func (r *Registry) Entry(org OrgID, user string) (Member, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	m, ok := r.members[memberID{org, user}]
	return m, ok
}

// UsedBy says who used a link or ticket first; "" if nobody did.
func (r *Registry) UsedBy(nonce string) string {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.uses[nonce].By
}

// LastSeen says when a session or key was last noted as used; zero if never.
func (r *Registry) LastSeen(id string) time.Time {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.seen[id]
}

// Orgs lists the organisations.
func (r *Registry) Orgs() []Org {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return slices.SortedFunc(maps.Values(r.orgs), func(a, b Org) int { return cmp.Compare(a.String(), b.String()) })
}

// Members lists the members of an organisation, those that are gone left out.
func (r *Registry) Members(org OrgID) []Member {
	return r.present(func(m *Member) bool { return m.Org == org })
}

// MembershipsOf lists where a user is a member.
func (r *Registry) MembershipsOf(user string) []Member {
	return r.present(func(m *Member) bool { return m.User == user })
}

// present lists the members that are wanted and not gone, by user and then by organisation.
func (r *Registry) present(wanted func(*Member) bool) []Member {
	r.mu.RLock()
	defer r.mu.RUnlock()
	var list []Member
	for _, m := range r.members {
		if !m.Gone && wanted(&m) {
			list = append(list, m)
		}
	}
	slices.SortFunc(list, func(a, b Member) int {
		return cmp.Or(cmp.Compare(a.User, b.User), cmp.Compare(a.Org.String(), b.Org.String()))
	})
	return list
}

// UsersByEmail lists the users with an address; case does not count.
func (r *Registry) UsersByEmail(email string) []User {
	r.mu.RLock()
	defer r.mu.RUnlock()
	var list []User
	for _, u := range r.users {
		if email != "" && !u.Gone && strings.EqualFold(u.Email, email) {
			list = append(list, u)
		}
	}
	slices.SortFunc(list, func(a, b User) int { return cmp.Compare(a.ID, b.ID) })
	return list
}

// Sessions lists the sessions of an organisation that have not ended, the newest first.
func (r *Registry) Sessions(org OrgID) []Session {
	r.mu.RLock()
	defer r.mu.RUnlock()
	var list []Session
	for id, s := range r.sessions {
		if _, err := r.byID(id); err == nil && s.Org == org {
			list = append(list, *s)
		}
	}
	slices.SortFunc(list, func(a, b Session) int { return cmp.Or(b.Begun.Compare(a.Begun), cmp.Compare(a.ID, b.ID)) })
	return list
}

// Keys lists the keys of an organisation, also those that have ended, the newest first.
func (r *Registry) Keys(org OrgID) []APIKey {
	r.mu.RLock()
	defer r.mu.RUnlock()
	var list []APIKey
	for _, k := range r.keys {
		if k.Org == org {
			list = append(list, *k)
		}
	}
	slices.SortFunc(list, func(a, b APIKey) int { return cmp.Or(b.Made.Compare(a.Made), cmp.Compare(a.ID, b.ID)) })
	return list
}

// keepEnded is how long a session or key that has ended is remembered.
const keepEnded = 30 * 24 * time.Hour

// Stale lists, as records to be written, what is no longer needed: uses of what is void, sessions long over, and keys
// long over.
func (r *Registry) Stale() []Record {
	r.mu.RLock()
	defer r.mu.RUnlock()
	now := r.now()
	var names []string
	for nonce, u := range r.uses {
		if now.After(u.Until.Add(time.Hour)) {
			names = append(names, "use:"+nonce)
		}
	}
	for id, s := range r.sessions {
		end := s.Ends
		if s.Ended != nil {
			end = *s.Ended
		} else if idle := r.lastUse(s).Add(r.idle); idle.Before(end) {
			end = idle
		}
		if now.After(end.Add(keepEnded)) {
			names = append(names, "session:"+id, "seen:"+id)
		}
	}
	for id, k := range r.keys {
		end := k.Expires
		if k.Revoked != nil {
			end = *k.Revoked
		}
		if now.After(end.Add(keepEnded)) {
			names = append(names, "key:"+id, "seen:"+id)
		}
	}
	slices.Sort(names)
	list := make([]Record, len(names))
	for i, n := range names {
		list[i] = Record{At: now, Drop: n}
	}
	return list
}
