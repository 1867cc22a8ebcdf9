package scenario

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"time"

	"haihe/planner"
)

// Difference is what a plan with changes does otherwise than the plan without. It holds nothing of a single exporter: a
// row that fewer than three make up has nil for its figures.
type Difference struct {
	Currency string `json:"currency"`
	Totals   Totals `json:"totals"`

	Markets     []Row        `json:"markets"`     // by market that the cargo goes to
	Lanes       []LaneRow    `json:"lanes"`       // that differ, the largest difference first
	Bottlenecks []Bottleneck `json:"bottlenecks"` // whose price differs, the largest difference first
	Carriers    []Row        `json:"carriers"`    // cost is freight
	Operators   []Row        `json:"operators"`   // of warehouses; cost is taking in and storage
	Exporters   []Sides      `json:"exporters"`   // by market; the first is of all, without a market
	Network     Network      `json:"network"`
	Shut        []string     `json:"shut"` // passages, with the changes
}

// Totals are sums over everything. A regret is the share of what could be saved that a plan may miss: figures
// are no more certain than that.
type Totals struct {
	Objective Pair `json:"objective"` // cost, and the value of what is left behind
	Cost      Pair `json:"cost"`      // of what goes
	Unmatched Pair `json:"unmatched"` // value of what is left behind
	AskedM3   Pair `json:"asked_m3"`
	MatchedM3 Pair `json:"matched_m3"`
	Requests  Pair `json:"requests"`
	Matched   Pair `json:"matched"` // requests that go wholly
	Days      Pair `json:"days"`    // from ready to the warehouse's door, mean over the m3 that go
	CO2eT     Pair `json:"co2e_t"`
	Regret    Pair `json:"regret"`

	Lost     int `json:"lost"`     // requests of which less goes
	Won      int `json:"won"`      // of which more goes
	Rerouted int `json:"rerouted"` // that go as much, otherwise
}

// Row is one row of a table. Figures are nil where they are withheld.
type Row struct {
	ID        string `json:"id"`
	Owners    *int   `json:"owners"`
	AskedM3   *Pair  `json:"asked_m3,omitempty"`
	MatchedM3 *Pair  `json:"matched_m3"`
	Cost      *Pair  `json:"cost"`
	Days      *Pair  `json:"days,omitempty"`
	CO2eT     *Pair  `json:"co2e_t,omitempty"`
}

// LaneRow is the departures of a mode from one place to another. What they offer everybody may see.
type LaneRow struct {
	From       string `json:"from"`
	To         string `json:"to"`
	Mode       string `json:"mode"`
	Departures Pair   `json:"departures"`
	RoomM3     Pair   `json:"room_m3"`
	Hours      Pair   `json:"hours"` // mean from departure to arrival
	Price      Pair   `json:"price"` // of one more m3, the dearest departure
	Owners     *int   `json:"owners"`
	M3         *Pair  `json:"m3"`
	CO2eT      *Pair  `json:"co2e_t"`
}

// Bottleneck is a departure, or a warehouse on its tightest day, of which one more m3 is worth something.
type Bottleneck struct {
	Kind   string     `json:"kind" enum:"departure,warehouse"`
	ID     string     `json:"id"`
	From   string     `json:"from,omitempty"`
	To     string     `json:"to,omitempty"`
	Mode   string     `json:"mode,omitempty"`
	Depart *time.Time `json:"depart,omitempty"`
	Price  Pair       `json:"price"`
}

// Network is what becomes of the departures themselves.
type Network struct {
	Gone      int     `json:"gone"`
	Added     int     `json:"added"`
	Later     int     `json:"later"`   // arrive more than an hour later
	Earlier   int     `json:"earlier"` // arrive more than an hour earlier
	LateHours float64 `json:"late_hours"`
}

const (
	shownLanes, shownBottlenecks = 200, 100
	part                         = 1e-6 // of a request; less than this is nothing
)

// Compare sets the plan of a problem with changes beside the plan of the problem without.
func Compare(before *planner.Problem, planBefore *planner.Plan, after *planner.Problem, planAfter *planner.Plan) *Difference {
	a, b := readPlan(before, planBefore), readPlan(after, planAfter)
	d := &Difference{Currency: before.Currency, Network: network(before, after), Shut: []string{}}
	d.Totals = totals(a, b)
	d.Markets = rows(a, b, func(x *reading) map[string]*sums { return x.markets }, true)
	d.Carriers = rows(a, b, func(x *reading) map[string]*sums { return x.carriers }, false)
	d.Operators = rows(a, b, func(x *reading) map[string]*sums { return x.operators }, false)
	d.Lanes = lanes(a, b)
	d.Bottlenecks = bottlenecks(a, b)
	d.Exporters = sides(a, b)
	return d
}

// sums is what a plan does in one row.
type sums struct {
	owners                                  owners
	asked, matched, cost, dayM3, co2e       float64
	departures, room, sailHours, pricePerM3 float64
}

type laneKey struct{ from, to, mode string }

// reading is a plan, summed.
type reading struct {
	problem                      *planner.Problem
	plan                         *planner.Plan
	requests                     map[string]*planner.Request
	departures                   map[string]*planner.Departure
	markets, carriers, operators map[string]*sums
	lanes                        map[laneKey]*sums
	all                          sums
	value                        float64 // of everything that was asked for
	sent                         map[string]*sending
	prices                       map[[2]string]float64 // by kind and id
}

// sending is what a plan does with one request.
type sending struct {
	fraction, cost float64
	ways           map[string]float64
}

func in[K comparable](m map[K]*sums, k K) *sums {
	x := m[k]
	if x == nil {
		x = &sums{owners: owners{}}
		m[k] = x
	}
	return x
}

func readPlan(p *planner.Problem, plan *planner.Plan) *reading {
	r := &reading{problem: p, plan: plan, requests: map[string]*planner.Request{}, departures: map[string]*planner.Departure{},
		markets: map[string]*sums{}, carriers: map[string]*sums{}, operators: map[string]*sums{}, lanes: map[laneKey]*sums{},
		sent: map[string]*sending{}, prices: map[[2]string]float64{}}
	for i := range p.Requests {
		x := &p.Requests[i]
		r.requests[x.ID] = x
		m := in(r.markets, x.Market)
		m.owners[x.Exporter] = true
		m.asked += x.VolumeM3
		r.all.asked += x.VolumeM3
		r.value += x.Value
	}
	for i := range p.Departures {
		x := &p.Departures[i]
		r.departures[x.ID] = x
		l := in(r.lanes, laneKey{x.From, x.To, x.Mode})
		l.departures++
		l.room += x.CapacityM3
		l.sailHours += x.Arrive.Sub(x.Depart).Hours()
	}
	warehouses := map[string]*planner.Warehouse{}
	for i := range p.Warehouses {
		warehouses[p.Warehouses[i].ID] = &p.Warehouses[i]
	}
	for i := range plan.Assignments {
		r.assign(&plan.Assignments[i], warehouses)
	}
	r.readPrices()
	return r
}

func (r *reading) assign(a *planner.Assignment, warehouses map[string]*planner.Warehouse) {
	x := r.requests[a.Request]
	if x == nil {
		return
	}
	volume, weight := a.Fraction*x.VolumeM3, a.Fraction*x.WeightKg
	days := a.Arrive.Sub(x.Ready).Hours() / 24
	market := in(r.markets, x.Market)
	co2e := 0.0
	way := a.Warehouse
	for _, id := range a.Departures {
		d := r.departures[id]
		way += "|" + id
		if d == nil {
			continue
		}
		t := d.CO2eKgPerT * weight / 1e6
		co2e += t
		l := in(r.lanes, laneKey{d.From, d.To, d.Mode})
		l.owners[x.Exporter] = true
		l.matched += volume
		l.co2e += t
		c := in(r.carriers, cmp.Or(d.Carrier, "–"))
		c.owners[x.Exporter] = true
		c.matched += volume
		c.cost += a.Fraction * d.Rate.Amount * d.Rate.Quantity(x.VolumeM3, x.WeightKg)
	}
	for _, s := range []*sums{market, &r.all} {
		s.matched += volume
		s.cost += a.Cost
		s.dayM3 += days * volume
		s.co2e += co2e
	}
	if w := warehouses[a.Warehouse]; w != nil {
		o := in(r.operators, cmp.Or(w.Operator, "–"))
		o.owners[x.Exporter] = true
		o.matched += volume
		o.cost += volume * (w.InboundM3 + x.StorageM3(w))
	}
	s := r.sent[a.Request]
	if s == nil {
		s = &sending{ways: map[string]float64{}}
		r.sent[a.Request] = s
	}
	s.fraction += a.Fraction
	s.cost += a.Cost
	s.ways[way] += a.Fraction
}

func (r *reading) readPrices() {
	for _, p := range r.plan.Prices.Departures {
		d := r.departures[p.ID]
		if d == nil {
			continue
		}
		price := max(p.M3, p.Kg*orFloat(d.Rate.KgPerM3, 1000))
		r.prices[[2]string{"departure", p.ID}] = price
		l := in(r.lanes, laneKey{d.From, d.To, d.Mode})
		l.pricePerM3 = max(l.pricePerM3, price)
	}
	for _, p := range r.plan.Prices.Warehouses {
		k := [2]string{"warehouse", p.ID}
		r.prices[k] = max(r.prices[k], p.M3)
	}
}

func totals(a, b *reading) Totals {
	wholly := func(r *reading) (n float64) {
		for _, s := range r.sent {
			if s.fraction >= 1-part {
				n++
			}
		}
		return n
	}
	regret := func(r *reading) float64 {
		if saved := r.value - r.plan.Bound; saved > 0 {
			return max(0, r.plan.Objective-r.plan.Bound) / saved
		}
		return 0
	}
	t := Totals{
		Objective: Pair{a.plan.Objective, b.plan.Objective}, Cost: Pair{a.all.cost, b.all.cost},
		Unmatched: Pair{a.plan.Objective - a.all.cost, b.plan.Objective - b.all.cost},
		AskedM3:   Pair{a.all.asked, b.all.asked}, MatchedM3: Pair{a.all.matched, b.all.matched},
		Requests: Pair{float64(len(a.requests)), float64(len(b.requests))}, Matched: Pair{wholly(a), wholly(b)},
		Days: Pair{mean(a.all.dayM3, a.all.matched), mean(b.all.dayM3, b.all.matched)}, CO2eT: Pair{a.all.co2e, b.all.co2e},
		Regret: Pair{regret(a), regret(b)},
	}
	for id := range b.requests {
		x, y := a.sent[id], b.sent[id]
		was, is := x.share(), y.share()
		switch {
		case a.requests[id] == nil:
		case is < was-part:
			t.Lost++
		case is > was+part:
			t.Won++
		case is > part && !maps.EqualFunc(x.ways, y.ways, func(f, g float64) bool { return math.Abs(f-g) < 1e-3 }):
			t.Rerouted++
		}
	}
	return t
}

func (s *sending) share() float64 {
	if s == nil {
		return 0
	}
	return s.fraction
}

func mean(sum, n float64) float64 {
	if n <= 0 {
		return 0
	}
	return sum / n
}

// rows joins one table of both plans, by id.
func rows(a, b *reading, table func(*reading) map[string]*sums, market bool) []Row {
	x, y := table(a), table(b)
	who := map[string]owners{}
	for _, t := range []map[string]*sums{x, y} {
		for id, s := range t {
			if who[id] == nil {
				who[id] = owners{}
			}
			maps.Copy(who[id], s.owners)
		}
	}
	hidden := withhold(who)
	list := []Row{}
	for _, id := range slices.Sorted(maps.Keys(who)) {
		row := Row{ID: id}
		if !hidden[id] {
			s, t := in(x, id), in(y, id)
			n := len(who[id])
			row.Owners = &n
			row.MatchedM3, row.Cost = &Pair{s.matched, t.matched}, &Pair{s.cost, t.cost}
			if market {
				row.AskedM3, row.CO2eT = &Pair{s.asked, t.asked}, &Pair{s.co2e, t.co2e}
				row.Days = &Pair{mean(s.dayM3, s.matched), mean(t.dayM3, t.matched)}
			}
		}
		list = append(list, row)
	}
	return list
}
