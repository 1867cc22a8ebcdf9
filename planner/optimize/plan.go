package optimize

import (
	"math"
	"slices"
	"time"

	"haihe/planner"
)

// dust is the fraction of a request below which a part is not worth an itinerary.
const dust = 1e-7

// leftover is the fraction of a request above which what stays behind is listed.
const leftover = 1e-9

// share is a part of a request that goes by a column.
type share struct {
	column   column
	fraction float64
}

// shares reads the master's solution, without dust.
func (m *master) shares() [][]share {
	shares := make([][]share, len(m.in.requests))
	for r := range shares {
		m.fractions(requestIndex(r), func(id int32, x float64) {
			if id >= 0 && x > dust {
				shares[r] = append(shares[r], share{m.columns[id], x})
			}
		})
		sum, unmatched := 0.0, 0.0
		m.fractions(requestIndex(r), func(id int32, x float64) {
			if id < 0 {
				unmatched = x
			}
		})
		for _, x := range shares[r] {
			sum += x.fraction
		}
		if unmatched <= dust && sum > 0 {
			for k := range shares[r] {
				shares[r][k].fraction /= sum
			}
		}
	}
	return shares
}

// write makes the plan of the given shares, with reasons for what stays behind.
func (s *solver) write(shares [][]share) *planner.Plan {
	plan := s.lay(shares)
	s.explain(plan, shares)
	return plan
}

// lay makes the plan of the given shares, without reasons.
func (s *solver) lay(shares [][]share) *planner.Plan {
	in, p := s.in, s.in.problem
	plan := &planner.Plan{Version: planner.PlanVersion, Assignments: []planner.Assignment{}, Unmatched: []planner.Unmatched{}}
	parts, legs := 0, 0
	for _, list := range shares {
		parts += len(list)
		for k := range list {
			legs += len(list[k].column.legs)
		}
	}
	plan.Assignments, plan.Unmatched = slices.Grow(plan.Assignments, parts), slices.Grow(plan.Unmatched, max(0, len(shares)-parts))
	ids := make([]string, 0, legs)
	for r, list := range shares {
		left := 1.0
		for k := range list {
			x := &list[k]
			c := &x.column
			a := planner.Assignment{Request: p.Requests[r].ID, Fraction: x.fraction, Gateway: p.Warehouses[c.warehouse].Gateways[c.gate].Place,
				Warehouse: p.Warehouses[c.warehouse].ID, Arrive: in.time(c.arrive), Cost: x.fraction * c.cost}
			from := len(ids)
			for _, d := range c.legs {
				ids = append(ids, p.Departures[d].ID)
			}
			a.Departures = ids[from:len(ids):len(ids)]
			plan.Assignments = append(plan.Assignments, a)
			plan.Objective += a.Cost
			left -= x.fraction
		}
		if left > leftover {
			plan.Objective += left * p.Requests[r].Value
			plan.Unmatched = append(plan.Unmatched, planner.Unmatched{Request: p.Requests[r].ID, Fraction: left})
		}
	}
	plan.Bound = min(s.bound, plan.Objective)
	plan.Gap = gap(plan.Objective, plan.Bound)
	plan.Status = planner.StatusFeasible
	if plan.Gap <= 1e-6 {
		plan.Status = planner.StatusOptimal
	}
	plan.Prices = s.writePrices()
	return plan
}

func (in *instance) time(hour float64) time.Time {
	return in.problem.Start.Add(time.Duration(math.Round(hour * float64(time.Hour))))
}

func (s *solver) writePrices() planner.Prices {
	in, p := s.in, s.in.problem
	out := planner.Prices{Departures: []planner.DeparturePrice{}, Warehouses: []planner.WarehousePrice{}}
	for i := range p.Departures {
		d := departureIndex(i)
		if m3, kg := s.proof[in.m3Row(d)], s.proof[in.kgRow(d)]; m3 > 0 || kg > 0 {
			out.Departures = append(out.Departures, planner.DeparturePrice{ID: p.Departures[i].ID, M3: m3, Kg: kg})
		}
	}
	for w := range p.Warehouses {
		for d := range in.days {
			if x := s.proof[in.dayRow(warehouseIndex(w), d)]; x > 0 {
				out.Warehouses = append(out.Warehouses, planner.WarehousePrice{ID: p.Warehouses[w].ID, Day: d, M3: x})
			}
		}
	}
	return out
}
