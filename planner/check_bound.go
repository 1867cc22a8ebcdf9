package planner

import (
	"math"
	"runtime"
	"sort"
	"sync"
	"sync/atomic"
	"time"
)

// checkNet is a valid problem ready for arithmetic: indices for names, hours since the start for times.
type checkNet struct {
	p                                    *Problem
	place, departure, warehouse, request map[string]int
	legs                                 []checkLeg // by departure
}

type checkLeg struct {
	from, to               int // places
	cutoff, depart, arrive float64
	before                 int     // the departure of the same voyage that it goes on from with cargo aboard, or -1
	settled                float64 // hour at which all that could be loaded has been: depart, and later by rounding only
}

func newCheckNet(p *Problem) *checkNet {
	n := &checkNet{
		p: p, place: make(map[string]int, len(p.Places)), departure: make(map[string]int, len(p.Departures)),
		warehouse: make(map[string]int, len(p.Warehouses)), request: make(map[string]int, len(p.Requests)),
		legs: make([]checkLeg, len(p.Departures)),
	}
	for i := range p.Places {
		n.place[p.Places[i].ID] = i
	}
	byDepart := make([]int, len(p.Departures))
	for i := range p.Departures {
		d := &p.Departures[i]
		n.departure[d.ID] = i
		n.legs[i] = checkLeg{n.place[d.From], n.place[d.To], n.hour(d.Cutoff), n.hour(d.Depart), n.hour(d.Arrive), -1, 0}
		byDepart[i] = i
	}
	sort.SliceStable(byDepart, func(a, b int) bool { return n.legs[byDepart[a]].depart < n.legs[byDepart[b]].depart })
	last := map[string]int{}
	for _, i := range byDepart {
		leg := &n.legs[i]
		leg.settled = math.Max(leg.depart, leg.cutoff+hourTol)
		voyage := p.Departures[i].Voyage
		if voyage == "" {
			continue
		}
		if e, ok := last[voyage]; ok && n.legs[e].to == leg.from && n.legs[e].arrive <= leg.depart {
			leg.before = e
			leg.settled = math.Max(leg.settled, after(n.legs[e].settled))
		}
		last[voyage] = i
	}
	for i := range p.Warehouses {
		n.warehouse[p.Warehouses[i].ID] = i
	}
	for i := range p.Requests {
		n.request[p.Requests[i].ID] = i
	}
	return n
}

// after is the next number above x.
func after(x float64) float64 { return math.Nextafter(x, math.Inf(1)) }

func (n *checkNet) hour(t time.Time) float64 { return t.Sub(n.p.Start).Hours() }

func dayAt(hour float64) int { return int(math.Floor(hour/24 + hourTol)) }

// legCost is what all of r pays on d, carbon included.
func legCost(r *Request, d *Departure) float64 {
	return d.Rate.Quantity(r.VolumeM3, r.WeightKg)*d.Rate.Amount + r.CO2ePriceT*d.CO2eKgPerT/1000*r.WeightKg/1000
}

// stayCost is what all of r pays from the gateway on, with the price of its time, if it arrives at that hour.
func (n *checkNet) stayCost(r *Request, w *Warehouse, g *Gateway, m *Market, arrive float64) float64 {
	days := (arrive - n.hour(r.Ready)) / 24
	return r.VolumeM3 * (g.RateM3 + w.InboundM3 + r.StorageM3(w) + m.RateM3 + r.TimeCostM3Day*days)
}

// checkPrices are the prices of a plan by index.
type checkPrices struct {
	m3, kg []float64   // by departure
	day    [][]float64 // by warehouse and day; nil: all 0
	sum    [][]float64 // by warehouse, sums of day up to each day
	moment [][]float64 // by warehouse, sums of day × its number up to each day
}

// prices reads the prices, and leaves out what is wrong with a fault.
func (c *checker) prices(from *Prices) *checkPrices {
	p := c.net.p
	pr := &checkPrices{
		m3: make([]float64, len(p.Departures)), kg: make([]float64, len(p.Departures)),
		day: make([][]float64, len(p.Warehouses)), sum: make([][]float64, len(p.Warehouses)), moment: make([][]float64, len(p.Warehouses)),
	}
	fine := func(x float64) bool { return x >= 0 && !math.IsInf(x, 1) }
	for i := range from.Departures {
		x := &from.Departures[i]
		di, ok := c.net.departure[x.ID]
		switch {
		case !ok:
			c.v.fault("price of the unknown departure %s", short(x.ID))
		case !fine(x.M3) || !fine(x.Kg):
			c.v.fault("departure %s: a price is negative or not a number", x.ID)
		default:
			pr.m3[di], pr.kg[di] = x.M3, x.Kg
		}
	}
	for i := range from.Warehouses {
		x := &from.Warehouses[i]
		wi, ok := c.net.warehouse[x.ID]
		switch {
		case !ok:
			c.v.fault("price of the unknown warehouse %s", short(x.ID))
		case x.Day < 0 || x.Day >= p.Days:
			c.v.fault("warehouse %s: price of day %d, outside the horizon of %d days", x.ID, x.Day, p.Days)
		case !fine(x.M3):
			c.v.fault("warehouse %s day %d: the price is negative or not a number", x.ID, x.Day)
		default:
			if pr.day[wi] == nil {
				pr.day[wi] = make([]float64, p.Days)
			}
			pr.day[wi][x.Day] = x.M3
		}
	}
	for w, day := range pr.day {
		if day == nil {
			continue
		}
		sum, moment := make([]float64, p.Days+1), make([]float64, p.Days+1)
		for t, x := range day {
			sum[t+1], moment[t+1] = sum[t]+x, moment[t]+float64(t)*x
		}
		pr.sum[w], pr.moment[w] = sum, moment
	}
	return pr
}

// stay is the price of the room of one m3 of r that comes on a day.
func (pr *checkPrices) stay(w int, r *Request, day, days int) float64 {
	end := min(day+r.StorageDays, days)
	if pr.sum[w] == nil || end <= day {
		return 0
	}
	full := pr.sum[w][end] - pr.sum[w][day]
	if r.Drawdown != DrawdownLinear {
		return full
	}
	// Σ price[t] (1 − (t − day)/T) = full − (Σ t price[t] − day full)/T
	return full - (pr.moment[w][end]-pr.moment[w][day]-float64(day)*full)/float64(r.StorageDays)
}

// bound is the Lagrangian bound that the prices prove: Σ_r min(value, cheapest itinerary at these prices) − Σ price
// × room. The sum goes by the order of the file, so that it does not depend on how many processors share the work.
func (n *checkNet) bound(pr *checkPrices) float64 {
	p := n.p
	order := make([]int, len(p.Requests))
	kinds := make([]string, len(p.Requests))
	for i := range order {
		order[i], kinds[i] = i, kindOf(&p.Requests[i])
	}
	sort.SliceStable(order, func(a, b int) bool { return kinds[order[a]] < kinds[order[b]] })

	least := make([]float64, len(p.Requests))
	const chunk = 64
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), 1+len(order)/chunk) {
		wg.Go(func() {
			s := &sweep{net: n, prices: pr}
			for {
				end := int(next.Add(chunk))
				if end-chunk >= len(order) {
					return
				}
				for _, ri := range order[end-chunk : min(end, len(order))] {
					if s.graph == nil || s.graph.kind != kinds[ri] {
						s.graph = n.graphFor(kinds[ri], &p.Requests[ri], pr)
						s.fit()
					}
					least[ri] = s.cheapest(&p.Requests[ri])
				}
			}
		})
	}
	wg.Wait()

	total := 0.0
	for _, x := range least {
		total += x
	}
	for i := range p.Departures {
		total -= pr.m3[i]*p.Departures[i].CapacityM3 + pr.kg[i]*p.Departures[i].CapacityKg
	}
	for w, day := range pr.day {
		for t, x := range day {
			total -= x * p.Warehouses[w].CapacityM3.At(t)
		}
	}
	return total
}
