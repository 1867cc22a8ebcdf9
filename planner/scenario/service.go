package scenario

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/paulmach/orb"

	"haihe/geo"
	"haihe/planner"
)

const (
	portStayHours   = 24.0 // between two legs of a voyage by sea, rail or road
	airStayHours    = 3.0
	firstAfterHours = 72.0
)

// serviceFacts returns the places and departures of a service, up to the end of the horizon.
func (b *Base) serviceFacts(s *planner.State, n int, v *Service) []planner.Fact {
	var facts []planner.Fact
	places := make([]planner.Place, len(v.Calls))
	for i, id := range v.Calls {
		places[i], _ = placeOf(s, id)
		if _, declared := s.Place(id); !declared {
			places[i].TransferHours = portStayHours
			facts = append(facts, &planner.PlaceDeclared{Place: places[i]})
		}
	}
	alike := similarLegs(s, v.Mode)
	likes, kms := make([]leg, len(places)-1), make([]float64, len(places)-1)
	for i := range likes {
		from, to := &places[i], &places[i+1]
		kms[i], likes[i] = alike.between(orb.Point{from.Lon, from.Lat}, orb.Point{to.Lon, to.Lat})
	}
	stay := portStayHours
	if v.Mode == planner.ModeAir {
		stay = airStayHours
	}
	every := hours(24 * orFloat(v.EveryDays, 7))
	end := b.Now.AddDate(0, 0, b.Days)
	first := orTime(v.First, b.Now.Add(hours(firstAfterHours)).Truncate(time.Hour)).UTC()
	for round := 0; ; round++ {
		leaves := first.Add(time.Duration(round) * every)
		if leaves.After(end) {
			return facts
		}
		for leg := range len(places) - 1 {
			from, to, km, like := &places[leg], &places[leg+1], kms[leg], likes[leg]
			d := planner.Departure{ID: fmt.Sprintf("whatif-%d-%d-%d", n+1, round+1, leg+1), Mode: v.Mode, Carrier: v.Carrier,
				Voyage: fmt.Sprintf("whatif-%d-%d", n+1, round+1), From: from.ID, To: to.ID,
				Cutoff: leaves.Add(-like.lead), Depart: leaves, Arrive: leaves.Add(hours(km * like.sails)),
				CapacityM3: orFloat(v.CapacityM3, like.capacityM3), Rate: like.rate, CO2eKgPerT: like.co2eKgPerT * km, Classes: alike.classes}
			d.CapacityKg = orFloat(v.CapacityKg, d.CapacityM3*like.kgPerM3)
			if v.RateUSD > 0 {
				d.Rate.Amount = v.RateUSD
			}
			facts = append(facts, &planner.DepartureScheduled{Departure: d})
			leaves = d.Arrive.Add(hours(stay))
		}
	}
}

// leg is what a departure says of others over about its distance.
type leg struct {
	id                  string
	from, to            orb.Point
	crowKm, sails       float64       // great circle, hours
	lead                time.Duration // from cutoff to departure
	capacityM3, kgPerM3 float64
	rate                planner.Rate
	co2eKgPerT          float64
}

// legs are the departures of a mode, by id, and every class of cargo that any of them takes.
type legs struct {
	mode    string
	list    []leg
	classes []string
}

// similarLegs lists the departures of a mode that say how fast, large and dear another is.
func similarLegs(s *planner.State, mode string) *legs {
	l := &legs{mode: mode}
	all := map[string]bool{} // of every mode, for a mode that has none yet
	for _, id := range s.All().Departures {
		d, ok := s.Departure(id)
		for _, c := range d.Classes {
			all[c] = true
		}
		if !ok || d.Mode != mode || !(d.CapacityM3 > 0) || d.Diversion != nil {
			continue
		}
		from, a := s.Place(d.From)
		to, b := s.Place(d.To)
		x := leg{id, orb.Point{from.Lon, from.Lat}, orb.Point{to.Lon, to.Lat}, 0, d.Arrive.Sub(d.Depart).Hours(), d.Depart.Sub(d.Cutoff),
			d.CapacityM3, d.CapacityKg / d.CapacityM3, d.Rate, d.CO2eKgPerT}
		x.crowKm = geo.DistanceKm(x.from, x.to)
		if !a || !b || !(x.sails > 0) || x.crowKm < 1 {
			continue
		}
		l.list = append(l.list, x)
		for _, c := range d.Classes {
			if !slices.Contains(l.classes, c) {
				l.classes = append(l.classes, c)
			}
		}
	}
	if len(l.classes) == 0 {
		l.classes = slices.Collect(maps.Keys(all))
	}
	slices.Sort(l.classes)
	return l
}

// unlike stands for a network without a departure of the mode.
var unlike = leg{crowKm: 1000, sails: 1000 / 30.0, lead: 24 * time.Hour, capacityM3: 200, kgPerM3: 300,
	rate: planner.Rate{Per: planner.PerM3, Amount: 60, KgPerM3: 1000}}

// between returns what a departure between two points is like: its way in km, and the leg over the most similar
// distance with speed and CO2e for a km of its way.
func (l *legs) between(from, to orb.Point) (km float64, like leg) {
	crow := geo.DistanceKm(from, to)
	like = unlike
	for i, x := range l.list {
		if i == 0 || math.Abs(x.crowKm-crow) < math.Abs(like.crowKm-crow) {
			like = x
		}
	}
	likeKm := like.crowKm
	if like.id != "" {
		likeKm = wayKm(l.mode, like.from, like.to)
	}
	like.sails /= likeKm
	like.co2eKgPerT /= likeKm
	return wayKm(l.mode, from, to), like
}

var router = geo.NewRouter()

// wayKm is how far ships sail, and everybody else as the crow flies.
func wayKm(mode string, from, to orb.Point) float64 {
	if mode == planner.ModeSea {
		if r, err := router(from, to, geo.Sea); err == nil && r.DistanceKm > 0 {
			return r.DistanceKm
		}
	}
	return max(geo.DistanceKm(from, to), 1)
}

func hours(h float64) time.Duration { return time.Duration(h * float64(time.Hour)) }

func orFloat(x, otherwise float64) float64 {
	if x > 0 {
		return x
	}
	return otherwise
}
