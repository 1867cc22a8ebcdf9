package history

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"haihe/planner"
)

var start = time.Date(2027, 3, 1, 0, 0, 0, 0, time.UTC)

func event(n int, f planner.Fact) planner.Event {
	return planner.Event{ID: fmt.Sprint("e", n), Sequence: uint64(n), Time: start.Add(time.Duration(n) * time.Hour), Fact: f}
}

func scheduled(id string, arrive time.Time) planner.Fact {
	return &planner.DepartureScheduled{Departure: planner.Departure{ID: id, Mode: planner.ModeSea, Depart: start, Arrive: arrive, CapacityM3: 100}}
}

func whats(list []Entry) (w []string) {
	for _, x := range list {
		w = append(w, x.What)
	}
	return w
}

func TestAllThatHappenedInItsOrder(t *testing.T) {
	events := []planner.Event{
		event(1, scheduled("A", start.AddDate(0, 0, 30))),
		event(2, &planner.DepartureDelayed{Departure: "A", DelayHours: 6, Reason: "fog"}),
		event(3, &planner.DepartureCapacityChanged{Departure: "A", CapacityM3: 80}),
		event(4, &planner.DepartureRateChanged{Departure: "A", Rate: planner.Rate{Amount: 90}}),
		event(5, &planner.DepartureCancelled{Departure: "A", Reason: "strike"}),
		event(6, &planner.DepartureReinstated{Departure: "A"}),
		event(7, &planner.PositionReported{Departure: "A"}),
		event(8, scheduled("B", start.AddDate(0, 0, 30))),
	}
	rapid.Check(t, func(t *rapid.T) {
		h := NewDepartures(func() time.Time { return start })
		for _, e := range append(rapid.Permutation(events).Draw(t, "order"), rapid.SliceOf(rapid.SampledFrom(events)).Draw(t, "again")...) {
			h.Take(e)
		}
		list := h.Of("A")
		require.Equal(t, []string{Scheduled, Delayed, Capacity, Rated, Cancelled, Reinstated}, whats(list))
		assert.Equal(t, 6.0, *list[1].Hours)
		assert.Equal(t, "fog", list[1].Reason)
		assert.Equal(t, 80.0, *list[2].CapacityM3)
		assert.Equal(t, "e5", list[4].Event)
		assert.Len(t, h.Of("B"), 1)
		assert.Empty(t, h.Of("C"))
	})
}

func TestBounded(t *testing.T) {
	now := start
	h := NewDepartures(func() time.Time { return now })
	h.Take(event(0, scheduled("A", start.AddDate(0, 0, 1))))
	h.Take(event(0, scheduled("B", start.AddDate(1, 0, 0))))
	for n := 1; n < 3*most; n++ {
		h.Take(event(n, &planner.DepartureDelayed{Departure: "A", DelayHours: float64(n)}))
	}
	list := h.Of("A")
	require.Len(t, list, most)
	assert.Equal(t, Scheduled, list[0].What, "the first stays")
	assert.Equal(t, float64(3*most-1), *list[most-1].Hours, "and the newest")
	assert.True(t, slices.IsSortedFunc(list, order))
	now = start.AddDate(0, 3, 0)
	for n := range 2 * sweep {
		h.Take(event(n, &planner.DepartureDelayed{Departure: "B", DelayHours: 1}))
	}
	assert.Empty(t, h.Of("A"), "it arrived long ago")
	assert.Len(t, h.Of("B"), most)
}
