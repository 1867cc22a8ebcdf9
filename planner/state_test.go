package planner_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"haihe/planner"
)

// anyEvents draws facts on few resources, so that they meet, with sequences that clash.
func anyEvents(t *rapid.T) []planner.Event {
	day := time.Date(2027, 3, 1, 0, 0, 0, 0, time.UTC)
	n := rapid.IntRange(1, 40).Draw(t, "events")
	events := make([]planner.Event, n)
	for i := range events {
		dep := rapid.SampledFrom([]string{"V/1", "V/2", "V/3"}).Draw(t, "departure")
		var f planner.Fact
		switch rapid.IntRange(0, 12).Draw(t, "fact") {
		case 0:
			at := day.Add(time.Duration(rapid.IntRange(0, 9).Draw(t, "depart")) * 24 * time.Hour)
			ends := rapid.SampledFrom([][2]string{{"A", "B"}, {"B", "C"}, {"C", "A"}}).Draw(t, "ends")
			f = &planner.DepartureScheduled{Departure: planner.Departure{ID: dep, Mode: planner.ModeSea, From: ends[0], To: ends[1],
				Voyage: rapid.SampledFrom([]string{"", "V", "U"}).Draw(t, "voyage"),
				Cutoff: at, Depart: at, CO2eKgPerT: 100,
				Arrive: at.AddDate(0, 0, rapid.IntRange(1, 20).Draw(t, "days")), CapacityM3: 10, CapacityKg: 10}}
		case 1:
			f = &planner.DepartureDelayed{Departure: dep, Mode: planner.ModeSea, DelayHours: float64(rapid.IntRange(0, 90).Draw(t, "delay"))}
		case 2:
			f = &planner.DepartureCancelled{Departure: dep, Mode: planner.ModeSea}
		case 3:
			f = &planner.DepartureReinstated{Departure: dep, Mode: planner.ModeSea}
		case 4:
			f = &planner.DepartureCapacityChanged{Departure: dep, Mode: planner.ModeSea, CapacityM3: float64(rapid.IntRange(0, 30).Draw(t, "m3")), CapacityKg: 1e4}
		case 5:
			f = &planner.PositionReported{Departure: dep, Mode: planner.ModeSea, Lat: float64(rapid.IntRange(-9, 9).Draw(t, "lat"))}
		case 6:
			f = &planner.PlaceDeclared{Place: rapid.SampledFrom([]planner.Place{{ID: "A", Lat: 38.98, Lon: 117.7}, {ID: "B", Lat: 53.54, Lon: 9.98},
				{ID: "C", Lat: 44.4, Lon: 8.92}, {ID: "C", Lat: 33.74, Lon: -118.26}}).Draw(t, "place")}
		case 7:
			f = &planner.RequestSubmitted{Request: planner.Request{ID: "R", Origin: "A", Market: "X", VolumeM3: 4, WeightKg: 400, Due: day.AddDate(0, 1, 0)}}
		case 8:
			f = &planner.BookingConfirmed{Booking: rapid.SampledFrom([]string{"B1", "B2"}).Draw(t, "booking"), Request: "R", VolumeM3: 4, WeightKg: 400,
				StorageDays: 5, Parts: []planner.Assignment{{Request: "R", Fraction: 0.5, Departures: []string{dep}, Warehouse: "W", Arrive: day.AddDate(0, 0, 9)}}}
		case 9, 10:
			c := &planner.PassageClosed{Passage: passage(t), Reason: "drill"}
			if rapid.Bool().Draw(t, "from") {
				from := day.AddDate(0, 0, rapid.IntRange(-5, 20).Draw(t, "first"))
				until := from.AddDate(0, 0, rapid.IntRange(1, 20).Draw(t, "last"))
				c.From, c.Until = &from, &until
			}
			f = c
		case 11:
			f = &planner.PassageReopened{Passage: passage(t)}
		default:
			f = &planner.BookingCancelled{Booking: rapid.SampledFrom([]string{"B1", "B2"}).Draw(t, "booking")}
		}
		events[i] = planner.Event{ID: fmt.Sprintf("e%02d", i), Sequence: uint64(rapid.IntRange(1, 6).Draw(t, "sequence")),
			Time: day.AddDate(0, 0, rapid.IntRange(-3, 12).Draw(t, "said")), Fact: f}
	}
	return events
}

func passage(t *rapid.T) string {
	return rapid.SampledFrom([]string{"suez", "gibraltar", "malacca", "panama"}).Draw(t, "passage")
}

// view prints all that a state tells, bookkeeping included, but for positions.
func view(s *planner.State) string {
	p, omissions := s.Problem(time.Date(2027, 3, 2, 0, 0, 0, 0, time.UTC), 30)
	out := fmt.Sprintf("%+v %+v\n", p, omissions)
	all := s.All()
	for _, id := range all.Departures {
		if d, ok := s.Departure(id); ok { // of some there is nothing but a position
			d.Position = nil
			if d.Diversion != nil {
				out += fmt.Sprintf("%+v\n", *d.Diversion)
				if d.Diversion.Turned != nil {
					out += d.Diversion.Turned.String()
				}
				d.Diversion = nil
			}
			out += fmt.Sprintf("%+v\n", d)
		}
	}
	for _, id := range all.Bookings {
		b, ok := s.Booking(id)
		out += fmt.Sprintf("%+v %v\n", b, ok)
	}
	return out
}

func positions(s *planner.State) map[string]planner.PositionReported {
	m := map[string]planner.PositionReported{}
	for _, id := range s.All().Departures {
		if p, ok := s.Position(id); ok {
			m[id] = p
		}
	}
	return m
}

func TestStateIsTheSameInAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		events := anyEvents(t)
		inOrder, shuffled := planner.NewState(), planner.NewState()
		for _, e := range events {
			inOrder.Apply(e)
		}
		again := rapid.Permutation(append(events, events...)).Draw(t, "order")
		for _, e := range again {
			shuffled.Apply(e)
		}
		a, err := inOrder.Digest()
		require.NoError(t, err)
		b, err := shuffled.Digest()
		require.NoError(t, err)
		require.Equal(t, a, b)
		require.Equal(t, view(inOrder), view(shuffled))
		require.Equal(t, positions(inOrder), positions(shuffled))

		restored := planner.NewState()
		for _, e := range inOrder.Events() {
			require.True(t, restored.Apply(e))
		}
		require.Equal(t, view(inOrder), view(restored))
		require.Empty(t, positions(restored))
		c, err := restored.Digest()
		require.NoError(t, err)
		require.Equal(t, a, c)
	})
}

// TestDigestWithoutExpiredPositions replays a log that some positions have expired from.
func TestDigestWithoutExpiredPositions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		whole, left := planner.NewState(), planner.NewState()
		for _, e := range anyEvents(t) {
			whole.Apply(e)
			if planner.MovesPlan(e.Fact) || rapid.Bool().Draw(t, "left") {
				left.Apply(e)
			}
		}
		a, err := whole.Digest()
		require.NoError(t, err)
		b, err := left.Digest()
		require.NoError(t, err)
		require.Equal(t, a, b)
		require.Equal(t, view(whole), view(left))
	})
}

func TestEveryFactTypeHasARule(t *testing.T) {
	for _, name := range planner.FactTypes() {
		f, ok := planner.NewFact(name)
		require.True(t, ok)
		require.Equal(t, name, f.Type())
		require.Error(t, f.Validate(), "%s: nothing in it, and no error", name)
		require.NotPanics(t, func() { planner.NewState().Apply(planner.Event{ID: "x", Sequence: 1, Fact: f}) })
	}
	_, ok := planner.NewFact("ShipSunk")
	require.False(t, ok)
}
