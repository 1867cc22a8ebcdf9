// Package streams is the way between Haihe and the log, an Apache Kafka: topics, records, reading, publishing,
// snapshots. Nothing outside this package knows Kafka.
//
// # The log
//
// The log is the truth; the state is the fold of the fact topics. The same client code (segmentio/kafka-go) speaks
// to a broker inside the process (StartEmbedded) or to a cluster.
//
//	topic               partitions  kept on a cluster         kept on the embedded broker  records
//	haihe.routes        3           compact                   all                          places; departures by sea, rail, road, post
//	haihe.flights       3           compact,delete 400 days   400 days                     departures by air
//	haihe.positions     3           1 day                     1 day, at most 3 * 64 MiB    where ships and aircraft are
//	haihe.occupancy     3           compact                   all                          warehouses
//	haihe.requests      3           compact                   all                          requests
//	haihe.bookings      1           all (delete, -1)          all                          the ledger of decisions
//	haihe.plans         1           compact                   30 days, at most 64 MiB      what the planner decided
//	haihe.scenarios     1           compact                   at most 256 MiB              what-ifs and their answers
//	haihe.deadletters   1           30 days                   30 days                      records that are no events
//	haihe.access        1           compact                   all                          who may do what (planner/access), signed
//	haihe.audit         1           400 days                  400 days, at most 256 MiB    who did or looked at what, signed
//
// Topics (topics.go) is this table; EnsureTopics (ensure.go) makes the topics and checks those that are there. On a
// cluster they have min(3, brokers) replicas and min.insync.replicas one less, at least 1. A flight
// that is not published anew for 400 days is forgotten. Positions expire, and no snapshot or digest of the state
// holds them; a Consumer that finds its place in haihe.positions gone goes on from the first record that is left.
//
// # A record
//
// A record is a CloudEvent 1.0 in the binary mode of its Kafka binding; the structured mode
// (content-type application/cloudevents+json) is read too.
//
//	key             KIND:ID:ASPECT, what the fact sets, e.g. departure:S01W02/1:delay
//	ce_specversion  1.0
//	ce_id           unique, at most 500 bytes
//	ce_source       who says it, e.g. /firms/bohai-ocean, at most 500 bytes
//	ce_type         haihe. and the type of the fact, e.g. haihe.DepartureDelayed
//	ce_sequence     whole number from 1 on that grows with every fact on the key; the time in µs will do
//	ce_time         when it happened, RFC 3339; the time of the record where it is missing
//	ce_subject      KIND:ID, may be missing
//	ce_dataschema   urn:haihe:schema:TYPE:1, may be missing
//	content-type    application/json, may be missing
//	traceparent     W3C Trace Context of whoever publishes, may be missing
//	value           the fact as JSON, by the schema of its type (Schemas)
//
// An entry of the ledger (haihe.LedgerEntry) has the header haihe_hash besides, the SHA-256 of its value, and counts in its
// place alone (docs/ledger.md).
//
// A record takes at most 1 MiB. Positions go to haihe.positions, other departure facts to haihe.flights if
// their mode is air, else to haihe.routes.
// Decode refuses what it does not know or would have to guess; the reason names the header or field. A Consumer
// puts such a record among the dead letters, whole, with the headers haihe_reason, haihe_topic, haihe_partition,
// haihe_offset, haihe_time and haihe_key before its own, and goes on. The key of a dead letter is
// TOPIC/PARTITION/OFFSET, so that one that is read again is not buried twice.
//
// # Files
//
//	topics.go, ensure.go            the table of topics, and making them
//	embedded.go                     the broker inside the process
//	logfiles.go, seal.go            whether its files are as they were written
//	kept.go, kept_linux.go          whether the disk has what it wrote
//	recover.go                      keeping what is whole of a damaged log
//	mark.go                         how far the ledger was acknowledged
//	raw.go                          records as they stand, and walking the ledger
//	codec.go, structured.go         events to records and back
//	schema.go, schema_compile.go    JSON Schemas of the payloads, in schemas/
//	plain.go, position.go           payloads that are written plainly, at one look
//	client.go, security.go          connections, TLS and SASL, retries, one fetch
//	producer.go                     publishing, in order per key
//	consumer.go, reader.go          reading all partitions, live and in replay
//	deadletter.go                   records that are no events
//	inbox.go                        topics of firms' own, haihe.in.FIRM, and who may say what there
//	plans.go                        the topic of plans
//	election.go                     who of several instances is to lead
//	journal.go                      topics that instances share alone: access, audit
//	scenarios.go                    the topic of what-ifs
//	follow.go                       reading one partition for ever, beside the Consumer
//	snapshot.go                     the state on disk, a cache
//	tracing.go                      traces that records carry (planner/trace)
//	kafkatest                       an Apache Kafka for tests
//
// # What may go wrong
//
// ErrOutcomeUnknown: a write was not confirmed; publishing the same events again is safe. ErrLogTruncated,
// ErrLogExpired: the log does not hold the place to go on from, on a topic that does not expire. ErrLogDamaged,
// ErrMarkDamaged: files of the embedded broker are not as they were written. ErrNotKept: the disk failed under it. Everything else that a broker does (restart, move,
// stand still) is waited out.
//
// Records of transactions of other programs count when they are written, committed or not.
package streams
