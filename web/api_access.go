package web

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"haihe/planner/access"
)

type memberView struct {
	User  string       `json:"user" doc:"Id of the member"`
	Name  string       `json:"name,omitempty"`
	Email string       `json:"email,omitempty"`
	Level access.Level `json:"level" enum:"reader,editor,admin"`
}

type memberInput struct {
	ID   string `path:"id" minLength:"1" maxLength:"100" pattern:"^[A-Za-z0-9._@-]+$" patternDescription:"letters, digits and . _ @ -" doc:"Name of the member within the organisation"`
	Body struct {
		Name  string       `json:"name,omitempty" maxLength:"200"`
		Email string       `json:"email,omitempty" maxLength:"320" doc:"Whoever the sign-in provider vouches for under this address gets in as this member"`
		Level access.Level `json:"level" enum:"reader,editor,admin"`
	}
}

type linkAnswer struct {
	Body struct {
		Link    string    `json:"link"`
		Expires time.Time `json:"expires"`
	}
}

type sessionView struct {
	ID      string    `json:"id"`
	User    string    `json:"user"`
	Via     string    `json:"via" enum:"link,oidc"`
	From    string    `json:"from" doc:"Address"`
	Agent   string    `json:"agent,omitempty"`
	Begun   time.Time `json:"begun"`
	Seen    time.Time `json:"seen" doc:"Last used, to within some minutes"`
	Ends    time.Time `json:"ends"`
	Current bool      `json:"current"`
}

type keyBody struct {
	Name   string         `json:"name" minLength:"1" maxLength:"100" doc:"What it is for"`
	Scopes []access.Scope `json:"scopes" minItems:"1" maxItems:"2" uniqueItems:"true" nullable:"false" enum:"read,publish,trade,operate" doc:"read, and publish for a firm, trade for an exporter, operate for the commission"`
	Days   int            `json:"days,omitempty" minimum:"1" maximum:"366" default:"90" doc:"How long it lasts"`
}

type keyView struct {
	ID      string         `json:"id"`
	Name    string         `json:"name"`
	Scopes  []access.Scope `json:"scopes"`
	By      string         `json:"by" doc:"Who made it"`
	Made    time.Time      `json:"made"`
	Expires time.Time      `json:"expires"`
	Revoked *time.Time     `json:"revoked,omitempty"`
	Seen    *time.Time     `json:"seen,omitempty" doc:"Last used, to within some minutes"`
}

type keyAnswer struct {
	Body struct {
		ID  string `json:"id"`
		Key string `json:"key" doc:"For the header Authorization: Bearer KEY. It is shown here and never again"`
	}
}

func (s *Server) apiAccess(a huma.API) {
	admin := scoped(access.Administer)
	tags := []string{"access"}
	operation(s, a, huma.Operation{OperationID: "list-members", Method: http.MethodGet, Path: "/api/members", Tags: tags,
		Summary: "Members of your organisation", Metadata: admin}, everybody, s.listMembers)
	operation(s, a, huma.Operation{OperationID: "set-member", Method: http.MethodPut, Path: "/api/members/{id}", Tags: tags, DefaultStatus: http.StatusNoContent,
		Summary: "Make or alter a member of your organisation", Errors: []int{409}, Metadata: admin}, everybody, s.setMember)
	operation(s, a, huma.Operation{OperationID: "remove-member", Method: http.MethodDelete, Path: "/api/members/{id}", Tags: tags, DefaultStatus: http.StatusNoContent,
		Summary: "Remove a member; its sessions end", Errors: []int{404, 409}, Metadata: admin}, everybody, s.removeMember)
	operation(s, a, huma.Operation{OperationID: "member-link", Method: http.MethodPost, Path: "/api/members/{id}/link", Tags: tags,
		Summary: "A sign-in link for a member", Description: "Good for a day, and for one use.", Errors: []int{404}, Metadata: admin}, everybody, s.memberLink)
	operation(s, a, huma.Operation{OperationID: "list-sessions", Method: http.MethodGet, Path: "/api/sessions", Tags: tags,
		Summary: "Sessions: yours, or for an admin those of the organisation"}, everybody, s.listSessions)
	operation(s, a, huma.Operation{OperationID: "end-session", Method: http.MethodDelete, Path: "/api/sessions/{id}", Tags: tags, DefaultStatus: http.StatusNoContent,
		Summary: "End a session of yours, or for an admin one of the organisation", Errors: []int{404}, Metadata: scoped(access.Read)}, everybody,
		func(ctx context.Context, who session, in *named) (*nothing, error) {
			if !slices.ContainsFunc(s.sessionsOf(who), func(x access.Session) bool { return x.ID == in.ID }) {
				return nil, huma.Error404NotFound("you have no such session")
			}
			return nil, s.endSession(ctx, who.user, in.ID)
		})
	operation(s, a, huma.Operation{OperationID: "list-keys", Method: http.MethodGet, Path: "/api/keys", Tags: tags,
		Summary: "API keys of your organisation, without what is secret of them", Metadata: admin}, everybody, s.listKeys)
	operation(s, a, huma.Operation{OperationID: "make-key", Method: http.MethodPost, Path: "/api/keys", Tags: tags, DefaultStatus: http.StatusCreated,
		Summary: "Make an API key", Description: "It is shown once.", Metadata: admin}, everybody, s.makeKey)
	operation(s, a, huma.Operation{OperationID: "revoke-key", Method: http.MethodDelete, Path: "/api/keys/{id}", Tags: tags, DefaultStatus: http.StatusNoContent,
		Summary: "Revoke an API key", Errors: []int{404}, Metadata: admin}, everybody, s.revokeKey)
	operation(s, a, huma.Operation{OperationID: "audit-log", Method: http.MethodGet, Path: "/api/audit", Tags: tags,
		Summary: "Who did or looked at what in your organisation, newest first", Metadata: admin}, everybody, s.auditLog)
}

// memberUser is the id of the user that an organisation's admin calls name. Users of an admin's making are their
// organisation's alone, so that none alters another's.
func memberUser(org access.OrgID, name string) string { return org.String() + "/" + name }

func (s *Server) listMembers(_ context.Context, who session, _ *nothing) (*body[[]memberView], error) {
	views := []memberView{}
	for _, m := range s.cfg.Access.Members(who.org()) {
		u, _ := s.cfg.Access.User(m.User)
		views = append(views, memberView{strings.TrimPrefix(m.User, who.org().String()+"/"), u.Name, u.Email, m.Level})
	}
	return &body[[]memberView]{views}, nil
}

func (s *Server) setMember(ctx context.Context, who session, in *memberInput) (*nothing, error) {
	org := who.org()
	user := memberUser(org, in.ID)
	if in.Body.Level != access.Admin && s.lastAdmin(org, user) {
		return nil, coded("last_admin", huma.Error409Conflict("this is the last admin of the organisation; make another first"))
	}
	return nil, s.committed(ctx, who, access.Record{User: &access.User{ID: user, Name: in.Body.Name, Email: in.Body.Email}},
		access.Record{Member: &access.Member{Org: org, User: user, Level: in.Body.Level}})
}

// lastAdmin reports whether a user is the only admin.
func (s *Server) lastAdmin(org access.OrgID, user string) bool {
	is, others := false, false
	for _, m := range s.cfg.Access.Members(org) {
		if m.Level == access.Admin {
			is, others = is || m.User == user, others || m.User != user
		}
	}
	return is && !others
}

// committed commits what an admin asked for, and cuts the connections of those who may no longer see.
func (s *Server) committed(ctx context.Context, who session, records ...access.Record) error {
	err := s.commit(ctx, who.user, records...)
	if errors.Is(err, access.ErrInvalid) {
		return huma.Error422UnprocessableEntity(strings.TrimPrefix(err.Error(), "access: not valid: "))
	}
	if err == nil {
		s.hub.review(s.valid)
	}
	return err
}

func (s *Server) member(who session, name string) (access.Member, error) {
	m, ok := s.cfg.Access.Entry(who.org(), memberUser(who.org(), name))
	if !ok || m.Gone {
		return m, huma.Error404NotFound("your organisation has no such member")
	}
	return m, nil
}

func (s *Server) removeMember(ctx context.Context, who session, in *named) (*nothing, error) {
	m, err := s.member(who, in.ID)
	if err != nil {
		return nil, err
	}
	if s.lastAdmin(m.Org, m.User) {
		return nil, coded("last_admin", huma.Error409Conflict("this is the last admin of the organisation; make another first"))
	}
	m.Gone = true
	return nil, s.committed(ctx, who, access.Record{Member: &m})
}

// memberLinkGood is how long a link that an admin hands out is good.
const memberLinkGood = 24 * time.Hour

func (s *Server) memberLink(_ context.Context, who session, in *named) (*linkAnswer, error) {
	m, err := s.member(who, in.ID)
	if err != nil {
		return nil, err
	}
	now := s.cfg.Now()
	link, err := Link(s.cfg.Secret, s.cfg.URL, Account{Role: m.Org.Kind, Org: m.Org.ID, User: m.User, Level: m.Level}, now, memberLinkGood)
	if err != nil {
		return nil, err
	}
	a := &linkAnswer{}
	a.Body.Link, a.Body.Expires = link, now.Add(memberLinkGood).UTC()
	return a, nil
}

// sessionsOf lists the sessions that somebody may end.
func (s *Server) sessionsOf(who session) []access.Session {
	list := s.cfg.Access.Sessions(who.org())
	if who.may(access.Administer) {
		return list
	}
	return slices.DeleteFunc(list, func(x access.Session) bool { return x.User != who.user })
}

func (s *Server) listSessions(_ context.Context, who session, _ *nothing) (*body[[]sessionView], error) {
	views := []sessionView{}
	for _, x := range s.sessionsOf(who) {
		seen := x.Begun
		if at := s.cfg.Access.LastSeen(x.ID); at.After(seen) {
			seen = at
		}
		views = append(views, sessionView{x.ID, x.User, x.Via, x.From, x.Agent, x.Begun, seen, x.Ends, x.ID == who.id})
	}
	return &body[[]sessionView]{views}, nil
}

func (s *Server) listKeys(_ context.Context, who session, _ *nothing) (*body[[]keyView], error) {
	views := []keyView{}
	for _, k := range s.cfg.Access.Keys(who.org()) {
		v := keyView{ID: k.ID, Name: k.Name, Scopes: k.Scopes, By: k.By, Made: k.Made, Expires: k.Expires, Revoked: k.Revoked}
		if at := s.cfg.Access.LastSeen(k.ID); !at.IsZero() {
			v.Seen = &at
		}
		views = append(views, v)
	}
	return &body[[]keyView]{views}, nil
}

// keyPrefix tells people, and programs that look for secrets in files, what a key is.
const keyPrefix = "haihe_"

// NewKey makes an API key for a number of days, and what is to be shown of it once.
func NewKey(org access.OrgID, name string, scopes []access.Scope, by string, now time.Time, days int) (*access.APIKey, string) {
	secret := keyPrefix + access.NewSecret()
	return &access.APIKey{ID: access.NewID("k"), Hash: access.Hash(secret), Org: org, Name: name, Scopes: scopes, By: by,
		Made: now.UTC(), Expires: now.UTC().AddDate(0, 0, days)}, secret
}

func (s *Server) makeKey(ctx context.Context, who session, in *struct{ Body keyBody }) (*keyAnswer, error) {
	may := access.KeyScopes(who.Role)
	for _, x := range in.Body.Scopes {
		if !slices.Contains(may, x) {
			return nil, wrongField("body.scopes", "a key of a "+string(who.Role)+" may have read and "+string(may[1]), x)
		}
	}
	k, secret := NewKey(who.org(), in.Body.Name, in.Body.Scopes, who.user, s.cfg.Now(), in.Body.Days)
	if err := s.committed(ctx, who, access.Record{Key: k}); err != nil {
		return nil, err
	}
	a := &keyAnswer{}
	a.Body.ID, a.Body.Key = k.ID, secret
	return a, nil
}

func (s *Server) revokeKey(ctx context.Context, who session, in *named) (*nothing, error) {
	for _, k := range s.cfg.Access.Keys(who.org()) {
		if k.ID != in.ID {
			continue
		}
		if k.Revoked != nil {
			return nil, nil
		}
		now := s.cfg.Now().UTC()
		k.Revoked = &now
		return nil, s.committed(ctx, who, access.Record{Key: &k})
	}
	return nil, huma.Error404NotFound("your organisation has no such key")
}

type auditInput struct {
	Limit int `query:"limit" minimum:"1" maximum:"1000" default:"100"`
}

func (s *Server) auditLog(ctx context.Context, who session, in *auditInput) (*body[[]AuditEntry], error) {
	entries := []AuditEntry{}
	if s.cfg.AuditLog != nil {
		found, err := s.cfg.AuditLog(ctx, who.org(), in.Limit)
		if err != nil {
			return nil, err
		}
		for _, e := range found {
			if e.Kind == who.Role && e.Org == who.Org {
				entries = append(entries, e)
			}
		}
	}
	return &body[[]AuditEntry]{entries}, nil
}
