package access

import "slices"

// Kind is what an organisation does here.
type Kind string

// Kinds. The operator runs the service; no organisation in the log is of that kind.
const (
	Firm       Kind = "firm"       // publishes departures and warehouses
	Exporter   Kind = "exporter"   // asks for room
	Commission Kind = "commission" // watches over all
	Operator   Kind = "operator"
)

// Kinds lists the kinds that organisations may have.
func Kinds() []Kind { return []Kind{Firm, Exporter, Commission} }

// Level is how far a member may go in an organisation. Each may do what those before it may.
type Level string

// Levels.
const (
	Reader Level = "reader" // sees
	Editor Level = "editor" // publishes, trades, operates
	Admin  Level = "admin"  // members, keys, sessions and the audit log of the organisation
)

// Levels lists the levels, the least first.
func Levels() []Level { return []Level{Reader, Editor, Admin} }

// Valid reports whether there is such a level.
func (l Level) Valid() bool { return slices.Contains(Levels(), l) }

// Scope is a kind of thing that may be done.
type Scope string

// Scopes. Administer is for people alone; no key has it.
const (
	Read       Scope = "read"
	Publish    Scope = "publish" // a firm's departures and warehouses
	Trade      Scope = "trade"   // an exporter's requests and bookings
	Operate    Scope = "operate" // the commission's straits and canals
	Administer Scope = "administer"
)

// WriteScope is what changing something takes in an organisation of a kind.
func WriteScope(k Kind) Scope {
	switch k {
	case Firm:
		return Publish
	case Exporter:
		return Trade
	default:
		return Operate
	}
}

// KeyScopes lists the scopes that a key of an organisation may have.
func KeyScopes(k Kind) []Scope { return []Scope{Read, WriteScope(k)} }

// Scopes lists what a level may do in an organisation of a kind.
func (l Level) Scopes(k Kind) []Scope {
	switch l {
	case Reader:
		return []Scope{Read}
	case Editor:
		return []Scope{Read, WriteScope(k)}
	case Admin:
		return []Scope{Read, WriteScope(k), Administer}
	}
	return nil
}
