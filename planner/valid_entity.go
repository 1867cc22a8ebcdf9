package planner

// The checks of the things of a problem, each taken alone: no reference is followed. Problem.Validate and the
// facts that declare these things share them.

func checkPlace(fe *fieldErrors, path string, p *Place) {
	defer fe.under(path)()
	fe.id("id", p.ID)
	fe.text("name", p.Name, maxTextBytes)
	if p.Kind != "" {
		fe.oneOf("kind", p.Kind, "seaport", "airport", "rail", "inland")
	}
	fe.optionalID("country", p.Country)
	fe.latlon(p.Lat, p.Lon)
	fe.hours("transfer_hours", p.TransferHours)
	fe.nonNeg("transfer_cost_m3", p.TransferCostM3)
}

func checkRate(fe *fieldErrors, path string, r *Rate) {
	defer fe.under(path)()
	fe.oneOf("per", r.Per, PerM3, PerKg)
	fe.nonNeg("amount", r.Amount)
	if r.Per == PerKg {
		fe.nonNeg("kg_per_m3", r.KgPerM3) // 0: the weight alone counts
	} else {
		fe.positive("kg_per_m3", r.KgPerM3)
	}
}

func checkDeparture(fe *fieldErrors, path string, d *Departure) {
	defer fe.under(path)()
	fe.id("id", d.ID)
	fe.mode("mode", d.Mode)
	fe.text("carrier", d.Carrier, maxTextBytes)
	fe.optionalID("voyage", d.Voyage)
	fe.id("from", d.From)
	fe.id("to", d.To)
	cutoff, depart, arrive := fe.time("cutoff", d.Cutoff), fe.time("depart", d.Depart), fe.time("arrive", d.Arrive)
	if cutoff && depart {
		fe.timeOrder("cutoff", d.Cutoff, "depart", d.Depart, false)
	}
	if depart && arrive {
		fe.timeOrder("depart", d.Depart, "arrive", d.Arrive, true)
	}
	fe.nonNeg("capacity_m3", d.CapacityM3)
	fe.nonNeg("capacity_kg", d.CapacityKg)
	checkRate(fe, "rate", &d.Rate)
	fe.nonNeg("co2e_kg_per_t", d.CO2eKgPerT)
	fe.ids("classes", d.Classes)
}

// checkWarehouse wants a capacity for each of the days of the horizon, or any number if days is 0.
func checkWarehouse(fe *fieldErrors, path string, w *Warehouse, days int) {
	defer fe.under(path)()
	fe.id("id", w.ID)
	fe.text("operator", w.Operator, maxTextBytes)
	fe.optionalID("country", w.Country)
	fe.latlon(w.Lat, w.Lon)
	fe.perDay("capacity_m3", w.CapacityM3, days)
	fe.ids("classes", w.Classes)
	fe.nonNeg("inbound_m3", w.InboundM3)
	fe.nonNeg("storage_m3_day", w.StorageM3Day)
	fe.count("free_days", w.FreeDays, 0, maxDays)
	if len(w.StorageTiers) > maxTiers {
		fe.add("storage_tiers", "must be at most %d, got %d", maxTiers, len(w.StorageTiers))
	}
	for i, t := range w.StorageTiers {
		back := fe.under(element("storage_tiers", i))
		fe.nonNeg("m3_day", t.M3Day)
		if t.FromDay < 1 || t.FromDay > maxDays || i > 0 && t.FromDay <= w.StorageTiers[i-1].FromDay {
			fe.add("from_day", "must be from 1 to %d and later than that of the tier before, got %d", maxDays, t.FromDay)
		}
		back()
	}
	places := make(map[string]int, len(w.Gateways))
	for i := range w.Gateways {
		g := &w.Gateways[i]
		back := fe.under(element("gateways", i))
		fe.id("place", g.Place)
		fe.hours("hours", g.Hours)
		fe.nonNeg("rate_m3", g.RateM3)
		fe.first("place", g.Place, places, i, "gateways")
		back()
	}
	markets := make(map[string]int, len(w.Markets))
	for i := range w.Markets {
		m := &w.Markets[i]
		back := fe.under(element("markets", i))
		fe.id("id", m.ID)
		fe.hours("hours", m.Hours)
		fe.nonNeg("rate_m3", m.RateM3)
		fe.first("id", m.ID, markets, i, "markets")
		back()
	}
}

func checkRequest(fe *fieldErrors, path string, r *Request) {
	defer fe.under(path)()
	fe.id("id", r.ID)
	fe.text("exporter", r.Exporter, maxTextBytes)
	fe.id("origin", r.Origin)
	fe.id("market", r.Market)
	fe.id("class", r.Class)
	fe.nonNeg("volume_m3", r.VolumeM3)
	fe.nonNeg("weight_kg", r.WeightKg)
	fe.time("ready", r.Ready)
	fe.time("due", r.Due) // a due before ready makes no route fit; the plan says so
	fe.count("storage_days", r.StorageDays, 0, maxDays)
	fe.oneOf("drawdown", r.Drawdown, DrawdownNone, DrawdownLinear)
	fe.modes("modes", r.Modes)
	fe.nonNeg("value", r.Value)
	fe.nonNeg("time_cost_m3_day", r.TimeCostM3Day)
	fe.nonNeg("co2e_price_t", r.CO2ePriceT)
}

// first wants that no earlier element of a list has the same name.
func (fe *fieldErrors) first(field, name string, seen map[string]int, i int, list string) {
	if j, twice := seen[name]; twice {
		fe.add(field, "%s is already that of %s", short(name), element(list, j))
		return
	}
	seen[name] = i
}
