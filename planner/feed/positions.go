package feed

import (
	"slices"
	"strings"
	"time"

	"github.com/paulmach/orb"

	"haihe/geo"
	"haihe/planner"
)

const batch = 12 // positions at a time: the sample's ships and aircraft come round every 12 s at speed 1

const kmPerKnotHour = 1.852

// progress is how far along its way a ship was when last seen.
type progress struct {
	at     time.Time
	share  float64
	wayKm  float64 // of the whole way
	arrive time.Time
}

// reportPositions reports where some of those under way are, the next ones in turn.
func (f *Feed) reportPositions() {
	var under []*leg
	for _, l := range f.index.legs {
		if l.Depart.After(f.now.Add(readEvery)) {
			break
		}
		if f.underWay(l) {
			under = append(under, l)
		}
	}
	slices.SortFunc(under, func(a, b *leg) int { return strings.Compare(a.ID, b.ID) })
	start, _ := slices.BinarySearchFunc(under, f.after+"\x00", func(l *leg, id string) int { return strings.Compare(l.ID, id) })
	for i := range min(batch, len(under)) {
		l := under[(start+i)%len(under)]
		f.after = l.ID
		f.reportPosition(l)
	}
}

func (f *Feed) underWay(l *leg) bool {
	return (l.Mode == planner.ModeSea || l.Mode == planner.ModeAir) && l.Arrive.After(f.now) &&
		f.reread(l) && l.Runs() && l.Depart.Before(f.now) && l.Arrive.After(f.now)
}

func (f *Feed) reportPosition(l *leg) {
	if !f.maySet(planner.Key{Kind: planner.KindDeparture, ID: l.ID, Aspect: planner.AspectPosition}) {
		return
	}
	mode := geo.Sea
	if l.Mode == planner.ModeAir {
		mode = geo.Air
	}
	way, _, ok := f.planned(l, mode)
	if x := l.Diversion; x != nil && x.Way.DistanceKm > 0 {
		way, ok = x.Way, true
	}
	if !ok {
		return // a place with no way to the sea: others' positions are no worse for it
	}
	share := f.shareDone(l, way.DistanceKm)
	p, course := way.At(share)
	left := l.Arrive.Sub(f.now).Hours()
	fastest := map[string]float64{geo.Sea: 24, geo.Air: 520}[mode]
	f.say(firm(l.Carrier), &planner.PositionReported{Departure: l.ID, Mode: l.Mode,
		Lat: roundTo(p.Lat(), 0.0001), Lon: roundTo(p.Lon(), 0.0001),
		SpeedKnots: roundTo(min((1-share)*way.DistanceKm/kmPerKnotHour/max(left, 0.01), fastest), 0.1),
		CourseDeg:  roundTo(course, 0.1), At: f.now})
}

// planned is the way that a leg goes with every passage open, and its ends.
func (f *Feed) planned(l *leg, mode string) (way geo.Route, ends [2]orb.Point, ok bool) {
	from, ok1 := f.state.Place(l.From)
	to, ok2 := f.state.Place(l.To)
	if !ok1 || !ok2 {
		return way, ends, false
	}
	ends = [2]orb.Point{{from.Lon, from.Lat}, {to.Lon, to.Lat}}
	way, err := f.router(ends[0], ends[1], mode)
	return way, ends, err == nil
}

// shareDone is how much of its way a ship has behind it. From where it was last seen it makes for its arrival evenly:
// a new delay slows it, and never sets it back; nor does a way that has become longer, for it begins as the old one.
func (f *Feed) shareDone(l *leg, wayKm float64) float64 {
	seen, ok := f.sailed[l.ID]
	if !ok || seen.at.After(f.now) {
		seen = progress{at: l.Depart}
	}
	if seen.wayKm > 0 && seen.wayKm != wayKm {
		seen.share = min(1, seen.share*seen.wayKm/wayKm)
	}
	seen.wayKm = wayKm
	rest := l.Arrive.Sub(seen.at)
	if rest > 0 {
		seen.share += (1 - seen.share) * min(1, float64(f.now.Sub(seen.at))/float64(rest))
	}
	seen.at, seen.arrive = f.now, l.Arrive
	f.sailed[l.ID] = seen
	return seen.share
}

func (f *Feed) forgetArrived() {
	for id, p := range f.sailed {
		if p.arrive.Before(f.now.Add(-forget)) {
			delete(f.sailed, id)
		}
	}
}
