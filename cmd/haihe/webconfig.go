package main

import (
	"cmp"
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/paulmach/orb"

	"haihe/geo"
	"haihe/planner"
	"haihe/planner/live"
	"haihe/planner/optimize"
	"haihe/streams"
	"haihe/web"
)

// webConfig introduces the web server to the rest.
func (v *service) webConfig(borders []byte) web.Config {
	route := geo.NewRouter()
	return web.Config{
		Submit: func(ctx context.Context, events ...planner.Event) error {
			if !v.ready.Load() {
				return web.ErrNotReady
			}
			return v.loop.Submit(ctx, events...)
		},
		Decide: func(ctx context.Context, c planner.Command) (planner.Outcome, error) {
			if !v.ready.Load() {
				return planner.Outcome{}, web.ErrNotReady
			}
			return v.loop.Decide(ctx, c)
		},
		Problem: func(ctx context.Context) (*planner.Problem, error) {
			c, err := v.loop.Current(ctx)
			return c.Problem, err
		},
		Plan: func(ctx context.Context) (*planner.Plan, error) {
			c, err := v.loop.Current(ctx)
			return c.Plan, err
		},
		Quote:       v.quote,
		DeadLetters: v.deadLetters,
		Digest:      v.loop.Digest,
		Health:      v.health,
		Route: func(from, to planner.Place, mode string) web.Way {
			a, b := orb.Point{from.Lon, from.Lat}, orb.Point{to.Lon, to.Lat}
			if r, err := route(a, b, mode); err == nil {
				return web.Way{Line: r.Line, Km: r.DistanceKm, Passages: planner.PassagesOf(r.Via)}
			}
			line := geo.Line(a, b) // by rail, road or post: no lanes are known
			return web.Way{Line: line, Km: geo.LengthKm(line)}
		},
		Place: func(id string) (web.PlaceNames, bool) {
			p, ok := geo.PlaceByCode(id)
			return web.PlaceNames{ZH: p.NameZH, EN: p.NameEN, Kind: p.Kind, Point: p.Point}, ok
		},
		CO2e: planner.CO2eKgPerT,

		Scenarios: v.scenarios,
		Targets:   v.targets,

		Secret:  v.secret,
		Schemas: streams.Schemas(),
		Borders: borders,
		Logger:  v.log,
		Version: version(),
	}
}

func (v *service) health() web.Health {
	h := web.Health{Status: "starting", Ready: v.ready.Load(), Lag: v.consumer.Lag(), DeadLetters: v.consumer.DeadLetterCount()}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	c, err := v.loop.Current(ctx)
	switch {
	case err != nil:
		h.Status, h.Ready, h.Detail = "degraded", false, "the planner does not answer: "+err.Error()
	case h.Ready:
		h.Status = "ok"
	}
	if n := len(c.Omissions); n > 0 && h.Detail == "" {
		o := c.Omissions[0]
		h.Detail = fmt.Sprintf("%d of the things in the log cannot be planned, the first: %s %s: %s", n, o.Kind, o.ID, o.Problem)
	}
	if c.Summary != nil {
		h.PlanVersion = c.Summary.Version
	}
	return h
}

func (v *service) deadLetters(_ context.Context, source string, n int) ([]web.DeadLetter, error) {
	var list []web.DeadLetter
	for _, d := range v.consumer.DeadLetters(1 << 20) {
		if len(list) == n {
			break
		}
		if source != "" && d.Headers["ce_source"] != source {
			continue
		}
		list = append(list, web.DeadLetter{Topic: d.Topic, Partition: d.Partition, Offset: d.Offset, At: d.Time,
			Source: d.Headers["ce_source"], Type: d.Headers["ce_type"], ID: d.Headers["ce_id"], Key: d.Key, Reason: d.Reason})
	}
	return list, nil
}

// quotesShown is how many different ways a quote offers.
const quotesShown = 3

// quote prices a request at the prices of the current plan.
func (v *service) quote(ctx context.Context, r planner.Request) ([]web.Quote, error) {
	c, err := v.loop.Current(ctx)
	if err != nil {
		return nil, err
	}
	if c.Problem == nil {
		return nil, web.ErrNotReady
	}
	q, err := v.quoter.of(c)
	if err != nil {
		return nil, err
	}
	offers, err := q.Quote(&r, quotesShown)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", web.ErrInvalid, err)
	}
	list := make([]web.Quote, len(offers))
	for i, o := range offers {
		list[i] = web.Quote{Departures: o.Departures, Gateway: o.Gateway, Warehouse: o.Warehouse, Arrive: o.Arrive,
			Cost: o.Cost, RoomPrice: o.RoomPrice}
		for _, x := range o.Items {
			list[i].Items = append(list[i].Items, web.QuoteItem{Kind: x.Kind, Name: cmp.Or(x.Departure, x.Place), Amount: x.Amount})
		}
	}
	return list, nil
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
