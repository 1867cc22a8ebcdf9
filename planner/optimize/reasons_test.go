package optimize

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"haihe/planner"
)

// relax changes the problem as a relaxation of one of its requests says.
func relax(p *planner.Problem, u planner.Unmatched) {
	var r *planner.Request
	for i := range p.Requests {
		if p.Requests[i].ID == u.Request {
			r = &p.Requests[i]
		}
	}
	x := u.Reason.Relaxation
	hours := time.Duration(math.Round(x.Hours*3600)) * time.Second
	switch x.Kind {
	case planner.RelaxDue:
		r.Due = r.Due.Add(hours)
	case planner.RelaxReady:
		r.Ready = r.Ready.Add(-hours)
	case planner.RelaxMode:
		r.Modes = append(r.Modes, x.Modes...)
	case planner.RelaxValue:
		r.Value = x.Value
	case planner.RelaxSplit:
		r.Whole = false
	case planner.RelaxM3:
		for i := range p.Departures {
			if p.Departures[i].ID == u.Reason.Departure {
				p.Departures[i].CapacityM3 += x.M3
			}
		}
		for i := range p.Warehouses {
			w := &p.Warehouses[i]
			if w.ID == u.Reason.Warehouse {
				days := make(planner.PerDay, p.Days)
				for d := range days {
					days[d] = w.CapacityM3.At(d)
				}
				days[*u.Reason.Day] += x.M3
				w.CapacityM3 = days
			}
		}
	}
}

func unmatched(plan *planner.Plan, id string) float64 {
	for _, u := range plan.Unmatched {
		if u.Request == id {
			return u.Fraction
		}
	}
	return 0
}

// Each relaxation is put to the proof: with it, the plan saves something that it could not before.
func TestRelaxationsHold(t *testing.T) {
	seen := map[string]int{}
	rapid.Check(t, func(t *rapid.T) {
		p := drawn(t, 6, 0)
		plan := solve(t, p, Options{})
		for _, u := range plan.Unmatched {
			seen[u.Reason.Code]++
			require.NotEmpty(t, u.Reason.Message)
			if u.Reason.Relaxation == nil {
				continue
			}
			seen[u.Reason.Relaxation.Kind]++
			q := scaled(p, 1, 1)
			relax(q, u)
			again := solve(t, q, Options{Gap: 1e-10})
			switch u.Reason.Relaxation.Kind {
			case planner.RelaxValue: // at the margin: no worse than leaving it at its new value, all else as it was
				for i := range q.Requests {
					if q.Requests[i].ID == u.Request {
						dearer := plan.Objective + u.Fraction*(q.Requests[i].Value-p.Requests[i].Value)
						require.LessOrEqual(t, again.Objective, dearer*(1+1e-7)+1e-9)
					}
				}
			case planner.RelaxM3: // in the room that the plan leaves
				require.Less(t, again.Objective, plan.Objective, "%+v", u)
			default: // at the plan's prices, which may hold for no more than a hair
				require.LessOrEqual(t, again.Objective, plan.Objective*(1+1e-7), "%+v", u)
			}
		}
	})
	for _, want := range []string{planner.ReasonNoRoute, planner.ReasonClass, planner.ReasonMode, planner.ReasonLate, planner.ReasonTooDear, planner.ReasonNoCapacity,
		planner.RelaxDue, planner.RelaxReady, planner.RelaxMode, planner.RelaxValue, planner.RelaxM3} {
		require.NotZero(t, seen[want], want)
	}
}

func TestWholeRequestsAreToldToSplit(t *testing.T) {
	p := tiny(rand.New(rand.NewPCG(8, 8)), 40, 1)
	plan := solve(t, p, Options{Search: 500})
	found := false
	for _, u := range plan.Unmatched {
		if u.Reason.Code != planner.ReasonWhole {
			continue
		}
		found = true
		require.Equal(t, planner.RelaxSplit, u.Reason.Relaxation.Kind)
	}
	require.True(t, found)
}
