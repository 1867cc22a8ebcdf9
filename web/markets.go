package web

import (
	"cmp"
	"maps"
	"slices"

	"haihe/planner"
)

// markets sums up, for the commission, the requests that are not withdrawn by the market they go to.
type markets struct {
	rows     map[string]*marketRow
	shown    map[string]*marketRow // as the commission was last told
	withheld map[string]bool
	members  map[string]map[string]bool // market -> requests
	dirty    map[string]bool
}

func newMarkets() markets {
	return markets{map[string]*marketRow{}, map[string]*marketRow{}, map[string]bool{}, map[string]map[string]bool{}, map[string]bool{}}
}

// touch says that a request was one thing and is another now; either may be nil.
func (m *markets) touch(old, now *planner.RequestStatus) {
	if old != nil {
		delete(m.members[old.Market], old.ID)
		m.dirty[old.Market] = true
	}
	if now != nil {
		if m.members[now.Market] == nil {
			m.members[now.Market] = map[string]bool{}
		}
		m.members[now.Market][now.ID] = true
		m.dirty[now.Market] = true
	}
}

// settle sums the markets that were touched anew, and returns those whose row may differ.
func (m *markets) settle(requests map[string]*planner.RequestStatus, matches map[string]*planner.Match) []string {
	if len(m.dirty) == 0 {
		return nil
	}
	changed := maps.Clone(m.dirty)
	for id := range m.dirty {
		row := sumMarket(id, m.members[id], requests, matches)
		if row.requests == 0 {
			delete(m.rows, id)
		} else {
			m.rows[id] = row
		}
	}
	clear(m.dirty)
	withheld := withhold(m.rows)
	for id := range m.rows {
		if withheld[id] != m.withheld[id] {
			changed[id] = true
		}
	}
	for id := range changed {
		m.release(id, withheld[id])
	}
	m.withheld = withheld
	return slices.Sorted(maps.Keys(changed))
}

// release shows a row anew, unless whoever watches it would learn what fewer than three exporters did: the row before
// less this one.
func (m *markets) release(id string, withheld bool) {
	now, before := m.rows[id], m.shown[id]
	if now == nil {
		delete(m.shown, id)
		return
	}
	if before != nil && !withheld && !m.withheld[id] && differing(before, now) < least {
		return
	}
	m.shown[id] = now
}

// differing counts the exporters whose part differs between two rows.
func differing(a, b *marketRow) int {
	n := 0
	for e, part := range b.parts {
		if was, in := a.parts[e]; !in || was != part {
			n++
		}
	}
	for e := range a.parts {
		if _, in := b.parts[e]; !in {
			n++
		}
	}
	return n
}

// exporters counts those who have requests.
func (m *markets) exporters() int {
	all := map[string]bool{}
	for _, row := range m.rows {
		maps.Copy(all, row.exporters)
	}
	return len(all)
}

// sumMarket adds in the order of ids, so that the same requests give the same sums to the last bit.
func sumMarket(id string, members map[string]bool, requests map[string]*planner.RequestStatus, matches map[string]*planner.Match) *marketRow {
	row := &marketRow{id: id, exporters: map[string]bool{}, parts: map[string]marketPart{}}
	for _, r := range slices.Sorted(maps.Keys(members)) {
		status := requests[r]
		if status.Withdrawn {
			continue
		}
		row.exporters[status.Exporter] = true
		one := marketPart{requests: 1, askedM3: status.VolumeM3, matchedM3: status.BookedShare * status.VolumeM3}
		if match := matches[r]; match != nil {
			for _, part := range match.Parts {
				one.matchedM3 += part.Fraction * (1 - status.BookedShare) * status.VolumeM3
				one.costed += part.Cost
			}
		}
		row.marketPart.add(one)
		its := row.parts[status.Exporter]
		its.add(one)
		row.parts[status.Exporter] = its
	}
	return row
}

// withhold returns the markets whose figures the commission does not see: those of fewer than three exporters,
// and, as the sum over all markets is known, so many of the next smallest that what is withheld together is of
// three exporters too.
func withhold(rows map[string]*marketRow) map[string]bool {
	order := slices.SortedFunc(maps.Values(rows), func(a, b *marketRow) int {
		return cmp.Or(cmp.Compare(len(a.exporters), len(b.exporters)), cmp.Compare(a.id, b.id))
	})
	withheld := map[string]bool{}
	together := map[string]bool{}
	for _, row := range order {
		if len(row.exporters) >= least && (len(withheld) == 0 || len(withheld) > 1 && len(together) >= least) {
			break
		}
		withheld[row.id] = true
		maps.Copy(together, row.exporters)
	}
	return withheld
}
