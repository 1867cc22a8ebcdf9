package optimize

import (
	"math/rand/v2"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"haihe/planner"
)

// proved counts relaxations, and how many did what they say when solved again from nothing.
type proved struct{ stated, asTold, smallest, lessFails int }

// prove solves the problem again with the relaxation of u, and if that is called the smallest with one per cent less of
// it, or a minute and a half. It tells how much of the request goes with each, in all.
func prove(t require.TestingT, p *planner.Problem, u planner.Unmatched, o Options) (with, less float64) {
	goes := func(x planner.Relaxation) float64 {
		q := scaled(p, 1, 1)
		v := u
		v.Reason.Relaxation = &x
		relax(q, v)
		return 1 - unmatched(solve(t, q, o), u.Request)
	}
	x := *u.Reason.Relaxation
	with = goes(x)
	switch y := x; {
	case !x.Smallest || x.Kind == planner.RelaxSplit || x.Kind == planner.RelaxMode && len(x.Modes) == 1:
		return with, -1
	default:
		for _, r := range p.Requests {
			if r.ID == u.Request {
				y.Value = max(r.Value, x.Value*0.99)
			}
		}
		y.Hours, y.M3 = max(0, min(x.Hours*0.99, x.Hours-1.0/40)), x.M3*0.99
		if len(x.Modes) > 1 {
			y.Modes = x.Modes[1:]
		}
		return with, goes(y)
	}
}

// count proves all relaxations of a plan.
func (c *proved) count(t require.TestingT, p *planner.Problem, plan *planner.Plan, o Options, report func(format string, args ...any)) {
	for _, u := range plan.Unmatched {
		x := u.Reason.Relaxation
		if x == nil {
			continue
		}
		c.stated++
		want := 1.0
		if x.Part > 0 {
			want = x.Part
			require.Greater(t, want, 1-u.Fraction, "%+v tells nothing", u)
		}
		with, less := prove(t, p, u, o)
		if with >= want-2*enoughOf && with > 1-u.Fraction {
			c.asTold++
		} else {
			report("%s: %+v: with %v, of %v before", u.Request, *x, with, 1-u.Fraction)
		}
		if less >= 0 {
			c.smallest++
			if less < want-enoughOf {
				c.lessFails++
			} else {
				report("%s: %+v: with less %v, of %v before", u.Request, *x, less, 1-u.Fraction)
			}
		}
	}
}

// seeds is how many problems are tried: few in a usual run, HAIHE_REASONS=1 for many.
func seeds(few, many uint64) uint64 {
	if os.Getenv("HAIHE_REASONS") != "" {
		return many
	}
	return few
}

// Where all may be split, every relaxation does what it says, and no smaller one does where it is called the smallest.
func TestRelaxationsOfSplitRequestsAreExact(t *testing.T) {
	for _, size := range []struct {
		requests int
		seeds    uint64
	}{{6, seeds(60, 600)}, {40, seeds(5, 60)}} {
		var c proved
		for seed := range size.seeds {
			p := tiny(rand.New(rand.NewPCG(seed, 77)), 1+int(seed)%size.requests+size.requests/40*39, 0)
			p.Requests = p.Requests[:min(len(p.Requests), 40)]
			plan := solve(t, p, Options{Gap: 1e-9, Reasons: 1e6})
			c.count(t, p, plan, Options{Gap: 1e-11}, func(format string, args ...any) { t.Errorf("seed %d, "+format, append([]any{seed}, args...)...) })
		}
		t.Logf("up to %d requests: %+v", size.requests, c)
		require.NotZero(t, c.smallest)
		require.Equal(t, c.stated, c.asTold)
		require.Equal(t, c.smallest, c.lessFails)
	}
}

// With next to no work allowed, less is told, and that is as true.
func TestRelaxationsInAHurryAreTrue(t *testing.T) {
	var c proved
	for seed := range seeds(4, 40) {
		p := tiny(rand.New(rand.NewPCG(seed, 78)), 40, 0)
		plan := solve(t, p, Options{Gap: 1e-9, Reasons: 0.005})
		c.count(t, p, plan, Options{Gap: 1e-11}, func(format string, args ...any) { t.Errorf("seed %d, "+format, append([]any{seed}, args...)...) })
	}
	t.Logf("%+v", c)
	require.NotZero(t, c.stated)
}

// Where some or all must go whole the search for the best plan is no proof, so a second one may end elsewhere: nearly
// all relaxations must hold, by far most of those called the smallest be so.
func TestRelaxationsWhereRequestsMustGoWhole(t *testing.T) {
	for _, size := range []struct {
		requests int
		whole    float64
		seeds    uint64
	}{{5, 1, seeds(40, 400)}, {12, 0.5, seeds(12, 120)}} {
		var c proved
		for seed := range size.seeds {
			p := tiny(rand.New(rand.NewPCG(seed, 79)), 1+int(seed)%size.requests, size.whole)
			plan := solve(t, p, Options{Search: 2000, Gap: 1e-9})
			c.count(t, p, plan, Options{Search: 3000, Gap: 1e-11}, func(format string, args ...any) { t.Logf("seed %d, "+format, append([]any{seed}, args...)...) })
		}
		t.Logf("up to %d requests: %+v", size.requests, c)
		require.NotZero(t, c.smallest)
		require.GreaterOrEqual(t, float64(c.asTold), 0.95*float64(c.stated))
		require.GreaterOrEqual(t, float64(c.lessFails), 0.95*float64(c.smallest))
	}
}
