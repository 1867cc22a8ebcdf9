package streams

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"

	"haihe/planner"
	"haihe/planner/scenario"
)

func record(id string, revision uint64, name string) scenario.Record {
	days := scenario.Pair{Before: 20, After: 27.5}
	return scenario.Record{ID: id, Revision: revision, Name: name, By: "commission", CreatedAt: noon,
		Changes: []scenario.Change{{Kind: scenario.ShutPassage, Passage: "suez", Until: &noon}},
		Answer:  &scenario.Answer{BaseAt: noon, SolvedAt: noon, Seconds: 2, Difference: &scenario.Difference{Currency: "USD", Totals: scenario.Totals{Days: days}}}}
}

func text(t *testing.T, r scenario.Record) string {
	b, err := json.Marshal(r)
	require.NoError(t, err)
	return string(b)
}

func TestScenariosAreReadBack(t *testing.T) {
	eachBackend(t, func(t *testing.T, b backend) {
		p := newTestProducer(t, b)
		first, second := record("whatif-1", 1, "苏伊士"), record("whatif-2", 2, "two")
		require.NoError(t, p.PublishScenario(t.Context(), first))
		writeRaw(t, b, partition{TopicScenarios, 0}, kafka.Message{Key: []byte("x"), Value: []byte("not ours")}, kafka.Message{Key: []byte("x")})
		require.NoError(t, p.PublishScenario(t.Context(), second))
		gone := scenario.Record{ID: "whatif-1", Revision: 3, CreatedAt: noon, Deleted: true}
		require.NoError(t, p.PublishScenario(t.Context(), gone))

		ctx, cancel := context.WithCancel(t.Context())
		got, caught := make(chan scenario.Record, 16), make(chan struct{})
		done := make(chan error)
		go func() {
			done <- FollowScenarios(ctx, b.brokers, slog.New(slog.DiscardHandler), func(r scenario.Record) { got <- r }, func() { close(caught) })
		}()
		<-caught
		for _, want := range []scenario.Record{first, second, gone} {
			require.Equal(t, text(t, want), text(t, <-got))
		}
		// What another service keeps meanwhile comes too.
		fourth := record("whatif-4", 4, "four")
		require.NoError(t, p.PublishScenario(t.Context(), fourth))
		require.Equal(t, text(t, fourth), text(t, <-got))
		cancel()
		require.ErrorIs(t, <-done, context.Canceled)
	})
}

// TestWarehousesOverTime: a follower sees what the state has forgotten.
func TestWarehousesOverTime(t *testing.T) {
	eachBackend(t, func(t *testing.T, b backend) {
		p := newTestProducer(t, b)
		var want []string
		for i, area := range []float64{1000, 1500, 1200} {
			f := &planner.WarehouseRegistered{Warehouse: planner.Warehouse{ID: "WH-1", Operator: "bohai", Lat: 1, Lon: 1, CapacityM3: planner.PerDay{1}, Classes: []string{"general"},
				Gateways: []planner.Gateway{{Place: "USLAX"}}, Markets: []planner.Market{{ID: "US"}}}, AreaM2: area}
			e := planner.Event{ID: fmt.Sprint("w", i), Source: "/firms/bohai", Sequence: uint64(i + 1), Time: noon, Fact: f}
			require.NoError(t, p.Publish(t.Context(), e))
			want = append(want, e.ID)
		}
		ctx, cancel := context.WithCancel(t.Context())
		got, done := make(chan string, 16), make(chan error)
		go func() { done <- FollowWarehouses(ctx, b.brokers, func(e planner.Event) { got <- e.ID }) }()
		for _, id := range want {
			require.Equal(t, id, <-got)
		}
		cancel()
		require.ErrorIs(t, <-done, context.Canceled)
	})
}

func FuzzDecodeScenario(f *testing.F) {
	value, err := json.Marshal(record("whatif-1", 1, "one"))
	require.NoError(f, err)
	f.Add(value)
	f.Add([]byte(`{"id":"x","revision":1,"changes":[{"kind":"?"}],"of_a_later_version":1}`))
	f.Fuzz(func(t *testing.T, value []byte) {
		r, err := decodeScenario(kafka.Message{Value: value})
		if err != nil {
			return
		}
		r.CreatedAt = time.Time{}
		m, err := scenarioMessage(r)
		if err != nil {
			return // what Go reads but no JSON can say again, as a year of five digits
		}
		again, err := decodeScenario(m)
		require.NoError(t, err)
		require.Equal(t, r.ID, again.ID)
		require.Equal(t, len(r.Changes), len(again.Changes))
	})
}
