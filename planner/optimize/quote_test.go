package optimize

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"haihe/planner"
)

// Alone in the network, with room for it, a request is planned as its best quote says.
func TestBestQuoteIsThePlanOfALoneRequest(t *testing.T) {
	quoted := 0
	rapid.Check(t, func(t *rapid.T) {
		p := drawn(t, 1, 0)
		r := &p.Requests[0]
		r.VolumeM3, r.WeightKg, r.Value, r.Whole = 1, 150, 1e6, true
		q, err := NewQuoter(p, planner.Prices{})
		require.NoError(t, err)
		quotes, err := q.Quote(r, 3)
		require.NoError(t, err)
		plan := solve(t, p, Options{Search: 20})
		require.Equal(t, len(quotes) > 0, len(plan.Assignments) > 0)
		last := map[string]bool{}
		for i, x := range quotes {
			quoted++
			sum := 0.0
			for _, c := range x.Items {
				sum += c.Amount
			}
			require.InDelta(t, x.Cost, sum, 1e-9*x.Cost)
			require.False(t, last[x.Departures[len(x.Departures)-1]])
			last[x.Departures[len(x.Departures)-1]] = true
			if i == 0 {
				require.InDelta(t, plan.Assignments[0].Cost, x.Cost, 1e-9*x.Cost)
				require.Equal(t, plan.Assignments[0].Departures, x.Departures)
			} else {
				require.GreaterOrEqual(t, x.Cost+x.RoomPrice, quotes[i-1].Cost+quotes[i-1].RoomPrice)
			}
		}
	})
	require.NotZero(t, quoted)
}

// At the prices of an optimal plan no request is quoted below what the plan pays for it.
func TestQuotesAtPlanPrices(t *testing.T) {
	p := tiny(rand.New(rand.NewPCG(10, 10)), 40, 0)
	plan := solve(t, p, Options{})
	q, err := NewQuoter(p, plan.Prices)
	require.NoError(t, err)
	for i := range p.Requests {
		r := &p.Requests[i]
		quotes, err := q.Quote(r, 1)
		require.NoError(t, err)
		left := unmatched(plan, r.ID)
		if left > 1e-6 && len(quotes) > 0 {
			require.GreaterOrEqual(t, quotes[0].Cost+quotes[0].RoomPrice, r.Value*(1-1e-6))
		}
		if left < 1-1e-6 {
			require.NotEmpty(t, quotes)
			require.LessOrEqual(t, quotes[0].Cost+quotes[0].RoomPrice, r.Value*(1+1e-6))
		}
	}
	_, err = q.Quote(&planner.Request{ID: "new", Origin: "X"}, 1)
	require.ErrorContains(t, err, `unknown place "X"`)
	_, err = NewQuoter(p, planner.Prices{Departures: []planner.DeparturePrice{{ID: "X"}}})
	require.ErrorContains(t, err, `unknown departure "X"`)
}

// The few cheapest ways are the first of all ways out, each the cheapest after its last leg.
func TestTheCheapestAreTheFirstOfAll(t *testing.T) {
	found := 0
	rapid.Check(t, func(t *rapid.T) {
		p := drawn(t, 20, 0)
		in, err := compile(p)
		require.NoError(t, err)
		rnd := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "prices"), 7))
		q := &Quoter{in: in, prices: in.newPrices()}
		y := q.prices
		for i := range y.row {
			if rnd.IntN(3) == 0 {
				y.row[i] = rnd.Float64() * 50
			}
		}
		y.sum(in)
		pr, full := newPricer(in), in.newRoom()
		for i := range in.requests {
			r := &in.requests[i]
			r.network.guide = nil
			q.group(r)
			var all []offer
			a := ask{request: r, network: r.network, prices: y, room: full, weight: 1, limit: infinity, all: &all}
			pr.find(&a)
			slices.SortStableFunc(all, func(a, b offer) int { return cmp.Compare(a.cost, b.cost) })
			a.all, a.most = nil, 3
			for _, guided := range []bool{false, true} {
				if guided {
					rest, ok := r.network.rest(r)
					require.True(t, ok)
					pr.seek(&a, &rest)
				} else {
					pr.find(&a)
				}
				require.Len(t, pr.top, min(3, len(all)))
				for k, o := range pr.top {
					found++
					require.InEpsilon(t, all[k].cost, o.cost, 1e-9)
				}
			}
		}
	})
	require.NotZero(t, found)
}
