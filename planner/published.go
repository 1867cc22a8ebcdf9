package planner

import (
	"cmp"
	"fmt"
	"time"
)

// Published returns the events by which the firms and exporters of a problem would have published it: places
// first, then departures, warehouses and requests, each from its owner. All carry the time at, and a sequence
// made of it, so that publishing a problem again later sets everything anew.
func (p *Problem) Published(at time.Time) []Event {
	events := make([]Event, 0, len(p.Places)+len(p.Departures)+len(p.Warehouses)+len(p.Requests))
	seq := uint64(at.UnixMicro())
	say := func(kind, owner string, f Fact) {
		events = append(events, Event{ID: fmt.Sprintf("published:%s:%d", f.Key(), seq),
			Source: "/" + kind + "/" + cmp.Or(owner, "unnamed"), Sequence: seq, Time: at.UTC(), Fact: f})
	}
	for i := range p.Places {
		say("ports", p.Places[i].ID, &PlaceDeclared{p.Places[i]})
	}
	for i := range p.Departures {
		d := p.Departures[i]
		say("firms", d.Carrier, &DepartureScheduled{Departure: d})
	}
	for i := range p.Warehouses {
		f := &WarehouseRegistered{Warehouse: p.Warehouses[i], Public: true}
		if len(f.CapacityM3) > 1 {
			f.From = p.Start.UTC().Format(time.DateOnly)
		}
		say("firms", f.Operator, f)
	}
	for i := range p.Requests {
		say("exporters", p.Requests[i].Exporter, &RequestSubmitted{Request: p.Requests[i]})
	}
	return events
}
