package feed

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"haihe/planner"
)

const readEvery = time.Minute

// index is the network as it stood when it was last read: what there is to pick from. What has changed since is looked
// up in the state before anything is said.
type index struct {
	readAt     time.Time
	rounds     []*round // by id
	legs       []*leg   // of all rounds, by the time they leave
	cancelled  int      // rounds that may be cancelled and are; see mayCancel
	ahead      int      // rounds that may be cancelled
	warehouses []string // public ones
	open       int      // open requests
	target     int      // open requests that there should be
	models     []string // requests to model new ones on: those that others made
	own        []string // open requests that the feed may withdraw
}

// round is one voyage with its legs, in the order in which it sails.
type round struct {
	id   string
	legs []*leg
}

// leg is a departure as planned and as it stood.
type leg struct {
	planner.DepartureStatus
	master *planner.DepartureScheduled
	round  *round
	place  int // in the round
}

func (r *round) first() *leg { return r.legs[0] }

// readNetwork reads the state anew when the last reading is old.
func (f *Feed) readNetwork() {
	if f.index != nil && f.now.Sub(f.index.readAt).Abs() < readEvery {
		return
	}
	x := &index{readAt: f.now}
	all := f.state.All()
	f.readDepartures(x, all.Departures)
	for _, id := range all.Warehouses {
		if w, ok := f.state.Warehouse(id); ok && w.Public {
			x.warehouses = append(x.warehouses, id)
		}
	}
	f.readRequests(x, all.Requests)
	for id, p := range f.rolled {
		if _, ok := f.state.Departure(id); ok || f.now.Sub(p.at) > forget {
			delete(f.rolled, id)
		}
	}
	f.index = x
	f.readServices()
	f.forgetArrived()
}

func (f *Feed) readDepartures(x *index, ids []string) {
	voyages := map[string]*round{}
	for _, id := range ids {
		d, ok := f.state.Departure(id)
		held, known := f.state.Held(planner.Key{Kind: planner.KindDeparture, ID: id, Aspect: planner.AspectMaster})
		if !ok || !known || d.Arrive.Before(f.now.AddDate(0, 0, -seenDays)) {
			continue
		}
		name := cmp.Or(d.Voyage, id)
		r := voyages[name]
		if r == nil {
			r = &round{id: name}
			voyages[name] = r
			x.rounds = append(x.rounds, r)
		}
		l := &leg{DepartureStatus: d, master: held.Fact.(*planner.DepartureScheduled), round: r}
		r.legs = append(r.legs, l)
		x.legs = append(x.legs, l)
	}
	slices.SortFunc(x.rounds, func(a, b *round) int { return strings.Compare(a.id, b.id) })
	for _, r := range x.rounds {
		slices.SortFunc(r.legs, func(a, b *leg) int {
			return cmp.Or(a.PlannedDepart.Compare(b.PlannedDepart), strings.Compare(a.ID, b.ID))
		})
		for i, l := range r.legs {
			l.place = i
		}
		if f.mayCancel(r) {
			x.ahead++
			if r.first().Cancelled {
				x.cancelled++
			}
		}
	}
	slices.SortFunc(x.legs, func(a, b *leg) int {
		return cmp.Or(a.Depart.Compare(b.Depart), strings.Compare(a.ID, b.ID))
	})
}

func (f *Feed) readRequests(x *index, ids []string) {
	for _, id := range ids {
		r, ok := f.state.Request(id)
		held, known := f.state.Held(planner.Key{Kind: planner.KindRequest, ID: id, Aspect: planner.AspectMaster})
		if !ok || !known {
			continue
		}
		mine := strings.HasPrefix(id, requestPrefix)
		open := !r.Withdrawn && r.BookedShare < 1 && r.Due.After(f.now)
		if open {
			x.open++
		}
		if !mine {
			x.target++
			x.models = append(x.models, id)
		}
		if open && r.BookedShare == 0 && ours(held.ID) {
			x.own = append(x.own, id)
		}
	}
}

// reread looks a leg up again; false if it is gone.
func (f *Feed) reread(l *leg) bool {
	d, ok := f.state.Departure(l.ID)
	if ok {
		l.DepartureStatus = d
	}
	return ok
}
