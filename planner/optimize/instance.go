package optimize

import (
	"cmp"
	"fmt"
	"math"
	"runtime"
	"slices"
	"time"

	"haihe/planner"
)

// Indices into the arrays of an instance. They are types of their own because mixing them would be silent.
type (
	placeIndex     int32
	departureIndex int32
	warehouseIndex int32
	requestIndex   int32
	// rowIndex numbers the capacity rows: first the m3 of each departure, then its kg, then each warehouse
	// day by day.
	rowIndex int32
)

// timeSlack is how many hours a connection may be missed by in float arithmetic: 4 µs.
const timeSlack = 1e-9

// instance is a planner.Problem as flat arrays: indices for names, hours since the start for times.
type instance struct {
	problem *planner.Problem
	days    int

	transferHours  []float64 // by place
	transferCostM3 []float64

	departures []departure
	order      []departureIndex // by hour of departure
	onward     []departureIndex // by departure, the next leg of its voyage that cargo stays aboard for, or -1
	warehouses []warehouse
	requests   []request

	places   map[string]placeIndex
	networks map[kindKey]*network
	stays    map[stayKey][]float64
	classes  map[string]int
	modes    map[string]int32
	takes    [][]bool            // by class and departure: the departure takes the class
	served   map[string][]served // by market

	timetables *timetables

	capacity []float64 // by row, m3 or kg
	scale    []float64 // by row, 1/capacity, so that a scaled row has the right-hand side 1
}

type departure struct {
	from, to               placeIndex
	cutoff, depart, arrive float64
	aboard                 departureIndex // the leg of the same voyage just before, or -1
	mode                   int32
	perKg                  bool
	amount, kgPerM3        float64
	co2                    float64 // t CO2e per kg carried
}

type warehouse struct {
	inboundM3 float64
	storage   tariff
	gates     []gate
	classes   []string
}

type gate struct {
	place  placeIndex
	hours  float64
	rateM3 float64
}

type request struct {
	origin        placeIndex
	network       *network
	group         int32     // of its network's guide, or ungrouped
	volume        float64   // m3
	weight        float64   // kg
	ready, due    float64   // hours
	held          []float64 // by day since it came, the share still in the warehouse, as far as the horizon may reach
	stay          int       // days
	timeCostHour  float64   // of all of it, an hour
	co2Price      float64   // of a tonne
	value         float64
	whole         bool
	linear        bool
	inverseStay   float64 // 1/stay when drawn down linearly, else 0
	storageFactor float64 // volume × m3-days
}

// compile makes an instance. The error names what the problem refers to and does not have.
func compile(p *planner.Problem) (*instance, error) {
	return compileUntil(p, never)
}

// compileUntil is compile, and leaves out what is not made yet when stop says so, before each network, each guide and every
// some hundred requests: networks, with which whoever would go by them goes nowhere, and then all requests too, which are nil.
func compileUntil(p *planner.Problem, stop func() bool) (*instance, error) {
	in := &instance{problem: p, days: p.Days, classes: map[string]int{}, modes: map[string]int32{},
		places: make(map[string]placeIndex, len(p.Places)), networks: map[kindKey]*network{}, stays: map[stayKey][]float64{}, served: map[string][]served{}, timetables: &timetables{of: map[kindKey]*timetable{}}}
	if p.Days < 0 {
		return nil, fmt.Errorf("optimize: the horizon is %d days", p.Days)
	}
	for i := range p.Places {
		in.places[p.Places[i].ID] = placeIndex(i)
		in.transferHours = append(in.transferHours, p.Places[i].TransferHours)
		in.transferCostM3 = append(in.transferCostM3, p.Places[i].TransferCostM3)
	}
	if err := in.compileDepartures(); err != nil {
		return nil, err
	}
	if err := in.compileWarehouses(); err != nil {
		return nil, err
	}
	in.compileRows()
	team := newTeam(in, runtime.GOMAXPROCS(0))
	in.compileNetworks(team, stop)
	if stop() {
		return in, nil
	}
	if err := in.compileRequests(stop); err != nil || in.requests == nil {
		return in, err
	}
	in.compileGuides(team, stop)
	return in, nil
}

// compileRequests makes the requests, all of them or none if stop says so.
func (in *instance) compileRequests(stop func() bool) error {
	const look = 512 // requests between two looks
	requests := make([]request, len(in.problem.Requests))
	for i := range requests {
		if i%look == look-1 && stop() {
			return nil
		}
		r, err := in.newRequest(&in.problem.Requests[i])
		if err != nil {
			return err
		}
		requests[i] = r
	}
	in.requests = requests
	return nil
}

func (in *instance) hours(t time.Time) float64 { return t.Sub(in.problem.Start).Hours() }

// day is the day of the horizon that an hour falls on.
func day(hour float64) int { return int(math.Floor(hour/24 + timeSlack)) }

func (in *instance) compileDepartures() error {
	p := in.problem
	for i := range p.Departures {
		d := &p.Departures[i]
		from, ok := in.places[d.From]
		if !ok {
			return fmt.Errorf("optimize: departure %q leaves from unknown place %q", d.ID, d.From)
		}
		to, ok := in.places[d.To]
		if !ok {
			return fmt.Errorf("optimize: departure %q goes to unknown place %q", d.ID, d.To)
		}
		if _, ok := in.modes[d.Mode]; !ok {
			in.modes[d.Mode] = int32(len(in.modes))
		}
		x := departure{from: from, to: to, cutoff: in.hours(d.Cutoff), depart: in.hours(d.Depart), arrive: in.hours(d.Arrive), aboard: -1,
			mode: in.modes[d.Mode], perKg: d.Rate.Per == planner.PerKg, amount: d.Rate.Amount, kgPerM3: d.Rate.KgPerM3, co2: d.CO2eKgPerT / 1e6}
		if !(x.cutoff <= x.depart && x.depart < x.arrive) {
			return fmt.Errorf("optimize: departure %q: want cutoff ≤ depart < arrive", d.ID)
		}
		for _, c := range d.Classes {
			in.classOf(c)
		}
		in.departures = append(in.departures, x)
		in.order = append(in.order, departureIndex(i))
	}
	slices.SortStableFunc(in.order, func(a, b departureIndex) int {
		return cmp.Compare(in.departures[a].depart, in.departures[b].depart)
	})
	in.onward = make([]departureIndex, len(in.departures))
	for i := range in.onward {
		in.onward[i] = -1
	}
	last := map[string]departureIndex{}
	for _, i := range in.order {
		voyage := p.Departures[i].Voyage
		if voyage == "" {
			continue
		}
		d := &in.departures[i]
		if e, ok := last[voyage]; ok && in.departures[e].to == d.from && in.departures[e].arrive <= d.depart {
			d.aboard = e
			in.onward[e] = i
		}
		last[voyage] = i
	}
	in.takes = make([][]bool, len(in.classes))
	for c := range in.takes {
		in.takes[c] = make([]bool, len(in.departures))
	}
	for i := range p.Departures {
		for _, c := range p.Departures[i].Classes {
			in.takes[in.classes[c]][i] = true
		}
	}
	return nil
}

func (in *instance) classOf(name string) int {
	c, ok := in.classes[name]
	if !ok {
		c = len(in.classes)
		in.classes[name] = c
	}
	return c
}

func (in *instance) compileWarehouses() error {
	p := in.problem
	for i := range p.Warehouses {
		w := &p.Warehouses[i]
		if n := len(w.CapacityM3); n != 1 && n != p.Days {
			return fmt.Errorf("optimize: warehouse %q gives its room for %d days; want one number or one for each of the %d days", w.ID, n, p.Days)
		}
		x := warehouse{inboundM3: w.InboundM3, storage: newTariff(w), classes: w.Classes}
		for _, g := range w.Gateways {
			place, ok := in.places[g.Place]
			if !ok {
				return fmt.Errorf("optimize: warehouse %q has unknown gateway %q", w.ID, g.Place)
			}
			x.gates = append(x.gates, gate{place, g.Hours, g.RateM3})
		}
		in.warehouses = append(in.warehouses, x)
		for k := range w.Markets {
			m := &w.Markets[k]
			in.served[m.ID] = append(in.served[m.ID], served{warehouseIndex(i), m.RateM3})
		}
	}
	return nil
}

func (in *instance) compileRows() {
	p := in.problem
	n := len(in.departures)
	in.capacity = make([]float64, 2*n+len(in.warehouses)*in.days)
	for i := range p.Departures {
		in.capacity[i], in.capacity[n+i] = p.Departures[i].CapacityM3, p.Departures[i].CapacityKg
	}
	for w := range p.Warehouses {
		for d := range in.days {
			in.capacity[in.dayRow(warehouseIndex(w), d)] = p.Warehouses[w].CapacityM3.At(d)
		}
	}
	in.compileScale()
}

func (in *instance) compileScale() {
	p, n := in.problem, len(in.departures)
	// A row without capacity is scaled by what a usual request takes.
	m3, kg := 0.0, 0.0
	for i := range p.Requests {
		m3, kg = m3+p.Requests[i].VolumeM3, kg+p.Requests[i].WeightKg
	}
	m3, kg = m3/float64(max(1, len(p.Requests))), kg/float64(max(1, len(p.Requests)))
	in.scale = make([]float64, len(in.capacity))
	for i, c := range in.capacity {
		unit := m3
		if i >= n && i < 2*n {
			unit = kg
		}
		if !(unit > 0) {
			unit = 1
		}
		in.scale[i] = 1 / max(c, unit*1e-3)
	}
}

func (in *instance) m3Row(d departureIndex) rowIndex { return rowIndex(d) }
func (in *instance) kgRow(d departureIndex) rowIndex {
	return rowIndex(len(in.departures)) + rowIndex(d)
}
func (in *instance) dayRow(w warehouseIndex, day int) rowIndex {
	return rowIndex(2*len(in.departures) + int(w)*in.days + day)
}

// compileNetworks makes the network of every kind of request, on all processors.
func (in *instance) compileNetworks(team *team, stop func() bool) {
	var kinds, trades []networkKind // a trade: the kinds that share a timetable
	seen := map[kindKey]bool{}
	for i := range in.problem.Requests {
		kind := kindOf(&in.problem.Requests[i])
		if _, ok := in.networks[kind.key()]; ok {
			continue
		}
		in.networks[kind.key()] = nil
		kinds = append(kinds, kind)
		kind.market = ""
		if key := kind.key(); !seen[key] {
			seen[key] = true
			trades = append(trades, kind)
		}
	}
	made := make([]*network, len(kinds))
	if team.tasks(len(trades), stop, func(i int) { in.timetable(trades[i]) }) {
		team.tasks(len(kinds), stop, func(i int) { made[i] = in.newNetwork(kinds[i]) })
	}
	for i, kind := range kinds {
		if made[i] == nil {
			made[i] = &network{kind: kind}
		}
		in.networks[kind.key()] = made[i]
	}
}

func kindOf(r *planner.Request) networkKind {
	modes := r.Modes
	if len(modes) > 1 {
		modes = slices.Compact(slices.Sorted(slices.Values(modes)))
	}
	return networkKind{market: r.Market, class: r.Class, modes: modes}
}

// newRequest compiles one request, with the network of its kind.
func (in *instance) newRequest(r *planner.Request) (request, error) {
	origin, ok := in.places[r.Origin]
	if !ok {
		return request{}, fmt.Errorf("optimize: request %q starts at unknown place %q", r.ID, r.Origin)
	}
	key := stayKey{r.StorageDays, r.Drawdown == planner.DrawdownLinear}
	held, ok := in.stays[key]
	if !ok {
		held = make([]float64, max(0, min(r.StorageDays, in.days)))
		for k := range held {
			held[k] = r.Held(k)
		}
		in.stays[key] = held
	}
	x := request{origin: origin, group: ungrouped, volume: r.VolumeM3, weight: r.WeightKg, ready: in.hours(r.Ready), due: in.hours(r.Due), held: held,
		stay: r.StorageDays, timeCostHour: r.TimeCostM3Day * r.VolumeM3 / 24, co2Price: r.CO2ePriceT, value: r.Value,
		whole: r.Whole, linear: key.linear, storageFactor: r.VolumeM3 * r.M3Days()}
	if key.linear && r.StorageDays > 0 {
		x.inverseStay = 1 / float64(r.StorageDays)
	}
	kind := kindOf(r)
	of := kind.key()
	if x.network = in.networks[of]; x.network == nil {
		x.network = in.newNetwork(kind)
		in.networks[of] = x.network
	}
	return x, nil
}

type stayKey struct {
	days   int
	linear bool
}

// legCost is what all of the request pays on a departure, carbon included, before any price of room.
func legCost(r *request, d *departure) float64 {
	var quantity float64
	if d.perKg {
		quantity = max(r.weight, r.volume*d.kgPerM3)
	} else {
		quantity = max(r.volume, r.weight/d.kgPerM3)
	}
	return quantity*d.amount + r.co2Price*d.co2*r.weight
}
