package live_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"haihe/planner"
	"haihe/planner/live"
)

// slowMark is a watermark that takes as long as a test wishes.
type slowMark struct {
	mu      sync.Mutex
	gate    chan struct{} // nil: open
	heads   []uint64
	failing error
}

func (m *slowMark) write(h planner.LedgerHead) error {
	m.mu.Lock()
	gate, err := m.gate, m.failing
	m.mu.Unlock()
	if gate != nil {
		<-gate
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if err == nil {
		m.heads = append(m.heads, h.Seq)
	}
	return err
}

func (m *slowMark) set(gate chan struct{}, failing error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.gate, m.failing = gate, failing
}

// flights is a loop with two requests that were matched to the same sailing, whose room was then cut so that one fits.
func flights(t *testing.T, m *slowMark) (b *bench, hold func(exporter, request, booking string) chan error) {
	b = startWith(t, func(c *live.Config) { c.Mark = m.write }, append(network(), events(monday, request("R2", "e2", 60))...)...)
	require.NoError(t, b.loop.Ingest(t.Context(), events(monday, &planner.DepartureCapacityChanged{Departure: "S1",
		Mode: planner.ModeSea, CapacityM3: 70, CapacityKg: 1e6}), nil))
	return b, func(exporter, request, booking string) chan error {
		done := make(chan error, 1)
		go func() {
			_, err := b.loop.Decide(context.WithoutCancel(t.Context()), planner.Command{ID: "hold " + booking, Kind: planner.EntryBookingHeld,
				Exporter: exporter, Booking: booking, Match: request})
			done <- err
		}()
		time.Sleep(10 * time.Millisecond) // written and read back
		synctest.Wait()
		return done
	}
}

func waits(t *testing.T, done chan error) {
	t.Helper()
	select {
	case err := <-done:
		t.Fatalf("it was answered: %v", err)
	default:
	}
}

// TestNothingIsAnsweredBeforeItIsMarked: neither what is granted, nor a refusal that rests on it, nor the same command
// sent again; and flights that were read back meanwhile share the next watermark.
func TestNothingIsAnsweredBeforeItIsMarked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &slowMark{}
		b, hold := flights(t, m)
		before := len(m.heads)
		gate := make(chan struct{})
		m.set(gate, nil)
		first := hold("e1", "R1", "B1")
		refused := hold("e2", "R2", "B2") // B1 has the room, if it comes about
		again := hold("e1", "R1", "B1")
		var quoted [2]chan error
		for i := range quoted { // two more flights
			q := planner.Command{ID: "cancel", Kind: planner.EntryBookingCancelled, Exporter: "e1", Booking: "B1"}
			if i == 1 {
				q = planner.Command{ID: "withdraw", Kind: planner.EntryRequestWithdrawn, Exporter: "e2",
					Request: &planner.AcceptedRequest{ID: "w", Source: "/test", Sequence: 1 << 40, Withdrawn: "R2"}}
			}
			quoted[i] = make(chan error, 1)
			go func() {
				_, err := b.loop.Decide(context.WithoutCancel(t.Context()), q)
				quoted[i] <- err
			}()
			time.Sleep(10 * time.Millisecond)
			synctest.Wait()
		}
		for _, c := range []chan error{first, refused, again, quoted[0], quoted[1]} {
			waits(t, c)
		}
		m.set(nil, nil)
		close(gate)
		require.NoError(t, <-first)
		require.ErrorIs(t, <-refused, live.ErrNoRoom)
		require.NoError(t, <-again)
		require.NoError(t, <-quoted[0])
		require.NoError(t, <-quoted[1])
		require.Len(t, m.heads, before+2, "one for the first, one for all that came in meanwhile: %v", m.heads)
		require.IsIncreasing(t, m.heads)
	})
}

// TestAWatermarkThatFailsIsTriedAgain: what stands in the log and is not marked is not acknowledged; the same command, sent
// again, is once the watermark can be written.
func TestAWatermarkThatFailsIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &slowMark{}
		_, hold := flights(t, m)
		full := errors.New("no space left on device")
		m.set(nil, full)
		require.ErrorIs(t, <-hold("e1", "R1", "B1"), full)
		require.ErrorIs(t, <-hold("e1", "R1", "B1"), full, "it is in the state, but not marked")
		m.set(nil, nil)
		require.NoError(t, <-hold("e1", "R1", "B1"))
	})
}

// TestAnotherEpochFencesAllFlights: what was decided behind a flight that another leader cut off counts no more than that.
func TestAnotherEpochFencesAllFlights(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &slowMark{}
		b, hold := flights(t, m)
		gate := make(chan struct{})
		m.set(gate, nil)
		first := hold("e1", "R1", "B1") // read back; its watermark is being written
		b.hold()                        // the log takes what comes, and shows it to nobody yet
		second := hold("e1", "R1", "B1x")
		third := func() chan error {
			done := make(chan error, 1)
			go func() {
				_, err := b.loop.Decide(context.WithoutCancel(t.Context()), planner.Command{ID: "cancel", Kind: planner.EntryBookingCancelled, Exporter: "e1", Booking: "B1"})
				done <- err
			}()
			time.Sleep(10 * time.Millisecond)
			synctest.Wait()
			return done
		}()
		var head planner.LedgerHead
		require.NoError(t, b.loop.Read(t.Context(), func(s *planner.State) { head = s.Chain().Head() }))
		other := &planner.LedgerEntry{Seq: head.Seq + 1, Epoch: head.Epoch + 1, Prev: head.Hash, Time: head.Time, Kind: planner.EntryEpochBegun, Leader: "other"}
		other.Seal()
		require.NoError(t, b.loop.Ingest(t.Context(), []planner.Event{{ID: "o", Source: "/ledger", Sequence: other.Seq, Time: other.Time, Fact: other}}, nil))
		b.release()
		synctest.Wait()
		waits(t, first)
		m.set(nil, nil)
		close(gate)
		require.NoError(t, <-first, "it came in before the other epoch")
		require.Error(t, <-second)
		require.ErrorIs(t, <-third, live.ErrNotLeading)
		require.ErrorIs(t, <-hold("e2", "R2", "B2"), live.ErrNotLeading)
		var status string
		require.NoError(t, b.loop.Read(t.Context(), func(s *planner.State) {
			x, _ := s.Booking("B1")
			status = x.Status
		}))
		require.Equal(t, planner.BookingHeld, status, "the cancellation came too late")
	})
}
