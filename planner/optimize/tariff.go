package optimize

import "haihe/planner"

// tariff is what a warehouse charges for storage: so much a m3 and day, and more or less the longer it stays.
type tariff struct {
	least float64 // of a day of any stay
	first float64 // from day free on
	free  float64 // days
	tiers []tier  // empty, and free 0: the same every day
}

type tier struct{ from, rate float64 }

func (t *tariff) flat() bool { return t.free == 0 && len(t.tiers) == 0 }

// stay is what the whole stay of a request behind a door costs, all of it.
func (d *door) stay(r *request) float64 {
	if d.byAge == nil {
		return r.storageFactor * d.rent
	}
	return d.byAge.of(r)
}

func newTariff(w *planner.Warehouse) tariff {
	t := tariff{least: w.StorageM3Day, first: w.StorageM3Day, free: float64(w.FreeDays)}
	if w.FreeDays > 0 {
		t.least = 0
	}
	for _, x := range w.StorageTiers {
		t.least = min(t.least, x.M3Day)
		t.tiers = append(t.tiers, tier{float64(max(x.FromDay, w.FreeDays)), x.M3Day})
	}
	return t
}

// of is what the whole stay of a request costs, all of it.
func (t *tariff) of(r *request) float64 {
	if t.flat() {
		return r.storageFactor * t.first
	}
	stay := float64(r.stay)
	// upTo is the m3-days of a m3 before a day of its stay.
	upTo := func(day float64) float64 {
		day = min(day, stay)
		return day - r.inverseStay*day*(day-1)/2
	}
	sum, rate, before := 0.0, t.first, upTo(t.free)
	for _, x := range t.tiers {
		next := upTo(x.from)
		sum, rate, before = sum+rate*(next-before), x.rate, next
	}
	return r.volume * (sum + rate*(upTo(stay)-before))
}
