package optimize

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"haihe/planner"
)

// priceRows lays prices out by the rows of routes.
func priceRows(p *planner.Problem, at planner.Prices) []float64 {
	n := len(p.Departures)
	y := make([]float64, 2*n+len(p.Warehouses)*p.Days)
	departure, warehouse := map[string]int{}, map[string]int{}
	for i := range p.Departures {
		departure[p.Departures[i].ID] = i
	}
	for i := range p.Warehouses {
		warehouse[p.Warehouses[i].ID] = i
	}
	for _, x := range at.Departures {
		y[departure[x.ID]], y[n+departure[x.ID]] = x.M3, x.Kg
	}
	for _, x := range at.Warehouses {
		y[2*n+warehouse[x.ID]*p.Days+x.Day] = x.M3
	}
	return y
}

// usedRows is the room that a plan takes, by the rows of routes.
func usedRows(p *planner.Problem, plan *planner.Plan) []float64 {
	n := len(p.Departures)
	used := make([]float64, 2*n+len(p.Warehouses)*p.Days)
	departure, warehouse, request := map[string]int{}, map[string]int{}, map[string]*planner.Request{}
	for i := range p.Departures {
		departure[p.Departures[i].ID] = i
	}
	for i := range p.Warehouses {
		warehouse[p.Warehouses[i].ID] = i
	}
	for i := range p.Requests {
		request[p.Requests[i].ID] = &p.Requests[i]
	}
	for _, a := range plan.Assignments {
		r := request[a.Request]
		for _, id := range a.Departures {
			used[departure[id]] += a.Fraction * r.VolumeM3
			used[n+departure[id]] += a.Fraction * r.WeightKg
		}
		day := int(math.Floor(a.Arrive.Sub(p.Start).Hours()/24 + 1e-9))
		for k := 0; k < r.StorageDays && day+k < p.Days; k++ {
			used[2*n+warehouse[a.Warehouse]*p.Days+day+k] += a.Fraction * r.VolumeM3 * r.Held(k)
		}
	}
	return used
}

// worths is what each request is charged at most at prices y: the least of its value and the cost of its routes with
// prices.
func worths(p *planner.Problem, list []route, y []float64) []float64 {
	u := make([]float64, len(p.Requests))
	for i := range u {
		u[i] = p.Requests[i].Value
	}
	for _, x := range list {
		c := x.cost
		for row, a := range x.use {
			c += y[row] * a
		}
		u[x.request] = min(u[x.request], c)
	}
	return u
}

// The bound of a plan is the one that its prices give over all itineraries, and nothing is lost between it and the
// objective: where there is a price there is no room left, what goes pays just what its request is charged, and what
// stays behind is charged its value.
func TestComplementarySlackness(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawn(t, 10, 0)
		plan := solve(t, p, Options{})
		list, capacity := routes(p)
		y, used := priceRows(p, plan.Prices), usedRows(p, plan)
		u := worths(p, list, y)
		bound, slack := 0.0, 0.0
		for r := range u {
			bound += u[r]
		}
		for i := range y {
			bound -= y[i] * capacity[i]
			slack += y[i] * math.Max(0, capacity[i]-used[i])
			require.LessOrEqual(t, used[i], capacity[i]*(1+1e-6)+1e-6, "row %d", i)
		}
		tol := 1e-6*math.Abs(plan.Objective) + 1e-6
		require.InDelta(t, plan.Bound, bound, tol)
		require.LessOrEqual(t, slack, tol)
		lost := 0.0
		index := map[string]int{}
		for r := range p.Requests {
			index[p.Requests[r].ID] = r
		}
		n := len(p.Departures)
		for _, a := range plan.Assignments {
			r := index[a.Request]
			charged := a.Cost
			for row, use := range usedRows(p, &planner.Plan{Assignments: []planner.Assignment{a}}) {
				charged += y[row] * use
			}
			require.GreaterOrEqual(t, charged, a.Fraction*u[r]-tol, "%d departures", n)
			lost += charged - a.Fraction*u[r]
		}
		for _, x := range plan.Unmatched {
			lost += x.Fraction * (p.Requests[index[x.Request]].Value - u[index[x.Request]])
		}
		require.LessOrEqual(t, lost, tol)
	})
}

// At any moment of the work the bound is below the optimum and the objective above it, and neither ever gets worse.
func TestBoundsHoldAtEveryMoment(t *testing.T) {
	for seed := range uint64(60) {
		p := tiny(rand.New(rand.NewPCG(seed, 11)), 1+int(seed)%9, 0)
		best := reference(t, p)
		tol := 1e-9*math.Abs(best) + 1e-7
		last := math.Inf(-1)
		solve(t, p, Options{Progress: func(g Progress) {
			require.LessOrEqual(t, g.Bound, best+tol, "seed %d", seed)
			require.GreaterOrEqual(t, g.Objective, best-tol-1e-6*math.Abs(best), "seed %d", seed)
			require.GreaterOrEqual(t, g.Bound, last, "seed %d", seed)
			last = g.Bound
		}})
	}
}

// Stopped after any number of reports, the plan holds and its prices prove its bound.
func TestStoppedAnywhereThePlanHolds(t *testing.T) {
	for _, whole := range []float64{0, 0.5, 1} {
		p := tiny(rand.New(rand.NewPCG(12, 12)), 80, whole)
		for stop := 0; ; stop++ {
			ctx, cancel := context.WithCancel(context.Background())
			reports := 0
			plan, err := Solve(ctx, p, Options{Search: 300, Progress: func(Progress) {
				if reports++; reports > stop {
					cancel()
				}
			}})
			cancel()
			require.NoError(t, err)
			wantSound(t, p, plan)
			if reports <= stop || stop > 40 {
				break
			}
		}
	}
}

// optimum is the least cost of the split problem, to 1e-9 of it.
func optimum(t require.TestingT, p *planner.Problem) float64 {
	plan := solve(t, p, Options{Gap: 1e-9})
	wantSound(t, p, plan)
	return plan.Objective
}

func atMost(t require.TestingT, less, more float64, what string) {
	require.LessOrEqual(t, less, more+1e-8*math.Abs(more)+1e-7, what)
}

// What makes a problem easier never makes its plan dearer, and what makes it harder never makes it cheaper.
func TestMonotonicity(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawn(t, 8, 0)
		was := optimum(t, p)
		try := func(what string, change func(q *planner.Problem)) float64 {
			q := scaled(p, 1, 1)
			change(q)
			return optimum(t, q)
		}
		r := rapid.IntRange(0, len(p.Requests)-1).Draw(t, "request")
		d := rapid.IntRange(0, len(p.Departures)-1).Draw(t, "departure")
		w := rapid.IntRange(0, len(p.Warehouses)-1).Draw(t, "warehouse")
		easier := map[string]func(q *planner.Problem){
			"later":      func(q *planner.Problem) { q.Requests[r].Due = q.Requests[r].Due.Add(50 * time.Hour) },
			"any mode":   func(q *planner.Problem) { q.Requests[r].Modes = nil },
			"worth less": func(q *planner.Problem) { q.Requests[r].Value *= 0.7 },
			"lower rate": func(q *planner.Problem) { q.Departures[d].Rate.Amount *= 0.5 },
			"more room":  func(q *planner.Problem) { q.Departures[d].CapacityM3 += 3; q.Departures[d].CapacityKg += 900 },
			"classes":    func(q *planner.Problem) { q.Departures[d].Classes = []string{"general", "battery"} },
			"storage":    func(q *planner.Problem) { q.Warehouses[w].StorageM3Day /= 2 },
			"cut-off":    func(q *planner.Problem) { q.Departures[d].Cutoff = q.Departures[d].Depart },
			"transfer":   func(q *planner.Problem) { q.Places[d%5].TransferHours, q.Places[d%5].TransferCostM3 = 0, 0 },
		}
		for what, change := range easier {
			atMost(t, try(what, change), was, what)
		}
		harder := map[string]func(q *planner.Problem){
			"cancelled": func(q *planner.Problem) { q.Departures[d].CapacityM3, q.Departures[d].CapacityKg = 0, 0 },
			"full":      func(q *planner.Problem) { q.Warehouses[w].CapacityM3 = planner.PerDay{0} },
			"price of carbon": func(q *planner.Problem) {
				q.Requests[r].CO2ePriceT += 500
			},
			"impatient": func(q *planner.Problem) { q.Requests[r].TimeCostM3Day += 3 },
		}
		for what, change := range harder {
			atMost(t, was, try(what, change), what)
		}
		// One request less saves no more than its value, and costs nothing.
		less := try("one less", func(q *planner.Problem) { q.Requests = append(q.Requests[:r:r], q.Requests[r+1:]...) })
		atMost(t, less, was, "one request less")
		atMost(t, was, less+p.Requests[r].Value, "one request more")
	})
}

// A price is what more room saves at the most, and less room costs at the least; each further unit saves no more than
// the one before.
func TestPricesAreSlopes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawn(t, 8, 0)
		plan := solve(t, p, Options{Gap: 1e-9})
		y := priceRows(p, plan.Prices)
		d := rapid.IntRange(0, len(p.Departures)-1).Draw(t, "departure")
		by := rapid.Float64Range(0.1, 5).Draw(t, "m3")
		with := func(room float64) float64 {
			q := scaled(p, 1, 1)
			q.Departures[d].CapacityM3 = room
			return optimum(t, q)
		}
		c := p.Departures[d].CapacityM3
		more, most := with(c+by), with(c+2*by)
		atMost(t, plan.Objective-y[d]*by, more, "more room")
		atMost(t, 2*more, plan.Objective+most, "diminishing returns")
		if c >= by {
			less := with(c - by)
			atMost(t, plan.Objective+y[d]*by, less, "less room")
			atMost(t, 2*plan.Objective, less+more, "diminishing returns")
		}
	})
}

// Whole requests cost no less than split ones, and their plan no less than the bound of either.
func TestWholeCostsNoLessThanSplit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawn(t, 12, 1)
		plan := solve(t, p, Options{Search: 300})
		wantSound(t, p, plan)
		q := scaled(p, 1, 1)
		for i := range q.Requests {
			q.Requests[i].Whole = false
		}
		split := optimum(t, q)
		atMost(t, split, plan.Objective, "split")
		atMost(t, plan.Bound, split, "the bound that prices prove")
	})
}

// Requests in any order, and twice the problem at once, cost the same.
func TestOrderAndCopies(t *testing.T) {
	for seed := range uint64(20) {
		rnd := rand.New(rand.NewPCG(seed, 13))
		p := tiny(rnd, 10, 0)
		want := optimum(t, p)
		q := scaled(p, 1, 1)
		rnd.Shuffle(len(q.Requests), func(i, j int) { q.Requests[i], q.Requests[j] = q.Requests[j], q.Requests[i] })
		rnd.Shuffle(len(q.Departures), func(i, j int) { q.Departures[i], q.Departures[j] = q.Departures[j], q.Departures[i] })
		rnd.Shuffle(len(q.Warehouses), func(i, j int) { q.Warehouses[i], q.Warehouses[j] = q.Warehouses[j], q.Warehouses[i] })
		require.InEpsilon(t, want, optimum(t, q), 1e-8)
		// Each request in ten parts of its own is the same split problem.
		q = scaled(p, 1, 1)
		q.Requests = nil
		for _, r := range p.Requests {
			for k := range 10 {
				part := r
				part.ID = fmt.Sprintf("%s.%d", r.ID, k)
				part.VolumeM3, part.WeightKg, part.Value = r.VolumeM3/10, r.WeightKg/10, r.Value/10
				q.Requests = append(q.Requests, part)
			}
		}
		require.InEpsilon(t, want, optimum(t, q), 1e-7)
	}
}
