package optimize

import (
	"math"

	"gonum.org/v1/gonum/floats"
)

// start begins afresh from prices of room, money per m3 or kg: every request takes the way that is cheapest at them,
// whatever room there is, and no row is tight. The prices stay in the band that width gives them.
func (m *master) start(y []float64, width float64) {
	for _, id := range m.basic {
		*m.at(id) = -1
	}
	for _, row := range m.tight {
		m.tightAt[row] = -1
	}
	m.basic, m.basicX, m.tight, m.dual = m.basic[:0], m.basicX[:0], m.tight[:0], m.dual[:0]
	m.inverse.n = 0
	copy(m.price.row, y)
	for r := range m.key {
		id, least := leave(requestIndex(r)), m.in.requests[r].value
		for _, c := range m.of[r] {
			if x := m.charged(c); x < least {
				id, least = c, x
			}
		}
		m.key[r], m.keyX[r], m.members[r] = id, 1, m.members[r][:0]
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
	m.band(y, width)
}

// band sets the band of every row round the given prices. A row over its capacity keeps a finite price.
func (m *master) band(y []float64, width float64) {
	unit := m.usualPrices()
	for i := range m.low {
		scaled := y[i] / m.in.scale[i]
		u := unit[0]
		if n := len(m.in.departures); i >= n && i < 2*n {
			u = unit[1]
		}
		u /= m.in.scale[i]
		m.low[i] = max(0, scaled*(1-width))
		m.high[i] = scaled*(1+width) + u*width
	}
	m.priceOutside()
}

// usualPrices are what a m3 and a kg of a usual request are worth.
func (m *master) usualPrices() [2]float64 {
	value, m3, kg := 0.0, 0.0, 0.0
	for i := range m.in.requests {
		r := &m.in.requests[i]
		value, m3, kg = value+r.value, m3+r.volume, kg+r.weight
	}
	return [2]float64{value / max(m3, math.SmallestNonzeroFloat64), value / max(kg, math.SmallestNonzeroFloat64)}
}

// priceOutside sets the prices of the rows that are not tight, and what follows from them.
func (m *master) priceOutside() {
	for i := range m.price.row {
		if m.tightAt[i] < 0 {
			m.price.row[i] = m.outside(rowIndex(i)) * m.in.scale[i]
		}
	}
	if len(m.basic) > 0 {
		m.duals()
	}
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
		if o && m.slack[i] < -feasTol {
			n++
		}
	}
	return n
}

// unband lets rows with room to spare cost nothing.
func (m *master) unband() {
	clear(m.low)
	m.priceOutside()
}
