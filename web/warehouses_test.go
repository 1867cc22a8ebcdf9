package web

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"haihe/planner"
	"haihe/planner/targets"
)

// TestTwoChangeOneWarehouse: the second to change a warehouse from what it was is told, and neither takes back what the other
// did not touch.
func TestTwoChangeOneWarehouse(t *testing.T) {
	s := newService(t)
	s.network()
	s.settle()
	view := func(role Role, org string) warehouseView {
		var snap struct {
			Entities struct{ Warehouse []warehouseView }
		}
		s.into(s.call(role, org, "GET", "/api/snapshot", nil), 200, &snap)
		for _, w := range snap.Entities.Warehouse {
			if w.ID == "WH-US" {
				return w
			}
		}
		return warehouseView{}
	}
	seen := view(Firm, "pacific").Revision
	require.NotEmpty(t, seen)
	assert.Empty(t, view(Firm, "elbe").Revision)
	assert.Empty(t, view(Exporter, "bikes").Revision)
	const path = "/api/warehouses/WH-US"
	s.into(s.call(Firm, "pacific", "PUT", path+"/occupancy", obj{"free_m3": 77}), 204, nil)
	assert.NotEqual(t, seen, view(Firm, "pacific").Revision)
	s.refused(s.call(Firm, "pacific", "PATCH", path, obj{"public": false}, "If-Match", `"`+seen+`"`), 412, "header.If-Match")
	seen = view(Firm, "pacific").Revision
	s.into(s.call(Firm, "pacific", "PATCH", path, obj{"name": "<i>New</i> hub", "storage_m3_day": 0.75, "free_days": 7, "storage_tiers": []obj{{"from_day": 30, "m3_day": 1.5}}, "free_m3": 90, "classes": []string{"general", "cold"}}, "If-Match", `"`+seen+`"`), 204, nil)
	w := view(Firm, "pacific")
	assert.Equal(t, "<i>New</i> hub", w.Name)
	assert.Equal(t, 0.75, *w.StorageM3Day)
	assert.Equal(t, planner.PerDay{90}, w.CapacityM3)
	assert.Equal(t, 7, w.FreeDays)
	assert.Equal(t, []planner.StorageTier{{FromDay: 30, M3Day: 1.5}}, w.StorageTiers)
	hidden := view(Commission, "tc")
	assert.Zero(t, hidden.FreeDays, "rates go to its operator and to exporters")
	assert.Empty(t, hidden.StorageTiers)
	assert.Equal(t, []string{"general", "cold"}, w.Classes)
	assert.Equal(t, 9000.0, w.AreaM2, "what is left out stays")
	s.mu.Lock()
	status, _ := s.state.Warehouse("WH-US")
	s.mu.Unlock()
	assert.Equal(t, planner.PerDay{5000}, status.Registered, "what is free is not what was registered")

	sent := len(s.sent)
	s.into(s.call(Firm, "pacific", "PATCH", path, obj{"storage_m3_day": 0.75}), 204, nil)
	assert.Len(t, s.sent, sent, "it is so already")
	s.refused(s.call(Firm, "pacific", "PATCH", path, obj{}), 422, "body")
	s.refused(s.call(Firm, "pacific", "PATCH", path, obj{"gateways": []obj{{"place": "nowhere", "hours": 1, "rate_m3": 1}}}), 422, "body.gateways[0].place")
	s.refused(s.call(Firm, "pacific", "PATCH", path, obj{"storage_m3_day": -1}), 422, "body.storage_m3_day")
	s.refused(s.call(Firm, "pacific", "PATCH", path, obj{"storage_tiers": []obj{{"from_day": 30, "m3_day": 1}, {"from_day": 20, "m3_day": 2}}}), 422, "body.storage_tiers[1].from_day")
	s.into(s.call(Firm, "pacific", "PATCH", path, obj{"storage_tiers": []obj{}}), 204, nil)
	assert.Empty(t, view(Firm, "pacific").StorageTiers)
	s.refused(s.call(Firm, "elbe", "PATCH", path, obj{"public": false}), 403, "")
	s.refused(s.call(Firm, "elbe", "PATCH", "/api/warehouses/none", obj{"public": false}), 404, "")
	s.into(s.call(Firm, "pacific", "PATCH", path, obj{"public": false}), 204, nil)
	assert.False(t, view(Firm, "pacific").Public)
	s.into(s.call(Firm, "pacific", "PATCH", path, obj{"gateways": []obj{{"place": "USLAX", "hours": 3, "rate_m3": 4}}, "markets": []obj{{"id": "CA", "hours": 5, "rate_m3": 6}}}), 204, nil)
	assert.Equal(t, "CA", view(Firm, "pacific").Markets[0].ID)
}

// TestWhatIsBookedIsSeenByWhoseRoomItIs: with nothing of the owner or the price, and of its own part alone.
func TestWhatIsBookedIsSeenByWhoseRoomItIs(t *testing.T) {
	s := newService(t)
	s.network()
	s.plan(1)
	s.booked("bikes", "R1", "bk-1")
	s.booked("carpets", "R2", "bk-2")
	s.settle()
	var list []bookedView
	r := s.call(Firm, "bohai", "GET", "/api/departures/LAX-1/bookings", nil)
	s.into(r, 200, &list)
	assert.Equal(t, []bookedView{{Booking: "bk-1", Status: "CONFIRMED", Market: "US", Class: "general", M3: 33, Kg: 4000},
		{Booking: "bk-2", Status: "CONFIRMED", Market: "US", Class: "general", M3: 33, Kg: 4000}}, list)
	for _, secret := range []string{"bikes", "carpets", "WH-US", "1234.5", "R1"} {
		assert.NotContains(t, r.raw, secret)
	}
	s.into(s.call(Firm, "pacific", "GET", "/api/warehouses/WH-US/bookings", nil), 200, &list)
	require.Len(t, list, 2)
	assert.Equal(t, start.AddDate(0, 0, 30), *list[0].Arrive)
	assert.Equal(t, 20, list[0].Days)
	s.into(s.call(Exporter, "bikes", "DELETE", "/api/bookings/bk-1", nil), 204, nil)
	s.into(s.call(Firm, "pacific", "GET", "/api/warehouses/WH-US/bookings", nil), 200, &list)
	assert.Len(t, list, 1)
	s.into(s.call(Firm, "elbe", "GET", "/api/warehouses/WH-DE/bookings", nil), 200, &list)
	assert.Empty(t, list)
	for _, path := range []string{"/api/departures/LAX-1/bookings", "/api/warehouses/WH-US/bookings", "/api/warehouses/WH-US/history"} {
		s.refused(s.call(Firm, "elbe", "GET", path, nil), 404, "") // as if it were not there
	}
	s.refused(s.call(Exporter, "bikes", "GET", "/api/departures/LAX-1/bookings", nil), 403, "")
}

// TestHistoryOfAWarehouse: by day, from its registration on, half a year at the most.
func TestHistoryOfAWarehouse(t *testing.T) {
	s := newService(t)
	s.network()
	s.settle()
	say := func(id string, daysAgo int, f planner.Fact) {
		s.web.cfg.Targets.Take(planner.Event{ID: id, Source: "/test", Sequence: uint64(1000 - daysAgo), Time: start.AddDate(0, 0, -daysAgo), Fact: f})
	}
	say("a", 400, store("WH-US", "pacific", "USLAX", "US"))
	say("b", 2, &planner.OccupancyReported{Warehouse: "WH-US", FreeM3: planner.PerDay{1200}})
	var days []targets.Day
	s.into(s.call(Firm, "pacific", "GET", "/api/warehouses/WH-US/history", nil), 200, &days)
	require.Len(t, days, historyDays+1)
	assert.Equal(t, targets.Day{Date: "2027-02-26", RoomM3: 5000, FreeM3: 5000}, days[len(days)-4])
	assert.Equal(t, targets.Day{Date: "2027-02-27", RoomM3: 5000, FreeM3: 1200}, days[len(days)-3])
	assert.Equal(t, targets.Day{Date: "2027-03-01", RoomM3: 5000, FreeM3: 1200}, days[len(days)-1])
}

// TestUnservedDemandNearby: of the markets that a firm reaches, in tens, with nothing of what was asked; of fewer than three
// exporters nothing at all.
func TestUnservedDemandNearby(t *testing.T) {
	s := newService(t)
	s.network()
	s.settle()
	demand := func(role Role, org string) (list []demandView) {
		s.into(s.call(role, org, "GET", "/api/demand", nil), 200, &list)
		return list
	}
	near := demand(Firm, "pacific")
	require.Len(t, near, 1, "it serves the US alone")
	require.Equal(t, "US", near[0].Market)
	require.Len(t, near[0].Weeks, 1)
	assert.Equal(t, 100.0, *near[0].Weeks[0].UnservedM3, "three times 33 m3")
	assert.Nil(t, near[0].Weeks[0].AskedM3)
	assert.Nil(t, near[0].Weeks[0].Requests)
	require.NotNil(t, demand(Commission, "tc")[1].Weeks[0].AskedM3)
	near = demand(Firm, "hansa") // sails to Germany
	require.Len(t, near, 1)
	require.Equal(t, "DE", near[0].Market)
	assert.Nil(t, near[0].Weeks[0].UnservedM3, "one exporter alone")
	assert.Empty(t, demand(Firm, "nobody"))
}
