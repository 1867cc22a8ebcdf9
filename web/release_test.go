package web

import (
	"fmt"
	"maps"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"haihe/planner"
	"haihe/planner/live"
)

// TestReleasesTellNothingByDifference: whoever notes all that is shown of a figure, and subtracts any two of the last showings, has
// nothing of fewer than three owners, in any component; and what is shown is what there was.
func TestReleasesTellNothingByDifference(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := releases[figure]{}
		now := byOwner{}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			for range rapid.IntRange(1, 4).Draw(t, "owners") {
				owner := fmt.Sprint("E", rapid.IntRange(0, 6).Draw(t, "owner"))
				if rapid.IntRange(0, 3).Draw(t, "leaves") == 0 {
					delete(now, owner)
				} else {
					now[owner] = figure{float64(rapid.IntRange(1, 3).Draw(t, "m3")), float64(rapid.IntRange(0, 2).Draw(t, "kg"))}
				}
			}
			x, shown := r.offer("x", maps.Clone(now), now.total())
			if !shown {
				assert.Zero(t, x)
				continue
			}
			require.GreaterOrEqual(t, len(now), least, "shown of too few")
			past := r["x"].past
			require.LessOrEqual(t, len(past), recalled)
			for i, was := range past {
				require.GreaterOrEqual(t, len(was), least)
				for _, later := range past[i+1:] {
					assert.False(t, tells(was, later))
				}
			}
			assert.Equal(t, past[len(past)-1].total(), x, "what is shown is what there was")
		}
	})
}

// TestOneMoreIsNotToldByLoads: the commission notes the loads of a departure and of a warehouse, the occupancy, the sums of lanes, weeks and
// the plan, before and after one exporter asks for more. Nothing of it moves until three have.
func TestOneMoreIsNotToldByLoads(t *testing.T) {
	s := newService(t)
	s.network()
	version := uint64(0)
	// plan gives each exporter on LAX-1 a volume.
	plan := func(volumes map[string]float64) {
		version++
		u := live.Update{Plan: &planner.PlanSummary{Epoch: 7, Version: version, Status: "optimal", Start: start.Truncate(24 * time.Hour), Days: 60}}
		load := planner.Load{}
		for i, e := range []string{"bikes", "carpets", "sofas", "lamps"} {
			id := fmt.Sprint("W", i)
			r := wish(id, e, "US")
			r.VolumeM3, r.WeightKg, r.Value = volumes[e], 120*volumes[e], 50*volumes[e]
			u.Requests = append(u.Requests, planner.RequestStatus{Request: r.Request})
			parts := toUS(id)
			parts[0].Request, parts[0].Fraction = id, 1
			u.Matches = append(u.Matches, planner.Match{Request: id, Parts: parts[:1]})
			load.M3 += volumes[e]
			load.Owners++
		}
		p := u.Plan
		p.Requests, p.Matched, p.AskedM3, p.MatchedM3, p.Objective, p.Bound = load.Owners, load.Owners, load.M3, load.M3, load.M3*10, load.M3*10
		u.DepartureLoads = []live.LoadOf{{ID: "LAX-1", Load: load}}
		u.WarehouseLoads = []live.LoadOf{{ID: "WH-US", Load: load}}
		s.web.Observe(u)
		s.settle()
	}
	type sight struct{ departure, warehouse, occupancy, all, lane, week, asked, objective float64 }
	value := func(p *float64) float64 {
		if p == nil {
			return -1
		}
		return *p
	}
	look := func() (x sight) {
		var snapshot struct {
			Entities struct {
				DepartureLoad []departureLoadView `json:"departure_load"`
				WarehouseLoad []loadView          `json:"warehouse_load"`
				Plan          struct {
					AskedM3   *float64 `json:"asked_m3"`
					Objective *float64 `json:"objective"`
				} `json:"plan"`
			} `json:"entities"`
		}
		s.into(s.call(Commission, "tc", "GET", "/api/snapshot", nil), http.StatusOK, &snapshot)
		for _, l := range snapshot.Entities.DepartureLoad {
			if l.ID == "LAX-1" {
				x.departure = value(l.M3)
			}
		}
		for _, l := range snapshot.Entities.WarehouseLoad {
			if l.ID == "WH-US" {
				x.warehouse = value(l.M3)
			}
		}
		x.asked, x.objective = value(snapshot.Entities.Plan.AskedM3), value(snapshot.Entities.Plan.Objective)
		var o occupancyView
		s.into(s.call(Commission, "tc", "GET", "/api/occupancy", nil), http.StatusOK, &o)
		x.occupancy, x.all = value(o.Warehouses[0].M3[30]), value(o.M3[30])
		require.Len(t, o.RoomM3, 60)
		require.Positive(t, o.RoomM3[30])
		var lanes []laneLoadView
		s.into(s.call(Commission, "tc", "GET", "/api/lane-loads", nil), http.StatusOK, &lanes)
		for _, l := range lanes {
			if l.To == "USLAX" && l.M3 != nil {
				x.lane = *l.M3
			}
		}
		var markets []demandView
		s.into(s.call(Commission, "tc", "GET", "/api/demand", nil), http.StatusOK, &markets)
		for _, m := range markets {
			if m.Market == "US" {
				x.week = value(m.Weeks[0].AskedM3)
			}
		}
		return x
	}
	of := func(m3 float64) sight { return sight{m3, m3, m3, m3, m3, m3 + 99, m3, m3 * 10} } // the network has 99 m3 asked for besides
	volumes := map[string]float64{"bikes": 10, "carpets": 20, "sofas": 26, "lamps": 4}
	plan(volumes)
	first := look()
	require.Equal(t, of(60), first)
	volumes["carpets"] = 21
	plan(volumes)
	assert.Equal(t, first, look(), "one exporter has more")
	volumes["lamps"] = 7
	plan(volumes)
	assert.Equal(t, first, look(), "another has, too")
	volumes["sofas"] = 43
	plan(volumes)
	assert.Equal(t, of(81), look(), "three parts have changed")
	volumes["lamps"], volumes["carpets"], volumes["bikes"] = 9, 22, 8
	plan(volumes)
	assert.Equal(t, of(82), look())
	for _, path := range []string{"/api/lane-loads", "/api/demand"} {
		assert.Equal(t, http.StatusForbidden, s.call(Exporter, "bikes", "GET", path, nil).status)
	}
	assert.Equal(t, http.StatusForbidden, s.call(Firm, "bohai", "GET", "/api/lane-loads", nil).status)
}

// TestOfTwoNothingIsTold: what two exporters make up stays away, and what would be left of a sum by taking off what is shown.
func TestOfTwoNothingIsTold(t *testing.T) {
	r := releases[figure]{}
	_, shown := r.offer("x", byOwner{"a": {1}, "b": {2}}, figure{3})
	assert.False(t, shown)
	_, shown = r.offer("x", byOwner{"a": {1}, "b": {2}, "c": {3}}, figure{6})
	assert.True(t, shown)
	_, shown = r.offer("x", byOwner{"a": {1}, "b": {2}}, figure{3})
	assert.False(t, shown, "the third has gone")
	x, shown := r.offer("x", byOwner{"a": {1}, "b": {2}, "d": {9}}, figure{12})
	assert.False(t, shown, "against what was shown before, two differ")
	assert.Zero(t, x)
}

// TestUnservedOfFew: what one or two exporters have left is not told, though more of them ask; that nothing is left is.
func TestUnservedOfFew(t *testing.T) {
	left := func(fractions ...float64) *float64 {
		m := newModel(func(string) (PlaceNames, bool) { return PlaceNames{}, false })
		u := live.Update{}
		for i, f := range fractions {
			id := fmt.Sprint("R", i)
			u.Requests = append(u.Requests, planner.RequestStatus{Request: wish(id, fmt.Sprint("E", i), "US").Request})
			a := toUS(id)[0]
			a.Fraction = 1 - f
			u.Matches = append(u.Matches, planner.Match{Request: id, Parts: []planner.Assignment{a}, Unmatched: f})
		}
		m.take(u)
		m.takeDirty()
		return m.demand()[0].Weeks[0].UnservedM3
	}
	assert.Nil(t, left(0.5, 0, 0, 0))
	assert.Nil(t, left(0.5, 0.5, 0, 0))
	assert.InDelta(t, 3*0.5*33, *left(0.5, 0.5, 0.5, 0), 1e-3)
	assert.Zero(t, *left(0, 0, 0, 0))
}
