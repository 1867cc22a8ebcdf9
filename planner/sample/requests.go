package sample

import (
	"fmt"
	"time"

	"haihe/planner"
)

const (
	requestCount = 600
	ownEvery     = 75 // every so manieth request is that of Exporter

	// What warehouses have free to share, as a part of what they hold.
	shareLow, shareHigh = 0.015, 0.06

	wholeShare = 0.25 // of requests that may not be split
	lateShare  = 0.035
	dearShare  = 0.03
	oddShare   = 0.015 // to a market that nothing may lead to
)

// requests says what the exporters ask for: most by sea, the urgent by air. A few ask for what cannot be: too soon, for
// too little, or where nothing leads, as people do.
func (g *generator) requests(sea, air []*planner.DepartureScheduled, sites []*planner.WarehouseRegistered) {
	bySea, byAir := newTransits(sea, sites), newTransits(air, sites)
	markets, weights, _ := marketTable()
	for i := range requestCount {
		rnd := g.rand(fmt.Sprintf("request %d", i))
		e := exporters()[rnd.IntN(len(exporters()))]
		if i%ownEvery == ownEvery/2 {
			e = exporterByID(Exporter)
		}
		item := e.industry.goods[rnd.IntN(len(e.industry.goods))]
		r := g.request(rnd, item)
		r.ID, r.Exporter = fmt.Sprintf("R-%06d", i+1), e.ID
		days, reached := 0.0, false
		for try := 0; !reached; try++ {
			r.Market = markets[rnd.weighted(weights)].code
			if r.Modes[0] == planner.ModeAir && try < 20 {
				days, reached = byAir.to(r.Market, r.Class, false)
			} else {
				days, reached = bySea.to(r.Market, r.Class, true)
				if r.Modes[0] == planner.ModeAir { // nothing flies there
					r.Modes, r.Origin = []string{planner.ModeSea}, "CNTXG"
				}
			}
			if try == 0 && !reached && rnd.Float64() < oddShare {
				days, reached = 35, true
			}
		}
		wait, slack := 7.0, rnd.between(0.5, 15)
		if r.Modes[0] == planner.ModeAir {
			wait, slack = 4.5, rnd.between(0.3, 7)
		}
		lead := days + wait + slack
		if rnd.Float64() < lateShare {
			lead = days * rnd.between(0.4, 0.9)
		}
		r.Due = r.Ready.Add(time.Duration(lead*24) * time.Hour)
		asked := g.day.Add(-hours(rnd.between(0.2, 14*24)))
		g.say(asked, "/exporters/"+e.ID, r)
	}
}

// request makes one up for goods, all but who asks, for where and by when.
func (g *generator) request(rnd *random, item goods) *planner.RequestSubmitted {
	r := &planner.RequestSubmitted{Goods: item.nameZH + " " + item.nameEN, HSCode: item.hs}
	r.Class = item.class
	density := rnd.between(item.kgPerM3Low, item.kgPerM3High)
	r.StorageDays = []int{14, 21, 30, 30, 45, 60}[rnd.IntN(6)]
	r.Drawdown = []string{planner.DrawdownLinear, planner.DrawdownLinear, planner.DrawdownNone}[rnd.IntN(3)]
	r.Whole = rnd.Float64() < wholeShare
	heavy := max(1, density/1000) // revenue tons a m3
	valueM3 := rnd.between(230, 560) * (0.6 + 0.4*heavy)
	if rnd.Float64() < item.air {
		r.Origin, r.Modes = "TSN", []string{planner.ModeAir}
		r.VolumeM3 = round(min(30, 2.6*rnd.lognormal(0.7))+0.1, 0.01)
		r.Ready = g.day.Add(hours(round(rnd.between(-24, 21*24), 1)))
		r.TimeCostM3Day = round(rnd.between(5, 40), 0.1)
		valueM3 = rnd.between(1300, 3400) * max(1, density/airKgPerM3*0.8)
	} else {
		r.Origin, r.Modes = "CNTXG", []string{planner.ModeSea}
		r.VolumeM3 = round(min(260, 30*rnd.lognormal(0.8))/heavy+0.2, 0.01)
		r.Ready = g.day.Add(hours(round(rnd.between(-48, 40*24), 1)))
		r.TimeCostM3Day = round(rnd.between(0.2, 2.5), 0.01)
	}
	if rnd.Float64() < dearShare {
		valueM3 *= 0.35
	}
	if rnd.Float64() < 0.3 {
		r.CO2ePriceT = round(rnd.between(30, 120), 1)
	}
	r.WeightKg = round(r.VolumeM3*density, 1)
	r.Value = round(r.VolumeM3*valueM3, 1)
	return r
}

// weighted draws an index with a chance in proportion to its weight.
func (r *random) weighted(weights []float64) int {
	sum := 0.0
	for _, w := range weights {
		sum += w
	}
	x := r.Float64() * sum
	for i, w := range weights {
		if x -= w; x < 0 {
			return i
		}
	}
	return len(weights) - 1
}
