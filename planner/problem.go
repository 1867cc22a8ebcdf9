package planner

import (
	"slices"
	"time"
)

// The formats that a Problem is written in. The second has what storage costs by the age of a stay; nothing is written in it
// that the first can say.
const (
	ProblemVersion = "haihe.problem/1"
	TariffVersion  = "haihe.problem/2"
)

// Modes of transport of a departure.
const (
	ModeSea  = "sea"
	ModeAir  = "air"
	ModeRail = "rail"
	ModeRoad = "road"
	ModePost = "post"
)

// What a rate is charged by.
const (
	PerM3 = "m3" // revenue ton: the larger of m3 and kg / kg_per_m3
	PerKg = "kg" // chargeable weight: the larger of kg and m3 × kg_per_m3
)

// How stored goods leave a warehouse.
const (
	DrawdownNone   = "none"   // all of it stays to the last day
	DrawdownLinear = "linear" // on day k (from 0) the share 1 − k/StorageDays is still there
)

// Problem is everything that a plan depends on, in the format haihe.problem/1, or /2. Volumes are in m3, masses in
// kg, money in Currency, times in UTC. Hours count from Start, which is midnight; day d is the hours
// [24d, 24d+24), and the horizon is Days days.
type Problem struct {
	Version    string      `json:"version"`
	Currency   string      `json:"currency"`
	Start      time.Time   `json:"start"`
	Days       int         `json:"days"`
	Places     []Place     `json:"places"`
	Departures []Departure `json:"departures"`
	Warehouses []Warehouse `json:"warehouses"`
	Requests   []Request   `json:"requests"`
}

// Place is a seaport (UN/LOCODE), an airport (IATA code), a rail terminal or an inland point.
type Place struct {
	ID             string  `json:"id"`
	Name           string  `json:"name,omitempty"`
	Kind           string  `json:"kind,omitempty"` // seaport, airport, rail, inland
	Country        string  `json:"country,omitempty"`
	Lat            float64 `json:"lat"`
	Lon            float64 `json:"lon"`
	TransferHours  float64 `json:"transfer_hours"`   // least time from an arrival to the next cutoff
	TransferCostM3 float64 `json:"transfer_cost_m3"` // cost per m3 of changing departure here
}

// Rate is the tariff of a departure: Amount for each unit of the chargeable quantity.
type Rate struct {
	Per     string  `json:"per"`
	Amount  float64 `json:"amount"`
	KgPerM3 float64 `json:"kg_per_m3"`
}

// Quantity returns the chargeable quantity of a cargo: revenue tons for a rate per m3, kg for one per kg.
func (r Rate) Quantity(volumeM3, weightKg float64) float64 {
	if r.Per == PerKg {
		return max(weightKg, volumeM3*r.KgPerM3)
	}
	return max(volumeM3, weightKg/r.KgPerM3)
}

// Departure is one dated leg of a sailing, a flight or a train. Cargo must be at From, free to load, at
// Cutoff. Consecutive legs of one Voyage, where one ends the next begins, keep cargo aboard.
type Departure struct {
	ID         string    `json:"id"`
	Mode       string    `json:"mode"`
	Carrier    string    `json:"carrier,omitempty"`
	Voyage     string    `json:"voyage,omitempty"`
	From       string    `json:"from"`
	To         string    `json:"to"`
	Cutoff     time.Time `json:"cutoff"`
	Depart     time.Time `json:"depart"`
	Arrive     time.Time `json:"arrive"`
	CapacityM3 float64   `json:"capacity_m3"` // what the leg can still take
	CapacityKg float64   `json:"capacity_kg"`
	Rate       Rate      `json:"rate"`
	CO2eKgPerT float64   `json:"co2e_kg_per_t"` // well-to-wheel, per tonne carried over the whole leg
	Classes    []string  `json:"classes"`       // cargo classes it takes
}

// Gateway leads from a port or airport to a warehouse's door.
type Gateway struct {
	Place  string  `json:"place"`
	Hours  float64 `json:"hours"`
	RateM3 float64 `json:"rate_m3"`
}

// Market is a market that a warehouse serves, with the last mile from its door to the customer.
type Market struct {
	ID     string  `json:"id"`
	Hours  float64 `json:"hours"`
	RateM3 float64 `json:"rate_m3"`
}

// Warehouse is an overseas warehouse with room to share.
type Warehouse struct {
	ID           string    `json:"id"`
	Operator     string    `json:"operator,omitempty"`
	Country      string    `json:"country,omitempty"`
	Lat          float64   `json:"lat"`
	Lon          float64   `json:"lon"`
	CapacityM3   PerDay    `json:"capacity_m3"`
	Classes      []string  `json:"classes"`
	InboundM3    float64   `json:"inbound_m3"`
	StorageM3Day float64   `json:"storage_m3_day"`
	Gateways     []Gateway `json:"gateways"`
	Markets      []Market  `json:"markets"`

	FreeDays     int           `json:"free_days,omitzero"`      // of each stay, that cost nothing
	StorageTiers []StorageTier `json:"storage_tiers,omitempty"` // by from_day; before the first StorageM3Day holds
}

// Format is the version that says all of p.
func (p *Problem) Format() string {
	if slices.ContainsFunc(p.Warehouses, func(w Warehouse) bool { return w.byAge() }) {
		return TariffVersion
	}
	return ProblemVersion
}

// byAge reports whether what storage costs depends on the day of the stay.
func (w *Warehouse) byAge() bool { return w.FreeDays != 0 || len(w.StorageTiers) > 0 }

// StorageTier is what a m3 costs a day from a day of its stay on, the first day being 0.
type StorageTier struct {
	FromDay int     `json:"from_day"`
	M3Day   float64 `json:"m3_day"`
}

// StorageRate is what a m3 costs on day k of its stay, from 0.
func (w *Warehouse) StorageRate(k int) float64 {
	rate := w.StorageM3Day
	for _, t := range w.StorageTiers {
		if k >= t.FromDay {
			rate = t.M3Day
		}
	}
	if k < w.FreeDays {
		return 0
	}
	return rate
}

// StorageM3 is what the whole stay of a request costs in a warehouse, for each m3 that came.
func (r *Request) StorageM3(w *Warehouse) float64 {
	if !w.byAge() {
		return w.StorageM3Day * r.M3Days()
	}
	sum := 0.0
	for k := range r.StorageDays {
		sum += r.Held(k) * w.StorageRate(k)
	}
	return sum
}

// Request is an exporter's wish: this cargo, from Origin on Ready, at the door of a warehouse that serves
// Market by Due, stored for StorageDays.
type Request struct {
	ID            string    `json:"id"`
	Exporter      string    `json:"exporter,omitempty"`
	Origin        string    `json:"origin"`
	Market        string    `json:"market"`
	Class         string    `json:"class"`
	VolumeM3      float64   `json:"volume_m3"`
	WeightKg      float64   `json:"weight_kg"`
	Ready         time.Time `json:"ready"`
	Due           time.Time `json:"due"`
	StorageDays   int       `json:"storage_days"`
	Drawdown      string    `json:"drawdown"`
	Modes         []string  `json:"modes,omitempty"` // empty: any
	Whole         bool      `json:"whole"`           // by one itinerary to one warehouse, or not at all
	Value         float64   `json:"value"`           // cost of leaving all of it unmatched
	TimeCostM3Day float64   `json:"time_cost_m3_day"`
	CO2ePriceT    float64   `json:"co2e_price_t"`
}

// Held returns the share of the volume that still stands in the warehouse k days after it came.
func (r *Request) Held(k int) float64 {
	if k < 0 || k >= r.StorageDays {
		return 0
	}
	if r.Drawdown == DrawdownLinear {
		return 1 - float64(k)/float64(r.StorageDays)
	}
	return 1
}

// M3Days returns the m3-days of storage that one m3 pays for: the sum of Held over the whole stay.
func (r *Request) M3Days() float64 {
	t := float64(r.StorageDays)
	if r.Drawdown == DrawdownLinear {
		return (t + 1) / 2
	}
	return t
}
