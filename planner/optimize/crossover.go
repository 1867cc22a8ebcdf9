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
	m.base(full)
	m.refactor()
	done := m.pushAll(stop)
	m.refactor()
	return done
}

// base makes a basis for as many of the rows as it can, of the columns in super, those with most in the plan first.
func (m *master) base(rows []rowIndex) {
	slices.SortFunc(m.super, func(a, b held) int { return cmp.Or(cmp.Compare(b.x, a.x), cmp.Compare(a.column, b.column)) })
	m.residual()
	wanted := make([]bool, len(m.slack))
	for _, row := range rows {
		wanted[row] = true
	}
	left := len(rows)
	rest := make([]held, 0, len(m.super))
	for k, q := range m.super {
		if left == 0 || q.x < leastBasic {
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
		best := rowRate{-1, max(0.01*largest, 1e-4*max(m.size(q.column), m.size(m.key[r])))}
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

// leastBasic is the least fraction of a column that a basis begins with.
const leastBasic = 1e-3

// size is the largest scaled use of a departure by a column.
func (m *master) size(id int32) float64 {
	if id < 0 {
		return 0
	}
	c, n, t := &m.columns[id], len(m.in.departures), 0.0
	r := &m.in.requests[c.request]
	for _, d := range c.legs {
		t = max(t, r.volume*m.in.scale[d], r.weight*m.in.scale[n+int(d)])
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
	m.base(rows)
	m.refactor()
	m.pushAll(never)
}
