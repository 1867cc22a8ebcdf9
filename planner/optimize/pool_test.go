package optimize

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"haihe/planner"
)

// atPrices is a solver of p at random prices, before it has done anything.
func atPrices(t require.TestingT, p *planner.Problem, random *rand.Rand) *solver {
	in, err := compile(p)
	require.NoError(t, err)
	s := &solver{in: in, ctx: context.Background(), team: newTeam(in, 2), master: newMaster(in, 0)}
	y := s.master.price
	for i := range y.row {
		if random.IntN(3) == 0 {
			y.row[i] = random.Float64() * 100 / (1 + in.capacity[i])
		}
	}
	y.sum(in)
	return s
}

func TestEnumerateListsEveryItineraryBelowTheLimit(t *testing.T) {
	listed := 0
	rapid.Check(t, func(t *rapid.T) {
		p := drawn(t, 3, 1)
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "prices"), 3))
		s := atPrices(t, p, random)
		y := s.master.price
		routes, capacity := routes(p)
		for i := range p.Requests {
			limit := p.Requests[i].Value * 2 * random.Float64()
			var want, got []float64
			for _, x := range routes {
				cost, fits := x.cost, true
				for row, u := range x.use {
					cost += u * y.row[row]
					fits = fits && u <= capacity[row]*(1+1e-9)
				}
				if x.request == i && fits && cost < limit {
					want = append(want, cost)
				}
			}
			r := &s.in.requests[i]
			var arena []departureIndex
			a := ask{request: r, network: r.network, prices: y, room: s.in.newRoom(), weight: 1, limit: limit}
			require.True(t, newPricer(s.in).enumerate(&a, requestIndex(i), &arena, func(c column, charged float64) bool {
				require.InDelta(t, charged, c.cost+s.in.priceOf(&c, y.row), 1e-6)
				got = append(got, charged)
				return true
			}))
			slices.Sort(want)
			slices.Sort(got)
			require.Len(t, got, len(want))
			for k := range want {
				require.InDelta(t, want[k], got[k], 1e-6*math.Abs(want[k])+1e-6)
			}
			listed += len(got)
		}
	})
	require.Positive(t, listed)
}

// bestOf is the best plan over a pool, by trying everything.
func (p *pool) bestOf(r int, free []float64) float64 {
	if r == len(p.ways) {
		return 0
	}
	best := p.in.requests[r].value + p.bestOf(r+1, free)
	for i := range p.ways[r] {
		w := &p.ways[r][i]
		k := picker{p: p, free: slices.Clone(free)}
		if !k.fits(w) {
			continue
		}
		for j, row := range w.rows {
			k.free[row] -= w.use[j]
		}
		for j, x := range w.held {
			k.free[int(w.stay)+j] -= x
		}
		best = min(best, w.column.cost+p.bestOf(r+1, k.free))
	}
	return best
}

// Ways and rows are left out of a pool only where no plan is better for them.
func TestPoolHoldsTheBestPlan(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawn(t, 5, 1)
		s := atPrices(t, p, rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "prices"), 4)))
		x := s.newPool(newPacking(s.in), s.in.newRoom(), 1e9)
		want := bestWhole(p)
		require.InDelta(t, want, x.bestOf(0, x.free), 1e-6*math.Abs(want)+1e-6)
	})
}

func TestPickerKeepsItsSums(t *testing.T) {
	moved := 0
	rapid.Check(t, func(t *rapid.T) {
		p := drawn(t, 25, 1)
		s := atPrices(t, p, rand.New(rand.NewPCG(1, 5)))
		x := s.newPool(newPacking(s.in), s.in.newRoom(), 1e9)
		start := make([]int32, len(p.Requests))
		for r := range start {
			start[r] = none
		}
		k := newPicker(x, start, rapid.Uint64().Draw(t, "seed"), 1)
		k.run(0, 300, 300, 1000, 1, func() bool { return false })
		again := newPicker(x, k.of, 1, 1)
		require.InDelta(t, again.objective, k.objective, 1e-6*again.objective)
		require.InDeltaSlice(t, again.free, k.free, 1e-6)
		for g := range k.on {
			require.ElementsMatch(t, again.on[g], k.on[g])
		}
		require.ElementsMatch(t, again.waiting, k.waiting)
		for _, free := range newPicker(x, k.best.of, 1, 1).free {
			require.GreaterOrEqual(t, free, -1e-9)
		}
		require.LessOrEqual(t, k.best.objective, k.objective+1e-6)
		if k.best.objective < newPicker(x, start, 1, 1).objective {
			moved++
		}
	})
	require.Positive(t, moved)
}
