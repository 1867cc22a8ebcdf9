package planner

import (
	"fmt"
	"slices"
	"strings"

	"github.com/paulmach/orb"
)

// Diversions follow from the facts that hold and from nothing else: no clock, no position, no order of arrival. So
// they are reckoned when somebody asks, and a passage that is reopened leaves nothing behind.

// closePassages takes over which passages are shut.
func (s *State) closePassages() {
	s.reviewDiversions()
	s.shut = nil
	for _, id := range sortedKeys(s.passages) {
		f := s.passages[id]
		if _, known := passageByID(id); !known || f.closed == nil {
			continue
		}
		c := closure{passage: id, reason: f.closed.Reason, from: f.from()}
		if f.closed.Until != nil {
			c.until = *f.closed.Until
		}
		if c.told = f.said; c.from.Before(c.told) {
			c.told = c.from
		}
		s.shut = append(s.shut, c)
	}
	s.reviewDiversions()
}

// reviewDiversions forgets what was reckoned, where anything was.
func (s *State) reviewDiversions() {
	if len(s.shut) > 0 {
		clear(s.diversions)
		s.review = true
	}
}

// markDiverted marks the departures whose diversion differs from what was last told, and the bookings on them.
func (s *State) markDiverted() {
	if s.review {
		s.review = false
		for id := range s.departures {
			if !s.diversion(id).same(s.told[id]) {
				s.mark(KindDeparture, id)
				s.touchBookings(id)
			}
		}
	}
	for id := range s.changed[KindDeparture] {
		if d := s.diversion(id); d != nil {
			s.told[id] = d
		} else {
			delete(s.told, id)
		}
	}
}

// diversion returns what shut passages do to a departure, nil where nothing.
func (s *State) diversion(id string) *Diversion {
	f := s.departures[id]
	if len(s.shut) == 0 || f == nil || f.master == nil {
		return nil
	}
	if d, known := s.diversions[id]; known {
		return d
	}
	if f.master.Voyage == "" {
		s.diversions[id] = s.divert(f, nil, 0)
	} else {
		s.divertVoyage(f.master.Voyage)
	}
	return s.diversions[id]
}

// divertVoyage reckons the diversions of all legs of a voyage: what a leg loses, the legs that are planned to leave
// after it came in lose too.
func (s *State) divertVoyage(voyage string) {
	legs := make([]*departureFacts, 0, len(s.legs[voyage]))
	for id := range s.legs[voyage] {
		legs = append(legs, s.departures[id])
	}
	slices.SortFunc(legs, func(a, b *departureFacts) int {
		if before(a.master, b.master) {
			return -1
		}
		return 1
	})
	ends := slices.Clone(legs)
	slices.SortStableFunc(ends, func(a, b *departureFacts) int { return a.master.Arrive.Compare(b.master.Arrive) })
	var from *Diversion // of the earlier leg that is most in the way
	late, in := 0.0, 0
	for _, f := range legs {
		for ; in < len(ends) && !ends[in].master.Arrive.After(f.master.Depart); in++ {
			d := s.diversions[ends[in].master.ID]
			switch {
			case d == nil || ends[in].cancel != nil || from != nil && from.Blocked:
			case d.Blocked || d.CarriedHours+d.Hours > late:
				from, late = d, d.CarriedHours+d.Hours
			}
		}
		s.diversions[f.master.ID] = s.divert(f, from, late)
	}
}

// divert reckons the diversion of one leg that an earlier one, diverted as from says, makes so many hours late. A
// ship that cannot come to a port cannot leave it either.
func (s *State) divert(f *departureFacts, from *Diversion, late float64) *Diversion {
	if from != nil && from.Blocked {
		return &Diversion{Passages: from.Passages, Reason: from.Reason, Blocked: true}
	}
	var d *Diversion
	m := f.master
	a, b := s.places[m.From], s.places[m.To]
	if m.Mode == ModeSea && f.cancel == nil && a != nil && b != nil {
		depart := m.Depart.Add(hoursLong(late))
		if x := s.delayOf(f); x != nil {
			depart = depart.Add(hoursLong(x.DelayHours))
		}
		d = s.seaways.divert(orb.Point{a.Lon, a.Lat}, orb.Point{b.Lon, b.Lat}, depart, m.Arrive.Sub(m.Depart).Hours(), s.shut)
	}
	if d == nil && from != nil {
		d = &Diversion{Passages: from.Passages, Reason: from.Reason}
	}
	if d != nil {
		d.CarriedHours = late
	}
	return d
}

// same reports whether two diversions tell the same.
func (d *Diversion) same(e *Diversion) bool {
	if d == nil || e == nil {
		return d == e
	}
	return d.Way.DistanceKm == e.Way.DistanceKm && d.Km == e.Km && d.Hours == e.Hours && d.CarriedHours == e.CarriedHours && d.Blocked == e.Blocked &&
		d.Reason == e.Reason && slices.Equal(d.Passages, e.Passages) &&
		(d.Turned == nil) == (e.Turned == nil) && (d.Turned == nil || d.Turned.Equal(*e.Turned))
}

// divert puts a diversion on top of a departure's plan and delay. What it burns grows with the way.
func (d *DepartureStatus) divert(x *Diversion) {
	d.Diversion = x
	carried := hoursLong(x.CarriedHours)
	d.Cutoff, d.Depart = d.Cutoff.Add(carried), d.Depart.Add(carried)
	d.Arrive = d.Arrive.Add(hoursLong(x.CarriedHours + x.Hours))
	d.CO2eKgPerT *= 1 + x.further
}

// noWay says why a departure that is blocked does not run.
func (d *DepartureStatus) noWay() string {
	return fmt.Sprintf("departure %s has no way left by sea while %s is shut", d.ID, strings.Join(d.Diversion.Passages, ", "))
}
