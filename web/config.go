package web

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"time"

	"github.com/paulmach/orb"

	"haihe/planner"
	"haihe/planner/access"
	"haihe/planner/history"
	"haihe/planner/scenario"
	"haihe/planner/targets"
	"haihe/planner/trace"
)

// Outcomes of the funcs of Config, to be wrapped; those of planner/live are known too. Errors that are none of
// these, nor a *planner.FieldErrors, mean that the outcome is unknown: the client is told to send the command
// again with the same Idempotency-Key.
var (
	ErrConflict = errors.New("web: the command contradicts what holds now") // 409
	ErrInvalid  = errors.New("web: the command is not valid")               // 422
	ErrNotReady = errors.New("web: the service is not ready yet")           // 503
)

// Config is what the server needs from the rest of the service. Submit, Decide, Problem, Plan, Quote and Secret
// are required; the other funcs may be nil.
type Config struct {
	// Submit returns once the log holds the events and the state has applied them.
	Submit func(ctx context.Context, events ...planner.Event) error
	// Decide returns what became of a command once the ledger holds it and the state has it. The same command, with the
	// same ID, is decided once.
	Decide func(ctx context.Context, c planner.Command) (planner.Outcome, error)
	// CatchUp returns once the state holds all that had been decided, by any instance, when it was called; nil where there
	// is one instance.
	CatchUp func(ctx context.Context) error
	// Peer answers other instances at PeerPath; nil where there are none.
	Peer PeerDecide
	// Problem returns the problem of the current plan, Plan the current plan; nil where there is none yet.
	Problem func(ctx context.Context) (*planner.Problem, error)
	Plan    func(ctx context.Context) (*planner.Plan, error)
	// Quote prices a request that was not submitted, cheapest first; none means that nothing takes it.
	Quote func(ctx context.Context, r planner.Request) ([]Quote, error)
	// Helps returns changes of a request that give it a way, where it has none, or none at its value; nil: nothing is known.
	Helps func(ctx context.Context, r planner.Request) ([]planner.Relaxation, error)
	// DeadLetters returns the newest n records that were refused, newest first; of one source, or of all if "".
	DeadLetters func(ctx context.Context, source string, n int) ([]DeadLetter, error)
	// Digest returns a digest of the state, and how far the log was read for it.
	Digest func(ctx context.Context) (planner.Offsets, string, error)
	// Health says how the service is.
	Health func() Health
	// Route returns how a lane goes where nothing is shut. It may take its time.
	Route func(from, to planner.Place, mode string) Way
	// Place looks up the names of a place.
	Place func(id string) (PlaceNames, bool)
	// CO2e estimates kg of CO2e, well to wheel, per tonne carried over a leg for which the carrier gives none, perhaps by a
	// class of ship or aircraft. It fails on a class that the mode has not.
	CO2e func(mode, class string, km float64) (float64, error)

	// Access says who may do what; nil: kept in memory alone, for one instance. Commit puts records on the log that it
	// is the fold of, and returns when it has them; required with Access. An error means that the outcome is unknown.
	Access *access.Registry
	Commit func(ctx context.Context, records ...access.Record) error
	// AccessRead reports whether Access has been told all that was on the log when the service started. Before that nobody who
	// shows a session or a key is let in or turned away, as either would be a guess; nil: it has.
	AccessRead func() bool
	// Audit is told who does or looks at what, and must not block. AuditLog returns the newest n entries of an
	// organisation, newest first. Both may be nil.
	Audit    func(AuditEntry)
	AuditLog func(ctx context.Context, org access.OrgID, n int) ([]AuditEntry, error)

	OIDC        *OIDC         // sign-in by a provider; nil: by links alone
	URL         string        // where browsers find the service, as https://HOST; links and providers lead there
	Secure      bool          // browsers reach the service over TLS, though it does not speak it itself
	Origins     []string      // pages that may use the API and the websocket besides our own, as https://HOST
	SessionIdle time.Duration // a session that is not used for so long ends; 0: 8 h
	SessionMax  time.Duration // a session ends after so long; 0: 7 days
	OfferFor    time.Duration // how long the cost of a quote holds; 0: 30 min
	Limits      Limits

	// Targets is the way to the city's targets; nil: it is not followed.
	Targets *targets.History
	// Departed is what happened to departures; nil: it is not followed.
	Departed *history.Departures
	// Scenarios keeps and solves what-ifs; nil: there are none.
	Scenarios *scenario.Desk

	// Measures are told what the websocket does.
	Measures Measures
	// Tracer traces operations, and batches of changes to the screens that show them; nil: nothing is traced.
	Tracer *trace.Tracer

	Secret  []byte // signs links and tickets; at least 16 bytes, the same for all instances
	Schemas fs.FS  // JSON Schemas of the events, NAME.json
	Borders []byte // approved border overlay {approval_number, geojson}, or nil

	Now       func() time.Time // nil: time.Now
	Logger    *slog.Logger     // nil: slog.Default
	Version   string           // of the software
	Heartbeat time.Duration    // 0: 15 s; a client silent for three of them is gone
	WriteWait time.Duration    // 0: 10 s; a client that takes longer for one frame is gone
	Queue     int              // frames that a client may be behind before it is dropped; 0: 256
	Ring      int              // changes remembered for clients that resume; 0: 16384
	Clients   int              // websocket connections at a time; 0: 10000
}

// Way is how a lane goes: its line for the map, in degrees, longitude first, cut at the antimeridian; its length; and
// the straits and canals on it.
type Way struct {
	Line     orb.MultiLineString
	Km       float64
	Passages []string
}

// Health is how the service is.
type Health struct {
	Status      string           `json:"status" enum:"ok,starting,degraded" doc:"ok, starting (the log is being read) or degraded"`
	Ready       bool             `json:"ready" doc:"Whether commands are taken"`
	Version     string           `json:"version,omitempty"`
	Epoch       string           `json:"epoch,omitempty" doc:"Epoch of the websocket; a new one after every start"`
	PlanVersion uint64           `json:"plan_version"`
	Role        string           `json:"role,omitempty" enum:"leading,following" doc:"Whether this instance decides, or has its commands decided by the one that leads"`
	Leader      string           `json:"leader,omitempty" doc:"The instance that leads, as the ledger says"`
	LedgerEpoch uint64           `json:"ledger_epoch,omitempty" doc:"Grows by one when another instance, or this one anew, begins to lead"`
	Lag         map[string]int64 `json:"lag,omitempty" doc:"Records of each topic not yet read"`
	DeadLetters int64            `json:"dead_letters" doc:"Records refused so far"`
	Detail      string           `json:"detail,omitempty"`
}

// Quote is a way for a request at today's prices.
type Quote struct {
	ID         string      `json:"id,omitempty" doc:"Names the quote in POST /api/bookings; left out where the way has no room for all of it"`
	Expires    *time.Time  `json:"expires,omitempty" doc:"Until then the cost holds, and the room may be taken at it while it is there"`
	Share      float64     `json:"share" doc:"Of the request that there is room for on this way; 1: all"`
	Departures []string    `json:"departures"`
	Gateway    string      `json:"gateway"`
	Warehouse  string      `json:"warehouse"`
	Arrive     time.Time   `json:"arrive"`
	Cost       float64     `json:"cost" doc:"For all of the request"`
	Items      []QuoteItem `json:"items" doc:"What the cost is made of"`
	RoomPrice  float64     `json:"room_price" doc:"Worth to others of the room it takes, by the current dual prices"`
	CO2eKg     float64     `json:"co2e_kg" doc:"Well to wheel, of all departures"`
	OnTime     *onTime     `json:"on_time,omitempty" doc:"How likely it arrives by the due time; left out where a departure is not known"`
}

// QuoteItem is one line of a Quote.
type QuoteItem struct {
	Kind   string  `json:"kind"`
	Name   string  `json:"name,omitempty"`
	Amount float64 `json:"amount"`
}

// DeadLetter is a record that was refused.
type DeadLetter struct {
	Topic     string    `json:"topic"`
	Partition int       `json:"partition"`
	Offset    int64     `json:"offset"`
	At        time.Time `json:"at"`
	Source    string    `json:"source,omitempty"`
	Type      string    `json:"type,omitempty"`
	ID        string    `json:"id,omitempty"`
	Key       string    `json:"key,omitempty"`
	Reason    string    `json:"reason"`
}

// PlaceNames is what the gazetteer knows of a place.
type PlaceNames struct {
	ZH, EN string
	Kind   string    // seaport, airport
	Point  orb.Point // degrees, longitude first
}

func (c Config) withDefaults() Config {
	if c.Submit == nil || c.Decide == nil || c.Problem == nil || c.Plan == nil || c.Quote == nil {
		panic("web: Config lacks Submit, Decide, Problem, Plan or Quote")
	}
	if len(c.Secret) < 16 {
		panic("web: Config.Secret must have at least 16 bytes")
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.Health == nil {
		c.Health = func() Health { return Health{Status: "ok", Ready: true} }
	}
	if c.Place == nil {
		c.Place = func(string) (PlaceNames, bool) { return PlaceNames{}, false }
	}
	if c.Helps == nil {
		c.Helps = func(context.Context, planner.Request) ([]planner.Relaxation, error) { return nil, nil }
	}
	if c.DeadLetters == nil {
		c.DeadLetters = func(context.Context, string, int) ([]DeadLetter, error) { return nil, nil }
	}
	setDefault(&c.SessionIdle, 8*time.Hour)
	setDefault(&c.SessionMax, 7*24*time.Hour)
	setDefault(&c.OfferFor, 30*time.Minute)
	c.Limits = c.Limits.withDefaults()
	if c.Access == nil {
		c.Access = access.NewRegistry(c.Now, c.SessionIdle)
		c.Commit = applyAlone(c.Access)
	}
	if c.Commit == nil {
		panic("web: Config has Access, and lacks Commit")
	}
	setDefault(&c.Heartbeat, 15*time.Second)
	setDefault(&c.WriteWait, 10*time.Second)
	setDefault(&c.Queue, 256)
	setDefault(&c.Ring, 16384)
	setDefault(&c.Clients, 10000)
	return c
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
