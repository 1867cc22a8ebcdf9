package optimize

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"haihe/planner"
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
			if rnd.IntN(3) == 0 {
				x.Mend(context.Background(), 1e-6)
			}
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
				require.InDelta(t, want, x.least[own], 1e-7*(1+want), "the same bound as from nothing")
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

// TestALongHistoryForgetsItineraries follows events for long, planning everything anew now and then: the plan is as good as one from
// nothing to the end, and the itineraries known do not grow with the events.
func TestALongHistoryForgetsItineraries(t *testing.T) {
	forgot := 0
	for seed := range uint64(4) {
		rnd := rand.New(rand.NewPCG(seed, 12))
		x, _, err := Begin(context.Background(), tiny(rnd, 40, 0), Options{Search: -1})
		require.NoError(t, err)
		for k := range 40 {
			for j := range 5 {
				now := x.Problem()
				fresh := tiny(rnd, 1, 0).Requests[0]
				fresh.ID = fmt.Sprint("N", 5*k+j)
				_, err := x.Apply(Delta{Withdrawn: []string{now.Requests[rnd.IntN(len(now.Requests))].ID}, Requests: []planner.Request{fresh}})
				require.NoError(t, err)
			}
			x.Prove()
			x.Mend(context.Background(), 1e-3)
			kept := x.kept
			x.Improve(context.Background(), 1e-6)
			if x.kept != kept {
				forgot++
			}
			if k%10 == 9 {
				now := x.Problem()
				plan := x.Plan()
				wantSound(t, now, plan)
				require.InDelta(t, solve(t, now, Options{}).Objective, plan.Objective, 2e-6*plan.Objective+1e-6)
			}
			for id := range x.s.master.columns {
				c := &x.s.master.columns[id]
				for _, d := range c.legs {
					require.Contains(t, x.through[d], int32(id))
				}
			}
		}
		require.Less(t, len(x.s.master.columns), 5*len(x.s.in.requests))
	}
	require.NotZero(t, forgot)
}
