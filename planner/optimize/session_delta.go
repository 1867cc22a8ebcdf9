package optimize

import (
	"errors"
	"math"
	"slices"

	"haihe/planner"
)

// Delta is how a problem differs from one before. What is new or changed is there whole.
type Delta struct {
	Departures []planner.Departure
	Cancelled  []string // departures that are no longer there
	Warehouses []planner.Warehouse
	Closed     []string // warehouses that are no longer there
	Requests   []planner.Request
	Withdrawn  []string // requests that are no longer there
}

// Len is how many things differ.
func (d *Delta) Len() int {
	return len(d.Departures) + len(d.Cancelled) + len(d.Warehouses) + len(d.Closed) + len(d.Requests) + len(d.Withdrawn)
}

// Difference is what leads from the session's problem to p. It tells whether a Delta can say it: the horizon, the
// currency and the places must be the same.
func (x *Session) Difference(p *planner.Problem) (Delta, bool) {
	var d Delta
	q := x.problem
	if !p.Start.Equal(q.Start) || p.Days != q.Days || p.Currency != q.Currency || !slices.Equal(p.Places, q.Places) {
		return d, false
	}
	d.Departures, d.Cancelled = differ(q.Departures, p.Departures, x.cancelled, func(d *planner.Departure) string { return d.ID }, sameDeparture)
	d.Warehouses, d.Closed = differ(q.Warehouses, p.Warehouses, nil, func(w *planner.Warehouse) string { return w.ID },
		func(a, b *planner.Warehouse) bool { return slices.Equal(a.CapacityM3, b.CapacityM3) && sameHouse(a, b) })
	d.Requests, d.Withdrawn = differ(q.Requests, p.Requests, x.gone, func(r *planner.Request) string { return r.ID }, sameRequest)
	return d, true
}

func differ[T any](old, now []T, out []bool, id func(*T) string, same func(a, b *T) bool) (changed []T, missing []string) {
	at := make(map[string]int, len(old))
	for i := range old {
		if out == nil || !out[i] {
			at[id(&old[i])] = i
		}
	}
	for i := range now {
		name := id(&now[i])
		if k, ok := at[name]; !ok || !same(&old[k], &now[i]) {
			changed = append(changed, now[i])
		}
		delete(at, name)
	}
	for i := range old {
		if name := id(&old[i]); out == nil || !out[i] {
			if _, ok := at[name]; ok {
				missing = append(missing, name)
			}
		}
	}
	return changed, missing
}

func sameDeparture(a, b *planner.Departure) bool { return sameRoom(a, b) && samePlan(a, b) }

func sameRoom(a, b *planner.Departure) bool {
	return a.CapacityM3 == b.CapacityM3 && a.CapacityKg == b.CapacityKg
}

// samePlan tells whether two departures differ in nothing but their room, and who runs them.
func samePlan(a, b *planner.Departure) bool {
	return sameRun(a, b) && a.Cutoff.Equal(b.Cutoff) && a.Depart.Equal(b.Depart) && a.Arrive.Equal(b.Arrive) && a.Rate == b.Rate && a.CO2eKgPerT == b.CO2eKgPerT
}

// sameRun tells whether two departures go the same way for the same cargo.
func sameRun(a, b *planner.Departure) bool {
	return a.ID == b.ID && a.Mode == b.Mode && a.Voyage == b.Voyage && a.From == b.From && a.To == b.To && slices.Equal(a.Classes, b.Classes)
}

// sameHouse tells whether two warehouses differ in nothing but their room, and who runs them.
func sameHouse(a, b *planner.Warehouse) bool {
	return a.ID == b.ID && slices.Equal(a.Classes, b.Classes) && a.InboundM3 == b.InboundM3 && a.StorageM3Day == b.StorageM3Day && a.FreeDays == b.FreeDays && slices.Equal(a.StorageTiers, b.StorageTiers) &&
		slices.Equal(a.Gateways, b.Gateways) && slices.Equal(a.Markets, b.Markets)
}

func sameRequest(a, b *planner.Request) bool {
	return a.ID == b.ID && a.Exporter == b.Exporter && a.Origin == b.Origin && a.Market == b.Market && a.Class == b.Class && a.VolumeM3 == b.VolumeM3 &&
		a.WeightKg == b.WeightKg && a.Ready.Equal(b.Ready) && a.Due.Equal(b.Due) && a.StorageDays == b.StorageDays && a.Drawdown == b.Drawdown &&
		slices.Equal(a.Modes, b.Modes) && a.Whole == b.Whole && a.Value == b.Value && a.TimeCostM3Day == b.TimeCostM3Day && a.CO2ePriceT == b.CO2ePriceT
}

// ErrRestart is the error of Apply where a session cannot follow: a new departure, warehouse or place, a departure that
// goes another way, a warehouse with other rates. Resume makes a new session of the new problem and the old plan.
var ErrRestart = errors.New("optimize: the session cannot follow this change; begin again from its plan")

// Patch is what Apply did to the plan.
type Patch struct {
	Requests []string // whose assignments changed; in order, each once
}

// Apply follows a change of the problem. What no longer fits is taken off, whoever loses least by it first, and placed
// again in the room that is left, in parts where it may be split. Elsewhere nothing moves. The plan is then feasible and
// has a bound, which Prove makes good. On an error nothing has changed.
func (x *Session) Apply(d Delta) (Patch, error) {
	if err := x.check(&d); err != nil {
		return Patch{}, err
	}
	p := &patcher{x: x, seen: map[requestIndex]bool{}}
	for _, id := range d.Withdrawn {
		p.withdraw(x.requests[id])
	}
	for _, id := range d.Cancelled {
		p.cancel(x.departures[id])
	}
	for i := range d.Departures {
		p.departure(&d.Departures[i])
	}
	p.rerun()
	for i := range d.Warehouses {
		p.warehouse(&d.Warehouses[i])
	}
	for i := range d.Requests {
		if err := p.request(&d.Requests[i]); err != nil {
			return Patch{}, err
		}
	}
	p.relieve()
	x.replace(p.again)
	patch := Patch{}
	for _, r := range p.again {
		if !x.gone[r] {
			patch.Requests = append(patch.Requests, x.problem.Requests[r].ID)
		}
	}
	return patch, nil
}

// check tells whether the session can follow all of a delta.
func (x *Session) check(d *Delta) error {
	for _, id := range d.Cancelled {
		if k, ok := x.departures[id]; !ok || x.cancelled[k] {
			return unknown("departure", id)
		}
	}
	if len(d.Closed) > 0 {
		return ErrRestart
	}
	for _, id := range d.Withdrawn {
		if _, ok := x.requests[id]; !ok {
			return unknown("request", id)
		}
	}
	for i := range d.Departures {
		y := &d.Departures[i]
		k, ok := x.departures[y.ID]
		if !ok || !sameRun(&x.problem.Departures[k], y) {
			return ErrRestart
		}
		if !(!y.Cutoff.After(y.Depart) && y.Depart.Before(y.Arrive)) {
			return errors.New("optimize: departure " + y.ID + ": want cutoff ≤ depart < arrive")
		}
	}
	for i := range d.Warehouses {
		w := &d.Warehouses[i]
		k, ok := x.warehouses[w.ID]
		if !ok || !sameHouse(&x.problem.Warehouses[k], w) {
			return ErrRestart
		}
		if n := len(w.CapacityM3); n != 1 && n != x.problem.Days {
			return errors.New("optimize: warehouse " + w.ID + " gives its room for another number of days")
		}
	}
	for i := range d.Requests {
		if _, ok := x.s.in.places[d.Requests[i].Origin]; !ok {
			return ErrRestart
		}
	}
	return nil
}

// setRoom changes the capacity of a row, and what is free of it.
func (x *Session) setRoom(row rowIndex, capacity float64) {
	in := x.s.in
	old := in.capacity[row]
	if capacity > old {
		x.opened = append(x.opened, row)
	}
	in.capacity[row] = capacity
	x.now.room.free[row] += (capacity - old) * (1 + roomSlack)
}

// full tells whether a row is overfull, by more than rounding.
func (x *Session) full(row rowIndex) bool {
	return x.now.room.free[row] < -1e-12*math.Abs(x.s.in.capacity[row])-1e-300
}
