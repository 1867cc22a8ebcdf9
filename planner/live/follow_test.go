package live_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"haihe/planner"
	"haihe/planner/live"
	"haihe/planner/optimize"
)

// TestAPlanMayComeBeforeWhatItMatches: an instance reads the topic of plans beside the others, so a plan may come before
// the requests in it, at the start and later. It is shown whole once these are read.
func TestAPlanMayComeBeforeWhatItMatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		leader := start(t, network()...)
		plan := leader.recorded[len(leader.recorded)-1]
		require.NotEmpty(t, plan.Matches)

		for _, late := range []bool{false, true} {
			loop := live.New(live.Config{
				State: planner.NewState(), Offsets: planner.Offsets{}, Days: 60,
				Now:     func() time.Time { return monday.Add(time.Since(leader.begun)) },
				Solve:   live.NewEngine(optimize.Options{Search: -1}, optimize.Options{}).Solve,
				Publish: leader.publish,
				Observe: func(live.Update) {},
				Quiet:   time.Millisecond, Patience: time.Millisecond,
			})
			go func() { _ = loop.Run(t.Context()) }()
			if late {
				loop.CaughtUp()
				synctest.Wait()
			}
			require.NoError(t, loop.Adopt(t.Context(), plan.Summary, func() []planner.Match { return plan.Matches }))
			c, err := loop.Current(t.Context())
			require.NoError(t, err)
			require.Empty(t, c.Plan.Assignments, "nothing of it is known yet")

			require.NoError(t, loop.Ingest(t.Context(), network(), planner.Offsets{}))
			loop.CaughtUp()
			synctest.Wait()
			c, err = loop.Current(t.Context())
			require.NoError(t, err)
			require.Len(t, c.Plan.Assignments, len(plan.Matches[0].Parts))
			v, err := planner.Check(c.Problem, c.Plan)
			require.NoError(t, err)
			require.Empty(t, v.Faults)
		}
	})
}
