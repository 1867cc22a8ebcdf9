package optimize

import (
	"context"
	"encoding/json"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"haihe/planner"
)

func solve(t require.TestingT, p *planner.Problem, o Options) *planner.Plan {
	plan, err := Solve(context.Background(), p, o)
	require.NoError(t, err)
	return plan
}

func drawn(t *rapid.T, requests int, whole float64) *planner.Problem {
	seed := rapid.Uint64().Draw(t, "seed")
	return tiny(rand.New(rand.NewPCG(seed, 1)), rapid.IntRange(1, requests).Draw(t, "requests"), whole)
}

func TestSplitOptimumIsThatOfSimplexOverAllItineraries(t *testing.T) {
	// Seeds are fixed, for gonum's simplex cycles on a few problems in a thousand.
	for seed := range uint64(200) {
		p := tiny(rand.New(rand.NewPCG(seed, 2)), 1+int(seed)%8, 0)
		plan := solve(t, p, Options{})
		v := wantSound(t, p, plan)
		require.LessOrEqual(t, v.Gap, 1e-6)
		require.Equal(t, planner.StatusOptimal, plan.Status)
		want := reference(t, p)
		require.InDelta(t, want, plan.Objective, 1e-6*math.Abs(want)+1e-6)
	}
}

func TestWholeRequestsGoWholeAndNearTheBest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawn(t, 5, 1)
		var wholeBound float64
		plan := solve(t, p, Options{Search: 500, Progress: func(g Progress) { wholeBound = g.WholeBound }})
		wantSound(t, p, plan)
		best := bestWhole(p)
		require.GreaterOrEqual(t, plan.Objective, best-1e-6*math.Abs(best))
		require.LessOrEqual(t, wholeBound, best*(1+1e-9)+1e-9)
		require.LessOrEqual(t, plan.Bound, best*(1+1e-9)+1e-9)
	})
}

// The search promises no optimum, so this counts how often it finds one, on fixed problems.
func TestTheSearchFindsTheBestOfFewWholeRequests(t *testing.T) {
	found, n := 0, 150
	for seed := range n {
		p := tiny(rand.New(rand.NewPCG(uint64(seed), 3)), 1+seed%5, 1)
		plan := solve(t, p, Options{Search: 2000})
		if best := bestWhole(p); plan.Objective <= best*(1+1e-6)+1e-6 {
			found++
		}
	}
	require.GreaterOrEqual(t, found, n*98/100)
}

func TestMixedRequests(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawn(t, 10, 0.5)
		plan := solve(t, p, Options{Search: 500})
		wantSound(t, p, plan)
	})
}

func TestMoreRoomNeverCostsMore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawn(t, 8, 0)
		was := solve(t, p, Options{})
		d := rapid.IntRange(0, len(p.Departures)-1).Draw(t, "departure")
		p.Departures[d].CapacityM3 += 7
		p.Departures[d].CapacityKg += 3000
		w := rapid.IntRange(0, len(p.Warehouses)-1).Draw(t, "warehouse")
		for k := range p.Warehouses[w].CapacityM3 {
			p.Warehouses[w].CapacityM3[k] += 5
		}
		is := solve(t, p, Options{})
		require.LessOrEqual(t, is.Objective, was.Objective*(1+1e-6)+1e-6)
	})
}

// A price is what one more unit saves, so where there is one the row is full.
func TestPricesStandOnFullRowsOnly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawn(t, 8, 0)
		plan := solve(t, p, Options{})
		used := map[string]float64{}
		kg := map[string]float64{}
		volume := map[string]*planner.Request{}
		for i := range p.Requests {
			volume[p.Requests[i].ID] = &p.Requests[i]
		}
		for _, a := range plan.Assignments {
			for _, d := range a.Departures {
				used[d] += a.Fraction * volume[a.Request].VolumeM3
				kg[d] += a.Fraction * volume[a.Request].WeightKg
			}
		}
		room := map[string]*planner.Departure{}
		for i := range p.Departures {
			room[p.Departures[i].ID] = &p.Departures[i]
		}
		slack := 0.0
		for _, x := range plan.Prices.Departures {
			slack += x.M3*math.Max(0, room[x.ID].CapacityM3-used[x.ID]) + x.Kg*math.Max(0, room[x.ID].CapacityKg-kg[x.ID])
		}
		require.LessOrEqual(t, slack, 1e-6*math.Abs(plan.Objective)+1e-6)
	})
}

func TestScalesOfVolumeAndMoney(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawn(t, 8, 0)
		want := solve(t, p, Options{}).Objective
		volume := rapid.SampledFrom([]float64{1e-3, 1, 1e3, 1e6}).Draw(t, "volume")
		money := rapid.SampledFrom([]float64{1e-3, 1, 1e3, 1e6}).Draw(t, "money")
		q := scaled(p, volume, money)
		plan := solve(t, q, Options{})
		v := wantSound(t, q, plan)
		require.LessOrEqual(t, v.Gap, 1e-6)
		require.InEpsilon(t, want*money, plan.Objective, 2e-6)
	})
}

// scaled measures the same problem in other units of volume, mass and money.
func scaled(p *planner.Problem, volume, money float64) *planner.Problem {
	b, _ := json.Marshal(p)
	q := &planner.Problem{}
	if err := json.Unmarshal(b, q); err != nil {
		panic(err)
	}
	unit := money / volume
	for i := range q.Places {
		q.Places[i].TransferCostM3 *= unit
	}
	for i := range q.Departures {
		d := &q.Departures[i]
		d.CapacityM3, d.CapacityKg, d.Rate.Amount = d.CapacityM3*volume, d.CapacityKg*volume, d.Rate.Amount*unit
	}
	for i := range q.Warehouses {
		w := &q.Warehouses[i]
		w.InboundM3, w.StorageM3Day = w.InboundM3*unit, w.StorageM3Day*unit
		w.StorageTiers = slices.Clone(w.StorageTiers)
		for k := range w.StorageTiers {
			w.StorageTiers[k].M3Day *= unit
		}
		for k := range w.CapacityM3 {
			w.CapacityM3[k] *= volume
		}
		for k := range w.Gateways {
			w.Gateways[k].RateM3 *= unit
		}
		for k := range w.Markets {
			w.Markets[k].RateM3 *= unit
		}
	}
	for i := range q.Requests {
		r := &q.Requests[i]
		r.VolumeM3, r.WeightKg, r.Value = r.VolumeM3*volume, r.WeightKg*volume, r.Value*money
		r.TimeCostM3Day, r.CO2ePriceT = r.TimeCostM3Day*unit, r.CO2ePriceT*unit
	}
	return q
}

func TestSamePlanWhateverTheWorkers(t *testing.T) {
	for _, whole := range []float64{0, 0.5, 1} {
		p := tiny(rand.New(rand.NewPCG(3, 3)), 60, whole)
		var plans []string
		for _, workers := range []int{1, 2, 5} {
			plan := solve(t, p, Options{Workers: workers, Seed: 7, Search: 800})
			plan.Seconds = 0
			b, err := json.Marshal(plan)
			require.NoError(t, err)
			plans = append(plans, string(b))
		}
		require.Equal(t, plans[0], plans[1])
		require.Equal(t, plans[0], plans[2])
	}
}

func TestCancelledSolveStillPlans(t *testing.T) {
	p := tiny(rand.New(rand.NewPCG(4, 4)), 200, 0.3)
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	plan, err := Solve(gone, p, Options{})
	require.NoError(t, err)
	wantSound(t, p, plan)
	later, cancel := context.WithCancel(context.Background())
	plan, err = Solve(later, p, Options{Progress: func(g Progress) {
		if g.Phase != "" {
			cancel() // in the middle of the work
		}
	}})
	require.NoError(t, err)
	require.NotEmpty(t, plan.Assignments)
	wantSound(t, p, plan)
	plan, err = Solve(context.Background(), p, Options{TimeLimit: time.Nanosecond})
	require.NoError(t, err)
	wantSound(t, p, plan)
}

func TestDegenerateProblems(t *testing.T) {
	base := func() *planner.Problem { return tiny(rand.New(rand.NewPCG(5, 5)), 40, 0) }
	cases := map[string]func(p *planner.Problem){
		"nothing": func(p *planner.Problem) {
			*p = planner.Problem{Version: p.Version, Currency: "USD", Start: p.Start, Days: 3}
		},
		"no requests":   func(p *planner.Problem) { p.Requests = nil },
		"no departures": func(p *planner.Problem) { p.Departures = nil },
		"no warehouses": func(p *planner.Problem) { p.Warehouses = nil },
		"one request":   func(p *planner.Problem) { p.Requests = p.Requests[:1] },
		"no room": func(p *planner.Problem) {
			for i := range p.Departures {
				p.Departures[i].CapacityM3, p.Departures[i].CapacityKg = 0, 0
			}
		},
		"no warehouse room": func(p *planner.Problem) {
			for i := range p.Warehouses {
				p.Warehouses[i].CapacityM3 = planner.PerDay{0}
			}
		},
		"zero values": func(p *planner.Problem) {
			for i := range p.Requests {
				p.Requests[i].Value = 0
			}
		},
		"everything free": func(p *planner.Problem) { *p = *scaled(p, 1, 0) },
		"zero volumes": func(p *planner.Problem) {
			for i := range p.Requests {
				p.Requests[i].VolumeM3, p.Requests[i].WeightKg = 0, 0
			}
		},
		"must go": func(p *planner.Problem) {
			for i := range p.Requests {
				p.Requests[i].Value *= 1e6
			}
		},
		"all alike": func(p *planner.Problem) {
			r := p.Requests[0]
			r.Value, r.VolumeM3, r.WeightKg, r.Class, r.Modes = 3000, 1, 200, "general", nil
			p.Requests = nil
			for i := range 1500 {
				r.ID = "R" + string(rune('A'+i/100)) + string(rune('0'+i/10%10)) + string(rune('0'+i%10))
				p.Requests = append(p.Requests, r)
			}
		},
		"equal rates": func(p *planner.Problem) {
			for i := range p.Departures {
				p.Departures[i].Rate, p.Departures[i].CO2eKgPerT = planner.Rate{Per: planner.PerM3, Amount: 10, KgPerM3: 1000}, 0
			}
		},
	}
	for name, change := range cases {
		for _, whole := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				p := base()
				change(p)
				for i := range p.Requests {
					p.Requests[i].Whole = whole
				}
				plan := solve(t, p, Options{Search: 200})
				v := wantSound(t, p, plan)
				if !whole {
					require.LessOrEqual(t, v.Gap, 1e-6)
				}
			})
		}
	}
}

func TestDanglingReferences(t *testing.T) {
	for want, change := range map[string]func(p *planner.Problem){
		`unknown place "X"`:             func(p *planner.Problem) { p.Departures[0].From = "X" },
		`goes to unknown place "X"`:     func(p *planner.Problem) { p.Departures[0].To = "X" },
		`starts at unknown place "X"`:   func(p *planner.Problem) { p.Requests[0].Origin = "X" },
		`has unknown gateway "X"`:       func(p *planner.Problem) { p.Warehouses[0].Gateways[0].Place = "X" },
		`want cutoff ≤ depart < arrive`: func(p *planner.Problem) { p.Departures[0].Arrive = p.Departures[0].Depart },
		`gives its room for 2 days`:     func(p *planner.Problem) { p.Warehouses[0].CapacityM3 = planner.PerDay{1, 2} },
	} {
		p := tiny(rand.New(rand.NewPCG(6, 6)), 3, 0)
		change(p)
		_, err := Solve(context.Background(), p, Options{})
		require.ErrorContains(t, err, want)
	}
}
