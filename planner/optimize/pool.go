package optimize

import (
	"cmp"
	"math"
	"slices"
)

// pool is a list of the itineraries worth trying for each whole request, with the rows that may run out. A search over
// it needs no pricing: its moves are many times faster than those of search.
type pool struct {
	in    *instance
	ways  [][]way          // by request, by rising reduced cost
	cheap [][]int32        // by request, places in ways by rising cost
	free  []float64        // by scarce row, with nothing placed; of a scarce warehouse, all days in order
	group []int32          // by scarce row: the departure or warehouse that it belongs to, numbered anew
	near  [][]requestIndex // by group
}

// way is a column with its use of scarce rows.
type way struct {
	column  column
	reduced float64 // cost with prices above the least of its request
	groups  []int32
	rows    []int32 // of departures
	use     []float64
	stay    int32     // the first day's row of a scarce warehouse
	held    []float64 // by day, m3
	planned bool      // in the plan that the search begins with
}

const (
	poolMost  = 300000 // itineraries listed, over all requests
	poolKeeps = 150    // itineraries of a request that are tried
)

// newPool lists, for every whole request, the itineraries that fit into the room and whose reduced cost at the master's
// prices is below within, fewer where there are too many, and the one that it has in the plan. It is nil when stopped.
func (s *solver) newPool(plan *packing, room *room, within float64) *pool {
	in, y := s.in, s.master.price
	y.sum(in)
	p := &pool{in: in, ways: make([][]way, len(in.requests)), cheap: make([][]int32, len(in.requests))}
	most := max(poolKeeps, poolMost/len(in.requests))
	done := s.team.each(len(in.requests), s.stop, func(worker, i int) {
		if in.requests[i].whole {
			p.ways[i] = s.ways(s.team.pricers[worker], requestIndex(i), room, within, most)
			if len(plan.shares[i]) > 0 {
				p.ways[i] = p.keep(p.ways[i], plan.shares[i][0].column)
			}
		}
	})
	if !done {
		return nil
	}
	p.thin(room)
	return p
}

// ways lists up to most itineraries of a request: halving width until there are no more.
func (s *solver) ways(pr *pricer, id requestIndex, room *room, width float64, most int) []way {
	r := &s.in.requests[id]
	a := ask{request: r, network: r.network, prices: s.master.price, room: room, weight: 1, limit: r.value}
	least := pr.find(&a).cost
	var list []way
	var arena []departureIndex
	for range 20 {
		list, arena = list[:0], arena[:0]
		a.limit = least + width
		count := 0
		if pr.enumerate(&a, id, &arena, func(c column, charged float64) bool {
			if c.cost < r.value {
				list = append(list, way{column: c, reduced: charged - least})
			}
			count++
			return count < most
		}) {
			break
		}
		width /= 2
	}
	return list
}

// keep marks the way that the plan has, and lists it if it was not.
func (p *pool) keep(list []way, c column) []way {
	for i := range list {
		if list[i].column.sameWay(&c) {
			list[i].planned = true
			return list
		}
	}
	return append(list, way{column: c, planned: true, reduced: math.Inf(1)})
}

// thin finds the scarce rows, those that could run out, and drops ways that take as much of them as a cheaper one.
func (p *pool) thin(room *room) {
	in := p.in
	most := make([]float64, len(in.capacity))
	own := make([]float64, len(in.capacity))
	for r := range p.ways {
		x := &in.requests[r]
		var seen []rowIndex
		note := func(row rowIndex, use float64) {
			if own[row] == 0 {
				seen = append(seen, row)
			}
			own[row] = max(own[row], use)
		}
		for i := range p.ways[r] {
			p.eachUse(x, &p.ways[r][i].column, note)
		}
		for _, row := range seen {
			most[row] += own[row]
			own[row] = 0
		}
	}
	groups := int32(0)
	scarce := func(rows ...rowIndex) bool {
		return slices.ContainsFunc(rows, func(row rowIndex) bool { return most[row] > room.free[row] })
	}
	at := make([]int32, len(in.capacity))
	for row := range at {
		at[row] = -1
	}
	list := func(row rowIndex) {
		at[row] = int32(len(p.free))
		p.free = append(p.free, room.free[row])
		p.group = append(p.group, groups)
	}
	for i := range in.departures {
		m3, kg := in.m3Row(departureIndex(i)), in.kgRow(departureIndex(i))
		if !scarce(m3, kg) {
			continue
		}
		for _, row := range [2]rowIndex{m3, kg} {
			if scarce(row) {
				list(row)
			}
		}
		groups++
	}
	for w := range in.warehouses {
		var days []rowIndex
		for d := range in.days {
			days = append(days, in.dayRow(warehouseIndex(w), d))
		}
		if !scarce(days...) {
			continue
		}
		for _, row := range days {
			list(row)
		}
		groups++
	}
	p.near = make([][]requestIndex, groups)
	for r := range p.ways {
		x := &in.requests[r]
		list := p.ways[r]
		held := make([]float64, len(x.held)) // m3
		for k, h := range x.held {
			held[k] = h * x.volume
		}
		for i := range list {
			w := &list[i]
			c := &w.column
			put := func(row rowIndex, use float64) {
				if k := at[row]; k >= 0 && use > 0 {
					w.rows = append(w.rows, k)
					w.use = append(w.use, use)
					if g := p.group[k]; len(w.groups) == 0 || w.groups[len(w.groups)-1] != g {
						w.groups = append(w.groups, g)
					}
				}
			}
			for _, d := range c.legs {
				put(in.m3Row(d), x.volume)
				put(in.kgRow(d), x.weight)
			}
			if w.stay = at[in.dayRow(c.warehouse, int(c.day))]; w.stay >= 0 {
				w.groups = append(w.groups, p.group[w.stay])
				w.held = held[:len(in.heldFrom(c))]
			}
		}
		slices.SortStableFunc(list, func(a, b way) int { return cmp.Compare(a.reduced, b.reduced) })
		var kept []way
		for i := range list {
			if list[i].planned || len(kept) < poolKeeps && !slices.ContainsFunc(kept, func(k way) bool { return k.column.cost <= list[i].column.cost && k.noMore(&list[i]) }) {
				kept = append(kept, list[i])
			}
		}
		p.ways[r] = kept
		for i := range kept {
			p.cheap[r] = append(p.cheap[r], int32(i))
			for _, g := range kept[i].groups {
				if l := p.near[g]; len(l) == 0 || l[len(l)-1] != requestIndex(r) {
					p.near[g] = append(p.near[g], requestIndex(r))
				}
			}
		}
		slices.SortStableFunc(p.cheap[r], func(a, b int32) int { return cmp.Compare(kept[a].column.cost, kept[b].column.cost) })
	}
}

// saving is what the cheapest way of a request saves against leaving it behind.
func (p *pool) saving(r requestIndex) float64 {
	return p.in.requests[r].value - p.ways[r][p.cheap[r][0]].column.cost
}

// noMore tells whether w takes no more of any row than x, both of one request.
func (w *way) noMore(x *way) bool {
	for i, k := range w.rows {
		j := slices.Index(x.rows, k)
		if j < 0 || x.use[j] < w.use[i] {
			return false
		}
	}
	return w.stay < 0 || w.stay == x.stay
}

// eachUse calls f for every row that all of the request takes on the column.
func (p *pool) eachUse(r *request, c *column, f func(row rowIndex, use float64)) {
	for _, d := range c.legs {
		f(p.in.m3Row(d), r.volume)
		f(p.in.kgRow(d), r.weight)
	}
	base := p.in.dayRow(c.warehouse, int(c.day))
	for k, h := range p.in.heldFrom(c) {
		f(base+rowIndex(k), r.volume*h)
	}
}
