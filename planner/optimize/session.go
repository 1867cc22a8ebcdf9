package optimize

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"slices"
	"time"

	"haihe/planner"
)

// Session keeps a solved problem and follows its events: Apply mends the plan at once, Prove brings the bound up to
// date, Mend plans the neighbourhood of what changed anew, Improve everything. After each of them Plan is feasible for
// Problem and its prices prove its bound. What a session comes to depends on the problem that it began with and on the calls
// since, never on time or the number of workers, unless a context or a limit cuts one short. One goroutine uses it at
// a time.
type Session struct {
	s       *solver // its master holds the columns known; its basis is empty between calls
	problem *planner.Problem
	now     *packing

	// The proof: prices of all rows, and by request a lower bound of min(value, least cost with prices), which an
	// itinerary way has if it is exact.
	prices *prices
	least  []float64
	way    []column // no legs: going unmatched

	departures map[string]departureIndex
	warehouses map[string]warehouseIndex
	requests   map[string]requestIndex
	cancelled  []bool         // by departure
	gone       []bool         // by request: its slot is free
	free       []requestIndex // slots of those gone
	through    [][]int32      // by departure, the columns that use it
	into       [][]int32      // by warehouse
	members    map[*network][]requestIndex
	voyages    map[string][]departureIndex

	late    []departureIndex // whose networks do not know yet what changed
	held    []heldPrice      // their prices before, while the proof has prohibitive ones
	struck  []departureIndex // cancelled since
	doubted []requestIndex   // whose least is not exact
	touched []requestIndex   // whose neighbourhood Mend plans
	opened  []rowIndex       // rows that have more room
	reasons map[requestIndex]known
	kept    int // columns when they were last gone through
}

// heldPrice is what a departure was priced at, and what it was, before it changed.
type heldPrice struct {
	departure departureIndex
	m3, kg    float64
	known     departure
}

// known is a reason that was found when so much was left behind.
type known struct {
	fraction float64
	reason   planner.Reason
}

// Begin solves a problem as Solve does, and keeps what it learns for what comes.
func Begin(ctx context.Context, p *planner.Problem, o Options) (*Session, *planner.Plan, error) {
	begun := time.Now()
	plan, s, shares, err := solveOpen(ctx, p, o)
	if err != nil {
		return nil, nil, err
	}
	x := newSession(s, p)
	for r, list := range shares {
		if len(list) > 0 {
			x.now.set(requestIndex(r), list)
		}
	}
	copy(x.prices.row, s.proof)
	x.evaluate()
	for i := range plan.Unmatched {
		u := &plan.Unmatched[i]
		x.reasons[x.requests[u.Request]] = known{u.Fraction, u.Reason}
	}
	plan.Seconds = time.Since(begun).Seconds()
	return x, plan, nil
}

// Resume makes a session of a problem and a plan that need not be one of it: what of the plan can still go, goes, and
// the rest is placed again. So a plan from a file, or of yesterday's problem, begins today's. The error names a
// reference to nothing in the problem.
func Resume(p *planner.Problem, plan *planner.Plan, o Options) (*Session, error) {
	o = o.withDefaults()
	in, err := compile(p)
	if err != nil {
		return nil, err
	}
	s := newSolver(context.Background(), in, o, time.Now())
	x := newSession(s, p)
	x.takePrices(plan)
	x.evaluate()
	x.takeAssignments(plan.Assignments)
	return x, nil
}

// Restart makes a session of another problem from this one's plan, prices and itineraries, where Apply cannot follow: the
// horizon has moved on, or there are new departures, warehouses or places. The error names a reference to nothing.
func (x *Session) Restart(p *planner.Problem) (*Session, error) {
	plan := x.Plan()
	days := int(math.Round(p.Start.Sub(x.problem.Start).Hours() / 24))
	for i := range plan.Prices.Warehouses {
		plan.Prices.Warehouses[i].Day -= days
	}
	in, err := compile(p)
	if err != nil {
		return nil, err
	}
	y := newSession(newSolver(context.Background(), in, x.s.o, time.Now()), p)
	for r := range x.s.master.of {
		for _, id := range x.s.master.of[r] {
			if c, ok := y.translated(x, &x.s.master.columns[id]); ok {
				y.learn(c)
			}
		}
	}
	y.takePrices(plan)
	y.evaluate()
	y.takeAssignments(plan.Assignments)
	return y, nil
}

// translated is an itinerary of another session, if it is one here.
func (x *Session) translated(from *Session, c *column) (column, bool) {
	r, ok := x.requests[from.problem.Requests[c.request].ID]
	if !ok {
		return column{}, false
	}
	w := &from.problem.Warehouses[c.warehouse]
	a := planner.Assignment{Gateway: w.Gateways[c.gate].Place, Warehouse: w.ID}
	for _, d := range c.legs {
		a.Departures = append(a.Departures, from.problem.Departures[d].ID)
	}
	return x.columnOf(r, &a)
}

func newSession(s *solver, p *planner.Problem) *Session {
	in := s.in
	own := *p
	own.Departures, own.Warehouses, own.Requests = slices.Clone(p.Departures), slices.Clone(p.Warehouses), slices.Clone(p.Requests)
	in.problem = &own
	n := len(in.requests)
	x := &Session{s: s, problem: &own, now: newPacking(in), prices: in.newPrices(), least: make([]float64, n), way: make([]column, n),
		departures: make(map[string]departureIndex, len(p.Departures)), warehouses: make(map[string]warehouseIndex, len(p.Warehouses)),
		requests: make(map[string]requestIndex, n), cancelled: make([]bool, len(p.Departures)),
		gone: make([]bool, n), through: make([][]int32, len(p.Departures)), into: make([][]int32, len(p.Warehouses)),
		members: map[*network][]requestIndex{}, voyages: map[string][]departureIndex{}, reasons: map[requestIndex]known{}}
	for i := range p.Departures {
		x.departures[p.Departures[i].ID] = departureIndex(i)
		if v := p.Departures[i].Voyage; v != "" {
			x.voyages[v] = append(x.voyages[v], departureIndex(i))
		}
	}
	for i := range p.Warehouses {
		x.warehouses[p.Warehouses[i].ID] = warehouseIndex(i)
	}
	for i := range p.Requests {
		x.requests[p.Requests[i].ID] = requestIndex(i)
		x.members[in.requests[i].network] = append(x.members[in.requests[i].network], requestIndex(i))
	}
	s.master.forgetPlan()
	for id := range s.master.columns {
		x.list(int32(id))
	}
	x.kept = len(s.master.columns)
	x.reserve()
	return x
}

// reserve leaves room for requests and itineraries to come, so that a patch need not wait until a hundred thousand are copied.
func (x *Session) reserve() {
	in, m, now := x.s.in, x.s.master, x.now
	n, columns := len(in.requests)/spare+64, len(m.columns)/spare+1024
	in.requests, x.problem.Requests = slices.Grow(in.requests, n), slices.Grow(x.problem.Requests, n)
	x.gone, x.least, x.way = slices.Grow(x.gone, n), slices.Grow(x.least, n), slices.Grow(x.way, n)
	now.shares, now.cost = slices.Grow(now.shares, n), slices.Grow(now.cost, n)
	now.waiting, now.waitingAt = slices.Grow(now.waiting, n), slices.Grow(now.waitingAt, n)
	m.of, m.members, m.keyRate = slices.Grow(m.of, n), slices.Grow(m.members, n), slices.Grow(m.keyRate, n)
	m.key, m.keyX = slices.Grow(m.key, n), slices.Grow(m.keyX, n)
	m.columns, m.basicAt = slices.Grow(m.columns, columns), slices.Grow(m.basicAt, n+columns)
}

// spare is which part of what there is may come before it must be moved.
const spare = 16

// takePrices starts the proof at the prices of a plan, as far as they are of anything here.
func (x *Session) takePrices(plan *planner.Plan) {
	in := x.s.in
	for _, q := range plan.Prices.Departures {
		if d, ok := x.departures[q.ID]; ok {
			x.prices.row[in.m3Row(d)], x.prices.row[in.kgRow(d)] = max(0, q.M3), max(0, q.Kg)
		}
	}
	for _, q := range plan.Prices.Warehouses {
		if w, ok := x.warehouses[q.ID]; ok && q.Day >= 0 && q.Day < in.days {
			x.prices.row[in.dayRow(w, q.Day)] = max(0, q.M3)
		}
	}
}

// takeAssignments places what can go, and finds places for what cannot.
func (x *Session) takeAssignments(list []planner.Assignment) {
	in := x.s.in
	var again []requestIndex
	lists := map[requestIndex][]share{}
	for i := range list {
		a := &list[i]
		r, ok := x.requests[a.Request]
		if !ok {
			continue
		}
		if _, seen := lists[r]; !seen {
			lists[r] = nil
			again = append(again, r)
		}
		if c, ok := x.columnOf(r, a); ok {
			c = x.learn(c)
			if part := min(a.Fraction, 1); part > 0 && (!in.requests[r].whole || part > 1-1e-6) {
				lists[r] = append(lists[r], share{c, part})
			}
		}
	}
	for _, r := range again {
		x.keep(r, lists[r])
	}
	x.replace(again)
}

// columnOf is the itinerary of an assignment, if its request can go that way.
func (x *Session) columnOf(r requestIndex, a *planner.Assignment) (column, bool) {
	w, ok := x.warehouses[a.Warehouse]
	if !ok || len(a.Departures) == 0 {
		return column{}, false
	}
	g := slices.IndexFunc(x.problem.Warehouses[w].Gateways, func(g planner.Gateway) bool { return g.Place == a.Gateway })
	if g < 0 {
		return column{}, false
	}
	legs := make([]departureIndex, len(a.Departures))
	for k, id := range a.Departures {
		if legs[k], ok = x.departures[id]; !ok {
			return column{}, false
		}
	}
	return x.renewed(&column{request: r, warehouse: w, gate: int32(g), legs: legs})
}

// renewed is a column as it is now that times or rates have changed, if its request can still go that way.
func (x *Session) renewed(c *column) (column, bool) {
	in := x.s.in
	r := &in.requests[c.request]
	kind := &r.network.kind
	w := &x.problem.Warehouses[c.warehouse]
	if x.gone[c.request] || int(c.gate) >= len(in.warehouses[c.warehouse].gates) || !slices.Contains(w.Classes, kind.class) {
		return column{}, false
	}
	market := marketOf(w, kind.market)
	class, ok := in.classes[kind.class]
	if market == nil || !ok {
		return column{}, false
	}
	for k, l := range c.legs {
		d := &in.departures[l]
		if x.cancelled[l] || !in.takes[class][l] || len(kind.modes) > 0 && !slices.Contains(kind.modes, x.problem.Departures[l].Mode) {
			return column{}, false
		}
		if k == 0 {
			if d.from != r.origin || r.ready > d.cutoff+timeSlack {
				return column{}, false
			}
			continue
		}
		before := c.legs[k-1]
		e := &in.departures[before]
		if e.to != d.from || d.aboard != before && e.arrive+in.transferHours[e.to] > d.cutoff+timeSlack {
			return column{}, false
		}
	}
	g := &in.warehouses[c.warehouse].gates[c.gate]
	if g.place != in.departures[c.legs[len(c.legs)-1]].to {
		return column{}, false
	}
	y := in.newColumn(c.request, r, c.legs, c.warehouse, c.gate, g.rateM3+in.warehouses[c.warehouse].inboundM3+market.RateM3)
	return y, y.arrive <= r.due+timeSlack && y.day >= 0 && int(y.day) < in.days
}

// learn adds a column to those known, or returns the one that is there.
func (x *Session) learn(c column) column {
	m := x.s.master
	for _, id := range m.of[c.request] {
		if m.columns[id].sameWay(&c) {
			return m.columns[id]
		}
	}
	m.add(c)
	x.list(int32(len(m.columns) - 1))
	return c
}

// list notes who uses what a column goes through.
func (x *Session) list(id int32) {
	c := &x.s.master.columns[id]
	for _, d := range c.legs {
		x.through[d] = append(x.through[d], id)
	}
	x.into[c.warehouse] = append(x.into[c.warehouse], id)
}

// forgetPlan leaves the master with its columns alone: nothing in the basis, no bands.
func (m *master) forgetPlan() {
	m.clearBasis()
	clear(m.over)
	copy(m.slack, m.rhs)
	for r := range m.key {
		m.key[r], m.keyX[r] = leave(requestIndex(r)), 1
	}
	m.unband()
}

// Problem is what the session plans now: shared, not to be written to, and good until the next call.
func (x *Session) Problem() *planner.Problem {
	p := *x.problem
	p.Departures = unmarked(p.Departures, x.cancelled)
	p.Requests = unmarked(p.Requests, x.gone)
	return &p
}

// unmarked leaves out what is marked.
func unmarked[T any](list []T, out []bool) []T {
	if !slices.Contains(out, true) {
		return list
	}
	kept := make([]T, 0, len(list))
	for i := range list {
		if !out[i] {
			kept = append(kept, list[i])
		}
	}
	return kept
}

// Standing is the objective, the bound and the regret of the plan.
func (x *Session) Standing() (objective, bound, regret float64) {
	bound = x.bound()
	values := 0.0
	for r := range x.s.in.requests {
		objective += x.now.cost[r]
		values += x.s.in.requests[r].value
	}
	x.now.objective = objective
	bound = min(bound, objective)
	return objective, bound, (objective - bound) / max(values-bound, 1e-9)
}

// bound is what the prices prove, or that no plan costs less than nothing.
func (x *Session) bound() float64 {
	t := 0.0
	for _, l := range x.least {
		t += l
	}
	return max(0, t-x.prices.offCapacity(x.s.in))
}

// Plan writes the plan as it stands, with the reasons known.
func (x *Session) Plan() *planner.Plan {
	s := x.s
	_, s.bound, _ = x.Standing()
	s.proof = append(s.proof[:0], x.prices.row...)
	for d, is := range x.cancelled {
		if is {
			s.proof[s.in.m3Row(departureIndex(d))], s.proof[s.in.kgRow(departureIndex(d))] = 0, 0
		}
	}
	if s.bound <= 0 {
		clear(s.proof) // free room proves that much
	}
	plan := s.lay(x.now.shares)
	if len(x.free) > 0 {
		plan.Unmatched = slices.DeleteFunc(plan.Unmatched, func(u planner.Unmatched) bool { _, ok := x.requests[u.Request]; return !ok })
	}
	x.recall(plan)
	return plan
}

// sofar is the reason of what Apply has just left behind.
var sofar = planner.Reason{Code: planner.ReasonNoCapacity, Message: "no place has been found for it yet"}

// recall gives the reasons known, to those who have as much left behind as when theirs was found. It lists the others.
func (x *Session) recall(plan *planner.Plan) []int {
	var others []int
	for i := range plan.Unmatched {
		u := &plan.Unmatched[i]
		if k, ok := x.reasons[x.requests[u.Request]]; ok && math.Abs(k.fraction-u.Fraction) < 1e-9 {
			u.Reason = k.reason
		} else {
			u.Reason = sofar
			others = append(others, i)
		}
	}
	return others
}

// Explain writes the plan as Plan does, and finds the reasons that are not known yet. Prove must have been called since the
// last Apply. Reasons found before are kept while as much is left behind: what they say was true when they were found.
func (x *Session) Explain() *planner.Plan {
	plan := x.Plan()
	ask := x.recall(plan)
	if len(ask) == 0 || len(x.late) > 0 {
		return plan
	}
	who := make([]requestIndex, len(ask))
	for k, i := range ask {
		who[k] = x.requests[plan.Unmatched[i].Request]
	}
	w := x.s.newReasoner(x.now.shares)
	x.s.guideAt(nil, x.s.everyone(), never) // of those too who may be asked to make way
	w.answer(x.s.team, who, x.s.reasonsWork(), never,
		func(k int, reason planner.Reason) { plan.Unmatched[ask[k]].Reason = reason })
	x.s.guideAt(x.prices, x.s.everyone(), never)
	for _, i := range ask {
		u := &plan.Unmatched[i]
		x.reasons[x.requests[u.Request]] = known{u.Fraction, u.Reason}
	}
	return plan
}

func (o Options) withDefaults() Options {
	if o.Gap <= 0 {
		o.Gap = 1e-6
	}
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	return o
}

// unknown is the error of a delta that names nothing.
func unknown(kind, id string) error {
	return fmt.Errorf("optimize: the session has no %s %q", kind, id)
}
