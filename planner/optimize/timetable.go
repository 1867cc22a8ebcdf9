package optimize

import (
	"cmp"
	"math"
	"slices"
	"sync"
)

// timetable holds every departure that takes one class of cargo by some modes, with what connects to what, whatever
// the market. The networks of all markets are cut out of it.
type timetable struct {
	schedule
	// Place k of the problem has arrivals[first[k]:first[k+1]] and leaving[leaveFirst[k]:leaveFirst[k+1]].
	first, leaveFirst []int32
	leavingAt         []int32 // by node, its place in leaving
}

// schedule is dated departures in order of departure, and how cargo changes between them. Lists by place are flat, and
// who holds the schedule knows where each place begins.
type schedule struct {
	nodes []node
	// Arrivals by place, and at a place by the hour from which cargo can go on.
	arrivals []int32 // nodes
	onwardAt []float64
	// Legs by the place that they leave, and at a place by cutoff. onward[i] is the first of them that leg i can change
	// to, next[i] the leg that goes on with the cargo aboard.
	leaving      []int32
	cutoffs      []float64
	onward, next []int32
}

// node is one departure of a schedule.
type node struct {
	departure              departureIndex
	aboard                 int32 // the node that cargo stays aboard from, or -1
	from, to               int32 // places: of the network, in a timetable of the problem
	reachable              int32 // how many arrivals at from can make this cutoff: arrivals[first[from]:reachable]
	transferCostM3         float64
	cutoff, depart, arrive float64
	m3Factor, kgFactor     float64
	amount, co2            float64
}

// usable tells which departures take the class of a kind by its modes.
func (in *instance) usable(kind *networkKind) func(departureIndex) bool {
	class, known := in.classes[kind.class]
	if !known && !kind.anyClass {
		return func(departureIndex) bool { return false }
	}
	accepts := make([]bool, len(in.modes))
	for m := range accepts {
		accepts[m] = len(kind.modes) == 0
	}
	for _, m := range kind.modes {
		if k, ok := in.modes[m]; ok {
			accepts[k] = true
		}
	}
	return func(d departureIndex) bool {
		return (kind.anyClass || in.takes[class][d]) && accepts[in.departures[d].mode]
	}
}

// newTimetable makes the timetable of a class and modes.
func (in *instance) newTimetable(kind *networkKind) *timetable {
	t := &timetable{}
	usable := in.usable(kind)
	places := len(in.transferHours)
	t.first, t.leaveFirst = make([]int32, places+1), make([]int32, places+1)
	local := make([]int32, len(in.departures))
	for _, d := range in.order {
		local[d] = -1
		x := &in.departures[d]
		if !usable(d) {
			continue
		}
		local[d] = int32(len(t.nodes))
		y := node{departure: d, aboard: -1, from: int32(x.from), to: int32(x.to), transferCostM3: in.transferCostM3[x.from], cutoff: x.cutoff,
			depart: x.depart, arrive: x.arrive, amount: x.amount, co2: x.co2}
		if x.aboard >= 0 {
			y.aboard = local[x.aboard]
		}
		y.m3Factor, y.kgFactor = x.factors()
		t.nodes = append(t.nodes, y)
		t.first[x.to+1]++
		t.leaveFirst[x.from+1]++
	}
	for k := range places {
		t.first[k+1] += t.first[k]
		t.leaveFirst[k+1] += t.leaveFirst[k]
	}
	n := len(t.nodes)
	t.arrivals, t.onwardAt = make([]int32, n), make([]float64, n)
	t.leaving, t.cutoffs = make([]int32, n), make([]float64, n)
	t.onward, t.next, t.leavingAt = make([]int32, n), make([]int32, n), make([]int32, n)
	in.sortStops(t)
	return t
}

// factors are what a m3 and a kg count in the rate of a departure, whichever is more.
func (d *departure) factors() (m3, kg float64) {
	if d.perKg {
		return d.kgPerM3, 1
	}
	return 1, 1 / d.kgPerM3
}

// sortStops fills in the lists by place of a timetable that has its nodes.
func (in *instance) sortStops(t *timetable) {
	arrived, left := slices.Clone(t.first), slices.Clone(t.leaveFirst)
	for i := range t.nodes {
		x := &t.nodes[i]
		t.arrivals[arrived[x.to]] = int32(i)
		t.leaving[left[x.from]] = int32(i)
		arrived[x.to]++
		left[x.from]++
		t.next[i] = -1
		if x.aboard >= 0 {
			t.next[x.aboard] = int32(i)
		}
	}
	for k := range in.transferHours {
		arrivals, leaving := t.arrivals[t.first[k]:t.first[k+1]], t.leaving[t.leaveFirst[k]:t.leaveFirst[k+1]]
		slices.SortFunc(arrivals, func(a, b int32) int {
			return cmp.Or(cmp.Compare(t.nodes[a].arrive, t.nodes[b].arrive), cmp.Compare(a, b))
		})
		slices.SortFunc(leaving, func(a, b int32) int {
			return cmp.Or(cmp.Compare(t.nodes[a].cutoff, t.nodes[b].cutoff), cmp.Compare(a, b))
		})
		onwardAt, cutoffs := t.onwardAt[t.first[k]:t.first[k+1]], t.cutoffs[t.leaveFirst[k]:t.leaveFirst[k+1]]
		for j, i := range arrivals {
			onwardAt[j] = t.nodes[i].arrive + in.transferHours[k]
		}
		for j, i := range leaving {
			cutoffs[j] = t.nodes[i].cutoff
			t.leavingAt[i] = t.leaveFirst[k] + int32(j)
			t.nodes[i].reachable = t.first[k] + int32(upTo(onwardAt, cutoffs[j]+timeSlack))
		}
		for j, i := range arrivals {
			// The first whose cutoff is at least onwardAt, but for the slack.
			t.onward[i] = t.leaveFirst[k] + int32(before(cutoffs, onwardAt[j]-timeSlack))
		}
	}
}

// before is how many of the sorted hours are below h.
func before(hours []float64, h float64) int { return upTo(hours, math.Nextafter(h, math.Inf(-1))) }

// upTo is how many of the sorted hours are at most h.
func upTo(hours []float64, h float64) int {
	lo, hi := 0, len(hours)
	for lo < hi {
		mid := (lo + hi) / 2
		if hours[mid] <= h {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

// leadingTo marks the departures from which one of the doors behind each place can be reached, and counts them.
func (t *timetable) leadingTo(doors [][]door) (keep []bool, kept int) {
	keep = make([]bool, len(t.nodes))
	last := make([]int32, len(doors)) // by place, the last of leaving that leads to a door
	for k := range last {
		last[k] = -1
	}
	for i := len(t.nodes) - 1; i >= 0; i-- {
		x := &t.nodes[i]
		if e := t.next[i]; len(doors[x.to]) > 0 || e >= 0 && keep[e] || t.onward[i] <= last[x.to] {
			keep[i] = true
			kept++
			last[x.from] = max(last[x.from], t.leavingAt[i])
		}
	}
	return keep, kept
}

// timetables keeps those that were made, by kinds without a market. It is safe for concurrent use.
type timetables struct {
	mu sync.Mutex
	of map[kindKey]*timetable
}

// timetable returns the timetable for the class and modes of a kind.
func (in *instance) timetable(kind networkKind) *timetable {
	kind.market = ""
	key, all := kind.key(), in.timetables
	all.mu.Lock()
	t := all.of[key]
	all.mu.Unlock()
	if t == nil {
		t = in.newTimetable(&kind)
		all.mu.Lock()
		all.of[key] = t
		all.mu.Unlock()
	}
	return t
}
