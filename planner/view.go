package planner

import (
	"time"

	"haihe/geo"
)

// The types here say how things stand, planned beside actual. They are values: whoever holds one may keep it.

// DepartureStatus is a departure as planned, and what has happened to it.
type DepartureStatus struct {
	Departure                       // times, room and rate as they are now
	Vessel        string            `json:"vessel,omitempty"`
	PlannedCutoff time.Time         `json:"planned_cutoff"`
	PlannedDepart time.Time         `json:"planned_depart"`
	PlannedArrive time.Time         `json:"planned_arrive"`
	DelayHours    float64           `json:"delay_hours"`
	DelayReason   string            `json:"delay_reason,omitempty"`
	Cancelled     bool              `json:"cancelled"`
	CancelReason  string            `json:"cancel_reason,omitempty"`
	Diversion     *Diversion        `json:"diversion,omitempty"` // what shut passages do to it; nil where nothing
	BookedM3      float64           `json:"booked_m3"`           // held and booked, to be taken from the room published
	BookedKg      float64           `json:"booked_kg"`
	Position      *PositionReported `json:"position,omitempty"` // the last that was reported; none of before a restart
}

// Runs reports whether the departure takes cargo to where it should: it is not cancelled, and a way is left.
func (d *DepartureStatus) Runs() bool {
	return !d.Cancelled && (d.Diversion == nil || !d.Diversion.Blocked)
}

// Diversion is what shut passages do to a departure, beside its delay. Whoever holds one must not write to it.
type Diversion struct {
	Passages     []string   `json:"passages"`         // what it, or else an earlier leg of its voyage, sails around
	Reason       string     `json:"reason,omitempty"` // of the first of them
	Km           float64    `json:"km"`               // further than its normal way
	Hours        float64    `json:"hours"`            // later at its end for that, at the speed of its timetable
	CarriedHours float64    `json:"carried_hours"`    // later from its cutoff on, by diversions of earlier legs
	Blocked      bool       `json:"blocked"`          // no way is left: it does not run
	Turned       *time.Time `json:"turned,omitempty"` // when it left its normal way, if that was at sea
	Way          geo.Route  `json:"-"`                // as it sails; empty where only earlier legs are diverted

	further float64 // Km as a share of the normal way
}

// WarehouseStatus is a warehouse as registered, and the room it offers now.
type WarehouseStatus struct {
	Warehouse            // CapacityM3 from CapacityFrom on
	Name         string  `json:"name,omitempty"`
	AreaM2       float64 `json:"area_m2"`
	Public       bool    `json:"public"`
	CapacityFrom string  `json:"capacity_from,omitempty"` // date, 2006-01-02
	Closed       bool    `json:"closed"`
	CloseReason  string  `json:"close_reason,omitempty"`

	// Registered is the room as registered, from RegisteredFrom on; reports of what is free change it no more.
	Registered     PerDay `json:"-"`
	RegisteredFrom string `json:"-"`
}

// RequestStatus is a request as it stands.
type RequestStatus struct {
	Request
	Goods       string    `json:"goods,omitempty"`
	HSCode      string    `json:"hs_code,omitempty"`
	SubmittedAt time.Time `json:"submitted_at"`
	Withdrawn   bool      `json:"withdrawn"`
	BookedShare float64   `json:"booked_share"` // the fraction under holds and bookings
	Repeat      *Repeat   `json:"repeat,omitempty"`
	First       string    `json:"-"` // as RequestSubmitted has it
}

// BookingStatus is a booking as it stands. Disruptions say why it can no longer run as confirmed; its owner
// decides what follows.
type BookingStatus struct {
	BookingConfirmed
	Status      string        `json:"status" enum:"QUOTED,HELD,CONFIRMED,PENDING_AMENDMENT,IN_TRANSIT,STORED,COMPLETED,CANCELLED,EXPIRED"`
	Price       float64       `json:"price"`             // of all parts; fixed from the quote on
	Expires     *time.Time    `json:"expires,omitempty"` // of a quote or a hold
	Cancelled   bool          `json:"cancelled"`         // it is CANCELLED or EXPIRED
	Disruptions []string      `json:"disruptions,omitempty"`
	History     []BookingStep `json:"history,omitempty"` // oldest first; none of bookings from before the ledger
}

// BookingStep is one change of a booking.
type BookingStep struct {
	Status  string    `json:"status"`
	At      time.Time `json:"at"`
	Reasons []string  `json:"reasons,omitempty"`
}

// Match is what the current plan does for one request.
type Match struct {
	Request   string       `json:"request"`
	Parts     []Assignment `json:"parts"`
	Unmatched float64      `json:"unmatched"` // the fraction left
	Reason    *Reason      `json:"reason,omitempty"`
}

// PlanSummary is a plan without its matches. Plans are numbered by Epoch, the time that an instance led when it
// made them, and Version within it.
type PlanSummary struct {
	Epoch      uint64           `json:"epoch"`
	Version    uint64           `json:"version"`
	SolvedAt   time.Time        `json:"solved_at"`
	Status     string           `json:"status"`
	Objective  float64          `json:"objective"`
	Bound      float64          `json:"bound"`
	Gap        float64          `json:"gap"`
	Seconds    float64          `json:"seconds"`
	Currency   string           `json:"currency"`
	Start      time.Time        `json:"start"` // of the horizon
	Days       int              `json:"days"`
	Requests   int              `json:"requests"` // open requests that were planned
	Matched    int              `json:"matched"`  // wholly matched
	AskedM3    float64          `json:"asked_m3"`
	MatchedM3  float64          `json:"matched_m3"`
	Departures []DeparturePrice `json:"departure_prices"`
	Warehouses []WarehousePrice `json:"warehouse_prices"`
	Steep      []Steep          `json:"steep,omitempty"` // departures that are or just were bottlenecks, by id
}

// SteepPerM3 is from which dual price of one more m3, in the problem's currency, a departure is a bottleneck.
const SteepPerM3 = 20.0

// Steep says since when a departure is a bottleneck. It is carried from plan to plan, so that whoever comes later, and a service that
// starts anew, knows what is new. Prices come and go between two plans: a departure that is a bottleneck again soon has been one all along.
type Steep struct {
	ID    string    `json:"id"`
	Since time.Time `json:"since"`
	Last  time.Time `json:"last"` // of the last plan in which it was one
}

// Load is how much of a departure or a warehouse the current plan uses, bookings left out.
type Load struct {
	M3     float64 `json:"m3"` // of a warehouse: on its fullest day
	Kg     float64 `json:"kg,omitempty"`
	Owners int     `json:"owners"` // exporters whose cargo it is
}
