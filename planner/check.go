package planner

import (
	"fmt"
	"math"
	"strings"
)

// Tolerances of Check. A relative one is of the amount beside it, or of 1 where that is less.
const (
	checkTol    = 1e-6  // relative: costs, fractions, room; hours: times
	hourTol     = 1e-9  // hours: times that the same file gives
	arriveTol   = 0.02  // hours: the arrival that a plan states, perhaps to the minute
	optimalGap  = 1e-6  // a plan that says optimal has no wider one
	fullShare   = 0.999 // a departure or a warehouse-day used so far counts as full
	faultsNamed = 20    // how many faults are told; all are counted
)

// Verdict is what Check finds: what the plan really costs, what its prices really prove, and every promise that
// it breaks.
type Verdict struct {
	Objective         float64  `json:"objective"`
	Bound             float64  `json:"bound"`
	Gap               float64  `json:"gap"`    // (objective − bound)/|objective|
	Regret            float64  `json:"regret"` // (objective − bound)/(Σ value − bound): share of the possible saving that may be missed
	Requests          int      `json:"requests"`
	Matched           int      `json:"matched"` // requests that go in full
	AskedM3           float64  `json:"asked_m3"`
	MatchedM3         float64  `json:"matched_m3"`
	BindingDepartures int      `json:"binding_departures"`
	BindingWarehouses int      `json:"binding_warehouses"` // full on one day at least
	Faults            []string `json:"faults"`             // the first of them
	FaultCount        int      `json:"fault_count"`
}

// String is the verdict on one line.
func (v *Verdict) String() string {
	return fmt.Sprintf("faults %d  objective %.2f  proven bound %.2f  gap %.5f%%  regret %.5f%%  matched %d/%d requests, %.1f%% of volume  binding: %d departures, %d warehouses",
		v.FaultCount, v.Objective, v.Bound, 100*v.Gap, 100*v.Regret, v.Matched, v.Requests, 100*v.MatchedM3/math.Max(1e-12, v.AskedM3), v.BindingDepartures, v.BindingWarehouses)
}

func (v *Verdict) fault(format string, a ...any) {
	v.FaultCount++
	if len(v.Faults) < faultsNamed {
		v.Faults = append(v.Faults, fmt.Sprintf(format, a...))
	}
}

// Check recomputes everything that a plan claims from the problem alone: that cargo can travel as it says and
// arrives in time, what it costs, that nothing is filled beyond its room, that whole requests go whole, and which
// bound the prices prove. It shares no code with the optimizer. An error means that p itself is not valid; whatever
// is wrong with the plan is a fault of the Verdict.
func Check(p *Problem, plan *Plan) (*Verdict, error) {
	if err := p.Validate(); err != nil {
		return nil, fmt.Errorf("planner: the problem is not valid: %w", err)
	}
	n := newCheckNet(p)
	c := &checker{net: n, v: &Verdict{Requests: len(p.Requests)}}
	c.usedM3, c.usedKg = make([]float64, len(p.Departures)), make([]float64, len(p.Departures))
	c.stored = make([][]float64, len(p.Warehouses))
	for w := range c.stored {
		c.stored[w] = make([]float64, p.Days)
	}
	c.goes, c.parts = make([]float64, len(p.Requests)), make([]int, len(p.Requests))
	if plan.Version != PlanVersion {
		c.v.fault("says its version is %s, want %s", short(plan.Version), PlanVersion)
	}
	for i := range plan.Assignments {
		c.assignment(i, &plan.Assignments[i])
	}
	c.requests()
	c.unmatched(plan.Unmatched)
	c.room()
	if !near(plan.Objective, c.v.Objective, c.v.Objective) {
		c.v.fault("says its objective is %.4f, it is %.4f", plan.Objective, c.v.Objective)
	}
	c.certificate(plan)
	return c.v, nil
}

// checker adds up one plan.
type checker struct {
	net            *checkNet
	v              *Verdict
	usedM3, usedKg []float64   // by departure
	stored         [][]float64 // m3 by warehouse and day
	goes           []float64   // by request, the sum of its fractions
	parts          []int       // by request, its assignments
}

// near tells whether a is b within checkTol of scale. It is false for what is not a number.
func near(a, b, scale float64) bool { return math.Abs(a-b) <= checkTol*math.Max(1, math.Abs(scale)) }

// assignment follows the cargo of one assignment from its origin to the door of its warehouse.
func (c *checker) assignment(i int, a *Assignment) {
	n, p := c.net, c.net.p
	ri, ok := n.request[a.Request]
	if !ok {
		c.v.fault("assignment %d: unknown request %s", i, short(a.Request))
		return
	}
	r := &p.Requests[ri]
	if !(a.Fraction > 0 && a.Fraction <= 1+checkTol) {
		c.v.fault("request %s: its fraction %v is not in (0, 1]", r.ID, a.Fraction)
		return
	}
	c.goes[ri] += a.Fraction
	c.parts[ri]++
	cost, place, hour, ok := c.travel(r, a)
	if !ok {
		return
	}
	wi, ok := n.warehouse[a.Warehouse]
	if !ok {
		c.v.fault("request %s: unknown warehouse %s", r.ID, short(a.Warehouse))
		return
	}
	w := &p.Warehouses[wi]
	g, m := gatewayOf(w, p.Places[place].ID), marketOf(w, r.Market)
	switch {
	case a.Gateway != p.Places[place].ID:
		c.v.fault("request %s: it is to enter %s through %s, and gets to %s", r.ID, w.ID, short(a.Gateway), p.Places[place].ID)
		return
	case g == nil:
		c.v.fault("request %s: warehouse %s has no gateway %s", r.ID, w.ID, a.Gateway)
		return
	case m == nil:
		c.v.fault("request %s: warehouse %s does not serve market %s", r.ID, w.ID, r.Market)
		return
	case !contains(w.Classes, r.Class):
		c.v.fault("request %s: warehouse %s does not take class %s", r.ID, w.ID, r.Class)
		return
	}
	arrive := hour + g.Hours
	day, due := dayAt(arrive), n.hour(r.Due)
	if arrive > due+checkTol {
		c.v.fault("request %s: arrives %.2f h after it is due", r.ID, arrive-due)
		return
	}
	if day < 0 || day >= p.Days {
		c.v.fault("request %s: arrives on day %d, outside the horizon of %d days", r.ID, day, p.Days)
		return
	}
	if said := n.hour(a.Arrive); !(math.Abs(arrive-said) <= arriveTol) {
		c.v.fault("request %s: says it arrives at hour %.2f, it does at hour %.2f", r.ID, said, arrive)
	}
	for k := 0; k < r.StorageDays && day+k < p.Days; k++ {
		c.stored[wi][day+k] += a.Fraction * r.VolumeM3 * r.Held(k)
	}
	cost += n.stayCost(r, w, g, m, arrive)
	if !near(a.Cost, cost*a.Fraction, cost) {
		c.v.fault("request %s: says a part of it costs %.6f, it costs %.6f", r.ID, a.Cost, cost*a.Fraction)
	}
	c.v.Objective += cost * a.Fraction
}

// travel follows the departures of a, and returns the cost of all of r by them, and where and when it ends.
func (c *checker) travel(r *Request, a *Assignment) (cost float64, place int, hour float64, ok bool) {
	n, p := c.net, c.net.p
	if len(a.Departures) == 0 {
		c.v.fault("request %s: an assignment has no departures", r.ID)
		return 0, 0, 0, false
	}
	place, hour = n.place[r.Origin], n.hour(r.Ready)
	before := -1
	for _, id := range a.Departures {
		di, known := n.departure[id]
		if !known {
			c.v.fault("request %s: unknown departure %s", r.ID, short(id))
			return 0, 0, 0, false
		}
		d, leg := &p.Departures[di], &n.legs[di]
		if leg.from != place {
			c.v.fault("request %s: %s leaves from %s, the cargo is at %s", r.ID, id, d.From, p.Places[place].ID)
		}
		if !contains(d.Classes, r.Class) {
			c.v.fault("request %s: %s does not take class %s", r.ID, id, r.Class)
		}
		if len(r.Modes) > 0 && !contains(r.Modes, d.Mode) {
			c.v.fault("request %s: %s goes by %s, which it does not accept", r.ID, id, d.Mode)
		}
		if before < 0 || leg.before != before { // it is loaded here; otherwise it stays aboard
			free := hour
			if before >= 0 {
				free += p.Places[place].TransferHours
				cost += p.Places[place].TransferCostM3 * r.VolumeM3
			}
			if free > leg.cutoff+checkTol {
				c.v.fault("request %s: misses the cutoff of %s by %.2f h", r.ID, id, free-leg.cutoff)
			}
		}
		cost += legCost(r, d)
		c.usedM3[di] += a.Fraction * r.VolumeM3
		c.usedKg[di] += a.Fraction * r.WeightKg
		place, hour, before = leg.to, leg.arrive, di
	}
	return cost, place, hour, true
}

// requests adds the cost of what stays, and looks at the fractions of each request together.
func (c *checker) requests() {
	for i := range c.net.p.Requests {
		r, goes := &c.net.p.Requests[i], c.goes[i]
		c.v.AskedM3 += r.VolumeM3
		c.v.MatchedM3 += goes * r.VolumeM3
		if goes > 1+checkTol {
			c.v.fault("request %s: its fractions sum to %v", r.ID, goes)
		}
		if r.Whole && c.parts[i] > 0 && (c.parts[i] > 1 || !near(goes, 1, 1)) {
			c.v.fault("request %s: must go whole, goes in %d parts, %v of it", r.ID, c.parts[i], goes)
		}
		if goes > 1-checkTol {
			c.v.Matched++
		}
		c.v.Objective += r.Value * math.Max(0, 1-goes)
	}
}

// unmatched wants a list of what stays, where the plan has one, to be the rest of what goes.
func (c *checker) unmatched(list []Unmatched) {
	if len(list) == 0 {
		return
	}
	stays := make([]float64, len(c.goes))
	for i := range list {
		u := &list[i]
		ri, ok := c.net.request[u.Request]
		if !ok {
			c.v.fault("unmatched %d: unknown request %s", i, short(u.Request))
			continue
		}
		if !(u.Fraction >= 0 && u.Fraction <= 1+checkTol) {
			c.v.fault("request %s: its unmatched fraction %v is not in [0, 1]", u.Request, u.Fraction)
			continue
		}
		stays[ri] += u.Fraction
	}
	for i, goes := range c.goes {
		if rest := math.Max(0, 1-goes); !near(stays[i], rest, 1) {
			c.v.fault("request %s: says that %v of it is unmatched, %v is", c.net.p.Requests[i].ID, stays[i], rest)
		}
	}
}

// room compares what is used with what there is.
func (c *checker) room() {
	p := c.net.p
	over := func(used, room float64) bool { return used > room*(1+checkTol)+checkTol }
	for i := range p.Departures {
		d := &p.Departures[i]
		if over(c.usedM3[i], d.CapacityM3) || over(c.usedKg[i], d.CapacityKg) {
			c.v.fault("departure %s: over capacity, %.4f of %.4f m3, %.3f of %.3f kg", d.ID, c.usedM3[i], d.CapacityM3, c.usedKg[i], d.CapacityKg)
		}
		if c.usedM3[i] > fullShare*d.CapacityM3 || c.usedKg[i] > fullShare*d.CapacityKg {
			c.v.BindingDepartures++
		}
	}
	for i := range p.Warehouses {
		w, full := &p.Warehouses[i], false
		for day, used := range c.stored[i] {
			room := w.CapacityM3.At(day)
			if over(used, room) {
				c.v.fault("warehouse %s day %d: over capacity, %.4f of %.4f m3", w.ID, day, used, room)
			}
			full = full || used > fullShare*room
		}
		if full {
			c.v.BindingWarehouses++
		}
	}
}

// certificate recomputes the bound, and what is claimed of it. A plan of another solver, with a status of its own,
// claims only the bound.
func (c *checker) certificate(plan *Plan) {
	v := c.v
	prices := c.prices(&plan.Prices)
	v.Bound = c.net.bound(prices)
	if !(plan.Bound <= v.Bound+checkTol*math.Abs(v.Bound)+checkTol) {
		v.fault("claims the bound %.4f, its prices prove %.4f", plan.Bound, v.Bound)
	}
	v.Gap = (v.Objective - v.Bound) / math.Max(1e-9, math.Abs(v.Objective))
	worth := 0.0
	for i := range c.net.p.Requests {
		worth += c.net.p.Requests[i].Value
	}
	v.Regret = (v.Objective - v.Bound) / math.Max(1e-9+checkTol*worth, worth-v.Bound)
	if plan.Status != StatusOptimal && plan.Status != StatusFeasible {
		return
	}
	if plan.Status == StatusOptimal && v.Gap > optimalGap*(1+1e-3) {
		v.fault("says it is optimal, its proven gap is %.3g", v.Gap)
	}
	if said := (plan.Objective - plan.Bound) / math.Max(1e-9, math.Abs(plan.Objective)); !near(plan.Gap, said, said) {
		v.fault("says its gap is %.3g, its objective and bound make it %.3g", plan.Gap, said)
	}
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

func gatewayOf(w *Warehouse, place string) *Gateway {
	for i := range w.Gateways {
		if w.Gateways[i].Place == place {
			return &w.Gateways[i]
		}
	}
	return nil
}

func marketOf(w *Warehouse, id string) *Market {
	for i := range w.Markets {
		if w.Markets[i].ID == id {
			return &w.Markets[i]
		}
	}
	return nil
}

// kindOf names what two requests share that may use the same departures and warehouses.
func kindOf(r *Request) string {
	return r.Class + "\x00" + r.Market + "\x00" + strings.Join(r.Modes, "\x00")
}
