package optimize_test

import (
	"context"
	"fmt"
	"time"

	"haihe/planner"
	"haihe/planner/optimize"
)

// Two requests want the same sailing, which has room for one and a half of them.
func ExampleSolve() {
	start := time.Date(2027, 3, 1, 0, 0, 0, 0, time.UTC)
	at := func(days int) time.Time { return start.AddDate(0, 0, days) }
	request := func(id string, value float64) planner.Request {
		return planner.Request{ID: id, Origin: "CNTXG", Market: "DE", Class: "general", VolumeM3: 20, WeightKg: 4000,
			Ready: at(1), Due: at(45), StorageDays: 10, Drawdown: planner.DrawdownLinear, Value: value}
	}
	p := &planner.Problem{Version: planner.ProblemVersion, Currency: "USD", Start: start, Days: 60,
		Places: []planner.Place{{ID: "CNTXG"}, {ID: "DEHAM"}},
		Departures: []planner.Departure{{ID: "S1", Mode: planner.ModeSea, From: "CNTXG", To: "DEHAM", Cutoff: at(3), Depart: at(4), Arrive: at(38),
			CapacityM3: 30, CapacityKg: 20000, Rate: planner.Rate{Per: planner.PerM3, Amount: 60, KgPerM3: 1000}, Classes: []string{"general"}}},
		Warehouses: []planner.Warehouse{{ID: "HAM1", CapacityM3: planner.PerDay{100}, Classes: []string{"general"}, InboundM3: 8, StorageM3Day: 0.4,
			Gateways: []planner.Gateway{{Place: "DEHAM", Hours: 24, RateM3: 10}}, Markets: []planner.Market{{ID: "DE", Hours: 24, RateM3: 30}}}},
		Requests: []planner.Request{request("carpets", 6000), request("bicycles", 4000)}}
	plan, err := optimize.Solve(context.Background(), p, optimize.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, a := range plan.Assignments {
		fmt.Printf("%.0f%% of %s by %v to %s for %.0f\n", 100*a.Fraction, a.Request, a.Departures, a.Warehouse, a.Cost)
	}
	for _, u := range plan.Unmatched {
		fmt.Printf("%.0f%% of %s stays: %s at %s, %.0f m3 more would do\n", 100*u.Fraction, u.Request, u.Reason.Code, u.Reason.Departure, u.Reason.Relaxation.M3)
	}
	fmt.Printf("%s: one more m3 on S1 would save %.0f\n", plan.Status, plan.Prices.Departures[0].M3)
	// Output:
	// 100% of carpets by [S1] to HAM1 for 2204
	// 50% of bicycles by [S1] to HAM1 for 1102
	// 50% of bicycles stays: no_capacity at S1, 10 m3 more would do
	// optimal: one more m3 on S1 would save 90
}
