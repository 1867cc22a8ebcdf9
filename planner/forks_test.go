package planner_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"haihe/planner"
)

// A leader that was replaced and does not know it writes on. Whoever starts from a snapshot between its entries must pass over
// the rest of them as those do who read all of them: they are no damage.
func TestForksOutliveASnapshot(t *testing.T) {
	at := time.Date(2027, 3, 1, 8, 0, 0, 0, time.UTC)
	event := func(e *planner.LedgerEntry) planner.Event {
		return planner.Event{ID: e.Hash(), Source: "/ledger", Sequence: e.Seq, Time: e.Time, Fact: e}
	}
	s := planner.NewState()
	s.Apply(event(s.Draft(planner.Rules{}).Begin("old", "", at)))
	replaced := s.Draft(planner.Rules{})
	for i := range 4 {
		id := fmt.Sprint("R", i)
		_, err := replaced.Decide(planner.Command{ID: id, Kind: planner.EntryRequestAccepted, Exporter: "a", Request: &planner.AcceptedRequest{
			ID: id, Source: "/test", Sequence: 1, Submitted: &planner.RequestSubmitted{Request: planner.Request{
				ID: id, Exporter: "a", Origin: "CNTXG", Market: "US", Class: "general", VolumeM3: 20, WeightKg: 10, Ready: at, Due: at.AddDate(0, 0, 60),
				StorageDays: 1, Drawdown: "none", Value: 100}}}}, at)
		require.NoError(t, err)
	}
	require.Len(t, replaced.Entries, 4)
	s.Apply(event(s.Draft(planner.Rules{}).Begin("new", "", at)))
	for i, e := range replaced.Entries {
		require.False(t, s.Apply(event(e)), "entry %d is of the epoch before", i)
		cut := planner.Cut{Events: s.Events(), Ledger: s.LedgerSnapshot()}
		require.NoError(t, cut.Ledger.Validate())
		again := cut.State()
		for _, rest := range replaced.Entries[i+1:] {
			require.False(t, again.Apply(event(rest)))
		}
		require.NoError(t, again.Chain().Check(s.Chain().Head()), "from a snapshot behind entry %d", i)
		whole, err := s.Digest()
		require.NoError(t, err)
		digest, err := again.Digest()
		require.NoError(t, err)
		require.Equal(t, whole, digest)
	}
	// An entry that hangs on nothing is damage still.
	cut := planner.Cut{Events: s.Events(), Ledger: s.LedgerSnapshot()}
	cut.Ledger.Forks = nil
	broken := cut.State()
	broken.Apply(event(replaced.Entries[3]))
	require.Error(t, broken.Chain().Check(s.Chain().Head()))
	// What the chain has passed is forgotten.
	next := s.Draft(planner.Rules{})
	for i := range 6 {
		s.Apply(event(next.Begin("newer", "", at.Add(time.Duration(i)*time.Second))))
	}
	require.Empty(t, s.LedgerSnapshot().Forks)
}
