package optimize

import (
	"context"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
	"pgregory.net/rapid"
)

func unstopped() bool { return false }

// pivoted is a problem solved by pivots alone.
func pivoted(t require.TestingT, seed uint64, requests int) *solver {
	in, err := compile(tiny(rand.New(rand.NewPCG(seed, 21)), requests, 0))
	require.NoError(t, err)
	s := &solver{in: in, ctx: context.Background(), o: Options{Gap: 1e-9}, team: newTeam(in, 2), master: newMaster(in, 0), proof: make([]float64, len(in.capacity))}
	for i := range in.requests {
		s.values += in.requests[i].value
	}
	s.rounds(s.everyone(), "", 1e-9, s.note)
	return s
}

// From whatever prices, the interior point comes to the cost that pivots come to, and the corner beside it costs the
// same, fits, and splits no more requests than rows are full.
func TestAnInteriorPointAndItsCornerAreAsGoodAsPivots(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		crossed(t, rapid.Uint64Range(0, 1000).Draw(t, "seed"), rapid.IntRange(2, 300).Draw(t, "requests"), rapid.Uint64().Draw(t, "prices"))
	})
}

func crossed(t require.TestingT, seed uint64, requests int, prices uint64) {
	s := pivoted(t, seed, requests)
	want := s.master.objective
	span := s.values - s.bound
	y := make([]float64, len(s.proof))
	rnd := rand.New(rand.NewPCG(prices, 5))
	for i, x := range s.proof {
		y[i] = x * (0.5 + rnd.Float64())
	}
	// All columns count, since nothing says that these prices are near.
	b := newBarrier(s, newMarket(s), y, 1e6, span+1)
	b.solve(barrierTo*span, unstopped, func(float64, float64) {})
	require.Less(t, b.worst, barrierShort)
	require.InDelta(t, want, b.objective(), 1e-6*(span+1))
	m := s.master
	keys, rest, full := b.corner()
	require.True(t, m.crossover(keys, rest, full, b.prices(), bandWidth, unstopped))
	m.sum()
	require.InDelta(t, want, m.objective, 1e-4*(span+1))
	s.settled = nil
	shares := s.fit(m.shares())
	require.LessOrEqual(t, s.cost(shares), want+2e-4*(span+1))
	split := 0
	for r := range m.key {
		split += len(m.members[r])
	}
	require.Equal(t, len(m.tight), split)
}

// Corners that went wrong.
func TestACornerKeepsWhatThePointHas(t *testing.T) {
	for name, c := range map[string]struct {
		seed     uint64
		requests int
	}{
		"a small part of a request fills a row":            {0x8, 21},
		"a thousandth of a request fills a row":            {0x166, 73},
		"a day with much room is overfilled along the way": {0x32c, 27},
	} {
		t.Run(name, func(t *testing.T) { crossed(t, c.seed, c.requests, 0) })
	}
}

// A basis that is made anew has the plan that the old one had.
func TestARebuiltBasisKeepsThePlan(t *testing.T) {
	s := pivoted(t, 3, 300)
	m := s.master
	want := m.objective
	require.NotEmpty(t, m.basic)
	m.rebuild()
	m.sum()
	require.InEpsilon(t, want, m.objective, 1e-9)
	require.Zero(t, m.excess())
	require.Less(t, m.residual(), 1e-8)
}

func TestTilesFactorAsGonumDoes(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 1))
	for _, n := range []int{1, 63, 64, 65, 200} {
		sym, d := mat.NewSymDense(n, nil), &dense{n, make([]float64, n*n)}
		for i := range n {
			for j := range i + 1 {
				x := rnd.NormFloat64()
				if i == j {
					x = float64(n) + 1
				}
				sym.SetSym(i, j, x)
				d.x[i*n+j] = x
			}
		}
		right := make([]float64, n)
		for i := range right {
			right[i] = rnd.NormFloat64()
		}
		var c mat.Cholesky
		require.True(t, c.Factorize(sym))
		var want mat.VecDense
		require.NoError(t, c.SolveVecTo(&want, mat.NewVecDense(n, append([]float64(nil), right...))))
		require.True(t, d.factor(newTeam(&instance{}, 2), unstopped))
		d.solve(right)
		for i, x := range right {
			require.InDelta(t, want.AtVec(i), x, 1e-9)
		}
	}
}

// A deal gives every request a column of its own or none, and takes little more room than there is.
func TestADealKeepsToTheRoom(t *testing.T) {
	s := pivoted(t, 8, 300)
	load := make([]float64, len(s.in.capacity))
	keys := newMarket(s).deal(s.proof)
	for r, id := range keys {
		require.Equal(t, requestIndex(r), s.master.requestOf(id))
		if id >= 0 {
			s.in.addUse(&s.master.columns[id], 1, load)
		}
	}
	largest := 0.0
	for i := range s.in.requests {
		largest = max(largest, s.in.requests[i].volume)
	}
	for d := range s.in.departures {
		require.LessOrEqual(t, load[d], s.in.capacity[d]+2*largest)
	}
}
