package main

import (
	"context"
	"fmt"
	"time"

	"github.com/paulmach/orb"

	"haihe/geo"
	"haihe/planner"
	"haihe/streams"
	"haihe/web"
)

// webConfig introduces the web server to the rest.
func (v *service) webConfig(borders []byte) web.Config {
	route := geo.NewRouter()
	var peer web.PeerDecide
	if v.shared() {
		peer = v.decideForPeer
	}
	return web.Config{
		Peer:    peer,
		Submit:  v.submit,
		Decide:  v.decide,
		CatchUp: v.catchUp(),
		Problem: func(ctx context.Context) (*planner.Problem, error) {
			c, err := v.loop.Current(ctx)
			return c.Problem, err
		},
		Plan: func(ctx context.Context) (*planner.Plan, error) {
			c, err := v.loop.Current(ctx)
			return c.Plan, err
		},
		Quote:       v.quote,
		Helps:       v.helps,
		OfferFor:    v.settings.offerFor,
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
		Measures:  v.metrics.ofHub(),
		Tracer:    v.tracing.tracer(),
		CO2e:      planner.CO2eKgPerT,
		Scenarios: v.scenarios,
		Targets:   v.targets,
		Departed:  v.departed,
		Secret:    v.secret,
		Now:       v.settings.clock(),
		Schemas:   streams.Schemas(),
		Borders:   borders,
		Logger:    v.log,
		Version:   version(),
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
	if stand, err := v.loop.Stand(ctx); err == nil {
		h.Role, h.Leader, h.LedgerEpoch = "following", stand.Head.Leader, stand.Head.Epoch
		if stand.Leading {
			h.Role = "leading"
		}
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
		if source != "" && letterSource(d) != source {
			continue
		}
		list = append(list, web.DeadLetter{Topic: d.Topic, Partition: d.Partition, Offset: d.Offset, At: d.Time,
			Source: letterSource(d), Type: d.Headers["ce_type"], ID: d.Headers["ce_id"], Key: d.Key, Reason: d.Reason})
	}
	return list, nil
}
