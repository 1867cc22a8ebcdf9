package optimize

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"

	"haihe/planner"
)

// network is the dated network of one kind of request: those of one origin, market, class and set of modes. It
// holds only departures that such a request can be on at some time and can still leave for a warehouse that
// serves it, in order of departure, so that one sweep over them is a shortest-path computation.
type network struct {
	nodes []node
	// Arrivals at a place of the network, by the hour from which cargo can go on: place k has
	// arrivals[first[k]:first[k+1]].
	first    []int32
	arrivals []int32 // nodes
	onwardAt []float64
	doors    [][]door // by place of the network
	kind     networkKind

	guide *guide // nil: none
	// Legs that leave a place of the network, by cutoff: place k has leaving[leaveFirst[k]:leaveFirst[k+1]]. onward[i] is
	// the first of them that leg i can change to, next[i] the leg that goes on with the cargo aboard.
	leaving, leaveFirst, onward, next []int32
	homes                             []int32 // legs out of the origin
}

type networkKind struct {
	origin        placeIndex
	market, class string
	anyClass      bool     // as if everything took its class
	modes         []string // sorted; empty: any
}

func (k *networkKind) key() string {
	key := strconv.Itoa(int(k.origin)) + "\x00" + k.market + "\x00" + strings.Join(k.modes, "\x00")
	if k.anyClass {
		return "*\x00" + key
	}
	return "=" + k.class + "\x00" + key
}

// node is one departure of the network.
type node struct {
	departure              departureIndex
	aboard                 int32 // the node that cargo stays aboard from, or -1
	from, to               int32 // places of the network; from is -1 where nothing of the network arrives
	reachable              int32 // how many arrivals at from can make this cutoff: arrivals[first[from]:reachable]
	transferCostM3         float64
	cutoff, depart, arrive float64
	home                   bool // leaves from the origin
	m3Factor, kgFactor     float64
	amount, co2            float64
}

// door is a way out of the network: a gateway of a warehouse that serves the market.
type door struct {
	warehouse    warehouseIndex
	gate         int32
	hours        float64
	rateM3       float64 // gateway, taking in and last mile
	storageM3Day float64
}

type gateAt struct {
	warehouse warehouseIndex
	gate      int32
}

func (in *instance) gatesByPlace() [][]gateAt {
	at := make([][]gateAt, len(in.transferHours))
	for w := range in.warehouses {
		for g, x := range in.warehouses[w].gates {
			at[x.place] = append(at[x.place], gateAt{warehouseIndex(w), int32(g)})
		}
	}
	return at
}

// doorsAt lists the doors behind each place that serve a kind of request, the cheapest first.
func (in *instance) doorsAt(kind networkKind) [][]door {
	serves := make([]float64, len(in.warehouses))
	for w := range in.warehouses {
		serves[w] = math.NaN()
		if !kind.anyClass && !slices.Contains(in.warehouses[w].classes, kind.class) {
			continue
		}
		if m := marketOf(&in.problem.Warehouses[w], kind.market); m != nil {
			serves[w] = m.RateM3
		}
	}
	doors := make([][]door, len(in.gates))
	for k, list := range in.gates {
		for _, g := range list {
			rate := serves[g.warehouse]
			if math.IsNaN(rate) {
				continue
			}
			w := &in.warehouses[g.warehouse]
			x := w.gates[g.gate]
			doors[k] = append(doors[k], door{g.warehouse, g.gate, x.hours, x.rateM3 + w.inboundM3 + rate, w.storageM3Day})
		}
		slices.SortStableFunc(doors[k], func(a, b door) int { return cmp.Compare(a.rateM3, b.rateM3) })
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

// newNetwork keeps what cargo can reach from the origin (a sweep forward) and can leave for a door (a sweep
// backward).
func (in *instance) newNetwork(kind networkKind) *network {
	n := &network{kind: kind}
	takes := func(departureIndex) bool { return true }
	if !kind.anyClass {
		class, ok := in.classes[kind.class]
		if !ok {
			return n
		}
		takes = func(d departureIndex) bool { return in.takes[class][d] }
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
	doors := in.doorsAt(kind)
	keep := in.reachedFrom(kind.origin, func(d departureIndex) bool { return takes(d) && accepts[in.departures[d].mode] })
	in.keepLeadingTo(keep, doors)

	local := make([]int32, len(in.departures)) // node of a departure
	placeOf := make([]int32, len(in.transferHours))
	for k := range placeOf {
		placeOf[k] = -1
	}
	var places []placeIndex
	for _, d := range in.order {
		if to := in.departures[d].to; keep[d] && placeOf[to] < 0 {
			placeOf[to] = int32(len(places))
			places = append(places, to)
		}
	}
	byPlace := make([][]int32, len(places))
	for _, d := range in.order {
		local[d] = -1
		if !keep[d] {
			continue
		}
		x := &in.departures[d]
		i := int32(len(n.nodes))
		local[d] = i
		y := node{departure: d, aboard: -1, from: placeOf[x.from], to: placeOf[x.to], transferCostM3: in.transferCostM3[x.from], cutoff: x.cutoff,
			depart: x.depart, arrive: x.arrive, home: x.from == kind.origin, amount: x.amount, co2: x.co2}
		if x.aboard >= 0 {
			y.aboard = local[x.aboard]
		}
		if x.perKg {
			y.m3Factor, y.kgFactor = x.kgPerM3, 1
		} else {
			y.m3Factor, y.kgFactor = 1, 1/x.kgPerM3
		}
		n.nodes = append(n.nodes, y)
		byPlace[y.to] = append(byPlace[y.to], i)
	}
	n.first = make([]int32, 1, len(places)+1)
	for k, list := range byPlace {
		hold := in.transferHours[places[k]]
		slices.SortStableFunc(list, func(a, b int32) int { return cmp.Compare(n.nodes[a].arrive, n.nodes[b].arrive) })
		for _, i := range list {
			n.arrivals = append(n.arrivals, i)
			n.onwardAt = append(n.onwardAt, n.nodes[i].arrive+hold)
		}
		n.first = append(n.first, int32(len(n.arrivals)))
		n.doors = append(n.doors, doors[places[k]])
	}
	for i := range n.nodes {
		x := &n.nodes[i]
		if x.from < 0 {
			continue
		}
		lo, hi := n.first[x.from], n.first[x.from+1]
		x.reachable = lo + int32(upTo(n.onwardAt[lo:hi], x.cutoff+timeSlack))
	}
	return n
}

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

// reachedFrom marks the departures that cargo from the origin can be on if it is ready early enough.
func (in *instance) reachedFrom(origin placeIndex, usable func(departureIndex) bool) []bool {
	reached := make([]bool, len(in.departures))
	earliest := make([]float64, len(in.transferHours)) // from when cargo that came to a place can go on
	for k := range earliest {
		earliest[k] = math.Inf(1)
	}
	for _, i := range in.order {
		d := &in.departures[i]
		if !usable(i) || !(d.from == origin || d.aboard >= 0 && reached[d.aboard] || earliest[d.from] <= d.cutoff+timeSlack) {
			continue
		}
		reached[i] = true
		earliest[d.to] = min(earliest[d.to], d.arrive+in.transferHours[d.to])
	}
	return reached
}

// keepLeadingTo clears the marks of departures from which no door can be reached.
func (in *instance) keepLeadingTo(keep []bool, doors [][]door) {
	latest := make([]float64, len(in.transferHours)) // the last cutoff at a place that leads to a door
	for k := range latest {
		latest[k] = math.Inf(-1)
	}
	for n := len(in.order) - 1; n >= 0; n-- {
		i := in.order[n]
		if !keep[i] {
			continue
		}
		d := &in.departures[i]
		next := in.onward[i]
		keep[i] = len(doors[d.to]) > 0 || next >= 0 && keep[next] || d.arrive+in.transferHours[d.to] <= latest[d.to]+timeSlack
		if keep[i] {
			latest[d.from] = max(latest[d.from], d.cutoff)
		}
	}
}
