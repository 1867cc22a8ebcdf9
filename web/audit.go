package web

import (
	"net/http"
	"time"
)

// AuditEntry says who did or looked at what.
type AuditEntry struct {
	At     time.Time `json:"at"`
	Kind   Role      `json:"kind,omitempty"` // of the organisation; left out where nobody is signed in
	Org    string    `json:"org,omitempty"`
	User   string    `json:"user,omitempty"`
	ID     string    `json:"id,omitempty"` // of the session or key
	From   string    `json:"from"`         // address
	Action string    `json:"action"`       // an operation of the API, sign-in, live
	Target string    `json:"target,omitempty"`
	Result string    `json:"result"` // ok, refused, or the status of the answer
	Count  int       `json:"count,omitempty,omitzero" doc:"How often within a minute, where more than once"`
}

// audit tells the audit log. It does not wait.
func (s *Server) audit(r *http.Request, who session, action, target, result string) {
	if s.cfg.Audit == nil {
		return
	}
	s.cfg.Audit(AuditEntry{At: s.cfg.Now().UTC(), Kind: who.Role, Org: who.Org, User: who.user, ID: who.id,
		From: address(r), Action: action, Target: cut(target, 200), Result: result})
}
