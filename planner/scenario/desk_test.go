package scenario

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"haihe/planner"
	"haihe/planner/optimize"
)

func quick() optimize.Options {
	return optimize.Options{Gap: 1e-6, Regret: 1e-4, Search: 100, Workers: 1}
}

// desk is one on the sample network, with what it saved.
func desk(t *testing.T, adjust ...func(*Config)) (*Desk, func() []Record) {
	var mu sync.Mutex
	var saved []Record
	b := sampleBase()
	cfg := Config{
		Base: func(context.Context) (*Base, *planner.Problem, *planner.Plan, error) { return b, nil, nil, nil },
		Save: func(_ context.Context, r Record) error {
			mu.Lock()
			defer mu.Unlock()
			saved = append(saved, r)
			return nil
		},
		Options: quick(),
	}
	for _, f := range adjust {
		f(&cfg)
	}
	d := NewDesk(cfg)
	t.Cleanup(d.Close)
	return d, func() []Record {
		mu.Lock()
		defer mu.Unlock()
		return append([]Record(nil), saved...)
	}
}

// ended waits until the solve of a scenario is over.
func ended(t *testing.T, d *Desk, id string) Scenario {
	t.Helper()
	d.wg.Wait()
	s, err := d.Get(id)
	require.NoError(t, err)
	require.Nil(t, s.Progress)
	return s
}

// TestAnswerIsThatOfSolve is the promise that the exported problem gives the same plan.
func TestAnswerIsThatOfSolve(t *testing.T) {
	d, saved := desk(t)
	s, err := d.Create(t.Context(), NewID(), " Suez ", "commission", []Change{suez})
	require.NoError(t, err)
	require.Equal(t, "Suez", s.Name)
	require.NotNil(t, s.Progress)
	s = ended(t, d, s.ID)
	require.Equal(t, Done, s.Status)
	p, plan, err := d.Work(s.ID)
	require.NoError(t, err)
	require.Equal(t, problem(t, sampleBase(), suez), p)
	again, err := optimize.Solve(t.Context(), p, quick())
	require.NoError(t, err)
	again.Seconds = plan.Seconds
	require.Equal(t, again, plan)
	require.InDelta(t, plan.Objective, s.Answer.Difference.Totals.Objective.After, 1e-9)
	require.Equal(t, []string{"suez"}, s.Answer.Difference.Shut)
	require.Len(t, saved(), 2)
	require.Equal(t, s.Record, saved()[1])
}

// TestAnswerFromTheLivePlan is the promise for large problems: what goes on from the live plan is as good as what a solve of the
// exported problem gives, each within what the other proves, whether the changes are small or a passage is shut.
func TestAnswerFromTheLivePlan(t *testing.T) {
	base := sampleBase()
	for i := range base.Events {
		if r, ok := base.Events[i].Fact.(*planner.RequestSubmitted); ok {
			split := *r
			split.Whole = false
			base.Events[i].Fact = &split
		}
	}
	before := problem(t, base)
	live, err := optimize.Solve(t.Context(), before, quick())
	require.NoError(t, err)
	largest := before.Warehouses[0].ID
	for name, change := range map[string]Change{
		"warehouse": {Kind: ChangeWarehouse, Warehouse: largest, Factor: factor(2)},
		"demand":    {Kind: ChangeDemand, Factor: factor(1.01)},
		"service":   santos,
		"suez":      suez,
	} {
		t.Run(name, func(t *testing.T) {
			d, _ := desk(t, func(c *Config) {
				c.Base = func(context.Context) (*Base, *planner.Problem, *planner.Plan, error) { return base, before, live, nil }
			})
			d.small = 0
			s, err := d.Create(t.Context(), NewID(), name, "commission", []Change{change})
			require.NoError(t, err)
			s = ended(t, d, s.ID)
			require.Equal(t, Done, s.Status)
			require.InDelta(t, live.Objective, s.Answer.Difference.Totals.Objective.Before, 1e-9, "the plan without changes is the live one")
			p, plan, err := d.Work(s.ID)
			require.NoError(t, err)
			verdict, err := planner.Check(p, plan)
			require.NoError(t, err)
			require.Empty(t, verdict.Faults)
			again, err := optimize.Solve(t.Context(), p, quick())
			require.NoError(t, err)
			require.LessOrEqual(t, RegretOf(p, plan), 1e-4+1e-9)
			slack := 1e-6 * again.Objective
			require.GreaterOrEqual(t, plan.Objective, again.Bound-slack)
			require.GreaterOrEqual(t, again.Objective, plan.Bound-slack)
		})
	}
}

func TestBoundedAndCancelled(t *testing.T) {
	b := sampleBase()
	solving := make(chan struct{}, 8)
	d, _ := desk(t, func(c *Config) {
		c.Queue = 1
		c.Base = func(ctx context.Context) (*Base, *planner.Problem, *planner.Plan, error) {
			if ctx.Value(asking{}) == nil { // the solve itself, which stands still here until it is cancelled
				solving <- struct{}{}
				<-ctx.Done()
			}
			return b, nil, nil, ctx.Err()
		}
	})
	ask := func(name string) (Scenario, error) {
		return d.Create(context.WithValue(t.Context(), asking{}, true), NewID(), name, "c", []Change{suez})
	}
	first, err := ask("first")
	require.NoError(t, err)
	<-solving
	second, err := ask("second")
	require.NoError(t, err)
	_, err = ask("third")
	require.ErrorIs(t, err, ErrBusy)
	status := func(id string) string {
		s, err := d.Get(id)
		require.NoError(t, err)
		return s.Status
	}
	require.Equal(t, Running, status(first.ID))
	require.Equal(t, Waiting, status(second.ID))
	require.NoError(t, d.Cancel(first.ID))
	<-solving // the second has its turn
	require.NoError(t, d.Cancel(second.ID))
	d.wg.Wait()
	require.Equal(t, Cancelled, status(first.ID))
	require.Equal(t, Cancelled, status(second.ID))
}

type asking struct{}

func TestDeskKeepsAndForgets(t *testing.T) {
	d, saved := desk(t)
	_, err := d.Create(t.Context(), NewID(), "x", "c", []Change{{Kind: ShutPassage, Passage: "?"}})
	var fields *planner.FieldErrors
	require.ErrorAs(t, err, &fields)
	_, err = d.Run("nobody")
	require.ErrorIs(t, err, ErrNone)

	s, err := d.Create(t.Context(), NewID(), "one", "c", []Change{suez})
	require.NoError(t, err)
	require.NoError(t, d.Cancel(s.ID))
	s = ended(t, d, s.ID)
	require.Contains(t, []string{Cancelled, Done}, s.Status)
	require.NoError(t, d.Rename(t.Context(), s.ID, "two"))

	// Another service that reads what was saved, in any order and more than once, has the same.
	other, _ := desk(t)
	list := saved()
	for i := range list {
		other.Restore(list[len(list)-1-i])
		other.Restore(list[0])
	}
	got, err := other.Get(s.ID)
	require.NoError(t, err)
	require.Equal(t, "two", got.Name)
	_, _, err = other.Work(s.ID)
	require.ErrorIs(t, err, ErrGone)

	require.NoError(t, d.Delete(t.Context(), s.ID))
	require.Empty(t, d.List())
	require.ErrorIs(t, d.Delete(t.Context(), s.ID), ErrNone)
	other.Restore(saved()[len(saved())-1])
	require.Empty(t, other.List())
	for _, r := range saved() {
		other.Restore(r) // late, or read once more
	}
	require.Empty(t, other.List(), "what was deleted stays so")
}

func TestWhatIsNotKeptIsNotTold(t *testing.T) {
	broken := errors.New("the log does not answer")
	d, _ := desk(t, func(c *Config) { c.Save = func(context.Context, Record) error { return broken } })
	_, err := d.Create(t.Context(), NewID(), "x", "c", []Change{suez})
	require.ErrorIs(t, err, broken)
	require.Empty(t, d.List())
}
