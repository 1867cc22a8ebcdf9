package feed

import (
	"slices"
	"time"

	"github.com/paulmach/orb"

	"haihe/geo"
	"haihe/planner"
)

// A passage shuts about every other week, and for days: long enough that ships are sent around, as when a ship lay
// across Suez for six days in March 2021.
const (
	passagesEvery             = 14 * 24 * 3600.0 // s
	shortestShut, longestShut = 3.0, 10.0        // days
)

var shutReasons = []string{"Ship aground in the fairway", "Collision: the fairway is blocked", "Military exercise", "Salvage of a wreck", "Storm damage to the navigation marks"}

// closePassage shuts one of the passages that ships of the network meet, where all of them have another way. One at a
// time is enough, whoever shut it.
func (f *Feed) closePassage() {
	if f.anyShut() {
		return
	}
	met := map[string][][2]orb.Point{} // ends of the legs that meet a passage
	for _, p := range planner.Passages() {
		met[p.ID] = nil
	}
	seen := map[[2]string]bool{}
	for _, l := range f.index.legs {
		ends := [2]string{l.From, l.To}
		if l.Mode != planner.ModeSea || seen[ends] || !l.Arrive.After(f.now) {
			continue
		}
		seen[ends] = true
		way, points, ok := f.planned(l, geo.Sea)
		if !ok {
			continue
		}
		for _, id := range way.Via {
			if _, passage := met[id]; passage {
				met[id] = append(met[id], points)
			}
		}
	}
	var ids []string
	for id, legs := range met {
		if len(legs) > 0 && f.maySet(planner.Key{Kind: planner.KindPassage, ID: id, Aspect: planner.AspectStatus}) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	f.rnd.Shuffle(len(ids), func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
	for _, id := range ids {
		around, err := geo.NewRouterAvoiding(id)
		cutOff := err != nil || slices.ContainsFunc(met[id], func(ends [2]orb.Point) bool {
			_, err := around(ends[0], ends[1], geo.Sea)
			return err != nil
		})
		if cutOff {
			continue
		}
		reason, _ := choose(f, shutReasons)
		until := f.now.Add(hours(24 * f.between(shortestShut, longestShut))).Truncate(time.Hour)
		f.say(source("/authorities/", id), &planner.PassageClosed{Passage: id, Reason: reason, Until: &until})
		return
	}
}

func (f *Feed) anyShut() bool {
	return slices.ContainsFunc(planner.Passages(), func(p planner.Passage) bool {
		status, _ := f.state.Passage(p.ID)
		return status.Closed
	})
}

// reopenPassages opens those that the feed shut and that should be open by now.
func (f *Feed) reopenPassages() {
	for _, p := range planner.Passages() {
		status, _ := f.state.Passage(p.ID)
		if status.Closed && status.Until != nil && !status.Until.After(f.now) &&
			f.maySet(planner.Key{Kind: planner.KindPassage, ID: p.ID, Aspect: planner.AspectStatus}) {
			f.say(source("/authorities/", p.ID), &planner.PassageReopened{Passage: p.ID})
		}
	}
}
