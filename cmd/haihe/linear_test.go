package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/stretchr/testify/require"

	"haihe/planner"
	"haihe/planner/live"
	"haihe/streams"
)

// decider is an instance without its pages: a loop that reads a log and writes to it.
type decider struct {
	name string
	loop *live.Loop
}

func startDecider(t testing.TB, name string, brokers []string, adjust ...func(*live.Config)) *decider {
	ctx, cancel := context.WithCancel(t.Context())
	producer := streams.NewProducer(brokers)
	consumer := streams.NewConsumer(brokers, streams.ConsumerOptions{})
	cfg := live.Config{State: planner.NewState(), Offsets: planner.Offsets{}, Epoch: 1, Days: 30, Now: time.Now, Solve: newEngine().Solve,
		Publish: producer.Publish, LedgerEnd: producer.LedgerEnd,
		Record: func(context.Context, *live.Recorded) error { return nil }, // plans are not what is tested
		Rules:  planner.Rules{QuoteFor: time.Hour, HoldFor: time.Hour, Check: streams.CheckEntry},
		Quiet:  25 * time.Millisecond, Patience: 200 * time.Millisecond}
	for _, f := range adjust {
		f(&cfg)
	}
	loop := live.New(cfg)
	var wg sync.WaitGroup
	wg.Go(func() { _ = loop.Run(ctx) })
	wg.Go(func() { _ = consumer.Run(ctx, nil, loop.Ingest) })
	t.Cleanup(func() { cancel(); wg.Wait(); producer.Close() })
	<-consumer.CaughtUp()
	loop.CaughtUp()
	return &decider{name, loop}
}

// ask is a command in a history, and said what became of it.
type ask struct{ kind, booking, request string }

type said string

const (
	granted said = "granted"
	noRoom  said = "no room"
	wrong   said = "wrong status"
)

// bookingModel is what the ledger should be to those who use it: as if there were one desk, that serves one after the
// other. Three bookings find room, and each request is booked once.
var bookingModel = porcupine.Model{
	Init: func() any { return map[string]string{} },
	Step: func(state, input, output any) (bool, any) {
		now, in := state.(map[string]string), input.(ask)
		status, want := now[in.booking], wrong
		_, request, _ := strings.Cut(status, " ")
		to := map[string]string{"hold": "held " + in.request, "confirm": "booked " + request, "cancel": "cancelled"}[in.kind]
		switch in.kind {
		case "hold":
			taken, same := 0, false
			for _, s := range now {
				if how, request, _ := strings.Cut(s, " "); how != "cancelled" {
					taken++
					same = same || request == in.request
				}
			}
			if want = granted; taken >= 3 || same {
				want = noRoom
			}
		case "confirm":
			if strings.HasPrefix(status, "held") {
				want = granted
			}
		case "cancel":
			if strings.HasPrefix(status, "held") || strings.HasPrefix(status, "booked") {
				want = granted
			}
		}
		if output.(said) != want {
			return false, nil
		}
		if want != granted {
			return true, now
		}
		next := maps.Clone(now)
		next[in.booking] = to
		return true, next
	},
	Equal: func(a, b any) bool { return maps.Equal(a.(map[string]string), b.(map[string]string)) },
	DescribeOperation: func(in, out any) string {
		return fmt.Sprintf("%v: %v", in, out)
	},
}

// publishDesk publishes a sailing with room for three of the four requests that there are.
func publishDesk(t testing.TB, brokers []string, now time.Time) {
	producer := streams.NewProducer(brokers)
	defer producer.Close()
	facts := []planner.Fact{&planner.PlaceDeclared{Place: planner.Place{ID: "CNTXG", Lat: 38.98, Lon: 117.7}},
		&planner.PlaceDeclared{Place: planner.Place{ID: "USLAX", Lat: 33.74, Lon: -118.26}},
		&planner.DepartureScheduled{Departure: planner.Departure{ID: "S", Mode: planner.ModeSea, From: "CNTXG", To: "USLAX", Cutoff: now.AddDate(0, 0, 5),
			Depart: now.AddDate(0, 0, 6), Arrive: now.AddDate(0, 0, 20), CapacityM3: 100, CapacityKg: 1e6, CO2eKgPerT: 100, Classes: []string{"general"},
			Rate: planner.Rate{Per: planner.PerM3, Amount: 10, KgPerM3: 1000}}},
		&planner.WarehouseRegistered{Public: true, Warehouse: planner.Warehouse{ID: "W", CapacityM3: planner.PerDay{1e4}, Classes: []string{"general"},
			Gateways: []planner.Gateway{{Place: "USLAX", Hours: 12}}, Markets: []planner.Market{{ID: "US", Hours: 1}}}}}
	for i := range 4 {
		facts = append(facts, &planner.RequestSubmitted{Request: planner.Request{ID: fmt.Sprint("R", i), Exporter: "e", Origin: "CNTXG", Market: "US", Class: "general",
			VolumeM3: 30, WeightKg: 100, Ready: now, Due: now.AddDate(0, 1, 0), StorageDays: 3, Drawdown: planner.DrawdownNone, Value: 1e4}})
	}
	for i, f := range facts {
		require.NoError(t, producer.Publish(t.Context(), planner.Event{ID: fmt.Sprint("f", i), Source: "/test", Sequence: 1, Time: now, Fact: f}))
	}
}

// command is the command that asks.
func (a ask) command(id string, now time.Time) planner.Command {
	c := planner.Command{ID: id, Exporter: "e", Booking: a.booking,
		Kind: map[string]string{"hold": planner.EntryBookingHeld, "confirm": planner.EntryBookingConfirmed, "cancel": planner.EntryBookingCancelled}[a.kind]}
	if a.kind == "hold" {
		c.Terms = &planner.BookingConfirmed{Booking: a.booking, Request: a.request, Exporter: "e", VolumeM3: 30, WeightKg: 100, StorageDays: 3,
			Drawdown: planner.DrawdownNone, Parts: []planner.Assignment{{Request: a.request, Fraction: 1, Departures: []string{"S"}, Gateway: "USLAX",
				Warehouse: "W", Arrive: now.AddDate(0, 0, 21), Cost: 1}}}
	}
	return c
}

// TestDecisionsAreLinearizable has clients hold, confirm and cancel through two instances of which now one leads and now
// the other, on a real log, and looks for an order of all commands in which each was answered as one desk would have.
func TestDecisionsAreLinearizable(t *testing.T) {
	e, err := streams.StartEmbedded(t.TempDir(), "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, e.Close()) })
	brokers := []string{e.Addr()}
	_, err = streams.EnsureTopics(t.Context(), brokers)
	require.NoError(t, err)
	now := time.Now().UTC().Truncate(time.Second)
	publishDesk(t, brokers, now)
	const clients, each, changes = 4, 50, 4 // commands of each client at least, and changes of leader among them
	instances := []*decider{startDecider(t, "a", brokers), startDecider(t, "b", brokers)}
	require.NoError(t, instances[0].loop.Lead(t.Context(), "a", ""))

	var mu sync.Mutex
	var history []porcupine.Operation
	var asked, denied, led atomic.Int64
	stop := make(chan struct{})
	var leaders, work sync.WaitGroup
	leaders.Go(func() {
		r := rand.New(rand.NewPCG(1, 1))
		for n := 1; ; n++ {
			select {
			case <-stop:
				return
			case <-time.After(time.Duration(30+r.IntN(120)) * time.Millisecond):
			}
			in := instances[n%2]
			if err := in.loop.Lead(t.Context(), in.name, ""); err != nil {
				t.Errorf("%s does not lead: %v", in.name, err)
				return
			}
			led.Add(1)
		}
	})
	for client := range clients {
		work.Go(func() {
			r := rand.New(rand.NewPCG(uint64(client), 2))
			var mine []string
			for i := 0; i < each || led.Load() < changes && !t.Failed(); i++ {
				a := ask{kind: "hold", booking: fmt.Sprintf("B%d-%d", client, i), request: fmt.Sprint("R", r.IntN(4))}
				if len(mine) > 0 && r.IntN(3) > 0 {
					k := r.IntN(len(mine))
					a = ask{kind: []string{"confirm", "cancel", "cancel"}[r.IntN(3)], booking: mine[k]}
					if a.kind == "cancel" {
						mine = slices.Delete(mine, k, k+1)
					}
				}
				c := a.command(fmt.Sprintf("%d-%d", client, i), now)
				call := time.Now().UnixNano()
				answer := insist(t, instances, r, c)
				back := time.Now().UnixNano()
				if asked.Add(1); answer != granted {
					denied.Add(1)
				} else if a.kind == "hold" {
					mine = append(mine, a.booking)
				}
				mu.Lock()
				history = append(history, porcupine.Operation{ClientId: client, Input: a, Call: call, Output: answer, Return: back})
				mu.Unlock()
			}
		})
	}
	work.Wait()
	close(stop)
	leaders.Wait()

	result, _ := porcupine.CheckOperationsVerbose(bookingModel, history, time.Minute)
	require.Equal(t, porcupine.Ok, result, "no order of the %d commands explains their answers", len(history))
	report, err := streams.VerifyLedger(t.Context(), brokers)
	require.NoError(t, err)
	require.Empty(t, report.Faults)
	require.Greater(t, report.Head.Epoch, uint64(changes))
	require.Positive(t, denied.Load())
	t.Logf("%d commands, %d refused; %d epochs, %d entries, %d passed over", asked.Load(), denied.Load(), report.Head.Epoch, report.Entries, report.Passed)
}

// insist sends a command to one instance or the other until it is answered.
func insist(t *testing.T, instances []*decider, r *rand.Rand, c planner.Command) said {
	for {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		_, err := instances[r.IntN(len(instances))].loop.Decide(ctx, c)
		cancel()
		switch {
		case err == nil:
			return granted
		case errors.Is(err, planner.ErrNoRoom):
			return noRoom
		case errors.Is(err, planner.ErrWrongStatus), errors.Is(err, planner.ErrNoBooking):
			return wrong
		case t.Context().Err() != nil:
			return said(err.Error())
		case !errors.Is(err, live.ErrNotLeading) && !errors.Is(err, context.DeadlineExceeded):
			t.Errorf("%+v: %v", c, err)
			return said(err.Error())
		}
	}
}
