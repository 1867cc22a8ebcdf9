package feed

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"haihe/planner"
)

// How far ahead schedules are kept, and how services are told from what has ended.
const (
	seaLead  = 13 * 7 * 24 * time.Hour // of ships and whatever else is slow
	airLead  = 6 * 7 * 24 * time.Hour
	week     = 7 * 24 * time.Hour
	ended    = 7 * 24 * time.Hour // a service whose last voyage left longer ago is over
	seenDays = 10                 // legs that came in longer ago are not looked at
	forget   = 10 * time.Minute   // a publication that the state does not show after that is lost, and done again
	perCall  = 4                  // voyages published at a time
)

// pending is a departure that was published and may not have come back from the log yet.
type pending struct {
	at time.Time
	d  *planner.DepartureScheduled
}

// service is what all voyages of one carrier along one chain of places have in common: it repeats every week.
type service struct {
	key    string
	lead   time.Duration
	rounds [][]*planner.DepartureScheduled // as planned, by the time they begin
}

func (s *service) last() time.Time { return s.rounds[len(s.rounds)-1][0].Depart }

// readServices sorts the voyages into services.
func (f *Feed) readServices() {
	voyages := make([][]*planner.DepartureScheduled, 0, len(f.index.rounds))
	for _, r := range f.index.rounds {
		var legs []*planner.DepartureScheduled
		for _, l := range r.legs {
			legs = append(legs, l.master)
		}
		voyages = append(voyages, legs)
	}
	voyages = append(voyages, f.pendingVoyages()...)
	byKey := map[string]*service{}
	f.services = nil
	for _, legs := range voyages {
		key := path(legs)
		s := byKey[key]
		if s == nil {
			s = &service{key: key, lead: seaLead}
			if legs[0].Mode == planner.ModeAir {
				s.lead = airLead
			}
			byKey[key] = s
			f.services = append(f.services, s)
		}
		s.rounds = append(s.rounds, legs)
	}
	for _, s := range f.services {
		slices.SortFunc(s.rounds, func(a, b []*planner.DepartureScheduled) int {
			return cmp.Or(a[0].Depart.Compare(b[0].Depart), strings.Compare(a[0].ID, b[0].ID))
		})
	}
	slices.SortFunc(f.services, func(a, b *service) int { return strings.Compare(a.key, b.key) })
	f.services = slices.DeleteFunc(f.services, func(s *service) bool {
		return slices.ContainsFunc(f.services, func(whole *service) bool { return s.restOf(whole) })
	})
}

func (f *Feed) pendingVoyages() (voyages [][]*planner.DepartureScheduled) {
	byVoyage := map[string]int{}
	ids := make([]string, 0, len(f.rolled))
	for id := range f.rolled {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		d := f.rolled[id].d
		i, ok := byVoyage[cmp.Or(d.Voyage, id)]
		if !ok {
			i = len(voyages)
			byVoyage[cmp.Or(d.Voyage, id)] = i
			voyages = append(voyages, nil)
		}
		voyages[i] = append(voyages[i], d)
	}
	for _, legs := range voyages {
		slices.SortFunc(legs, func(a, b *planner.DepartureScheduled) int { return a.Depart.Compare(b.Depart) })
	}
	return voyages
}

// path names the carrier, the mode and the places of a voyage.
func path(legs []*planner.DepartureScheduled) string {
	var b strings.Builder
	b.WriteString(strconv.Quote(legs[0].Carrier) + " " + legs[0].Mode)
	for _, l := range legs {
		b.WriteString(" " + l.From + ">" + l.To)
	}
	return b.String()
}

// restOf reports whether s is what is left of voyages of another service: their last legs, on the same days of the
// week. The first legs are over, and nothing is to be made of the rest.
func (s *service) restOf(whole *service) bool {
	mine, its := s.rounds[len(s.rounds)-1], whole.rounds[len(whole.rounds)-1]
	skip := len(its) - len(mine)
	if skip <= 0 || mine[0].Carrier != its[0].Carrier || mine[0].Mode != its[0].Mode {
		return false
	}
	for i, l := range mine {
		if l.From != its[skip+i].From || l.To != its[skip+i].To {
			return false
		}
	}
	for _, r := range whole.rounds {
		if off := r[skip].Depart.Sub(mine[0].Depart) % week; off.Abs() < time.Hour || off.Abs() > week-time.Hour {
			return true
		}
	}
	return false
}

// rollForward publishes the next voyages of services whose schedule runs short: each as the one a week before.
func (f *Feed) rollForward() {
	left := perCall
	for _, s := range f.services {
		for left > 0 && s.last().Before(f.now.Add(s.lead)) && s.last().After(f.now.Add(-ended)) {
			left -= f.prolong(s)
		}
	}
}

// prolong adds the voyages that follow those that begin first in the last week of a service, and returns how many.
func (f *Feed) prolong(s *service) int {
	i := slices.IndexFunc(s.rounds, func(r []*planner.DepartureScheduled) bool { return r[0].Depart.After(s.last().Add(-week)) })
	begin := s.rounds[i][0].Depart
	n := 0
	for ; i < len(s.rounds) && s.rounds[i][0].Depart.Equal(begin); i++ {
		legs := f.repeat(s, s.rounds[i])
		if legs[0].Cutoff.After(f.now) {
			for _, d := range legs {
				f.say(firm(d.Carrier), d)
				f.rolled[d.ID] = pending{f.now, d}
			}
		}
		s.rounds = append(s.rounds, legs)
		n++
	}
	return n
}

// repeat is a voyage a week later, under a name of its own.
func (f *Feed) repeat(s *service, legs []*planner.DepartureScheduled) []*planner.DepartureScheduled {
	first := legs[0]
	later := first.Depart.Add(week)
	old := cmp.Or(first.Voyage, first.ID)
	taken := func(name string) bool {
		for _, l := range legs {
			if f.departureKnown(rename(l, old, name)) {
				return true
			}
		}
		return false
	}
	name := nextName(old, first.Depart, later, taken)
	ship := f.nextShip(s, legs)
	list := make([]*planner.DepartureScheduled, len(legs))
	for i, l := range legs {
		d := *l
		d.ID, d.Vessel = rename(l, old, name), ship
		if d.Voyage != "" {
			d.Voyage = name
		}
		d.Cutoff, d.Depart, d.Arrive = d.Cutoff.Add(week), d.Depart.Add(week), d.Arrive.Add(week)
		list[i] = &d
	}
	return list
}

// rename is the id of a leg when its voyage has another name: "AEX-W07/2" becomes "AEX-W08/2".
func rename(l *planner.DepartureScheduled, old, name string) string {
	if rest, ok := strings.CutPrefix(l.ID, old); ok {
		return name + rest
	}
	return name + "/" + l.ID
}

func (f *Feed) departureKnown(id string) bool {
	k := planner.Key{Kind: planner.KindDeparture, ID: id, Aspect: planner.AspectMaster}
	_, waits := f.rolled[id]
	return waits || f.state.Sequence(k) > 0 || f.said[k] > 0
}

// nextShip is the ship of the service that has not sailed for longest, which is the next in its turn. Flights keep
// their number.
func (f *Feed) nextShip(s *service, legs []*planner.DepartureScheduled) string {
	if legs[0].Mode != planner.ModeSea {
		return legs[0].Vessel
	}
	sailed := map[string]time.Time{}
	for _, r := range s.rounds {
		sailed[r[0].Vessel] = r[0].Depart
	}
	best := legs[0].Vessel
	for _, r := range s.rounds { // in the order of sailing, so that the answer is one
		if v := r[0].Vessel; v != "" && sailed[v].Before(sailed[best]) {
			best = v
		}
	}
	return best
}

// nextName follows the way in which a voyage is named: by its day (1123), its week (W48) or a running number; else the
// day is added. It asks taken until a name is free.
func nextName(old string, depart, later time.Time, taken func(string) bool) string {
	_, oldWeek := depart.ISOWeek()
	_, newWeek := later.ISOWeek()
	for _, form := range [][2]string{
		{depart.Format("0102"), later.Format("0102")},
		{fmt.Sprintf("W%02d", oldWeek), fmt.Sprintf("W%02d", newWeek)},
	} {
		if i := strings.LastIndex(old, form[0]); i >= 0 {
			rest := old[i+len(form[0]):]
			if len(rest) == 1 && strings.Contains(letters, rest) { // of firstFree, in the week before
				rest = ""
			}
			return firstFree(old[:i]+form[1]+rest, taken)
		}
	}
	stem := strings.TrimRight(old, "0123456789")
	digits := old[len(stem):]
	if n, err := strconv.Atoi(digits); err == nil && len(digits) < 10 {
		for {
			n++
			if name := fmt.Sprintf("%s%0*d", stem, len(digits), n); !taken(name) {
				return name
			}
		}
	}
	return firstFree(old+"-"+later.Format("0102"), taken)
}

const letters = "bcdefghijklmnopqrstuvwxyz"

// firstFree adds letters where a name was used before, a year ago or for a second voyage of the day.
func firstFree(name string, taken func(string) bool) string {
	for stem := name; ; stem += "z" {
		if name = stem; !taken(name) {
			return name
		}
		for _, c := range letters {
			if name = stem + string(c); !taken(name) {
				return name
			}
		}
	}
}
