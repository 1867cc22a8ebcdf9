package streams

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"

	"haihe/planner"
)

// candidate stands for the lead until it is withdrawn.
type candidate struct {
	epoch    atomic.Uint64
	elected  chan struct{} // closed when it is first elected
	withdraw func()
}

func stand(t *testing.T, b backend, leads *atomic.Int64, epochs *atomic.Uint64) *candidate {
	ctx, cancel := context.WithCancel(t.Context())
	c := &candidate{elected: make(chan struct{})}
	var wg sync.WaitGroup
	var first sync.Once
	wg.Go(func() {
		_ = Elect(ctx, Election{Brokers: b.brokers, Epoch: c.epoch.Load, Lead: func(ctx context.Context) {
			if n := leads.Add(1); n > 1 {
				t.Errorf("%d lead at a time, and nothing was killed or cut off", n)
			}
			c.epoch.Store(epochs.Add(1))
			first.Do(func() { close(c.elected) })
			<-ctx.Done()
			c.epoch.Store(0)
			leads.Add(-1)
		}})
	})
	c.withdraw = func() { cancel(); wg.Wait() }
	return c
}

// TestOneIsElected: of two one leads, and goes on when another comes; withdrawn, it leaves the lead to one of the others.
func TestOneIsElected(t *testing.T) {
	b := newEmbedded(t)
	var leads atomic.Int64
	var epochs atomic.Uint64
	first := stand(t, b, &leads, &epochs)
	<-first.elected
	second := stand(t, b, &leads, &epochs)
	third := stand(t, b, &leads, &epochs)
	first.withdraw()
	select {
	case <-second.elected:
		second.withdraw()
		<-third.elected
		third.withdraw()
	case <-third.elected:
		third.withdraw()
		<-second.elected
		second.withdraw()
	}
	require.EqualValues(t, 0, leads.Load())
	require.EqualValues(t, 3, epochs.Load(), "nobody lost the lead in between")
}

// TestWhoeverLeadsIsElectedAgain: the rule goes by epochs, and does not fall over what it cannot read.
func TestWhoeverLeadsIsElectedAgain(t *testing.T) {
	for _, x := range []struct {
		said []string
		want int
	}{
		{[]string{"0", "0", "0"}, 0}, {[]string{"0", "7", "0"}, 1}, {[]string{"3", "0", "12"}, 2}, {[]string{"", "\xff", "1"}, 2}, {nil, -1},
	} {
		var members []kafka.GroupMember
		for i, s := range x.said {
			members = append(members, kafka.GroupMember{ID: string(rune('a' + i)), UserData: []byte(s)})
		}
		given := incumbent{}.AssignGroups(members, nil)
		require.Len(t, given, len(x.said))
		for i, m := range members {
			if i == x.want {
				require.Equal(t, []int{0}, given[m.ID][TopicBookings])
			} else {
				require.Empty(t, given[m.ID][TopicBookings])
			}
		}
	}
}

// TestPlansAreFollowed: what a writer publishes comes to who follows, and nothing of a writer that was replaced.
func TestPlansAreFollowed(t *testing.T) {
	b := newEmbedded(t)
	p := NewProducer(b.brokers)
	t.Cleanup(p.Close)
	type seen struct {
		epoch, version uint64
		matches        int
	}
	came := make(chan seen)
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		_ = FollowPlans(ctx, b.brokers, func(_ context.Context, last planner.PlanSummary, matches func() []planner.Match) {
			select {
			case came <- seen{last.Epoch, last.Version, len(matches())}:
			case <-ctx.Done():
			}
		})
	})
	t.Cleanup(func() { cancel(); wg.Wait() })
	old, next := NewPlanWriter(p), NewPlanWriter(p)
	publish := func(w *PlanWriter, epoch, version uint64, complete bool, requests ...string) {
		var list []planner.Match
		for _, r := range requests {
			list = append(list, unmatched(r))
		}
		require.NoError(t, w.PublishPlan(t.Context(), planSummary(epoch, version), list, nil, complete))
	}
	publish(old, 1, 1, true, "A", "B")
	require.Equal(t, seen{1, 1, 2}, <-came)
	publish(next, 2, 1, true, "A", "B", "C")
	require.Equal(t, seen{2, 1, 3}, <-came)
	publish(old, 1, 2, false, "A") // it does not know yet
	publish(next, 2, 2, false, "D")
	require.Equal(t, seen{2, 2, 4}, <-came)
}

// TestTwoWritersAtATime: a plan that is being written loses nothing by what a writer that was replaced still writes.
func TestTwoWritersAtATime(t *testing.T) {
	var f planFold
	planned := func(epoch, version uint64, request string) {
		m, err := planMessage(typeRequestPlanned, planner.Key{Kind: planner.KindRequest, ID: request, Aspect: "plan"}, planSummary(epoch, version),
			RequestPlanned{Epoch: epoch, Version: version, Match: unmatched(request)})
		require.NoError(t, err)
		require.NoError(t, f.take(m))
	}
	closed := func(epoch, version, completeEpoch, completeVersion uint64) {
		m, err := planMessage(typePlanPublished, planner.Key{Kind: "plan", ID: "current", Aspect: "summary"}, planSummary(epoch, version),
			PlanPublished{PlanSummary: planSummary(epoch, version), Complete: version == completeVersion, CompleteEpoch: completeEpoch, CompleteVersion: completeVersion})
		require.NoError(t, err)
		require.NoError(t, f.take(m))
	}
	planned(1, 1, "A")
	closed(1, 1, 1, 1)
	planned(2, 1, "A")
	planned(1, 2, "A") // after the later one's
	closed(1, 2, 1, 1) // in the middle of the later one's
	planned(2, 1, "B")
	closed(2, 1, 2, 1)
	summary, matches, ok := f.result()
	require.True(t, ok)
	require.EqualValues(t, 2, summary.Epoch)
	require.Len(t, matches, 2)
}
