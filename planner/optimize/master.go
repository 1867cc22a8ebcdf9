package optimize

import (
	"math"
	"math/rand/v2"
)

// master is the linear program over the columns found so far, solved by the primal simplex method with
// generalised upper bounds (Dantzig and Van Slyke 1967). One basic column of each request is its key; it takes
// what the others leave, so request rows need no part of the basis. A row with slack needs none either. What
// remains to be inverted is the working matrix: tight rows by basic columns that are no keys, a few hundred on
// a problem of ten thousand requests.
//
// It starts at the empty plan and stays feasible, so a plan can be read off at any moment.
type master struct {
	in      *instance
	columns []column
	of      [][]int32 // by request, its columns

	price *prices
	slack []float64 // by row, scaled
	rhs   []float64 // by row, scaled, a little below capacity (see perturb)

	// The scaled price of a row stays in a band: room that is left over is sold at low, and what a row is over its
	// capacity costs high. [0, ∞) is the problem itself.
	low, high []float64 // by row
	over      []bool    // by row: it has less than no slack; never where high is infinite
	// By warehouse, the days whose rows take part in pivots: all, or those that are nearly full or have a price. What the
	// others come to is seen when all slack is computed afresh.
	days [][]int32
	lazy bool

	key  []int32 // by request, a column; leave(r) is going unmatched
	keyX []float64

	tight   []rowIndex // rows of the working matrix
	tightAt []int32    // by row, its place in tight, or -1
	basic   []int32    // columns of the working matrix
	basicAt []int32    // by column + number of requests, its place in basic, or -1
	basicX  []float64
	members [][]int32 // by request, its columns in basic
	super   []held    // columns in the plan that are neither; none but while crossing over
	reach   []float64 // by row, what slack is left at least while crossing over; else nil
	rebuilt int       // how often the working matrix was made anew because it was singular
	inverse square    // basic × tight, of the scaled working matrix
	dual    []float64 // by tight row, scaled price; below zero while it wants to leave

	within     float64 // how far below its dual price a column must be to enter, as a share; dualTol at the end
	objective  float64
	moneyUnit  float64 // what a usual request is worth, for tolerances
	pivots     int
	degenerate int // pivots in a row that moved nothing
	sinceCheck int
	random     *rand.Rand

	alpha, gather []float64 // scratch, by place in basic and in tight
	gathered      []int32
	use           []float64 // scratch, by row: change of use for each unit of the entering variable
	touchedDep    []departureIndex
	touchedWh     []warehouseIndex
	depMark       []bool
	whMark        []bool
	whFrom        []int32   // by warehouse, the first day touched
	rates         []rowRate // scratch: of the rows with slack whose use changes
	keyRate       []float64 // by request, change of its key
	keyTouched    []requestIndex
	candidates    []candidate
}

// tolerances of the simplex method; a unit is a whole request, or all of a row's capacity.
const (
	feasTol  = 1e-9
	dualTol  = 1e-9 // of the request's dual price
	pivotTol = 1e-9
	// perturbation takes up to this share off each capacity, at random, so that steps of length zero are rare.
	// The objective loses no more than that share of what the prices charge.
	perturbation = 1e-8
)

// leave is the column of a request that goes unmatched.
func leave(r requestIndex) int32 { return -1 - int32(r) }

func newMaster(in *instance, seed uint64) *master {
	n, rows := len(in.requests), len(in.capacity)
	m := &master{in: in, within: dualTol, of: make([][]int32, n), price: in.newPrices(), slack: make([]float64, rows), rhs: make([]float64, rows),
		key: make([]int32, n), keyX: make([]float64, n), tightAt: make([]int32, rows), basicAt: make([]int32, n), members: make([][]int32, n),
		random: rand.New(rand.NewPCG(seed, 0x6861696865)), use: make([]float64, rows), depMark: make([]bool, len(in.departures)),
		whMark: make([]bool, len(in.warehouses)), whFrom: make([]int32, len(in.warehouses)), keyRate: make([]float64, n)}
	for i := range m.rhs {
		m.rhs[i] = in.capacity[i] * in.scale[i] * (1 - perturbation*m.random.Float64())
		m.tightAt[i] = -1
	}
	m.low, m.high, m.over = make([]float64, rows), make([]float64, rows), make([]bool, rows)
	for i := range m.high {
		m.high[i] = math.Inf(1)
	}
	m.days = make([][]int32, len(in.warehouses))
	every := make([]int32, in.days)
	for d := range every {
		every[d] = int32(d)
	}
	for w := range m.days {
		m.days[w] = every
	}
	copy(m.slack, m.rhs)
	for r := range in.requests {
		m.key[r], m.keyX[r], m.basicAt[r] = leave(requestIndex(r)), 1, -1
		m.objective += in.requests[r].value
	}
	m.moneyUnit = m.objective / float64(max(1, n))
	return m
}

func (m *master) add(c column) {
	id := int32(len(m.columns))
	m.columns = append(m.columns, c)
	m.basicAt = append(m.basicAt, -1)
	m.of[c.request] = append(m.of[c.request], id)
}

func (m *master) requestOf(id int32) requestIndex {
	if id < 0 {
		return requestIndex(-1 - id)
	}
	return m.columns[id].request
}

func (m *master) costOf(id int32) float64 {
	if id < 0 {
		return m.in.requests[-1-id].value
	}
	return m.columns[id].cost
}

// charged is the cost of a column with the prices of the room that it takes.
func (m *master) charged(id int32) float64 {
	if id < 0 {
		return m.in.requests[-1-id].value
	}
	c := &m.columns[id]
	if !m.lazy {
		return c.cost + m.in.priceOf(c, m.price.row)
	}
	r := &m.in.requests[c.request]
	row, n := m.price.row, len(m.in.departures)
	t := 0.0
	for _, d := range c.legs {
		t += row[d]*r.volume + row[n+int(d)]*r.weight
	}
	s := 0.0
	m.stay(c, func(row int, held float64) { s += held * m.price.row[row] })
	return c.cost + t + s*r.volume
}

// stay calls f for the row of every day that takes part in pivots while the goods of the column are in its warehouse,
// with the share that is there.
func (m *master) stay(c *column, f func(row int, held float64)) {
	held := m.in.heldFrom(c)
	base := int(m.in.dayRow(c.warehouse, 0))
	for _, d := range m.days[c.warehouse] {
		if k := int(d - c.day); k >= 0 {
			if k >= len(held) {
				return
			}
			f(base+int(d), held[k])
		}
	}
}

// requestPrice is the dual price of a request: what it costs at the prices of room.
func (m *master) requestPrice(r requestIndex) float64 { return m.charged(m.key[r]) }

func (m *master) at(id int32) *int32 { return &m.basicAt[int(id)+len(m.in.requests)] }

// tolerance is how much below its dual price a column of the request must be to be worth a pivot.
func (m *master) tolerance(price float64) float64 {
	return m.within*math.Abs(price) + 1e-13*m.moneyUnit
}

// held is a column with a fraction.
type held struct {
	column int32
	x      float64
}

type candidate struct {
	column  int32
	reduced float64
}

// best returns the column of the request with the least reduced cost, and that cost.
func (m *master) best(r requestIndex) (int32, float64) {
	sigma := m.requestPrice(r)
	id, least := leave(r), m.in.requests[r].value-sigma
	if m.key[r] == id || *m.at(id) >= 0 {
		least = 0
	}
	for _, c := range m.of[r] {
		if c == m.key[r] || *m.at(c) >= 0 {
			continue
		}
		if d := m.charged(c) - sigma; d < least {
			id, least = c, d
		}
	}
	if least >= -m.tolerance(sigma) {
		return id, 0
	}
	return id, least
}

// scatterTight adds times the scaled use of a column to gather, in the places of the tight rows.
func (m *master) scatterTight(id int32, times float64) {
	if id < 0 {
		return
	}
	c := &m.columns[id]
	r := &m.in.requests[c.request]
	n := len(m.in.departures)
	put := func(row int, x float64) {
		if t := m.tightAt[row]; t >= 0 && x != 0 {
			m.gather[t] += times * x * m.in.scale[row]
			m.gathered = append(m.gathered, t)
		}
	}
	for _, d := range c.legs {
		put(int(d), r.volume)
		put(n+int(d), r.weight)
	}
	if m.lazy {
		m.stay(c, func(row int, held float64) {
			if m.tightAt[row] >= 0 {
				put(row, r.volume*held)
			}
		})
		return
	}
	base := int(m.in.dayRow(c.warehouse, int(c.day)))
	for k, held := range m.in.heldFrom(c) {
		if m.tightAt[base+k] >= 0 {
			put(base+k, r.volume*held)
		}
	}
}

// touch adds times the use of a column to use, and notes which rows that are.
func (m *master) touch(id int32, times float64) {
	if id < 0 || times == 0 {
		return
	}
	c := &m.columns[id]
	for _, d := range c.legs {
		if !m.depMark[d] {
			m.depMark[d] = true
			m.touchedDep = append(m.touchedDep, d)
		}
	}
	if !m.whMark[c.warehouse] {
		m.whMark[c.warehouse] = true
		m.touchedWh = append(m.touchedWh, c.warehouse)
		m.whFrom[c.warehouse] = c.day
	}
	m.whFrom[c.warehouse] = min(m.whFrom[c.warehouse], c.day)
	if !m.lazy {
		m.in.addUse(c, times, m.use)
		return
	}
	r := &m.in.requests[c.request]
	n := len(m.in.departures)
	v, w := times*r.volume, times*r.weight
	for _, d := range c.legs {
		m.use[d] += v
		m.use[n+int(d)] += w
	}
	m.stay(c, func(row int, held float64) { m.use[row] += v * held })
}

// rowRate is the change of a row's scaled use for each unit of the entering variable.
type rowRate struct {
	row  rowIndex
	rate float64
}

// collect gathers into rates what touch added up in use, for the rows that have slack, and clears use. It returns
// the largest rate.
func (m *master) collect() float64 {
	n := len(m.in.departures)
	m.rates = m.rates[:0]
	largest := 0.0
	put := func(row int, x float64) {
		if m.tightAt[row] < 0 {
			x *= m.in.scale[row]
			largest = max(largest, math.Abs(x))
			m.rates = append(m.rates, rowRate{rowIndex(row), x})
		}
		m.use[row] = 0
	}
	for _, d := range m.touchedDep {
		if x := m.use[d]; x != 0 {
			put(int(d), x)
		}
		if x := m.use[n+int(d)]; x != 0 {
			put(n+int(d), x)
		}
		m.depMark[d] = false
	}
	for _, w := range m.touchedWh {
		base := int(m.in.dayRow(w, 0))
		days := m.days[w]
		if !m.lazy {
			days = days[m.whFrom[w]:] // all of them
		}
		for _, d := range days {
			if x := m.use[base+int(d)]; x != 0 {
				put(base+int(d), x)
			}
		}
		m.whMark[w] = false
	}
	m.touchedDep, m.touchedWh = m.touchedDep[:0], m.touchedWh[:0]
	return largest
}

func (m *master) clearRates() {
	for _, r := range m.keyTouched {
		m.keyRate[r] = 0
	}
	m.keyTouched = m.keyTouched[:0]
}

// setPrices copies the duals of the tight rows to prices.
func (m *master) setPrices() {
	for t, i := range m.tight {
		m.price.row[i] = m.dual[t] * m.in.scale[i]
	}
}

// fractions lists the columns in the plan with their fractions, by request.
func (m *master) fractions(r requestIndex, f func(id int32, x float64)) {
	f(m.key[r], m.keyX[r])
	for _, id := range m.members[r] {
		f(id, m.basicX[*m.at(id)])
	}
}
