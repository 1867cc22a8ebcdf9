package optimize

import (
	"context"
	"encoding/json"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"haihe/planner"
)

// With a guide the pricer finds what it finds without, at whatever prices and below whatever limit.
func TestGuidedPricingIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawn(t, 30, 0)
		in, err := compile(p)
		require.NoError(t, err)
		rnd := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "prices"), 5))
		s := &solver{in: in, ctx: context.Background(), team: newTeam(in, 1), master: newMaster(in, 0)}
		y := s.master.price
		for i := range y.row {
			if rnd.IntN(3) == 0 {
				y.row[i] = rnd.Float64() * 50
			}
		}
		y.sum(in)
		s.guide(s.everyone())
		pr := s.team.pricers[0]
		for i := range in.requests {
			r := &in.requests[i]
			for _, limit := range []float64{infinity, r.value, 0.6 * r.value} {
				plain := ask{request: r, network: r.network, prices: y, limit: limit}
				guided := plain
				guided.guided = true
				want, got := pr.find(&plain), pr.find(&guided)
				require.Equal(t, want.node < 0, got.node < 0)
				if want.node >= 0 {
					require.InEpsilon(t, want.cost, got.cost, 1e-9)
				}
			}
		}
	})
}

// The soonest way below a limit arrives when the first of all ways below it does, with a guide or without.
func TestTheSoonestArrivesFirst(t *testing.T) {
	found := 0
	rapid.Check(t, func(t *rapid.T) {
		p := drawn(t, 20, 0)
		in, err := compile(p)
		require.NoError(t, err)
		rnd := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "prices"), 6))
		s := &solver{in: in, ctx: context.Background(), team: newTeam(in, 1), master: newMaster(in, 0)}
		y := s.master.price
		for i := range y.row {
			if rnd.IntN(3) == 0 {
				y.row[i] = rnd.Float64() * 50
			}
		}
		y.sum(in)
		require.True(t, s.guideAt(nil, s.everyone(), never))
		pr, full := s.team.pricers[0], in.newRoom()
		for i := range in.requests {
			r := &in.requests[i]
			for _, limit := range []float64{r.value, 0.6 * r.value} {
				a := ask{request: r, network: r.network, prices: y, room: full, weight: 1, limit: limit}
				first := infinity
				var arena []departureIndex
				pr.enumerate(&a, requestIndex(i), &arena, func(c column, _ float64) bool {
					first = min(first, c.arrive)
					return true
				})
				a.soonest = true
				for _, a.guided = range []bool{false, true} {
					o := pr.find(&a)
					require.Equal(t, math.IsInf(first, 1), o.node < 0)
					if o.node >= 0 {
						found++
						arena = nil
						require.InDelta(t, first, pr.column(&a, o, requestIndex(i), r, &arena).arrive, 1e-9)
					}
				}
			}
		}
	})
	require.NotZero(t, found)
}

// many has enough requests for a market.
func many(seed uint64) *planner.Problem {
	return tiny(rand.New(rand.NewPCG(seed, 6)), marketFrom+200, 0)
}

func TestAMarketEndsAtTheBestPlan(t *testing.T) {
	for seed := range uint64(1) {
		p := many(seed)
		plan := solve(t, p, Options{})
		v := wantSound(t, p, plan)
		require.LessOrEqual(t, v.Gap, 1e-6)
		in, err := compile(p)
		require.NoError(t, err)
		s := &solver{in: in, ctx: context.Background(), o: Options{Gap: 1e-9}, team: newTeam(in, 1), master: newMaster(in, 0), proof: make([]float64, len(in.capacity))}
		s.rounds(s.everyone(), "", 1e-9, s.note) // pivots from the empty plan on
		require.InEpsilon(t, s.master.objective, plan.Objective, 2e-6)
	}
}

func TestAMarketDoesNotDependOnTheNumberOfWorkers(t *testing.T) {
	p := many(4)
	var plans [2][]byte
	for i, workers := range []int{1, 3} {
		plan := solve(t, p, Options{Regret: 1e-3, Workers: workers})
		plan.Seconds = 0
		var err error
		plans[i], err = json.Marshal(plan)
		require.NoError(t, err)
	}
	require.Equal(t, string(plans[0]), string(plans[1]))
}

func TestRegretEndsAMarket(t *testing.T) {
	p := many(5)
	var last Progress
	plan := solve(t, p, Options{Regret: 0.01, Progress: func(g Progress) { last = g }})
	wantSound(t, p, plan)
	require.LessOrEqual(t, last.Regret, 0.01)
}

// Wherever a market is stopped, what it has so far makes a plan.
func TestAStoppedMarketIsAPlan(t *testing.T) {
	p := many(6)
	for _, after := range []time.Duration{0, time.Millisecond, 10 * time.Millisecond, 50 * time.Millisecond} {
		ctx, cancel := context.WithTimeout(context.Background(), after)
		plan, err := Solve(ctx, p, Options{})
		cancel()
		require.NoError(t, err)
		wantSound(t, p, plan)
	}
	n := 0
	for range 4 { // the same at fixed places, by the count of reports
		n++
		ctx, cancel := context.WithCancel(context.Background())
		seen := 0
		plan, err := Solve(ctx, p, Options{Progress: func(Progress) {
			if seen++; seen == n {
				cancel()
			}
		}})
		cancel()
		require.NoError(t, err)
		wantSound(t, p, plan)
	}
}

// Shares that ask for too much are cut to what there is, and what fits is left alone.
func TestFit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawn(t, 30, 0)
		in, err := compile(p)
		require.NoError(t, err)
		s := &solver{in: in, ctx: context.Background(), o: Options{Gap: 1e-6}, team: newTeam(in, 1), master: newMaster(in, 0), proof: make([]float64, len(in.capacity))}
		_, _, ok := s.price(s.everyone()) // everyone's cheapest way, as if room were free
		require.True(t, ok)
		shares := make([][]share, len(in.requests))
		for r := range shares {
			for _, c := range s.master.of[r] {
				shares[r] = append(shares[r], share{s.master.columns[c], 1})
			}
		}
		s.master.lazy = true
		use := make([]float64, len(in.capacity))
		for _, list := range s.fit(shares) {
			sum := 0.0
			for k := range list {
				sum += list[k].fraction
				in.addUse(&list[k].column, list[k].fraction, use)
			}
			require.LessOrEqual(t, sum, 1+1e-9)
		}
		for i, x := range use {
			require.LessOrEqual(t, x, in.capacity[i]*(1+1e-6)+1e-9)
		}
	})
}
