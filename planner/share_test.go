package planner_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"haihe/planner"
)

// TestOneExporterHasItsShare: held and booked together an exporter has no more of a departure than the rules allow; what
// it gives back it may take again, and others are not touched.
func TestOneExporterHasItsShare(t *testing.T) {
	at := time.Date(2027, 3, 1, 8, 0, 0, 0, time.UTC)
	s := planner.NewState()
	say := func(f planner.Fact) {
		s.Apply(planner.Event{ID: f.Key().String(), Source: "/test", Sequence: 1, Time: at, Fact: f})
	}
	for _, id := range []string{"CNTXG", "USLAX"} {
		say(&planner.PlaceDeclared{Place: planner.Place{ID: id, Lat: 1, Lon: 1}})
	}
	say(&planner.DepartureScheduled{Departure: planner.Departure{ID: "D", Mode: "sea", Carrier: "c", From: "CNTXG", To: "USLAX", Cutoff: at.AddDate(0, 0, 1),
		Depart: at.AddDate(0, 0, 2), Arrive: at.AddDate(0, 0, 20), CapacityM3: 100, CapacityKg: 1e6, Rate: planner.Rate{Per: "m3", Amount: 1, KgPerM3: 1000}, Classes: []string{"general"}}})
	say(&planner.WarehouseRegistered{Public: true, Warehouse: planner.Warehouse{ID: "W", Operator: "o", CapacityM3: planner.PerDay{1e6}, Classes: []string{"general"},
		Gateways: []planner.Gateway{{Place: "USLAX"}}, Markets: []planner.Market{{ID: "US"}}}})
	asks := func(id, exporter string) {
		say(&planner.RequestSubmitted{Request: planner.Request{ID: id, Exporter: exporter, Origin: "CNTXG", Market: "US", Class: "general", VolumeM3: 20, WeightKg: 10,
			Ready: at, Due: at.AddDate(0, 0, 60), StorageDays: 1, Drawdown: "none", Value: 100}})
	}
	for _, id := range []string{"A1", "A2", "A3"} {
		asks(id, "a")
	}
	asks("B1", "b")
	d := s.Draft(planner.Rules{QuoteFor: time.Hour, HoldFor: time.Hour, MaxShare: 0.4})
	d.Begin("test", "", at)
	do := func(kind, exporter, request string) error {
		c := planner.Command{ID: kind + request, Kind: kind, Exporter: exporter, Booking: "bk-" + request}
		if kind != planner.EntryBookingCancelled {
			c.Terms = &planner.BookingConfirmed{Booking: c.Booking, Request: request, Exporter: exporter, VolumeM3: 20, WeightKg: 10, StorageDays: 1, Drawdown: "none",
				Parts: []planner.Assignment{{Request: request, Fraction: 1, Departures: []string{"D"}, Gateway: "USLAX", Warehouse: "W", Arrive: at.AddDate(0, 0, 21), Cost: 1}}}
		}
		_, err := d.Decide(c, at)
		return err
	}
	require.NoError(t, do(planner.EntryBookingHeld, "a", "A1"))
	require.NoError(t, do(planner.EntryBookingConfirmed, "a", "A2"))
	require.ErrorIs(t, do(planner.EntryBookingHeld, "a", "A3"), planner.ErrTooMuch)
	require.NoError(t, do(planner.EntryBookingConfirmed, "b", "B1"))
	require.NoError(t, do(planner.EntryBookingCancelled, "a", "A1"))
	require.NoError(t, do(planner.EntryBookingConfirmed, "a", "A3"))
	for _, e := range d.Entries { // what the draft was for the next draft is the state's
		s.Apply(planner.Event{ID: e.Hash(), Source: "/ledger", Sequence: e.Seq, Time: e.Time, Fact: e})
	}
	asks("A4", "a")
	d = s.Draft(planner.Rules{QuoteFor: time.Hour, HoldFor: time.Hour, MaxShare: 0.4})
	require.ErrorIs(t, do(planner.EntryBookingConfirmed, "a", "A4"), planner.ErrTooMuch)
}
