package live

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"haihe/planner"
	"haihe/planner/feed"
	"haihe/planner/optimize"
	"haihe/planner/sample"
)

// TestAnEngineFollowsTheFeed lets events happen to the sample network for a day, across midnight, and holds every plan on the way
// against its problem.
func TestAnEngineFollowsTheFeed(t *testing.T) {
	now := time.Date(2027, 3, 1, 7, 0, 0, 0, time.UTC)
	state := planner.NewState()
	for _, e := range sample.Events(3, now) {
		state.Apply(e)
	}
	f := feed.New(3, 1)
	together := NewEngine(optimize.Options{Search: -1}, optimize.Options{Search: -1})
	apart := NewEngine(optimize.Options{Search: -1}, optimize.Options{Search: -1})
	apart.steps = 0
	sound := func(p *planner.Problem, plan *planner.Plan) *planner.Verdict {
		v, err := planner.Check(p, plan)
		require.NoError(t, err)
		require.Empty(t, v.Faults)
		return v
	}
	for step := range 4 {
		now = now.Add(6 * time.Hour)
		for range 3 {
			events, _ := f.Next(now, state)
			for _, e := range events {
				state.Apply(e)
			}
		}
		p, _ := state.Problem(now, 35)
		plan, err := together.Solve(t.Context(), p, Quick)
		require.NoError(t, err)
		v := sound(p, plan)
		require.Equal(t, step == 0, together.fresh, "only the first began from nothing")
		last := 0.0
		for effort := Quick; effort < Thorough; effort++ {
			plan, err := apart.Solve(t.Context(), p, effort)
			require.NoError(t, err)
			if plan == nil {
				continue
			}
			v := sound(p, plan)
			if effort > Proven {
				require.LessOrEqual(t, v.Objective, last*(1+1e-9))
			}
			last = v.Objective
		}
		if step%4 == 3 {
			began, err := optimize.Solve(t.Context(), p, optimize.Options{Search: -1})
			require.NoError(t, err)
			require.LessOrEqual(t, v.Bound, began.Objective*(1+1e-6))
			require.LessOrEqual(t, last, began.Objective*(1+1e-6), "in the end it is as good as begun from nothing")
		}
	}
}
