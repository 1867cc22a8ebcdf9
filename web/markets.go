package web

import (
	"cmp"
	"maps"
	"math"
	"slices"

	"haihe/planner"
)

// markets sums up, for the commission, the requests that are not withdrawn by the market they go to. What a request
// adds is kept, so that a change costs what it changes and not what there is.
type markets struct {
	rows     map[string]*marketRow
	shown    map[string]marketSum // as the commission was last told
	withheld map[string]bool
	of       map[string]added // by request
	touched  map[string]bool  // requests
}

// added is what a request adds to a market.
type added struct {
	market, exporter string
	part             marketPart
}

// marketRow sums over the open requests to a market.
type marketRow struct {
	sum   marketPart
	parts map[string]marketPart // by exporter
	told  map[string]marketPart // the parts that the row shown sums up
	moved map[string]bool       // exporters whose part differs between the two
}

// marketSum is what the commission sees of a row.
type marketSum struct {
	id        string
	sum       marketPart
	exporters int
}

type marketPart struct {
	requests, whole            int // whole: that go wholly
	askedM3, matchedM3, costed float64
	behind                     float64 // value of what stays behind
}

func (p *marketPart) add(q marketPart) {
	p.requests += q.requests
	p.askedM3 += q.askedM3
	p.matchedM3 += q.matchedM3
	p.costed += q.costed
	p.behind += q.behind
	p.whole += q.whole
}

func (p *marketPart) subtract(q marketPart) {
	p.add(marketPart{-q.requests, -q.whole, -q.askedM3, -q.matchedM3, -q.costed, -q.behind})
}

// grid rounds to 2^-20. Of such numbers sums below 2^33 are exact, so they are the same in whatever order things happened,
// and taking away undoes adding.
func grid(x float64) float64 { return math.Round(x*(1<<20)) / (1 << 20) }

func newMarkets() markets {
	return markets{map[string]*marketRow{}, map[string]marketSum{}, map[string]bool{}, map[string]added{}, map[string]bool{}}
}

// touch says that a request or its match is another now.
func (m *markets) touch(request string) { m.touched[request] = true }

// settle sums up what was touched, and returns the markets whose row may differ.
func (m *markets) settle(requests map[string]*planner.RequestStatus, matches map[string]*planner.Match) []string {
	if len(m.touched) == 0 {
		return nil
	}
	changed := map[string]bool{}
	for id := range m.touched {
		was, had := m.of[id]
		now, has := partOf(requests[id], matches[id])
		if had == has && was == now {
			continue
		}
		if had {
			m.put(was, -1)
			changed[was.market] = true
			delete(m.of, id)
		}
		if has {
			m.put(now, 1)
			changed[now.market] = true
			m.of[id] = now
		}
	}
	clear(m.touched)
	if len(changed) == 0 {
		return nil
	}
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

// partOf is what a request adds; nothing if it is withdrawn.
func partOf(r *planner.RequestStatus, match *planner.Match) (added, bool) {
	if r == nil || r.Withdrawn {
		return added{}, false
	}
	p := marketPart{requests: 1, askedM3: r.VolumeM3, matchedM3: r.BookedShare * r.VolumeM3}
	if match != nil {
		for _, part := range match.Parts {
			p.matchedM3 += part.Fraction * (1 - r.BookedShare) * r.VolumeM3
			p.costed += part.Cost
		}
		p.behind = match.Unmatched * r.Value
		if match.Unmatched <= 1e-6 {
			p.whole = 1
		}
	}
	p.askedM3, p.matchedM3, p.costed, p.behind = grid(p.askedM3), grid(p.matchedM3), grid(p.costed), grid(p.behind)
	return added{r.Market, r.Exporter, p}, true
}

// put adds a part to its row, or takes it away.
func (m *markets) put(a added, sign int) {
	row := m.rows[a.market]
	if row == nil {
		row = &marketRow{parts: map[string]marketPart{}, told: map[string]marketPart{}, moved: map[string]bool{}}
		m.rows[a.market] = row
	}
	its := row.parts[a.exporter]
	if sign > 0 {
		row.sum.add(a.part)
		its.add(a.part)
	} else {
		row.sum.subtract(a.part)
		its.subtract(a.part)
	}
	row.parts[a.exporter] = its
	if its.requests == 0 {
		delete(row.parts, a.exporter)
		its = marketPart{}
	}
	if row.told[a.exporter] == its { // no part is told of as one of nothing
		delete(row.moved, a.exporter)
	} else {
		row.moved[a.exporter] = true
	}
}

// release shows a row anew, unless whoever watches it would learn what fewer than three exporters did: the row before
// less this one.
func (m *markets) release(id string, withheld bool) {
	row := m.rows[id]
	if len(row.parts) == 0 {
		delete(m.rows, id)
		delete(m.shown, id)
		return
	}
	now := marketSum{id, row.sum, len(row.parts)}
	// A row that comes to the same is not shown anew: what follows is held against what its readers take it to be made of.
	if was, before := m.shown[id]; before && !withheld && !m.withheld[id] && (was == now || row.tells()) {
		return
	}
	for e := range row.moved {
		if part, in := row.parts[e]; in {
			row.told[e] = part
		} else {
			delete(row.told, e)
		}
	}
	clear(row.moved)
	m.shown[id] = now
}

// tells reports whether the row less the one shown is of fewer than three exporters, in any figure.
func (row *marketRow) tells() bool {
	was, now := byOwner{}, byOwner{}
	for e := range row.moved {
		was[e], now[e] = row.told[e].figure(), row.parts[e].figure()
	}
	return len(row.moved) < least || tells(was, now)
}

func (p marketPart) figure() figure {
	return figure{float64(p.requests), p.askedM3, p.matchedM3, p.costed, p.behind, float64(p.whole)}
}

// byExporter is what each exporter adds over all markets.
func (m *markets) byExporter() byOwner {
	all := byOwner{}
	for _, row := range m.rows {
		for e, p := range row.parts {
			all.add(e, p.figure())
		}
	}
	return all
}

// withhold returns the markets whose figures the commission does not see: those of fewer than three exporters,
// and, as the sum over all markets is known, so many of the next smallest that what is withheld together is of
// three exporters too.
func withhold(rows map[string]*marketRow) map[string]bool {
	order := make([]string, 0, len(rows))
	for id, row := range rows {
		if len(row.parts) > 0 { // one of nobody is about to go
			order = append(order, id)
		}
	}
	slices.SortFunc(order, func(a, b string) int {
		return cmp.Or(cmp.Compare(len(rows[a].parts), len(rows[b].parts)), cmp.Compare(a, b))
	})
	withheld := map[string]bool{}
	together := map[string]bool{}
	for _, id := range order {
		row := rows[id]
		if len(row.parts) >= least && (len(withheld) == 0 || len(withheld) > 1 && len(together) >= least) {
			break
		}
		withheld[id] = true
		for e := range row.parts {
			together[e] = true
		}
	}
	return withheld
}
