package optimize

import (
	"context"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"haihe/planner"
)

// TestWhyIsExact asks, of plans that were stopped early, about everyone: what is told is proven by solving with it and with a little
// less, as for a plan that was never stopped.
func TestWhyIsExact(t *testing.T) {
	var c proved
	for seed := range seeds(12, 120) {
		p := tiny(rand.New(rand.NewPCG(seed, 80)), 5+int(seed)%30, 0)
		early := solve(t, p, Options{Regret: 0.2})
		best := solve(t, p, Options{Gap: 1e-9})
		told := *best
		told.Unmatched = nil
		for _, r := range p.Requests {
			u, err := Why(context.Background(), p, early, r.ID, Options{})
			require.NoError(t, err)
			if u.Fraction == 0 {
				require.Zero(t, u.Reason)
				continue
			}
			require.NotEmpty(t, u.Reason.Message)
			told.Unmatched = append(told.Unmatched, u)
		}
		c.count(t, p, &told, Options{Gap: 1e-11}, func(format string, args ...any) { t.Errorf("seed %d, "+format, append([]any{seed}, args...)...) })
	}
	t.Logf("%+v", c)
	require.NotZero(t, c.smallest)
	require.Equal(t, c.stated, c.asTold)
	require.Equal(t, c.smallest, c.lessFails)
}

// TestWhyBeginsAtAPlanOfManyRequests asks about one of four thousand, of plans of some regret. What is told holds although others, who
// have no way yet over room that becomes cheaper, then find one.
func TestWhyBeginsAtAPlanOfManyRequests(t *testing.T) {
	var c proved
	for _, seed := range []uint64{6, 7, 8, 13} {
		p := many(seed)
		early := solve(t, p, Options{Regret: 0.05})
		asked := 0
		for _, u := range early.Unmatched {
			if u.Fraction < 1 {
				continue
			}
			v, err := Why(context.Background(), p, early, u.Request, Options{})
			require.NoError(t, err)
			if x := v.Reason.Relaxation; x != nil && x.Smallest {
				c.count(t, p, &planner.Plan{Unmatched: []planner.Unmatched{v}}, Options{Gap: 1e-10}, t.Errorf)
				break
			}
			if asked++; asked == 5 {
				break
			}
		}
	}
	require.Equal(t, 4, c.smallest)
	require.Equal(t, c.stated, c.asTold)
	require.Equal(t, c.smallest, c.lessFails)
}

func TestWhyNamesARequestThatIsNotThere(t *testing.T) {
	p := tiny(rand.New(rand.NewPCG(1, 80)), 5, 0)
	_, err := Why(context.Background(), p, solve(t, p, Options{}), "nobody", Options{})
	require.ErrorContains(t, err, `no request "nobody"`)
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = Why(gone, p, solve(t, p, Options{}), p.Requests[0].ID, Options{})
	require.ErrorIs(t, err, context.Canceled)
}
