package live

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"haihe/planner"
)

// TestSteepIsCarriedOn: a bottleneck is one since the first plan that has it, over plans that have it not for a while, and over a restart,
// as all that counts is the plan before.
func TestSteepIsCarriedOn(t *testing.T) {
	at := time.Date(2027, 3, 1, 8, 0, 0, 0, time.UTC)
	p := &planner.Problem{Departures: []planner.Departure{
		{ID: "A", Mode: planner.ModeSea, Rate: planner.Rate{KgPerM3: 1000}},
		{ID: "B", Mode: planner.ModeAir, Rate: planner.Rate{KgPerM3: 167}},
		{ID: "C", Mode: planner.ModeSea},
	}}
	tight := []planner.DeparturePrice{{ID: "A", M3: 25}, {ID: "B", Kg: 0.2}, {ID: "C", M3: planner.SteepPerM3 - 0.01}, {ID: "gone", M3: 99}}
	first := steep(p, tight, nil, at)
	assert.Equal(t, []planner.Steep{{ID: "A", Since: at, Last: at}, {ID: "B", Since: at, Last: at}}, first)

	hour := at.Add(time.Hour)
	eased := steep(p, []planner.DeparturePrice{{ID: "B", Kg: 0.3}}, first, hour)
	assert.Equal(t, []planner.Steep{{ID: "A", Since: at, Last: at}, {ID: "B", Since: at, Last: hour}}, eased)

	again := at.Add(2 * time.Hour)
	assert.Equal(t, []planner.Steep{{ID: "A", Since: at, Last: again}, {ID: "B", Since: at, Last: hour}}, steep(p, tight[:1], eased, again))

	later := at.Add(steepFor)
	assert.Equal(t, []planner.Steep{{ID: "A", Since: later, Last: later}, {ID: "B", Since: at, Last: hour}}, steep(p, tight[:1], eased, later), "after so long it is a new one")
}
