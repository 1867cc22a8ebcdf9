package planner_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"haihe/planner"
)

// referee folds a ledger in the plainest way: by the rules of the chain, with sums in float64, sharing nothing with
// State.
type referee struct {
	seq, epoch uint64
	hash       string
	time       time.Time
	status     map[string]string
	terms      map[string]*planner.BookingConfirmed
	commands   map[string]int
	used       map[string]float64 // m3 by "D1", kg by "D1 kg", m3 by "W1 2027-03-12", share by request
}

func newReferee() *referee {
	return &referee{hash: strings.Repeat("0", 64), status: map[string]string{}, terms: map[string]*planner.BookingConfirmed{},
		commands: map[string]int{}, used: map[string]float64{}}
}

var refereeMoves = map[string]string{
	planner.EntryBookingQuoted: ">QUOTED", planner.EntryBookingHeld: " QUOTED>HELD", planner.EntryBookingConfirmed: " QUOTED HELD>CONFIRMED",
	planner.EntryBookingDisrupted: "CONFIRMED>PENDING_AMENDMENT", planner.EntryBookingRestored: "PENDING_AMENDMENT>CONFIRMED",
	planner.EntryBookingRebooked: "PENDING_AMENDMENT>CONFIRMED", planner.EntryBookingDeparted: "CONFIRMED PENDING_AMENDMENT>IN_TRANSIT",
	planner.EntryBookingStored: "IN_TRANSIT>STORED", planner.EntryBookingReleased: "STORED>COMPLETED",
	planner.EntryBookingCancelled: "QUOTED HELD CONFIRMED PENDING_AMENDMENT>CANCELLED", planner.EntryBookingExpired: "QUOTED HELD>EXPIRED",
}

func occupies(status string) bool {
	return slices.Contains([]string{"HELD", "CONFIRMED", "PENDING_AMENDMENT", "IN_TRANSIT", "STORED"}, status)
}

// take says whether an entry counts, and which invariant it breaks.
func (r *referee) take(e *planner.LedgerEntry) (counts bool, fault string) {
	begins := e.Kind == planner.EntryEpochBegun
	if e.Prev != r.hash || e.Seq != r.seq+1 || begins != (e.Epoch > r.epoch) || !begins && e.Epoch != r.epoch {
		return false, ""
	}
	if e.Time.Before(r.time) {
		fault = fmt.Sprintf("entry %d is of %s, the one before of %s", e.Seq, e.Time, r.time)
	}
	r.seq, r.epoch, r.hash, r.time = e.Seq, e.Epoch, e.Hash(), e.Time
	if e.Command != "" {
		if r.commands[e.Command]++; r.commands[e.Command] > 1 {
			return true, fmt.Sprintf("entry %d does command %s again", e.Seq, e.Command)
		}
	}
	move, ok := refereeMoves[e.Kind]
	if !ok {
		return true, fault
	}
	from, to, _ := strings.Cut(move, ">")
	was := r.status[e.Booking]
	if !slices.Contains(strings.Split(from, " "), was) {
		return true, fmt.Sprintf("entry %d: %s of booking %s, which is %q", e.Seq, e.Kind, e.Booking, was)
	}
	if occupies(was) {
		r.add(r.terms[e.Booking], -1)
	}
	if e.Terms != nil {
		r.terms[e.Booking] = e.Terms
	}
	r.status[e.Booking] = to
	if occupies(to) {
		r.add(r.terms[e.Booking], 1)
		if !occupies(was) || e.Terms != nil {
			if f := r.fits(e); f != "" {
				return true, f
			}
		}
	}
	return true, fault
}

func (r *referee) add(b *planner.BookingConfirmed, sign float64) {
	for _, p := range b.Parts {
		m3 := sign * p.Fraction * b.VolumeM3
		r.used[b.Request] += sign * p.Fraction
		for _, d := range p.Departures {
			r.used[d] += m3
			r.used[d+" kg"] += sign * p.Fraction * b.WeightKg
		}
		for k := range b.StorageDays {
			left := 1.0
			if b.Drawdown == planner.DrawdownLinear {
				left -= float64(k) / float64(b.StorageDays)
			}
			r.used[p.Warehouse+" "+p.Arrive.AddDate(0, 0, k).Format(time.DateOnly)] += m3 * left
		}
	}
}

// fits checks all that a new booking takes against what the entry says was published, and that it says so of all.
func (r *referee) fits(e *planner.LedgerEntry) string {
	limits := map[string]float64{r.terms[e.Booking].Request: 1}
	for _, room := range e.Rooms {
		if room.Departure != "" {
			limits[room.Departure], limits[room.Departure+" kg"] = room.M3, room.Kg
			continue
		}
		from, _ := time.Parse(time.DateOnly, room.From)
		for k := range r.terms[e.Booking].StorageDays {
			limits[room.Warehouse+" "+from.AddDate(0, 0, k).Format(time.DateOnly)] = room.FreeM3[min(k, len(room.FreeM3)-1)]
		}
	}
	alone := newReferee()
	alone.add(r.terms[e.Booking], 1)
	for what := range alone.used {
		limit, ok := limits[what]
		if !ok {
			return fmt.Sprintf("entry %d does not say how much of %s there was", e.Seq, what)
		}
		if r.used[what] > limit*(1+2e-6)+2e-6 {
			return fmt.Sprintf("entry %d: %s has %v, and %v is taken", e.Seq, what, limit, r.used[what])
		}
	}
	return ""
}
