package main

import (
	"math"
	"slices"
	"sync"
)

// prices of room, with prefix sums that make any stay in a warehouse one subtraction.
type prices struct {
	row         []float64
	flat, slope []float64 // by warehouse × (days + 1)
}

func (m *model) newPrices() *prices {
	n := len(m.p.Warehouses) * (m.days + 1)
	return &prices{make([]float64, len(m.capacity)), make([]float64, n), make([]float64, n)}
}

func (y *prices) sum(m *model) {
	for w := range m.p.Warehouses {
		f, s, at := 0.0, 0.0, w*(m.days+1)
		for d := range m.days {
			x := y.row[m.dayRow(int32(w), d)]
			f, s = f+x, s+float64(d)*x
			y.flat[at+d+1], y.slope[at+d+1] = f, s
		}
	}
}

// column is an itinerary of a request.
type column struct {
	request         int32
	warehouse, gate int32
	day             int32
	legs            []int32
	arrive, cost    float64 // cost without prices, for all of the request
}

// pricer is label setting over a net for one request after another.
type pricer struct {
	m     *model
	label []float64
	from  []int32
	lo    []int32 // by place, the first arrival after the request is ready, -1 before that is known
	done  []int32 // by place, arrivals whose least is known
	least []float64
	by    []int32
}

// find returns the cheapest itinerary below the limit, prices included.
func (pr *pricer) find(r *request, y *prices, limit float64) (best float64, last, out int32) {
	n, m := r.net, pr.m
	best, last = limit, -1
	if len(pr.label) < len(n.nodes) {
		pr.label, pr.from = make([]float64, len(n.nodes)), make([]int32, len(n.nodes))
		pr.least, pr.by = make([]float64, len(n.nodes)), make([]int32, len(n.nodes))
	}
	if len(pr.lo) < len(n.doors) {
		pr.lo, pr.done = make([]int32, len(n.doors)), make([]int32, len(n.doors))
	}
	for k := range n.doors {
		pr.lo[k] = -1
	}
	start := int32(atLeast(func(i int) float64 { return n.nodes[i].depart }, len(n.nodes), r.ready))
	priceKg := y.row[len(m.legs):]
	carbon := r.co2Price * r.weight
	for i := start; i < int32(len(n.nodes)); i++ {
		x := &n.nodes[i]
		if x.depart > r.due {
			break
		}
		pr.label[i] = math.Inf(1)
		if x.arrive > r.due+slack {
			continue
		}
		in, from := math.Inf(1), int32(-1)
		if x.home && r.ready <= x.cutoff+slack {
			in = 0
		} else {
			if x.from >= 0 {
				in, from = pr.change(n, x, start, r.ready)
				in += x.change * r.volume
			}
			if e := x.aboard; e >= start && pr.label[e] < in {
				in, from = pr.label[e], e
			}
		}
		if in >= best {
			continue
		}
		in += max(r.volume*x.m3Factor, r.weight*x.kgFactor)*x.amount + carbon*x.co2 + y.row[x.leg]*r.volume + priceKg[x.leg]*r.weight
		if in >= best {
			continue
		}
		pr.label[i], pr.from[i] = in, from
		doors := n.doors[x.to]
		for k := range doors {
			d := &doors[k]
			c := in + r.volume*d.rate
			if c >= best {
				break
			}
			arrive := x.arrive + d.hours
			c += r.volume*d.storages*r.m3Days + r.timeCost*(arrive-r.ready)
			if c >= best || arrive > r.due+slack {
				continue
			}
			day := dayOf(arrive)
			if day < 0 || day >= m.days {
				continue
			}
			if c += r.volume * y.stay(m, d.warehouse, r, day); c < best {
				best, last, out = c, i, int32(k)
			}
		}
	}
	return best, last, out
}

// change is the cheapest arrival that can make the cutoff of x.
func (pr *pricer) change(n *net, x *node, start int32, ready float64) (float64, int32) {
	k := x.from
	if pr.lo[k] < 0 {
		lo, hi := n.first[k], n.first[k+1]
		pr.lo[k] = lo + int32(atLeast(func(i int) float64 { return n.onward[int(lo)+i] }, int(hi-lo), ready))
		pr.done[k] = pr.lo[k]
	}
	if x.reach <= pr.lo[k] {
		return math.Inf(1), -1
	}
	for ; pr.done[k] < x.reach; pr.done[k]++ {
		j := pr.done[k]
		least, by := math.Inf(1), int32(-1)
		if j > pr.lo[k] {
			least, by = pr.least[j-1], pr.by[j-1]
		}
		if e := n.arrived[j]; e >= start && pr.label[e] < least {
			least, by = pr.label[e], e
		}
		pr.least[j], pr.by[j] = least, by
	}
	return pr.least[x.reach-1], pr.by[x.reach-1]
}

func (y *prices) stay(m *model, w int32, r *request, day int) float64 {
	at := int(w)*(m.days+1) + day
	end := at + min(r.stay, m.days-day)
	f := y.flat[end] - y.flat[at]
	if f <= 0 {
		return 0
	}
	if r.linear {
		return max(0, f-(y.slope[end]-y.slope[at]-float64(day)*f)/float64(r.stay))
	}
	return f
}

// column makes the itinerary of what find returned.
func (pr *pricer) column(id int32, last, out int32) column {
	m := pr.m
	r := &m.requests[id]
	n := r.net
	d := &n.doors[n.nodes[last].to][out]
	c := column{request: id, warehouse: d.warehouse, gate: d.gate, arrive: n.nodes[last].arrive + d.hours}
	c.day = int32(dayOf(c.arrive))
	for i := last; i >= 0; i = pr.from[i] {
		c.legs = append(c.legs, n.nodes[i].leg)
	}
	slices.Reverse(c.legs)
	for k, i := range c.legs {
		l := &m.legs[i]
		if k > 0 && l.aboard != c.legs[k-1] {
			c.cost += m.p.Places[l.from].TransferCostM3 * r.volume
		}
		c.cost += max(r.volume*l.m3Factor, r.weight*l.kgFactor)*l.amount + r.co2Price*l.co2*r.weight
	}
	c.cost += r.volume*(d.rate+d.storages*r.m3Days) + r.timeCost*(c.arrive-r.ready)
	return c
}

// atLeast is the first of n sorted numbers that is x or more.
func atLeast(at func(int) float64, n int, x float64) int {
	lo, hi := 0, n
	for lo < hi {
		if mid := (lo + hi) / 2; at(mid) < x {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

// priceAll prices every request exactly, on all workers, below what it costs in the master now. It returns the best
// column of each request that has one and the sum of least costs.
func (m *model) priceAll(y *prices, dual []float64, workers []*pricer) (columns []column, sum float64) {
	least, found := make([]float64, len(m.requests)), make([]column, len(m.requests))
	var next int
	var mu sync.Mutex
	var wg sync.WaitGroup
	for _, pr := range workers {
		wg.Go(func() {
			for {
				mu.Lock()
				from := next
				next += 32
				mu.Unlock()
				if from >= len(m.requests) {
					return
				}
				for _, i := range m.byNet[from:min(from+32, len(m.byNet))] {
					r := &m.requests[i]
					limit := r.value - dual[i]
					c, last, out := pr.find(r, y, limit)
					least[i] = c
					if last >= 0 && c < limit-1e-9*r.value {
						found[i] = pr.column(i, last, out)
					}
				}
			}
		})
	}
	wg.Wait()
	for i := range found {
		sum += least[i]
		if found[i].legs != nil {
			columns = append(columns, found[i])
		}
	}
	return columns, sum
}
