package sample

import (
	"fmt"
	"math"
	"time"

	"github.com/paulmach/orb"

	"haihe/geo"
	"haihe/planner"
)

// Targets of Tianjin's plan for cross-border commerce (November 2024), item 14, for the end of 2027. The sample's firms
// and floors reach them with what a few of them keep for themselves; the public part, which the targets ask for, is
// still short of them, as it may be in the course of 2027.
const (
	TargetFirms  = 70
	TargetAreaM2 = 600_000

	PublicFirms  = 64
	PublicAreaM2 = 548_000
	selfRun      = 12 // warehouses that their owners keep for themselves
)

const (
	goodsPerM2    = 2.0  // m3 of goods on a m2 of floor: racks of 5 to 6 m, with aisles
	roadDetour    = 1.25 // road over great circle, about the mean of published circuity factors
	truckKmPerH   = 45.0 // with loading and rests
	seaGateHours  = 40.0 // discharge, customs and devanning until cargo leaves a port
	airGateHours  = 9.0
	freeRoomDays  = 70 // how far ahead a warehouse tells its room day by day
	lastMileHours = 24.0
)

// warehouseFirms lists the firms, those with public warehouses first, and Firm before all.
func warehouseFirms() []Org {
	kinds := []struct{ id, zh, en string }{{"logistics", "国际物流", "International Logistics"},
		{"supply", "供应链", "Supply Chain"}, {"storage", "海外仓", "Overseas Storage"}}
	list := []Org{{Firm, "渤海远洋物流", "Bohai Ocean Logistics", RoleFirm}}
	for i := range TargetFirms - 1 {
		id, zh, title := brand(i)
		k := kinds[i%len(kinds)]
		list = append(list, Org{id + "-" + k.id, zh + k.zh, title + " " + k.en, RoleFirm})
	}
	return list
}

type market struct {
	code  string
	point orb.Point
	near  []string
}

func marketTable() (list []market, weights []float64, byCode map[string]market) {
	byCode = map[string]market{}
	for _, r := range table("markets.csv") {
		m := market{r.text("code"), orb.Point{r.number("lon"), r.number("lat")}, r.words("near")}
		list, weights = append(list, m), append(weights, r.number("weight"))
		byCode[m.code] = m
	}
	return list, weights, byCode
}

// warehouses returns the overseas warehouses.
func (g *generator) warehouses() []*planner.WarehouseRegistered {
	_, _, markets := marketTable()
	var list []*planner.WarehouseRegistered
	var names []row
	var second []int // those at towns that have another
	for _, r := range table("sites.csv") {
		for n := range int(r.number("warehouses")) {
			if n > 0 {
				second = append(second, len(list))
			}
			list = append(list, g.warehouse(r, n+1, markets))
			names = append(names, r)
		}
	}
	rnd := g.rand("warehouse owners")
	rnd.Shuffle(len(second), func(i, j int) { second[i], second[j] = second[j], second[i] })
	for _, i := range second[:selfRun] {
		list[i].Public, list[i].CapacityM3, list[i].From = false, planner.PerDay{0}, ""
	}
	g.assignFirms(list, names, rnd)
	for _, public := range []bool{true, false} {
		total := PublicAreaM2
		if !public {
			total = TargetAreaM2 - PublicAreaM2
		}
		apportion(list, public, float64(total), rnd)
	}
	for _, w := range list {
		if w.Public {
			g.freeRoom(w)
		}
	}
	return list
}

func (g *generator) warehouse(r row, n int, markets map[string]market) *planner.WarehouseRegistered {
	w := &planner.WarehouseRegistered{Public: true}
	w.ID = fmt.Sprintf("W-%s-%02d", r.text("code"), n)
	rnd := g.rand(w.ID)
	level := r.number("level") * rnd.between(0.88, 1.12)
	at := orb.Point{round(r.number("lon")+rnd.between(-0.04, 0.04), 0.0001), round(r.number("lat")+rnd.between(-0.04, 0.04), 0.0001)}
	w.Country, w.Lon, w.Lat = r.text("country"), at.Lon(), at.Lat()
	w.Classes = []string{"general"}
	for _, c := range []struct {
		class string
		share float64
	}{{"battery", 0.7}, {"fragile", 0.9}, {"furniture", 0.85}} {
		if rnd.Float64() < c.share || n == 1 { // the first at a town takes all, so that no market is closed to a class
			w.Classes = append(w.Classes, c.class)
		}
	}
	w.InboundM3, w.StorageM3Day = round(9.5*level, 0.1), round(0.5*level, 0.01)
	for _, code := range r.words("gateways") {
		p := g.use(code)
		km := geo.DistanceKm(at, p.Point) * roadDetour
		gate := planner.Gateway{Place: code, Hours: seaGateHours, RateM3: round(level*(8+0.055*km), 0.1)}
		if p.Kind == geo.Airport {
			gate.Hours = airGateHours
		}
		gate.Hours = round(gate.Hours+km/truckKmPerH, 0.5)
		w.Gateways = append(w.Gateways, gate)
	}
	home := markets[w.Country]
	for i, code := range append([]string{w.Country}, home.near...) {
		m, ok := markets[code]
		if !ok {
			panic("sample: markets.csv does not have " + code)
		}
		if i > 0 && n > 1 && rnd.Float64() < 0.25 {
			continue
		}
		// Parcel tariffs grow with distance, but ever more slowly.
		km := geo.DistanceKm(at, m.point) * roadDetour
		w.Markets = append(w.Markets, planner.Market{ID: code, Hours: round(lastMileHours+km/truckKmPerH, 1),
			RateM3: round(level*(26+1.1*math.Sqrt(km)), 0.1)})
	}
	return w
}

// assignFirms gives every warehouse its operator and its name. Firm has one in each of four trades.
func (g *generator) assignFirms(list []*planner.WarehouseRegistered, names []row, rnd *random) {
	firms := warehouseFirms()
	public, private := rnd.Perm(PublicFirms-1), 0
	for i, w := range list {
		var f Org
		switch {
		case !w.Public:
			f = firms[PublicFirms+private%(TargetFirms-PublicFirms)]
			private++
		case w.ID == "W-USONT-01" || w.ID == "W-DEHAM-01" || w.ID == "W-AEJEA-01" || w.ID == "W-VNHPH-01":
			f = firms[0]
		case len(public) > 0:
			f, public = firms[1+public[0]], public[1:]
		default:
			f = firms[1+rnd.IntN(PublicFirms-1)]
		}
		w.Operator = f.ID
		w.Name = f.NameZH + names[i].text("name_zh") + "仓 · " + f.NameEN + " " + names[i].text("name_en")
	}
}

// apportion shares out floors to warehouses, in steps of 50 m2, so that they are the total exactly.
func apportion(list []*planner.WarehouseRegistered, public bool, totalM2 float64, rnd *random) {
	const stepM2, leastM2 = 50, 1500
	weights, sum, n := make([]float64, len(list)), 0.0, 0
	for i, w := range list {
		if w.Public == public {
			weights[i] = rnd.lognormal(0.55)
			sum += weights[i]
			n++
		}
	}
	spread, left, largest := totalM2-leastM2*float64(n), totalM2, -1
	for i, w := range list {
		if w.Public != public {
			continue
		}
		w.AreaM2 = leastM2 + round(spread*weights[i]/sum, stepM2)
		left -= w.AreaM2
		if largest < 0 || w.AreaM2 > list[largest].AreaM2 {
			largest = i
		}
	}
	list[largest].AreaM2 += left
}

// freeRoom sets what a warehouse has to share: some say one number, others tell it day by day while their own goods
// leave and new ones come.
func (g *generator) freeRoom(w *planner.WarehouseRegistered) {
	rnd := g.rand("room " + w.ID)
	room := w.AreaM2 * goodsPerM2 * rnd.between(shareLow, shareHigh)
	if rnd.Float64() < 0.65 {
		w.CapacityM3 = planner.PerDay{round(room, 1)}
		return
	}
	w.From = g.day.Format(time.DateOnly)
	trend, swell, phase := rnd.between(-0.15, 0.3), rnd.between(0.05, 0.15), rnd.between(0, 2*math.Pi)
	for d := range freeRoomDays {
		t := float64(d)
		w.CapacityM3 = append(w.CapacityM3, round(room*(1+trend*t/freeRoomDays+swell*math.Sin(2*math.Pi*t/21+phase)), 1))
	}
}
