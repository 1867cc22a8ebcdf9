package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"haihe/planner"
)

func TestAsGood(t *testing.T) {
	verdict := func(objective, bound float64) *planner.Verdict {
		return &planner.Verdict{Objective: objective, Bound: bound}
	}
	require.NoError(t, asGood(verdict(100.2, 99.9), verdict(100.1, 99.8), 100.2))
	assert.ErrorContains(t, asGood(verdict(99.7, 99.6), verdict(100.1, 99.8), 99.7), "proves to be the least")
	assert.ErrorContains(t, asGood(verdict(100.2, 100.15), verdict(100.1, 99.8), 100.2), "proves to be the least")
	assert.ErrorContains(t, asGood(verdict(100.2, 99.9), verdict(100.1, 99.8), 101), "the answer names")
}

func TestQuestions(t *testing.T) {
	start := time.Date(2027, 1, 4, 0, 0, 0, 0, time.UTC)
	p := &planner.Problem{Departures: []planner.Departure{{ID: "late", Depart: start.AddDate(0, 0, 9)}, {ID: "first", Depart: start}}, Warehouses: []planner.Warehouse{{ID: "A"}, {ID: "B"}, {ID: "C"}}}
	plan := &planner.Plan{Prices: planner.Prices{Warehouses: []planner.WarehousePrice{{ID: "A", Day: 1, M3: 3}, {ID: "B", Day: 1, M3: 2}, {ID: "B", Day: 2, M3: 2}}}}
	list, err := questions(p, plan)
	require.NoError(t, err)
	require.Len(t, list, 4)
	assert.Equal(t, "B", list[2].changes[0].Warehouse, "its days add up to most")
	assert.Equal(t, start.AddDate(0, 1, 0), *list[3].changes[0].From)
	_, err = questions(&planner.Problem{}, plan)
	assert.Error(t, err, "nothing to ask of")
}
