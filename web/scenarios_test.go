package web

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb/geojson"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"

	"haihe/planner"
	"haihe/planner/optimize"
	"haihe/planner/scenario"
)

// desk solves what-ifs on the state of the service.
func (s *service) desk() *scenario.Desk {
	return scenario.NewDesk(scenario.Config{
		Base: func(context.Context) (*scenario.Base, *planner.Problem, *planner.Plan, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			return &scenario.Base{Events: s.state.Events(), Now: start, Days: 60}, nil, nil, nil
		},
		Options: optimize.Options{Gap: 1e-6, Search: 100, Workers: 1},
	})
}

// asked sends a what-if and waits for its answer.
func (s *service) asked(body any) scenarioView {
	s.t.Helper()
	var v scenarioView
	key := scenario.NewID()
	s.into(s.call(Commission, "tc", "POST", "/api/scenarios", body, "Idempotency-Key", key), 201, &v)
	first := v.ID
	s.web.answers.mu.Lock()
	clear(s.web.answers.known) // as after a restart
	s.web.answers.mu.Unlock()
	s.into(s.call(Commission, "tc", "POST", "/api/scenarios", body, "Idempotency-Key", key), 201, &v)
	require.Equal(s.t, first, v.ID, "the same question, sent again since its answer was lost")
	id := v.ID
	for v.Status == scenario.Waiting || v.Status == scenario.Running {
		time.Sleep(5 * time.Millisecond)
		v = scenarioView{}
		s.into(s.call(Commission, "tc", "GET", "/api/scenarios/"+id, nil), 200, &v)
	}
	return v
}

func TestWhatIf(t *testing.T) {
	s := newService(t)
	s.network()
	s.settle()
	before, _ := s.state.Digest()
	name := "=1+1 <b>停工</b>"
	v := s.asked(obj{"name": name, "changes": []obj{{"kind": "port_strike", "place": "USLAX", "days": 5}, {"kind": "demand_changed", "factor": 1.5}}})
	require.Equal(t, scenario.Done, v.Status, v.Problem)
	require.NotNil(t, v.Difference)
	assert.Equal(t, name, v.Name)
	assert.Equal(t, "tc", v.By)
	assert.InDelta(t, 1.5*v.Totals.AskedM3.Before, v.Totals.AskedM3.After, 1e-6)
	after, _ := s.state.Digest()
	assert.Equal(t, before, after, "nothing of it is live")
	assert.Empty(t, s.sent)

	// Solved elsewhere, the exported problem gives that plan.
	var p planner.Problem
	var plan planner.Plan
	s.into(s.call(Operator, "op", "GET", "/api/scenarios/"+v.ID+"/problem", nil), 200, &p)
	s.into(s.call(Operator, "op", "GET", "/api/scenarios/"+v.ID+"/plan", nil), 200, &plan)
	again, err := optimize.Solve(t.Context(), &p, optimize.Options{Gap: 1e-6, Search: 100})
	require.NoError(t, err)
	assert.InDelta(t, plan.Objective, again.Objective, 1e-6)
	assert.InDelta(t, v.Totals.Objective.After, again.Objective, 1e-6)

	path := "/api/scenarios/" + v.ID
	table := s.call(Commission, "tc", "GET", path+"/difference.csv?lang=en", nil)
	require.Equal(t, 200, table.status, table.raw)
	assert.Contains(t, table.header.Get("Content-Disposition"), v.ID+".csv")
	r := csv.NewReader(strings.NewReader(strings.TrimPrefix(table.raw, "\ufeff")))
	r.FieldsPerRecord = -1
	rows, err := r.ReadAll()
	require.NoError(t, err)
	assert.Contains(t, rows, []string{"what-if", "'" + name}, "no spreadsheet takes it for a formula")

	book, err := excelize.OpenReader(strings.NewReader(s.call(Commission, "tc", "GET", path+"/difference.xlsx", nil).raw))
	require.NoError(t, err)
	defer book.Close()
	assert.Equal(t, []string{"说明", "总计", "市场", "航线", "瓶颈", "承运人", "海外仓企业", "货主"}, book.GetSheetList())
	cell, err := book.GetCellValue("说明", "B2")
	require.NoError(t, err)
	assert.Equal(t, name, cell)
	formula, err := book.GetCellFormula("说明", "B2")
	require.NoError(t, err)
	assert.Empty(t, formula)

	lanes, err := geojson.UnmarshalFeatureCollection([]byte(s.call(Commission, "tc", "GET", path+"/difference.geojson", nil).raw))
	require.NoError(t, err)
	assert.Len(t, lanes.Features, len(v.Difference.Lanes))

	s.into(s.call(Commission, "tc", "PATCH", path, obj{"name": "renamed"}), 204, nil)
	s.into(s.call(Commission, "tc", "POST", path+"/run", nil), 200, &v)
	assert.Equal(t, "renamed", v.Name)
	s.into(s.call(Commission, "tc", "POST", path+"/cancel", nil), 204, nil)
	s.into(s.call(Commission, "tc", "DELETE", path, nil), 204, nil)
	for _, rest := range []string{"", "/difference.csv"} {
		s.refused(s.call(Commission, "tc", "GET", path+rest, nil), 404, "")
	}
	s.refused(s.call(Commission, "tc", "DELETE", path, nil), 404, "")
}

// TestWhatIfTellsOfNobody: an answer names no exporter, whatever there is.
func TestWhatIfTellsOfNobody(t *testing.T) {
	s := newService(t)
	s.network()
	s.settle()
	v := s.asked(obj{"name": "x", "changes": []obj{{"kind": "demand_changed", "factor": 0.5}}})
	raw, err := json.Marshal(v)
	require.NoError(t, err)
	p, _ := s.state.Problem(start, 60)
	require.NotEmpty(t, p.Requests)
	for _, r := range p.Requests {
		assert.NotContains(t, string(raw), `"`+r.ID+`"`)
		assert.False(t, bytes.Contains(raw, []byte(`"`+r.Exporter+`"`)), r.Exporter)
	}
}

func TestWhatIfRefuses(t *testing.T) {
	s := newService(t)
	s.network()
	s.settle()
	for field, change := range map[string]obj{
		"body.changes[0].passage": {"kind": "passage_shut", "passage": "x"},
		"body.changes[0].kind":    {"kind": "weather"},
		"body.changes[0].days":    {"kind": "port_strike", "place": "USLAX", "days": 1000},
	} {
		s.refused(s.call(Commission, "tc", "POST", "/api/scenarios", obj{"name": "x", "changes": []obj{change}}), 422, field)
	}
	s.refused(s.call(Commission, "tc", "POST", "/api/scenarios", obj{"name": "x", "changes": []obj{}}), 422, "body.changes")
	s.refused(s.call(Commission, "tc", "POST", "/api/scenarios", obj{"name": "", "changes": []obj{{"kind": "demand_changed", "factor": 2}}}), 422, "body.name")
	s.refused(s.call(Exporter, "e", "POST", "/api/scenarios", obj{}), 403, "")
}

func TestTargets(t *testing.T) {
	s := newService(t, func(c *Config) {
		c.Targets.Take(planner.Event{ID: "e1", Source: "/firms/bohai", Sequence: 1, Time: start.AddDate(0, -1, 0),
			Fact: &planner.WarehouseRegistered{Warehouse: planner.Warehouse{ID: "WH", Operator: "bohai", CapacityM3: planner.PerDay{10}}, AreaM2: 1200, Public: true}})
	})
	var v targetsView
	s.into(s.call(Commission, "tc", "GET", "/api/targets", nil), 200, &v)
	require.Len(t, v.Targets, 4)
	assert.Equal(t, "2027-12-31", v.Due)
	assert.InDelta(t, 1200, v.Targets[1].Value, 0)
	assert.True(t, v.Targets[1].Late)
	assert.Greater(t, len(v.Targets[1].Trend), 20)
	var sources []obj
	s.into(s.call(Commission, "tc", "GET", "/api/targets/area_m2", nil), 200, &sources)
	require.Len(t, sources, 1)
	assert.Equal(t, "e1", sources[0]["event"])
	s.refused(s.call(Commission, "tc", "GET", "/api/targets/weather", nil), 422, "path.id")
}
