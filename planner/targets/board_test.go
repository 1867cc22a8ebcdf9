package targets

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"haihe/planner"
)

var start = time.Date(2027, 3, 1, 8, 0, 0, 0, time.UTC)

func register(day int, seq uint64, id, firm string, area float64, public bool) planner.Event {
	return planner.Event{ID: fmt.Sprintf("%s-%d", id, seq), Source: "/firms/" + firm, Sequence: seq, Time: start.AddDate(0, 0, day),
		Fact: &planner.WarehouseRegistered{Warehouse: planner.Warehouse{ID: id, Operator: firm, CapacityM3: planner.PerDay{100}}, AreaM2: area, Public: public}}
}

func occupancy(day int, seq uint64, id string, free float64) planner.Event {
	return planner.Event{ID: fmt.Sprintf("o-%s-%d", id, seq), Sequence: seq, Time: start.AddDate(0, 0, day),
		Fact: &planner.OccupancyReported{Warehouse: id, FreeM3: planner.PerDay{free}}}
}

func TestBoard(t *testing.T) {
	h := NewHistory()
	for _, e := range []planner.Event{
		register(0, 1, "A", "bohai", 1000, false), register(0, 1, "B", "bohai", 500, true), register(3, 1, "C", "haihe", 2000, true),
		register(5, 2, "A", "bohai", 1200, true), // turned public, and larger
		occupancy(4, 1, "B", 60), occupancy(6, 2, "B", 25), occupancy(6, 3, "B", 20),
		register(40, 3, "A", "bohai", 9999, true), // not yet
	} {
		h.Take(e)
	}
	now := start.AddDate(0, 0, 10)
	board := map[string]Target{}
	for _, x := range h.Board(now) {
		board[x.ID] = x
	}
	require.InDelta(t, 2, board[Firms].Value, 0)
	require.InDelta(t, 3700, board[AreaM2].Value, 0)
	require.InDelta(t, 1, board[TurnedPublic].Value, 0)
	require.Zero(t, board[TurnedPublic].Left)
	require.InDelta(t, 80.0/300, board[PublicUse].Value, 1e-12)
	require.InDelta(t, 70, board[Firms].Goal, 0)
	require.True(t, board[Firms].Late, "one firm in ten days is not on the way to seventy")
	require.Greater(t, board[Firms].Expected, 3.0)
	require.Greater(t, board[Firms].PerMonth, 6.0)
	trend := board[AreaM2].Trend
	require.Len(t, trend, 11)
	require.InDelta(t, 1500, trend[0].Value, 0)
	require.Equal(t, now, trend[10].At)

	sources, ok := h.Sources(TurnedPublic, now)
	require.True(t, ok)
	require.Equal(t, []Source{{"A", "bohai", 1, 0, "A-2", "/firms/bohai", "WarehouseRegistered", start.AddDate(0, 0, 5), 2}}, sources)
	sources, _ = h.Sources(PublicUse, now)
	require.Equal(t, "o-B-3", sources[0].Event)
	require.InDelta(t, 80, sources[0].Value, 0)
	_, ok = h.Sources("weather", now)
	require.False(t, ok)
	require.Len(t, NewHistory().Board(now), len(IDs))
}

// TestOrder: whatever the order and number of deliveries, the board is the same, and its figures are the sums of their sources.
func TestOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var events []planner.Event
		for i := range rapid.IntRange(1, 30).Draw(t, "events") {
			id := rapid.SampledFrom([]string{"A", "B", "C", "D"}).Draw(t, "warehouse")
			if rapid.Bool().Draw(t, "report") {
				events = append(events, occupancy(i/2, uint64(i+1), id, float64(rapid.IntRange(0, 150).Draw(t, "free"))))
				continue
			}
			events = append(events, register(i/2, uint64(i+1), id, rapid.SampledFrom([]string{"x", "y", ""}).Draw(t, "firm"),
				float64(rapid.IntRange(1, 9999).Draw(t, "area")), rapid.Bool().Draw(t, "public")))
		}
		h, other := NewHistory(), NewHistory()
		for _, e := range events {
			h.Take(e)
		}
		shuffled := append(append([]planner.Event{}, events...), events...)
		rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1)).Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		for _, e := range shuffled {
			other.Take(e)
		}
		now := start.AddDate(0, 0, rapid.IntRange(0, 30).Draw(t, "now"))
		board := h.Board(now)
		again := other.Board(now)
		for i, x := range board {
			require.InDelta(t, x.Value, again[i].Value, 1e-9)
			require.Len(t, again[i].Trend, len(x.Trend))
			sources, _ := h.Sources(x.ID, now)
			value, of := 0.0, 0.0
			for _, s := range sources {
				value, of = value+s.Value, of+s.Of
			}
			if x.ID == PublicUse && of > 0 {
				value /= of
			}
			require.InDelta(t, x.Value, value, 1e-9, x.ID)
		}
	})
}
