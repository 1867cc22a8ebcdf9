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

// happening draws an event on a problem.
func happening(rnd *rand.Rand, p *planner.Problem, serial int) Delta {
	var d Delta
	depart := func() planner.Departure { return p.Departures[rnd.IntN(len(p.Departures))] }
	kind := rnd.IntN(9)
	if len(p.Departures) == 0 && kind < 5 || len(p.Requests) == 0 && kind == 6 {
		kind = 5
	}
	switch kind {
	case 0:
		d.Cancelled = []string{depart().ID}
	case 1:
		y := depart()
		y.CapacityM3 = math.Round(y.CapacityM3 * rnd.Float64() * 1.5)
		y.CapacityKg *= 0.3 + rnd.Float64()
		d.Departures = []planner.Departure{y}
	case 2, 3: // late, perhaps with what follows; or early
		y := depart()
		by := time.Duration(rnd.IntN(90)-20) * time.Hour
		for _, z := range p.Departures {
			if z.ID == y.ID || z.Voyage != "" && z.Voyage == y.Voyage && z.Depart.After(y.Depart) && kind == 3 {
				z.Cutoff, z.Depart, z.Arrive = z.Cutoff.Add(by), z.Depart.Add(by), z.Arrive.Add(by)
				d.Departures = append(d.Departures, z)
			}
		}
	case 4:
		y := depart()
		y.Rate.Amount *= 2 * rnd.Float64()
		d.Departures = []planner.Departure{y}
	case 5:
		r := tiny(rnd, 1, 0.2).Requests[0]
		r.ID = fmt.Sprint("N", serial)
		d.Requests = []planner.Request{r}
	case 6:
		d.Withdrawn = []string{p.Requests[rnd.IntN(len(p.Requests))].ID}
	case 7:
		w := p.Warehouses[rnd.IntN(len(p.Warehouses))]
		room := make(planner.PerDay, p.Days)
		for k := range room {
			room[k] = math.Round(w.CapacityM3.At(k) * rnd.Float64() * 1.3)
		}
		w.CapacityM3 = room
		d.Warehouses = []planner.Warehouse{w}
	case 8:
		if len(p.Requests) > 0 {
			r := p.Requests[rnd.IntN(len(p.Requests))]
			r.VolumeM3, r.WeightKg, r.Value = r.VolumeM3*0.6, r.WeightKg*0.6, r.Value*0.6
			d.Requests = []planner.Request{r}
		}
	}
	return d
}

func TestASessionStaysFeasibleAndProven(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rnd := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 7))
		whole := rapid.SampledFrom([]float64{0, 0, 0.3}).Draw(t, "whole")
		p := tiny(rnd, 1+rnd.IntN(25), whole)
		x, _, err := Begin(context.Background(), p, Options{Search: -1})
		require.NoError(t, err)
		for k := range 6 {
			_, err := x.Apply(happening(rnd, x.Problem(), k))
			require.NoError(t, err)
			now := x.Problem()
			wantSound(t, now, x.Plan()) // Check holds the bound against the prices
			if rnd.IntN(3) > 0 {
				x.Prove()
				wantSound(t, now, x.Plan())
			}
			if rnd.IntN(3) == 0 {
				x.Prove()
				before, _, _ := x.Standing()
				x.Mend(context.Background(), 1e-6)
				after, _, _ := x.Standing()
				require.LessOrEqual(t, after, before*(1+1e-9)+1e-9)
				wantSound(t, now, x.Plan())
			}
			if rnd.IntN(4) == 0 {
				got := x.Improve(context.Background(), 1e-6)
				plan := x.Explain()
				v := wantSound(t, now, plan)
				if whole == 0 && !anyWhole(now) {
					cold := solve(t, now, Options{})
					require.InDelta(t, cold.Objective, plan.Objective, 2e-6*math.Abs(cold.Objective)+1e-6)
					require.LessOrEqual(t, min(got, v.Gap), 2e-6)
				}
			}
		}
	})
}

func anyWhole(p *planner.Problem) bool {
	for i := range p.Requests {
		if p.Requests[i].Whole {
			return true
		}
	}
	return false
}
