package web

import "slices"

// ring remembers the latest changes, so that a client that lost its connection can be told what it missed.
type ring struct {
	most    int
	entries []entry // oldest first; seq never falls
	base    uint64  // everything after this sequence is in entries
}

// entry says that an entity was before until seq.
type entry struct {
	seq    uint64
	key    key
	before *facets
}

func (r *ring) add(e entry) {
	r.entries = append(r.entries, e)
	if len(r.entries) < 2*r.most {
		return
	}
	// Halve it, never cutting a sequence in two.
	cut := len(r.entries) - r.most
	last := r.entries[cut-1].seq
	for cut < len(r.entries) && r.entries[cut].seq == last {
		cut++
	}
	r.base = last
	r.entries = slices.Clone(r.entries[cut:])
}

// since returns what every entity that changed after seq was at seq, sorted; false if the ring does not reach
// back so far.
func (r *ring) since(seq uint64) ([]entry, bool) {
	if seq < r.base {
		return nil, false
	}
	i, _ := slices.BinarySearchFunc(r.entries, seq+1, func(e entry, s uint64) int {
		if e.seq < s {
			return -1
		}
		return 1
	})
	first := map[key]bool{}
	var found []entry
	for _, e := range r.entries[i:] {
		if !first[e.key] {
			first[e.key] = true
			found = append(found, e)
		}
	}
	slices.SortFunc(found, func(a, b entry) int { return compareKeys(a.key, b.key) })
	return found, true
}
