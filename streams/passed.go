package streams

import (
	"crypto/sha256"
	"slices"
	"sync"

	"github.com/segmentio/kafka-go"

	"haihe/planner"
)

// passedKept is how many entries are remembered: more than are on their way between a decision and its reading back.
const passedKept = 4096

var ledgerEntryType = (*planner.LedgerEntry)(nil).Type()

// passedEntries knows the latest payloads of the ledger that passed their schema. The leader checks an entry before it
// counts on it, again when it writes it, and once more when it reads it back; of the same bytes one look is enough.
var passedEntries passed

// passed remembers payloads by their SHA-256, the latest passedKept of them.
type passed struct {
	latest[[sha256.Size]byte, struct{}]
}

func (p *passed) has(payload []byte) bool {
	_, ok := p.get(sha256.Sum256(payload))
	return ok
}

func (p *passed) add(payload []byte) { p.put(sha256.Sum256(payload), struct{}{}, passedKept) }

// encodedKept is how many entries are on their way at a time, at most, from the decision to the log.
const encodedKept = 1024

// encodedEntries knows the records of the latest entries: each is made when the entry is checked, and wanted again when it is
// written.
var encodedEntries encoded

// encoded remembers records by the hash of the entry, the latest encodedKept of them.
type encoded struct {
	latest[string, encodedEntry]
}

type encodedEntry struct {
	event  planner.Event
	record kafka.Message
}

// recordOf returns the record of an event that is about an entry, if it was made before of the same event.
func (k *encoded) recordOf(e planner.Event, entry *planner.LedgerEntry) (kafka.Message, bool) {
	x, ok := k.get(entry.Hash())
	same := ok && entry.Hash() != "" && x.event.ID == e.ID && x.event.Source == e.Source && x.event.Sequence == e.Sequence && x.event.Time.Equal(e.Time)
	return x.record, same
}

func (k *encoded) add(e planner.Event, entry *planner.LedgerEntry, record kafka.Message) {
	e.Fact = nil                                 // it is in the record
	record.Headers = slices.Clip(record.Headers) // whoever adds to them gets a copy
	k.put(entry.Hash(), encodedEntry{e, record}, encodedKept)
}

// latest remembers values by their keys, as many of the last as put says.
type latest[K comparable, V any] struct {
	mu    sync.Mutex
	known map[K]V
	order []K // a ring, once it is full
	next  int
}

func (l *latest[K, V]) get(key K) (V, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	v, ok := l.known[key]
	return v, ok
}

func (l *latest[K, V]) put(key K, value V, most int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.known == nil {
		l.known = make(map[K]V, most)
	}
	if _, in := l.known[key]; !in {
		if len(l.order) < most {
			l.order = append(l.order, key)
		} else {
			delete(l.known, l.order[l.next])
			l.order[l.next] = key
			l.next = (l.next + 1) % most
		}
	}
	l.known[key] = value
}
