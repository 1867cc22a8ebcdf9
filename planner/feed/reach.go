package feed

import (
	"slices"
	"time"

	"haihe/planner"
)

// earliest returns when a request could be at a warehouse's door if all room were its own; false if it cannot. It runs
// once over the departures in the order in which they leave (Dibbelt, Pajor, Strasser and Wagner, "Connection Scan
// Algorithm", 2018), with cutoffs, transfer times and cargo that stays aboard.
func (f *Feed) earliest(r *planner.Request) (time.Time, bool) {
	free := map[string]time.Time{r.Origin: r.Ready} // free to load
	came := map[string]time.Time{}
	aboard := map[*round]*leg{}
	for _, l := range f.index.legs {
		if !l.Runs() || l.Cutoff.Before(f.now) || l.CapacityM3 <= 0 || !slices.Contains(l.Classes, r.Class) ||
			len(r.Modes) > 0 && !slices.Contains(r.Modes, l.Mode) {
			continue
		}
		at, reached := free[l.From]
		on := reached && !l.Cutoff.Before(at)
		if before := aboard[l.round]; before != nil && before.To == l.From && !before.Arrive.After(l.Depart) {
			on = true
		}
		if !on {
			continue
		}
		aboard[l.round] = l
		to, ok := f.state.Place(l.To)
		if !ok {
			continue
		}
		sooner(came, l.To, l.Arrive)
		sooner(free, l.To, l.Arrive.Add(hours(to.TransferHours)))
	}
	var best time.Time
	for _, id := range f.index.warehouses {
		w, ok := f.state.Warehouse(id)
		serves := func(m planner.Market) bool { return m.ID == r.Market }
		if !ok || w.Closed || !slices.Contains(w.Classes, r.Class) || !slices.ContainsFunc(w.Markets, serves) {
			continue
		}
		for _, gate := range w.Gateways {
			if at, ok := came[gate.Place]; ok {
				if at = at.Add(hours(gate.Hours)); best.IsZero() || at.Before(best) {
					best = at
				}
			}
		}
	}
	return best, !best.IsZero()
}

func sooner(m map[string]time.Time, place string, at time.Time) {
	if best, ok := m[place]; !ok || at.Before(best) {
		m[place] = at
	}
}
