package optimize

import (
	"math"
	"slices"
	"time"
)

// islands is how many searches run side by side; a constant, so that the plan does not depend on the machine.
const islands = 4

// The search begins at a temperature of hotShare of what a usual request costs, and ends at coldShare.
const (
	hotShare  = 0.1
	coldShare = 0.003
)

// Problems of up to pickFrom requests, all of which must go whole, are searched over a pool too (it gains nothing where
// split requests can fill what whole ones leave), with pickMoves for every move over the network. The
// temperature falls to pickCold of what a usual request costs; the pool has itineraries with reduced costs up to
// pickWidth of that.
const (
	pickFrom  = 4000
	pickMoves = 45
	pickCold  = 0.001
	pickWidth = 0.3
)

// pickHot has the first temperature of each time that it falls: once to wander far, then twice to mend what that found.
var pickHot = [...]float64{0.1, 0.02, 0.02}

// defaultMoves is a few seconds of work on one core.
const defaultMoves = 100000

// exchanges is how often the best of them is handed to the others.
const exchanges = 16

// grace is how long a stopped solve goes on, to leave the plan in good order.
const grace = 20 * time.Millisecond

// round makes a plan that keeps whole requests whole, from the master's split one.
func (s *solver) round() *packing {
	in, m := s.in, s.master
	p := newPacking(in)
	var rest []requestIndex
	for r := range in.requests {
		id := requestIndex(r)
		var list []share
		m.fractions(id, func(c int32, x float64) {
			if c >= 0 && x > dust && !m.columns[c].banned {
				list = append(list, share{m.columns[c], min(1, x)})
			}
		})
		if in.requests[r].whole {
			if len(list) == 1 && list[0].fraction > 1-1e-6 && p.room.fits(in, &list[0].column) {
				list[0].fraction = 1
				p.set(id, list)
			} else if len(list) > 0 {
				rest = append(rest, id)
			}
			continue
		}
		p.set(id, list)
	}
	near := nearDepartures(m)
	y := m.price
	first := newSearch(in, y, m, near, p, s.o.Seed, 0)
	// The parts that the split plan sends decide who comes first; then everyone else.
	slices.SortStableFunc(rest, func(a, b requestIndex) int {
		switch x, y := s.matched(a), s.matched(b); {
		case x > y:
			return -1
		case x < y:
			return 1
		}
		return 0
	})
	// When stopped it still places what a short while allows.
	until := time.Now().Add(grace)
	enough := func() bool { return s.stop() && time.Now().After(until) }
	for k, r := range rest {
		if k&15 == 0 && enough() {
			break
		}
		first.place(r, 1)
	}
	for k, r := range slices.Clone(first.now.waiting) {
		if k&15 == 0 && enough() {
			break
		}
		if len(first.now.shares[r]) == 0 && in.requests[r].whole {
			first.place(r, 0)
		}
	}
	p = first.now
	s.report("round", p.objective)
	moves := s.o.Search
	if moves == 0 {
		moves = defaultMoves
	}
	if moves < 0 || gap(p.objective, s.wholeBound) <= s.o.Gap {
		return p
	}
	return s.improve(p, y, near, moves)
}

// matched is the fraction of a request that the split plan sends.
func (s *solver) matched(r requestIndex) float64 {
	m, t := s.master, 0.0
	m.fractions(r, func(id int32, x float64) {
		if id >= 0 {
			t += x
		}
	})
	return t
}

// improve searches from a plan on: over the network first, then over a pool where that is small enough to list.
func (s *solver) improve(p *packing, y *prices, near [][]requestIndex, moves int) *packing {
	n := len(s.in.requests)
	pooled := n <= pickFrom && !slices.ContainsFunc(s.in.requests, func(r request) bool { return !r.whole })
	first := moves
	if pooled {
		first = max(1, moves/25) // there is nothing that only this search can do
	}
	all := make([]*search, islands)
	for i := range all {
		all[i] = newSearch(s.in, y, s.master, near, p, s.o.Seed, uint64(i)+1)
	}
	typical := p.objective / float64(max(1, n))
	// The fewer moves there are for each request, the less there is time to wander.
	typical *= min(1, float64(first)/(150*float64(max(1, n))))
	p = anneal(s, all, first, 0, typical*hotShare+math.SmallestNonzeroFloat64, typical*coldShare+math.SmallestNonzeroFloat64).best // without lists of who is where
	if !pooled || s.stop() || gap(p.objective, s.wholeBound) <= s.o.Gap {
		return p
	}
	q := newPacking(s.in)
	for r, list := range p.shares {
		if len(list) > 0 {
			q.set(requestIndex(r), list)
		}
	}
	return s.pick(q, moves*pickMoves)
}

// climber is a search that goes on by itself for a while.
type climber[C any] interface {
	run(first, last, all int, hot, cold float64, stop func() bool)
	standing() (now, best float64)
	follow(other C) // goes on from where the other is
}

// anneal runs searches side by side, now and then putting the worst where the best is. It returns the one that found
// the best plan; rest is what their objectives leave out.
func anneal[C climber[C]](s *solver, all []C, moves int, rest, hot, cold float64) C {
	each := max(1, moves/islands)
	for e := range exchanges {
		s.team.tasks(islands, never, func(i int) {
			all[i].run(each*e/exchanges, each*(e+1)/exchanges, each, hot, cold, s.stop)
		})
		best, worst := 0, 0
		for i := range all {
			now, least := all[i].standing()
			if _, b := all[best].standing(); least < b {
				best = i
			}
			if w, _ := all[worst].standing(); now > w {
				worst = i
			}
		}
		_, objective := all[best].standing()
		objective += rest
		s.report("search", objective)
		if e == exchanges-1 || gap(objective, s.wholeBound) <= s.o.Gap || s.stop() {
			return all[best]
		}
		if worst != best {
			all[worst].follow(all[best])
		}
	}
	return all[0]
}
