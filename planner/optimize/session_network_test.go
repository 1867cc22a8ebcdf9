package optimize

import (
	"context"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// TestNetworksMendedInPlaceAreAsGoodAsNew holds what the session's networks and guides find, after any events, against networks
// made from nothing, without guides: the same cost for everyone, at any prices above those of the guides, and a bound for all
// who were not priced again.
func TestNetworksMendedInPlaceAreAsGoodAsNew(t *testing.T) {
	mended, moved := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		rnd := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 11))
		p := tiny(rnd, 10+rnd.IntN(25), 0)
		for i := range p.Requests {
			if rnd.IntN(4) == 0 {
				p.Requests[i].TimeCostM3Day = 0 // to whom the hour of arrival is all the same
			}
		}
		x, _, err := Begin(context.Background(), p, Options{Search: -1})
		require.NoError(t, err)
		for k := range 12 {
			_, err := x.Apply(happening(rnd, x.Problem(), k))
			require.NoError(t, err)
			if rnd.IntN(3) == 0 {
				continue // several changes at once
			}
			moved += len(x.late)
			x.Prove()
			now := x.Problem()
			in, err := compile(now)
			require.NoError(t, err)
			y := in.newPrices()
			plan := x.Plan()
			for _, q := range plan.Prices.Departures {
				for d := range now.Departures {
					if now.Departures[d].ID == q.ID {
						y.row[in.m3Row(departureIndex(d))], y.row[in.kgRow(departureIndex(d))] = q.M3, q.Kg
					}
				}
			}
			for _, q := range plan.Prices.Warehouses {
				y.row[in.dayRow(x.warehouses[q.ID], q.Day)] = q.M3
			}
			if x.bound() <= 0 {
				continue // the plan has no prices then
			}
			y.sum(in)
			pr := newPricer(in)
			for i := range in.requests {
				r := &in.requests[i]
				a := ask{request: r, network: r.network, prices: y, limit: r.value}
				want := pr.find(&a).cost
				own := x.requests[now.Requests[i].ID]
				got, way := x.price(0, own, r.value)
				require.InDelta(t, want, got, 1e-7*(1+want))
				require.LessOrEqual(t, x.least[own], want*(1+1e-9)+1e-9)
				if way.legs != nil {
					_, ok := x.renewed(&way)
					require.True(t, ok, "a way that can be gone")
					mended++
				}
			}
		}
	})
	require.NotZero(t, mended)
	require.NotZero(t, moved)
}
