package planner_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"haihe/planner"
)

// TestMonthsKeepTheirDay: the 31st stays the 31st where there is one, and else is the last of the month.
func TestMonthsKeepTheirDay(t *testing.T) {
	at := time.Date(2027, 1, 1, 8, 0, 0, 0, time.UTC)
	s := planner.NewState()
	f := &planner.RequestSubmitted{Repeat: &planner.Repeat{Every: planner.EveryMonth}, Request: planner.Request{ID: "S", Exporter: "a", Origin: "CNTXG", Market: "US",
		Class: "general", VolumeM3: 1, WeightKg: 1, Ready: time.Date(2027, 1, 31, 8, 0, 0, 0, time.UTC), Due: time.Date(2027, 3, 31, 8, 0, 0, 0, time.UTC), Drawdown: "none"}}
	var days []string
	id := "S"
	for range 4 {
		require.NoError(t, f.Validate())
		s.Apply(planner.Event{ID: f.ID, Source: "/exporters/a", Sequence: 1, Time: at, Fact: f})
		next, when, ok := s.NextOccurrence(id, at)
		require.True(t, ok)
		f, id = next.Submitted, next.Submitted.ID
		require.Equal(t, f.Ready.Add(-planner.RepeatAhead), when)
		require.Equal(t, "/exporters/a", next.Source)
		days = append(days, f.Ready.Format(time.DateOnly))
	}
	assert.Equal(t, []string{"2027-02-28", "2027-03-31", "2027-04-30", "2027-05-31"}, days)
	_, _, ok := s.NextOccurrence("S", at)
	assert.False(t, ok, "the next of the first is there")
	for _, r := range []planner.Repeat{{Every: "day"}, {Every: "week", N: 1}, {Every: "week", Series: "S"}, {Every: "week", Series: "S", N: -1}} {
		bad := *f
		bad.Repeat = &r
		assert.Error(t, bad.Validate(), "%+v", r)
	}
}
