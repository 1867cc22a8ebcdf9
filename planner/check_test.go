package planner

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func tinyProblem(t testing.TB) *Problem {
	p, err := DecodeProblem(strings.NewReader(tiny), "tiny")
	require.NoError(t, err)
	return p
}

// tinyPlan is worked out by hand: 40 m3 pay 40 × 80 for the voyage, 80/1000 × 120 × 8 t of carbon, 40 × (9 + 6 + 30)
// at the warehouse, 40 × 0.4 × 21/2 for storage and 40 × 16.5 for the days until it is there.
func tinyPlan() *Plan {
	const cost = 3200 + 76.8 + 1800 + 168 + 660
	return &Plan{
		Version: PlanVersion, Status: StatusOptimal, Objective: cost, Bound: cost,
		Assignments: []Assignment{{
			Request: "R1", Fraction: 1, Departures: []string{"V1/1"}, Gateway: "USLAX", Warehouse: "LA1",
			Arrive: time.Date(2027, 3, 17, 12, 0, 0, 0, time.UTC), Cost: cost,
		}},
	}
}

func TestCheckByHand(t *testing.T) {
	v, err := Check(tinyProblem(t), tinyPlan())
	require.NoError(t, err)
	assert.Empty(t, v.Faults)
	assert.InDelta(t, 5904.8, v.Objective, 1e-9)
	assert.InDelta(t, 5904.8, v.Bound, 1e-9)
	assert.Equal(t, "faults 0  objective 5904.80  proven bound 5904.80  gap 0.00000%  regret 0.00000%  "+
		"matched 1/1 requests, 100.0% of volume  binding: 0 departures, 0 warehouses", v.String())
}

// A price on room that is not full lowers the bound by what the room would cost and raises it by what the request
// pays for it: 40 of 100 m3.
func TestCheckBoundFollowsPrices(t *testing.T) {
	p, plan := tinyProblem(t), tinyPlan()
	plan.Prices.Departures = []DeparturePrice{{ID: "V1/1", M3: 2}}
	v, err := Check(p, plan)
	require.NoError(t, err)
	assert.InDelta(t, 5904.8+2*40-2*100, v.Bound, 1e-9)
	assert.Equal(t, 2, v.FaultCount, "the bound it claims is not proven, and so it is not optimal: %v", v.Faults)

	// Days 16 to 29 of the stay are priced: 40 m3 × 3 × Σ (1 − k/20) for the 14 days in the horizon.
	plan = tinyPlan()
	for day := 0; day < 30; day++ {
		plan.Prices.Warehouses = append(plan.Prices.Warehouses, WarehousePrice{ID: "LA1", Day: day, M3: 3})
	}
	held := 0.0
	for k := 0; k < 14; k++ {
		held += 1 - float64(k)/20
	}
	v, err = Check(p, plan)
	require.NoError(t, err)
	assert.InDelta(t, 5904.8+3*40*held-3*30*60, v.Bound, 1e-9)
}

func TestCheckFindsEachFault(t *testing.T) {
	for want, mutate := range map[string]func(*Problem, *Plan){
		"unknown request":                      func(_ *Problem, x *Plan) { x.Assignments[0].Request = "R2" },
		"its fraction 0 is not":                func(_ *Problem, x *Plan) { x.Assignments[0].Fraction = 0 },
		"its fraction NaN is not":              func(_ *Problem, x *Plan) { x.Assignments[0].Fraction = math.NaN() },
		"its fractions sum to 2":               func(_ *Problem, x *Plan) { x.Assignments = append(x.Assignments, x.Assignments[0]) },
		"has no departures":                    func(_ *Problem, x *Plan) { x.Assignments[0].Departures = nil },
		"unknown departure":                    func(_ *Problem, x *Plan) { x.Assignments[0].Departures[0] = "V2" },
		"leaves from CNTXG, the cargo is at":   func(p *Problem, _ *Plan) { p.Requests[0].Origin = "USLAX" },
		"does not take class chilled":          func(p *Problem, _ *Plan) { p.Requests[0].Class = "chilled" },
		"warehouse LA1 does not take class":    func(p *Problem, _ *Plan) { p.Warehouses[0].Classes = nil },
		"goes by sea":                          func(p *Problem, _ *Plan) { p.Requests[0].Modes = []string{ModeAir} },
		"misses the cutoff of V1/1 by 1.00 h":  func(p *Problem, _ *Plan) { p.Departures[0].Cutoff = p.Requests[0].Ready.Add(-time.Hour) },
		"unknown warehouse":                    func(_ *Problem, x *Plan) { x.Assignments[0].Warehouse = "LA2" },
		"through \"CNTXG\"":                    func(_ *Problem, x *Plan) { x.Assignments[0].Gateway = "CNTXG" },
		"has no gateway":                       func(p *Problem, _ *Plan) { p.Warehouses[0].Gateways = nil },
		"does not serve market":                func(p *Problem, _ *Plan) { p.Requests[0].Market = "EU" },
		"after it is due":                      func(p *Problem, _ *Plan) { p.Requests[0].Due = p.Departures[0].Arrive },
		"outside the horizon":                  func(p *Problem, _ *Plan) { p.Days = 16 },
		"says it arrives at hour":              func(_ *Problem, x *Plan) { x.Assignments[0].Arrive = x.Assignments[0].Arrive.Add(2 * time.Minute) },
		"says a part of it costs":              func(_ *Problem, x *Plan) { x.Assignments[0].Cost *= 1.00001 },
		"says its objective":                   func(_ *Problem, x *Plan) { x.Objective *= 1.00001 },
		"claims the bound":                     func(_ *Problem, x *Plan) { x.Bound *= 1.00001 },
		"must go whole":                        func(p *Problem, x *Plan) { p.Requests[0].Whole = true; x.Assignments[0].Fraction = 0.5 },
		"departure V1/1: over capacity, 40":    func(p *Problem, _ *Plan) { p.Departures[0].CapacityM3 = 39.9 },
		"8000.000 of 7999.000 kg":              func(p *Problem, _ *Plan) { p.Departures[0].CapacityKg = 7999 },
		"warehouse LA1 day 16: over capacity":  func(p *Problem, _ *Plan) { p.Warehouses[0].CapacityM3 = PerDay{39.9} },
		"price of the unknown departure":       func(_ *Problem, x *Plan) { x.Prices.Departures = []DeparturePrice{{ID: "?"}} },
		"departure V1/1: a price is negative":  func(_ *Problem, x *Plan) { x.Prices.Departures = []DeparturePrice{{ID: "V1/1", M3: -1}} },
		"price of day 30, outside":             func(_ *Problem, x *Plan) { x.Prices.Warehouses = []WarehousePrice{{ID: "LA1", Day: 30}} },
		"says it is optimal":                   func(_ *Problem, x *Plan) { x.Bound = 5000; x.Prices.Departures = []DeparturePrice{{ID: "V1/1", M3: 2}} },
		"says its gap is":                      func(_ *Problem, x *Plan) { x.Gap = 0.5 },
		"says that 0.25 of it is unmatched":    func(_ *Problem, x *Plan) { x.Unmatched = []Unmatched{{Request: "R1", Fraction: 0.25}} },
		"unmatched 0: unknown request":         func(_ *Problem, x *Plan) { x.Unmatched = []Unmatched{{Request: "R9", Fraction: 0.25}} },
		"says its version is \"haihe.plan/2\"": func(_ *Problem, x *Plan) { x.Version = "haihe.plan/2" },
	} {
		t.Run(want, func(t *testing.T) {
			p, plan := tinyProblem(t), tinyPlan()
			mutate(p, plan)
			v, err := Check(p, plan)
			require.NoError(t, err)
			assert.Contains(t, strings.Join(v.Faults, "\n"), want)
			assert.Equal(t, len(v.Faults), v.FaultCount)
		})
	}
}

func TestCheckCargoStaysAboard(t *testing.T) {
	p, plan := tinyProblem(t), tinyPlan()
	second := p.Departures[0]
	p.Places = append(p.Places, Place{ID: "USOAK", Lat: 37.8, Lon: -122.3, TransferHours: 24})
	second.ID, second.From, second.To = "V1/2", "USLAX", "USOAK"
	second.Cutoff, second.Depart, second.Arrive = p.Departures[0].Cutoff, p.Departures[0].Arrive, p.Departures[0].Arrive.Add(24*time.Hour)
	second.Rate.Amount, second.CO2eKgPerT = 0, 0
	p.Departures = append(p.Departures, second)
	p.Warehouses[0].Gateways[0].Place = "USOAK"
	a := &plan.Assignments[0]
	a.Departures, a.Gateway, a.Arrive = []string{"V1/1", "V1/2"}, "USOAK", a.Arrive.Add(24*time.Hour)
	a.Cost += 40 // one day more
	plan.Objective, plan.Bound = a.Cost, a.Cost
	v, err := Check(p, plan)
	require.NoError(t, err)
	assert.Empty(t, v.Faults, "no transfer, and no cutoff, on the way of one voyage")
	assert.InDelta(t, a.Cost, v.Bound, 1e-9)

	p.Departures[1].Voyage = "V2"
	v, err = Check(p, plan)
	require.NoError(t, err)
	assert.Contains(t, strings.Join(v.Faults, "\n"), "misses the cutoff of V1/2 by 384.00 h")
	assert.InDelta(t, 20000, v.Bound, 1e-9, "no itinerary is left")
}

// The sweep finds what listing every itinerary finds, and no plan costs less than the bound.
func TestCheckBoundIsTheLeastOfAllItineraries(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		p := randomProblem(rng)
		require.NoError(t, p.Validate())
		n := newCheckNet(p)
		prices := randomPrices(rng, p)
		c := &checker{net: n, v: &Verdict{}}
		pr := c.prices(&prices)
		require.Empty(t, c.v.Faults)

		want := 0.0
		for i := range p.Requests {
			least := p.Requests[i].Value
			everyItinerary(n, i, func(way []int, w, g int, cost, arrive float64) {
				least = math.Min(least, cost+pricedRoom(p, &p.Requests[i], &prices, way, w, arrive))
			})
			want += least
		}
		for _, x := range prices.Departures {
			d := &p.Departures[n.departure[x.ID]]
			want -= x.M3*d.CapacityM3 + x.Kg*d.CapacityKg
		}
		for _, x := range prices.Warehouses {
			want -= x.M3 * p.Warehouses[n.warehouse[x.ID]].CapacityM3.At(x.Day)
		}
		got := n.bound(pr)
		require.InDelta(t, want, got, 1e-9*math.Max(1, math.Abs(want)))

		plan := randomPlan(rng, p)
		plan.Prices, plan.Bound, plan.Gap = prices, got, (plan.Objective-got)/math.Max(1e-9, plan.Objective)
		v, err := Check(p, plan)
		require.NoError(t, err)
		require.Empty(t, v.Faults)
		require.GreaterOrEqual(t, v.Objective, v.Bound-1e-6)
	})
}

// pricedRoom is the price of the room that all of r takes, day by day.
func pricedRoom(p *Problem, r *Request, prices *Prices, way []int, w int, arrive float64) float64 {
	sum := 0.0
	for _, i := range way {
		for _, x := range prices.Departures {
			if x.ID == p.Departures[i].ID {
				sum += x.M3*r.VolumeM3 + x.Kg*r.WeightKg
			}
		}
	}
	for _, x := range prices.Warehouses {
		if x.ID == p.Warehouses[w].ID {
			sum += x.M3 * r.VolumeM3 * r.Held(x.Day-dayAt(arrive))
		}
	}
	return sum
}

// everyItinerary calls found for each itinerary of a request, with its departures, warehouse, gateway, cost and hour
// of arrival.
func everyItinerary(n *checkNet, request int, found func(way []int, w, g int, cost, arrive float64)) {
	p, r := n.p, &n.p.Requests[request]
	var visit func(way []int, cost float64)
	visit = func(way []int, cost float64) {
		at, hour := n.place[r.Origin], n.hour(r.Ready)
		if len(way) > 0 {
			last := n.legs[way[len(way)-1]]
			at, hour = last.to, last.arrive
			for w := range p.Warehouses {
				wh := &p.Warehouses[w]
				m, g := marketOf(wh, r.Market), gatewayOf(wh, p.Places[at].ID)
				if m == nil || g == nil || !contains(wh.Classes, r.Class) {
					continue
				}
				arrive := hour + g.Hours
				if day := dayAt(arrive); arrive <= n.hour(r.Due) && day >= 0 && day < p.Days {
					found(way, w, n.place[g.Place], cost+n.stayCost(r, wh, g, m, arrive), arrive)
				}
			}
		}
		for i := range p.Departures {
			d, leg := &p.Departures[i], &n.legs[i]
			if leg.from != at || !contains(d.Classes, r.Class) || len(r.Modes) > 0 && !contains(r.Modes, d.Mode) {
				continue
			}
			next, extra, free := append(append([]int(nil), way...), i), 0.0, hour
			if len(way) > 0 {
				if leg.before == way[len(way)-1] {
					visit(next, cost+legCost(r, d))
					continue
				}
				free += p.Places[at].TransferHours
				extra = p.Places[at].TransferCostM3 * r.VolumeM3
			}
			if free <= leg.cutoff+hourTol {
				visit(next, cost+extra+legCost(r, d))
			}
		}
	}
	visit(nil, 0)
}

// randomProblem is small enough to list every itinerary of.
func randomProblem(rng *rand.Rand) *Problem {
	start := time.Date(2027, 3, 1, 0, 0, 0, 0, time.UTC)
	at := func(hour float64) time.Time { return start.Add(time.Duration(hour * float64(time.Hour))) }
	classes := [][]string{{"general"}, {"general", "chilled"}, {"chilled"}}
	p := &Problem{Version: ProblemVersion, Currency: "USD", Start: start, Days: 20}
	for i := range 5 {
		p.Places = append(p.Places, Place{ID: fmt.Sprintf("P%d", i), TransferHours: float64(6 * rng.IntN(4)), TransferCostM3: float64(rng.IntN(5))})
	}
	for v := range 7 { // voyages of one to three legs
		place, hour := rng.IntN(5), float64(rng.IntN(240))
		for leg := range 1 + rng.IntN(3) {
			next := (place + 1 + rng.IntN(4)) % 5
			d := Departure{
				ID: fmt.Sprintf("V%d/%d", v, leg), Mode: []string{ModeSea, ModeAir}[v%2], Voyage: fmt.Sprintf("V%d", v),
				From: p.Places[place].ID, To: p.Places[next].ID, Cutoff: at(hour - float64(rng.IntN(12))), Depart: at(hour), Arrive: at(hour + 4 + float64(rng.IntN(90))),
				CapacityM3: float64(rng.IntN(60)), CapacityKg: float64(rng.IntN(20000)), CO2eKgPerT: float64(rng.IntN(200)), Classes: classes[rng.IntN(3)],
				Rate: Rate{Per: []string{PerM3, PerKg}[v%2], Amount: float64(1 + rng.IntN(20)), KgPerM3: 167},
			}
			p.Departures = append(p.Departures, d)
			place, hour = next, d.Arrive.Sub(start).Hours()+float64(rng.IntN(24))
		}
	}
	for w := range 3 {
		wh := Warehouse{
			ID: fmt.Sprintf("W%d", w), Classes: classes[rng.IntN(3)], CapacityM3: PerDay{float64(rng.IntN(80))}, InboundM3: 3, StorageM3Day: rng.Float64(),
			Gateways: []Gateway{{Place: p.Places[rng.IntN(5)].ID, Hours: float64(rng.IntN(30)), RateM3: 5}},
			Markets:  []Market{{ID: fmt.Sprintf("M%d", rng.IntN(2)), RateM3: 10}},
		}
		if w == 0 {
			wh.CapacityM3 = nil
			wh.FreeDays, wh.StorageTiers = 2, []StorageTier{{1, 0.4}, {5, 2}}
			for range p.Days {
				wh.CapacityM3 = append(wh.CapacityM3, float64(rng.IntN(80)))
			}
		}
		p.Warehouses = append(p.Warehouses, wh)
	}
	for i := range 8 {
		ready := float64(rng.IntN(120))
		r := Request{
			ID: fmt.Sprintf("R%d", i), Origin: p.Places[rng.IntN(5)].ID, Market: fmt.Sprintf("M%d", rng.IntN(2)), Class: []string{"general", "chilled"}[rng.IntN(2)],
			VolumeM3: 1 + 30*rng.Float64(), WeightKg: 8000 * rng.Float64(), Ready: at(ready), Due: at(ready + float64(rng.IntN(500))),
			StorageDays: rng.IntN(15), Drawdown: []string{DrawdownNone, DrawdownLinear}[rng.IntN(2)], Whole: rng.IntN(3) == 0,
			Value: 20000 * rng.Float64(), TimeCostM3Day: rng.Float64(), CO2ePriceT: 80,
		}
		if rng.IntN(4) == 0 {
			r.Modes = []string{ModeSea}
		}
		p.Requests = append(p.Requests, r)
	}
	return p
}

func randomPrices(rng *rand.Rand, p *Problem) Prices {
	var x Prices
	for i := range p.Departures {
		if rng.IntN(3) == 0 {
			x.Departures = append(x.Departures, DeparturePrice{ID: p.Departures[i].ID, M3: 40 * rng.Float64(), Kg: rng.Float64()})
		}
	}
	for w := range p.Warehouses {
		for day := range p.Days {
			if rng.IntN(4) == 0 {
				x.Warehouses = append(x.Warehouses, WarehousePrice{ID: p.Warehouses[w].ID, Day: day, M3: rng.Float64()})
			}
		}
	}
	return x
}

// randomPlan walks each request along random departures and takes what room is left. Its bound and prices are not set.
func randomPlan(rng *rand.Rand, p *Problem) *Plan {
	n := newCheckNet(p)
	roomM3, roomKg, stored := make([]float64, len(p.Departures)), make([]float64, len(p.Departures)), make([][]float64, len(p.Warehouses))
	outOf, doors := make([][]int, len(p.Places)), make([][]int, len(p.Places))
	for i := range p.Departures {
		roomM3[i], roomKg[i] = p.Departures[i].CapacityM3, p.Departures[i].CapacityKg
		outOf[n.legs[i].from] = append(outOf[n.legs[i].from], i)
	}
	for w := range p.Warehouses {
		stored[w] = make([]float64, p.Days)
		for _, g := range p.Warehouses[w].Gateways {
			doors[n.place[g.Place]] = append(doors[n.place[g.Place]], w)
		}
	}
	plan := &Plan{Version: PlanVersion, Status: StatusFeasible}
	for ri := range p.Requests {
		r, left := &p.Requests[ri], 1.0
		for try := 0; try < 8 && left > 0.01; try++ {
			a, way, w, day := randomWalk(rng, n, r, outOf, doors)
			if a == nil {
				continue
			}
			f := left
			for _, i := range way {
				f = min(f, roomM3[i]/max(r.VolumeM3, 1e-9), roomKg[i]/max(r.WeightKg, 1e-9))
			}
			for k := 0; k < r.StorageDays && day+k < p.Days; k++ {
				f = min(f, (p.Warehouses[w].CapacityM3.At(day+k)-stored[w][day+k])/max(1e-9, r.VolumeM3*r.Held(k)))
			}
			if f < 0.01 || r.Whole && f < 1 {
				continue
			}
			for _, i := range way {
				roomM3[i] -= f * r.VolumeM3
				roomKg[i] -= f * r.WeightKg
			}
			for k := 0; k < r.StorageDays && day+k < p.Days; k++ {
				stored[w][day+k] += f * r.VolumeM3 * r.Held(k)
			}
			a.Fraction, a.Cost = f, a.Cost*f
			plan.Assignments = append(plan.Assignments, *a)
			plan.Objective += a.Cost
			left -= f
		}
		plan.Objective += r.Value * left
	}
	return plan
}

func randomWalk(rng *rand.Rand, n *checkNet, r *Request, outOf, doors [][]int) (*Assignment, []int, int, int) {
	p, at, hour, cost := n.p, n.place[r.Origin], n.hour(r.Ready), 0.0
	a := &Assignment{Request: r.ID}
	var way []int
	for range 4 {
		var fits []int
		for _, i := range outOf[at] {
			leg, d, free := &n.legs[i], &p.Departures[i], hour
			stays := len(way) > 0 && leg.before == way[len(way)-1]
			if len(way) > 0 {
				free += p.Places[at].TransferHours
			}
			if (stays || free <= leg.cutoff) && leg.arrive <= n.hour(r.Due) && contains(d.Classes, r.Class) && (len(r.Modes) == 0 || contains(r.Modes, d.Mode)) {
				fits = append(fits, i)
			}
		}
		if len(fits) == 0 {
			return nil, nil, 0, 0
		}
		i := fits[rng.IntN(len(fits))]
		if len(way) > 0 && n.legs[i].before != way[len(way)-1] {
			cost += p.Places[at].TransferCostM3 * r.VolumeM3
		}
		cost += legCost(r, &p.Departures[i])
		way, a.Departures, at, hour = append(way, i), append(a.Departures, p.Departures[i].ID), n.legs[i].to, n.legs[i].arrive
		for _, w := range doors[at] {
			wh := &p.Warehouses[w]
			m, g := marketOf(wh, r.Market), gatewayOf(wh, p.Places[at].ID)
			arrive := hour + g.Hours
			if m == nil || !contains(wh.Classes, r.Class) || arrive > n.hour(r.Due) || dayAt(arrive) < 0 || dayAt(arrive) >= p.Days || rng.IntN(2) == 0 {
				continue
			}
			a.Gateway, a.Warehouse, a.Arrive = g.Place, wh.ID, p.Start.Add(time.Duration(arrive*float64(time.Hour)))
			a.Cost = cost + n.stayCost(r, wh, g, m, arrive)
			return a, way, w, dayAt(arrive)
		}
	}
	return nil, nil, 0, 0
}
