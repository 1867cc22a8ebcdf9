package optimize

import (
	"cmp"
	"context"
	"maps"
	"math"
	"slices"
)

// Mend plans again, exactly, those whom the changes since the last call may concern: the requests that Apply touched, and
// whoever shares a departure or a warehouse that they use or would use. Everyone else is fixed load. It begins with few,
// and takes more while the regret is above the one asked for and there are others to take; it returns the regret. Requests that
// must go whole stay where they are.
func (x *Session) Mend(ctx context.Context, regret float64) float64 {
	objective, bound, now := x.Standing()
	core := x.core()
	for size := mendFrom; len(core) > 0 && ctx.Err() == nil; size *= 3 {
		region, all := x.region(core, size)
		if len(region) == 0 {
			break
		}
		x.plan(ctx, region, regret/10*(objective-bound)/max(now, math.SmallestNonzeroFloat64))
		objective, bound, now = x.Standing()
		if now <= regret || all || size >= mendMost {
			break
		}
	}
	if ctx.Err() == nil {
		x.touched, x.opened = x.touched[:0], x.opened[:0]
	}
	return now
}

// How many requests Mend plans again at first, and at most: beyond, Improve is quicker.
const (
	mendFrom = 200
	mendMost = 600
)

// core is where the changes since the last Mend were, who loses most first: the requests touched that go dearer than the proof
// allows for, and who may want what was given free.
func (x *Session) core() []requestIndex {
	seen := map[requestIndex]float64{}
	var core []requestIndex
	add := func(r requestIndex, loss float64) {
		if _, ok := seen[r]; !ok && r >= 0 && !x.gone[r] && loss > 1e-9*x.s.in.requests[r].value {
			seen[r] = loss
			core = append(core, r)
		}
	}
	for _, r := range x.touched {
		add(r, x.loss(r))
	}
	opened := slices.Compact(slices.Sorted(slices.Values(x.opened)))
	for _, row := range opened {
		if free := x.now.room.free[row] * x.prices.row[row]; free > 0 {
			for _, k := range x.near(row, 30) {
				add(k, free)
			}
		}
	}
	slices.SortStableFunc(core, func(a, b requestIndex) int { return cmp.Or(cmp.Compare(seen[b], seen[a]), cmp.Compare(a, b)) })
	return core
}

// loss is by how much a request goes dearer, at the prices of the proof, than it would have to. The losses of all, and the prices of
// what is free, add up to what the objective is above the bound.
func (x *Session) loss(r requestIndex) float64 {
	left, cost := 1.0, 0.0
	for k := range x.now.shares[r] {
		s := &x.now.shares[r][k]
		left -= s.fraction
		cost += s.fraction * x.charged(&s.column)
	}
	return cost + max(0, left)*x.s.in.requests[r].value - x.least[r]
}

// near lists up to so many requests who would use a row, those first whose itinerary over it is nearest to what they cost at
// least.
func (x *Session) near(row rowIndex, most int) []requestIndex {
	in, m := x.s.in, x.s.master
	columns := x.columnsOn(row)
	best := map[requestIndex]float64{}
	for _, id := range columns {
		c := &m.columns[id]
		if c.request < 0 || slices.Index(m.of[c.request], id) < 0 || in.useOf(c, row) <= 0 {
			continue
		}
		d := x.charged(c) - x.least[c.request]
		if old, ok := best[c.request]; !ok || d < old {
			best[c.request] = d
		}
	}
	list := slices.SortedFunc(maps.Keys(best), func(a, b requestIndex) int {
		return cmp.Or(cmp.Compare(best[a], best[b]), cmp.Compare(a, b))
	})
	return list[:min(most, len(list))]
}

func (x *Session) columnsOn(row rowIndex) []int32 {
	in := x.s.in
	if n := len(in.departures); int(row) < 2*n {
		return x.through[int(row)%n]
	}
	return x.into[(int(row)-2*len(in.departures))/in.days]
}

// region grows from the core along the rows that are full or have a price, until it has so many requests. It tells whether
// there is nobody else to come to.
func (x *Session) region(core []requestIndex, size int) (region []requestIndex, all bool) {
	in, m := x.s.in, x.s.master
	seen := map[requestIndex]bool{}
	add := func(r requestIndex) {
		if !seen[r] && !in.requests[r].whole {
			seen[r] = true
			region = append(region, r)
		}
	}
	for _, r := range core[:min(len(core), size/2)] {
		add(r)
	}
	rows := map[rowIndex]bool{}
	for k := 0; k < len(region) && len(region) < size; k++ {
		r := region[k]
		for _, id := range m.of[r] {
			c := &m.columns[id]
			if x.charged(c)-x.least[r] > 0.1*in.requests[r].value {
				continue
			}
			in.eachRow(c, func(row rowIndex) {
				if rows[row] || len(region) >= size || x.prices.row[row] == 0 && x.now.room.free[row] > 0.05*in.capacity[row] {
					return
				}
				rows[row] = true
				for _, o := range x.near(row, size/4) {
					if len(region) < size {
						add(o)
					}
				}
			})
		}
	}
	return region, len(region) < size && 2*len(core) <= size
}

// eachRow calls f for every row that a column takes room of.
func (in *instance) eachRow(c *column, f func(row rowIndex)) {
	for _, d := range c.legs {
		f(in.m3Row(d))
		f(in.kgRow(d))
	}
	base := in.dayRow(c.warehouse, int(c.day))
	for k := range in.heldFrom(c) {
		f(base + rowIndex(k))
	}
}

// plan plans the listed requests in the room that they have and that is free, by column generation, until their plan is
// within so much money of the best. It then tries the prices that this gave.
func (x *Session) plan(ctx context.Context, region []requestIndex, within float64) {
	in := x.s.in
	part := &instance{problem: x.problem, days: in.days, transferHours: in.transferHours, transferCostM3: in.transferCostM3, departures: in.departures,
		warehouses: in.warehouses, requests: make([]request, len(region)), capacity: make([]float64, len(in.capacity))}
	for i, free := range x.now.room.free {
		part.capacity[i] = max(0, free-in.capacity[i]*roomSlack)
	}
	was := 0.0
	for i, r := range region {
		part.requests[i] = in.requests[r]
		for k := range x.now.shares[r] {
			s := &x.now.shares[r][k]
			in.addUse(&s.column, s.fraction, part.capacity)
		}
		was += x.now.cost[r]
	}
	part.compileScale()
	m := newMaster(part, x.s.o.Seed)
	for i, r := range region {
		for _, id := range x.s.master.of[r] {
			c := x.s.master.columns[id]
			c.request = requestIndex(i)
			m.add(c)
		}
	}
	x.warm(m, region)
	s := &solver{in: part, o: x.s.o, ctx: ctx, team: x.s.team, master: m, proof: make([]float64, len(part.capacity))}
	all := s.everyone()
	m.optimise(all, s.stop)
	for range mendRounds {
		if s.stop() {
			break
		}
		total, added := x.look(s, region)
		if bound := total - m.price.offCapacity(part); added == 0 || m.objective-bound <= within {
			break
		}
		m.optimise(all, s.stop)
	}
	if m.objective < was {
		x.take(region, m.shares())
	}
	x.raise(m.price.row, slices.Clone(m.tight), region)
}

// mendRounds is how often a region is priced.
const mendRounds = 4

// warm starts a master at the shares that are whole, which fit; the rest it finds again in a few pivots.
func (x *Session) warm(m *master, region []requestIndex) {
	in := m.in
	for i, r := range region {
		list := x.now.shares[r]
		if len(list) != 1 || list[0].fraction < 1-1e-9 {
			continue
		}
		for _, id := range m.of[i] {
			if m.columns[id].sameWay(&list[0].column) {
				m.key[i] = id
			}
		}
	}
	for i := range m.key {
		if id := m.key[i]; id >= 0 {
			in.addUse(&m.columns[id], 1, m.use)
		}
	}
	for i, use := range m.use {
		m.rhs[i] = max(m.rhs[i], use*in.scale[i])
		m.slack[i] = m.rhs[i] - use*in.scale[i]
		m.use[i] = 0
	}
	m.sum()
}

// look prices the region at the prices of its master, and adds what improves on it. It returns what the requests cost at
// least, all together, and how many columns it added.
func (x *Session) look(s *solver, region []requestIndex) (total float64, added int) {
	m := s.master
	for i := range m.price.row {
		m.price.row[i] = max(0, m.price.row[i])
	}
	m.price.sum(s.in)
	results := make([]priced, len(region))
	s.team.each(len(region), s.stop, func(worker, i int) {
		id := requestIndex(i)
		r := &s.in.requests[i]
		sigma := m.requestPrice(id)
		limit := min(sigma, r.value)
		results[i].least = limit
		if len(r.network.nodes) == 0 {
			return
		}
		a := ask{request: r, network: r.network, prices: m.price, limit: limit}
		pr := s.team.pricers[worker]
		o := pr.find(&a)
		results[i].least = o.cost
		if o.node >= 0 && o.cost < sigma-m.tolerance(sigma) {
			results[i].column, results[i].found = pr.column(&a, o, id, r, s.team.arena(worker)), true
		}
	})
	for i := range results {
		total += results[i].least
		if results[i].found && !m.has(&results[i].column) {
			m.add(results[i].column)
			added++
			c := results[i].column
			c.request = region[i]
			x.learn(c)
		}
	}
	return total, added
}

// take gives the listed requests new shares.
func (x *Session) take(region []requestIndex, shares [][]share) {
	for _, r := range region {
		x.now.clear(r)
	}
	for i, r := range region {
		for k := range shares[i] {
			shares[i][k].column.request = r
		}
		x.keep(r, shares[i])
	}
}
