package live

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"haihe/planner"
)

// Recorded is a plan as it goes to the log. Matches holds all of it, sorted by request; Changed and Gone are
// what differs from the plan before. Complete asks to write all matches, not only the changed.
type Recorded struct {
	Summary  planner.PlanSummary
	Matches  []planner.Match
	Changed  []planner.Match
	Gone     []string // requests that the plan before had and this one has not
	Complete bool
}

// record sets a plan beside the one before, which may be nil.
func record(p *planner.Problem, plan *planner.Plan, before *Recorded) (*Recorded, loads) {
	r := &Recorded{Summary: planner.PlanSummary{
		Status: plan.Status, Objective: plan.Objective, Bound: plan.Bound, Gap: plan.Gap, Seconds: plan.Seconds,
		Currency: p.Currency, Start: p.Start, Days: p.Days, Requests: len(p.Requests),
		Departures: plan.Prices.Departures, Warehouses: plan.Prices.Warehouses,
	}}
	byRequest := make(map[string]*planner.Match, len(p.Requests))
	r.Matches = make([]planner.Match, len(p.Requests))
	for i := range p.Requests {
		r.Matches[i] = planner.Match{Request: p.Requests[i].ID, Parts: []planner.Assignment{}}
		byRequest[p.Requests[i].ID] = &r.Matches[i]
	}
	for _, a := range plan.Assignments {
		m := byRequest[a.Request]
		m.Parts = append(m.Parts, a)
	}
	for i := range plan.Unmatched {
		u := &plan.Unmatched[i]
		m := byRequest[u.Request]
		m.Unmatched, m.Reason = u.Fraction, &u.Reason
	}
	for i := range p.Requests {
		r.Summary.AskedM3 += p.Requests[i].VolumeM3
		r.Summary.MatchedM3 += p.Requests[i].VolumeM3 * (1 - r.Matches[i].Unmatched)
		if r.Matches[i].Unmatched <= 1e-6 {
			r.Summary.Matched++
		}
	}
	slices.SortFunc(r.Matches, func(a, b planner.Match) int { return strings.Compare(a.Request, b.Request) })
	r.Changed, r.Gone = differ(before, r)
	return r, loadsOf(p, plan)
}

// steepFor is how long a departure that is a bottleneck no more is remembered as one.
const steepFor = 6 * time.Hour

// steep carries the bottlenecks of the plan before on to a plan that was solved at a time.
func steep(p *planner.Problem, prices []planner.DeparturePrice, before []planner.Steep, at time.Time) []planner.Steep {
	known := make(map[string]planner.Steep, len(before))
	for _, s := range before {
		if at.Sub(s.Last) < steepFor {
			known[s.ID] = s
		}
	}
	price := make(map[string]planner.DeparturePrice, len(prices))
	for _, x := range prices {
		price[x.ID] = x
	}
	for i := range p.Departures {
		d := &p.Departures[i]
		x, priced := price[d.ID]
		if !priced || max(x.M3, x.Kg*kgPerM3(d)) < planner.SteepPerM3 {
			continue
		}
		s, was := known[d.ID]
		if !was {
			s = planner.Steep{ID: d.ID, Since: at}
		}
		s.Last = at
		known[d.ID] = s
	}
	return slices.SortedFunc(maps.Values(known), func(a, b planner.Steep) int { return strings.Compare(a.ID, b.ID) })
}

// kgPerM3 is what a m3 weighs by the tariff of a departure, or as is usual.
func kgPerM3(d *planner.Departure) float64 {
	switch {
	case d.Rate.KgPerM3 > 0:
		return d.Rate.KgPerM3
	case d.Mode == planner.ModeAir:
		return 167
	}
	return 1000
}

func differ(before, after *Recorded) (changed []planner.Match, gone []string) {
	if before == nil {
		return after.Matches, nil
	}
	old := make(map[string]*planner.Match, len(before.Matches))
	for i := range before.Matches {
		old[before.Matches[i].Request] = &before.Matches[i]
	}
	for i := range after.Matches {
		m := &after.Matches[i]
		if b := old[m.Request]; b == nil || !same(b, m) {
			changed = append(changed, *m)
		}
		delete(old, m.Request)
	}
	for i := range before.Matches {
		if id := before.Matches[i].Request; old[id] != nil {
			gone = append(gone, id)
		}
	}
	return changed, gone
}

// same compares two matches as they read in the log, where an empty list may have become none.
func same(a, b *planner.Match) bool {
	if len(a.Parts) != len(b.Parts) || a.Unmatched != b.Unmatched || !reflect.DeepEqual(a.Reason, b.Reason) {
		return false
	}
	for i := range a.Parts {
		x, y := &a.Parts[i], &b.Parts[i]
		if x.Fraction != y.Fraction || x.Gateway != y.Gateway || x.Warehouse != y.Warehouse || x.Cost != y.Cost ||
			!x.Arrive.Equal(y.Arrive) || !slices.Equal(x.Departures, y.Departures) {
			return false
		}
	}
	return true
}

// loads is what a plan asks of each departure and warehouse.
type loads struct{ departures, warehouses map[string]planner.Load }

func loadsOf(p *planner.Problem, plan *planner.Plan) loads {
	requests := make(map[string]*planner.Request, len(p.Requests))
	for i := range p.Requests {
		requests[p.Requests[i].ID] = &p.Requests[i]
	}
	l := loads{map[string]planner.Load{}, map[string]planner.Load{}}
	owners := map[string]map[string]bool{}
	own := func(key, exporter string) int {
		if owners[key] == nil {
			owners[key] = map[string]bool{}
		}
		owners[key][exporter] = true
		return len(owners[key])
	}
	stored := map[string][]float64{}
	for _, a := range plan.Assignments {
		r := requests[a.Request]
		for _, id := range a.Departures {
			x := l.departures[id]
			x.M3 += a.Fraction * r.VolumeM3
			x.Kg += a.Fraction * r.WeightKg
			x.Owners = own("d "+id, r.Exporter)
			l.departures[id] = x
		}
		if stored[a.Warehouse] == nil {
			stored[a.Warehouse] = make([]float64, p.Days)
		}
		day := int(a.Arrive.Sub(p.Start).Hours() / 24)
		for k := 0; k < r.StorageDays && day+k < p.Days; k++ {
			stored[a.Warehouse][day+k] += a.Fraction * r.VolumeM3 * r.Held(k)
		}
		l.warehouses[a.Warehouse] = planner.Load{M3: slices.Max(stored[a.Warehouse]), Owners: own("w "+a.Warehouse, r.Exporter)}
	}
	return l
}

// since returns the loads that differ from those before, zero for what is loaded no more.
func (l loads) since(before loads) (departures, warehouses []LoadOf) {
	return diffLoads(before.departures, l.departures), diffLoads(before.warehouses, l.warehouses)
}

func diffLoads(before, after map[string]planner.Load) []LoadOf {
	var list []LoadOf
	for id, x := range after {
		if before[id] != x {
			list = append(list, LoadOf{id, x})
		}
	}
	for id := range before {
		if _, ok := after[id]; !ok {
			list = append(list, LoadOf{ID: id})
		}
	}
	slices.SortFunc(list, func(a, b LoadOf) int { return strings.Compare(a.ID, b.ID) })
	return list
}
