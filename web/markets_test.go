package web

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"

	"haihe/planner"
)

// Whoever notes each row that a market shows learns by subtraction no sum of fewer than three exporters.
func TestMarketsTellNothingByDifference(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := newMarkets()
		requests, matches := map[string]*planner.RequestStatus{}, map[string]*planner.Match{}
		var last *marketRow
		visible := false
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			id := fmt.Sprint("R", rapid.IntRange(0, 8).Draw(t, "request"))
			now := &planner.RequestStatus{Request: wish(id, fmt.Sprint("E", rapid.IntRange(0, 5).Draw(t, "exporter")), "M").Request,
				Withdrawn: rapid.Bool().Draw(t, "withdrawn")}
			now.VolumeM3 = float64(rapid.IntRange(1, 9).Draw(t, "m3"))
			m.touch(requests[id], now)
			requests[id] = now
			m.settle(requests, matches)
			row := m.shown["M"]
			if row == nil || m.withheld["M"] {
				visible = false
				continue
			}
			assert.GreaterOrEqual(t, len(row.exporters), least)
			if visible && row != last {
				assert.GreaterOrEqual(t, differing(last, row), least)
			}
			last, visible = row, true
		}
	})
}

// TestPlanOfFew: sums that fewer than three exporters make up are withheld from all.
func TestPlanOfFew(t *testing.T) {
	s := newService(t)
	s.say(wish("R1", "bikes", "US"), wish("R2", "carpets", "US"))
	s.plan(1)
	s.settle()
	for _, v := range []viewer{{Commission, ""}, {Exporter, "bikes"}, {Firm, "bohai"}} {
		assert.Contains(t, s.call(v.role, org(v), "GET", "/api/snapshot", nil).raw, `"objective":null`, "%v", v)
	}
	s.say(wish("R3", "sofas", "US"))
	s.plan(2)
	s.settle()
	assert.Contains(t, s.call(Commission, "tc", "GET", "/api/snapshot", nil).raw, `"objective":5000`)
}
