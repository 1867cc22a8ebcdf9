package optimize

import (
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/floats"
)

// whatIf answers what the best split plan would do if one request, or the room of one row, were different. It goes on
// from the optimal basis of a master, a few pivots for each question, prices whom the change of prices concerns, and
// then goes back to that basis. So its answers do not depend on what was asked before, nor on who asks.
type whatIf struct {
	base            *master
	near            *nearby
	in              *instance // with requests of its own
	m               *master   // the copy that is worked on
	pr              *pricer
	id              requestIndex // whom the question is about
	asked           request      // how it is looked for: as in in.requests, but for its times
	shift           float64      // what the time between an earlier ready time and its own would cost
	list            []requestIndex
	listed          []bool
	arena           []departureIndex
	touched         []departureIndex
	cheaper, others []requestIndex
	dirty           []warehouseIndex // whose prefix sums of prices are not those of base
	isDirty         []bool
	wide            bool    // rows have changed without a pivot
	thorough        bool    // whoever has no way yet over room that has become cheaper is looked at too
	work            float64 // so far, in something like ns
	most            float64 // when to give up
}

// nearby lists who has columns, and who goes, over each departure and into each warehouse.
type nearby struct{ can, goes places }

type places struct {
	departures [][]requestIndex
	warehouses [][]requestIndex
}

func (in *instance) newPlaces() places {
	return places{make([][]requestIndex, len(in.departures)), make([][]requestIndex, len(in.warehouses))}
}

// put lists the request of a column where it passes. Requests come in order.
func (p *places) put(c *column) {
	put := func(list *[]requestIndex) {
		if k := len(*list); k == 0 || (*list)[k-1] != c.request {
			*list = append(*list, c.request)
		}
	}
	for _, d := range c.legs {
		put(&p.departures[d])
	}
	put(&p.warehouses[c.warehouse])
}

// at is who is listed at a row.
func (p *places) at(in *instance, row rowIndex) []requestIndex {
	n := len(in.departures)
	if int(row) < 2*n {
		return p.departures[int(row)%n]
	}
	return p.warehouses[(int(row)-2*n)/in.days]
}

func (m *master) nearby() *nearby {
	n := &nearby{m.in.newPlaces(), m.in.newPlaces()}
	for r := range m.of {
		for _, id := range m.of[r] {
			n.can.put(&m.columns[id])
		}
		m.fractions(requestIndex(r), func(id int32, _ float64) {
			if id >= 0 {
				n.goes.put(&m.columns[id])
			}
		})
	}
	return n
}

// copyOf is a master for the same columns in the same state, which shares nothing that changes. Its requests are those
// of in.
func (m *master) copyOf(in *instance) *master {
	c := *m
	c.in = in
	c.columns, c.of = slices.Clone(m.columns), slices.Clone(m.of)
	for r := range c.of {
		c.of[r] = c.of[r][:len(c.of[r]):len(c.of[r])]
	}
	c.price = in.newPrices()
	c.slack, c.rhs = slices.Clone(m.slack), slices.Clone(m.rhs)
	c.low, c.high, c.over = slices.Clone(m.low), slices.Clone(m.high), slices.Clone(m.over)
	c.days = slices.Clone(m.days)
	c.key, c.keyX = slices.Clone(m.key), slices.Clone(m.keyX)
	c.tight, c.tightAt = slices.Clone(m.tight), slices.Clone(m.tightAt)
	c.basic, c.basicAt, c.basicX = slices.Clone(m.basic), slices.Clone(m.basicAt), slices.Clone(m.basicX)
	c.members = make([][]int32, len(m.members))
	for r := range m.members {
		c.members[r] = slices.Clone(m.members[r])
	}
	c.inverse = square{m.inverse.n, m.inverse.stride, slices.Clone(m.inverse.x)}
	c.dual = slices.Clone(m.dual)
	copy(c.price.row, m.price.row)
	c.price.sum(in)
	c.alpha, c.gather, c.gathered = nil, nil, nil
	c.use = make([]float64, len(m.use))
	c.touchedDep, c.touchedWh = nil, nil
	c.depMark, c.whMark, c.whFrom = make([]bool, len(m.depMark)), make([]bool, len(m.whMark)), make([]int32, len(m.whFrom))
	c.super = nil
	c.rates, c.keyRate, c.keyTouched, c.candidates = nil, make([]float64, len(m.keyRate)), nil, nil
	c.random = rand.New(rand.NewPCG(1, 2))
	return &c
}

func newWhatIf(base *master, near *nearby) *whatIf {
	in := *base.in
	in.requests = slices.Clone(in.requests)
	w := &whatIf{base: base, near: near, in: &in, pr: newPricer(&in), listed: make([]bool, len(in.requests)), isDirty: make([]bool, len(in.warehouses))}
	w.m = base.copyOf(w.in)
	return w
}

// restore goes back to the basis that every question starts from.
func (w *whatIf) restore() {
	m, b := w.m, w.base
	small := len(w.list) == 1 && !w.wide && m.pivots <= b.pivots+1 && slices.Equal(m.tight, b.tight) && slices.Equal(m.basic, b.basic) &&
		slices.Equal(m.basicX, b.basicX)
	if small { // at most the request's key is another, where room was left
		n := len(w.in.departures)
		for _, id := range m.of[w.id] {
			c := &m.columns[id]
			for _, d := range c.legs {
				m.slack[d], m.slack[n+int(d)] = b.slack[d], b.slack[n+int(d)]
			}
			first := int(w.in.dayRow(c.warehouse, 0))
			copy(m.slack[first:first+w.in.days], b.slack[first:first+w.in.days])
		}
		m.key[w.id], m.keyX[w.id] = b.key[w.id], b.keyX[w.id]
		for t, row := range b.tight {
			m.price.row[row] = b.price.row[row]
			m.dual[t] = b.dual[t]
		}
	} else {
		w.restoreAll()
	}
	for _, c := range m.columns[len(b.columns):] {
		m.of[c.request] = b.of[c.request][:len(b.of[c.request]):len(b.of[c.request])]
	}
	m.columns, m.basicAt = m.columns[:len(b.columns)], append(m.basicAt[:0], b.basicAt...)
	for _, k := range w.dirty {
		m.price.copyStay(w.in, b.price, k)
		w.isDirty[k] = false
	}
	w.dirty = w.dirty[:0]
	m.pivots, m.degenerate, m.sinceCheck, m.objective = b.pivots, 0, 0, b.objective
	m.random = rand.New(rand.NewPCG(1, 2))
	w.in.requests[w.id] = b.in.requests[w.id]
	for _, r := range w.list {
		w.listed[r] = false
	}
	w.list, w.arena, w.wide = w.list[:0], w.arena[:0], false
}

func (w *whatIf) restoreAll() {
	m, b := w.m, w.base
	for _, list := range [2][]int32{m.basic, b.basic} {
		for _, id := range list {
			r := m.requestOf(id)
			m.members[r] = append(m.members[r][:0], b.members[r]...)
		}
	}
	copy(m.slack, b.slack)
	copy(m.rhs, b.rhs)
	copy(m.over, b.over)
	copy(m.days, b.days)
	copy(m.key, b.key)
	copy(m.keyX, b.keyX)
	copy(m.tightAt, b.tightAt)
	copy(m.price.row, b.price.row)
	m.tight, m.dual = append(m.tight[:0], b.tight...), append(m.dual[:0], b.dual...)
	m.basic, m.basicX = append(m.basic[:0], b.basic...), append(m.basicX[:0], b.basicX...)
	n := b.inverse.n
	if m.inverse.stride < n {
		m.inverse.stride, m.inverse.x = b.inverse.stride, make([]float64, len(b.inverse.x))
	}
	m.inverse.n = n
	for i := range n {
		copy(m.inverse.row(i), b.inverse.row(i))
	}
	w.work += float64(2*len(m.slack) + n*n)
}

// copyStay copies the prefix sums of one warehouse.
func (y *prices) copyStay(in *instance, from *prices, k warehouseIndex) {
	at := int(k) * (in.days + 1)
	copy(y.flat[at:at+in.days+1], from.flat[at:])
	copy(y.slope[at:at+in.days+1], from.slope[at:])
}

// sumDirty makes the prefix sums of the warehouses where a price is not what it was, or was not.
func (w *whatIf) sumDirty() {
	n := 2 * len(w.in.departures)
	w.changed(func(row rowIndex, _ float64) {
		if int(row) >= n {
			if k := warehouseIndex((int(row) - n) / w.in.days); !w.isDirty[k] {
				w.isDirty[k] = true
				w.dirty = append(w.dirty, k)
			}
		}
	})
	y := w.m.price
	for _, k := range w.dirty {
		base, at := int(w.in.dayRow(k, 0)), int(k)*(w.in.days+1)
		f, s := 0.0, 0.0
		for d := range w.in.days {
			f += y.row[base+d]
			s += float64(d) * y.row[base+d]
			y.flat[at+d+1], y.slope[at+d+1] = f, s
		}
	}
}

// ask makes the request what it is asked to be. Before the next question restore must be called.
func (w *whatIf) ask(id requestIndex, r request) {
	w.id = id
	w.shift = r.timeCostHour * max(0, w.base.in.requests[id].ready-r.ready)
	w.asked = r
	w.note(id)
	w.worth(r.value)
}

// worth changes the value of the request.
func (w *whatIf) worth(value float64) {
	w.asked.value = value
	w.in.requests[w.id].value = value - w.shift
	if m := w.m; *m.at(leave(w.id)) >= 0 || m.key[w.id] == leave(w.id) && len(m.members[w.id]) > 0 {
		m.duals()
	}
}

func (w *whatIf) note(r requestIndex) {
	if !w.listed[r] {
		w.listed[r] = true
		w.list = append(w.list, r)
	}
}

// settle pivots and prices until nobody whom the change concerns can do better; if all is false, new itineraries are
// looked for the request alone. It tells whether it came to the end before it was too much work.
func (w *whatIf) settle(all bool) bool {
	m := w.m
	pivots := m.pivots
	tired := func() bool {
		n := float64(len(m.basic))
		w.work += float64(m.pivots-pivots) * (n*n + 3e4)
		pivots = m.pivots
		return w.work > w.most
	}
	for range 200 {
		if w.work += float64(1000 * len(w.list)); tired() {
			return false
		}
		if m.optimise(w.list, tired); tired() {
			return false
		}
		if !w.spread() && !w.price(all) {
			return w.work <= w.most && !w.overfull()
		}
	}
	return false
}

// spread lists whom a change of prices concerns: who goes where room has become dearer, and who can go where it has
// become cheaper. It tells whether that is anyone new.
func (w *whatIf) spread() bool {
	before := len(w.list)
	w.changed(func(row rowIndex, by float64) {
		p := &w.near.goes
		if by < 0 {
			p = &w.near.can
		}
		for _, r := range p.at(w.in, row) {
			w.note(r)
		}
	})
	return len(w.list) > before
}

// changed calls f for every row whose price is not what it was, and by how much it rose.
func (w *whatIf) changed(f func(row rowIndex, by float64)) {
	for _, list := range [2][]rowIndex{w.m.tight, w.base.tight} {
		for _, row := range list {
			was, is := w.base.price.row[row], w.m.price.row[row]
			if by := is - was; math.Abs(by) > 1e-9*max(was, is) {
				f(row, by)
			}
		}
	}
}

// price looks for better columns for the request or, if all is true, for everyone listed whose dual price has risen or
// who has a column over room that has become cheaper: nobody else of them can have found one, but for those who never had a
// way there. It tells whether it found any.
func (w *whatIf) price(all bool) bool {
	m := w.m
	for i, x := range m.dual {
		if x < 0 {
			m.price.row[m.tight[i]] = 0
		}
	}
	w.sumDirty()
	if !all {
		return w.look(w.id)
	}
	if w.wide { // anyone may find a way over room that was not there
		return w.lookAtAll()
	}
	w.cheaper = w.cheaper[:0]
	w.changed(func(row rowIndex, by float64) {
		if by < 0 {
			w.cheaper = append(w.cheaper, w.near.can.at(w.in, row)...)
		}
	})
	slices.Sort(w.cheaper)
	found := w.look(w.id)
	for _, r := range w.list {
		if r == w.id {
			continue
		}
		_, cheaper := slices.BinarySearch(w.cheaper, r)
		was := w.base.requestPrice(r)
		if cheaper || m.requestPrice(r) > was+w.base.tolerance(was) {
			found = w.look(r) || found
		}
	}
	return found || w.thorough && w.lookAtAll()
}

// lookAtAll prices everyone.
func (w *whatIf) lookAtAll() bool {
	found := false
	for r := range w.in.requests {
		if w.look(requestIndex(r)) {
			w.note(requestIndex(r))
			found = true
		}
		if w.work > w.most {
			break
		}
	}
	return found
}

// look prices one request.
func (w *whatIf) look(id requestIndex) bool {
	m := w.m
	r, shift := &w.in.requests[id], 0.0
	if id == w.id {
		r, shift = &w.asked, w.shift
	}
	sigma := m.requestPrice(id)
	a := ask{request: r, network: r.network, prices: m.price, limit: min(sigma-m.tolerance(sigma), w.in.requests[id].value) + shift}
	o := w.pr.find(&a)
	w.work += float64(20 * len(r.network.nodes))
	if o.node < 0 {
		return false
	}
	c := w.pr.column(&a, o, id, r, &w.arena)
	c.cost -= shift
	if m.has(&c) {
		return false
	}
	m.add(c)
	return true
}

// left is the fraction of a request that goes unmatched.
func (m *master) left(r requestIndex) float64 {
	x := 0.0
	m.fractions(r, func(id int32, f float64) {
		if id < 0 {
			x = f
		}
	})
	return min(1, max(0, x))
}

// widen gives a row more room, in m3 or kg.
func (w *whatIf) widen(row rowIndex, by float64) {
	m := w.m
	w.wide = true
	by *= w.in.scale[row]
	t := int(m.tightAt[row])
	m.rhs[row] += by
	if t < 0 {
		m.slack[row] += by
		return
	}
	// Those in the basis take it as far as none of them or no other row stands in the way; the rest is slack.
	m.grow()
	alpha := m.alpha[:len(m.basic)]
	m.inverse.column(t, alpha)
	floats.Scale(-1, alpha)
	out := m.ratio(alpha)
	if out.kind == nothing || out.step >= by {
		m.step(by, alpha)
		m.clearRates()
		return
	}
	m.step(out.step, alpha)
	m.slack[row] = by - out.step
	m.free(t, out, alpha)
}

// overfull tells whether a row that takes no part in pivots has less than no slack, as far as the plan differs from the
// one of the basis that the question began with.
func (w *whatIf) overfull() bool {
	m, b := w.m, w.base
	if !m.lazy {
		return false
	}
	use := m.use
	var seen []warehouseIndex
	move := func(of *master, r requestIndex, sign float64) {
		of.fractions(r, func(id int32, x float64) {
			if id >= 0 && x != 0 {
				of.in.addUse(&of.columns[id], sign*x, use)
				seen = append(seen, of.columns[id].warehouse)
				w.touched = append(w.touched, of.columns[id].legs...)
			}
		})
	}
	compare := func(r requestIndex) {
		same := m.key[r] == b.key[r] && m.keyX[r] == b.keyX[r] && slices.Equal(m.members[r], b.members[r])
		for _, id := range m.members[r] {
			same = same && m.basicX[*m.at(id)] == b.basicX[*b.at(id)]
		}
		if !same {
			move(b, r, -1)
			move(m, r, 1)
		}
	}
	for _, r := range w.list {
		compare(r)
	}
	w.others = w.others[:0]
	for _, of := range [2]*master{m, b} {
		for _, id := range of.basic {
			if r := of.requestOf(id); !w.listed[r] {
				w.others = append(w.others, r)
			}
		}
	}
	slices.Sort(w.others)
	for _, r := range slices.Compact(w.others) {
		compare(r)
	}
	short := false
	n := len(w.in.departures)
	for _, d := range w.touched {
		use[d], use[n+int(d)] = 0, 0
	}
	w.touched = w.touched[:0]
	for _, k := range seen {
		base := int(w.in.dayRow(k, 0))
		for i := base; i < base+w.in.days; i++ {
			if use[i] != 0 {
				short = short || m.tightAt[i] < 0 && !m.over[i] && b.slack[i]+m.rhs[i]-b.rhs[i]-use[i]*w.in.scale[i] < -dust
				use[i] = 0
			}
		}
	}
	return short
}
