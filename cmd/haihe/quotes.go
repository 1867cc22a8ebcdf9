package main

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"haihe/planner"
	"haihe/planner/live"
	"haihe/planner/optimize"
	"haihe/web"
)

// How many ways are looked for: at the request's own prices, and at those of somebody who cares for one thing alone.
const (
	waysAtPrice = 4
	waysExtreme = 2
)

// Prices at which nothing but time, or nothing but CO2e, counts: far above any cost of a way, and small enough for
// float64 to keep the cents of the rest.
const (
	onlyTimeM3Day = 1e6
	onlyCO2eT     = 1e7
)

// quote prices a request at the prices of the current plan.
func (v *service) quote(ctx context.Context, r planner.Request) ([]web.Quote, error) {
	_, q, err := v.quoterNow(ctx)
	if err != nil {
		return nil, err
	}
	offers, err := offers(q, &r)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", web.ErrInvalid, err)
	}
	list := make([]web.Quote, len(offers))
	for i, o := range offers {
		list[i] = web.Quote{Departures: o.Departures, Gateway: o.Gateway, Warehouse: o.Warehouse, Arrive: o.Arrive,
			Cost: o.Cost, RoomPrice: o.RoomPrice, CO2eKg: o.CO2eKg, Share: o.Share}
		for _, x := range o.Items {
			list[i].Items = append(list[i].Items, web.QuoteItem{Kind: x.Kind, Name: cmp.Or(x.Departure, x.Place), Amount: x.Amount})
		}
	}
	return list, nil
}

// helps tells which changes give a way to a request that has none, or none at its value.
func (v *service) helps(ctx context.Context, r planner.Request) ([]planner.Relaxation, error) {
	c, q, err := v.quoterNow(ctx)
	if err != nil {
		return nil, err
	}
	found, err := helps(q, &r, modesOf(c.Problem))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", web.ErrInvalid, err)
	}
	return found, nil
}

func (v *service) quoterNow(ctx context.Context) (live.Current, *optimize.Quoter, error) {
	c, err := v.loop.Current(ctx)
	if err != nil {
		return c, nil, err
	}
	if c.Problem == nil {
		return c, nil, web.ErrNotReady
	}
	q, err := v.quoter.of(c)
	return c, q, err
}

func modesOf(p *planner.Problem) []string {
	var modes []string
	for i := range p.Departures {
		if m := p.Departures[i].Mode; !slices.Contains(modes, m) {
			modes = append(modes, m)
		}
	}
	slices.Sort(modes)
	return modes
}

// offers are the ways worth comparing, cheapest first: the best at the request's prices, the best of those with room for all of
// it, the fastest, those with the least CO2e and the best by each mode. These last have room for all where any way has, so that
// they can be booked as they are. Of all these none is kept that another beats or equals in cost, arrival, CO2e and room, but
// for the best at the request's prices.
func offers(q *optimize.Quoter, r *planner.Request) ([]optimize.Quote, error) {
	found, err := q.Quote(r, waysAtPrice)
	if err != nil {
		return nil, err
	}
	own := len(found)
	seen := map[string]bool{}
	for i := range found {
		seen[wayOf(&found[i])] = true
	}
	fast, green := *r, *r
	fast.TimeCostM3Day = onlyTimeM3Day
	green.CO2ePriceT = onlyCO2eT
	asks := []planner.Request{fast, green}
	if !r.Whole {
		asks = append(asks, *r)
	}
	for _, m := range []string{planner.ModeSea, planner.ModeAir, planner.ModeRail} {
		if len(r.Modes) != 1 && (len(r.Modes) == 0 || slices.Contains(r.Modes, m)) {
			by := *r
			by.Modes = []string{m}
			asks = append(asks, by)
		}
	}
	for i := range asks {
		ask := asks[i]
		ask.Whole = true
		more, err := q.Quote(&ask, waysExtreme)
		if err == nil && len(more) == 0 && !r.Whole {
			more, err = q.Quote(&asks[i], waysExtreme)
		}
		if err != nil {
			return nil, err
		}
		for k := range more {
			if way := wayOf(&more[k]); !seen[way] {
				seen[way] = true
				found = append(found, priced(more[k], &asks[i], r))
			}
		}
	}
	kept := found[:0:0]
	for i := range found {
		if i < own || !slices.ContainsFunc(found, func(o optimize.Quote) bool { return beats(&o, &found[i]) }) {
			kept = append(kept, found[i])
		}
	}
	slices.SortStableFunc(kept, func(a, b optimize.Quote) int {
		return cmp.Or(cmp.Compare(a.Cost, b.Cost), a.Arrive.Compare(b.Arrive))
	})
	return kept, nil
}

func wayOf(q *optimize.Quote) string {
	return strings.Join(q.Departures, "\x00") + "\x00\x00" + q.Warehouse
}

// beats reports whether a is at least as cheap, as early and as green as b, and better in one of them.
func beats(a, b *optimize.Quote) bool {
	const cent, gram = 0.005, 0.0005
	if a.Cost > b.Cost+cent || a.Arrive.After(b.Arrive) || a.CO2eKg > b.CO2eKg+gram || a.Share < b.Share-1e-9 {
		return false
	}
	return a.Cost < b.Cost-cent || a.Arrive.Before(b.Arrive) || a.CO2eKg < b.CO2eKg-gram
}

// priced is a way that was found at the prices of one request at those of another, which asks for the same.
func priced(o optimize.Quote, found, of *planner.Request) optimize.Quote {
	items := o.Items[:0:0]
	o.Cost = 0
	for _, x := range o.Items {
		switch x.Kind {
		case optimize.ItemTime:
			x.Amount *= of.TimeCostM3Day / found.TimeCostM3Day
		case optimize.ItemCarbon:
			x.Amount *= of.CO2ePriceT / found.CO2ePriceT
		}
		if x.Amount != 0 || x.Kind == optimize.ItemFreight {
			items = append(items, x)
			o.Cost += x.Amount
		}
	}
	o.Items = items
	return o
}

// How far dates are moved to see whether that gives a way, in hours.
const (
	mostLater   = 120 * 24
	mostEarlier = 30 * 24
)

// helps tries changes of one kind each. What it tells was quoted: with the change there is a way, and with less of it, to the
// hour, there is none.
func helps(q *optimize.Quoter, r *planner.Request, modes []string) ([]planner.Relaxation, error) {
	quotes, err := offers(q, r)
	if err != nil {
		return nil, err
	}
	if len(quotes) > 0 {
		// What a way costs with the room that it takes from others is what it must be worth to be matched so.
		least := math.Inf(1)
		for i := range quotes {
			least = min(least, quotes[i].Cost+quotes[i].RoomPrice)
		}
		if least <= r.Value {
			return nil, nil
		}
		return []planner.Relaxation{{Kind: planner.RelaxValue, Value: math.Ceil(least * 1.000001)}}, nil
	}
	var found []planner.Relaxation
	later := *r
	later.Due, later.TimeCostM3Day = r.Due.Add(mostLater*time.Hour), onlyTimeM3Day
	first, err := q.Quote(&later, 1)
	if err != nil {
		return nil, err
	}
	if len(first) > 0 {
		found = append(found, planner.Relaxation{Kind: planner.RelaxDue, Hours: math.Ceil(first[0].Arrive.Sub(r.Due).Hours()), Smallest: true})
	}
	earlier := func(hours int) (bool, error) {
		x := *r
		x.Ready = r.Ready.Add(-time.Duration(hours) * time.Hour)
		ways, err := q.Quote(&x, 1)
		return len(ways) > 0, err
	}
	if ok, err := earlier(mostEarlier); err != nil {
		return nil, err
	} else if ok {
		no, yes := 0, mostEarlier
		for yes-no > 1 {
			mid := (no + yes) / 2
			ok, err := earlier(mid)
			if err != nil {
				return nil, err
			}
			if ok {
				yes = mid
			} else {
				no = mid
			}
		}
		found = append(found, planner.Relaxation{Kind: planner.RelaxReady, Hours: float64(yes), Smallest: true})
	}
	for _, m := range modes {
		if len(r.Modes) == 0 || slices.Contains(r.Modes, m) {
			continue
		}
		x := *r
		x.Modes = append(slices.Clone(r.Modes), m)
		ways, err := q.Quote(&x, 1)
		if err != nil {
			return nil, err
		}
		if len(ways) > 0 {
			found = append(found, planner.Relaxation{Kind: planner.RelaxMode, Modes: []string{m}, Smallest: true})
		}
	}
	if r.Whole {
		x := *r
		x.Whole = false
		ways, err := q.Quote(&x, 1)
		if err != nil {
			return nil, err
		}
		if len(ways) > 0 {
			found = append(found, planner.Relaxation{Kind: planner.RelaxSplit})
		}
	}
	return found, nil
}

// quoter is made once for each plan that somebody asks quotes of.
type quoter struct {
	mu   sync.Mutex
	plan *planner.Plan
	q    *optimize.Quoter
}

func (k *quoter) of(c live.Current) (*optimize.Quoter, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.plan == c.Plan {
		return k.q, nil
	}
	q, err := optimize.NewQuoter(c.Problem, c.Plan.Prices)
	if err != nil {
		return nil, err
	}
	k.plan, k.q = c.Plan, q
	return q, nil
}
