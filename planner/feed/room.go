package feed

import (
	"math"
	"time"

	"haihe/planner"
)

// changeRoom has a carrier publish the room of a departure of the next weeks anew: sold elsewhere, or given back.
func (f *Feed) changeRoom() {
	l, ok := f.legAhead(35, planner.AspectCapacity)
	if !ok || l.master.CapacityM3 <= 0 {
		return
	}
	base := l.master.CapacityM3
	share := f.wander(l.CapacityM3/base, 0.25, 0.13, 0.4, 1.5)
	if f.chance(0.12) { // new room
		share = min(share+f.between(0.15, 0.4), 1.5)
	}
	m3, kg := base*share, l.master.CapacityKg*share
	if !f.chance(0.05) { // carriers keep to what is booked, nearly always
		m3, kg = max(m3, l.BookedM3), max(kg, l.BookedKg)
	}
	f.say(firm(l.Carrier), &planner.DepartureCapacityChanged{Departure: l.ID, Mode: l.Mode,
		CapacityM3: roundTo(m3, 0.1), CapacityKg: math.Ceil(kg)})
}

// changeRate has a carrier change a tariff within a fifth of what it first was.
func (f *Feed) changeRate() {
	l, ok := f.legAhead(60, planner.AspectRate)
	if !ok || l.master.Rate.Amount <= 0 {
		return
	}
	rate := l.master.Rate
	rate.Amount = roundTo(rate.Amount*f.wander(l.Rate.Amount/rate.Amount, 0.2, 0.06, 0.8, 1.25), 0.001)
	f.say(firm(l.Carrier), &planner.DepartureRateChanged{Departure: l.ID, Mode: l.Mode, Rate: rate})
}

// legAhead picks a departure that leaves within some days and whose aspect the feed may set.
func (f *Feed) legAhead(days int, aspect string) (*leg, bool) {
	until := f.now.AddDate(0, 0, days)
	for range 30 {
		l, ok := choose(f, f.index.legs)
		if !ok {
			return nil, false
		}
		if l.Depart.Before(f.now) || l.Depart.After(until) || l.Cancelled ||
			!f.maySet(planner.Key{Kind: planner.KindDeparture, ID: l.ID, Aspect: aspect}) || !f.reread(l) {
			continue
		}
		return l, true
	}
	return nil, false
}

// reportOccupancy has a warehouse tell its free room anew: one number if it told one before, else day by day from
// today on, with the swell of goods that come and go.
func (f *Feed) reportOccupancy() {
	for range 10 {
		id, ok := choose(f, f.index.warehouses)
		if !ok {
			return
		}
		w, ok := f.state.Warehouse(id)
		held, known := f.state.Held(planner.Key{Kind: planner.KindWarehouse, ID: id, Aspect: planner.AspectMaster})
		if !ok || !known || w.Closed || !f.maySet(planner.Key{Kind: planner.KindWarehouse, ID: id, Aspect: planner.AspectCapacity}) {
			continue
		}
		first := held.Fact.(*planner.WarehouseRegistered).CapacityM3
		base := mean(first)
		if base <= 0 {
			continue
		}
		share := f.wander(mean(w.CapacityM3)/base, 0.2, 0.1, 0.45, 1.5)
		if f.chance(0.1) { // a customer left
			share = min(share+f.between(0.15, 0.35), 1.5)
		}
		report := &planner.OccupancyReported{Warehouse: id}
		if len(first) == 1 {
			report.FreeM3 = planner.PerDay{roundTo(base*share, 0.1)}
		} else {
			report.From = f.now.Format(time.DateOnly)
			report.FreeM3 = make(planner.PerDay, min(len(first), mostDays))
			swell, phase := f.between(0.04, 0.15), f.between(0, 2*math.Pi)
			for d := range report.FreeM3 {
				t := float64(d)
				// far days are a guess, and lie nearer to what is usual
				x := 1 + (share-1)*math.Exp(-t/30) + swell*math.Sin(2*math.Pi*t/21+phase)
				report.FreeM3[d] = roundTo(base*max(x, 0.2), 0.1)
			}
		}
		f.say(firm(w.Operator), report)
		return
	}
}

const mostDays = 90 // of a report day by day

func mean(p planner.PerDay) float64 {
	sum := 0.0
	for _, x := range p {
		sum += x
	}
	return sum / float64(max(len(p), 1))
}
