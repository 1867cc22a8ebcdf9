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
	mu    sync.Mutex
	known map[[sha256.Size]byte]bool
	order [passedKept][sha256.Size]byte // a ring
	next  int
}

func (p *passed) has(payload []byte) bool {
	sum := sha256.Sum256(payload)
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.known[sum]
}

func (p *passed) add(payload []byte) {
	sum := sha256.Sum256(payload)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.known == nil {
		p.known = make(map[[sha256.Size]byte]bool, passedKept)
	}
	if p.known[sum] {
		return
	}
	delete(p.known, p.order[p.next])
	p.order[p.next], p.known[sum] = sum, true
	p.next = (p.next + 1) % passedKept
}

// encodedKept is how many entries are on their way at a time, at most, from the decision to the log.
const encodedKept = 1024

// encodedEntries knows the records of the latest entries: each is made when the entry is checked, and wanted again when it is
// written.
var encodedEntries encoded

// encoded remembers records by the hash of the entry, the latest encodedKept of them.
type encoded struct {
	mu    sync.Mutex
	known map[string]encodedEntry
	order [encodedKept]string // a ring
	next  int
}

type encodedEntry struct {
	event  planner.Event
	record kafka.Message
}

// get returns the record of an event that is about an entry, if it was made before of the same event.
func (k *encoded) get(e planner.Event, entry *planner.LedgerEntry) (kafka.Message, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	x, ok := k.known[entry.Hash()]
	same := ok && entry.Hash() != "" && x.event.ID == e.ID && x.event.Source == e.Source && x.event.Sequence == e.Sequence && x.event.Time.Equal(e.Time)
	return x.record, same
}

func (k *encoded) add(e planner.Event, entry *planner.LedgerEntry, record kafka.Message) {
	e.Fact = nil                                 // it is in the record
	record.Headers = slices.Clip(record.Headers) // whoever adds to them gets a copy
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.known == nil {
		k.known = make(map[string]encodedEntry, encodedKept)
	}
	hash := entry.Hash()
	if _, in := k.known[hash]; !in {
		delete(k.known, k.order[k.next])
		k.order[k.next] = hash
		k.next = (k.next + 1) % encodedKept
	}
	k.known[hash] = encodedEntry{e, record}
}
