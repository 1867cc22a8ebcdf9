package optimize

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// optimise pivots until no column of the listed requests and no tight row can lower the objective. It returns
// early, with the plan as good as it is by then, when stop says so.
func (m *master) optimise(list []requestIndex, stop func() bool) {
	for {
		m.candidates = m.candidates[:0]
		for _, r := range list {
			if id, d := m.best(r); d < 0 {
				m.candidates = append(m.candidates, candidate{id, d})
			}
		}
		moved := m.leaveRows(stop)
		if len(m.candidates) == 0 && !moved || stop() {
			return
		}
		slices.SortStableFunc(m.candidates, func(a, b candidate) int {
			switch {
			case a.reduced < b.reduced:
				return -1
			case a.reduced > b.reduced:
				return 1
			}
			return 0
		})
		for _, c := range m.candidates {
			if m.degenerate > 100 && m.random.IntN(2) == 0 {
				continue // a random order cannot cycle
			}
			id, d := m.best(m.requestOf(c.column))
			if d >= 0 {
				continue
			}
			if !m.enter(id, d) {
				continue
			}
			moved = true
			m.leaveRows(stop)
			if stop() {
				return
			}
		}
		if m.degenerate > 2000+20*len(m.tight) || !moved && m.degenerate <= 100 {
			m.degenerate = 0
			return
		}
	}
}

// leaveRows lets tight rows with a price below zero have slack again.
func (m *master) leaveRows(stop func() bool) bool {
	moved := false
	for {
		t, least := -1, -m.within*m.moneyUnit
		for i, y := range m.dual {
			row := m.tight[i]
			if d := min(y-m.low[row], m.high[row]-y); d < least {
				t, least = i, d
			}
		}
		if t < 0 || !m.loosen(t) || stop() {
			return moved
		}
		moved = true
	}
}

func (m *master) grow() {
	for len(m.alpha) < len(m.basic)+1 {
		m.alpha = append(m.alpha, make([]float64, 64)...)
		m.gather = append(m.gather, make([]float64, 64)...)
	}
}

// enter brings a column with reduced cost d < 0 into the basis. It tells whether it could.
func (m *master) enter(q int32, d float64) bool {
	r := m.requestOf(q)
	alpha := m.towardsBasis(q)
	m.touch(q, 1)
	m.keyRate[r] = -1
	m.keyTouched = append(m.keyTouched, r)
	out := m.ratio(alpha)
	if out.kind == nothing {
		m.clearRates()
		return false
	}
	m.step(out.step, alpha)
	m.objective += out.step * d
	switch out.kind {
	case aRow:
		m.tighten(q, out, alpha, d)
	case aKey:
		if len(m.members[out.request]) == 0 {
			m.key[r], m.keyX[r] = q, out.step // its own key, alone: nothing else changes
			break
		}
		p := m.swapKey(out.request, alpha, out.request == r)
		m.replace(q, p, out.step, alpha, d)
	case aColumn:
		m.replace(q, out.place, out.step, alpha, d)
	}
	if out.kind == aRow {
		m.basicX[len(m.basicX)-1] = out.step
	}
	m.finish(out.step)
	return true
}

// towardsBasis is the inverse times what column q takes more than the key of its request.
func (m *master) towardsBasis(q int32) []float64 {
	m.grow()
	m.gathered = m.gathered[:0]
	m.scatterTight(q, 1)
	m.scatterTight(m.key[m.requestOf(q)], -1)
	slices.Sort(m.gathered)
	m.gathered = slices.Compact(m.gathered)
	alpha := m.alpha[:len(m.basic)]
	m.inverse.times(m.gather, m.gathered, alpha)
	for _, t := range m.gathered {
		m.gather[t] = 0
	}
	return alpha
}

// loosen brings the slack of the tight row at place t into the basis, or its excess if its price is above the band.
func (m *master) loosen(t int) bool {
	m.grow()
	alpha := m.alpha[:len(m.basic)]
	m.inverse.column(t, alpha)
	row := m.tight[t]
	over := m.dual[t] > m.high[row]
	d := m.dual[t] - m.low[row]
	if over {
		floats.Scale(-1, alpha)
		d = m.high[row] - m.dual[t]
	}
	out := m.ratio(alpha)
	if out.kind == nothing {
		m.clearRates()
		m.dual[t] = min(max(m.dual[t], m.low[row]), m.high[row])
		m.setPrices()
		return false
	}
	m.step(out.step, alpha)
	m.objective += out.step * d
	m.over[row] = over
	m.slack[row] = out.step
	if over {
		m.slack[row] = -out.step
	}
	m.free(t, out, alpha)
	return true
}

// free takes the tight row at place t out of the basis, in exchange for what blocked the step that its slack made.
func (m *master) free(t int, out block, alpha []float64) {
	switch out.kind {
	case aRow:
		m.exchangeRow(t, out.row)
	case aKey:
		m.drop(m.swapKey(out.request, alpha, false), t)
	case aColumn:
		m.drop(out.place, t)
	}
	m.finish(out.step)
}

// finish cleans up after a pivot and checks the arithmetic now and then.
func (m *master) finish(step float64) {
	m.clearRates()
	m.setPrices()
	m.pivots++
	m.sinceCheck++
	if step > 1e-11 {
		m.degenerate = 0
	} else {
		m.degenerate++
	}
	if m.sinceCheck >= max(200, len(m.key)/100) {
		m.check()
	}
}

// What blocks a step.
type blockKind int

const (
	nothing blockKind = iota
	aColumn           // a basic column that is no key falls to zero
	aKey              // the key of a request falls to zero
	aRow              // a row has no slack left
)

type block struct {
	kind    blockKind
	step    float64
	place   int
	request requestIndex
	row     rowIndex
	rate    float64 // of the row
}

// ratio finds what blocks the entering variable first: Harris' two passes (1973), which prefer a large pivot among
// those that block within the tolerance. It leaves the rates of change in rates and keyRate.
func (m *master) ratio(alpha []float64) block {
	largest := m.spread(alpha)
	limit := math.Inf(1)
	for p, a := range alpha {
		if a > pivotTol {
			limit = min(limit, (m.basicX[p]+feasTol)/a)
		}
	}
	for _, r := range m.keyTouched {
		if a := -m.keyRate[r]; a > pivotTol {
			limit = min(limit, (m.keyX[r]+feasTol)/a)
		}
	}
	tiny := max(1e-14, 1e-9*largest)
	for _, x := range m.rates {
		if rate, slack := m.towards(x); rate > tiny && slack+feasTol < limit*rate {
			limit = (slack + feasTol) / rate
		}
	}
	best, pivot := block{}, 0.0
	if math.IsInf(limit, 1) {
		return best
	}
	for p, a := range alpha {
		if a > pivotTol && m.basicX[p] <= limit*a && a > pivot {
			best, pivot = block{kind: aColumn, step: m.basicX[p] / a, place: p}, a
		}
	}
	for _, r := range m.keyTouched {
		if a := -m.keyRate[r]; a > pivotTol && m.keyX[r] <= limit*a && a >= pivot {
			best, pivot = block{kind: aKey, step: m.keyX[r] / a, request: r}, a
		}
	}
	for _, x := range m.rates {
		if rate, slack := m.towards(x); rate > tiny && slack <= limit*rate && rate/largest > pivot {
			best, pivot = block{kind: aRow, step: slack / rate, row: x.row, rate: x.rate}, rate/largest
		}
	}
	best.step = max(0, best.step)
	return best
}

// spread finds what changes with the entering variable, beside the basic columns: the keys (keyRate) and the rows that are
// not tight (rates). It returns the largest rate of a row.
func (m *master) spread(alpha []float64) float64 {
	for p, a := range alpha {
		if math.Abs(a) < 1e-13 {
			alpha[p] = 0
			continue
		}
		id := m.basic[p]
		m.touch(id, -a)
		r := m.requestOf(id)
		if m.keyRate[r] == 0 {
			m.keyTouched = append(m.keyTouched, r)
		}
		m.keyRate[r] += a
	}
	// A request may be listed twice when its rate passed through zero: harmless but for touching its key twice.
	slices.Sort(m.keyTouched)
	m.keyTouched = slices.Compact(m.keyTouched)
	for _, r := range m.keyTouched {
		m.touch(m.key[r], m.keyRate[r])
	}
	return m.collect()
}

// towards is how fast a row comes to the point where it is just full, and how far that is.
func (m *master) towards(x rowRate) (rate, distance float64) {
	if m.over[x.row] {
		return -x.rate, -m.slack[x.row]
	}
	return x.rate, m.slack[x.row]
}

// step moves all basic variables.
func (m *master) step(t float64, alpha []float64) {
	if t == 0 {
		return
	}
	for p, a := range alpha {
		m.basicX[p] -= t * a
	}
	for _, r := range m.keyTouched {
		m.keyX[r] += t * m.keyRate[r]
	}
	for _, x := range m.rates {
		m.slack[x.row] -= t * x.rate
	}
}

// rowTimesInverse computes the row of the working matrix that a capacity row would be, times the inverse.
func (m *master) rowTimesInverse(row rowIndex) []float64 {
	u := m.gather[:len(m.tight)]
	clear(u)
	for p, id := range m.basic {
		if a := m.useAt(id, row) - m.useAt(m.key[m.requestOf(id)], row); a != 0 {
			floats.AddScaled(u, a, m.inverse.row(p))
		}
	}
	return u
}

// useAt is the scaled use of one row by all of a column.
func (m *master) useAt(id int32, row rowIndex) float64 {
	if id < 0 {
		return 0
	}
	return m.in.useOf(&m.columns[id], row) * m.in.scale[row]
}

// tighten adds column q and a row that it filled to the working matrix.
func (m *master) tighten(q int32, out block, alpha []float64, d float64) {
	row := out.row
	u := m.rowTimesInverse(row)
	m.inverse.border(alpha, u, out.rate)
	clear(u)
	m.tightAt[row] = int32(len(m.tight))
	m.tight = append(m.tight, row)
	m.dual = append(m.dual, m.outside(row))
	m.slack[row], m.over[row] = 0, false
	m.place(q, len(m.basic))
	floats.AddScaled(m.dual, -d, m.inverse.row(len(m.basic)-1))
}

// place puts a column into the basis.
func (m *master) place(q int32, p int) {
	if p == len(m.basic) {
		m.basic, m.basicX = append(m.basic, q), append(m.basicX, 0)
	}
	m.basic[p] = q
	*m.at(q) = int32(p)
	r := m.requestOf(q)
	m.members[r] = append(m.members[r], q)
}

func (m *master) unplace(id int32) {
	*m.at(id) = -1
	r := m.requestOf(id)
	k := slices.Index(m.members[r], id)
	m.members[r] = slices.Delete(m.members[r], k, k+1)
}

// replace puts q in the place of the basic column at p, which fell to zero.
func (m *master) replace(q int32, p int, x float64, alpha []float64, d float64) {
	m.inverse.replaceColumn(p, alpha)
	m.unplace(m.basic[p])
	m.place(q, p)
	m.basicX[p] = x
	floats.AddScaled(m.dual, -d, m.inverse.row(p))
}

// swapKey makes another basic column the key of a request, and the old key an ordinary one in its place, which
// it returns. alpha follows; entering tells whether the entering column is of the same request.
func (m *master) swapKey(r requestIndex, alpha []float64, entering bool) int {
	var places []int
	p, largest, sum := -1, -1.0, 0.0
	for _, id := range m.members[r] {
		k := int(*m.at(id))
		places = append(places, k)
		sum += alpha[k]
		if x := m.basicX[k]; x > largest {
			p, largest = k, x
		}
	}
	m.inverse.swapKey(p, places)
	alpha[p] = -sum
	if entering {
		alpha[p]++
	}
	id, old := m.basic[p], m.key[r]
	m.key[r] = id
	m.keyX[r], m.basicX[p] = m.basicX[p], m.keyX[r]
	m.unplace(id)
	m.place(old, p)
	return p
}

// drop takes the basic column at p and the tight row at t out of the working matrix.
func (m *master) drop(p, t int) {
	pivot := m.inverse.row(p)
	floats.AddScaled(m.dual, (m.outside(m.tight[t])-m.dual[t])/pivot[t], pivot)
	m.inverse.drop(p, t)
	last := len(m.basic) - 1
	m.unplace(m.basic[p])
	if p != last {
		m.basic[p], m.basicX[p] = m.basic[last], m.basicX[last]
		*m.at(m.basic[p]) = int32(p)
	}
	m.basic, m.basicX = m.basic[:last], m.basicX[:last]
	m.untie(m.tight[t])
	if t != last {
		m.tight[t], m.dual[t] = m.tight[last], m.dual[last]
		m.tightAt[m.tight[t]] = int32(t)
	}
	m.tight, m.dual = m.tight[:last], m.dual[:last]
}

// exchangeRow puts a row that has no slack left in the place of the tight row at t, which has slack now.
func (m *master) exchangeRow(t int, row rowIndex) {
	u := m.rowTimesInverse(row)
	m.inverse.replaceRow(t, u)
	y := (m.dual[t] - m.outside(m.tight[t])) / u[t]
	for c := range m.dual {
		if c != t {
			m.dual[c] -= y * u[c]
		}
	}
	m.dual[t] = m.outside(row) + y
	clear(u)
	m.untie(m.tight[t])
	m.tight[t], m.tightAt[row] = row, int32(t)
	m.slack[row], m.over[row] = 0, false
}

// outside is the scaled price of a row that is not tight.
func (m *master) outside(row rowIndex) float64 {
	if m.over[row] {
		return m.high[row]
	}
	return m.low[row]
}

// untie notes that a row is no longer tight.
func (m *master) untie(row rowIndex) {
	m.tightAt[row] = -1
	m.price.row[row] = m.outside(row) * m.in.scale[row]
}

// check computes all values from the basis, and inverts afresh when they have drifted.
func (m *master) check() {
	m.sinceCheck = 0
	if m.residual() > 1e-10 {
		m.refactor()
	}
}

// residual recomputes the slack of every row from the fractions. It returns the largest error: of a tight row,
// or of the dual price of a basic column, as a share.
func (m *master) residual() float64 {
	use := m.use
	for r := range m.key {
		if id := m.key[r]; id >= 0 {
			m.in.addUse(&m.columns[id], m.keyX[r], use)
		}
	}
	for p, id := range m.basic {
		if id >= 0 {
			m.in.addUse(&m.columns[id], m.basicX[p], use)
		}
	}
	for _, q := range m.super {
		if q.column >= 0 {
			m.in.addUse(&m.columns[q.column], q.x, use)
		}
	}
	worst := 0.0
	for i := range use {
		s := m.rhs[i] - use[i]*m.in.scale[i]
		if m.tightAt[i] >= 0 {
			worst = max(worst, math.Abs(s))
		} else {
			m.slack[i] = s
		}
		use[i] = 0
	}
	if m.lazy {
		m.watch()
	}
	for _, id := range m.basic {
		sigma := m.requestPrice(m.requestOf(id))
		worst = max(worst, math.Abs(m.charged(id)-sigma)/(math.Abs(sigma)+m.moneyUnit*1e-6))
	}
	return worst
}

// refactor inverts the working matrix and computes fractions, slacks and duals from it.
func (m *master) refactor() {
	n := len(m.basic)
	if n == 0 {
		m.sum()
		return
	}
	w := mat.NewDense(n, n, nil)
	b := make([]float64, n)
	for t, row := range m.tight {
		b[t] = m.rhs[row]
	}
	m.grow()
	fill := func(id int32, times float64, to func(t int32, x float64)) {
		m.gathered = m.gathered[:0]
		m.scatterTight(id, times)
		for _, t := range m.gathered {
			if m.gather[t] != 0 {
				to(t, m.gather[t])
				m.gather[t] = 0
			}
		}
	}
	for r := range m.key {
		fill(m.key[r], 1, func(t int32, x float64) { b[t] -= x })
	}
	for _, q := range m.super {
		fill(q.column, q.x, func(t int32, x float64) { b[t] -= x })
		fill(m.key[m.requestOf(q.column)], -q.x, func(t int32, x float64) { b[t] -= x })
	}
	for p, id := range m.basic {
		add := func(t int32, x float64) { w.Set(int(t), p, w.At(int(t), p)+x) }
		fill(id, 1, add)
		fill(m.key[m.requestOf(id)], -1, add)
	}
	if !m.inverse.set(w) {
		m.rebuild()
		return
	}
	for r := range m.key {
		m.keyX[r] = 1
	}
	for _, q := range m.super {
		m.keyX[m.requestOf(q.column)] -= q.x
	}
	clear(m.dual)
	m.setPrices() // of the rows that are not tight alone
	for p, id := range m.basic {
		row := m.inverse.row(p)
		m.basicX[p] = floats.Dot(row, b)
		r := m.requestOf(id)
		m.keyX[r] -= m.basicX[p]
		floats.AddScaled(m.dual, m.charged(m.key[r])-m.charged(id), row)
	}
	m.setPrices()
	m.residual()
	m.sum()
}

// sum computes the objective from the fractions.
func (m *master) sum() {
	m.objective = 0
	for r := range m.key {
		m.fractions(requestIndex(r), func(id int32, x float64) { m.objective += x * m.costOf(id) })
	}
}

// clearBasis leaves nothing in the basis; the columns that were in it are out of the plan.
func (m *master) clearBasis() {
	for _, id := range m.basic {
		*m.at(id) = -1
		r := m.requestOf(id)
		m.members[r] = m.members[r][:0]
	}
	for _, row := range m.tight {
		m.untie(row)
	}
	m.basic, m.basicX, m.tight, m.dual = m.basic[:0], m.basicX[:0], m.tight[:0], m.dual[:0]
	m.inverse.n = 0
}

// reset goes back to the empty plan, keeping the columns.
func (m *master) reset() {
	m.clearBasis()
	clear(m.over)
	for i := range m.price.row {
		m.price.row[i] = m.low[i] * m.in.scale[i]
	}
	m.objective = 0
	for r := range m.key {
		m.key[r], m.keyX[r] = leave(requestIndex(r)), 1
		m.objective += m.in.requests[r].value
	}
	copy(m.slack, m.rhs)
}
