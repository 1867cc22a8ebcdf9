package optimize

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/blas/blas64"
)

// barrier solves the linear program over the itineraries known by a primal-dual interior-point method (Mehrotra 1992),
// begun at prices that are nearly right. Rows of requests are eliminated one by one: of the columns of a request one is its
// key, and the others count by what they differ from it. What is left is one dense symmetric system over the rows that
// may run out, a thousand for thirty thousand requests.
//
// Money is in units of what a usual request is worth; rows are scaled to a right-hand side of 1.
type barrier struct {
	in     *instance
	m      *master
	team   *team
	market *market // adds up loads
	unit   float64

	rows []rowIndex // that may run out
	at   []int32    // by row of the instance, its place in rows, or -1
	free []float64  // by place in rows, scaled: what requests without a choice leave

	keys      []int32 // by request of the instance: its one column where it has no choice
	fixedCost float64 // of those, in units

	requests []requestIndex // that have a choice
	first    []int32        // by place in requests: its columns are ids[first[k]:first[k+1]]
	ids      []int32        // columns of the master, or leave
	cost     []float64      // by column, in units
	start    []int32        // by column: its uses are index[start[j]:start[j+1]]
	index    []int32        // places in rows
	use      []float64      // scaled

	x, z     []float64 // by column: fraction and reduced cost
	y, slack []float64 // by place in rows: price and what is free, scaled
	worst    float64   // the most that any row is short, scaled
	barrierStep
}

// Where the method begins and ends.
const (
	barrierFrom  = 0.03 // distance of the first point, as a share of what all requests can save: nearer ones are too near the boundary to move
	barrierTo    = 1e-7 // distance of the last: by then most fractions are nearly 0 or 1
	barrierShort = 1e-3 // the share of a row that the last point may be short of, for a corner to be sought from it
)

// barrierWidth is how much of what its request is worth a column may cost more than the cheapest, to count. Fewer do not
// hold the best plan of the columns known.
const barrierWidth = 0.05

// nearRow is the share of its capacity from which on the load of a row is looked at.
const nearRow = 0.9

// newBarrier takes the columns whose reduced cost at prices y is within width of what their request is worth, and the
// rows that they may fill. The sum of all products is to be total, in money, at first. It is nil if the solve was stopped meanwhile.
func newBarrier(s *solver, k *market, y []float64, width, total float64) *barrier {
	in, m := s.in, s.master
	b := &barrier{in: in, m: m, team: s.team, market: k, unit: m.moneyUnit, keys: make([]int32, len(in.requests))}
	copy(m.price.row, y)
	m.price.sum(in)
	if b.choose(width); s.stop() {
		return nil
	}
	mu := total / b.unit / float64(max(1, len(b.ids)))
	b.x = make([]float64, len(b.ids))
	b.soften(mu)
	if b.chooseRows(y); s.stop() {
		return nil
	}
	b.open(y, mu)
	return b
}

// choose sorts the columns into those that count and the rest. Reduced costs are set so that the least of a request is 0.
func (b *barrier) choose(width float64) {
	in, m := b.in, b.m
	b.first = append(b.first, 0)
	charged := make([]float64, 0, 64)
	for i := range in.requests {
		r, id := &in.requests[i], requestIndex(i)
		charged = charged[:0]
		least, best := r.value, leave(id)
		for _, c := range m.of[i] {
			x := b.market.charged(&m.columns[c], r)
			charged = append(charged, x)
			if x < least {
				least, best = x, c
			}
		}
		limit := least + width*r.value
		from := len(b.ids)
		take := func(c int32, x float64) {
			if x <= limit {
				b.ids, b.cost, b.z = append(b.ids, c), append(b.cost, m.costOf(c)/b.unit), append(b.z, (x-least)/b.unit)
			}
		}
		take(leave(id), r.value)
		for j, c := range m.of[i] {
			take(c, charged[j])
		}
		b.keys[i] = best
		if len(b.ids) == from+1 {
			b.ids, b.cost, b.z = b.ids[:from], b.cost[:from], b.z[:from]
			b.fixedCost += m.costOf(best) / b.unit
			continue
		}
		b.requests = append(b.requests, id)
		b.first = append(b.first, int32(len(b.ids)))
	}
}

// soften spreads each request over its columns so that x·z is mu for all: it moves the reduced costs of a request by the
// one amount that makes the fractions add up to 1.
func (b *barrier) soften(mu float64) {
	b.each(func(_, k int) {
		lo, hi := b.first[k], b.first[k+1]
		least := math.Inf(1)
		for _, z := range b.z[lo:hi] {
			least = min(least, z)
		}
		// Σ mu/(z − least + t) = 1 falls and is convex in t: Newton's steps from the left do not overshoot.
		t := mu
		for range 50 {
			over, slope := -1.0, 0.0
			for _, z := range b.z[lo:hi] {
				x := mu / (z - least + t)
				over += x
				slope += x / (z - least + t)
			}
			if over < 1e-12 {
				break
			}
			t += over / slope
		}
		for j := lo; j < hi; j++ {
			b.z[j] += t - least
			b.x[j] = mu / b.z[j]
		}
	})
}

// each calls f for every place in requests, by parts that run side by side.
func (b *barrier) each(f func(part, k int)) {
	n := len(b.requests)
	b.team.tasks(shards, never, func(s int) {
		for k := n * s / shards; k < n*(s+1)/shards; k++ {
			f(s, k)
		}
	})
}

// loads adds up what all requests take, in m3 or kg by row of the instance, each column with a fraction of its own.
func (b *barrier) loads(fraction func(j int) float64) []float64 {
	k := b.market
	n := len(b.in.requests)
	b.team.tasks(shards, never, func(s int) {
		p := k.parts[s]
		p.clear()
		from, to := n*s/shards, n*(s+1)/shards
		next, _ := slices.BinarySearch(b.requests, requestIndex(from))
		for i := from; i < to; i++ {
			r := &b.in.requests[i]
			if next == len(b.requests) || int(b.requests[next]) != i {
				if id := b.keys[i]; id >= 0 {
					k.addUse(p, &b.m.columns[id], r, 1)
				}
				continue
			}
			for j := b.first[next]; j < b.first[next+1]; j++ {
				if id := b.ids[j]; id >= 0 {
					k.addUse(p, &b.m.columns[id], r, fraction(int(j)))
				}
			}
			next++
		}
	})
	k.total()
	return k.load
}

func (b *barrier) fraction(j int) float64 { return b.x[j] }

// chooseRows keeps the rows that have a price or are nearly full, of those that can be filled at all.
func (b *barrier) chooseRows(y []float64) {
	in := b.in
	// All columns of each request together are too much by far, but quick to add up.
	most := append([]float64(nil), b.loads(func(int) float64 { return 1 })...)
	load := b.loads(b.fraction)
	b.at = make([]int32, len(in.capacity))
	nd := 2 * len(in.departures)
	for i, c := range in.capacity {
		b.at[i] = -1
		if most[i] <= c || y[i] == 0 && load[i] < nearRow*c {
			continue
		}
		if i >= nd && y[i] == 0 {
			// Of days beside each other the fullest alone.
			d := (i - nd) % in.days
			if d > 0 && load[i-1] >= load[i] && in.capacity[i-1] <= c || d+1 < in.days && load[i+1] > load[i] && in.capacity[i+1] <= c {
				continue
			}
		}
		b.take(rowIndex(i))
	}
	b.compileUses()
}

func (b *barrier) take(row rowIndex) {
	b.at[row] = int32(len(b.rows))
	b.rows = append(b.rows, row)
}

// compileUses lists what every column takes of the rows, and what requests without a choice leave.
func (b *barrier) compileUses() {
	in, m := b.in, b.m
	b.start, b.index, b.use = append(b.start[:0], 0), b.index[:0], b.use[:0]
	each := func(id int32, f func(place int32, use float64)) {
		if id < 0 {
			return
		}
		c, n := &m.columns[id], len(in.departures)
		r := &in.requests[c.request]
		put := func(row int, x float64) {
			if p := b.at[row]; p >= 0 && x != 0 {
				f(p, x*in.scale[row])
			}
		}
		for _, d := range c.legs {
			put(int(d), r.volume)
			put(n+int(d), r.weight)
		}
		base := int(in.dayRow(c.warehouse, int(c.day)))
		for k, h := range in.heldFrom(c) {
			put(base+k, r.volume*h)
		}
	}
	for _, id := range b.ids {
		each(id, func(place int32, use float64) { b.index, b.use = append(b.index, place), append(b.use, use) })
		b.start = append(b.start, int32(len(b.index)))
	}
	b.free = make([]float64, len(b.rows))
	for p, row := range b.rows {
		b.free[p] = m.rhs[row]
	}
	next := 0
	for i, id := range b.keys {
		if next < len(b.requests) && int(b.requests[next]) == i {
			next++
			continue
		}
		each(id, func(place int32, use float64) { b.free[place] -= use })
	}
}

// open makes the first point: every product is mu, and reduced costs are those of the prices.
func (b *barrier) open(y []float64, mu float64) {
	load := b.loads(b.fraction)
	b.y, b.slack = make([]float64, len(b.rows)), make([]float64, len(b.rows))
	edge := math.Sqrt(mu)
	for p, row := range b.rows {
		scale := b.in.scale[row]
		b.y[p] = y[row] / scale / b.unit
		if b.y[p] <= edge {
			b.y[p] = max(b.y[p], mu/max(edge, b.m.rhs[row]-load[row]*scale))
		}
		b.slack[p] = mu / b.y[p]
	}
	for j := range b.ids {
		b.z[j] = b.cost[j]
		for e := b.start[j]; e < b.start[j+1]; e++ {
			b.z[j] += b.use[e] * b.y[b.index[e]]
		}
	}
	b.soften(mu)
	b.prepare()
}

// widen takes in rows that are over their capacity and were not looked at. It tells whether there were any.
func (b *barrier) widen(mu float64) bool {
	// A row that begins this far inside does not stop the next step; what it lacks is made up on the way.
	const inside = 0.02
	load := b.loads(b.fraction)
	before := len(b.rows)
	for i, c := range b.in.capacity {
		if b.at[i] < 0 && load[i] > c*(1-inside/2) && c > 0 {
			b.take(rowIndex(i))
		}
	}
	if len(b.rows) == before {
		return false
	}
	b.compileUses()
	for _, row := range b.rows[before:] {
		slack := max(b.m.rhs[row]-load[row]*b.in.scale[row], inside)
		b.slack, b.y = append(b.slack, slack), append(b.y, mu/slack)
	}
	for j := range b.ids {
		for e := b.start[j]; e < b.start[j+1]; e++ {
			if p := b.index[e]; int(p) >= before {
				b.z[j] += b.use[e] * b.y[p]
			}
		}
	}
	b.prepare()
	return true
}

// solve goes on until the point is within to of the best, in money, and nothing is short, or until steps get nowhere;
// worst says which. seen is called on the way with the objective and what is left.
func (b *barrier) solve(to float64, stop func() bool, seen func(objective, left float64)) {
	const most, shortest, patience = 80, 0.01, 8
	stuck := 0
	for range most {
		mu := b.measure()
		if b.worst < 0.1 && b.widen(mu) {
			mu = b.measure()
		}
		left := mu * float64(len(b.ids)+len(b.rows)) * b.unit
		seen(b.objective(), left)
		if left <= to && b.worst < 1e-6 {
			return
		}
		primal, dual, ok := b.iterate(mu, stop)
		if stuck++; max(primal, dual) > shortest {
			stuck = 0
		}
		if !ok || stuck == patience || stop() {
			return
		}
	}
}

// objective is what the fractions cost, in money.
func (b *barrier) objective() float64 {
	return (b.fixedCost + blas64.Dot(vector(b.x), vector(b.cost))) * b.unit
}

func vector(x []float64) blas64.Vector { return blas64.Vector{N: len(x), Inc: 1, Data: x} }

// prices are those of all rows of the instance, money per m3 or kg.
func (b *barrier) prices() []float64 {
	y := make([]float64, len(b.in.capacity))
	for p, row := range b.rows {
		y[row] = b.y[p] * b.in.scale[row] * b.unit
	}
	return y
}

// shares are the fractions as they are.
func (b *barrier) shares() [][]share {
	all := make([][]share, len(b.in.requests))
	for i, id := range b.keys {
		if id >= 0 {
			all[i] = []share{{b.m.columns[id], 1}}
		}
	}
	for k, r := range b.requests {
		all[r] = nil
		for j := b.first[k]; j < b.first[k+1]; j++ {
			if id := b.ids[j]; id >= 0 && b.x[j] > dust {
				all[r] = append(all[r], share{b.m.columns[id], b.x[j]})
			}
		}
	}
	return all
}

// corner is the point as crossover takes it: a key for each request, the other columns with more than a speck, and the
// rows that are full.
func (b *barrier) corner() (keys []int32, rest []held, full []rowIndex) {
	const speck = 2e-5
	for k, r := range b.requests {
		key := b.key[k]
		b.keys[r] = b.ids[key]
		for j := b.first[k]; j < b.first[k+1]; j++ {
			if j != key && b.x[j] > speck {
				rest = append(rest, held{b.ids[j], b.x[j]})
			}
		}
	}
	for p, row := range b.rows {
		if b.y[p] > b.slack[p] {
			full = append(full, row)
		}
	}
	return b.keys, rest, full
}
