package optimize

import (
	"cmp"
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"
)

// crossover goes from an inner point to a corner of about the same cost, where no more requests are split than rows are
// full (Bixby and Saltzman 1994). First the columns with most in the plan make a basis for the rows that are full. Then
// the others are pushed to zero one by one while the basis keeps those rows full; whatever would fall below zero on
// the way leaves the basis to the column that is pushed.
//
// Prices stay in the band that width gives y. It tells whether it came to the end; if not, the columns that were not
// pushed yet are dropped.
func (m *master) crossover(keys []int32, rest []held, full []rowIndex, y []float64, width float64, stop func() bool) bool {
	m.start(keys, y, width)
	m.super = rest
	for _, q := range rest {
		m.keyX[m.requestOf(q.column)] -= q.x
	}
	m.residual()
	m.reach = m.reachable()
	defer func() {
		m.reach = nil
		m.watch()
	}()
	m.watch()
	m.base(full)
	m.refactor()
	done := m.pushAll(stop)
	m.refactor()
	return done
}

// reachable is the slack, by row, that is left however the requests that are split choose among their columns in the plan.
// Pushing goes along the face of the best plans, which may be long: a day with much room can be overfilled.
func (m *master) reachable() []float64 {
	use := m.use
	for _, q := range m.super {
		if q.column >= 0 {
			m.in.addUse(&m.columns[q.column], 1-q.x, use)
		}
	}
	last := requestIndex(-1)
	slices.SortFunc(m.super, func(a, b held) int { return cmp.Compare(m.requestOf(a.column), m.requestOf(b.column)) })
	for _, q := range m.super {
		r := m.requestOf(q.column)
		if id := m.key[r]; r != last && id >= 0 {
			m.in.addUse(&m.columns[id], 1-m.keyX[r], use)
		}
		last = r
	}
	reach := make([]float64, len(use))
	for i, x := range use {
		reach[i] = m.slack[i] - x*m.in.scale[i]
		use[i] = 0
	}
	return reach
}

// base makes a basis for as many of the rows as it can, of the columns in super, those with most in the plan first.
func (m *master) base(rows []rowIndex) {
	m.sortSuper()
	wanted := make([]bool, len(m.slack))
	for _, row := range rows {
		wanted[row] = true
	}
	left := len(rows)
	rest := make([]held, 0, len(m.super))
	for k, q := range m.super {
		if left == 0 || m.weight(q) < leastBasic {
			rest = append(rest, m.super[k:]...)
			break
		}
		r := m.requestOf(q.column)
		alpha := m.towardsBasis(q.column)
		m.touch(q.column, 1)
		m.keyRate[r] = -1
		m.keyTouched = append(m.keyTouched, r)
		largest := m.spread(alpha)
		// What is left of a column that depends on the basis is noise: of the column's own size, not of the largest left.
		best := rowRate{-1, max(0.01*largest, 1e-4*m.size(q.column))}
		for _, x := range m.rates {
			if wanted[x.row] && math.Abs(x.rate) > math.Abs(best.rate) {
				best = x
			}
		}
		m.clearRates()
		if best.row < 0 {
			rest = append(rest, q)
			continue
		}
		m.tighten(q.column, block{row: best.row, rate: best.rate}, alpha, 0)
		m.basicX[len(m.basicX)-1] = q.x
		wanted[best.row] = false
		left--
	}
	m.super = rest
}

// leastBasic is the least part of its request, or of a row, that a column of the first basis takes. What the prices charge for
// all rooms is no more than what there is to save, so rows that lack a column for it lose no more than that part of it.
const leastBasic = 2e-5

// sortSuper puts the columns with most in the plan first.
func (m *master) sortSuper() {
	by := make(map[int32]float64, len(m.super))
	for _, q := range m.super {
		by[q.column] = m.weight(q)
	}
	slices.SortFunc(m.super, func(a, b held) int {
		return cmp.Or(cmp.Compare(by[b.column], by[a.column]), cmp.Compare(a.column, b.column))
	})
}

// weight is how much a column has in the plan: the part of its request, or of the row that it fills most if that is more.
// A thousandth of a large request can be all that a small departure holds.
func (m *master) weight(q held) float64 { return q.x * max(1, m.size(q.column)) }

// size is the largest scaled use of a row by a column or by the key of its request, which makes way for it.
func (m *master) size(id int32) float64 { return max(m.most(id), m.most(m.key[m.requestOf(id)])) }

// most is the largest scaled use of a row by all of a column.
func (m *master) most(id int32) float64 {
	if id < 0 {
		return 0
	}
	c, n, t := &m.columns[id], len(m.in.departures), 0.0
	r := &m.in.requests[c.request]
	for _, d := range c.legs {
		t = max(t, r.volume*m.in.scale[d], r.weight*m.in.scale[n+int(d)])
	}
	base := int(m.in.dayRow(c.warehouse, int(c.day)))
	for k, held := range m.in.heldFrom(c) {
		t = max(t, r.volume*held*m.in.scale[base+k])
	}
	return t
}

// pushAll pushes all columns of super, those with least in the plan first. It tells whether it came to the end.
func (m *master) pushAll(stop func() bool) bool {
	for len(m.super) > 0 {
		if stop() {
			for _, q := range m.super {
				m.keyX[m.requestOf(q.column)] += q.x
			}
			m.super = nil
			return false
		}
		q := m.super[len(m.super)-1]
		m.super = m.super[:len(m.super)-1]
		m.push(q)
	}
	return true
}

// push takes a column to zero, or into the basis.
func (m *master) push(q held) {
	r := m.requestOf(q.column)
	d := m.charged(q.column) - m.requestPrice(r)
	alpha := m.towardsBasis(q.column)
	floats.Scale(-1, alpha)
	m.touch(q.column, -1)
	m.keyRate[r] = 1
	m.keyTouched = append(m.keyTouched, r)
	out := m.ratio(alpha)
	if out.kind == nothing || out.step >= q.x {
		m.step(q.x, alpha)
		m.objective -= q.x * d
		m.clearRates()
		return
	}
	m.step(out.step, alpha)
	m.objective -= out.step * d
	floats.Scale(-1, alpha)
	left := q.x - out.step
	switch out.kind {
	case aRow:
		out.rate = -out.rate
		m.tighten(q.column, out, alpha, d)
		m.basicX[len(m.basicX)-1] = left
	case aKey:
		m.replace(q.column, m.swapKey(out.request, alpha, out.request == r), left, alpha, d)
	case aColumn:
		m.replace(q.column, out.place, left, alpha, d)
	}
	m.finish(out.step)
}

// rebuild makes a basis anew of the columns in the plan: the way out of a working matrix that has become singular by
// rounding. It loses nothing but the work; where that happens again and again, the columns are kept and the plan is not.
func (m *master) rebuild() {
	const most = 20
	if m.rebuilt++; m.rebuilt > most {
		m.rebuilt = 0
		m.super = nil
		m.reset()
		return
	}
	for p, id := range m.basic {
		if m.basicX[p] > dust {
			m.super = append(m.super, held{id, m.basicX[p]})
		}
	}
	rows := slices.Clone(m.tight)
	m.clearBasis()
	for r := range m.key {
		m.keyX[r] = 1
	}
	for _, q := range m.super {
		m.keyX[m.requestOf(q.column)] -= q.x
	}
	m.residual()
	m.base(rows)
	m.refactor()
	m.pushAll(never)
}
