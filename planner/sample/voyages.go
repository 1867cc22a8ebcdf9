package sample

import (
	"fmt"
	"time"

	"haihe/geo"
	"haihe/planner"
)

const (
	seaKgPerM3   = 1000.0 // a revenue ton is the larger of 1 m3 and 1 t
	airKgPerM3   = 166.67 // IATA: 6,000 cm3 a kg
	knotKmPerH   = 1.852
	airKmPerHour = 830.0 // block speed of a jet freighter at cruise
	airTaxiHours = 0.8   // taxi, climb and descent of a leg
	airStayHours = 2.5   // on the ground between legs
	seaCutoffH   = 36.0  // consolidation, customs and gate-in before a sailing
	airCutoffH   = 5.0
)

// loop is a service or a flight: what all its voyages have in common.
type loop struct {
	code, carrier string
	mode          string
	calls         []geo.Place
	stayHours     []float64 // at each call
	speedKmPerH   float64
	roomM3        float64
	kgPerM3       float64 // of what it carries: the room in kg is that much times the room in m3
	rate          planner.Rate
	legUSD        float64 // of every leg, whatever its length
	usdPer1000Km  float64
	co2eClass     string // of planner.CO2eClasses; empty: by the distance
	classes       []string

	km []float64 // of each leg
}

// measure fills in the distances.
func (l *loop) measure(g *generator) {
	for i := range l.calls[1:] {
		r, err := g.router(l.calls[i].Point, l.calls[i+1].Point, l.mode)
		if err != nil {
			panic(fmt.Sprintf("sample: %s from %s to %s: %v", l.code, l.calls[i].Code, l.calls[i+1].Code, err))
		}
		l.km = append(l.km, r.DistanceKm)
	}
}

// runHours is the time under way on a leg.
func (l *loop) runHours(leg int) float64 {
	h := l.km[leg] / l.speedKmPerH
	if l.mode == planner.ModeAir {
		h += airTaxiHours
	}
	return h
}

// co2eKgPerT is what a tonne emits on a leg.
func (l *loop) co2eKgPerT(leg int) float64 {
	kg, err := planner.CO2eKgPerT(l.mode, l.co2eClass, l.km[leg])
	if err != nil {
		panic("sample: " + l.code + ": " + err.Error())
	}
	return kg
}

// daysTo is the time from the first departure to the arrival at a call.
func (l *loop) daysTo(call int) float64 {
	h := 0.0
	for i := range call {
		h += l.runHours(i)
		if i > 0 {
			h += l.stayHours[i]
		}
	}
	return h / 24
}

// voyage returns the legs of a round that begins at a time. Legs that were over before the day began are left out, as
// nobody needs them; the others keep their numbers.
func (g *generator) voyage(l *loop, name, vessel string, depart time.Time, rnd *random) []*planner.DepartureScheduled {
	cutoff := seaCutoffH
	if l.mode == planner.ModeAir {
		cutoff = airCutoffH
	}
	full := rnd.between(0.7, 1.1) // how much of the room of this round is still to be had
	var legs []*planner.DepartureScheduled
	for i := range l.km {
		arrive := depart.Add(hours(l.runHours(i)))
		m3 := round(l.roomM3*full*rnd.between(0.92, 1.08), 1)
		rate := l.rate
		step := 0.01
		if rate.Per == planner.PerKg {
			step = 0.001
		}
		rate.Amount = round(l.legUSD+l.usdPer1000Km*l.km[i]/1000, step)
		d := &planner.DepartureScheduled{Vessel: vessel, Departure: planner.Departure{
			ID: fmt.Sprintf("%s/%d", name, i+1), Mode: l.mode, Carrier: l.carrier, Voyage: name,
			From: l.calls[i].Code, To: l.calls[i+1].Code,
			Cutoff: depart.Add(-hours(cutoff)), Depart: depart, Arrive: arrive,
			CapacityM3: m3, CapacityKg: round(m3*l.kgPerM3, 10), Rate: rate,
			CO2eKgPerT: round(l.co2eKgPerT(i), 0.001), Classes: l.classes,
		}}
		if arrive.After(g.day) {
			legs = append(legs, d)
		}
		depart = arrive.Add(hours(l.stayHours[i+1]))
	}
	return legs
}

// monday is the midnight that the week of the day began at.
func (g *generator) monday() time.Time {
	return g.day.AddDate(0, 0, -int(g.day.Weekday()+6)%7)
}
