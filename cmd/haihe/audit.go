package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"haihe/streams"
)

// The audit shares nothing with the state machine of planner: it reads the JSON of the records into types of its own,
// and adds up for itself. What both have in common is what docs/ledger.md says.

func ledgerAuditCommand() *cobra.Command {
	var from ledgerSource
	cmd := &cobra.Command{
		Use:   "audit [flags]",
		Short: "Check from the raw records that no room was sold twice",
		Long: `Adds up, entry by entry, what every decision of the ledger takes of every departure and of every
warehouse on every day, and compares it with what was published: with what the entry says was, and
with the events that it says published it. It shares no code with the service that decided.`,
		Example: `  haihe ledger audit --data /var/lib/haihe
  haihe ledger audit --brokers 127.0.0.1:19092`,
		Args: exactArgs(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			a := newAudit()
			if err := from.read(cmd.Context(), []string{"haihe.routes", "haihe.flights", "haihe.occupancy"}, a.fact); err != nil {
				return err
			}
			if err := from.read(cmd.Context(), []string{"haihe.bookings"}, a.record); err != nil {
				return err
			}
			out := cmd.OutOrStdout()
			fmt.Fprintf(out, "%d entries, %d bookings, %d of them with room; room was taken %d times, on %d departures and %d warehouses; %d of %d publications were found\n",
				a.seq, len(a.bookings), a.active(), a.taken, len(a.usedM3), len(a.stored), a.found, a.found+a.gone)
			for _, f := range a.faults {
				fmt.Fprintf(out, "FAULT %s\n", f)
			}
			if len(a.faults) > 0 {
				return errVerdict
			}
			fmt.Fprintln(out, "nothing was sold twice")
			return nil
		},
	}
	from.flags(cmd)
	return cmd
}

type auditEntry struct {
	Seq, Epoch          uint64
	Prev, Kind, Booking string
	Terms               *auditTerms
	Rooms               []auditRoom
}

type auditTerms struct {
	Booking, Request, Exporter string
	VolumeM3                   float64 `json:"volume_m3"`
	WeightKg                   float64 `json:"weight_kg"`
	StorageDays                int     `json:"storage_days"`
	Drawdown                   string
	Parts                      []struct {
		Fraction   float64
		Departures []string
		Warehouse  string
		Arrive     time.Time
	}
}

type auditRoom struct {
	Departure, Warehouse, From string
	M3, Kg                     float64
	FreeM3                     auditDays `json:"free_m3"`
	Said                       []string
}

// auditDays is a number, or one a day.
type auditDays []float64

func (d *auditDays) UnmarshalJSON(b []byte) error {
	if bytes.HasPrefix(b, []byte("[")) {
		return json.Unmarshal(b, (*[]float64)(d))
	}
	var x float64
	err := json.Unmarshal(b, &x)
	*d = auditDays{x}
	return err
}

// auditFact is what an event published.
type auditFact struct {
	CapacityM3 auditDays `json:"capacity_m3"`
	CapacityKg float64   `json:"capacity_kg"`
	FreeM3     auditDays `json:"free_m3"`
	From       string
}

type auditBooking struct {
	terms  *auditTerms
	status string
}

type audit struct {
	seq, epoch  uint64
	hash        string
	bookings    map[string]*auditBooking
	usedM3      map[string]float64
	usedKg      map[string]float64
	stored      map[string]map[string]float64 // by warehouse and date
	asked       map[string]float64            // share of each request
	facts       map[string]auditFact          // by event id
	faults      []string
	taken       int
	found, gone int // events that entries name
}

func newAudit() *audit {
	return &audit{hash: strings.Repeat("0", 64), bookings: map[string]*auditBooking{}, usedM3: map[string]float64{}, usedKg: map[string]float64{},
		stored: map[string]map[string]float64{}, asked: map[string]float64{}, facts: map[string]auditFact{}}
}

func (a *audit) fault(format string, args ...any) {
	a.faults = append(a.faults, fmt.Sprintf("entry %d: ", a.seq)+fmt.Sprintf(format, args...))
}

// fact keeps what an event published. Events that the service refused are never named by an entry.
func (a *audit) fact(r streams.Raw) {
	id := r.Headers["ce_id"]
	value := r.Value
	if strings.HasPrefix(r.Headers["content-type"], "application/cloudevents+json") {
		var s struct {
			ID   string
			Data json.RawMessage
		}
		if json.Unmarshal(r.Value, &s) != nil {
			return
		}
		id, value = s.ID, s.Data
	}
	var f auditFact
	if id != "" && json.Unmarshal(value, &f) == nil && (f.CapacityM3 != nil || f.FreeM3 != nil) {
		a.facts[id] = f
	}
}

// auditMoves lists what may become of a booking: from which statuses, and to which.
var auditMoves = map[string][2]string{
	"BookingQuoted": {"new", "quoted"}, "BookingHeld": {"new quoted", "held"}, "BookingConfirmed": {"new quoted held", "confirmed"},
	"BookingDisrupted": {"confirmed", "disrupted"}, "BookingRestored": {"disrupted", "confirmed"}, "BookingRebooked": {"disrupted", "confirmed"},
	"BookingDeparted": {"confirmed disrupted", "sailing"}, "BookingStored": {"sailing", "stored"}, "BookingReleased": {"stored", "over"},
	"BookingCancelled": {"quoted held confirmed disrupted", "over"}, "BookingExpired": {"quoted held", "over"},
}

func takesRoom(status string) bool { return status != "new" && status != "quoted" && status != "over" }

func (a *audit) active() int {
	n := 0
	for _, b := range a.bookings {
		if takesRoom(b.status) {
			n++
		}
	}
	return n
}

// record takes a record of the ledger.
func (a *audit) record(r streams.Raw) {
	switch r.Headers["ce_type"] {
	case "haihe.LedgerEntry":
	case "haihe.BookingConfirmed", "haihe.BookingCancelled": // from before there was a ledger
		if a.seq == 0 {
			a.old(r)
		}
		return
	default:
		return
	}
	var e auditEntry
	if err := json.Unmarshal(r.Value, &e); err != nil {
		a.fault("offset %d is no entry: %v", r.Offset, err)
		return
	}
	// The rules of the chain: what does not follow on the last entry, in its epoch or as the beginning of a later one,
	// does not count.
	begins := e.Kind == "EpochBegun"
	if e.Prev != a.hash || e.Seq != a.seq+1 || begins && e.Epoch <= a.epoch || !begins && e.Epoch != a.epoch {
		return
	}
	a.seq, a.epoch, a.hash = e.Seq, e.Epoch, fmt.Sprintf("%x", sha256.Sum256(r.Value))
	if move, ok := auditMoves[e.Kind]; ok {
		a.move(&e, move)
	}
}

// old takes a booking that was told as a fact. Several may tell of one booking in any order; the audit takes the last.
func (a *audit) old(r streams.Raw) {
	var t auditTerms
	if json.Unmarshal(r.Value, &t) != nil || t.Booking == "" {
		return
	}
	b := a.bookings[t.Booking]
	if b == nil {
		b = &auditBooking{status: "new"}
		a.bookings[t.Booking] = b
	}
	if takesRoom(b.status) {
		a.add(b.terms, -1)
	}
	if b.status = "over"; r.Headers["ce_type"] == "haihe.BookingConfirmed" {
		b.status, b.terms = "confirmed", &t
		a.add(&t, 1)
	}
}

func (a *audit) move(e *auditEntry, move [2]string) {
	b := a.bookings[e.Booking]
	if b == nil {
		b = &auditBooking{status: "new"}
		a.bookings[e.Booking] = b
	}
	if !slices.Contains(strings.Fields(move[0]), b.status) {
		a.fault("%s of booking %s, which is %s", e.Kind, e.Booking, b.status)
	}
	had := takesRoom(b.status)
	if had {
		a.add(b.terms, -1)
	}
	if e.Terms != nil {
		b.terms = e.Terms
	}
	b.status = move[1]
	if b.terms == nil {
		a.fault("booking %s has no terms", e.Booking)
		return
	}
	if !takesRoom(b.status) {
		return
	}
	a.add(b.terms, 1)
	if !had || e.Terms != nil {
		a.taken++
		a.compare(e, b.terms)
	}
}

// add takes the room of a booking, or gives it back.
func (a *audit) add(t *auditTerms, sign float64) {
	for _, p := range t.Parts {
		for _, d := range p.Departures {
			a.usedM3[d] += sign * p.Fraction * t.VolumeM3
			a.usedKg[d] += sign * p.Fraction * t.WeightKg
		}
		days := a.stored[p.Warehouse]
		if days == nil {
			days = map[string]float64{}
			a.stored[p.Warehouse] = days
		}
		for k := range t.StorageDays {
			left := 1.0
			if t.Drawdown == "linear" {
				left = 1 - float64(k)/float64(t.StorageDays)
			}
			days[p.Arrive.UTC().AddDate(0, 0, k).Format(time.DateOnly)] += sign * p.Fraction * t.VolumeM3 * left
		}
		a.asked[t.Request] += sign * p.Fraction
	}
}

const auditSlack = 2e-6 // a share, and m3 or kg: the service rounds fractions

func over(used, published float64) bool {
	return used > published+auditSlack*max(1, math.Abs(published))
}

// compare holds what is taken by now, of all that a booking needs, against what was published.
func (a *audit) compare(e *auditEntry, t *auditTerms) {
	if s := a.asked[t.Request]; over(s, 1) {
		a.fault("request %s is booked %.6f times", t.Request, s)
	}
	covered := map[string]bool{}
	for _, r := range e.Rooms {
		if r.Departure != "" {
			covered[r.Departure] = true
			if over(a.usedM3[r.Departure], r.M3) || over(a.usedKg[r.Departure], r.Kg) {
				a.fault("departure %s has %.6f m3 and %.3f kg, %.6f m3 and %.3f kg are taken", r.Departure, r.M3, r.Kg, a.usedM3[r.Departure], a.usedKg[r.Departure])
			}
			a.published(&r)
			continue
		}
		from, err := time.Parse(time.DateOnly, r.From)
		if err != nil || len(r.FreeM3) == 0 {
			a.fault("the room of warehouse %s has no days", r.Warehouse)
			continue
		}
		covered[r.Warehouse+" "+r.From] = true
		for k := range max(len(r.FreeM3), t.StorageDays) {
			day, free := from.AddDate(0, 0, k).Format(time.DateOnly), r.FreeM3[min(k, len(r.FreeM3)-1)]
			if used := a.stored[r.Warehouse][day]; over(used, free) {
				a.fault("warehouse %s has %.6f m3 on %s, %.6f m3 are taken", r.Warehouse, free, day, used)
			}
		}
		a.published(&r)
	}
	for _, p := range t.Parts {
		for _, d := range p.Departures {
			if !covered[d] {
				a.fault("it does not say what departure %s had published", d)
			}
		}
		if t.StorageDays > 0 && !covered[p.Warehouse+" "+p.Arrive.UTC().Format(time.DateOnly)] {
			a.fault("it does not say what warehouse %s had published", p.Warehouse)
		}
	}
}

// published compares what an entry says was published with the event that it names last. A compacted topic may have
// forgotten that.
func (a *audit) published(r *auditRoom) {
	if len(r.Said) == 0 {
		a.fault("it does not say who published the room of %s%s", r.Departure, r.Warehouse)
		return
	}
	f, ok := a.facts[r.Said[len(r.Said)-1]]
	if !ok {
		a.gone++
		return
	}
	a.found++
	if r.Departure != "" {
		if len(f.CapacityM3) != 1 || f.CapacityM3[0] != r.M3 || f.CapacityKg != r.Kg {
			a.fault("departure %s had %v m3 and %v kg published, not %v and %v", r.Departure, f.CapacityM3, f.CapacityKg, r.M3, r.Kg)
		}
		return
	}
	days := f.FreeM3
	if days == nil {
		days = f.CapacityM3
	}
	from, _ := time.Parse(time.DateOnly, r.From)
	first, _ := time.Parse(time.DateOnly, f.From)
	for k, free := range r.FreeM3 {
		at := 0
		if len(days) > 1 {
			at = min(max(int(from.AddDate(0, 0, k).Sub(first).Hours()/24), 0), len(days)-1)
		}
		if days[at] != free {
			a.fault("warehouse %s had %v m3 published for the day %d after %s, not %v", r.Warehouse, days[at], k, r.From, free)
		}
	}
}
