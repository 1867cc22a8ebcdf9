package web

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestOccupancy: three requests of 33 m3 come to WH-US on day 30 and leave evenly over 20 days; half of R4 comes to WH-DE on
// day 40.
func TestOccupancy(t *testing.T) {
	s := newService(t)
	s.network()
	s.plan(1)
	s.booked("sofas", "R3", "bk-1") // its room is counted once, by the booking
	s.settle()
	ask := func(role Role, org string) (days map[string][]*float64) {
		var view occupancyView
		s.into(s.call(role, org, "GET", "/api/occupancy", nil), http.StatusOK, &view)
		assert.Equal(t, "2027-03-01", view.Start)
		days = map[string][]*float64{}
		for _, w := range view.Warehouses {
			require.Len(t, w.M3, 60)
			days[w.ID] = w.M3
		}
		return days
	}
	value := func(p *float64) float64 { require.NotNil(t, p); return *p }

	own := ask(Firm, "pacific")
	require.Len(t, own, 1, "a firm sees its own warehouses")
	assert.Zero(t, value(own["WH-US"][29]))
	assert.InDelta(t, 99, value(own["WH-US"][30]), 1e-9)
	assert.InDelta(t, 99*0.5, value(own["WH-US"][40]), 1e-9)
	assert.InDelta(t, 99*0.05, value(own["WH-US"][49]), 1e-9)
	assert.Zero(t, value(own["WH-US"][50]))
	assert.InDelta(t, 16.5, value(ask(Firm, "elbe")["WH-DE"][40]), 1e-9)
	assert.Empty(t, ask(Firm, "bohai"))

	all := ask(Commission, "tc")
	assert.InDelta(t, 99, value(all["WH-US"][30]), 1e-9, "of three owners")
	assert.Zero(t, value(all["WH-DE"][39]), "of none")
	assert.Nil(t, all["WH-DE"][40], "of one owner: withheld")

	assert.Equal(t, http.StatusForbidden, s.call(Exporter, "bikes", "GET", "/api/occupancy", nil).status)
}
