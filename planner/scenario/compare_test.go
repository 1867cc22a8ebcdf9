package scenario

import (
	"fmt"
	"maps"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"haihe/planner"
	"haihe/planner/optimize"
)

func solved(t *testing.T, p *planner.Problem) *planner.Plan {
	t.Helper()
	plan, err := optimize.Solve(t.Context(), p, optimize.Options{Gap: 1e-6, Search: 500})
	require.NoError(t, err)
	return plan
}

// split lets a third of the requests go in parts, and drops the others: the best plan is found, and soon.
func split(p *planner.Problem) *planner.Problem {
	kept := p.Requests[:0]
	for i, r := range p.Requests {
		if r.Whole = false; i%3 == 0 {
			kept = append(kept, r)
		}
	}
	p.Requests = kept
	return p
}

// TestDirections: more room never costs more, less never less.
func TestDirections(t *testing.T) {
	b := sampleBase()
	before := split(problem(t, b))
	plan := solved(t, before)
	slack := 2e-6 * math.Abs(plan.Objective)
	for _, c := range []struct {
		name   string
		sign   float64
		change Change
	}{
		{"a service more", -1, santos},
		{"a warehouse twice as large", -1, Change{Kind: ChangeWarehouse, Warehouse: before.Warehouses[0].ID, Factor: factor(2)}},
		{"a warehouse shut", 1, Change{Kind: ChangeWarehouse, Warehouse: before.Warehouses[0].ID, Factor: factor(0)}},
		{"Suez shut", 1, suez},
		{"a strike", 1, Change{Kind: StrikePort, Place: "CNTXG", Days: 14}},
	} {
		after := split(problem(t, b, c.change))
		d := Compare(before, plan, after, solved(t, after))
		if c.name == "a strike" { // who is held up may come to be in time for a better ship
			require.NotZero(t, d.Totals.Objective.Change(), c.name)
			continue
		}
		require.GreaterOrEqual(t, c.sign*d.Totals.Objective.Change(), -slack, c.name)
	}
}

// TestSums: what the tables add up to is what the totals say, and the plans do.
func TestSums(t *testing.T) {
	b := sampleBase()
	before, after := problem(t, b), problem(t, b, suez, santos)
	x, y := solved(t, before), solved(t, after)
	d := Compare(before, x, after, y)
	require.InDelta(t, x.Objective, d.Totals.Cost.Before+d.Totals.Unmatched.Before, 1e-6*x.Objective)
	require.InDelta(t, y.Objective, d.Totals.Cost.After+d.Totals.Unmatched.After, 1e-6*y.Objective)
	hidden, asked, shown := 0, 0.0, 0.0
	for _, r := range d.Markets {
		if r.MatchedM3 == nil {
			require.Nil(t, r.Owners)
			require.Nil(t, r.Cost)
			hidden++
			continue
		}
		require.GreaterOrEqual(t, *r.Owners, Least, r.ID)
		asked += r.AskedM3.After
		shown += r.MatchedM3.After
	}
	require.NotEqual(t, 1, hidden, "the sum over all would tell it")
	require.LessOrEqual(t, shown, d.Totals.MatchedM3.After+1e-6)
	require.LessOrEqual(t, asked, d.Totals.AskedM3.After+1e-6)
	lane := false
	for _, l := range d.Lanes {
		if l.Owners != nil && *l.Owners > 0 {
			require.GreaterOrEqual(t, *l.Owners, Least)
		}
		lane = lane || l.From == "CNTXG" && l.To == "BRSSZ" && l.Departures.Before == 0 && l.Departures.After > 10
	}
	require.True(t, lane, "the new lane is among those that differ")
	all := d.Exporters[0]
	require.Empty(t, all.Market)
	require.Positive(t, *all.Lose)
	require.Positive(t, *all.Lost)
	require.Positive(t, d.Totals.CO2eT.Before)
	require.Positive(t, d.Totals.Days.Before)
}

func TestWithheldCannotBeReckoned(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows := map[string]owners{}
		for i := range rapid.IntRange(0, 8).Draw(t, "rows") {
			own := owners{}
			for range rapid.IntRange(0, 5).Draw(t, "owners") {
				own[fmt.Sprint(rapid.IntRange(0, 9).Draw(t, "owner"))] = true
			}
			rows[fmt.Sprint(i)] = own
		}
		hidden, together, shown := withhold(rows), owners{}, 0
		for id, own := range rows {
			if hidden[id] {
				maps.Copy(together, own)
				continue
			}
			require.True(t, len(own) == 0 || len(own) >= Least, "%s", id)
			if len(own) > 0 {
				shown++
			}
		}
		// The total less what is shown is of three owners at least, or nothing is shown.
		require.True(t, len(together) == 0 || shown == 0 || len(together) >= Least && len(hidden) > 1)
	})
}
