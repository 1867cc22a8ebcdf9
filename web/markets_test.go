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
		var last marketSum
		var parts map[string]marketPart // that the last row was the sum of
		visible := false
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			id := fmt.Sprint("R", rapid.IntRange(0, 8).Draw(t, "request"))
			now := &planner.RequestStatus{Request: wish(id, fmt.Sprint("E", rapid.IntRange(0, 5).Draw(t, "exporter")), "M").Request,
				Withdrawn: rapid.Bool().Draw(t, "withdrawn")}
			now.VolumeM3 = float64(rapid.IntRange(1, 9).Draw(t, "m3")) / 10
			requests[id] = now
			m.touch(id)
			m.settle(requests, matches)
			row, ok := m.shown["M"]
			if !ok || m.withheld["M"] {
				visible = false
				continue
			}
			anew := partsOf(requests)
			assert.GreaterOrEqual(t, row.exporters, least)
			if visible && row != last {
				assert.False(t, tells(figures(parts), figures(anew)))
			}
			if !visible || row != last {
				parts = anew
				var sum marketPart
				for _, p := range anew {
					sum.add(p)
				}
				assert.Equal(t, marketSum{"M", sum, len(anew)}, row, "a row kept up is the row summed anew")
			}
			last, visible = row, true
		}
		assert.Equal(t, len(partsOf(requests)), len(m.byExporter()))
	})
}

// partsOf sums requests by exporter.
func partsOf(requests map[string]*planner.RequestStatus) map[string]marketPart {
	parts := map[string]marketPart{}
	for _, r := range requests {
		if a, ok := partOf(r, nil); ok {
			its := parts[a.exporter]
			its.add(a.part)
			parts[a.exporter] = its
		}
	}
	return parts
}

// figures are the parts as release.go compares them.
func figures(of map[string]marketPart) byOwner {
	x := byOwner{}
	for e, p := range of {
		x[e] = p.figure()
	}
	return x
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
