package planner

import (
	"fmt"
	"time"
)

// Event is one thing that happened, as it stands in the log. Sequence orders the facts of one Key: State keeps
// the one with the highest, so that a second delivery is harmless and topics may be read in any order.
type Event struct {
	ID       string    // unique; of two facts with one Key and Sequence the greater ID holds
	Source   string    // who said it, e.g. "/firms/bohai-ocean"
	Sequence uint64    // grows with every fact on Key; publishers without a counter use the time in µs
	Time     time.Time // when it happened
	Fact     Fact
}

// Fact is the content of an event. A fact sets ("the delay is 6 h"), it never adds.
type Fact interface {
	// Type is the past-tense name, e.g. "DepartureDelayed".
	Type() string
	// Key says which aspect of which resource the fact sets.
	Key() Key
	// Validate says what is wrong with the fact taken alone, naming the field, or returns nil.
	Validate() error
}

// Kinds of resources.
const (
	KindPlace     = "place"
	KindPassage   = "passage"
	KindDeparture = "departure"
	KindWarehouse = "warehouse"
	KindRequest   = "request"
	KindBooking   = "booking"
)

// Key names one aspect of one resource. A later fact with the same Key replaces an earlier one wholly, which
// is what lets a topic keyed by it be compacted.
type Key struct {
	Kind   string
	ID     string
	Aspect string
}

// String is the key of the record in the log, e.g. "departure:S01W02/1:delay".
func (k Key) String() string { return k.Kind + ":" + k.ID + ":" + k.Aspect }

// NewFact returns a pointer to an empty fact of the named type, or false if there is no such type.
func NewFact(typ string) (Fact, bool) {
	f, ok := factTypes[typ]
	if !ok {
		return nil, false
	}
	return f(), true
}

// FactTypes lists the names that NewFact knows, in the order of the topics they go to.
func FactTypes() []string { return append([]string(nil), factNames...) }

var (
	factTypes = map[string]func() Fact{}
	factNames []string
)

func register(fresh ...func() Fact) {
	for _, f := range fresh {
		name := f().Type()
		if factTypes[name] != nil {
			panic(fmt.Sprintf("planner: fact type %s is registered twice", name))
		}
		factTypes[name] = f
		factNames = append(factNames, name)
	}
}

func init() {
	register(
		func() Fact { return new(PlaceDeclared) },
		func() Fact { return new(DepartureScheduled) },
		func() Fact { return new(DepartureDelayed) },
		func() Fact { return new(DepartureCancelled) },
		func() Fact { return new(DepartureReinstated) },
		func() Fact { return new(DepartureCapacityChanged) },
		func() Fact { return new(DepartureRateChanged) },
		func() Fact { return new(PassageClosed) },
		func() Fact { return new(PassageReopened) },
		func() Fact { return new(PositionReported) },
		func() Fact { return new(WarehouseRegistered) },
		func() Fact { return new(OccupancyReported) },
		func() Fact { return new(WarehouseClosed) },
		func() Fact { return new(WarehouseReopened) },
		func() Fact { return new(RequestSubmitted) },
		func() Fact { return new(RequestWithdrawn) },
		func() Fact { return new(BookingConfirmed) },
		func() Fact { return new(BookingCancelled) },
		func() Fact { return new(LedgerEntry) },
	)
}
