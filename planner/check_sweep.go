package planner

import (
	"math"
	"math/bits"
	"sort"
)

// checkGraph is what the requests of one kind may use, laid out for one sweep after another.
type checkGraph struct {
	kind  string
	nodes []checkNode // departures, in an order in which each comes after all that can lead to it
	out   []checkOut  // by place
	doors [][]checkDoor
	least float64 // least that the doors take for a m3, storage and time apart
}

type checkNode struct {
	settled, arrive, free float64 // hours; free: cargo may be loaded again from then on
	to, next              int32   // place; the node that cargo may stay aboard to, or -1
	rate                  Rate
	co2e                  float64 // kg/t
	m3, kg                float64 // prices
}

// checkOut are the departures from a place by cutoff.
type checkOut struct {
	cutoff []float64 // with the tolerance
	node   []int32
}

type checkDoor struct {
	warehouse int
	gateway   *Gateway
	market    *Market
}

func (n *checkNet) graphFor(kind string, r *Request, pr *checkPrices) *checkGraph {
	p := n.p
	g := &checkGraph{kind: kind, out: make([]checkOut, len(p.Places)), doors: make([][]checkDoor, len(p.Places)), least: math.Inf(1)}
	var usable []int
	for i := range p.Departures {
		if d := &p.Departures[i]; contains(d.Classes, r.Class) && (len(r.Modes) == 0 || contains(r.Modes, d.Mode)) {
			usable = append(usable, i)
		}
	}
	sort.SliceStable(usable, func(a, b int) bool { return n.legs[usable[a]].settled < n.legs[usable[b]].settled })
	at := make(map[int]int32, len(usable))
	for k, i := range usable {
		at[i] = int32(k)
	}
	for _, i := range usable {
		d, leg := &p.Departures[i], &n.legs[i]
		g.nodes = append(g.nodes, checkNode{
			settled: leg.settled, arrive: leg.arrive, free: math.Max(leg.arrive+p.Places[leg.to].TransferHours, leg.settled),
			to: int32(leg.to), next: -1, rate: d.Rate, co2e: d.CO2eKgPerT, m3: pr.m3[i], kg: pr.kg[i],
		})
		if before, ok := at[leg.before]; ok {
			g.nodes[before].next = at[i]
		}
	}
	sort.SliceStable(usable, func(a, b int) bool { return n.legs[usable[a]].cutoff < n.legs[usable[b]].cutoff })
	for _, i := range usable {
		o := &g.out[n.legs[i].from]
		o.cutoff, o.node = append(o.cutoff, n.legs[i].cutoff+hourTol), append(o.node, at[i])
	}
	for i := range p.Warehouses {
		w := &p.Warehouses[i]
		m := marketOf(w, r.Market)
		if m == nil || !contains(w.Classes, r.Class) {
			continue
		}
		for k := range w.Gateways {
			gate := &w.Gateways[k]
			place := n.place[gate.Place]
			g.doors[place] = append(g.doors[place], checkDoor{i, gate, m})
			g.least = math.Min(g.least, gate.RateM3+w.InboundM3+m.RateM3)
		}
	}
	return g
}

// sweep finds the cheapest itinerary of one request after another by label setting: it takes the departures that
// the request can reach in the order of the graph, so that each has its final label when it is taken. That is exact.
type sweep struct {
	net    *checkNet
	prices *checkPrices
	graph  *checkGraph
	in     []float64 // by node, the least cost of all of the request having been loaded on it; +Inf when not reached
	todo   []uint64  // bits of the nodes that are reached and not yet taken
	free   []float64 // by place, the hour of the cheapest transfer so far,
	paid   []float64 // and its cost
}

// fit makes room for the graph.
func (s *sweep) fit() {
	s.in = make([]float64, len(s.graph.nodes))
	for i := range s.in {
		s.in[i] = math.Inf(1)
	}
	s.todo = make([]uint64, (len(s.in)+63)/64)
	s.free, s.paid = make([]float64, len(s.graph.out)), make([]float64, len(s.graph.out))
}

// reach notes that cargo can be loaded on a node at that cost.
func (s *sweep) reach(node int32, cost float64) {
	if cost < s.in[node] {
		s.in[node] = cost
		s.todo[node>>6] |= 1 << (node & 63)
	}
}

// load notes what cargo can be loaded on that is free at a place from an hour on.
func (s *sweep) load(place int, hour, due, cost float64) {
	o := &s.graph.out[place]
	for i := sort.SearchFloat64s(o.cutoff, hour); i < len(o.cutoff) && o.cutoff[i] <= due+hourTol; i++ {
		s.reach(o.node[i], cost)
	}
}

// cheapest is the least of r's value and of the cost and prices of carrying all of r by one itinerary.
func (s *sweep) cheapest(r *Request) float64 {
	n, p, g := s.net, s.net.p, s.graph
	ready, due, volume, least := n.hour(r.Ready), n.hour(r.Due), r.VolumeM3, r.Value
	for k := range s.paid {
		s.free[k], s.paid[k] = 0, math.Inf(1)
	}
	s.load(n.place[r.Origin], ready, due, 0)
	timeCost := r.TimeCostM3Day * volume / 24
	for word := 0; word < len(s.todo); {
		if s.todo[word] == 0 {
			word++
			continue
		}
		bit := bits.TrailingZeros64(s.todo[word])
		s.todo[word] &^= 1 << bit
		node := &g.nodes[word<<6|bit]
		cost := s.in[word<<6|bit]
		s.in[word<<6|bit] = math.Inf(1)
		if node.arrive > due {
			continue
		}
		cost += node.rate.Quantity(volume, r.WeightKg)*node.rate.Amount + r.CO2ePriceT*node.co2e/1000*r.WeightKg/1000 + node.m3*volume + node.kg*r.WeightKg
		// No cost or price is negative, so nothing better comes of what costs as much as the best so far.
		rest := volume*g.least + timeCost*(node.arrive-ready)
		if cost+rest >= least {
			continue
		}
		for k := range g.doors[node.to] {
			least = math.Min(least, s.throughDoor(r, &g.doors[node.to][k], cost, node.arrive, due))
		}
		if node.next >= 0 {
			s.reach(node.next, cost)
		}
		moved := cost + p.Places[node.to].TransferCostM3*volume
		if moved+rest >= least || moved >= s.paid[node.to] && node.free >= s.free[node.to] {
			continue
		}
		if moved < s.paid[node.to] {
			s.free[node.to], s.paid[node.to] = node.free, moved
		}
		s.load(int(node.to), node.free, due, moved)
	}
	return least
}

// throughDoor is the whole cost of r if it comes to the door's gateway at that hour and cost.
func (s *sweep) throughDoor(r *Request, d *checkDoor, cost, hour, due float64) float64 {
	p := s.net.p
	arrive := hour + d.gateway.Hours
	day := dayAt(arrive)
	if arrive > due+hourTol || day < 0 || day >= p.Days {
		return math.Inf(1)
	}
	return cost + s.net.stayCost(r, &p.Warehouses[d.warehouse], d.gateway, d.market, arrive) + r.VolumeM3*s.prices.stay(d.warehouse, r, day, p.Days)
}
