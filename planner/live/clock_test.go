package live_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"haihe/planner"
	"haihe/planner/live"
)

// TestTheClockJumps: set back by an hour, the ledger goes on and no entry goes back in time; set forward, holds that would
// have run out run out, and nothing else is lost. Each booking is decided once.
func TestTheClockJumps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var jump time.Duration
		b := startWith(t, func(c *live.Config) {
			now := c.Now
			c.Now = func() time.Time { return now().Add(jump) }
			c.Rules.HoldFor = 30 * time.Minute
		}, append(network(), events(monday, request("R2", "e2", 60))...)...)
		set := func(d time.Duration) { // on the loop, which alone looks at the clock
			require.NoError(t, b.loop.Read(t.Context(), func(*planner.State) { jump = d }))
		}
		decide := func(kind, exporter, request, booking string) error {
			_, err := b.loop.Decide(t.Context(), planner.Command{ID: kind + booking, Kind: kind, Exporter: exporter, Booking: booking, Match: request})
			return err
		}
		look := func(booking string) (s planner.BookingStatus) {
			require.NoError(t, b.loop.Read(t.Context(), func(x *planner.State) { s, _ = x.Booking(booking) }))
			return s
		}
		head := func() (h planner.LedgerHead) {
			require.NoError(t, b.loop.Read(t.Context(), func(x *planner.State) { h = x.Chain().Head() }))
			return h
		}

		require.NoError(t, decide(planner.EntryBookingHeld, "e1", "R1", "B1"))
		b.settle()
		before := head()
		set(-time.Hour)
		require.NoError(t, decide(planner.EntryBookingHeld, "e2", "R2", "B2"))
		require.False(t, head().Time.Before(before.Time), "no entry goes back in time")
		require.NoError(t, decide(planner.EntryBookingConfirmed, "e1", "", "B1"))
		require.Equal(t, planner.BookingIsConfirmed, look("B1").Status)
		require.Equal(t, planner.BookingHeld, look("B2").Status)
		require.False(t, look("B2").Expires.Before(before.Time.Add(30*time.Minute)), "a hold has its time, by the ledger's clock")

		set(time.Hour)
		// The loop sleeps until the next appointment by the clock that it knew; a command wakes it, and finds the hold lapsed.
		require.ErrorIs(t, decide(planner.EntryBookingConfirmed, "e2", "", "B2"), planner.ErrLapsed)
		require.Equal(t, planner.BookingIsConfirmed, look("B1").Status, "what is promised stays")
		time.Sleep(2 * time.Hour)
		synctest.Wait()
		require.Equal(t, planner.BookingExpired, look("B2").Status)

		set(0)
		b.settle()
		require.NoError(t, decide(planner.EntryBookingCancelled, "e1", "", "B1"))
		require.Equal(t, planner.BookingIsCancelled, look("B1").Status)
	})
}
