package streams

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"haihe/planner"
)

func planSummary(epoch, version uint64) planner.PlanSummary {
	return planner.PlanSummary{
		Epoch: epoch, Version: version, SolvedAt: noon, Status: planner.StatusOptimal, Objective: 1234.5, Bound: 1234, Gap: 4e-4,
		Seconds: 0.3, Currency: "USD", Start: noon.Truncate(24 * 3600 * 1e9), Days: 90, Requests: 3, Matched: 2, AskedM3: 99, MatchedM3: 66,
		Departures: []planner.DeparturePrice{{ID: "S01W02/1", M3: 1.5, Kg: 0}}, Warehouses: []planner.WarehousePrice{{ID: "WH-LA-1", Day: 12, M3: 0.25}},
	}
}

func match(request string, cost float64) planner.Match {
	return planner.Match{Request: request, Parts: []planner.Assignment{{
		Request: request, Fraction: 1, Departures: []string{"S01W02/1"}, Gateway: "USLAX", Warehouse: "WH-LA-1", Arrive: noon, Cost: cost,
	}}}
}

func unmatched(request string) planner.Match {
	dayOfIt := 12
	return planner.Match{Request: request, Parts: []planner.Assignment{}, Unmatched: 1, Reason: &planner.Reason{
		Code: planner.ReasonNoCapacity, Message: "no room in WH-LA-1", Warehouse: "WH-LA-1", Day: &dayOfIt,
		Relaxation: &planner.Relaxation{Kind: planner.RelaxM3, M3: 12},
	}}
}

func TestPlanIsReadBack(t *testing.T) {
	eachBackend(t, func(t *testing.T, b backend) {
		read := func() (planner.PlanSummary, []planner.Match, bool) {
			s, m, ok, err := ReadPlan(t.Context(), b.brokers)
			require.NoError(t, err)
			return s, m, ok
		}
		_, _, ok := read()
		require.False(t, ok)

		ctx, p := t.Context(), newTestProducer(t, b)
		w := NewPlanWriter(p)
		require.ErrorContains(t, w.PublishPlan(ctx, planSummary(5, 1), nil, nil, false), "publish it whole")
		require.NoError(t, w.PublishPlan(ctx, planSummary(5, 1), []planner.Match{match("R-2", 2), match("R-1", 1), unmatched("R-3")}, nil, true))
		s, m, ok := read()
		require.True(t, ok)
		require.Equal(t, planSummary(5, 1), s)
		require.Equal(t, []planner.Match{match("R-1", 1), match("R-2", 2), unmatched("R-3")}, m)

		// Changes, and a request that is gone.
		require.NoError(t, w.PublishPlan(ctx, planSummary(5, 2), []planner.Match{match("R-2", 7)}, []string{"R-3"}, false))
		s, m, _ = read()
		require.Equal(t, planSummary(5, 2), s)
		require.Equal(t, []planner.Match{match("R-1", 1), match("R-2", 7)}, m)

		// A crash before the record that closes a plan.
		left, err := planMessage(typeRequestPlanned, planner.Key{Kind: "request", ID: "R-1", Aspect: "plan"}, planSummary(5, 3), RequestPlanned{Epoch: 5, Version: 3, Match: match("R-1", 99)})
		require.NoError(t, err)
		writeRaw(t, b, partition{TopicPlans, 0}, left, kafka.Message{Key: []byte("x"), Value: []byte("not ours")}, kafka.Message{Key: []byte("x")})
		s, m, _ = read()
		require.Equal(t, planSummary(5, 2), s)
		require.Equal(t, []planner.Match{match("R-1", 1), match("R-2", 7)}, m)

		// The next service publishes its plan whole; what the crash left does not count.
		next := NewPlanWriter(p)
		require.NoError(t, next.PublishPlan(ctx, planSummary(6, 1), []planner.Match{match("R-2", 8)}, nil, true))
		s, m, _ = read()
		require.Equal(t, planSummary(6, 1), s)
		require.Equal(t, []planner.Match{match("R-2", 8)}, m)

		// The old service, not knowing that it has been replaced, changes nothing.
		require.NoError(t, w.PublishPlan(ctx, planSummary(5, 4), []planner.Match{match("R-2", 1)}, nil, false))
		s, m, _ = read()
		require.Equal(t, planSummary(6, 1), s)
		require.Equal(t, []planner.Match{match("R-2", 8)}, m)
	})
}

func TestPlanWriterAfterAFailureWantsAWholePlan(t *testing.T) {
	b := newEmbedded(t)
	w := NewPlanWriter(newTestProducer(t, b))
	require.NoError(t, w.PublishPlan(t.Context(), planSummary(5, 1), nil, nil, true))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, w.PublishPlan(ctx, planSummary(5, 2), nil, nil, false), ErrOutcomeUnknown)
	require.ErrorContains(t, w.PublishPlan(t.Context(), planSummary(5, 3), nil, nil, false), "publish it whole")
	require.NoError(t, w.PublishPlan(t.Context(), planSummary(5, 4), nil, nil, true))
}

func TestLargePlan(t *testing.T) {
	eachBackend(t, func(t *testing.T, b backend) {
		s := planSummary(1, 1)
		for i := range 25000 {
			s.Warehouses = append(s.Warehouses, planner.WarehousePrice{ID: fmt.Sprint("WH-", i%400), Day: i / 400, M3: float64(i) / 7})
		}
		require.NoError(t, NewPlanWriter(newTestProducer(t, b)).PublishPlan(t.Context(), s, nil, nil, true))
		got, m, ok, err := ReadPlan(t.Context(), b.brokers)
		require.NoError(t, err)
		require.True(t, ok)
		require.Empty(t, m)
		require.Equal(t, s, got)
	})
}

// TestPlanFoldOverCompactedLogs draws plans of several services, some of them cut off by a crash, and compacts
// the log as Kafka does: of each key the last record stays. Once a plan was published whole after the last crash,
// the fold has to find that plan with all its later changes.
func TestPlanFoldOverCompactedLogs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var log []kafka.Message
		var want map[string]float64
		add := func(typ, key string, v any) {
			value, err := json.Marshal(v)
			require.NoError(t, err)
			log = append(log, kafka.Message{Key: []byte(key), Value: value, Headers: []kafka.Header{{Key: headerType, Value: []byte(typePrefix + typ)}}})
		}
		epochs := rapid.IntRange(1, 4).Draw(t, "services")
		for epoch := range uint64(epochs) {
			versions := rapid.IntRange(1, 4).Draw(t, "plans")
			for v := range uint64(versions) {
				crash := int(epoch) < epochs-1 && int(v) == versions-1 && rapid.Bool().Draw(t, "crash")
				complete := v == 0
				next := map[string]float64{}
				for id, c := range want {
					if !complete {
						next[id] = c
					}
				}
				for r := range rapid.IntRange(0, 4).Draw(t, "matches") {
					id := fmt.Sprint("R-", (r*3+int(v))%7)
					cost := float64(len(log) + 1)
					gone := !complete && rapid.IntRange(0, 3).Draw(t, "gone") == 0
					add(typeRequestPlanned, id, RequestPlanned{Epoch: epoch, Version: v + 1, Match: match(id, cost), Gone: gone})
					next[id] = cost
					if gone {
						delete(next, id)
					}
				}
				if !crash {
					add(typePlanPublished, "plan", PlanPublished{PlanSummary: planSummary(epoch, v+1), Complete: complete, CompleteEpoch: epoch, CompleteVersion: 1})
					want = next
				}
			}
		}
		compacted := slices.Clone(log)
		if rapid.Bool().Draw(t, "compacted") {
			last := map[string]int{}
			for i, m := range log {
				last[string(m.Key)] = i
			}
			compacted = nil
			for i, m := range log {
				if last[string(m.Key)] == i {
					compacted = append(compacted, m)
				}
			}
		}
		var f planFold
		for _, m := range compacted {
			require.NoError(t, f.take(m))
		}
		_, matches, ok := f.result()
		require.True(t, ok)
		got := map[string]float64{}
		for _, m := range matches {
			got[m.Request] = m.Parts[0].Cost
		}
		if want == nil {
			want = map[string]float64{}
		}
		require.Equal(t, want, got)
	})
}

func FuzzPlanRecords(f *testing.F) {
	planned, err := json.Marshal(RequestPlanned{Epoch: 1, Version: 1, Match: unmatched("R-1")})
	if err != nil {
		f.Fatal(err)
	}
	published, err := json.Marshal(PlanPublished{PlanSummary: planSummary(1, 1), Complete: true, CompleteEpoch: 1, CompleteVersion: 1})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(typeRequestPlanned, planned, published)
	f.Add(typePlanPublished, published, planned)
	f.Fuzz(func(t *testing.T, typ string, first, second []byte) {
		var fold planFold
		for i, value := range [][]byte{first, second, published} {
			as := typ
			if i == 2 {
				as = typePlanPublished
			}
			_ = fold.take(kafka.Message{Value: value, Headers: []kafka.Header{{Key: headerType, Value: []byte(typePrefix + as)}}})
		}
		_, matches, ok := fold.result()
		if !ok {
			t.Fatal("a good plan was lost")
		}
		if !slices.IsSortedFunc(matches, func(a, b planner.Match) int { return strings.Compare(a.Request, b.Request) }) {
			t.Fatal("the matches are not in order")
		}
	})
}
