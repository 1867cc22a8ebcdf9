package planner

import (
	"encoding/hex"
	"strings"
)

// Validate methods look at a fact alone; what it refers to may come later, from another topic. The least and
// most delay are of a month either way: more is a new schedule, not a delay.
const maxDelayHours = 31 * 24

func check(look func(fe *fieldErrors)) error {
	var fe fieldErrors
	look(&fe)
	return fe.err()
}

// Validate checks the place.
func (f *PlaceDeclared) Validate() error {
	return check(func(fe *fieldErrors) { checkPlace(fe, "", &f.Place) })
}

// Validate checks the departure.
func (f *DepartureScheduled) Validate() error {
	return check(func(fe *fieldErrors) {
		checkDeparture(fe, "", &f.Departure)
		fe.text("vessel", f.Vessel, maxTextBytes)
		if f.From == f.To && f.From != "" {
			fe.add("to", "must not be the place that it leaves from, %s", short(f.From))
		}
	})
}

// Validate checks the delay, which is at most a month either way.
func (f *DepartureDelayed) Validate() error {
	return check(func(fe *fieldErrors) {
		leg(fe, f.Departure, f.Mode)
		fe.within("delay_hours", f.DelayHours, -maxDelayHours, maxDelayHours)
		fe.text("reason", f.Reason, maxTextBytes)
	})
}

// Validate checks the names.
func (f *DepartureCancelled) Validate() error {
	return check(func(fe *fieldErrors) {
		leg(fe, f.Departure, f.Mode)
		fe.text("reason", f.Reason, maxTextBytes)
	})
}

// Validate checks the names.
func (f *DepartureReinstated) Validate() error {
	return check(func(fe *fieldErrors) { leg(fe, f.Departure, f.Mode) })
}

// Validate checks that the room is not negative.
func (f *DepartureCapacityChanged) Validate() error {
	return check(func(fe *fieldErrors) {
		leg(fe, f.Departure, f.Mode)
		fe.nonNeg("capacity_m3", f.CapacityM3)
		fe.nonNeg("capacity_kg", f.CapacityKg)
	})
}

// Validate checks the rate.
func (f *DepartureRateChanged) Validate() error {
	return check(func(fe *fieldErrors) {
		leg(fe, f.Departure, f.Mode)
		checkRate(fe, "rate", &f.Rate)
	})
}

// Validate checks that the passage is one that is known, and that the end comes after the beginning.
func (f *PassageClosed) Validate() error {
	return check(func(fe *fieldErrors) {
		fe.passage("passage", f.Passage)
		fe.text("reason", f.Reason, maxTextBytes)
		from, until := f.From == nil || fe.time("from", *f.From), f.Until == nil || fe.time("until", *f.Until)
		if from && until && f.From != nil && f.Until != nil {
			fe.timeOrder("from", *f.From, "until", *f.Until, true)
		}
	})
}

// Validate checks that the passage is one that is known.
func (f *PassageReopened) Validate() error {
	return check(func(fe *fieldErrors) { fe.passage("passage", f.Passage) })
}

// Validate checks the position, speed and course.
func (f *PositionReported) Validate() error {
	return check(func(fe *fieldErrors) {
		leg(fe, f.Departure, f.Mode)
		fe.latlon(f.Lat, f.Lon)
		fe.within("speed_knots", f.SpeedKnots, 0, 2000)
		fe.within("course_deg", f.CourseDeg, 0, 360)
		fe.time("at", f.At)
	})
}

// Validate checks the warehouse, and that a capacity by day has the day it counts from.
func (f *WarehouseRegistered) Validate() error {
	return check(func(fe *fieldErrors) {
		checkWarehouse(fe, "", &f.Warehouse, 0)
		fe.text("name", f.Name, maxTextBytes)
		fe.nonNeg("area_m2", f.AreaM2)
		from(fe, f.From, "capacity_m3", f.CapacityM3)
	})
}

// Validate checks the room, and that room by day has the day it counts from.
func (f *OccupancyReported) Validate() error {
	return check(func(fe *fieldErrors) {
		fe.id("warehouse", f.Warehouse)
		fe.perDay("free_m3", f.FreeM3, 0)
		from(fe, f.From, "free_m3", f.FreeM3)
	})
}

// Validate checks the name.
func (f *WarehouseClosed) Validate() error {
	return check(func(fe *fieldErrors) {
		fe.id("warehouse", f.Warehouse)
		fe.text("reason", f.Reason, maxTextBytes)
	})
}

// Validate checks the name.
func (f *WarehouseReopened) Validate() error {
	return check(func(fe *fieldErrors) { fe.id("warehouse", f.Warehouse) })
}

// Validate checks the request.
func (f *RequestSubmitted) Validate() error {
	return check(func(fe *fieldErrors) {
		checkRequest(fe, "", &f.Request)
		fe.text("goods", f.Goods, maxTextBytes)
		if f.HSCode != "" && !hsCode(f.HSCode) {
			fe.add("hs_code", "must be 6 to 10 digits, got %s", short(f.HSCode))
		}
		if b, err := hex.DecodeString(f.First); f.First != "" && (err != nil || len(b) != 16 || f.First != strings.ToLower(f.First)) {
			fe.add("first", "must be 32 hex digits in lower case, got %s", short(f.First))
		}
		if r := f.Repeat; r != nil {
			back := fe.under("repeat")
			fe.oneOf("every", r.Every, EveryWeek, EveryMonth)
			fe.text("series", r.Series, maxIDBytes)
			if r.N < 0 || r.N > 1e6 || (r.N == 0) != (r.Series == "") {
				fe.add("n", "must be from 1 on where series is set, and 0 where it is not, got %d", r.N)
			}
			back()
		}
	})
}

// Validate checks the name.
func (f *RequestWithdrawn) Validate() error {
	return check(func(fe *fieldErrors) { fe.id("request", f.Request) })
}

// Validate checks the booking and its parts.
func (f *BookingConfirmed) Validate() error {
	return check(func(fe *fieldErrors) {
		fe.id("booking", f.Booking)
		fe.id("request", f.Request)
		fe.text("exporter", f.Exporter, maxTextBytes)
		fe.nonNeg("volume_m3", f.VolumeM3)
		fe.nonNeg("weight_kg", f.WeightKg)
		fe.count("storage_days", f.StorageDays, 0, maxDays)
		fe.oneOf("drawdown", f.Drawdown, DrawdownNone, DrawdownLinear)
		if len(f.Parts) == 0 {
			fe.add("parts", "must not be empty")
		}
		for i := range f.Parts {
			part := &f.Parts[i]
			back := fe.under(element("parts", i))
			if part.Request != f.Request {
				fe.add("request", "must be that of the booking, %s, got %s", short(f.Request), short(part.Request))
			}
			fe.within("fraction", part.Fraction, 0, 1+1e-6)
			if len(part.Departures) == 0 {
				fe.add("departures", "must not be empty")
			}
			fe.ids("departures", part.Departures)
			fe.id("gateway", part.Gateway)
			fe.id("warehouse", part.Warehouse)
			fe.time("arrive", part.Arrive)
			fe.finite("cost", part.Cost)
			back()
		}
	})
}

// Validate checks the name.
func (f *BookingCancelled) Validate() error {
	return check(func(fe *fieldErrors) {
		fe.id("booking", f.Booking)
		fe.text("reason", f.Reason, maxTextBytes)
	})
}

func leg(fe *fieldErrors, departure, mode string) {
	fe.id("departure", departure)
	fe.mode("mode", mode)
}

// from wants the date of the first of several amounts.
func from(fe *fieldErrors, date, list string, amounts PerDay) {
	switch {
	case date != "":
		fe.date("from", date)
	case len(amounts) > 1:
		fe.add("from", "is missing: the date of the first number of %s", list)
	}
}

func hsCode(s string) bool {
	if len(s) < 6 || len(s) > 10 {
		return false
	}
	for _, c := range s {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}
