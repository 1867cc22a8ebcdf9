package main

import (
	"cmp"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

const slack = 1e-9 // hours by which float arithmetic may miss a connection

// model is a problem as flat arrays. Rows of room: m3 of each departure, kg of each departure, m3 of each warehouse day.
type model struct {
	p        *problem
	days     int
	legs     []leg
	order    []int32 // by departure
	next     []int32 // the next leg of the voyage, or -1
	requests []request
	capacity []float64
	places   map[string]int32
	doorsAt  [][]gateOf // by place
	byNet    []int32    // requests, those of one net together
}

type leg struct {
	from, to               int32
	cutoff, depart, arrive float64
	aboard                 int32 // the leg of the voyage before, or -1
	m3Factor, kgFactor     float64
	amount, co2            float64 // co2: t for each kg carried
}

type gateOf struct{ warehouse, gate int32 }

type request struct {
	net                *net
	ready, due         float64
	volume, weight     float64
	timeCost, co2Price float64 // of an hour, for all of it; of a tonne of CO2e
	m3Days             float64
	stay               int
	linear             bool
	value              float64
}

func (r *request) held(k int) float64 {
	if r.linear {
		return 1 - float64(k)/float64(r.stay)
	}
	return 1
}

// net holds what requests of one origin, market, class and set of modes can use: departures that such cargo can come
// to and from which it can still reach a door, in order of departure.
type net struct {
	nodes   []node
	first   []int32 // by place of the net, its arrivals in arrived
	arrived []int32 // nodes, by place and the hour from which cargo may go on
	onward  []float64
	doors   [][]door // by place of the net, the cheapest first
}

type node struct {
	leg                    int32
	aboard                 int32
	from, to               int32 // places of the net; from is -1 where nothing comes
	reach                  int32 // arrivals before this one can make the cutoff
	home                   bool
	cutoff, depart, arrive float64
	change                 float64 // cost of a transfer per m3
	m3Factor, kgFactor     float64
	amount, co2            float64
}

type door struct {
	warehouse, gate       int32
	hours, rate, storages float64
}

func newModel(p *problem) (*model, error) {
	m := &model{p: p, days: p.Days, places: map[string]int32{}}
	for i := range p.Places {
		m.places[p.Places[i].ID] = int32(i)
	}
	for i := range p.Departures {
		d := &p.Departures[i]
		from, ok := m.places[d.From]
		to, ok2 := m.places[d.To]
		if !ok || !ok2 {
			return nil, fmt.Errorf("departure %s: unknown place", d.ID)
		}
		l := leg{from: from, to: to, cutoff: d.Cutoff.Sub(p.Start).Hours(), depart: d.Depart.Sub(p.Start).Hours(), arrive: d.Arrive.Sub(p.Start).Hours(),
			aboard: -1, amount: d.Rate.Amount, co2: d.CO2eKgPerT / 1e6, m3Factor: 1, kgFactor: 1 / d.Rate.KgPerM3}
		if d.Rate.Per == "kg" {
			l.m3Factor, l.kgFactor = d.Rate.KgPerM3, 1
		}
		m.legs = append(m.legs, l)
		m.order = append(m.order, int32(i))
		m.next = append(m.next, -1)
	}
	slices.SortStableFunc(m.order, func(a, b int32) int { return cmp.Compare(m.legs[a].depart, m.legs[b].depart) })
	last := map[string]int32{}
	for _, i := range m.order {
		v := p.Departures[i].Voyage
		if v == "" {
			continue
		}
		if e, ok := last[v]; ok && m.legs[e].to == m.legs[i].from && m.legs[e].arrive <= m.legs[i].depart {
			m.legs[i].aboard, m.next[e] = e, i
		}
		last[v] = i
	}
	n := len(m.legs)
	m.capacity = make([]float64, 2*n+len(p.Warehouses)*m.days)
	for i := range p.Departures {
		m.capacity[i], m.capacity[n+i] = p.Departures[i].CapacityM3, p.Departures[i].CapacityKg
	}
	m.doorsAt = make([][]gateOf, len(p.Places))
	for w := range p.Warehouses {
		for d := range m.days {
			m.capacity[m.dayRow(int32(w), d)] = p.Warehouses[w].CapacityM3.at(d)
		}
		for g := range p.Warehouses[w].Gateways {
			k, ok := m.places[p.Warehouses[w].Gateways[g].Place]
			if !ok {
				return nil, fmt.Errorf("warehouse %s: unknown place", p.Warehouses[w].ID)
			}
			m.doorsAt[k] = append(m.doorsAt[k], gateOf{int32(w), int32(g)})
		}
	}
	of := map[string]int{}
	var kinds [][]int32
	for i := range p.Requests {
		r := &p.Requests[i]
		if _, ok := m.places[r.Origin]; !ok {
			return nil, fmt.Errorf("request %s: unknown place", r.ID)
		}
		kind := r.Origin + "|" + r.Market + "|" + r.Class + "|" + strings.Join(r.Modes, ",")
		k, ok := of[kind]
		if !ok {
			k = len(kinds)
			of[kind], kinds = k, append(kinds, nil)
		}
		kinds[k] = append(kinds[k], int32(i))
		x := request{ready: r.Ready.Sub(p.Start).Hours(), due: r.Due.Sub(p.Start).Hours(), volume: r.VolumeM3, weight: r.WeightKg,
			timeCost: r.TimeCostM3Day * r.VolumeM3 / 24, co2Price: r.CO2ePriceT, stay: r.StorageDays, m3Days: float64(r.StorageDays),
			linear: r.Drawdown == "linear" && r.StorageDays > 0, value: r.Value}
		if r.Drawdown == "linear" {
			x.m3Days = (x.m3Days + 1) / 2
		}
		m.requests = append(m.requests, x)
	}
	var next atomic.Int32
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for k := int(next.Add(1)) - 1; k < len(kinds); k = int(next.Add(1)) - 1 {
				r := &p.Requests[kinds[k][0]]
				n := m.newNet(m.places[r.Origin], r.Market, r.Class, r.Modes)
				for _, i := range kinds[k] {
					m.requests[i].net = n
				}
			}
		})
	}
	wg.Wait()
	for _, list := range kinds {
		m.byNet = append(m.byNet, list...)
	}
	return m, nil
}

func (m *model) dayRow(w int32, day int) int32 { return int32(2*len(m.legs) + int(w)*m.days + day) }

func dayOf(hour float64) int { return int(math.Floor(hour/24 + slack)) }

func (m *model) newNet(origin int32, market, class string, modes []string) *net {
	p := m.p
	doors := make([][]door, len(p.Places))
	for k, list := range m.doorsAt {
		for _, g := range list {
			w := &p.Warehouses[g.warehouse]
			if !slices.Contains(w.Classes, class) {
				continue
			}
			for i := range w.Markets {
				if w.Markets[i].ID == market {
					gate := &w.Gateways[g.gate]
					doors[k] = append(doors[k], door{g.warehouse, g.gate, gate.Hours, gate.RateM3 + w.InboundM3 + w.Markets[i].RateM3, w.StorageM3Day})
					break
				}
			}
		}
		slices.SortStableFunc(doors[k], func(a, b door) int { return cmp.Compare(a.rate, b.rate) })
	}
	keep := make([]bool, len(m.legs))
	since := make([]float64, len(p.Places)) // from when cargo that came to a place can go on
	until := make([]float64, len(p.Places)) // the last cutoff at a place that leads to a door
	for k := range since {
		since[k], until[k] = math.Inf(1), math.Inf(-1)
	}
	for _, i := range m.order {
		l, d := &m.legs[i], &p.Departures[i]
		if !slices.Contains(d.Classes, class) || len(modes) > 0 && !slices.Contains(modes, d.Mode) {
			continue
		}
		if l.from == origin || l.aboard >= 0 && keep[l.aboard] || since[l.from] <= l.cutoff+slack {
			keep[i] = true
			since[l.to] = min(since[l.to], l.arrive+p.Places[l.to].TransferHours)
		}
	}
	for k := len(m.order) - 1; k >= 0; k-- {
		i := m.order[k]
		l := &m.legs[i]
		keep[i] = keep[i] && (len(doors[l.to]) > 0 || m.next[i] >= 0 && keep[m.next[i]] || l.arrive+p.Places[l.to].TransferHours <= until[l.to]+slack)
		if keep[i] {
			until[l.from] = max(until[l.from], l.cutoff)
		}
	}
	n := &net{}
	place, local := make([]int32, len(p.Places)), make([]int32, len(m.legs))
	for k := range place {
		place[k] = -1
	}
	var places []int32
	for _, i := range m.order {
		if to := m.legs[i].to; keep[i] && place[to] < 0 {
			place[to] = int32(len(places))
			places = append(places, to)
		}
	}
	at := make([][]int32, len(places))
	for _, i := range m.order {
		local[i] = -1
		if !keep[i] {
			continue
		}
		l := &m.legs[i]
		x := node{leg: i, aboard: -1, from: place[l.from], to: place[l.to], home: l.from == origin, cutoff: l.cutoff, depart: l.depart, arrive: l.arrive,
			change: p.Places[l.from].TransferCostM3, m3Factor: l.m3Factor, kgFactor: l.kgFactor, amount: l.amount, co2: l.co2}
		if l.aboard >= 0 {
			x.aboard = local[l.aboard]
		}
		local[i] = int32(len(n.nodes))
		at[x.to] = append(at[x.to], local[i])
		n.nodes = append(n.nodes, x)
	}
	n.first = []int32{0}
	for k, list := range at {
		slices.SortStableFunc(list, func(a, b int32) int { return cmp.Compare(n.nodes[a].arrive, n.nodes[b].arrive) })
		for _, i := range list {
			n.arrived = append(n.arrived, i)
			n.onward = append(n.onward, n.nodes[i].arrive+p.Places[places[k]].TransferHours)
		}
		n.first = append(n.first, int32(len(n.arrived)))
		n.doors = append(n.doors, doors[places[k]])
	}
	for i := range n.nodes {
		if x := &n.nodes[i]; x.from >= 0 {
			lo, hi := n.first[x.from], n.first[x.from+1]
			k, _ := slices.BinarySearchFunc(n.onward[lo:hi], x.cutoff+slack, func(a, b float64) int {
				if a <= b {
					return -1
				}
				return 1
			})
			x.reach = lo + int32(k)
		}
	}
	return n
}
