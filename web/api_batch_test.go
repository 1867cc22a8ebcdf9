package web

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"haihe/planner"
)

func TestABatchIsTakenRowByRow(t *testing.T) {
	s := newService(t)
	s.network()
	s.settle()
	rows := []obj{
		{"row": "2", "request": requestJSON()},
		{"row": "3", "request": requestJSON("volume_m3", -1, "market", nil)},
		{"row": "4", "request": requestJSON("origin", "<b>nowhere</b>")},
		{"row": "5", "request": requestJSON("due", "2027-01-01T00:00:00Z")},
		{"row": "6", "request": requestJSON("colour", "red")},
		{"row": "7", "request": requestJSON("ready", "tomorrow")},
		{"row": "8", "request": requestJSON("goods", "carpets")},
	}
	var answer struct{ Rows []batchOutcome }
	send := func(key string) {
		s.into(s.call(Exporter, "tiles", "POST", "/api/requests/batch", obj{"rows": rows}, "Idempotency-Key", key), 200, &answer)
	}
	send("book")
	require.Len(t, answer.Rows, len(rows))
	var said []string
	for _, r := range answer.Rows {
		fields := []string{}
		for _, e := range r.Errors {
			fields = append(fields, e.Field)
		}
		said = append(said, fmt.Sprintf("%s %d %s %v", r.Row, r.Status, strings.Join(fields, " "), r.ID != ""))
	}
	assert.Equal(t, []string{"2 201  true", "3 422  volume_m3 false", "4 422 origin false", "5 422 due false", "6 422 colour false", "7 422 ready false", "8 201  true"}, sortedWords(said))

	// Sent again, with one row mended, each good row is there once.
	first, n := answer.Rows, len(s.sent)
	rows[1]["request"] = requestJSON("goods", "mended")
	send("book")
	assert.Equal(t, first[0].ID, answer.Rows[0].ID)
	assert.Equal(t, 201, answer.Rows[1].Status)
	assert.Equal(t, n+1, len(s.sent))
	s.refused(s.call(Exporter, "tiles", "POST", "/api/requests/batch", obj{"rows": rows}), 422, "header.Idempotency-Key")
	s.refused(s.call(Firm, "bohai", "POST", "/api/requests/batch", obj{"rows": rows}, "Idempotency-Key", "k"), 403, "")

	// A row whose fate is not known says so, and may be sent again.
	s.fail = fmt.Errorf("the broker is gone")
	rows = []obj{{"row": "9", "request": requestJSON("goods", "late")}}
	send("book")
	assert.Equal(t, 503, answer.Rows[0].Status)
	assert.Contains(t, answer.Rows[0].Detail, "again")
	send("book")
	assert.Equal(t, 201, answer.Rows[0].Status)
}

// sortedWords sorts the fields of "row status fields… made": a schema's errors come in no order.
func sortedWords(said []string) []string {
	out := make([]string, len(said))
	for i, line := range said {
		words := strings.Split(line, " ")
		if len(words) == 5 && words[2] > words[3] {
			words[2], words[3] = words[3], words[2]
		}
		out[i] = strings.Join(words, " ")
	}
	return out
}

func TestTwoChangeOneDeparture(t *testing.T) {
	s := newService(t)
	s.network()
	s.settle()
	revision := func() string {
		var snap struct {
			Entities struct{ Departure []departureView }
		}
		s.into(s.call(Firm, "bohai", "GET", "/api/snapshot", nil), 200, &snap)
		for _, d := range snap.Entities.Departure {
			if d.ID == "LAX-1" {
				return d.Revision
			}
		}
		return ""
	}
	seen := revision()
	require.NotEmpty(t, seen)
	room := func(m3 float64) obj { return obj{"capacity_m3": m3, "capacity_kg": 1000} }
	s.into(s.call(Firm, "bohai", "PATCH", "/api/departures/LAX-1", room(100), "If-Match", `"`+seen+`"`), 204, nil)
	assert.NotEqual(t, seen, revision())
	s.refused(s.call(Firm, "bohai", "PATCH", "/api/departures/LAX-1", room(200), "If-Match", `"`+seen+`"`), 412, "header.If-Match")
	s.mu.Lock()
	d, _ := s.state.Departure("LAX-1")
	s.mu.Unlock()
	assert.Equal(t, 100.0, d.CapacityM3, "the second changed nothing")
	s.into(s.call(Firm, "bohai", "PATCH", "/api/departures/LAX-1", room(200), "If-Match", `"`+revision()+`"`), 204, nil)
	s.into(s.call(Firm, "bohai", "PATCH", "/api/departures/LAX-1", room(300)), 204, nil)
}

func TestOnTime(t *testing.T) {
	assert.InDelta(t, 0.652, usual("sea", 0), 1e-9)
	assert.Zero(t, usual("sea", -1))
	now := start
	m := newModel(func(string) (PlaceNames, bool) { return PlaceNames{}, false })
	m.places["B"] = planner.Place{ID: "B", TransferHours: 10}
	add := func(id, carrier, voyage, from, to string, depart time.Time, late float64) {
		d := &planner.DepartureStatus{Departure: planner.Departure{ID: id, Mode: "sea", Carrier: carrier, Voyage: voyage, From: from, To: to,
			Cutoff: depart, Depart: depart, Arrive: depart.Add(100 * time.Hour)}, PlannedDepart: depart, PlannedArrive: depart.Add(100*time.Hour - time.Duration(late*float64(time.Hour)))}
		m.departures[id] = d
	}
	for i := range 88 { // half of them 50 h late
		add(fmt.Sprint("past", i), "good", "", "A", "B", now.Add(-200*time.Hour), float64(i%2)*50)
	}
	add("one", "good", "", "A", "B", now.Add(10*time.Hour), 0)
	add("two", "good", "", "B", "C", now.Add(130*time.Hour), 0)
	add("on", "good", "V", "A", "B", now.Add(10*time.Hour), 0)
	add("further", "good", "V", "B", "C", now.Add(115*time.Hour), 0)
	seen := m.punctuality(now)
	at := func(spare time.Duration, departures ...string) *onTime {
		last := m.departures[departures[len(departures)-1]]
		return seen.of(m, &Quote{Departures: departures, Arrive: last.Arrive}, last.Arrive.Add(spare))
	}
	direct := at(49*time.Hour, "one")
	assert.Equal(t, 88, direct.Observed)
	assert.InDelta(t, (44+12*usual("sea", 49))/100, direct.Share, 1e-9)
	assert.InDelta(t, (88+12*usual("sea", 51))/100, at(51*time.Hour, "one").Share, 1e-9)
	// The connection at B can spare 130 − 110 − 10 = 10 h.
	through := at(51*time.Hour, "one", "two")
	assert.Equal(t, 10.0, through.SpareH)
	assert.InDelta(t, (44+12*usual("sea", 10))/100*at(51*time.Hour, "one").Share, through.Share, 1e-9)
	assert.Equal(t, at(51*time.Hour, "further").Share, at(51*time.Hour, "on", "further").Share, "aboard all the way")
	assert.Nil(t, seen.of(m, &Quote{Departures: []string{"unknown"}}, now))
	assert.Less(t, at(-time.Hour, "one").Share, direct.Share)
}
