package web

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"haihe/planner"
	"haihe/planner/history"
)

// TestHistoryOfADeparture: everybody reads what happened to a sailing; its rate is for its carrier and exporters, the record for its carrier and
// the commission.
func TestHistoryOfADeparture(t *testing.T) {
	s := newService(t)
	s.network()
	s.settle()
	for i, f := range []planner.Fact{
		&planner.DepartureDelayed{Departure: "LAX-1", Mode: planner.ModeSea, DelayHours: 12, Reason: "fog"},
		&planner.DepartureRateChanged{Departure: "LAX-1", Mode: planner.ModeSea, Rate: planner.Rate{Per: planner.PerM3, Amount: 91.5}},
		&planner.DepartureDelayed{Departure: "HAM-1", Mode: planner.ModeSea, DelayHours: 7},
	} {
		s.web.cfg.Departed.Take(planner.Event{ID: "e" + string(rune('1'+i)), Source: "/test", Sequence: uint64(i + 1), Time: start.Add(time.Duration(i) * time.Hour), Fact: f})
	}
	read := func(role Role, org string) (list []history.Entry) {
		s.into(s.call(role, org, "GET", "/api/departures/LAX-1/history", nil), http.StatusOK, &list)
		return list
	}
	type seen struct {
		entries     int
		rate, event bool
	}
	for _, c := range []struct {
		role Role
		org  string
		want seen
	}{
		{Firm, "bohai", seen{2, true, true}},   // its carrier
		{Firm, "hansa", seen{1, false, false}}, // another
		{Exporter, "bikes", seen{2, true, false}},
		{Exporter, "bohai", seen{2, true, false}}, // of the carrier's name
		{Commission, "tc", seen{1, false, true}},
	} {
		list := read(c.role, c.org)
		var got seen
		got.entries = len(list)
		for _, x := range list {
			got.rate = got.rate || x.Rate != nil
			got.event = got.event || x.Event != ""
		}
		assert.Equal(t, c.want, got, "%s %s", c.role, c.org)
		assert.Equal(t, "fog", list[0].Reason)
	}
	assert.Equal(t, http.StatusNotFound, s.call(Exporter, "bikes", "GET", "/api/departures/nowhere/history", nil).status)
	assert.Equal(t, http.StatusUnauthorized, s.call("", "", "GET", "/api/departures/LAX-1/history", nil).status)
}
