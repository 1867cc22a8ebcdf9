package optimize

import (
	"context"
	"math"
	"math/rand/v2"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// looks is a context that ends at a look at it, and counts the looks after that.
type looks struct {
	context.Context
	left, after atomic.Int64
}

func (l *looks) Err() error {
	if l.left.Add(-1) >= 0 {
		return nil
	}
	l.after.Add(1)
	return context.Canceled
}

// TestCompilingLooksBeforeEachNetwork ends a compilation at each of its looks: what it makes after that is at most the one network,
// or guide, that each worker has begun, and all the looks together are as many as there are of both.
func TestCompilingLooksBeforeEachNetwork(t *testing.T) {
	p := tiny(rand.New(rand.NewPCG(3, 14)), 200, 0)
	count := func(in *instance) (networks, guides int) {
		for _, n := range in.networks {
			if len(n.nodes) > 0 {
				networks++
			}
			if n.guide != nil {
				guides++
			}
		}
		return networks, guides
	}
	whole, err := compile(p)
	require.NoError(t, err)
	allNetworks, allGuides := count(whole)
	require.Greater(t, allNetworks, 5)
	timetables := len(whole.timetables.of)
	for n := range int64(timetables + len(whole.networks) + allGuides) {
		ctx := &looks{Context: context.Background()}
		ctx.left.Store(n)
		in, err := compileUntil(p, func() bool { return ctx.Err() != nil })
		require.NoError(t, err)
		require.NotZero(t, ctx.after.Load(), "look %d", n)
		networks, guides := count(in)
		require.LessOrEqual(t, int64(len(in.timetables.of)+networks+guides), n)
		require.Less(t, networks+guides, allNetworks+allGuides)
	}
}

// Requests are many: making them is given up on the way, and then there are none.
func TestRequestsAreMadeAllOrNone(t *testing.T) {
	in, err := compile(tiny(rand.New(rand.NewPCG(3, 14)), 1200, 0))
	require.NoError(t, err)
	in.requests = nil
	looks := 0
	require.NoError(t, in.compileRequests(func() bool { looks++; return looks == 2 }))
	require.Equal(t, 2, looks)
	require.Nil(t, in.requests)
	require.NoError(t, in.compileRequests(never))
	require.Len(t, in.requests, 1200)
}

// A market that is stopped goes through no round more.
func TestAStoppedMarketIsQuiet(t *testing.T) {
	s := pivoted(t, 8, 30)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	s.ctx = ctx
	k := newMarket(s)
	k.load[0] = -1
	require.Equal(t, math.Inf(-1), k.haggle(softFirst, true))
	require.Equal(t, -1.0, k.load[0])
}

// TestASolveThatEndsAtAnyLookPlans ends a solve at its first looks, and at others as far apart as they come, with and without whole
// requests: the plan is feasible, its bound true.
func TestASolveThatEndsAtAnyLookPlans(t *testing.T) {
	for _, whole := range []float64{0, 0.5} {
		p := tiny(rand.New(rand.NewPCG(8, 14)), 120, whole)
		for n := int64(0); ; n += 1 + n/3 {
			ctx := &looks{Context: context.Background()}
			ctx.left.Store(n)
			plan, err := Solve(ctx, p, Options{Search: 300})
			require.NoError(t, err)
			wantSound(t, p, plan)
			if ctx.after.Load() == 0 {
				require.Greater(t, n, int64(50))
				break
			}
		}
	}
}
