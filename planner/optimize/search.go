package optimize

import (
	"math"
	"math/rand/v2"
	"slices"
)

// search improves a packing by destroying and repairing small parts of it, with the acceptance rule of simulated
// annealing: large-neighbourhood search (Shaw 1998; Ropke and Pisinger 2006).
type search struct {
	in     *instance
	prices *prices // of the split problem, a guide to where room is short
	pool   *master // whose columns say where a request would like to go
	near   [][]requestIndex
	now    *packing
	best   *packing
	pr     *pricer
	random *rand.Rand
	arena  []departureIndex

	touched []requestIndex
	before  [][]share // of touched
	stamp   []int32   // by request, the move that touched it
	move    int32
	order   []ranked
	scaled  request
	pieces  []share
}

type ranked struct {
	request requestIndex
	rank    float64
}

func newSearch(in *instance, y *prices, pool *master, near [][]requestIndex, start *packing, seed, island uint64) *search {
	return &search{in: in, prices: y, pool: pool, near: near, now: start.clone(), best: start.clone(), pr: newPricer(in),
		random: rand.New(rand.NewPCG(seed, island)), stamp: make([]int32, len(in.requests))}
}

// nearDepartures lists by departure the requests that some column would send on it.
func nearDepartures(m *master) [][]requestIndex {
	near := make([][]requestIndex, len(m.in.departures))
	for r := range m.of {
		for _, id := range m.of[r] {
			if m.columns[id].banned {
				continue
			}
			for _, d := range m.columns[id].legs {
				if k := len(near[d]); k == 0 || near[d][k-1] != requestIndex(r) {
					near[d] = append(near[d], requestIndex(r))
				}
			}
		}
	}
	return near
}

// place puts as much of a request as it can into the room that is left, as cheaply as it can when weight times the
// prices is charged.
func (s *search) place(id requestIndex, weight float64) {
	r := &s.in.requests[id]
	if c, ok := s.find(id, r, weight); ok {
		s.pieces = append(s.pieces[:0], share{c, 1})
		s.now.set(id, s.pieces)
		return
	}
	if r.whole {
		return
	}
	// In parts: halves of what is left, as long as one fits.
	s.pieces = s.pieces[:0]
	for left, part := 1.0, 0.5; part > 0.05 && len(s.pieces) < 4; {
		part = min(part, left)
		s.scaled = *r
		s.scaled.volume, s.scaled.weight, s.scaled.value = r.volume*part, r.weight*part, r.value*part
		s.scaled.timeCostHour, s.scaled.storageFactor = r.timeCostHour*part, r.storageFactor*part
		c, ok := s.find(id, &s.scaled, weight)
		if !ok {
			part /= 2
			continue
		}
		s.now.room.place(s.in, &c, part)
		s.pieces = append(s.pieces, share{c, part})
		if left -= part; left < 1e-9 {
			break
		}
	}
	for i := range s.pieces {
		s.now.room.remove(s.in, &s.pieces[i].column, s.pieces[i].fraction)
	}
	if len(s.pieces) > 0 {
		s.now.set(id, s.pieces)
	}
}

// find looks for an itinerary for r, which is the request or a part of it.
func (s *search) find(id requestIndex, r *request, weight float64) (column, bool) {
	a := ask{request: r, network: r.network, room: s.now.room, limit: r.value, weight: weight}
	if weight > 0 {
		a.prices = s.prices
		a.limit = r.value * (1 + weight)
	}
	o := s.pr.find(&a)
	if o.node < 0 {
		return column{}, false
	}
	if cap(s.arena)-len(s.arena) < 64 {
		s.arena = make([]departureIndex, 0, 256)
	}
	c := s.pr.column(&a, o, id, &s.in.requests[id], &s.arena)
	return c, c.cost < s.in.requests[id].value
}

// take clears a request, remembering what it had.
func (s *search) take(r requestIndex) {
	if s.stamp[r] == s.move {
		return
	}
	s.stamp[r] = s.move
	k := len(s.touched)
	s.touched = append(s.touched, r)
	if k == len(s.before) {
		s.before = append(s.before, nil)
	}
	s.before[k] = append(s.before[k][:0], s.now.shares[r]...)
	if len(s.now.shares[r]) > 0 {
		s.now.clear(r)
	}
}

// run makes moves first … last−1 of all at temperatures that fall from hot to cold.
func (s *search) run(first, last, all int, hot, cold float64, stop func() bool) {
	for k := first; k < last; k++ {
		if k&15 == 0 && stop() {
			return
		}
		t := hot * math.Pow(cold/hot, float64(k)/float64(all))
		s.once(t)
	}
}

func (s *search) standing() (now, best float64) { return s.now.objective, s.best.objective }
func (s *search) follow(other *search)          { s.now = other.now.clone() }

// once destroys, repairs, and keeps or undoes.
func (s *search) once(temperature float64) {
	s.move++
	s.touched = s.touched[:0]
	was := s.now.objective
	s.destroy()
	s.repair()
	delta := s.now.objective - was
	if delta > 0 && !(s.random.Float64() < math.Exp(-delta/temperature)) {
		for _, r := range s.touched {
			if len(s.now.shares[r]) > 0 {
				s.now.clear(r)
			}
		}
		for k, r := range s.touched {
			if len(s.before[k]) > 0 {
				s.now.set(r, s.before[k])
			}
		}
		s.now.objective = was
		return
	}
	if s.now.objective < s.best.objective-1e-9*math.Abs(s.best.objective) {
		s.best.take(s.now)
	}
}

// take copies the plan of q, without who is where.
func (p *packing) take(q *packing) {
	p.objective = q.objective
	for r := range q.shares {
		p.shares[r] = append(p.shares[r][:0], q.shares[r]...)
	}
	copy(p.cost, q.cost)
}

func (s *search) destroy() {
	n := len(s.in.requests)
	var seed requestIndex
	if len(s.now.waiting) > 0 && s.random.IntN(4) > 0 {
		seed = s.now.waiting[s.random.IntN(len(s.now.waiting))]
	} else {
		seed = requestIndex(s.random.IntN(n))
	}
	s.take(seed)
	size := 1 + s.random.IntN(6)
	list := s.pool.of[seed]
	if len(list) == 0 {
		return
	}
	c := &s.pool.columns[list[s.random.IntN(len(list))]]
	if c.banned {
		return
	}
	r := &s.in.requests[seed]
	for _, d := range c.legs {
		for range size {
			if k := len(s.now.onBoard[d]); k > 0 && (s.now.room.free[d] < r.volume || s.random.IntN(4) == 0) {
				s.take(s.now.onBoard[d][s.random.IntN(k)])
			}
		}
		// Some of those who wait and would like to be on it.
		for range 4 {
			if k := len(s.near[d]); k > 0 {
				if x := s.near[d][s.random.IntN(k)]; s.now.waitingAt[x] >= 0 {
					s.take(x)
				}
			}
		}
	}
	if k := len(s.now.inside[c.warehouse]); k > 0 && (s.random.IntN(8) == 0 || !s.now.room.takes(s.in, c.warehouse, r, int(c.day))) {
		for range size {
			if k := len(s.now.inside[c.warehouse]); k > 0 {
				s.take(s.now.inside[c.warehouse][s.random.IntN(k)])
			}
		}
	}
}

func (s *search) repair() {
	s.order = s.order[:0]
	how := s.random.IntN(4)
	for k, r := range s.touched {
		x := &s.in.requests[r]
		rank := s.random.Float64()
		switch how {
		case 0: // the one the move began with first
			if k == 0 {
				rank = -1
			}
		case 1: // most value for its room first
			rank = -x.value / max(x.volume, 1e-12) * (0.7 + 0.6*rank)
		case 2: // the largest first
			rank = -x.value * (0.5 + rank)
		}
		s.order = append(s.order, ranked{r, rank})
	}
	slices.SortFunc(s.order, func(a, b ranked) int {
		switch {
		case a.rank < b.rank:
			return -1
		case a.rank > b.rank:
			return 1
		}
		return int(a.request - b.request)
	})
	weight := [4]float64{0, 0.5, 1, 1}[s.random.IntN(4)]
	for _, x := range s.order {
		s.place(x.request, weight)
	}
}
