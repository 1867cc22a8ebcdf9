package planner

import "time"

// Aspects of a resource that facts set.
const (
	AspectMaster   = "master"   // what the resource is
	AspectDelay    = "delay"    // of a departure
	AspectStatus   = "status"   // cancelled or not, closed or not, withdrawn
	AspectCapacity = "capacity" // room published anew
	AspectRate     = "rate"
	AspectPosition = "position" // expires; see State.Events
)

// PlaceDeclared sets a port, an airport or another place.
type PlaceDeclared struct {
	Place
}

// DepartureScheduled sets a departure as its carrier plans it.
type DepartureScheduled struct {
	Departure
	Vessel string `json:"vessel,omitempty"` // name of the ship, or flight number and type of the aircraft
}

// DepartureDelayed sets how much later than planned a departure's cutoff, depart and arrive are; negative is
// early, 0 takes a delay back. It holds for the later legs of the voyage too, until one reports its own. What a ship
// loses around a shut passage is reckoned besides, and not to be told here.
type DepartureDelayed struct {
	Departure  string  `json:"departure"`
	Mode       string  `json:"mode"`
	DelayHours float64 `json:"delay_hours"`
	Reason     string  `json:"reason,omitempty"`
}

// DepartureCancelled sets a departure as not running: a blanked sailing, a cancelled flight.
type DepartureCancelled struct {
	Departure string `json:"departure"`
	Mode      string `json:"mode"`
	Reason    string `json:"reason,omitempty"`
}

// DepartureReinstated sets a cancelled departure as running again.
type DepartureReinstated struct {
	Departure string `json:"departure"`
	Mode      string `json:"mode"`
}

// DepartureCapacityChanged sets the room that a departure offers.
type DepartureCapacityChanged struct {
	Departure  string  `json:"departure"`
	Mode       string  `json:"mode"`
	CapacityM3 float64 `json:"capacity_m3"`
	CapacityKg float64 `json:"capacity_kg"`
}

// DepartureRateChanged sets the tariff of a departure.
type DepartureRateChanged struct {
	Departure string `json:"departure"`
	Mode      string `json:"mode"`
	Rate      Rate   `json:"rate"`
}

// PassageClosed sets a strait or canal as shut to ships, from the time of the event or From on, until it is reopened
// or until Until. Ships that would find it shut sail around; a departure with no way left does not run.
type PassageClosed struct {
	Passage string     `json:"passage"`
	Reason  string     `json:"reason,omitempty"`
	From    *time.Time `json:"from,omitempty"`
	Until   *time.Time `json:"until,omitempty"`
}

// PassageReopened sets a passage as open to ships.
type PassageReopened struct {
	Passage string `json:"passage"`
}

// PositionReported sets where the ship or aircraft of a departure is. It changes no plan, and alone of all facts it
// is not kept: after a restart the position is unknown until the next report.
type PositionReported struct {
	Departure  string    `json:"departure"`
	Mode       string    `json:"mode"`
	Lat        float64   `json:"lat"`
	Lon        float64   `json:"lon"`
	SpeedKnots float64   `json:"speed_knots"`
	CourseDeg  float64   `json:"course_deg"` // clockwise from north, in [0, 360)
	At         time.Time `json:"at"`
}

// WarehouseRegistered sets an overseas warehouse and the room it offers while it has reported no occupancy.
// A capacity of several days counts from From.
type WarehouseRegistered struct {
	Warehouse
	Name   string  `json:"name,omitempty"`
	AreaM2 float64 `json:"area_m2"`
	Public bool    `json:"public"`         // shared with other firms, or for its owner alone
	From   string  `json:"from,omitempty"` // date, 2006-01-02; needed where capacity_m3 is a list
}

// OccupancyReported sets the room free to share in a warehouse: the same every day, or day by day from From
// on. Days after the last take its value, days before the first the first's.
type OccupancyReported struct {
	Warehouse string `json:"warehouse"`
	From      string `json:"from,omitempty"` // date, 2006-01-02; needed where free_m3 is a list
	FreeM3    PerDay `json:"free_m3"`
}

// WarehouseClosed sets a warehouse as taking nothing in.
type WarehouseClosed struct {
	Warehouse string `json:"warehouse"`
	Reason    string `json:"reason,omitempty"`
}

// WarehouseReopened sets a closed warehouse as open again.
type WarehouseReopened struct {
	Warehouse string `json:"warehouse"`
}

// RequestSubmitted sets a request, as new or as amended.
type RequestSubmitted struct {
	Request
	Goods  string `json:"goods,omitempty"`   // what it is, in the exporter's words
	HSCode string `json:"hs_code,omitempty"` // Harmonized System, 6 to 10 digits

	Repeat *Repeat `json:"repeat,omitempty"` // nil: asked once
	First  string  `json:"first,omitempty"`  // of what was amended: digest of what was asked first, 32 hex digits
}

// RequestWithdrawn takes a request back, unless it was submitted again with a higher sequence.
type RequestWithdrawn struct {
	Request string `json:"request"`
}

// BookingConfirmed sets a booking: room promised to Request on each of Parts. No re-planning moves it.
type BookingConfirmed struct {
	Booking  string  `json:"booking"`
	Request  string  `json:"request"`
	Exporter string  `json:"exporter"`
	VolumeM3 float64 `json:"volume_m3"` // of the whole request, as are weight and stay
	WeightKg float64 `json:"weight_kg"`

	StorageDays int          `json:"storage_days"`
	Drawdown    string       `json:"drawdown"`
	Parts       []Assignment `json:"parts"`
}

// BookingCancelled takes a booking back and frees its room, unless it was confirmed again with a higher sequence.
type BookingCancelled struct {
	Booking string `json:"booking"`
	Reason  string `json:"reason,omitempty"`
}

func (*PlaceDeclared) Type() string            { return "PlaceDeclared" }
func (*DepartureScheduled) Type() string       { return "DepartureScheduled" }
func (*DepartureDelayed) Type() string         { return "DepartureDelayed" }
func (*DepartureCancelled) Type() string       { return "DepartureCancelled" }
func (*DepartureReinstated) Type() string      { return "DepartureReinstated" }
func (*DepartureCapacityChanged) Type() string { return "DepartureCapacityChanged" }
func (*DepartureRateChanged) Type() string     { return "DepartureRateChanged" }
func (*PassageClosed) Type() string            { return "PassageClosed" }
func (*PassageReopened) Type() string          { return "PassageReopened" }
func (*PositionReported) Type() string         { return "PositionReported" }
func (*WarehouseRegistered) Type() string      { return "WarehouseRegistered" }
func (*OccupancyReported) Type() string        { return "OccupancyReported" }
func (*WarehouseClosed) Type() string          { return "WarehouseClosed" }
func (*WarehouseReopened) Type() string        { return "WarehouseReopened" }
func (*RequestSubmitted) Type() string         { return "RequestSubmitted" }
func (*RequestWithdrawn) Type() string         { return "RequestWithdrawn" }
func (*BookingConfirmed) Type() string         { return "BookingConfirmed" }
func (*BookingCancelled) Type() string         { return "BookingCancelled" }

func (f *PlaceDeclared) Key() Key            { return Key{KindPlace, f.ID, AspectMaster} }
func (f *DepartureScheduled) Key() Key       { return Key{KindDeparture, f.ID, AspectMaster} }
func (f *DepartureDelayed) Key() Key         { return Key{KindDeparture, f.Departure, AspectDelay} }
func (f *DepartureCancelled) Key() Key       { return Key{KindDeparture, f.Departure, AspectStatus} }
func (f *DepartureReinstated) Key() Key      { return Key{KindDeparture, f.Departure, AspectStatus} }
func (f *DepartureCapacityChanged) Key() Key { return Key{KindDeparture, f.Departure, AspectCapacity} }
func (f *DepartureRateChanged) Key() Key     { return Key{KindDeparture, f.Departure, AspectRate} }
func (f *PassageClosed) Key() Key            { return Key{KindPassage, f.Passage, AspectStatus} }
func (f *PassageReopened) Key() Key          { return Key{KindPassage, f.Passage, AspectStatus} }
func (f *PositionReported) Key() Key         { return Key{KindDeparture, f.Departure, AspectPosition} }
func (f *WarehouseRegistered) Key() Key      { return Key{KindWarehouse, f.ID, AspectMaster} }
func (f *OccupancyReported) Key() Key        { return Key{KindWarehouse, f.Warehouse, AspectCapacity} }
func (f *WarehouseClosed) Key() Key          { return Key{KindWarehouse, f.Warehouse, AspectStatus} }
func (f *WarehouseReopened) Key() Key        { return Key{KindWarehouse, f.Warehouse, AspectStatus} }
func (f *RequestSubmitted) Key() Key         { return Key{KindRequest, f.ID, AspectMaster} }
func (f *RequestWithdrawn) Key() Key         { return Key{KindRequest, f.Request, AspectStatus} }
func (f *BookingConfirmed) Key() Key         { return Key{KindBooking, f.Booking, AspectMaster} }
func (f *BookingCancelled) Key() Key         { return Key{KindBooking, f.Booking, AspectStatus} }
