package main

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"haihe/planner"
	"haihe/planner/live"
	"haihe/streams"
)

// BenchmarkDecisions has 64 clients hold and cancel on the embedded broker: each decision is in the log, read back, and
// marked on the disk before it is answered. It reports decisions a second and the slowest hundredth.
func BenchmarkDecisions(b *testing.B) {
	dir := b.TempDir()
	e, err := streams.StartEmbedded(dir, "127.0.0.1:0")
	require.NoError(b, err)
	mark, _, err := streams.OpenMark(dir)
	require.NoError(b, err)
	b.Cleanup(func() { mark.Close(); e.Close() })
	brokers := []string{e.Addr()}
	_, err = streams.EnsureTopics(b.Context(), brokers)
	require.NoError(b, err)
	now := time.Now().UTC().Truncate(time.Second)
	const clients = 64
	facts := []planner.Fact{&planner.DepartureScheduled{Departure: planner.Departure{ID: "S", Mode: planner.ModeRail, From: "CNTXG", To: "USLAX", Cutoff: now.AddDate(0, 0, 5),
		Depart: now.AddDate(0, 0, 6), Arrive: now.AddDate(0, 0, 20), CapacityM3: 1e5, CapacityKg: 1e8, CO2eKgPerT: 100, Classes: []string{"general"},
		Rate: planner.Rate{Per: planner.PerM3, Amount: 10, KgPerM3: 1000}}},
		&planner.WarehouseRegistered{Public: true, Warehouse: planner.Warehouse{ID: "W", CapacityM3: planner.PerDay{1e6}, Classes: []string{"general"},
			Gateways: []planner.Gateway{{Place: "USLAX", Hours: 12}}, Markets: []planner.Market{{ID: "US", Hours: 1}}}}}
	for i := range clients {
		facts = append(facts, &planner.RequestSubmitted{Request: planner.Request{ID: fmt.Sprint("R", i), Exporter: "e", Origin: "CNTXG", Market: "US", Class: "general",
			VolumeM3: 30, WeightKg: 100, Ready: now, Due: now.AddDate(0, 1, 0), StorageDays: 30, Drawdown: planner.DrawdownLinear, Value: 1e4}})
	}
	producer := streams.NewProducer(brokers)
	defer producer.Close()
	for i, f := range facts {
		require.NoError(b, producer.Publish(b.Context(), planner.Event{ID: fmt.Sprint("f", i), Source: "/test", Sequence: 1, Time: now, Fact: f}))
	}
	d := startDecider(b, "a", brokers, func(c *live.Config) { c.Mark, c.LedgerEnd = mark.Write, nil })
	require.NoError(b, d.loop.Lead(b.Context(), "a", ""))

	var left atomic.Int64
	left.Store(int64(b.N))
	took := make([][]time.Duration, clients)
	var wg sync.WaitGroup
	b.ResetTimer()
	for client := range clients {
		wg.Go(func() {
			for i := 0; left.Add(-1) >= 0; i++ {
				c := planner.Command{ID: fmt.Sprintf("%d-%d", client, i), Exporter: "e", Booking: fmt.Sprintf("B%d-%d", client, i/2), Kind: planner.EntryBookingCancelled}
				if i%2 == 0 {
					c.Kind = planner.EntryBookingHeld
					c.Terms = &planner.BookingConfirmed{Booking: c.Booking, Request: fmt.Sprint("R", client), Exporter: "e", VolumeM3: 30, WeightKg: 100, StorageDays: 30,
						Drawdown: planner.DrawdownLinear, Parts: []planner.Assignment{{Request: fmt.Sprint("R", client), Fraction: 1, Departures: []string{"S"},
							Gateway: "USLAX", Warehouse: "W", Arrive: now.AddDate(0, 0, 21), Cost: 1}}}
				}
				begun := time.Now()
				if _, err := d.loop.Decide(b.Context(), c); err != nil {
					b.Error(err)
					return
				}
				took[client] = append(took[client], time.Since(begun))
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	all := slices.Concat(took...)
	slices.Sort(all)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "decisions/s")
	b.ReportMetric(float64(all[len(all)*99/100].Microseconds())/1000, "p99-ms")
	b.ReportMetric(float64(all[len(all)/2].Microseconds())/1000, "p50-ms")
}
