package feed

import (
	"haihe/planner"
)

// usualCancelled is the share of voyages of the next weeks that do not run: ordinary weeks see some per cent of sailings
// blanked, the worst of 2025 saw 24 % (Kuehne+Nagel, Asia to North America, weeks 19 to 22).
const usualCancelled = 0.035

var (
	blankReasons  = []string{"Blank sailing: weak demand", "Blank sailing: the schedule is put back in order", "Vessel sent to dry dock", "Public holiday programme"}
	flightReasons = []string{"Aircraft out of service", "Too little cargo booked", "Airport closed by weather", "No crew within duty limits"}
	closeReasons  = []string{"Flooded yard", "Stock-taking", "Fire inspection", "Power failure", "Typhoon warning"}
)

// cancelOrReinstate blanks a sailing or cancels a flight, and now and then lets one run after all, so that about
// usualCancelled of those to come stay away.
func (f *Feed) cancelOrReinstate() {
	x := f.index
	usual := usualCancelled * float64(max(x.ahead, 1))
	reinstate := f.chance(float64(x.cancelled) / (float64(x.cancelled) + usual))
	for range 30 {
		r, ok := choose(f, x.rounds)
		if !ok {
			return
		}
		if r.first().Cancelled != reinstate || !f.mayCancel(r) || !f.maySetRound(r, reinstate) {
			continue
		}
		reasons := blankReasons
		if r.first().Mode == planner.ModeAir {
			reasons = flightReasons
		}
		reason, _ := choose(f, reasons)
		for _, l := range r.legs {
			if reinstate {
				f.say(firm(l.Carrier), &planner.DepartureReinstated{Departure: l.ID, Mode: l.Mode})
			} else {
				f.say(firm(l.Carrier), &planner.DepartureCancelled{Departure: l.ID, Mode: l.Mode, Reason: reason})
			}
			l.Cancelled = !reinstate
		}
		if reinstate {
			x.cancelled--
		} else {
			x.cancelled++
		}
		return
	}
}

// mayCancel reports whether a round begins when carriers decide: sailings weeks ahead, flights days ahead.
func (f *Feed) mayCancel(r *round) bool {
	days := r.first().Depart.Sub(f.now).Hours() / 24
	if r.first().Mode == planner.ModeAir {
		return days > 0.7 && days < 12
	}
	return days > 4 && days < 50
}

// maySetRound reports whether all legs are as the feed takes them to be, and its to change. A carrier seldom blanks
// what is booked.
func (f *Feed) maySetRound(r *round, cancelled bool) bool {
	for _, l := range r.legs {
		if !f.reread(l) || l.Cancelled != cancelled || l.Depart.Before(f.now) ||
			!f.maySet(planner.Key{Kind: planner.KindDeparture, ID: l.ID, Aspect: planner.AspectStatus}) {
			return false
		}
		if !cancelled && l.BookedM3 > 0 && !f.chance(0.1) {
			return false
		}
	}
	return true
}

// closeOrReopen closes a warehouse for a while; never more than one in fifty.
func (f *Feed) closeOrReopen() {
	var closed, open []planner.WarehouseStatus
	for _, id := range f.index.warehouses {
		w, ok := f.state.Warehouse(id)
		if !ok || !w.Public || !f.maySet(planner.Key{Kind: planner.KindWarehouse, ID: id, Aspect: planner.AspectStatus}) {
			continue
		}
		if w.Closed {
			closed = append(closed, w)
		} else {
			open = append(open, w)
		}
	}
	if len(closed) > 0 && (f.chance(0.6) || len(closed)*50 >= len(f.index.warehouses)) {
		w, _ := choose(f, closed)
		f.say(firm(w.Operator), &planner.WarehouseReopened{Warehouse: w.ID})
		return
	}
	if len(f.index.warehouses) < 10 {
		return // in a small network one is too many
	}
	if w, ok := choose(f, open); ok {
		reason, _ := choose(f, closeReasons)
		f.say(firm(w.Operator), &planner.WarehouseClosed{Warehouse: w.ID, Reason: reason})
	}
}
