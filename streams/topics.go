package streams

import (
	"fmt"
	"slices"

	"haihe/planner"
)

// The topics. Their partitions and what is kept of them stand in Topics.
const (
	TopicRoutes      = "haihe.routes"      // places, passages; departures by sea, rail, road and post
	TopicFlights     = "haihe.flights"     // departures by air
	TopicPositions   = "haihe.positions"   // where ships and aircraft are; worth nothing tomorrow
	TopicOccupancy   = "haihe.occupancy"   // warehouses
	TopicRequests    = "haihe.requests"    // requests of exporters
	TopicBookings    = "haihe.bookings"    // the ledger: one partition, so that decisions have one order
	TopicPlans       = "haihe.plans"       // what the planner decided
	TopicScenarios   = "haihe.scenarios"   // what-ifs, with their answers
	TopicDeadLetters = "haihe.deadletters" // records that are no events, with the reason
	TopicAccess      = "haihe.access"      // who may do what: one partition, read whole by every instance
	TopicAudit       = "haihe.audit"       // who did or looked at what
)

const (
	day = 24 * 60 * 60 * 1000 // ms

	// MaxRecordBytes is the most that key, headers and value of one record may take together.
	MaxRecordBytes = 1 << 20

	// batchSlack is room for the frame round a record of the greatest size.
	batchSlack = 64 << 10
	// maxDeadLetterBytes is what a dead letter may take: a record of the greatest size and its reason.
	maxDeadLetterBytes = MaxRecordBytes + 2*batchSlack
	// maxPlanBytes is what a record of the plans may take: one holds the prices of a whole plan.
	maxPlanBytes = 16 << 20
)

// Topic says how a topic is laid out.
type Topic struct {
	Name       string
	Partitions int
	Cleanup    string // cleanup.policy on a cluster
	// RetentionMs is retention.ms where Cleanup has delete; -1 keeps records for ever.
	RetentionMs int64
	// EmbeddedRetentionMs and EmbeddedRetentionBytes take the place of Cleanup and RetentionMs on the
	// embedded broker, which deletes and never compacts; -1 keeps everything.
	EmbeddedRetentionMs, EmbeddedRetentionBytes int64
	MaxMessageBytes                             int
	Facts                                       bool // the planner reads it
	// Expires says that records may be deleted before everybody has read them, and nothing is lost by it: a
	// Consumer whose place the topic does not hold goes on from the first record that is left, where on another
	// topic it ends with ErrLogExpired or ErrLogTruncated.
	Expires bool
}

// Topics is the table of all topics. A record's key names one aspect of one resource, and the record sets that
// aspect wholly; so a compacted topic still says how everything stands.
var Topics = []Topic{
	{Name: TopicRoutes, Partitions: 3, Cleanup: "compact", RetentionMs: -1, // for it holds the places
		EmbeddedRetentionMs: -1, EmbeddedRetentionBytes: -1, MaxMessageBytes: MaxRecordBytes + batchSlack, Facts: true},
	{Name: TopicFlights, Partitions: 3, Cleanup: "compact,delete", RetentionMs: 400 * day,
		EmbeddedRetentionMs: 400 * day, EmbeddedRetentionBytes: -1, MaxMessageBytes: MaxRecordBytes + batchSlack, Facts: true},
	{Name: TopicPositions, Partitions: 3, Cleanup: "delete", RetentionMs: day,
		EmbeddedRetentionMs: day, EmbeddedRetentionBytes: 64 << 20, MaxMessageBytes: MaxRecordBytes + batchSlack, Facts: true, Expires: true},
	{Name: TopicOccupancy, Partitions: 3, Cleanup: "compact", RetentionMs: -1,
		EmbeddedRetentionMs: -1, EmbeddedRetentionBytes: -1, MaxMessageBytes: MaxRecordBytes + batchSlack, Facts: true},
	{Name: TopicRequests, Partitions: 3, Cleanup: "compact", RetentionMs: -1,
		EmbeddedRetentionMs: -1, EmbeddedRetentionBytes: -1, MaxMessageBytes: MaxRecordBytes + batchSlack, Facts: true},
	{Name: TopicBookings, Partitions: 1, Cleanup: "delete", RetentionMs: -1,
		EmbeddedRetentionMs: -1, EmbeddedRetentionBytes: -1, MaxMessageBytes: MaxRecordBytes + batchSlack, Facts: true},
	{Name: TopicPlans, Partitions: 1, Cleanup: "compact", RetentionMs: -1,
		EmbeddedRetentionMs: 30 * day, EmbeddedRetentionBytes: 64 << 20, MaxMessageBytes: maxPlanBytes},
	{Name: TopicScenarios, Partitions: 1, Cleanup: "compact", RetentionMs: -1,
		EmbeddedRetentionMs: -1, EmbeddedRetentionBytes: 256 << 20, MaxMessageBytes: MaxRecordBytes + batchSlack},
	{Name: TopicDeadLetters, Partitions: 1, Cleanup: "delete", RetentionMs: 30 * day,
		EmbeddedRetentionMs: 30 * day, EmbeddedRetentionBytes: -1, MaxMessageBytes: maxDeadLetterBytes + batchSlack},
	{Name: TopicAccess, Partitions: 1, Cleanup: "compact", RetentionMs: -1,
		EmbeddedRetentionMs: -1, EmbeddedRetentionBytes: -1, MaxMessageBytes: MaxRecordBytes + batchSlack},
	{Name: TopicAudit, Partitions: 1, Cleanup: "delete", RetentionMs: 400 * day,
		EmbeddedRetentionMs: 400 * day, EmbeddedRetentionBytes: 256 << 20, MaxMessageBytes: MaxRecordBytes + batchSlack, Expires: true},
}

// TopicOf returns the topic that a fact belongs on. It panics on a type that FactTypes does not list.
func TopicOf(f planner.Fact) string {
	switch f := f.(type) {
	case *planner.PlaceDeclared, *planner.PassageClosed, *planner.PassageReopened:
		return TopicRoutes
	case *planner.DepartureScheduled:
		return topicOfMode(f.Mode)
	case *planner.DepartureDelayed:
		return topicOfMode(f.Mode)
	case *planner.DepartureCancelled:
		return topicOfMode(f.Mode)
	case *planner.DepartureReinstated:
		return topicOfMode(f.Mode)
	case *planner.DepartureCapacityChanged:
		return topicOfMode(f.Mode)
	case *planner.DepartureRateChanged:
		return topicOfMode(f.Mode)
	case *planner.PositionReported:
		return TopicPositions
	case *planner.WarehouseRegistered, *planner.OccupancyReported, *planner.WarehouseClosed, *planner.WarehouseReopened:
		return TopicOccupancy
	case *planner.RequestSubmitted, *planner.RequestWithdrawn:
		return TopicRequests
	case *planner.LedgerEntry, *planner.BookingConfirmed, *planner.BookingCancelled:
		return TopicBookings
	}
	panic(fmt.Sprintf("streams: no topic for %T", f))
}

func topicOfMode(mode string) string {
	if mode == planner.ModeAir {
		return TopicFlights
	}
	return TopicRoutes
}

// factTopics lists the topics that the planner reads.
func factTopics() []string {
	var names []string
	for _, t := range Topics {
		if t.Facts {
			names = append(names, t.Name)
		}
	}
	return names
}

// expires reports whether a topic's records may go unread.
func expires(topic string) bool {
	return slices.ContainsFunc(Topics, func(t Topic) bool { return t.Name == topic && t.Expires })
}
