package optimize

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"haihe/planner"
)

// bestMixed is the optimum with the first request whole and the others split: every way for the first, with the
// reference optimum of the others in the room that it leaves.
func bestMixed(t require.TestingT, p *planner.Problem) float64 {
	rest := scaled(p, 1, 1)
	rest.Requests = rest.Requests[1:]
	best := p.Requests[0].Value + reference(t, rest)
	list, capacity := routes(p)
	n := len(p.Departures)
	for _, x := range list {
		if x.request != 0 {
			continue
		}
		q := scaled(rest, 1, 1)
		for w := range q.Warehouses {
			days := make(planner.PerDay, q.Days)
			for d := range days {
				days[d] = p.Warehouses[w].CapacityM3.At(d)
			}
			q.Warehouses[w].CapacityM3 = days
		}
		fits := true
		for i, u := range x.use {
			left := capacity[i] - u
			fits = fits && left > -1e-9
			left = max(0, left)
			switch {
			case i < n:
				q.Departures[i].CapacityM3 = left
			case i < 2*n:
				q.Departures[i-n].CapacityKg = left
			default:
				q.Warehouses[(i-2*n)/p.Days].CapacityM3[(i-2*n)%p.Days] = left
			}
		}
		if fits {
			best = min(best, x.cost+reference(t, q))
		}
	}
	return best
}

func TestMixedPlansAreNearTheBest(t *testing.T) {
	sum, best := 0.0, 0.0
	for seed := range uint64(60) {
		p := tiny(rand.New(rand.NewPCG(seed, 11)), 5, 0)
		p.Requests[0].Whole = true
		plan := solve(t, p, Options{Search: 300})
		wantSound(t, p, plan)
		b := bestMixed(t, p)
		require.GreaterOrEqual(t, plan.Objective, b-1e-6*math.Abs(b))
		sum, best = sum+plan.Objective, best+b
	}
	require.LessOrEqual(t, sum, best*1.002)
}
