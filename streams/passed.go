package streams

import (
	"crypto/sha256"
	"sync"

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
