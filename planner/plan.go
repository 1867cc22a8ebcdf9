package planner

import "time"

// PlanVersion is the format that Plan is written in.
const PlanVersion = "haihe.plan/1"

// Status of a plan.
const (
	StatusOptimal  = "optimal"  // the gap is at most 1e-6
	StatusFeasible = "feasible" // every promise of it holds; a better plan may exist
)

// Plan is an answer to a Problem, in the format haihe.plan/1. Prices prove Bound: for any prices ≥ 0,
//
//	bound = Σ_r min(value[r], min over p of (cost[r,p] + prices × room used by all of r on p)) − Σ prices × capacity
//
// is a lower bound on the cost of every plan, split or whole.
type Plan struct {
	Version     string       `json:"version"`
	Status      string       `json:"status"`
	Objective   float64      `json:"objective"`
	Bound       float64      `json:"bound"`
	Gap         float64      `json:"gap"` // (objective − bound)/|objective|
	Seconds     float64      `json:"seconds"`
	Assignments []Assignment `json:"assignments"`
	Unmatched   []Unmatched  `json:"unmatched"`
	Prices      Prices       `json:"prices"`
}

// Assignment sends Fraction of a request along Departures, in order, through Gateway into Warehouse.
type Assignment struct {
	Request    string    `json:"request"`
	Fraction   float64   `json:"fraction"`
	Departures []string  `json:"departures"`
	Gateway    string    `json:"gateway"`
	Warehouse  string    `json:"warehouse"`
	Arrive     time.Time `json:"arrive"` // at the warehouse's door
	Cost       float64   `json:"cost"`   // of that fraction
}

// Unmatched says how much of a request the plan leaves, and why.
type Unmatched struct {
	Request  string  `json:"request"`
	Fraction float64 `json:"fraction"`
	Reason   Reason  `json:"reason"`
}

// Codes of a Reason, from the hardest obstacle to the softest.
const (
	ReasonNoRoute    = "no_route"    // nothing that the request may use leads from its origin to its market
	ReasonClass      = "class"       // routes lead there, but none takes its class of cargo
	ReasonMode       = "mode"        // routes lead there, but only by modes it does not accept
	ReasonLate       = "late"        // every route comes after it is due, or leaves before it is ready
	ReasonTooDear    = "too_dear"    // the cheapest way costs more than the request is worth, even with room free
	ReasonNoCapacity = "no_capacity" // a way would pay, but its room is worth more to others
	ReasonWhole      = "whole"       // room is there for a part of it, and it must go whole
)

// Reason says why a request, or a part of it, is left unmatched. Departure, Warehouse, Place and Day name the
// obstacle where there is one.
type Reason struct {
	Code       string      `json:"code"`
	Message    string      `json:"message"` // in English, for logs and files; screens word it from Code
	Departure  string      `json:"departure,omitempty"`
	Warehouse  string      `json:"warehouse,omitempty"`
	Day        *int        `json:"day,omitempty"`
	Place      string      `json:"place,omitempty"`
	Relaxation *Relaxation `json:"relaxation,omitempty"`
}

// Kinds of a Relaxation.
const (
	RelaxDue   = "due"   // be due Hours later
	RelaxReady = "ready" // be ready Hours earlier
	RelaxMode  = "modes" // accept Modes too
	RelaxValue = "value" // be worth Value (for all of it)
	RelaxSplit = "split" // let it go in parts
	RelaxM3    = "m3"    // M3 more room at the obstacle
)

// Relaxation is a change of one kind that lets the request be matched, all else as it is. It was tried before it was
// told: a best plan with the change sends the request, or such a plan was found that is better for sending it.
type Relaxation struct {
	Kind  string   `json:"kind"`
	Hours float64  `json:"hours,omitempty"`
	Modes []string `json:"modes,omitempty"`
	Value float64  `json:"value,omitempty"` // rounded up to four digits
	M3    float64  `json:"m3,omitempty"`    // rounded up to four digits
	// Part is how much of the request would go then, in all; 0: all of it.
	Part float64 `json:"part,omitempty"`
	// Smallest tells that a smaller change of this kind, by one per cent or more, does not do as much. Where it is false
	// the change is enough, and a smaller one may be.
	Smallest bool `json:"smallest,omitempty"`
}

// Prices are dual prices: what one more unit of room is worth. Zeros are left out.
type Prices struct {
	Departures []DeparturePrice `json:"departures"`
	Warehouses []WarehousePrice `json:"warehouses"`
}

// DeparturePrice is what one more m3 and one more kg on a departure would save.
type DeparturePrice struct {
	ID string  `json:"id"`
	M3 float64 `json:"m3"`
	Kg float64 `json:"kg"`
}

// WarehousePrice is what one more m3 of room in a warehouse on a day of the horizon would save.
type WarehousePrice struct {
	ID  string  `json:"id"`
	Day int     `json:"day"`
	M3  float64 `json:"m3"`
}
