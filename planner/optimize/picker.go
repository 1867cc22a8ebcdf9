package optimize

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
)

// none is the place in ways of a request that stays behind.
const none = int32(-1)

// choice is a plan over a pool.
type choice struct {
	of        []int32 // by request, a place in ways, or none
	objective float64
}

// picker improves a choice by putting a request on one of its ways, pushing out who stands there, and placing those
// again: an ejection chain under the acceptance rule of simulated annealing.
type picker struct {
	p         *pool
	of        []int32
	free      []float64
	on        [][]requestIndex // by group
	waiting   []requestIndex
	waitingAt []int32
	objective float64
	best      choice
	random    *rand.Rand
	log       []undo
	again     []ranked
	stamp     []int32
	move      int32
	limit     float64 // the objective above which the move will be undone
	hope      float64 // what those in again could save at most
}

type undo struct {
	request requestIndex
	was     int32
}

func newPicker(p *pool, start []int32, seed, island uint64) *picker {
	k := &picker{p: p, random: rand.New(rand.NewPCG(seed, island)), stamp: make([]int32, len(start))}
	k.load(start)
	k.best = choice{slices.Clone(k.of), k.objective}
	return k
}

// load takes a plan over, with all sums made afresh.
func (k *picker) load(of []int32) {
	k.of = slices.Clone(of)
	k.free = slices.Clone(k.p.free)
	k.on = make([][]requestIndex, len(k.p.near))
	k.waiting, k.waitingAt = k.waiting[:0], make([]int32, len(k.of))
	k.objective = 0
	for r := range k.of {
		k.waitingAt[r] = -1
		w := k.of[r]
		k.objective += k.p.in.requests[r].value
		if len(k.p.ways[r]) == 0 {
			continue
		}
		k.of[r] = none
		k.wait(requestIndex(r))
		if w >= 0 {
			k.put(requestIndex(r), w)
		}
	}
}

func (k *picker) wait(r requestIndex) {
	k.waitingAt[r] = int32(len(k.waiting))
	k.waiting = append(k.waiting, r)
}

// put places a request that waits, also where there is no room.
func (k *picker) put(r requestIndex, i int32) {
	w := &k.p.ways[r][i]
	for j, row := range w.rows {
		k.free[row] -= w.use[j]
	}
	for j, x := range w.held {
		k.free[int(w.stay)+j] -= x
	}
	for _, g := range w.groups {
		k.on[g] = append(k.on[g], r)
	}
	k.objective += w.column.cost - k.p.in.requests[r].value
	k.of[r] = i
	last := k.waiting[len(k.waiting)-1]
	k.waiting[k.waitingAt[r]] = last
	k.waitingAt[last] = k.waitingAt[r]
	k.waiting = k.waiting[:len(k.waiting)-1]
	k.waitingAt[r] = -1
}

// lift takes a request out.
func (k *picker) lift(r requestIndex) {
	w := &k.p.ways[r][k.of[r]]
	for j, row := range w.rows {
		k.free[row] += w.use[j]
	}
	for j, x := range w.held {
		k.free[int(w.stay)+j] += x
	}
	for _, g := range w.groups {
		k.on[g] = without(k.on[g], r)
	}
	k.objective -= w.column.cost - k.p.in.requests[r].value
	k.of[r] = none
	k.wait(r)
}

// take notes what a request had, once a move, and lifts it.
func (k *picker) take(r requestIndex) {
	if k.stamp[r] != k.move {
		k.stamp[r] = k.move
		k.log = append(k.log, undo{r, k.of[r]})
	}
	if k.of[r] >= 0 {
		k.lift(r)
	}
}

func (k *picker) fits(w *way) bool {
	for j, row := range w.rows {
		if k.free[row] < w.use[j] {
			return false
		}
	}
	free := k.free[max(0, w.stay):]
	for j, x := range w.held {
		if free[j] < x {
			return false
		}
	}
	return true
}

// once makes one move, and keeps or undoes it.
func (k *picker) once(temperature float64) {
	was := k.objective
	k.move++
	// Drawn first, so that a move without hope can be dropped half-way.
	k.limit, k.hope = was-temperature*math.Log(1-k.random.Float64()), 0
	k.log, k.again = k.log[:0], k.again[:0]
	var r requestIndex
	if len(k.waiting) > 0 && k.random.IntN(2) > 0 {
		r = k.waiting[k.random.IntN(len(k.waiting))]
	} else {
		r = requestIndex(k.random.IntN(len(k.of)))
	}
	list := k.p.ways[r]
	if len(list) == 0 {
		return
	}
	old := k.of[r]
	k.take(r)
	u := k.random.Float64()
	i := int32(u * u * u * float64(len(list)))
	w := &list[i]
	if i == old { // leave it for the last
		w = &list[old]
		for range 1 + k.random.IntN(3) {
			if len(w.groups) > 0 {
				if l := k.on[w.groups[k.random.IntN(len(w.groups))]]; len(l) > 0 {
					k.push(l[k.random.IntN(len(l))])
				}
			}
		}
		k.invite(w)
		k.later(r)
	} else {
		if old >= 0 {
			k.invite(&list[old])
		}
		k.put(r, i)
		for _, row := range w.rows {
			k.relieve(row, r)
		}
		for j := range w.held {
			k.relieve(w.stay+int32(j), r)
		}
		if k.lost() { // perhaps with rows still overfull
			k.undo(was)
			return
		}
		k.invite(w)
	}
	if !k.repair() {
		k.undo(was)
		return
	}
	if k.objective < k.best.objective-1e-9*math.Abs(k.best.objective) {
		k.best.objective = k.objective
		copy(k.best.of, k.of)
	}
}

// lost tells whether the move will be undone, however well those in again are placed.
func (k *picker) lost() bool { return k.objective-k.hope > k.limit }

func (k *picker) undo(objective float64) {
	for _, x := range k.log {
		if k.of[x.request] >= 0 {
			k.lift(x.request)
		}
	}
	for _, x := range k.log {
		if x.was >= 0 {
			k.put(x.request, x.was)
		}
	}
	k.objective = objective
}

// relieve pushes others than r off a row until it is not overfull.
func (k *picker) relieve(row int32, r requestIndex) {
	for k.free[row] < 0 && !k.lost() {
		l := k.on[k.p.group[row]]
		if len(l) == 1 {
			return // by rounding alone
		}
		if x := l[k.random.IntN(len(l))]; x != r {
			k.push(x)
		}
	}
}

// push takes a request out to be placed again.
func (k *picker) push(r requestIndex) {
	k.take(r)
	k.later(r)
}

func (k *picker) later(r requestIndex) {
	k.again = append(k.again, ranked{request: r})
	k.hope += k.p.saving(r)
}

// invite lists some of those who wait and could use the rows of a way.
func (k *picker) invite(w *way) {
	if len(w.groups) == 0 {
		return
	}
	for range 4 {
		l := k.p.near[w.groups[k.random.IntN(len(w.groups))]]
		x := l[k.random.IntN(len(l))]
		if k.of[x] < 0 && k.stamp[x] != k.move {
			k.take(x)
			k.later(x)
		}
	}
}

// repair places those in again. It stops, and returns false, when the move is lost.
func (k *picker) repair() bool {
	how := k.random.IntN(3)
	for i := range k.again {
		x := &k.p.in.requests[k.again[i].request]
		rank := k.random.Float64()
		switch how {
		case 0:
			rank = -x.value / max(x.volume, 1e-12) * (0.7 + 0.6*rank)
		case 1:
			rank = -x.value * (0.5 + rank)
		}
		k.again[i].rank = rank
	}
	slices.SortFunc(k.again, func(a, b ranked) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), int(a.request-b.request))
	})
	cheap := k.random.IntN(3) == 0
	for _, x := range k.again {
		r := x.request
		list := k.p.ways[r]
		for i := range list {
			at := int32(i)
			if cheap {
				at = k.p.cheap[r][i]
			}
			if k.fits(&list[at]) {
				k.put(r, at)
				break
			}
		}
		if k.hope -= k.p.saving(r); k.lost() {
			return false
		}
	}
	return k.objective <= k.limit
}

// run makes moves first … last−1 of all at temperatures that fall from hot to cold.
func (k *picker) run(first, last, all int, hot, cold float64, stop func() bool) {
	t := 0.0
	for i := first; i < last; i++ {
		if i&255 == 0 || i == first {
			if stop() {
				return
			}
			t = hot * math.Pow(cold/hot, float64(i)/float64(all))
		}
		k.once(t)
	}
}

func (k *picker) standing() (now, best float64) { return k.objective, k.best.objective }
func (k *picker) follow(other *picker)          { k.load(other.of) }

// pick searches for a better plan of the whole requests in the room that the others leave, over a pool of
// itineraries. Where there are few requests that is far quicker than by search.
func (s *solver) pick(p *packing, moves int) *packing {
	in := s.in
	room := &room{free: slices.Clone(p.room.free)}
	for r := range in.requests {
		if in.requests[r].whole && len(p.shares[r]) > 0 {
			room.remove(in, &p.shares[r][0].column, 1)
		}
	}
	typical := p.objective / float64(len(in.requests))
	pool := s.newPool(p, room, pickWidth*typical)
	if pool == nil {
		return p
	}
	start := make([]int32, len(in.requests))
	for r := range start {
		start[r] = int32(slices.IndexFunc(pool.ways[r], func(w way) bool { return w.planned }))
	}
	rest := 0.0 // the cost of requests that may be split
	var best choice
	for i, hot := range pickHot {
		all := make([]*picker, islands)
		for k := range all {
			all[k] = newPicker(pool, start, s.o.Seed, uint64(islands*(i+1)+k)+1)
		}
		if i == 0 {
			rest = p.objective - all[0].objective
		}
		best = anneal(s, all, moves/len(pickHot), rest, typical*hot+math.SmallestNonzeroFloat64, typical*pickCold+math.SmallestNonzeroFloat64).best
		if start = best.of; s.stop() || gap(rest+best.objective, s.wholeBound) <= s.o.Gap {
			break
		}
	}
	q := p.clone()
	for r := range start {
		if in.requests[r].whole && len(q.shares[r]) > 0 {
			q.clear(requestIndex(r))
		}
	}
	for r, i := range best.of {
		if i >= 0 {
			if c := pool.ways[r][i].column; q.room.fits(in, &c) {
				q.set(requestIndex(r), []share{{c, 1}})
			}
		}
	}
	if q.objective < p.objective {
		return q
	}
	return p
}
