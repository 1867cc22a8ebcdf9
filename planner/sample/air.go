package sample

import (
	"fmt"
	"strconv"
	"time"

	"haihe/planner"
)

// payloadKg of freighters. The 737 is from news of Tianjin's routes; wide bodies are makers' usual figures, rounded.
var payloadKg = map[string]float64{"B737-800F": 23_000, "A330-200F": 65_000, "B777F": 102_000, "B747-400F": 112_000}

// flights returns the dated legs of all flights.
func (g *generator) flights() []*planner.DepartureScheduled {
	var legs []*planner.DepartureScheduled
	for _, r := range table("flights.csv") {
		payload, ok := payloadKg[r.text("aircraft")]
		if !ok {
			panic("sample: flights.csv: no payload of " + r.text("aircraft"))
		}
		const kgPerM3 = 150 // freighters fill up before they are too heavy
		l := &loop{code: r.text("code"), carrier: carrierByID(r.text("carrier")).id, mode: planner.ModeAir,
			speedKmPerH: airKmPerHour, roomM3: payload * r.number("share") / kgPerM3, kgPerM3: kgPerM3,
			rate: planner.Rate{Per: planner.PerKg, KgPerM3: airKgPerM3}, legUSD: 0.45, usdPer1000Km: r.number("usd_1000km"),
			classes: cargoClasses(r.text("classes"))}
		for _, code := range r.words("calls") {
			l.calls = append(l.calls, g.use(code))
			l.stayHours = append(l.stayHours, airStayHours)
		}
		l.measure(g)
		vessel := r.text("number") + " " + r.text("aircraft")
		for w := -1; w < AirWeeks; w++ {
			for _, word := range r.words("days") {
				day, err := strconv.Atoi(word)
				if err != nil {
					panic("sample: flights.csv: " + err.Error())
				}
				depart := g.monday().AddDate(0, 0, 7*w+day).Add(hours(r.number("hour")))
				name := fmt.Sprintf("%s-%s", l.code, depart.Format("0102"))
				legs = append(legs, g.voyage(l, name, vessel, depart, g.rand(name+depart.Format(time.DateOnly)))...)
			}
		}
	}
	return legs
}
