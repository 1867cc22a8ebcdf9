package optimize

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"haihe/planner"
)

// alone is the problem with one of its requests, changed.
func alone(p *planner.Problem, id string, change func(q *planner.Problem, r *planner.Request)) *planner.Problem {
	q := scaled(p, 1, 1)
	q.Requests = slices.DeleteFunc(q.Requests, func(r planner.Request) bool { return r.ID != id })
	change(q, &q.Requests[0])
	return q
}

// obstacle is the code of the reason that all itineraries of a request alone give: the hardest obstacle that is there.
func obstacle(p *planner.Problem, id string) string {
	leads := func(change func(q *planner.Problem, r *planner.Request)) bool {
		list, _ := routes(alone(p, id, change))
		return len(list) > 0
	}
	whenever := func(_ *planner.Problem, r *planner.Request) {
		r.Ready, r.Due = p.Start.Add(-1000*time.Hour), p.Start.Add(10_000*time.Hour)
	}
	anyMode := func(q *planner.Problem, r *planner.Request) {
		whenever(q, r)
		r.Modes = nil
	}
	anyClass := func(q *planner.Problem, r *planner.Request) {
		anyMode(q, r)
		each(q, nil, func(d *planner.Departure) { d.Classes = []string{r.Class} }, func(w *planner.Warehouse) { w.Classes = []string{r.Class} })
	}
	switch {
	case !leads(anyClass):
		return planner.ReasonNoRoute
	case !leads(anyMode):
		return planner.ReasonClass
	case !leads(whenever):
		return planner.ReasonMode
	}
	q := alone(p, id, func(*planner.Problem, *planner.Request) {})
	list, _ := routes(q)
	if len(list) == 0 {
		return planner.ReasonLate
	}
	cheapest := math.Inf(1)
	for _, x := range list {
		cheapest = min(cheapest, x.cost)
	}
	if cheapest >= q.Requests[0].Value {
		return planner.ReasonTooDear
	}
	return planner.ReasonNoCapacity
}

// Who asks for no work on the reasons is told the same obstacles, and not what would help.
func TestObstaclesAlone(t *testing.T) {
	helped := 0
	for seed := range uint64(100) {
		p := tiny(rand.New(rand.NewPCG(seed, 23)), 1+int(seed)%7, 0)
		full, plain := solve(t, p, Options{}), solve(t, p, Options{Reasons: -1})
		require.Equal(t, full.Assignments, plain.Assignments, "seed %d", seed)
		require.Len(t, plain.Unmatched, len(full.Unmatched))
		for i, u := range plain.Unmatched {
			require.Nil(t, u.Reason.Relaxation, "seed %d, %s", seed, u.Request)
			require.Equal(t, full.Unmatched[i].Reason.Code, u.Reason.Code, "seed %d, %s", seed, u.Request)
			if full.Unmatched[i].Reason.Relaxation != nil {
				helped++
			}
		}
	}
	require.Positive(t, helped)
}

// Each reason names the hardest obstacle that there is, by all itineraries of the request.
func TestReasonsNameTheObstacle(t *testing.T) {
	seen := map[string]int{}
	for seed := range uint64(250) {
		for _, whole := range []float64{0, 1} {
			p := tiny(rand.New(rand.NewPCG(seed, 22)), 1+int(seed)%7, whole)
			plan := solve(t, p, Options{Search: 300})
			for _, u := range plan.Unmatched {
				code := u.Reason.Code
				seen[code]++
				if code == planner.ReasonWhole { // a kind of full
					require.Equal(t, 1.0, whole, "seed %d, %s", seed, u.Request)
					code = planner.ReasonNoCapacity
				}
				require.Equal(t, obstacle(p, u.Request), code, "seed %d, whole %v, %s: %+v", seed, whole, u.Request, u.Reason)
			}
		}
	}
	for _, code := range []string{planner.ReasonNoRoute, planner.ReasonClass, planner.ReasonMode, planner.ReasonLate, planner.ReasonTooDear, planner.ReasonNoCapacity, planner.ReasonWhole} {
		require.NotZero(t, seen[code], code)
	}
}

// A whole request that is told that it could go in parts, or by another mode, does save something then.
func TestRelaxationsOfWholeRequestsHold(t *testing.T) {
	seen := map[string]int{}
	for seed := range uint64(400) {
		p := tiny(rand.New(rand.NewPCG(seed, 21)), 1+int(seed)%5, 1)
		plan := solve(t, p, Options{Search: 1000})
		for _, u := range plan.Unmatched {
			x := u.Reason.Relaxation
			if x == nil || x.Kind != planner.RelaxSplit && x.Kind != planner.RelaxMode {
				continue
			}
			seen[x.Kind]++
			q := scaled(p, 1, 1)
			relax(q, u)
			again := solve(t, q, Options{Search: 3000})
			wantSound(t, q, again)
			require.Less(t, again.Objective, plan.Objective*(1-1e-9), "seed %d, %s: %+v", seed, u.Request, u.Reason)
			require.Less(t, unmatched(again, u.Request), 1.0, "seed %d, %s: %+v", seed, u.Request, u.Reason)
		}
	}
	require.NotZero(t, seen[planner.RelaxSplit])
	require.NotZero(t, seen[planner.RelaxMode])
}
