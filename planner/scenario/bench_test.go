package scenario

import (
	"context"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"haihe/planner"
	"haihe/planner/optimize"
)

// BenchmarkAnswer is from the question to the answer with Suez shut, as a service solves it: on the sample network, or on the
// problem file that HAIHE_PROBLEM names, whose live plan is given. A solve that the one before would save is not saved.
func BenchmarkAnswer(b *testing.B) {
	base := sampleBase()
	if name := os.Getenv("HAIHE_PROBLEM"); name != "" {
		f, err := os.Open(name)
		require.NoError(b, err)
		p, err := planner.DecodeProblem(f, name)
		f.Close()
		require.NoError(b, err)
		base = Of(p)
	}
	live := problem(b, base)
	var plan *planner.Plan
	if len(live.Requests) > smallProblem {
		var err error
		plan, err = optimize.Solve(b.Context(), live, optimize.Options{Gap: 1e-6, Regret: 1e-4})
		require.NoError(b, err)
	}
	for b.Loop() {
		d := NewDesk(Config{Base: func(context.Context) (*Base, *planner.Problem, *planner.Plan, error) { return base, live, plan, nil }})
		s, err := d.Create(b.Context(), NewID(), "Suez", "", []Change{suez})
		require.NoError(b, err)
		d.wg.Wait()
		s, err = d.Get(s.ID)
		require.NoError(b, err)
		require.Equal(b, Done, s.Status)
		b.ReportMetric(s.Answer.Seconds, "s/answer")
		b.ReportMetric(s.Answer.Difference.Totals.Regret.After, "regret")
		d.Close()
	}
}
