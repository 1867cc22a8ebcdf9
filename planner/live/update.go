package live

import (
	"haihe/planner"
	"haihe/planner/trace"
)

// Update is what changed since the one before, as values that whoever gets it may keep. The first one holds
// everything. Each list is sorted by id.
type Update struct {
	Places     []planner.Place
	Passages   []planner.PassageStatus
	Departures []planner.DepartureStatus
	Warehouses []planner.WarehouseStatus
	Requests   []planner.RequestStatus
	Bookings   []planner.BookingStatus
	Positions  []planner.PositionReported // of departures that are not among Departures: nothing but the position changed

	// Plan is nil where the plan did not change. With a new plan come the matches that differ from those of the
	// plan before, the requests that are no longer planned, and the loads that differ (zero where there is none
	// any more).
	Plan           *planner.PlanSummary
	Matches        []planner.Match
	Unplanned      []string
	DepartureLoads []LoadOf
	WarehouseLoads []LoadOf

	Cause trace.Cause // what it came of, where that is traced
}

// LoadOf is the load of one departure or warehouse.
type LoadOf struct {
	ID string `json:"id"`
	planner.Load
}
