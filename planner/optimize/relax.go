package optimize

import (
	"math"
	"slices"

	"haihe/planner"
)

// What would help a request that stays behind. Each change is put to the test before it is told. Where the plan is the
// best, whatIf solves with the change, so what is told holds for every best plan; those who go whole keep their places.
// Elsewhere, and where that is too much work, inserter looks for a plan with the change that is better for taking the
// request. A change is called the smallest where a smaller one is known to do nothing.

// enoughOf is by how much more of a request must go for a change to be worth telling, and how much may be left of one
// that goes in full.
const enoughOf = 1e-5

// nearEnough is how near to the least a value must be to be called that, as a share of it.
const nearEnough = 0.004

// roundUp rounds up to four digits, so that what is told can be read, and what is read is enough.
func roundUp(x float64) float64 {
	if !(x > 0) || math.IsInf(x, 1) {
		return x
	}
	digits := 3 - math.Floor(math.Log10(x))
	x *= 1 + 1e-6
	if digits > 0 {
		unit := math.Pow(10, digits)
		return math.Ceil(x*unit) / unit
	}
	unit := math.Pow(10, -digits)
	return math.Ceil(x/unit) * unit
}

// told is what becomes of the request: it goes in full where part is 1.
func told(x planner.Relaxation, part float64, smallest bool) *planner.Relaxation {
	x.Smallest = smallest
	if part < 1-enoughOf {
		x.Part = math.Floor(part*1e4) / 1e4
	}
	return &x
}

// aPart is told of a request that may be split, where others make way for it: that some of it goes, perhaps not all.
const aPart = 2e-4

// goes is how much of the request, in all, goes if it is as in r; what went before where that is not known.
func (q *inquiry) goes(r *request) float64 {
	before := 1 - q.left
	if q.base != nil {
		w := q.ask()
		defer w.restore()
		w.ask(q.id, *r)
		if w.settle(true) {
			return 1 - w.m.left(q.id)
		}
		q.tired = true
	}
	if q.insert.work > q.insert.most {
		q.tired = true
		return before
	}
	limit := r.value * q.left
	cost, others, ok := q.insert.cost(q.id, r, q.left, limit)
	switch {
	case !ok || cost >= limit*(1-1e-9):
		return before
	case others && !r.whole:
		return before + aPart
	}
	return 1
}

// byValue finds the least value with which it goes in full, or as far as it can.
func (q *inquiry) byValue() *planner.Relaxation {
	r := q.request
	tell := func(value, part float64, smallest bool) *planner.Relaxation {
		return told(planner.Relaxation{Kind: planner.RelaxValue, Value: roundUp(value)}, part, smallest)
	}
	_, least, ok := q.open(r, r.network, math.Inf(1))
	if !ok {
		return nil
	}
	if q.base == nil {
		return q.byInserting(least, tell)
	}
	// Below the first value nothing more of it goes. Up from there in growing steps, until all of it does.
	from := max(least, r.value)
	before, v, step := 1-q.left, from*(1+1e-5), 0.01
	part, begins := before, before
	w := q.ask()
	defer w.restore()
	w.ask(q.id, *r)
	at := func(v float64, all bool) (float64, bool) {
		w.worth(v)
		if !w.settle(all) {
			return 0, false
		}
		return 1 - w.m.left(q.id), true
	}
	for ; step < 2000; step *= 2 {
		goes, ok := at(v, false)
		if ok && goes > 1-enoughOf {
			goes, ok = at(v, true)
		}
		if !ok {
			q.tired = true
			break
		}
		if part = goes; part > 1-enoughOf {
			return q.downFrom(w, v, from, tell)
		}
		if step == 0.01 {
			begins = part // at next to the same prices, so nobody else finds anything new
		}
		if step < 1000 {
			v = from * (1 + step)
		}
	}
	switch {
	case q.tired && begins > before+enoughOf:
		return tell(from*(1+1e-5), begins, !q.fixed)
	case q.tired:
		return q.byInserting(least, tell)
	case part <= before+enoughOf:
		return nil
	}
	// Not all of it, whatever it is worth. Others may find new itineraries too.
	low, high := from, v
	if goes, ok := at(v, true); ok {
		part = goes
	} else {
		q.tired = true
		return q.byInserting(least, tell)
	}
	for high-low > nearEnough*high {
		mid := math.Sqrt(low * high)
		goes, ok := at(mid, true)
		if !ok {
			q.tired = true
			break
		}
		if goes > part-enoughOf {
			high = mid
		} else {
			low = mid
		}
	}
	return tell(high, part, !q.tired && !q.fixed)
}

// byInserting finds a value with which the plan is better for taking it. No plan sends it for less than least.
func (q *inquiry) byInserting(least float64, tell func(value, part float64, smallest bool) *planner.Relaxation) *planner.Relaxation {
	cost, others, ok := q.insert.cost(q.id, q.request, q.left, math.Inf(1))
	cost /= q.left
	if !ok || cost < q.request.value {
		return nil
	}
	part := 1.0
	if others && !q.request.whole {
		part = 1 - q.left + aPart
	}
	return tell(cost, part, cost <= least*(1+1e-9))
}

// downFrom goes down from a value at which all of the request goes to the one at which the last of it would stay. That
// is its dual price: at any value above it, going unmatched has a positive reduced cost.
func (q *inquiry) downFrom(w *whatIf, v, from float64, tell func(value, part float64, smallest bool) *planner.Relaxation) *planner.Relaxation {
	low := from // less than all goes, or there is no less
	v = min(v, w.m.requestPrice(q.id))
	for step := 2e-4; v > from*(1+1e-6) && (low == from || v-low > nearEnough*v); step *= 2 {
		try := max(from, v*(1-step))
		if low > from {
			try = (v + low) / 2
		}
		w.worth(try)
		if !w.settle(true) {
			q.tired = true
			return tell(v, 1, false)
		}
		if w.m.left(q.id) <= enoughOf {
			v = min(try, w.m.requestPrice(q.id))
		} else if low = try; low == from {
			break
		}
	}
	return tell(v, 1, !q.fixed && v-low <= nearEnough*v)
}

// bySplit is for a request that must go whole: how much of it would go in parts, in the room that is left.
func (q *inquiry) bySplit() *planner.Relaxation {
	r := *q.request
	part := 0.0
	var taken []share
	x := q.insert
	defer x.undo()
	for size := 1.0; size > 0.01 && len(taken) < 8 && part < 1; {
		piece := r.part(min(size, 1-part))
		c, _, ok := q.find(&piece, r.network, nil, x.room, piece.value)
		if !ok {
			size /= 2
			continue
		}
		some := min(1-part, x.room.part(q.in, &c))
		if some <= 0 {
			break
		}
		x.take(&c, some)
		part += some
		taken = append(taken, share{c, some})
	}
	if part < 0.01 {
		return nil
	}
	return told(planner.Relaxation{Kind: planner.RelaxSplit}, part, true)
}

// byRoom is for more room in one row, on a column that lacks nothing else. Others may want that room too, so it takes
// whatIf to tell whom it would go to.
func (q *inquiry) byRoom(row rowIndex, missing float64) *planner.Relaxation {
	if q.base == nil || q.fixed {
		return nil
	}
	m3 := roundUp(missing)
	w := q.ask()
	with := func(m3 float64) (float64, bool) {
		defer w.restore()
		w.ask(q.id, *q.request)
		w.widen(row, m3)
		ok := w.settle(true)
		q.tired = q.tired || !ok
		return 1 - w.m.left(q.id), ok
	}
	part, ok := with(m3)
	if !ok || part <= 1-enoughOf {
		return nil
	}
	less, ok := with(m3 * 0.99)
	return told(planner.Relaxation{Kind: planner.RelaxM3, M3: m3}, 1, ok && less <= 1-enoughOf)
}

// byModes looks for the fewest modes more that would do: one, or those of the best itinerary by any.
func (q *inquiry) byModes(anyMode networkKind) *planner.Relaxation {
	kind := q.request.network.kind
	var tell *planner.Relaxation
	most := 1 - q.left + enoughOf
	try := func(more []string, smallest bool) {
		k := kind
		k.modes = slices.Sorted(slices.Values(append(slices.Clone(kind.modes), more...)))
		r := *q.request
		r.network = q.network(k)
		if part := q.goes(&r); part > most {
			most, tell = part, told(planner.Relaxation{Kind: planner.RelaxMode, Modes: more}, part, smallest)
		}
	}
	type choice struct {
		mode string
		cost float64
	}
	var singles []choice
	for _, m := range q.modes {
		if slices.Contains(kind.modes, m) {
			continue
		}
		k := kind
		k.modes = slices.Sorted(slices.Values(append(slices.Clone(kind.modes), m)))
		if _, cost, ok := q.open(q.request, q.network(k), q.request.value); ok {
			singles = append(singles, choice{m, cost})
		}
	}
	slices.SortStableFunc(singles, func(a, b choice) int {
		switch {
		case a.cost < b.cost:
			return -1
		case a.cost > b.cost:
			return 1
		}
		return 0
	})
	for _, x := range singles {
		if try([]string{x.mode}, true); most > 1-enoughOf {
			return tell
		}
	}
	c, _, ok := q.open(q.request, q.network(anyMode), q.request.value)
	if !ok {
		return tell
	}
	var more []string
	for _, d := range c.legs {
		m := q.in.problem.Departures[d].Mode
		if !slices.Contains(kind.modes, m) && !slices.Contains(more, m) {
			more = append(more, m)
		}
	}
	slices.Sort(more)
	if len(more) > 1 {
		try(more, len(more) == 2 && len(singles) == 0)
	}
	return tell
}

// byTime looks for the least delay of the due time with which it goes, or if there is none within the horizon, the
// least advance of the ready time.
func (q *inquiry) byTime() *planner.Relaxation {
	r := q.request
	due := *r
	if x := q.nearest(planner.RelaxDue, &due, &due.due, float64(q.in.days*24)); x != nil {
		return x
	}
	ready := *r
	return q.nearest(planner.RelaxReady, &ready, &ready.ready, min(0, r.ready))
}

// nearest finds the time nearest to *at, a time of v, and not beyond end, with which it goes. First by cost, where the
// plan is the best with the price of room: before that time no itinerary pays, and nothing of it goes. Then, if it does
// not go in full, by trying times further on.
func (q *inquiry) nearest(kind string, v *request, at *float64, end float64) *planner.Relaxation {
	from := *at
	// What is told is in whole minutes, so that is what is tried.
	minutes := func(t float64) float64 { return math.Ceil(math.Abs(t-from)*60-1e-6) / 60 }
	with := func(t float64) float64 {
		*at = from + math.Copysign(minutes(t), end-from)
		return q.goes(v)
	}
	tell := func(t, part float64, smallest bool) *planner.Relaxation {
		return told(planner.Relaxation{Kind: kind, Hours: minutes(t)}, part, smallest)
	}
	var first float64
	if *at = end; kind == planner.RelaxDue {
		c, ok := q.soonest(v, v.value)
		if !ok {
			return nil
		}
		first = c.arrive
	} else {
		c, ok := q.within(v, at, from, end)
		if !ok {
			return nil
		}
		first = q.in.departures[c.legs[0]].cutoff
	}
	most, when, smallest := 1-q.left+enoughOf, from, false
	last := from
	for k := 0; ; k++ {
		t := first
		if k > 0 {
			t = first + math.Copysign(12*math.Pow(2, float64(k-1)), end-from)
		}
		beyond := (end-t)*(end-from) <= 0
		if (end-t)*(end-from) <= 0 {
			t = end
		}
		if (t-from)*(end-from) > 0 {
			part := with(t)
			if part > 1-enoughOf {
				if k == 0 {
					return tell(t, 1, true)
				}
				lo, hi := last, t
				for range 12 {
					if q.tired || math.Abs(hi-lo) < q.fine(lo-from) {
						break
					}
					if mid := (lo + hi) / 2; with(mid) > 1-enoughOf {
						hi = mid
					} else {
						lo = mid
					}
				}
				return tell(hi, 1, q.base != nil && !q.fixed && !q.tired && math.Abs(hi-lo) < q.fine(lo-from))
			}
			if part > most {
				most, when, smallest = part, t, k == 0
			}
			last = t
		}
		if beyond || q.tired {
			break
		}
	}
	if when == from {
		return nil
	}
	return tell(when, most, smallest)
}

// fine is how near to the least a time must be to be called that: half a per cent of the change, or two minutes.
func (q *inquiry) fine(hours float64) float64 { return max(1.0/30, 0.005*math.Abs(hours)) }

// within bisects *at between a time from, which is not enough, and to, and returns the itinerary of the nearest time
// that is.
func (q *inquiry) within(v *request, at *float64, from, to float64) (column, bool) {
	*at = to
	// Time counts from the ready time as it is, so that an earlier one does not make the same itinerary dearer.
	price := func() (column, bool) {
		c, _, ok := q.open(v, v.network, v.value+v.timeCostHour*(q.request.ready-v.ready))
		return c, ok
	}
	best, ok := price()
	if !ok {
		return best, false
	}
	for range 40 {
		if math.Abs(to-from) < 1.0/120 {
			break
		}
		*at = (from + to) / 2
		if c, ok := price(); ok {
			best, to = c, *at
		} else {
			from = *at
		}
	}
	return best, true
}
