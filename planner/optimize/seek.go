package optimize

import (
	"math"
	"math/bits"
)

// seek is find with a guide: it goes forward only from legs that may still come home below the limit, in order of
// departure. Where all are dropped at once, which is usual when the limit is the dual price of the request, it looks at
// no more than the legs out of the origin.
func (pr *pricer) seek(a *ask, rest *rest) offer {
	best := pr.walk(a, rest, a.room == nil && !a.soonest && a.most == 0)
	if best.node < 0 && best.cost < a.limit {
		return pr.walk(a, rest, false) // rounding has hidden what the dive found
	}
	return best
}

// walk is a seek that begins with a dive or without.
func (pr *pricer) walk(a *ask, rest *rest, dive bool) offer {
	n, r := a.network, a.request
	best := offer{cost: a.limit, node: -1}
	first := best // of soonest
	pr.prepare(n)
	pr.top = pr.top[:0]
	w := walk{pr: pr, a: a, n: n, rest: rest, v: r.volume, w: r.weight, carbon: r.co2Price * r.weight, due: r.due + timeSlack}
	if a.prices != nil {
		w.rowM3, w.rowKg = a.prices.row, a.prices.row[len(pr.in.departures):]
	}
	if a.room != nil {
		w.freeM3, w.freeKg = a.room.free, a.room.free[len(pr.in.departures):]
	}
	for _, x := range a.starts {
		w.reach(x.node, &n.nodes[x.node], x.spent, -1, false, best.cost)
	}
	if a.starts == nil && !w.leaveOrigin(best.cost) {
		return best
	}
	for p := range n.doors {
		pr.changes[p] = arrived{cost: infinity}
	}
	if w.any && dive {
		w.bound = infinity
		w.dive(&best)
		best.cost = min(best.cost, w.bound+1e-9*(math.Abs(w.bound)+rest.paid)) // to be found again on the way
	}
	for k := w.lowest; w.any && k <= w.highest; k++ {
		for pr.marked[k] != 0 {
			b := bits.TrailingZeros64(pr.marked[k])
			pr.marked[k] &^= 1 << b
			i := int32(k*64 + b)
			x := &n.nodes[i]
			label := pr.label[i]
			if !(label+rest.least(rest.after[i], i) < best.cost) || rest.earliest[i] > w.due {
				continue
			}
			if label+rest.volume*(rest.out[x.to]+rest.hour*x.arrive)+rest.time*x.arrive-rest.paid < best.cost {
				if a.soonest {
					pr.leaveSoon(a, x, i, label, &w.due, &first)
				} else {
					pr.leave(a, x, i, label, &best)
				}
			}
			if e := n.next[i]; e >= 0 {
				w.reach(e, &n.nodes[e], label, i, false, best.cost)
			}
			// Whoever comes later and has spent more need not change: what it can reach is reached for less.
			k, last := n.onward[i], n.leaveFirst[x.to+1]
			least := &pr.changes[x.to]
			if least.node <= k && least.cost <= label {
				continue
			}
			if label < least.cost {
				*least = arrived{label, k}
			}
			changed := label + n.transferM3[x.to]*w.v
			for ; k < last && n.cutoffs[k] <= w.due; k++ {
				if !(changed+rest.least(rest.change[k], i) < best.cost) {
					break // nor can anything that leaves later
				}
				if e := n.leaving[k]; changed+rest.least(rest.entry[e], e) < best.cost {
					w.reach(e, &n.nodes[e], changed, i, true, best.cost)
				}
			}
		}
	}
	if a.soonest {
		return first
	}
	return best
}

// leaveOrigin reaches the legs out of the origin. It tells whether the origin is in the network.
func (w *walk) leaveOrigin(limit float64) bool {
	n, r, rest := w.n, w.a.request, w.rest
	origin := n.place(r.origin)
	if origin < 0 {
		return false
	}
	// All that leave from here on spend this much beside their ways at least.
	beside := rest.time*r.ready - rest.paid
	from, to := n.leaveFirst[origin], n.leaveFirst[origin+1]
	for k := from + int32(before(n.cutoffs[from:to], r.ready-timeSlack)); k < to && n.cutoffs[k] <= r.due; k++ {
		if !(rest.volume*rest.change[k]+beside < limit) {
			break
		}
		if i := n.leaving[k]; rest.least(rest.entry[i], i) < limit {
			w.reach(i, &n.nodes[i], 0, -1, false, limit)
		}
	}
	return true
}

// dive goes the way that looks best from each leg on, for an itinerary to begin with: whatever cannot be cheaper than it
// need not be looked at.
func (w *walk) dive(best *offer) {
	pr, n, rest := w.pr, w.n, w.rest
	i, least := int32(-1), best.cost
	for k := w.lowest; k <= w.highest; k++ {
		for m := pr.marked[k]; m != 0; m &= m - 1 {
			j := int32(k*64 + bits.TrailingZeros64(m))
			if c := pr.label[j] + rest.least(rest.after[j], j); c < least {
				i, least = j, c
			}
		}
	}
	if i < 0 {
		return
	}
	label := pr.label[i]
	for {
		x := &n.nodes[i]
		door := rest.out[x.to] + rest.hour*x.arrive
		e := n.next[i]
		switch {
		case door <= rest.after[i]:
			var o offer
			o.cost, o.node = best.cost, -1
			if pr.leave(w.a, x, i, label, &o); o.node >= 0 {
				w.bound = o.cost
			}
			return
		case e >= 0 && rest.entry[e] <= rest.after[i]:
			y := &n.nodes[e]
			i, label = e, label+w.leg(y)
		default:
			k, cheapest := int32(-1), infinity
			changed := label + n.transferM3[x.to]*w.v
			for _, e := range n.leaving[n.onward[i]:n.leaveFirst[x.to+1]] {
				y := &n.nodes[e]
				if y.arrive > w.due {
					continue
				}
				if c := changed + w.leg(y) + rest.least(rest.after[e], e); c < cheapest {
					k, cheapest = e, c
				}
			}
			if k < 0 {
				return
			}
			y := &n.nodes[k]
			i, label = k, changed+w.leg(y)
		}
		if n.nodes[i].arrive > w.due {
			return
		}
	}
}

// leg is what the request spends on a leg.
func (w *walk) leg(x *node) float64 {
	quantity := w.v * x.m3Factor
	if kg := w.w * x.kgFactor; kg > quantity {
		quantity = kg
	}
	c := quantity*x.amount + w.carbon*x.co2
	if w.rowM3 != nil {
		c += w.rowM3[x.departure]*w.v + w.rowKg[x.departure]*w.w
	}
	return c
}

// walk is what a seek hands from leg to leg.
type walk struct {
	pr              *pricer
	a               *ask
	n               *network
	rest            *rest
	v, w, carbon    float64
	due             float64
	rowM3, rowKg    []float64
	freeM3, freeKg  []float64
	lowest, highest int // words of marked that may have a bit
	any             bool
	bound           float64 // what a dive found
}

// reach notes that cargo can be on leg i, from leg e or from the origin, having spent so much before it.
func (w *walk) reach(i int32, x *node, spent float64, e int32, via bool, limit float64) {
	w.pr.reached++
	if w.rest.earliest[i] > w.due {
		return
	}
	spent += w.leg(x)
	if !(spent+w.rest.least(w.rest.after[i], i) < limit) {
		return
	}
	if w.freeM3 != nil && (w.freeM3[x.departure] < w.v || w.freeKg[x.departure] < w.w) {
		return
	}
	pr := w.pr
	word, bit := int(i>>6), uint64(1)<<(i&63)
	if pr.marked[word]&bit != 0 {
		if old := pr.label[i]; spent > old || spent == old && via {
			return
		}
	} else {
		pr.marked[word] |= bit
		if !w.any {
			w.lowest, w.highest, w.any = word, word, true
		}
		w.lowest, w.highest = min(w.lowest, word), max(w.highest, word)
	}
	pr.label[i], pr.from[i], pr.via[i] = spent, e, via
}

var infinity = math.Inf(1)
