package optimize

import (
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"haihe/planner"
)

// Kinds of a CostItem.
const (
	ItemFreight  = "freight"   // of one departure
	ItemCarbon   = "carbon"    // of one departure, at the request's price of CO2e
	ItemTransfer = "transfer"  // changing departures at a place
	ItemGateway  = "gateway"   // from the last place to the warehouse's door
	ItemInbound  = "inbound"   // taking in
	ItemStorage  = "storage"   // the whole stay
	ItemLastMile = "last_mile" // from the warehouse to the customers
	ItemTime     = "time"      // the time between ready and arrival, at the request's price of a day
)

// CostItem is one line of a quote. Departure or Place says where it arises, where that is not the warehouse.
type CostItem struct {
	Kind      string  `json:"kind"`
	Departure string  `json:"departure,omitempty"`
	Place     string  `json:"place,omitempty"`
	Amount    float64 `json:"amount"`
}

// Quote is one itinerary for all of a request, with what it costs. Cost is the sum of Items. RoomPrice is what the
// room that it takes is worth to others: the request can expect to be matched this way when Cost + RoomPrice is
// below its value.
type Quote struct {
	Departures []string   `json:"departures"`
	Gateway    string     `json:"gateway"`
	Warehouse  string     `json:"warehouse"`
	Arrive     time.Time  `json:"arrive"`
	Cost       float64    `json:"cost"`
	RoomPrice  float64    `json:"room_price"`
	CO2eKg     float64    `json:"co2e_kg"`
	Share      float64    `json:"share"` // of the request that there is room for on the way; 1: all of it
	Items      []CostItem `json:"items"`
}

// Quoter prices single requests, of the problem or new ones, at the prices of a plan. It is safe for concurrent use.
type Quoter struct {
	mu      sync.Mutex // guards what newRequest and group add to in
	in      *instance
	prices  *prices
	full    *room
	pricers sync.Pool
}

// NewQuoter makes a Quoter for the departures and warehouses of a problem, at the prices of a plan of it; the zero
// Prices charge nothing for room. The error names a reference to nothing.
func NewQuoter(p *planner.Problem, at planner.Prices) (*Quoter, error) {
	network := *p
	network.Requests = nil
	in, err := compile(&network)
	if err != nil {
		return nil, err
	}
	q := &Quoter{in: in, prices: in.newPrices(), full: in.newRoom()}
	q.pricers.New = func() any { return newPricer(in) }
	departures := make(map[string]departureIndex, len(p.Departures))
	for i := range p.Departures {
		departures[p.Departures[i].ID] = departureIndex(i)
	}
	for _, x := range at.Departures {
		d, ok := departures[x.ID]
		if !ok {
			return nil, fmt.Errorf("optimize: price of unknown departure %q", x.ID)
		}
		q.prices.row[in.m3Row(d)], q.prices.row[in.kgRow(d)] = max(0, x.M3), max(0, x.Kg)
	}
	warehouses := make(map[string]warehouseIndex, len(p.Warehouses))
	for i := range p.Warehouses {
		warehouses[p.Warehouses[i].ID] = warehouseIndex(i)
	}
	for _, x := range at.Warehouses {
		w, ok := warehouses[x.ID]
		if !ok || x.Day < 0 || x.Day >= in.days {
			return nil, fmt.Errorf("optimize: price of unknown warehouse %q on day %d", x.ID, x.Day)
		}
		q.prices.row[in.dayRow(w, x.Day)] = max(0, x.M3)
	}
	q.prices.sum(in)
	return q, nil
}

// Quote returns up to n itineraries for the request, the best at cost plus price of room first. No two end on the
// same departure, so that they are real choices. Itineraries over departures or warehouse days without
// any room, or without room for all of a request that must go whole, are left out; the request's value is not
// asked. An empty list means that there is no way: Solve gives the reason.
func (q *Quoter) Quote(r *planner.Request, n int) ([]Quote, error) {
	q.mu.Lock()
	x, err := q.in.newRequest(r)
	// A request that may be split needs only some room: a thousandth of it stands for all.
	asked, part := x, 1.0
	if !x.whole {
		part = 1e-3
		asked = x.part(part)
	}
	var rest rest
	var guided bool
	if err == nil {
		q.group(&asked)
		rest, guided = asked.network.rest(&asked)
	}
	q.mu.Unlock()
	if err != nil {
		return nil, err
	}
	pr := q.pricers.Get().(*pricer)
	defer q.pricers.Put(pr)
	a := ask{request: &asked, network: x.network, prices: q.prices, room: q.full, weight: 1, limit: math.Inf(1), most: max(1, n)}
	if guided {
		pr.seek(&a, &rest)
	} else {
		pr.find(&a)
	}
	quotes := []Quote{}
	for _, o := range pr.top[:min(len(pr.top), max(0, n))] {
		var legs []departureIndex
		c := pr.column(&a, o, 0, &x, &legs)
		quote := q.in.itemise(&c, &x, o.cost/part)
		quote.Share = q.full.partOf(q.in, &c, &x)
		quotes = append(quotes, quote)
	}
	return quotes, nil
}

// quotedDensities are the densities, kg per m3, that requests are put into groups by.
var quotedDensities = [...]float64{0, 60, 120, 180, 250, 350, 500, 800}

// group puts a request into the group of the guide of its network that is just below its density, with an hour and
// storage worth nothing, and makes that group if it is the first.
func (q *Quoter) group(r *request) {
	n := r.network
	if !(r.volume > 0) {
		return
	}
	if n.guide == nil {
		n.guide = &guide{}
		n.guide.earliest, n.guide.rent = n.nearest()
	}
	g, of := n.guide, group{}
	for _, d := range quotedDensities {
		if d <= r.weight/r.volume {
			of.density = d
		}
	}
	k := slices.Index(g.groups, of)
	if k < 0 {
		k = len(g.groups)
		var w ways
		w.size(n)
		m3, kg := q.in.legPrices(n, q.prices)
		w.sweep(n, &of, m3, kg)
		g.groups, g.ways = append(g.groups, of), append(g.ways, w)
	}
	r.group = int32(k)
}

func (in *instance) itemise(c *column, r *request, charged float64) Quote {
	p := in.problem
	w := &p.Warehouses[c.warehouse]
	g := &w.Gateways[c.gate]
	quote := Quote{Gateway: g.Place, Warehouse: w.ID, Arrive: in.time(c.arrive), Cost: c.cost, RoomPrice: max(0, charged-c.cost)}
	add := func(kind, departure, place string, amount float64) {
		if amount != 0 || kind == ItemFreight {
			quote.Items = append(quote.Items, CostItem{kind, departure, place, amount})
		}
	}
	for k, l := range c.legs {
		d := &in.departures[l]
		id := p.Departures[l].ID
		quote.Departures = append(quote.Departures, id)
		quote.CO2eKg += d.co2 * r.weight * 1000
		if k > 0 && d.aboard != c.legs[k-1] {
			add(ItemTransfer, "", p.Departures[l].From, in.transferCostM3[d.from]*r.volume)
		}
		carbon := r.co2Price * d.co2 * r.weight
		add(ItemFreight, id, "", legCost(r, d)-carbon)
		add(ItemCarbon, id, "", carbon)
	}
	add(ItemGateway, "", g.Place, r.volume*g.RateM3)
	add(ItemInbound, "", "", r.volume*w.InboundM3)
	add(ItemStorage, "", "", in.warehouses[c.warehouse].storage.of(r))
	add(ItemLastMile, "", "", r.volume*marketOf(w, r.network.kind.market).RateM3)
	add(ItemTime, "", "", r.timeCostHour*(c.arrive-r.ready))
	return quote
}
