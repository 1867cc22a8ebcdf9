package optimize

import (
	"math"
	"time"
)

// market looks for prices at which what the requests want fits into the room there is, before any linear program
// is solved: it raises the price of what is asked for too much and lowers that of what is left (tâtonnement).
type market struct {
	s      *solver
	m      *master
	y      *prices
	load   []float64 // by row, m3 or kg
	choice []int32   // by request, the column that it took last, or leave
	step   []float64
	last   []int8 // sign of the last change
	parts  []*marketPart
	least  []float64 // by request, at the prices of the last round
}

// shards is how many parts the requests are cut into: a constant, since the sum of floats depends on it.
const shards = 8

// marketPart is one part's share of a round.
type marketPart struct {
	legs []float64 // by departure row: load
	days []float64 // by warehouse × (days + 2): see addStay
	ramp []float64
	cost float64
	x    []float64
}

func newMarket(s *solver) *market {
	n := len(s.in.capacity)
	k := &market{s: s, m: s.master, y: s.master.price, load: make([]float64, n),
		choice: make([]int32, len(s.in.requests)), least: make([]float64, len(s.in.requests)), step: make([]float64, n), last: make([]int8, n)}
	for r := range k.choice {
		k.choice[r] = leave(requestIndex(r))
	}
	for range shards {
		k.parts = append(k.parts, &marketPart{legs: make([]float64, 2*len(s.in.departures)),
			days: make([]float64, len(s.in.warehouses)*(s.in.days+2)), ramp: make([]float64, len(s.in.warehouses)*(s.in.days+2))})
	}
	return k
}

// marketBatches is after how many parts of a visit prices move.
const marketBatches = 12

// open prices everyone twice: at prices that rise as room goes, and at those that move with how much is asked for too
// much or too little. It tells whether it came to the end.
func (k *market) open() bool { return k.visit(true) && k.visit(false) }

// visit prices everyone once, in batches.
func (k *market) visit(first bool) bool {
	in, m, nd := k.s.in, k.m, len(k.s.in.departures)
	unit, _ := m.usualPrices()
	n := len(in.requests)
	list := make([]requestIndex, 0, n/marketBatches+1)
	worth := make([]float64, len(in.capacity)) // by row, what the requests on it have to lose, times their volume
	for b := range marketBatches {
		list = list[:0]
		for i := b; i < n; i += marketBatches {
			list = append(list, requestIndex(i))
		}
		if _, _, ok := k.s.price(list); !ok {
			return false
		}
		for _, r := range list {
			k.choose1(r)
			if c := k.choice[r]; first && c >= 0 {
				q := &in.requests[r]
				in.addUse(&m.columns[c], (q.value-m.columns[c].cost)/max(q.volume, 1e-9), worth)
			}
		}
		fair := 1.0
		if first {
			fair = float64(b+1) / marketBatches
		}
		for i, load := range k.load {
			over := load/max(in.capacity[i], 1e-9) - fair
			u := unit[0]
			switch {
			case i >= 2*nd:
				u /= stayOfRow
			case i >= nd:
				u = unit[1]
			}
			switch {
			case !first:
				if over > 0 || k.y.row[i] > 0 {
					k.y.row[i] = max(0, k.y.row[i]+u*min(over, 1)/marketBatches)
				}
			case over > 0 && load > 0:
				k.y.row[i] = worth[i] / load * u / unit[0] * over
			default:
				k.y.row[i] = 0
			}
		}
	}
	return true
}

// stayOfRow is about how many priced days a stay in a warehouse has: the price of one is that much less than what its
// requests could pay.
const stayOfRow = 10

// choose1 moves a request to the cheapest of its columns.
func (k *market) choose1(r requestIndex) {
	in, m := k.s.in, k.m
	if c := k.choice[r]; c >= 0 {
		in.addUse(&m.columns[c], -1, k.load)
	}
	k.choice[r] = leave(r)
	least := in.requests[r].value
	for _, c := range m.of[r] {
		if x := k.charged(&m.columns[c], &in.requests[r]); x < least {
			least, k.choice[r] = x, c
		}
	}
	if c := k.choice[r]; c >= 0 {
		in.addUse(&m.columns[c], 1, k.load)
	}
}

// haggle goes through rounds until they gain little, if long, and else through few. It returns the Lagrangian value, or what
// is less than any if the solve was stopped meanwhile.
func (k *market) haggle(soft float64, long bool) float64 {
	const few, most = 30, 2
	last := math.Inf(-1)
	for block := 0; ; block++ {
		for range few {
			if k.s.stop() {
				return last
			}
			k.round(soft)
			k.adjust()
		}
		value := k.round(soft)
		if !long || block == most || value-last < 0.1*k.s.target(value) {
			return value
		}
		last = value
	}
}

// round lets every request choose among the columns known at prices y, softly: within a few of soft, money per unit
// of value. It leaves the load of all choices in load and returns the Lagrangian value.
func (k *market) round(soft float64) float64 {
	in := k.s.in
	k.y.sum(in)
	n := len(in.requests)
	k.s.team.tasks(shards, never, func(i int) {
		p := k.parts[i]
		p.clear()
		for r := n * i / shards; r < n*(i+1)/shards; r++ {
			k.choose(p, requestIndex(r), soft)
		}
	})
	return k.total() - k.y.offCapacity(in)
}

func (p *marketPart) clear() {
	clear(p.legs)
	clear(p.days)
	clear(p.ramp)
	p.cost = 0
}

// total adds up the parts: the load of each row, and the cost, which it returns.
func (k *market) total() float64 {
	in := k.s.in
	cost, nd := 0.0, 2*len(in.departures)
	clear(k.load)
	for _, p := range k.parts {
		cost += p.cost
		for i, x := range p.legs {
			k.load[i] += x
		}
		for w := range in.warehouses {
			at := w * (in.days + 2)
			held, fall := 0.0, 0.0
			to := k.load[nd+w*in.days : nd+(w+1)*in.days]
			for d := range to {
				held += p.days[at+d] + fall
				fall += p.ramp[at+d]
				to[d] += held
			}
		}
	}
	return cost
}

func (k *market) choose(p *marketPart, id requestIndex, soft float64) {
	in, m := k.s.in, k.m
	r := &in.requests[id]
	list := m.of[id]
	if cap(p.x) < len(list) {
		p.x = make([]float64, 2*len(list))
	}
	x := p.x[:len(list)]
	least := r.value
	for i, c := range list {
		x[i] = k.charged(&m.columns[c], r)
		least = min(least, x[i])
	}
	p.cost += least
	k.least[id] = least
	t := soft * r.value
	sum := 0.0
	if e := r.value - least; e < 12*t {
		sum = math.Exp(-e / t)
	}
	for i := range x {
		if e := x[i] - least; e < 12*t || e <= 0 {
			x[i] = math.Exp(-e / max(t, 1e-300))
			sum += x[i]
		} else {
			x[i] = 0
		}
	}
	for i, c := range list {
		if x[i] > 0 {
			k.addUse(p, &m.columns[c], r, x[i]/sum)
		}
	}
}

// charged is the cost of a column with the prices of room; they must be summed.
func (k *market) charged(c *column, r *request) float64 {
	in := k.s.in
	n := len(in.departures)
	t := 0.0
	row := k.y.row
	for _, d := range c.legs {
		t += row[d]*r.volume + row[n+int(d)]*r.weight
	}
	return c.cost + t + r.volume*k.y.stay(in, c.warehouse, r, int(c.day))
}

// addUse adds the room that a share of a column takes. Stays are noted by where they begin, end and how they fall, and
// summed up once.
func (k *market) addUse(p *marketPart, c *column, r *request, share float64) {
	in := k.s.in
	n := len(in.departures)
	v, w := share*r.volume, share*r.weight
	for _, d := range c.legs {
		p.legs[d] += v
		p.legs[n+int(d)] += w
	}
	at := int(c.warehouse)*(in.days+2) + int(c.day)
	end := at + min(r.stay, in.days-int(c.day))
	p.days[at] += v
	if !r.linear {
		p.days[end] -= v
		return
	}
	fall := v * r.inverseStay
	stays := end - at
	p.ramp[at] -= fall
	p.ramp[end-1] += fall // the last day's fall is the one that ends it
	p.days[end] -= v - fall*float64(stays-1)
}

// adjust moves every price by its own step, up where there is too much load: the steps grow while they agree and
// shrink when they do not (resilient propagation: Riedmiller and Braun 1993).
func (k *market) adjust() {
	in := k.s.in
	nd := 2 * len(in.departures)
	worth, _ := k.m.usualPrices()
	for i, load := range k.load {
		capacity := in.capacity[i]
		g := load - capacity
		if g <= 0 && k.y.row[i] == 0 {
			k.last[i] = 0
			continue
		}
		unit := worth[0]
		if i >= len(in.departures) && i < nd {
			unit = worth[1]
		}
		if i >= nd {
			unit /= stayOfRow
			d := (i - nd) % in.days
			if g > 0 && k.y.row[i] == 0 {
				// Of days beside each other the fullest alone gets a price.
				peak := true
				for e := max(0, d-2); e <= min(in.days-1, d+2); e++ {
					j := i + e - d
					if e != d && (k.y.row[j] > 0 || k.load[j]-in.capacity[j] > g) {
						peak = false
					}
				}
				if !peak {
					continue
				}
			}
		}
		if k.step[i] == 0 {
			k.step[i] = max(0.1*k.y.row[i], 0.02*unit)
		}
		sign := int8(1)
		if g < 0 {
			sign = -1
		}
		switch k.last[i] {
		case sign:
			k.step[i] = min(1.2*k.step[i], 0.2*unit)
		case -sign:
			k.step[i] = max(0.5*k.step[i], 1e-5*unit)
		}
		k.last[i] = sign
		y := k.y.row[i] + float64(sign)*k.step[i]
		k.y.row[i] = max(0, y)
	}
}

// leasts is what every request pays at least at prices y on the columns known, or its value.
func (k *market) leasts(y []float64) []float64 {
	in := k.s.in
	copy(k.y.row, y)
	k.y.sum(in)
	k.s.team.each(len(in.requests), never, func(_, i int) {
		r := &in.requests[i]
		k.least[i] = r.value
		for _, c := range k.m.of[i] {
			k.least[i] = min(k.least[i], k.charged(&k.m.columns[c], r))
		}
	})
	return k.least
}

// scrape is the plan that a solve ends with when it is called off before it had one: within a short while, whoever comes
// first takes the cheapest of the columns known that there is room for.
func (k *market) scrape() [][]share {
	in, m := k.s.in, k.m
	until := time.Now().Add(grace)
	room := in.newRoom()
	all := make([][]share, len(in.requests))
	for i := range all {
		if i%64 == 0 && time.Now().After(until) {
			break
		}
		best, least := int32(-1), in.requests[i].value
		for _, c := range m.of[i] {
			if x := k.charged(&m.columns[c], &in.requests[i]); x < least && room.fits(in, &m.columns[c]) {
				best, least = c, x
			}
		}
		if best >= 0 {
			room.place(in, &m.columns[best], 1)
			all[i] = []share{{m.columns[best], 1}}
		}
	}
	return all
}
