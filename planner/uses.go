package planner

import (
	"math"
	"slices"
	"time"
)

// uses adds up the room that bookings take. It counts in whole cm3, grams and 1e-12 shares, so that sums do not depend
// on the order in which bookings came and went.
type uses struct {
	departures map[string]amount
	days       map[string]map[int64]int64 // by warehouse: cm3 by day since 1970
	shares     map[string]int64           // of requests
	held       map[heldOn]int64           // cm3 of departures by exporter
}

// heldOn is what an exporter has of a departure.
type heldOn struct{ exporter, departure string }

type amount struct{ cm3, g int64 }

const (
	perM3    = 1e6
	perKg    = 1e3
	perShare = 1e12
)

func newUses() uses {
	return uses{departures: map[string]amount{}, days: map[string]map[int64]int64{}, shares: map[string]int64{}, held: map[heldOn]int64{}}
}

func whole(x, per float64) int64 { return int64(math.Round(x * per)) }

// add takes the room of a booking (sign 1), or gives it back (-1).
func (u uses) add(b *BookingConfirmed, sign int64) {
	for i := range b.Parts {
		part := &b.Parts[i]
		m3, kg := part.Fraction*b.VolumeM3, part.Fraction*b.WeightKg
		for k, id := range part.Departures {
			if slices.Contains(part.Departures[:k], id) {
				continue
			}
			a := u.departures[id]
			a.cm3 += sign * whole(m3, perM3)
			a.g += sign * whole(kg, perKg)
			if a == (amount{}) {
				delete(u.departures, id)
			} else {
				u.departures[id] = a
			}
			h := heldOn{b.Exporter, id}
			if u.held[h] += sign * whole(m3, perM3); u.held[h] == 0 {
				delete(u.held, h)
			}
		}
		u.addDays(part.Warehouse, dayNumber(part.Arrive), b, m3, sign)
		if s := u.shares[b.Request] + sign*whole(part.Fraction, perShare); s == 0 {
			delete(u.shares, b.Request)
		} else {
			u.shares[b.Request] = s
		}
	}
}

func (u uses) addDays(warehouse string, came int64, b *BookingConfirmed, m3 float64, sign int64) {
	days := u.days[warehouse]
	if days == nil {
		days = map[int64]int64{}
		u.days[warehouse] = days
	}
	stay := Request{StorageDays: b.StorageDays, Drawdown: b.Drawdown}
	for k := range b.StorageDays {
		d := came + int64(k)
		if days[d] += sign * whole(m3*stay.Held(k), perM3); days[d] == 0 {
			delete(days, d)
		}
	}
	if len(days) == 0 {
		delete(u.days, warehouse)
	}
}

// on returns what is taken of a departure, m3 and kg.
func (u uses) on(departure string) (m3, kg float64) {
	a := u.departures[departure]
	return float64(a.cm3) / perM3, float64(a.g) / perKg
}

// of returns what an exporter has of a departure, m3.
func (u uses) of(exporter, departure string) float64 {
	return float64(u.held[heldOn{exporter, departure}]) / perM3
}

// in returns what is taken of a warehouse on a day since 1970, m3.
func (u uses) in(warehouse string, day int64) float64 {
	return float64(u.days[warehouse][day]) / perM3
}

// share returns how much of a request is taken.
func (u uses) share(request string) float64 { return float64(u.shares[request]) / perShare }

// dayNumber is the day of t in UTC, counted from 1970.
func dayNumber(t time.Time) int64 { return int64(math.Floor(float64(t.Unix()) / 86400)) }

func dayTime(day int64) time.Time { return time.Unix(day*86400, 0).UTC() }
