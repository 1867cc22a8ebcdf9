package web

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"haihe/geo"
	"haihe/planner"
)

// byChart makes a server draw lanes as geo has them.
func byChart(c *Config) {
	route := geo.NewRouter()
	c.Route = func(from, to planner.Place, mode string) Way {
		r, err := route(orb.Point{from.Lon, from.Lat}, orb.Point{to.Lon, to.Lat}, mode)
		if err != nil {
			return Way{}
		}
		return Way{r.Line, r.DistanceKm, planner.PassagesOf(r.Via)}
	}
}

func TestOnlyTheCommissionShutsPassages(t *testing.T) {
	s := newService(t)
	s.network()
	s.settle()
	const shut, open = "/api/passages/suez/close", "/api/passages/suez/reopen"
	for _, v := range []viewer{{Exporter, "bikes"}, {Firm, "bohai"}} {
		p := s.refused(s.call(v.role, v.org, "POST", shut, obj{"reason": "mine"}), 403, "")
		assert.Contains(t, p.Detail, "this is for commission")
		s.refused(s.call(v.role, v.org, "POST", open, obj{}), 403, "")
	}
	s.refused(s.call("", "", "POST", shut, obj{}), 401, "")
	p := s.refused(s.call(Commission, "tc", "POST", "/api/passages/suezz/close", obj{}), 404, "")
	assert.Contains(t, p.Detail, "GET /api/passages")
	s.refused(s.call(Commission, "tc", "POST", "/api/passages/suezz/reopen", nil), 404, "")
	s.refused(s.call(Commission, "tc", "POST", shut, obj{"until": "2027-03-01T08:00:00Z"}), 422, "body.until")
	s.refused(s.call(Commission, "tc", "POST", shut, obj{"from": "2027-03-09T08:00:00Z", "until": "2027-03-08T08:00:00Z"}), 422, "body.until")
	s.refused(s.call(Commission, "tc", "POST", shut, obj{"reason": strings.Repeat("x", 501)}), 422, "body.reason")
	assert.Empty(t, s.sent, "nothing reached the log")

	s.into(s.call(Commission, "tc", "POST", shut, obj{"reason": "drill", "until": "2027-04-20T16:00:00+08:00"}), 204, nil)
	e := s.sent[len(s.sent)-1]
	assert.Equal(t, "/commissions/tc", e.Source)
	find := func(role Role) passageView {
		var list []passageView
		s.into(s.call(role, "x", "GET", "/api/passages", nil), 200, &list)
		assert.Len(t, list, len(planner.Passages()))
		i := slices.IndexFunc(list, func(p passageView) bool { return p.ID == "suez" })
		require.GreaterOrEqual(t, i, 0)
		return list[i]
	}
	until := time.Date(2027, 4, 20, 8, 0, 0, 0, time.UTC)
	for _, role := range everybody {
		p := find(role)
		assert.True(t, p.Closed)
		assert.Equal(t, "drill", p.Reason)
		assert.Equal(t, start, *p.Since)
		assert.Equal(t, until, *p.Until)
		assert.Equal(t, "苏伊士运河", p.NameZH)
	}
	// Told anew, it has been shut since the first time.
	s.into(s.call(Commission, "tc", "POST", shut, obj{"reason": "still"}), 204, nil)
	assert.Equal(t, start, *s.sent[len(s.sent)-1].Fact.(*planner.PassageClosed).From)
	assert.Nil(t, find(Firm).Until)
	s.into(s.call(Commission, "tc", "POST", open, nil), 204, nil)
	assert.False(t, find(Exporter).Closed)
}

// TestLanesFollowTheShips shuts Suez: the ship to Hamburg gets another lane, which goes as it opens again.
func TestLanesFollowTheShips(t *testing.T) {
	s := newService(t, byChart)
	browser := s.open(Exporter, "nobody", "")
	w := &world{t: t}
	s.network()
	const plain, around = "lane/CNTXG>DEHAM:sea", "lane/CNTXG>DEHAM:sea~suez"
	until := func(ok func() bool) {
		for !ok() {
			w.take(browser.next())
		}
	}
	until(func() bool { return w.values[plain] != "" && w.values["passage/suez"] == "" })
	s.settle()
	before := w.values["departure/HAM-1"]
	require.Equal(t, "CNTXG>DEHAM:sea", laneIn(t, before))
	require.Contains(t, w.values[plain], `"suez"`)

	s.into(s.call(Commission, "tc", "POST", "/api/passages/suez/close", obj{"reason": "drill"}), 204, nil)
	until(func() bool { return laneIn(t, w.values["departure/HAM-1"]) == "CNTXG>DEHAM:sea~suez" })
	assert.Contains(t, w.values["passage/suez"], `"closed":true,"reason":"drill"`)
	var lanes [2]laneView
	require.NoError(t, json.Unmarshal([]byte(w.values[plain]), &lanes[0]))
	require.NoError(t, json.Unmarshal([]byte(w.values[around]), &lanes[1]))
	assert.Greater(t, lanes[1].DistanceKm, lanes[0].DistanceKm+3000)
	assert.NotContains(t, lanes[1].Passages, "suez")
	for _, part := range lanes[1].Line.Coordinates {
		for _, p := range part {
			assert.Greater(t, geo.DistanceKm(p, orb.Point{32.35, 30.45}), 300.0, "it keeps clear of Suez")
		}
	}
	var d struct {
		PlannedArrive time.Time `json:"planned_arrive"`
		Arrive        time.Time
		Diversion     diversionView
	}
	require.NoError(t, json.Unmarshal([]byte(w.values["departure/HAM-1"]), &d))
	assert.WithinDuration(t, d.PlannedArrive.Add(time.Duration(d.Diversion.Hours*float64(time.Hour))), d.Arrive, time.Second)
	assert.Equal(t, []string{"suez"}, d.Diversion.Passages)
	assert.NotContains(t, w.values["departure/LAX-1"], "diversion")

	// Who comes now sees the same.
	late := &world{t: t}
	late.take(s.open(Firm, "hansa", "").next())
	assert.Equal(t, w.values[around], late.values[around])

	s.into(s.call(Commission, "tc", "POST", "/api/passages/suez/reopen", nil), 204, nil)
	until(func() bool { return w.values["departure/HAM-1"] == before })
	assert.NotContains(t, w.values, around)
	assert.Contains(t, w.values["passage/suez"], `"closed":false`)
}

func laneIn(t *testing.T, departure string) string {
	var d struct{ Lane string }
	require.NoError(t, json.Unmarshal([]byte(departure), &d))
	return d.Lane
}

// A ship that turned at sea has a lane of its own.
func TestAShipThatTurnedHasItsOwnLane(t *testing.T) {
	s := newService(t, byChart)
	s.network()
	left := sailing("HAM-0", "hansa", "CNTXG", "DEHAM")
	left.Cutoff, left.Depart, left.Arrive = start.AddDate(0, 0, -10), start.AddDate(0, 0, -9), start.AddDate(0, 0, 20)
	s.say(left, &planner.PassageClosed{Passage: "suez"})
	s.settle()
	s.web.hub.look(func(m *model) {
		assert.Equal(t, "CNTXG>DEHAM:sea@HAM-0", laneOf(m.departures["HAM-0"]))
		assert.Equal(t, "CNTXG>DEHAM:sea~suez", laneOf(m.departures["HAM-1"]))
		assert.Greater(t, m.lanes["CNTXG>DEHAM:sea@HAM-0"].DistanceKm, m.lanes["CNTXG>DEHAM:sea~suez"].DistanceKm-60)
	})
	s.say(&planner.PassageReopened{Passage: "suez"})
	s.settle()
	s.web.hub.look(func(m *model) {
		for id := range m.lanes {
			assert.NotContains(t, id, "@")
			assert.NotContains(t, id, "~")
		}
	})
}
