package sample

import (
	"math"
	"slices"

	"haihe/planner"
)

// transits knows how long cargo is under way at best, door to door, so that dates can be asked for that can be met.
type transits struct {
	days  map[string]float64 // from the first cutoff in Tianjin to a place, by mode and place
	sites []*planner.WarehouseRegistered
}

// newTransits reads the dated legs: along each voyage from Tianjin, and from its calls on by feeders.
func newTransits(legs []*planner.DepartureScheduled, sites []*planner.WarehouseRegistered) *transits {
	t := &transits{map[string]float64{}, sites}
	voyages := map[string][]*planner.DepartureScheduled{}
	var names []string
	for _, d := range legs {
		if voyages[d.Voyage] == nil {
			names = append(names, d.Voyage)
		}
		voyages[d.Voyage] = append(voyages[d.Voyage], d)
	}
	for _, feeder := range []bool{false, true} {
		for _, name := range names {
			list := voyages[name]
			first, days := list[0], 0.0
			origin := first.From == "CNTXG" || first.From == "TSN"
			if origin == feeder {
				continue
			}
			if feeder {
				reached, ok := t.days[first.From]
				if !ok {
					continue
				}
				days = reached + 5 // to change at the hub: the transfer, and waiting for a weekly sailing
			}
			for _, d := range list {
				here := days + d.Arrive.Sub(first.Cutoff).Hours()/24
				if best, ok := t.days[d.To]; !ok || here < best {
					t.days[d.To] = here
				}
			}
		}
	}
	return t
}

// to returns the days to the door of the nearest warehouse in time that serves a market and takes a class, or false.
func (t *transits) to(marketID, class string, seaports bool) (float64, bool) {
	best := math.Inf(1)
	for _, w := range t.sites {
		serves := slices.ContainsFunc(w.Markets, func(m planner.Market) bool { return m.ID == marketID })
		if !w.Public || !serves || !slices.Contains(w.Classes, class) {
			continue
		}
		for _, gate := range w.Gateways {
			days, ok := t.days[gate.Place]
			if ok && (len(gate.Place) == len("CNTXG")) == seaports {
				best = min(best, days+gate.Hours/24)
			}
		}
	}
	return best, !math.IsInf(best, 1)
}
