package scenario

import (
	"fmt"
	"slices"
	"time"

	"haihe/planner"
)

// Base is how things stand at a moment. It is not written to.
type Base struct {
	Events []planner.Event // that hold
	Ledger planner.LedgerSnapshot
	Now    time.Time
	Days   int // of the horizon

	Currency string // "": as the state has it
}

// Of makes the base of a problem file, as if everything in it had just been published.
func Of(p *planner.Problem) *Base {
	return &Base{Events: p.Published(p.Start), Now: p.Start, Days: p.Days, Currency: p.Currency}
}

// State makes a copy of the state that nobody else has.
func (b *Base) State() *planner.State {
	s := planner.NewState()
	for _, e := range b.Events {
		s.Apply(e)
	}
	if b.Ledger.Format != "" {
		s.RestoreLedger(b.Ledger)
	}
	return s
}

// Problem is what there is to plan with the changes; with none, what there is to plan. It fails as Check does. The same base and
// changes give the same problem.
func (b *Base) Problem(changes ...Change) (*planner.Problem, error) {
	p, _, err := b.with(changes)
	return p, err
}

// with is Problem, and names the passages that are shut.
func (b *Base) with(changes []Change) (*planner.Problem, []string, error) {
	s := b.State()
	if err := b.check(s, changes); err != nil {
		return nil, nil, err
	}
	for i := range changes {
		for _, f := range b.facts(s, i, &changes[i]) {
			s.Apply(planner.Event{ID: fmt.Sprintf("whatif:%d:%s", i, f.Key()), Source: "/whatif", Time: b.Now,
				Sequence: s.Sequence(f.Key()) + 1, Fact: f})
		}
	}
	p, _ := s.Problem(b.Now, b.Days)
	if b.Currency != "" {
		p.Currency = b.Currency
	}
	for i := range changes {
		switch c := &changes[i]; c.Kind {
		case StrikePort:
			from := orTime(c.From, b.Now).UTC()
			strike(p, c.Place, from, from.Add(time.Duration(c.Days*24*float64(time.Hour))))
		case ChangeDemand:
			for k := range p.Requests {
				if r := &p.Requests[k]; c.Market == "" || r.Market == c.Market {
					r.VolumeM3, r.WeightKg, r.Value = r.VolumeM3**c.Factor, r.WeightKg**c.Factor, r.Value**c.Factor
				}
			}
		}
	}
	shut := []string{}
	for _, x := range planner.Passages() {
		if status, _ := s.Passage(x.ID); status.Closed {
			shut = append(shut, x.ID)
		}
	}
	return p, shut, nil
}

// facts returns the facts that would be published if a change came true.
func (b *Base) facts(s *planner.State, n int, c *Change) []planner.Fact {
	switch c.Kind {
	case ShutPassage:
		from := orTime(c.From, b.Now)
		if p, _ := s.Passage(c.Passage); c.From == nil && p.Closed && p.Since != nil && p.Since.Before(*from) {
			from = p.Since // ships that have turned stay turned
		}
		return []planner.Fact{&planner.PassageClosed{Passage: c.Passage, Reason: "what-if", From: from, Until: c.Until}}
	case OpenPassage:
		return []planner.Fact{&planner.PassageReopened{Passage: c.Passage}}
	case AddService:
		return b.serviceFacts(s, n, c.Service)
	case ChangeWarehouse:
		return warehouseFacts(s, c)
	}
	return nil
}

func warehouseFacts(s *planner.State, c *Change) []planner.Fact {
	w, _ := s.Warehouse(c.Warehouse)
	var facts []planner.Fact
	if c.Public != nil && *c.Public != w.Public {
		f := &planner.WarehouseRegistered{Warehouse: w.Warehouse, Name: w.Name, AreaM2: w.AreaM2, Public: *c.Public, From: w.CapacityFrom}
		facts = append(facts, f)
	}
	if c.Factor != nil {
		room := slices.Clone(w.CapacityM3)
		for i := range room {
			room[i] *= *c.Factor
		}
		facts = append(facts, &planner.OccupancyReported{Warehouse: c.Warehouse, From: w.CapacityFrom, FreeM3: room})
	}
	return facts
}
