package sample

import (
	"fmt"
	"math"
	"time"

	"haihe/planner"
)

// pastWeeks is how long the longest round is under way: what left before is over.
const pastWeeks = 11

// services returns the loops of services.csv, with the day and hour they leave on.
func (g *generator) services() (loops []*loop, offsets []time.Duration) {
	for _, r := range table("services.csv") {
		l := &loop{code: r.text("code"), carrier: carrierByID(r.text("carrier")).id, mode: planner.ModeSea,
			speedKmPerH: r.number("knots") * knotKmPerH, roomM3: r.number("room_m3"), kgPerM3: 520,
			rate: planner.Rate{Per: planner.PerM3, KgPerM3: seaKgPerM3}, legUSD: 5.5, usdPer1000Km: r.number("usd_1000km"),
			classes: cargoClasses(r.text("classes"))}
		switch ship := r.text("ship"); ship {
		case "ulcv":
			l.co2eClass = "container-8000"
		case "deep":
			l.co2eClass = "container"
		case "feeder":
			l.co2eClass = "container-1000"
		default:
			panic("sample: services.csv: no ship " + ship)
		}
		rnd := g.rand("service " + l.code)
		for _, code := range r.words("calls") {
			l.calls = append(l.calls, g.use(code))
			l.stayHours = append(l.stayHours, round(r.number("stay_h")*rnd.between(0.8, 1.25), 1))
		}
		l.measure(g)
		loops = append(loops, l)
		offsets = append(offsets, hours(24*r.number("day")+r.number("hour")))
	}
	return loops, offsets
}

// sailings returns the dated legs of all services.
func (g *generator) sailings() []*planner.DepartureScheduled {
	var legs []*planner.DepartureScheduled
	loops, offsets := g.services()
	for i, l := range loops {
		// Ships take as long home as out, and then go round again.
		ships := int(math.Ceil((l.daysTo(len(l.calls)-1)*2 + 3) / 7))
		for w := -pastWeeks; w < SeaWeeks; w++ {
			depart := g.monday().AddDate(0, 0, 7*w).Add(offsets[i])
			_, week := depart.ISOWeek()
			name := fmt.Sprintf("%s-W%02d", l.code, week)
			turn := int(depart.Unix()/(7*24*3600)) % ships
			legs = append(legs, g.voyage(l, name, shipName(l, i, turn), depart, g.rand(name+depart.Format(time.DateOnly)))...)
		}
	}
	return legs
}

// shipName is the name of the n-th ship of a service, the i-th of the table.
func shipName(l *loop, i, n int) string {
	k := 5*i + n
	name := carrierByID(l.carrier).ships + " " + shipWords[k%len(shipWords)]
	if round := k / len(shipWords); round > 0 {
		name += fmt.Sprintf(" %d", round+1)
	}
	return name
}

// troubles reports the ships that are late, and the sailings that carriers have blanked.
func (g *generator) troubles(sea []*planner.DepartureScheduled) {
	const (
		late    = 0.3  // share of ships under way; 35 % of arrivals were late in September 2025 (Sea-Intelligence)
		blanked = 0.03 // of sailings to come, in a calm season; 24 % at the worst of 2025 (Kuehne+Nagel)
	)
	reasons := []string{"Congestion at the port before", "Heavy weather", "Waiting for a berth", "Late berthing at Tianjin", "Engine repair"}
	rnd := g.rand("troubles")
	decided := map[string]bool{}
	blank := map[string]bool{}
	for _, d := range sea {
		atSea := d.Depart.Before(g.day.Add(24*time.Hour)) && d.Arrive.After(g.day)
		switch {
		case decided[d.Voyage]:
		case atSea:
			decided[d.Voyage] = true
			if rnd.Float64() < late {
				g.say(g.day, firmSource(d.Carrier), &planner.DepartureDelayed{Departure: d.ID, Mode: d.Mode,
					DelayHours: round(min(96, 20*rnd.lognormal(0.7)), 1), Reason: reasons[rnd.IntN(len(reasons))]})
			}
		case d.Depart.After(g.day.AddDate(0, 0, 7)) && d.Depart.Before(g.day.AddDate(0, 0, 49)):
			decided[d.Voyage] = true
			blank[d.Voyage] = rnd.Float64() < blanked
		}
		if blank[d.Voyage] {
			g.say(g.day, firmSource(d.Carrier), &planner.DepartureCancelled{Departure: d.ID, Mode: d.Mode, Reason: "Blank sailing: weak demand"})
		}
	}
}
