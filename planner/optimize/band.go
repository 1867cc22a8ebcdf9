package optimize

import (
	"math"

	"gonum.org/v1/gonum/floats"
)

// start begins afresh from a column for each request, whatever room there is, and from prices of room, money per m3 or
// kg. No row is tight. The prices stay in the band that width gives them.
func (m *master) start(keys []int32, y []float64, width float64) {
	m.clearBasis()
	copy(m.price.row, y)
	for r, id := range keys {
		m.key[r], m.keyX[r] = id, 1
	}
	use := m.use
	for r := range m.key {
		if id := m.key[r]; id >= 0 {
			m.in.addUse(&m.columns[id], 1, use)
		}
	}
	for i := range use {
		m.slack[i] = m.rhs[i] - use[i]*m.in.scale[i]
		m.over[i] = m.slack[i] < 0
		use[i] = 0
	}
	m.lazy = true
	m.band(y, width)
}

// nearlyFull is how much slack a row may have that takes part in pivots.
const nearlyFull = 0.05

// watch chooses the days that take part in pivots, from the slack of all rows.
func (m *master) watch() {
	first := 2 * len(m.in.departures)
	for i := range first {
		m.notice(rowIndex(i))
	}
	for w := range m.days {
		list := make([]int32, 0, 8)
		base := first + w*m.in.days
		for d := range m.in.days {
			i := base + d
			m.notice(rowIndex(i))
			if m.tightAt[i] >= 0 || m.over[i] || m.low[i] > 0 || m.near(rowIndex(i)) {
				list = append(list, int32(d))
			}
		}
		m.days[w] = list
	}
}

// near tells whether a row may run out soon.
func (m *master) near(i rowIndex) bool {
	if m.reach != nil {
		return m.reach[i] < feasTol
	}
	return m.slack[i] < nearlyFull
}

// notice brings the price of a row without a place in the basis in line with its slack.
func (m *master) notice(i rowIndex) {
	if m.tightAt[i] >= 0 {
		return
	}
	if m.slack[i] < -feasTol {
		m.over[i] = true
	} else if m.slack[i] > feasTol {
		m.over[i] = false
	}
	m.price.row[i] = m.outside(i) * m.in.scale[i]
}

// band sets the band of every row round the given prices. Where width is infinite it is [0, ∞), but for a last price
// that no request can pay, since a row over its capacity must have one.
func (m *master) band(y []float64, width float64) {
	unit, most := m.usualPrices()
	n := len(m.in.departures)
	for i := range m.low {
		u, last := unit[0], most[0]
		switch {
		case i >= 2*n:
			last *= float64(max(1, m.in.days))
		case i >= n:
			u, last = unit[1], most[1]
		}
		last = max(last, 2*y[i])
		m.low[i], m.high[i] = 0, last/m.in.scale[i]
		if !math.IsInf(width, 1) {
			m.low[i] = max(0, y[i]*(1-width)) / m.in.scale[i]
			m.high[i] = min(y[i]*(1+width)+u*width, last) / m.in.scale[i]
		}
	}
	m.watch()
	if len(m.basic) > 0 {
		m.duals()
	}
}

// usualPrices are what a m3 and a kg of all requests together are worth, and the most that they are worth in any.
func (m *master) usualPrices() (usual, most [2]float64) {
	value, m3, kg := 0.0, 0.0, 0.0
	for i := range m.in.requests {
		r := &m.in.requests[i]
		value, m3, kg = value+r.value, m3+r.volume, kg+r.weight
		if r.volume > 0 {
			most[0] = max(most[0], r.value/r.volume)
		}
		if r.weight > 0 {
			most[1] = max(most[1], r.value/r.weight)
		}
	}
	return [2]float64{value / max(m3, math.SmallestNonzeroFloat64), value / max(kg, math.SmallestNonzeroFloat64)}, most
}

// duals computes the prices of the tight rows from the basis and the prices of the others.
func (m *master) duals() {
	clear(m.dual)
	m.setPrices()
	for p, id := range m.basic {
		if d := m.charged(m.key[m.requestOf(id)]) - m.charged(id); d != 0 {
			floats.AddScaled(m.dual, d, m.inverse.row(p))
		}
	}
	m.setPrices()
}

// excess is how many rows are over their capacity.
func (m *master) excess() int {
	n := 0
	for i, o := range m.over {
		if o && m.slack[i] < -dust {
			n++
		}
	}
	return n
}

// unband goes back to the problem itself: no bands, and every day takes part. Where a row is over its capacity it begins
// at the empty plan.
func (m *master) unband() {
	m.lazy = false
	every := make([]int32, m.in.days)
	for d := range every {
		every[d] = int32(d)
	}
	for w := range m.days {
		m.days[w] = every
	}
	clear(m.low)
	for i := range m.high {
		m.high[i] = math.Inf(1)
	}
	if m.excess() > 0 {
		m.reset()
		return
	}
	clear(m.over)
	for i := range m.slack {
		if m.tightAt[i] < 0 {
			m.price.row[i] = 0
		}
	}
	m.duals()
}
