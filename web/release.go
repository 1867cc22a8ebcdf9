package web

import (
	"maps"
	"slices"

	"haihe/planner"
)

// What the commission sees are sums over owners. Whoever notes a sum before and after somebody asked for room learns by subtraction
// how much that one brought. So a sum is shown anew only where that would tell nothing of fewer than three owners; until
// then it stays as it was.

// least is the number of owners that a figure must sum over before the commission sees it, and of those whose part must differ
// from what was shown before.
const least = 3

// recalled is how many showings of a figure are kept: it must differ by three owners from each of them, not from the last alone,
// lest what two steps hide is told by their sum.
const recalled = 8

// releases are figures by name: V is one of them.
type releases[V any] map[string]*release[V]

type release[V any] struct {
	past  []byOwner // as they were shown, the newest last
	value V
	shown bool
}

// byOwner is what each owner adds to a figure, by its components, which are told apart: three owners may differ in one of them, and
// but one in another.
type byOwner map[string]figure

type figure [6]float64

func (f *figure) add(g figure) {
	for i := range f {
		f[i] += g[i]
	}
}

// add adds to what an owner adds. The numbers are of the grid, so the order does not matter.
func (x byOwner) add(owner string, f figure) {
	sum := x[owner]
	sum.add(f)
	x[owner] = sum
}

// total sums up over owners.
func (x byOwner) total() figure {
	var sum figure
	for _, f := range x {
		sum.add(f)
	}
	return sum
}

// offer takes a figure as it is now, with its parts, and returns what is shown of it, or false where it is withheld.
func (r releases[V]) offer(name string, now byOwner, value V) (V, bool) {
	x := r[name]
	if len(now) < least {
		var none V
		if x != nil {
			x.value, x.shown = none, false
		}
		return none, false
	}
	if x == nil {
		x = &release[V]{}
		r[name] = x
	}
	for _, was := range x.past {
		if tells(was, now) {
			return x.value, x.shown
		}
	}
	x.value, x.shown = value, true
	if n := len(x.past); n == 0 || !maps.Equal(x.past[n-1], now) {
		x.past = append(x.past, now)
		x.past = x.past[max(0, len(x.past)-recalled):]
	}
	return x.value, x.shown
}

// last returns what is shown of a figure without looking at it anew.
func (r releases[V]) last(name string) (value V, shown bool) {
	if x := r[name]; x != nil {
		return x.value, x.shown
	}
	return value, false
}

// tells reports whether the difference of two showings is that of fewer than three owners, in any component.
func tells(was, now byOwner) bool {
	var n [len(figure{})]int
	count := func(a, b figure) {
		for i := range n {
			if a[i] != b[i] {
				n[i]++
			}
		}
	}
	for owner, p := range now {
		count(was[owner], p)
	}
	for owner, p := range was {
		if _, in := now[owner]; !in {
			count(p, figure{})
		}
	}
	return slices.ContainsFunc(n[:], func(k int) bool { return 0 < k && k < least })
}

// board holds what the commission was shown of loads and of the plan, and whose they are.
type board struct {
	aboard     tallies // of departures: what the plan puts on them
	stored     tallies // of warehouses: what the plan puts into them
	reserved   tallies // of departures: what is booked on them
	open       releases[planner.Load]
	booked     releases[booked]
	warehouses releases[planner.Load]
	plan       releases[planTotals]
	days       releases[float64]    // "warehouse date", m3; without a warehouse: all of them
	lanes      releases[figure]     // "lane week"
	weeks      releases[weekDemand] // "market week"
}

func newBoard() board {
	return board{tallies{}, tallies{}, tallies{}, releases[planner.Load]{}, releases[booked]{},
		releases[planner.Load]{}, releases[planTotals]{}, releases[float64]{}, releases[figure]{},
		releases[weekDemand]{}}
}

// planTotals are the sums of a plan over everybody.
type planTotals struct {
	objective, bound   float64
	requests, matched  int
	askedM3, matchedM3 float64
}

func sortedKeys[T any](of map[string]T) []string { return slices.Sorted(maps.Keys(of)) }

// settle offers the figures among the keys to the commission anew.
func (m *model) settle() {
	for k := range m.dirty {
		switch k.kind {
		case kindDepartureLoad:
			m.board.open.offer(k.id, m.board.aboard.of(k.id), m.loads[k.id])
			m.board.booked.offer(k.id, m.board.reserved.of(k.id), m.bookedOn(k.id))
		case kindWarehouseLoad:
			m.board.warehouses.offer(k.id, m.board.stored.of(k.id), m.stores[k.id])
		case kindPlan:
			if p := m.plan; p != nil {
				m.board.plan.offer(planID, m.markets.byExporter(), planTotals{p.Objective, p.Bound, p.Requests, p.Matched, p.AskedM3, p.MatchedM3})
			}
		}
	}
}
