package optimize

import (
	"cmp"
	"slices"
	"strings"

	"haihe/planner"
)

// network is the dated network of one kind of request: those of one market, class and set of modes, from wherever. It
// holds only departures that such a request can leave for a warehouse that serves it, in order of departure, so that
// one sweep over them is a shortest-path computation.
type network struct {
	schedule
	places []placeIndex // in ascending order
	// Place k of the network has arrivals[first[k]:first[k+1]] and leaving[leaveFirst[k]:leaveFirst[k+1]].
	first, leaveFirst []int32
	doors             [][]door  // by place, the cheapest first
	transferM3        []float64 // by place, what it costs to change there
	kind              networkKind
	guide             *guide // nil: none
}

type networkKind struct {
	market, class string
	anyClass      bool     // as if everything took its class
	modes         []string // sorted; empty: any
}

// kindKey tells kinds apart.
type kindKey struct {
	market, class, modes string
	anyClass             bool
}

func (k *networkKind) key() kindKey {
	key := kindKey{k.market, k.class, "", k.anyClass}
	if k.anyClass {
		key.class = ""
	}
	if len(k.modes) > 0 {
		key.modes = strings.Join(k.modes, "\x00")
	}
	return key
}

// door is a way out of the network: a gateway of a warehouse that serves the market.
type door struct {
	warehouse warehouseIndex
	gate      int32
	hours     float64
	rateM3    float64 // gateway, taking in and last mile
	rent      float64 // the least of a m3 and day
	byAge     *tariff // nil: rent every day
}

// served is a warehouse that serves a market.
type served struct {
	warehouse warehouseIndex
	rateM3    float64 // of the last mile
}

// doorsAt lists the doors behind each place of the problem that serve a kind of request, the cheapest first.
func (in *instance) doorsAt(kind *networkKind) [][]door {
	doors := make([][]door, len(in.transferHours))
	for _, s := range in.served[kind.market] {
		w := &in.warehouses[s.warehouse]
		if !kind.anyClass && !slices.Contains(w.classes, kind.class) {
			continue
		}
		for g := range w.gates {
			x := &w.gates[g]
			d := door{s.warehouse, int32(g), x.hours, x.rateM3 + w.inboundM3 + s.rateM3, w.storage.least, nil}
			if !w.storage.flat() {
				d.byAge = &w.storage
			}
			doors[x.place] = append(doors[x.place], d)
		}
	}
	for _, list := range doors {
		slices.SortFunc(list, func(a, b door) int {
			return cmp.Or(cmp.Compare(a.rateM3, b.rateM3), cmp.Compare(a.warehouse, b.warehouse), cmp.Compare(a.gate, b.gate))
		})
	}
	return doors
}

func marketOf(w *planner.Warehouse, id string) *planner.Market {
	for i := range w.Markets {
		if w.Markets[i].ID == id {
			return &w.Markets[i]
		}
	}
	return nil
}

// newNetwork cuts out of the timetable of a class and modes what leads to a market.
func (in *instance) newNetwork(kind networkKind) *network {
	t := in.timetable(kind)
	doors := in.doorsAt(&kind)
	keep, kept := t.leadingTo(doors)
	n := &network{kind: kind}
	// Where a node, a place and an entry of the lists went; an entry that is left out, to the next one that is not.
	local, arrived, left := make([]int32, len(keep)), make([]int32, len(keep)+1), make([]int32, len(keep)+1)
	place := make([]int32, len(doors))
	n.arrivals, n.onwardAt = make([]int32, 0, kept), make([]float64, 0, kept)
	n.leaving, n.cutoffs = make([]int32, 0, kept), make([]float64, 0, kept)
	i := int32(0)
	for k, is := range keep {
		local[k] = -1
		if is {
			local[k] = i
			i++
		}
	}
	for k := range doors {
		first, leaveFirst := int32(len(n.arrivals)), int32(len(n.leaving))
		for j := t.first[k]; j < t.first[k+1]; j++ {
			arrived[j] = int32(len(n.arrivals))
			if e := local[t.arrivals[j]]; e >= 0 {
				n.arrivals, n.onwardAt = append(n.arrivals, e), append(n.onwardAt, t.onwardAt[j])
			}
		}
		for j := t.leaveFirst[k]; j < t.leaveFirst[k+1]; j++ {
			left[j] = int32(len(n.leaving))
			if e := local[t.leaving[j]]; e >= 0 {
				n.leaving, n.cutoffs = append(n.leaving, e), append(n.cutoffs, t.cutoffs[j])
			}
		}
		arrived[t.first[k+1]], left[t.leaveFirst[k+1]] = int32(len(n.arrivals)), int32(len(n.leaving))
		if int(first) < len(n.arrivals) || int(leaveFirst) < len(n.leaving) {
			place[k] = int32(len(n.places))
			n.places = append(n.places, placeIndex(k))
			n.first, n.leaveFirst = append(n.first, first), append(n.leaveFirst, leaveFirst)
			n.doors, n.transferM3 = append(n.doors, doors[k]), append(n.transferM3, in.transferCostM3[k])
		}
	}
	n.first, n.leaveFirst = append(n.first, int32(len(n.arrivals))), append(n.leaveFirst, int32(len(n.leaving)))
	n.nodes = make([]node, 0, kept)
	n.onward, n.next = make([]int32, 0, kept), make([]int32, 0, kept)
	for k, is := range keep {
		if !is {
			continue
		}
		x := t.nodes[k]
		x.from, x.to, x.reachable = place[x.from], place[x.to], arrived[x.reachable]
		if x.aboard >= 0 {
			x.aboard = local[x.aboard]
		}
		next := t.next[k]
		if next >= 0 {
			next = local[next]
		}
		n.nodes, n.onward, n.next = append(n.nodes, x), append(n.onward, left[t.onward[k]]), append(n.next, next)
	}
	return n
}

// leads tells whether any way leads from a place to a warehouse for a kind of request, whatever the time, within the
// horizon.
func (in *instance) leads(kind *networkKind, origin placeIndex) bool {
	doors := in.doorsAt(kind)
	usable := in.usable(kind)
	reached := make([]bool, len(in.departures))
	earliest := make([]float64, len(in.transferHours)) // from when cargo that came to a place can go on
	for k := range earliest {
		earliest[k] = infinity
	}
	for _, i := range in.order {
		d := &in.departures[i]
		if !(d.from == origin || d.aboard >= 0 && reached[d.aboard] || earliest[d.from] <= d.cutoff+timeSlack) || !usable(i) {
			continue
		}
		reached[i] = true
		earliest[d.to] = min(earliest[d.to], d.arrive+in.transferHours[d.to])
		for k := range doors[d.to] {
			if on := day(d.arrive + doors[d.to][k].hours); on >= 0 && on < in.days {
				return true
			}
		}
	}
	return false
}

// place is where a place of the problem is in the network, or -1.
func (n *network) place(p placeIndex) int32 {
	if k, ok := slices.BinarySearch(n.places, p); ok {
		return int32(k)
	}
	return -1
}
