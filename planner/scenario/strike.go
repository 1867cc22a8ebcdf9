package scenario

import (
	"slices"
	"strings"
	"time"

	"haihe/planner"
)

// strike lets nothing come to or leave a place from one time until another. Ships, trains and lorries wait until it ends, and
// the legs of the voyage that are planned to leave after they came in are as late; flights do not run. What then
// leaves behind the horizon is left out.
func strike(p *planner.Problem, place string, from, until time.Time) {
	on := func(t time.Time) bool { return !t.Before(from) && t.Before(until) }
	voyages := map[string][]int{}
	var alone [][]int
	for i := range p.Departures {
		if v := p.Departures[i].Voyage; v != "" {
			voyages[v] = append(voyages[v], i)
		} else {
			alone = append(alone, []int{i})
		}
	}
	for _, legs := range voyages {
		alone = append(alone, legs)
	}
	gone := make([]bool, len(p.Departures))
	for _, legs := range alone {
		slices.SortFunc(legs, func(a, b int) int {
			x, y := &p.Departures[a], &p.Departures[b]
			if c := x.Depart.Compare(y.Depart); c != 0 {
				return c
			}
			return strings.Compare(x.ID, y.ID)
		})
		planned := make([]time.Time, len(legs)) // arrivals
		late := make([]time.Duration, len(legs))
		for k, i := range legs {
			d := &p.Departures[i]
			planned[k] = d.Arrive
			carried := time.Duration(0)
			for j := range k {
				if !planned[j].After(d.Depart) {
					carried = max(carried, late[j])
				}
			}
			leaves := d.Depart.Add(carried)
			if d.From == place && on(leaves) {
				gone[i] = d.Mode == planner.ModeAir
				leaves = until
			}
			arrives := leaves.Add(d.Arrive.Sub(d.Depart))
			if d.To == place && on(arrives) {
				gone[i] = gone[i] || d.Mode == planner.ModeAir
				arrives = until
			}
			if gone[i] {
				continue // the aircraft is back in its rotation when the strike is over
			}
			d.Cutoff = d.Cutoff.Add(leaves.Sub(d.Depart))
			d.Depart, d.Arrive = leaves, arrives
			late[k] = arrives.Sub(planned[k])
		}
	}
	end := p.Start.AddDate(0, 0, p.Days)
	kept := p.Departures[:0]
	for i := range p.Departures {
		if !gone[i] && !p.Departures[i].Depart.After(end) {
			kept = append(kept, p.Departures[i])
		}
	}
	p.Departures = kept
}
