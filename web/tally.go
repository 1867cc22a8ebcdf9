package web

import (
	"maps"
	"slices"

	"haihe/planner"
)

// tallies are what each owner adds to figures, by the name of the figure: a departure or a warehouse.
type tallies map[string]*tally

// tally is what each owner adds to a figure by the things that add to it, requests or bookings. Only what owners of things that
// changed add is summed up anew: a figure may have thousands of things, and is asked for with every batch.
type tally struct {
	parts map[string]map[string]figure // owner -> thing
	sums  byOwner                      // never written to: whoever asked for it may keep it
	stale map[string]bool              // owners
}

// add adds to what a thing of an owner adds.
func (t tallies) add(name, owner, thing string, f figure) {
	x := t[name]
	if x == nil {
		x = &tally{parts: map[string]map[string]figure{}, stale: map[string]bool{}}
		t[name] = x
	}
	if x.parts[owner] == nil {
		x.parts[owner] = map[string]figure{}
	}
	sum := x.parts[owner][thing]
	sum.add(f)
	x.parts[owner][thing] = sum
	x.stale[owner] = true
}

// addTo adds an assignment of a thing to each departure that it goes by, once.
func (t tallies) addTo(a *planner.Assignment, owner, thing string, f figure) {
	for k, d := range a.Departures {
		if slices.Index(a.Departures, d) == k {
			t.add(d, owner, thing, f)
		}
	}
}

// remove takes away all that a thing of an owner adds.
func (t tallies) remove(name, owner, thing string) {
	x := t[name]
	if x == nil {
		return
	}
	delete(x.parts[owner], thing)
	x.stale[owner] = true
	if len(x.parts[owner]) > 0 {
		return
	}
	if delete(x.parts, owner); len(x.parts) == 0 {
		delete(t, name)
	}
}

// of returns what each owner adds to a figure; it is not to be written to.
func (t tallies) of(name string) byOwner {
	x := t[name]
	if x == nil {
		return nil
	}
	if len(x.stale) > 0 {
		sums := maps.Clone(x.sums)
		if sums == nil {
			sums = byOwner{}
		}
		for owner := range x.stale {
			delete(sums, owner)
			for _, f := range x.parts[owner] { // numbers of the grid: sums are the same in any order
				sums.add(owner, f)
			}
		}
		clear(x.stale)
		x.sums = sums
	}
	return x.sums
}

// placement is what of a request was added to the tallies.
type placement struct {
	match              *planner.Match
	owner              string
	volumeM3, weightKg float64
}

// placed holds what a request puts on departures and into warehouses against what was added of it.
func (m *model) placed(request string) {
	var now placement
	if r, match := m.requests[request], m.matches[request]; r != nil && match != nil {
		now = placement{match, r.Exporter, r.VolumeM3 * (1 - r.BookedShare), r.WeightKg * (1 - r.BookedShare)}
	}
	old := m.placements[request]
	if old == now {
		return
	}
	if old.match != nil {
		delete(m.placements, request)
		for i := range old.match.Parts {
			a := &old.match.Parts[i]
			for _, d := range a.Departures {
				m.board.aboard.remove(d, old.owner, request)
			}
			m.board.stored.remove(a.Warehouse, old.owner, request)
		}
	}
	if now.match != nil {
		m.placements[request] = now
		for i := range now.match.Parts {
			a := &now.match.Parts[i]
			f := assigned(a, now.volumeM3, now.weightKg)
			m.board.aboard.addTo(a, now.owner, request, f)
			m.board.stored.add(a.Warehouse, now.owner, request, f)
		}
	}
}

// assigned is what an assignment adds: m3, kg, and m3 times when it comes, as where that differs, the days on which it lies do.
func assigned(a *planner.Assignment, volumeM3, weightKg float64) figure {
	return figure{grid(a.Fraction * volumeM3), grid(a.Fraction * weightKg), grid(a.Fraction * volumeM3 * float64(a.Arrive.Unix()/3600))}
}
