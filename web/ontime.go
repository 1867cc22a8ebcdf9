package web

import (
	"math"
	"time"
)

// How likely a way is to arrive in time is read off the departures that have left: how often they were no later than what
// the way can spare. Where few have left, what is usual for the mode stands in.

// onTime is an estimate for one way.
type onTime struct {
	Share    float64 `json:"share" minimum:"0" maximum:"1" doc:"Probability that it arrives by the due time and misses no connection"`
	Observed int     `json:"observed" doc:"Departures of these carriers, gone by, that it rests on; with few of them it is mostly what is usual for the mode"`
	SpareH   float64 `json:"spare_hours" doc:"Hours that it can lose where it can spare least"`
}

// usualWeight is how many departures what is usual for the mode counts as.
const usualWeight = 12

// usual is the share of departures that are no later than the given hours. At sea: 65.2 % on time, late ones 4.88 days on
// average (Sea-Intelligence, September 2025), with an exponential tail. Elsewhere an assumption: 80 %, late ones 6 h.
func usual(mode string, hours float64) float64 {
	late, mean := 0.2, 6.0
	if mode == "sea" {
		late, mean = 0.348, 4.88*24
	}
	if hours < 0 {
		return 0
	}
	return 1 - late*math.Exp(-hours/mean)
}

type fleet struct{ carrier, mode string }

// punctuality holds, by carrier and mode, the hours late of what has left; +Inf if it was cancelled.
type punctuality map[fleet][]float64

// punctuality looks at the departures whose planned time has passed. The hub must be locked.
func (m *model) punctuality(now time.Time) punctuality {
	p := punctuality{}
	for _, d := range m.departures {
		if d.PlannedDepart.After(now) {
			continue
		}
		late := d.Arrive.Sub(d.PlannedArrive).Hours()
		if !d.Runs() {
			late = math.Inf(1)
		}
		k := fleet{d.Carrier, d.Mode}
		p[k] = append(p[k], late)
	}
	return p
}

// of estimates one way to be there by due; nil if a departure of it is not known. Each voyage of it counts once, by what it
// can spare at its end: the wait for the next cutoff, or the time left before due. What it is late already is spent.
func (p punctuality) of(m *model, q *Quote, due time.Time) *onTime {
	e := &onTime{Share: 1, SpareH: math.Inf(1)}
	for i, id := range q.Departures {
		d := m.departures[id]
		if d == nil {
			return nil
		}
		spare := due.Sub(q.Arrive).Hours()
		if i+1 < len(q.Departures) {
			next := m.departures[q.Departures[i+1]]
			if next == nil {
				return nil
			}
			if d.Voyage != "" && d.Voyage == next.Voyage && d.To == next.From {
				continue
			}
			spare = next.Cutoff.Sub(d.Arrive).Hours() - m.places[d.To].TransferHours
		}
		spare = max(0, spare)
		e.SpareH = min(e.SpareH, spare)
		lates := p[fleet{d.Carrier, d.Mode}]
		met := 0
		for _, late := range lates {
			if late <= spare+1e-6 {
				met++
			}
		}
		e.Share *= (float64(met) + usualWeight*usual(d.Mode, spare)) / float64(len(lates)+usualWeight)
		e.Observed += len(lates)
	}
	if math.IsInf(e.SpareH, 1) {
		return nil
	}
	return e
}
