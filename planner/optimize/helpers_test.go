package optimize

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/optimize/convex/lp"

	"haihe/planner"
)

var testStart = time.Date(2027, 1, 4, 0, 0, 0, 0, time.UTC)

func hour(h float64) time.Time {
	return testStart.Add(time.Duration(math.Round(h*60)) * time.Minute)
}

// tiny makes a problem of a few departures in which anything can happen: voyages, transfers, tight rooms, rooms of
// zero, late and impossible requests.
func tiny(rnd *rand.Rand, requests int, whole float64) *planner.Problem {
	p := &planner.Problem{Version: planner.ProblemVersion, Currency: "USD", Start: testStart, Days: 20}
	uni := func(a, b float64) float64 { return a + (b-a)*rnd.Float64() }
	for i := range 5 {
		p.Places = append(p.Places, planner.Place{ID: fmt.Sprintf("P%d", i), TransferHours: math.Round(uni(0, 24)), TransferCostM3: math.Round(uni(0, 10))})
	}
	classes := func() []string {
		return [][]string{{"general"}, {"general", "battery"}, {"general", "battery"}}[rnd.IntN(3)]
	}
	mode := func() string { return []string{planner.ModeSea, planner.ModeSea, planner.ModeAir}[rnd.IntN(3)] }
	leg := func(id, voyage, mode string, from, to int, h, run float64) {
		rate := planner.Rate{Per: planner.PerM3, Amount: math.Round(uni(5, 60)), KgPerM3: 400}
		if rnd.IntN(3) == 0 {
			rate = planner.Rate{Per: planner.PerKg, Amount: uni(0.02, 0.2), KgPerM3: 250}
		}
		m3 := math.Round(uni(5, 40))
		if rnd.IntN(8) == 0 {
			m3 = 0
		}
		p.Departures = append(p.Departures, planner.Departure{ID: id, Mode: mode, Voyage: voyage, From: p.Places[from].ID, To: p.Places[to].ID,
			Cutoff: hour(h - math.Round(uni(0, 20))), Depart: hour(h), Arrive: hour(h + run), CapacityM3: m3, CapacityKg: math.Round(m3 * uni(200, 500)),
			Rate: rate, CO2eKgPerT: uni(0, 100), Classes: classes()})
	}
	for v := range 5 {
		at, h, m := rnd.IntN(2), uni(24, 200), mode()
		for l := range 1 + rnd.IntN(3) {
			to := (at + 1 + rnd.IntN(4)) % 5
			run := uni(10, 70)
			leg(fmt.Sprintf("V%d/%d", v, l), fmt.Sprintf("V%d", v), m, at, to, h, run)
			at, h = to, h+run+uni(0, 30)
		}
	}
	for w := range 3 {
		x := planner.Warehouse{ID: fmt.Sprintf("W%d", w), InboundM3: uni(0, 10), StorageM3Day: uni(0, 2), Classes: classes(),
			Gateways: []planner.Gateway{{Place: p.Places[2+w].ID, Hours: uni(0, 40), RateM3: uni(0, 20)}},
			Markets:  []planner.Market{{ID: []string{"US", "US", "DE"}[w], Hours: 10, RateM3: uni(0, 30)}}}
		if w == 0 {
			for range p.Days {
				x.CapacityM3 = append(x.CapacityM3, math.Round(uni(0, 40)))
			}
			x.Gateways = append(x.Gateways, planner.Gateway{Place: p.Places[3].ID, Hours: 50, RateM3: 30})
			// A tariff by age: some days free, dearer and then cheaper.
			x.FreeDays, x.StorageTiers = 3, []planner.StorageTier{{FromDay: 2, M3Day: 0.7}, {FromDay: 6, M3Day: 3}, {FromDay: 11, M3Day: 0.2}}
		} else {
			x.CapacityM3 = planner.PerDay{math.Round(uni(5, 60))}
		}
		p.Warehouses = append(p.Warehouses, x)
	}
	for i := range requests {
		v, ready := math.Round(uni(1, 30)), uni(0, 100)
		p.Requests = append(p.Requests, planner.Request{ID: fmt.Sprintf("R%d", i), Origin: p.Places[rnd.IntN(2)].ID, Market: []string{"US", "US", "DE"}[rnd.IntN(3)],
			Class: []string{"general", "general", "battery"}[rnd.IntN(3)], VolumeM3: v, WeightKg: math.Round(v * uni(100, 500)), Ready: hour(ready),
			Due: hour(min(ready+uni(100, 400), 479)), StorageDays: rnd.IntN(15), Drawdown: []string{planner.DrawdownNone, planner.DrawdownLinear}[rnd.IntN(2)],
			Modes: [][]string{nil, nil, {planner.ModeSea}}[rnd.IntN(3)], Whole: rnd.Float64() < whole, Value: math.Round(v * uni(50, 400)),
			TimeCostM3Day: uni(0, 4), CO2ePriceT: uni(0, 100)})
	}
	return p
}

// route is an itinerary found by walking the problem itself, with the room that all of the request takes on it.
type route struct {
	request int
	cost    float64
	use     map[int]float64 // row of capacities
}

// routes enumerates every itinerary of every request straight from the words of the problem. It shares no code with
// the pricing.
func routes(p *planner.Problem) (list []route, capacity []float64) {
	n := len(p.Departures)
	capacity = make([]float64, 2*n+len(p.Warehouses)*p.Days)
	before := make([]int, n) // the leg of the same voyage just before
	for i, d := range p.Departures {
		capacity[i], capacity[n+i] = d.CapacityM3, d.CapacityKg
		before[i] = -1
		latest := time.Time{}
		for j, e := range p.Departures {
			if d.Voyage != "" && e.Voyage == d.Voyage && e.Depart.Before(d.Depart) && e.Depart.After(latest) {
				latest = e.Depart
				before[i] = -1
				if e.To == d.From && !e.Arrive.After(d.Depart) {
					before[i] = j
				}
			}
		}
	}
	for w := range p.Warehouses {
		for d := range p.Days {
			capacity[2*n+w*p.Days+d] = p.Warehouses[w].CapacityM3.At(d)
		}
	}
	place := map[string]*planner.Place{}
	for i := range p.Places {
		place[p.Places[i].ID] = &p.Places[i]
	}
	has := func(list []string, s string) bool {
		for _, x := range list {
			if x == s {
				return true
			}
		}
		return false
	}
	for ri := range p.Requests {
		r := &p.Requests[ri]
		var walk func(path []int, cost float64)
		walk = func(path []int, cost float64) {
			if len(path) > 0 {
				last := &p.Departures[path[len(path)-1]]
				for w := range p.Warehouses {
					wh := &p.Warehouses[w]
					for _, g := range wh.Gateways {
						for _, m := range wh.Markets {
							arrive := last.Arrive.Add(time.Duration(g.Hours * float64(time.Hour)))
							day := int(math.Floor(arrive.Sub(p.Start).Hours() / 24))
							if g.Place != last.To || m.ID != r.Market || !has(wh.Classes, r.Class) || arrive.After(r.Due) || day >= p.Days {
								continue
							}
							x := route{request: ri, use: map[int]float64{}, cost: cost + r.VolumeM3*(g.RateM3+wh.InboundM3+r.StorageM3(wh)+m.RateM3) +
								r.TimeCostM3Day*r.VolumeM3*arrive.Sub(r.Ready).Hours()/24}
							for _, d := range path {
								x.use[d] += r.VolumeM3
								x.use[n+d] += r.WeightKg
							}
							for k := 0; k < r.StorageDays && day+k < p.Days; k++ {
								x.use[2*n+w*p.Days+day+k] += r.VolumeM3 * r.Held(k)
							}
							list = append(list, x)
						}
					}
				}
			}
			for i := range p.Departures {
				d := &p.Departures[i]
				if !has(d.Classes, r.Class) || len(r.Modes) > 0 && !has(r.Modes, d.Mode) {
					continue
				}
				c := d.Rate.Quantity(r.VolumeM3, r.WeightKg)*d.Rate.Amount + r.CO2ePriceT*d.CO2eKgPerT*r.WeightKg/1e6
				if len(path) == 0 {
					if d.From == r.Origin && !r.Ready.After(d.Cutoff) {
						walk([]int{i}, c)
					}
					continue
				}
				e := &p.Departures[path[len(path)-1]]
				if e.To != d.From {
					continue
				}
				if before[i] == path[len(path)-1] {
					walk(append(path[:len(path):len(path)], i), cost+c)
				} else if k := place[d.From]; !e.Arrive.Add(time.Duration(k.TransferHours * float64(time.Hour))).After(d.Cutoff) {
					walk(append(path[:len(path):len(path)], i), cost+c+k.TransferCostM3*r.VolumeM3)
				}
			}
		}
		walk(nil, 0)
	}
	return list, capacity
}

// reference is the optimum of the split problem by gonum's simplex method over all routes.
func reference(t require.TestingT, p *planner.Problem) float64 {
	all, capacity := routes(p)
	used := map[int]int{}
	var list []route
	for _, x := range all {
		shut := false
		for i := range x.use {
			shut = shut || capacity[i] == 0 && x.use[i] > 0
		}
		if shut {
			continue // rows of zero make gonum's simplex cycle
		}
		list = append(list, x)
		for i := range x.use {
			if _, ok := used[i]; !ok {
				used[i] = len(used)
			}
		}
	}
	requests, rows := len(p.Requests), len(p.Requests)+len(used)
	columns := len(list) + requests + len(used) // a slack for each capacity row, going unmatched for each request
	a, b, c := mat.NewDense(rows, columns, nil), make([]float64, rows), make([]float64, columns)
	for j, x := range list {
		c[j] = x.cost - p.Requests[x.request].Value
		a.Set(x.request, j, 1)
		for i, u := range x.use {
			a.Set(requests+used[i], j, u/100)
		}
	}
	worth := 0.0
	for r := range p.Requests {
		worth += p.Requests[r].Value
		a.Set(r, len(list)+r, 1)
		b[r] = 1
	}
	for i, k := range used {
		a.Set(requests+k, len(list)+requests+k, 1)
		b[requests+k] = capacity[i] / 100
	}
	basis := make([]int, rows)
	for i := range basis {
		basis[i] = len(list) + i
	}
	value, _, err := lp.Simplex(c, a, b, 1e-10, basis)
	require.NoError(t, err)
	return value + worth
}

// bestWhole is the optimum with every request whole, by trying everything.
func bestWhole(p *planner.Problem) float64 {
	list, capacity := routes(p)
	best := math.Inf(1)
	var try func(r int, cost float64)
	try = func(r int, cost float64) {
		if cost >= best {
			return
		}
		if r == len(p.Requests) {
			best = cost
			return
		}
		for i := range list {
			x := &list[i]
			if x.request != r {
				continue
			}
			ok := true
			for row, u := range x.use {
				ok = ok && u <= capacity[row]+1e-9
			}
			if !ok {
				continue
			}
			for row, u := range x.use {
				capacity[row] -= u
			}
			try(r+1, cost+x.cost)
			for row, u := range x.use {
				capacity[row] += u
			}
		}
		try(r+1, cost+p.Requests[r].Value)
	}
	try(0, 0)
	return best
}

// wantSound fails unless the checker, which shares no code with the optimizer, finds the plan without fault.
func wantSound(t require.TestingT, p *planner.Problem, plan *planner.Plan) *planner.Verdict {
	v, err := planner.Check(p, plan)
	require.NoError(t, err)
	require.Empty(t, v.Faults)
	return v
}
