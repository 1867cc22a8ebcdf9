package optimize

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
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
				require.LessOrEqual(t, after, before*(1+2*perturbation)+1e-9)
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

// TestASessionDoesNotDependOnTheNumberOfWorkers follows the same events with one and with three.
func TestASessionDoesNotDependOnTheNumberOfWorkers(t *testing.T) {
	for seed := range uint64(12) {
		var first *planner.Plan
		for _, workers := range []int{1, 3} {
			rnd := rand.New(rand.NewPCG(seed, 9))
			x, _, err := Begin(context.Background(), tiny(rnd, 60, 0.1), Options{Search: -1, Workers: workers})
			require.NoError(t, err)
			for k := range 8 {
				_, err := x.Apply(happening(rnd, x.Problem(), k))
				require.NoError(t, err)
				x.Prove()
				x.Mend(context.Background(), 1e-6)
			}
			plan := x.Explain()
			if first == nil {
				first = plan
			}
			require.Equal(t, first, plan, "seed %d", seed)
		}
	}
}

// TestASessionGoesOnFromAnotherDay restarts on what the problem is a day later: other departures, other requests, days that
// have moved.
func TestASessionGoesOnFromAnotherDay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rnd := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 8))
		p := tiny(rnd, 1+rnd.IntN(25), 0.1)
		x, _, err := Begin(context.Background(), p, Options{Search: -1})
		require.NoError(t, err)
		next := *p
		next.Start, next.Days = p.Start.AddDate(0, 0, 1), p.Days
		next.Departures = p.Departures[1:]
		late := p.Departures[0]
		late.ID, late.Cutoff, late.Depart, late.Arrive = "new", late.Cutoff.AddDate(0, 0, 1), late.Depart.AddDate(0, 0, 1), late.Arrive.AddDate(0, 0, 1)
		next.Departures = append(slices.Clone(next.Departures), late)
		_, ok := x.Difference(&next)
		require.False(t, ok)
		y, err := x.Restart(&next)
		require.NoError(t, err)
		wantSound(t, &next, y.Explain())
		y.Improve(context.Background(), 1e-6)
		plan := y.Explain()
		wantSound(t, &next, plan)
		if !anyWhole(&next) {
			cold := solve(t, &next, Options{})
			require.InDelta(t, cold.Objective, plan.Objective, 2e-6*math.Abs(cold.Objective)+1e-6)
		}
	})
}

// TestADifferenceLeadsFromOneProblemToTheNext applies what differs, and finds nothing that differs after it.
func TestADifferenceLeadsFromOneProblemToTheNext(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rnd := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 6))
		p := tiny(rnd, 1+rnd.IntN(10), 0)
		x, _, err := Begin(context.Background(), p, Options{Search: -1})
		require.NoError(t, err)
		other, err := Resume(p, x.Plan(), Options{})
		require.NoError(t, err)
		for k := range 5 {
			_, err := other.Apply(happening(rnd, other.Problem(), k))
			require.NoError(t, err)
			d, ok := x.Difference(other.Problem())
			require.True(t, ok)
			_, err = x.Apply(d)
			require.NoError(t, err)
			d, ok = x.Difference(other.Problem())
			require.True(t, ok)
			require.Zero(t, d.Len())
			wantSound(t, other.Problem(), x.Plan())
		}
	})
}

func TestASessionRefusesWhatItDoesNotKnow(t *testing.T) {
	p := tiny(rand.New(rand.NewPCG(1, 1)), 5, 0)
	x, _, err := Begin(context.Background(), p, Options{})
	require.NoError(t, err)
	before := x.Plan()
	for _, d := range []Delta{{Cancelled: []string{"nothing"}}, {Withdrawn: []string{"nobody"}}} {
		_, err := x.Apply(d)
		require.ErrorContains(t, err, "the session has no ")
	}
	fresh := p.Departures[0]
	fresh.ID = "new"
	_, err = x.Apply(Delta{Withdrawn: []string{p.Requests[0].ID}, Departures: []planner.Departure{fresh}})
	require.ErrorIs(t, err, ErrRestart)
	require.Equal(t, before, x.Plan(), "nothing of it was applied")
}
