package live_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"haihe/planner"
)

// TestARequestIsAskedAgain: every week, a fortnight before it is ready, once each; a pause holds it, resuming goes on without
// those that have gone by, withdrawing the newest ends it.
func TestARequestIsAskedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const day = 24 * time.Hour
		first := request("S", "e1", 10)
		first.Ready, first.Due = monday.Add(10*day), monday.Add(40*day)
		first.Repeat = &planner.Repeat{Every: planner.EveryWeek}
		b := start(t, append(network(), events(monday, first)...)...)
		begun := time.Now()
		now := func() time.Time { return monday.Add(time.Since(begun)) } // the loop's clock
		sequence := func() uint64 { return uint64(now().Add(time.Minute).UnixMicro()) }
		look := func(id string) (r planner.RequestStatus, ok bool) {
			require.NoError(t, b.loop.Read(t.Context(), func(x *planner.State) { r, ok = x.Request(id) }))
			return r, ok
		}
		amend := func(id string, paused bool) {
			r, _ := look(id)
			rule := *r.Repeat
			rule.Paused = paused
			_, err := b.loop.Decide(t.Context(), planner.Command{ID: time.Now().String(), Kind: planner.EntryRequestAccepted, Exporter: "e1",
				Request: &planner.AcceptedRequest{ID: time.Now().String(), Source: "/exporters/e1", Sequence: sequence(), Submitted: &planner.RequestSubmitted{Request: r.Request, Repeat: &rule}}})
			require.NoError(t, err)
		}
		b.settle()
		_, early := look("S.1") // ready in 17 days: accepted in 3
		require.False(t, early)
		time.Sleep(4 * day)
		synctest.Wait()
		second, ok := look("S.1")
		require.True(t, ok)
		require.Equal(t, first.Ready.Add(7*day), second.Ready)
		require.Equal(t, first.Due.Add(7*day), second.Due)
		require.Equal(t, &planner.Repeat{Every: planner.EveryWeek, Series: "S", N: 1}, second.Repeat)
		_, ok = look("S.2")
		require.False(t, ok, "not before its time")

		amend("S.1", true)
		time.Sleep(60 * day)
		synctest.Wait()
		_, ok = look("S.2")
		require.False(t, ok, "paused")
		amend("S.1", false)
		time.Sleep(time.Hour)
		synctest.Wait()
		third, ok := look("S.2")
		require.True(t, ok)
		require.False(t, third.Ready.Before(now().Add(-2*time.Hour)), "what has gone by is passed over")
		require.Equal(t, third.Ready.Weekday(), first.Ready.Weekday())

		newest := "S.2"
		for _, id := range []string{"S.3", "S.4", "S.5"} {
			if _, ok := look(id); ok {
				newest = id
			}
		}
		_, err := b.loop.Decide(t.Context(), planner.Command{ID: "w", Kind: planner.EntryRequestWithdrawn, Exporter: "e1",
			Request: &planner.AcceptedRequest{ID: "w", Source: "/exporters/e1", Sequence: sequence(), Withdrawn: newest}})
		require.NoError(t, err)
		var before, after int
		require.NoError(t, b.loop.Read(t.Context(), func(x *planner.State) { before = len(x.Repeating()) }))
		time.Sleep(60 * day)
		synctest.Wait()
		require.NoError(t, b.loop.Read(t.Context(), func(x *planner.State) { after = len(x.Repeating()) }))
		require.Equal(t, before, after, "withdrawn, it ends")
	})
}
