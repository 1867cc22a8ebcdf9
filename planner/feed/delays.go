package feed

import (
	"math"
	"time"

	"haihe/planner"
)

// temper is how delays of a mode come about.
type temper struct {
	soonHours       float64 // departures as far ahead may be found to be late
	mean, most      float64 // h, of a new delay
	least           float64 // h, less is on time
	step            float64 // h, to which delays are told
	shock           float64 // chance that news is a new delay; else an old one is made good by half
	late, recovered []string
}

var tempers = map[string]temper{
	planner.ModeSea: {12 * 24, 16, 120, 3, 0.5, 0.3,
		[]string{"Port congestion", "Heavy weather", "Fog: the port was closed", "Waiting for a berth", "Strong winds stopped the cranes",
			"Engine trouble", "Late berthing at the port before", "Swell at the pilot station", "Strike of dock workers", "Queue at the canal"},
		[]string{"Time made good at sea", "Port stay cut short", "Berth given early"}},
	planner.ModeAir: {40, 1.6, 14, 0.5, 0.1, 0.35,
		[]string{"Thunderstorms", "Slot restrictions", "Technical check", "Late inbound aircraft", "Low visibility", "Cargo loading took longer", "De-icing"},
		[]string{"Slot improved", "Tailwind", "Turnaround cut short"}},
}

// temperOf takes rail, road and post for slow enough to be like ships.
func temperOf(mode string) temper {
	if t, ok := tempers[mode]; ok {
		return t
	}
	return tempers[planner.ModeSea]
}

// delaySomething has a voyage under way or soon to leave run later than known, or make good what it lost.
func (f *Feed) delaySomething() {
	var list []*leg
	seen := map[*round]bool{}
	for _, l := range f.index.legs {
		if l.Depart.After(f.now.Add(hours(tempers[planner.ModeSea].soonHours))) {
			break
		}
		soon := f.now.Add(hours(temperOf(l.Mode).soonHours))
		if seen[l.round] || !l.Runs() || !l.Arrive.After(f.now) || l.Depart.After(soon) {
			continue
		}
		seen[l.round] = true // the leg that it is on, or begins with
		list = append(list, l)
	}
	// Voyages that are late are looked at more often: there is news of them.
	for range 6 {
		l, ok := choose(f, list)
		if !ok {
			return
		}
		if l.DelayHours == 0 && f.chance(0.5) {
			continue
		}
		if f.delay(l) {
			return
		}
	}
}

// delay sets a new delay of a leg and of all after it that told one of their own; false if there is no news.
func (f *Feed) delay(l *leg) bool {
	for _, x := range l.round.legs {
		if !f.reread(x) || !f.maySet(planner.Key{Kind: planner.KindDeparture, ID: x.ID, Aspect: planner.AspectDelay}) {
			return false
		}
	}
	if !l.Runs() || !l.Arrive.After(f.now) {
		return false
	}
	if l.Mode == planner.ModeSea && l.Depart.Before(f.now) && f.anyShut() {
		return false // by a new timetable it might have met a shut passage on the other side of which it was seen
	}
	t := temperOf(l.Mode)
	h, reasons := l.DelayHours/2, t.recovered
	if f.chance(t.shock) {
		h, reasons = l.DelayHours+f.rnd.ExpFloat64()*t.mean, t.late
	}
	if math.Abs(h) < t.least {
		h = 0
	}
	low, high := f.delayBounds(l, t)
	h = roundTo(min(max(h, low), high), t.step)
	if low > high || h < low || h > high || math.Abs(h-l.DelayHours) < t.step/2 {
		return false
	}
	reason, _ := choose(f, reasons)
	told := []*leg{l}
	for _, x := range l.round.legs[l.place+1:] {
		if f.state.Sequence(planner.Key{Kind: planner.KindDeparture, ID: x.ID, Aspect: planner.AspectDelay}) > 0 && x.DelayHours != h {
			told = append(told, x)
		}
	}
	for _, x := range told {
		f.say(firm(x.Carrier), &planner.DepartureDelayed{Departure: x.ID, Mode: x.Mode, DelayHours: h, Reason: reason})
	}
	return true
}

// delayBounds keeps the past as it was: who has left has left, who has not cannot have, and a ship leaves a port after
// it came there.
func (f *Feed) delayBounds(l *leg, t temper) (low, high float64) {
	const margin = 0.6               // h, more than the step that delays are told to
	undelayed := hours(l.DelayHours) // what diversions add stays
	depart, arrive := l.Depart.Add(-undelayed), l.Arrive.Add(-undelayed)
	since := func(at time.Time) float64 { return f.now.Sub(at).Hours() }
	low, high = 0, t.most
	if l.Depart.Before(f.now) {
		high = min(high, since(depart)-margin)
		low = max(low, since(arrive)+margin)
		if l.DelayHours < 0 {
			low = l.DelayHours // it left early and may stay so
		}
	} else {
		low = max(low, since(depart)+margin)
	}
	if l.place > 0 {
		before := l.round.legs[l.place-1]
		if before.To == l.From && !before.Cancelled {
			low = max(low, before.Arrive.Sub(depart).Hours()+margin)
		}
	}
	return low, high
}
