package planner_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"haihe/planner"
)

// TestAWayIsTakenWithItsRequestOrNeither: an exact hold accepts its request in the same breath. What has changed since its way
// was chosen is said by kind, and then the request is not there either.
func TestAWayIsTakenWithItsRequestOrNeither(t *testing.T) {
	at := time.Date(2027, 3, 1, 8, 0, 0, 0, time.UTC)
	leg := func(id, from, to string, depart, arrive int) *planner.DepartureScheduled {
		return &planner.DepartureScheduled{Departure: planner.Departure{ID: id, Mode: "sea", Carrier: "c", From: from, To: to, Cutoff: at.AddDate(0, 0, depart),
			Depart: at.AddDate(0, 0, depart), Arrive: at.AddDate(0, 0, arrive), CapacityM3: 30, CapacityKg: 1e6, Rate: planner.Rate{Per: "m3", Amount: 1, KgPerM3: 1000}, Classes: []string{"general"}}}
	}
	asked := func(id string) *planner.AcceptedRequest {
		return &planner.AcceptedRequest{ID: "ev-" + id, Source: "/test", Sequence: 5, Submitted: &planner.RequestSubmitted{Request: planner.Request{ID: id, Exporter: "a", Origin: "CNTXG",
			Market: "US", Class: "general", VolumeM3: 20, WeightKg: 10, Ready: at, Due: at.AddDate(0, 0, 25), StorageDays: 3, Drawdown: "none", Value: 100}}}
	}
	command := func(id string) planner.Command {
		return planner.Command{ID: "cmd-" + id, Kind: planner.EntryBookingHeld, Exporter: "a", Booking: "bk-" + id, Exact: true, Request: asked(id),
			Terms: &planner.BookingConfirmed{Booking: "bk-" + id, Request: id, Exporter: "a", VolumeM3: 20, WeightKg: 10, StorageDays: 3, Drawdown: "none",
				Parts: []planner.Assignment{{Request: id, Fraction: 1, Departures: []string{"D1", "D2"}, Gateway: "USLAX", Warehouse: "W", Arrive: at.AddDate(0, 0, 21), Cost: 77}}}}
	}
	sequence := uint64(0)
	world := func(more ...planner.Fact) *planner.State {
		s := planner.NewState()
		warehouse := &planner.WarehouseRegistered{Public: true, Warehouse: planner.Warehouse{ID: "W", Operator: "o", CapacityM3: planner.PerDay{1e6}, Classes: []string{"general"},
			Gateways: []planner.Gateway{{Place: "USLAX", Hours: 24}}, Markets: []planner.Market{{ID: "US"}}}}
		facts := []planner.Fact{warehouse, leg("D1", "CNTXG", "KRPUS", 2, 4), leg("D2", "KRPUS", "USLAX", 6, 20)}
		for _, id := range []string{"CNTXG", "KRPUS", "USLAX"} {
			facts = append(facts, &planner.PlaceDeclared{Place: planner.Place{ID: id, Lat: 1, Lon: 1, TransferHours: 12}})
		}
		for _, f := range append(facts, more...) {
			sequence++
			s.Apply(planner.Event{ID: f.Key().String() + f.Type(), Source: "/test", Sequence: sequence, Time: at, Fact: f})
		}
		return s
	}
	draft := func(s *planner.State) *planner.Draft {
		d := s.Draft(planner.Rules{HoldFor: time.Hour})
		d.Begin("test", "", at)
		return d
	}

	d := draft(world())
	o, err := d.Decide(command("R1"), at)
	require.NoError(t, err)
	assert.Equal(t, planner.BookingHeld, o.Booking.Status)
	assert.Equal(t, 77.0, o.Booking.Price)
	require.Len(t, d.Entries, 3)
	assert.Equal(t, planner.EntryRequestAccepted, d.Entries[1].Kind)
	again, err := d.Decide(command("R1"), at)
	require.NoError(t, err)
	assert.Equal(t, o.Seq, again.Seq, "sent again it is done once")
	require.Len(t, d.Entries, 3)

	// The second finds 10 of 30 m3 left: nothing of it is there, and what comes next follows the chain.
	_, err = d.Decide(command("R2"), at)
	var why *planner.Obstacle
	require.ErrorIs(t, err, planner.ErrNoRoom)
	require.True(t, errors.As(err, &why))
	assert.Equal(t, planner.Obstacle{Kind: "room", Departure: "D1", LeftM3: 10, NeedM3: 20, LeftKg: 999990, NeedKg: 10, Message: why.Message}, *why)
	require.Len(t, d.Entries, 3)
	small := command("R3")
	small.Terms.VolumeM3, small.Request.Submitted.VolumeM3 = 10, 10
	_, err = d.Decide(small, at)
	require.NoError(t, err)
	s := world()
	for _, e := range d.Entries {
		require.True(t, s.Apply(planner.Event{Fact: e}), e.Kind)
	}
	_, there := s.Request("R2")
	assert.False(t, there)
	_, there = s.Request("R3")
	assert.True(t, there)

	// A follower's draft that assumes the entries decides alike.
	follows := world().Draft(planner.Rules{HoldFor: time.Hour})
	follows.Assume(d.Entries)
	_, err = follows.Decide(command("R2"), at)
	require.ErrorIs(t, err, planner.ErrNoRoom)

	mixed := command("R4")
	mixed.Terms.Request = "R1"
	_, err = d.Decide(mixed, at)
	require.ErrorIs(t, err, planner.ErrOtherBody)

	for kind, facts := range map[string][]planner.Fact{
		planner.ObstacleGone:       {&planner.DepartureCancelled{Departure: "D2", Mode: "sea"}},
		planner.ObstacleConnection: {&planner.DepartureDelayed{Departure: "D1", Mode: "sea", DelayHours: 48}},
		planner.ObstacleLate:       {&planner.DepartureDelayed{Departure: "D2", Mode: "sea", DelayHours: 12}},
		planner.ObstacleClosed:     {&planner.WarehouseClosed{Warehouse: "W"}},
		planner.ObstacleStorage:    {&planner.OccupancyReported{Warehouse: "W", FreeM3: planner.PerDay{5}}},
		planner.ObstacleRoom:       {&planner.DepartureCapacityChanged{Departure: "D2", Mode: "sea", CapacityM3: 7, CapacityKg: 1e6}},
		planner.ObstacleRequest:    {asked("R1").Submitted, &planner.RequestWithdrawn{Request: "R1"}},
	} {
		c := command("R1")
		if kind == planner.ObstacleRequest {
			c.Request = nil
		}
		_, err := draft(world(facts...)).Decide(c, at)
		require.ErrorAs(t, err, &why, kind)
		assert.Equal(t, kind, why.Kind, why.Message)
	}
	_, err = draft(world()).Decide(command("R1"), at.AddDate(0, 0, 3))
	require.ErrorAs(t, err, &why)
	assert.Equal(t, planner.ObstacleCutoff, why.Kind)
}
