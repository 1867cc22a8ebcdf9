package web

import (
	"encoding/json"
	"math"
	"slices"
	"time"

	"github.com/paulmach/orb"

	"haihe/planner"
	"haihe/planner/history"
)

// This file alone decides who sees what. Each kind has one function that makes its facets; they list field by
// field what goes out, so that a field added to the domain stays inside until it is listed here.

// viewer is what decides what a session sees. The commission has no organisation.
type viewer struct {
	role Role
	org  string
}

// facets is what an entity shows to whom; nil means nothing.
type facets struct {
	all        json.RawMessage            // to everybody signed in, but for those below
	commission json.RawMessage            // to the commission instead of all
	exporters  json.RawMessage            // to exporters instead of all
	parties    map[viewer]json.RawMessage // to these instead of all
}

func (f *facets) of(v viewer) json.RawMessage {
	if f == nil {
		return nil
	}
	if raw, ok := f.parties[v]; ok {
		return raw
	}
	switch {
	case v.role == Operator:
		return nil // has no view of its own
	case v.role == Commission && f.commission != nil:
		return f.commission
	case v.role == Exporter && f.exporters != nil:
		return f.exporters
	}
	return f.all
}

func (f *facets) toParty(role Role, org string, value any) {
	if org == "" {
		return
	}
	if f.parties == nil {
		f.parties = map[viewer]json.RawMessage{}
	}
	f.parties[viewer{role, org}] = encode(value)
}

// encode panics on what has no JSON; the domain's validation lets no such number in.
func encode(value any) json.RawMessage {
	raw, err := json.Marshal(value)
	if err != nil {
		panic("web: " + err.Error())
	}
	return raw
}

type placeView struct {
	ID             string  `json:"id"`
	Name           string  `json:"name,omitempty"`
	NameZH         string  `json:"name_zh,omitempty"`
	NameEN         string  `json:"name_en,omitempty"`
	Kind           string  `json:"kind,omitempty"`
	Country        string  `json:"country,omitempty"`
	Lat            float64 `json:"lat"`
	Lon            float64 `json:"lon"`
	TransferHours  float64 `json:"transfer_hours"`
	TransferCostM3 float64 `json:"transfer_cost_m3"`
}

// placeFacets: everybody sees a place.
func placeFacets(p planner.Place, names PlaceNames) *facets {
	kind := p.Kind
	if kind == "" {
		kind = names.Kind
	}
	return &facets{all: encode(placeView{p.ID, p.Name, names.ZH, names.EN, kind, p.Country, p.Lat, p.Lon,
		p.TransferHours, p.TransferCostM3})}
}

type passageView struct {
	ID     string     `json:"id"`
	NameZH string     `json:"name_zh"`
	NameEN string     `json:"name_en"`
	Lat    float64    `json:"lat"`
	Lon    float64    `json:"lon"`
	Closed bool       `json:"closed" doc:"Shut to ships from since, until until"`
	Reason string     `json:"reason,omitempty"`
	Since  *time.Time `json:"since,omitempty"`
	Until  *time.Time `json:"until,omitempty" doc:"Left out where the end is not known"`
}

func viewPassage(p *planner.PassageStatus) passageView {
	return passageView{p.ID, p.NameZH, p.NameEN, p.Lat, p.Lon, p.Closed, p.Reason, p.Since, p.Until}
}

// passageFacets: everybody sees a passage.
func passageFacets(p *planner.PassageStatus) *facets { return &facets{all: encode(viewPassage(p))} }

type lineView struct {
	Type        string              `json:"type"`
	Coordinates orb.MultiLineString `json:"coordinates"`
}

type laneView struct {
	ID         string   `json:"id"`
	From       string   `json:"from"`
	To         string   `json:"to"`
	Mode       string   `json:"mode"`
	DistanceKm float64  `json:"distance_km"`
	Passages   []string `json:"passages"`
	Line       lineView `json:"line"`
}

// laneFacets: everybody sees a lane.
func laneFacets(l laneView) *facets { return &facets{all: encode(l)} }

type departureView struct {
	ID            string        `json:"id"`
	Lane          string        `json:"lane"`
	Mode          string        `json:"mode"`
	Carrier       string        `json:"carrier,omitempty"`
	Voyage        string        `json:"voyage,omitempty"`
	Vessel        string        `json:"vessel,omitempty"`
	From          string        `json:"from"`
	To            string        `json:"to"`
	Cutoff        time.Time     `json:"cutoff"`
	Depart        time.Time     `json:"depart"`
	Arrive        time.Time     `json:"arrive"`
	PlannedCutoff time.Time     `json:"planned_cutoff"`
	PlannedDepart time.Time     `json:"planned_depart"`
	PlannedArrive time.Time     `json:"planned_arrive"`
	CapacityM3    float64       `json:"capacity_m3"`
	CapacityKg    float64       `json:"capacity_kg"`
	Rate          *planner.Rate `json:"rate,omitempty"` // to its carrier and to exporters
	CO2eKgPerT    float64       `json:"co2e_kg_per_t"`
	Classes       []string      `json:"classes"`
	DelayHours    float64       `json:"delay_hours"`
	DelayReason   string        `json:"delay_reason,omitempty"`
	Cancelled     bool          `json:"cancelled"`
	CancelReason  string        `json:"cancel_reason,omitempty"`
	Revision      string        `json:"revision,omitempty"` // to its carrier, who changes it

	Diversion *diversionView `json:"diversion,omitempty"`
}

type diversionView struct {
	Passages     []string   `json:"passages"`
	Reason       string     `json:"reason,omitempty"`
	Km           float64    `json:"km"`
	Hours        float64    `json:"hours"`
	CarriedHours float64    `json:"carried_hours"`
	Blocked      bool       `json:"blocked"`
	Turned       *time.Time `json:"turned,omitempty"`
}

func viewDiversion(x *planner.Diversion) *diversionView {
	if x == nil {
		return nil
	}
	return &diversionView{x.Passages, x.Reason, x.Km, x.Hours, x.CarriedHours, x.Blocked, x.Turned}
}

// departureFacets: everybody sees the timetable and the room published, the carrier and exporters the rate too. What is
// booked on it goes with its load, the position with the positions.
func departureFacets(d *planner.DepartureStatus) *facets {
	v := departureView{d.ID, laneOf(d), d.Mode, d.Carrier, d.Voyage,
		d.Vessel, d.From, d.To, d.Cutoff, d.Depart, d.Arrive, d.PlannedCutoff, d.PlannedDepart, d.PlannedArrive,
		d.CapacityM3, d.CapacityKg, nil, d.CO2eKgPerT, list(d.Classes), d.DelayHours, d.DelayReason,
		d.Cancelled, d.CancelReason, "", viewDiversion(d.Diversion)}
	f := &facets{all: encode(v)}
	v.Rate = &d.Rate
	f.exporters = encode(v)
	v.Revision = revisionOf(d)
	f.toParty(Firm, d.Carrier, v)
	return f
}

// viewHistory: everybody sees what happened to the timetable and the room; the carrier and exporters the rates too; the carrier and the
// commission which record says it.
func viewHistory(v viewer, carrier string, list []history.Entry) []history.Entry {
	own := v.role == Firm && v.org == carrier
	shown := make([]history.Entry, 0, len(list))
	for _, x := range list {
		if !own && v.role != Exporter {
			x.Rate = nil
			if x.What == history.Rated {
				continue
			}
		}
		if !own && v.role != Commission {
			x.Event = ""
		}
		shown = append(shown, x)
	}
	return shown
}

type warehouseView struct {
	ID           string                `json:"id"`
	Name         string                `json:"name,omitempty"`
	Operator     string                `json:"operator,omitempty"`
	Country      string                `json:"country,omitempty"`
	Lat          float64               `json:"lat"`
	Lon          float64               `json:"lon"`
	AreaM2       float64               `json:"area_m2"`
	Public       bool                  `json:"public"`
	CapacityM3   planner.PerDay        `json:"capacity_m3"`
	CapacityFrom string                `json:"capacity_from,omitempty"`
	Classes      []string              `json:"classes"`
	InboundM3    *float64              `json:"inbound_m3,omitempty"` // rates go to its operator and to exporters
	StorageM3Day *float64              `json:"storage_m3_day,omitempty"`
	FreeDays     int                   `json:"free_days,omitzero"`
	StorageTiers []planner.StorageTier `json:"storage_tiers,omitempty"`
	Gateways     []reachView           `json:"gateways"`
	Markets      []servedView          `json:"markets"`
	Closed       bool                  `json:"closed"`
	CloseReason  string                `json:"close_reason,omitempty"`
	Revision     string                `json:"revision,omitempty"` // to its operator, who changes it
}

type reachView struct {
	Place  string   `json:"place"`
	Hours  float64  `json:"hours"`
	RateM3 *float64 `json:"rate_m3,omitempty"`
}

type servedView struct {
	ID     string   `json:"id"`
	Hours  float64  `json:"hours"`
	RateM3 *float64 `json:"rate_m3,omitempty"`
}

// warehouseFacets: everybody sees a warehouse, its operator and exporters its rates too.
func warehouseFacets(w *planner.WarehouseStatus) *facets {
	v := warehouseView{w.ID, w.Name, w.Operator, w.Country, w.Lat, w.Lon, w.AreaM2, w.Public,
		w.CapacityM3, w.CapacityFrom, list(w.Classes), nil, nil, 0, nil, []reachView{}, []servedView{}, w.Closed, w.CloseReason, ""}
	for _, g := range w.Gateways {
		v.Gateways = append(v.Gateways, reachView{Place: g.Place, Hours: g.Hours})
	}
	for _, m := range w.Markets {
		v.Markets = append(v.Markets, servedView{ID: m.ID, Hours: m.Hours})
	}
	f := &facets{all: encode(v)}
	v.InboundM3, v.StorageM3Day, v.FreeDays, v.StorageTiers = &w.InboundM3, &w.StorageM3Day, w.FreeDays, w.StorageTiers
	for i := range v.Gateways {
		v.Gateways[i].RateM3 = &w.Gateways[i].RateM3
	}
	for i := range v.Markets {
		v.Markets[i].RateM3 = &w.Markets[i].RateM3
	}
	f.exporters = encode(v)
	v.Revision = warehouseRevision(w)
	f.toParty(Firm, w.Operator, v)
	return f
}

// requestFacets: only its exporter sees a request.
func requestFacets(r *planner.RequestStatus) *facets {
	f := &facets{}
	f.toParty(Exporter, r.Exporter, r)
	return f
}

// bookingFacets: only its exporter sees a booking.
func bookingFacets(b *planner.BookingStatus) *facets {
	f := &facets{}
	f.toParty(Exporter, b.Exporter, b)
	return f
}

// firmMatch is what a firm sees of a match: the parts that use its departures or warehouses, with nothing of
// other firms, of the exporter, of value or of cost.
type firmMatch struct {
	Request string     `json:"request"`
	Market  string     `json:"market"`
	Class   string     `json:"class"`
	Parts   []firmPart `json:"parts"`
}

type firmPart struct {
	Request    string     `json:"request"`
	Fraction   float64    `json:"fraction"`
	VolumeM3   float64    `json:"volume_m3"`
	WeightKg   float64    `json:"weight_kg"`
	Departures []string   `json:"departures"`          // its own
	Gateway    string     `json:"gateway,omitempty"`   // this and the rest if the warehouse is its own
	Warehouse  string     `json:"warehouse,omitempty"` //
	Arrive     *time.Time `json:"arrive,omitempty"`
}

// matchFacets: the exporter sees all of its match, a firm its own parts. Fractions are of what was open of the
// request when it was planned.
func matchFacets(match *planner.Match, r *planner.RequestStatus, carrier, operator func(id string) string) *facets {
	f := &facets{}
	if r == nil {
		return f
	}
	own := map[string]*firmMatch{}
	for _, part := range match.Parts {
		var firms []string
		for _, d := range part.Departures {
			firms = append(firms, carrier(d))
		}
		firms = append(firms, operator(part.Warehouse))
		slices.Sort(firms)
		for _, firm := range slices.Compact(firms) {
			if firm == "" {
				continue
			}
			m := own[firm]
			if m == nil {
				m = &firmMatch{Request: match.Request, Market: r.Market, Class: r.Class}
				own[firm] = m
			}
			share := part.Fraction * (1 - r.BookedShare)
			p := firmPart{Request: match.Request, Fraction: part.Fraction, VolumeM3: share * r.VolumeM3,
				WeightKg: share * r.WeightKg, Departures: []string{}}
			for _, d := range part.Departures {
				if carrier(d) == firm {
					p.Departures = append(p.Departures, d)
				}
			}
			if operator(part.Warehouse) == firm {
				p.Gateway, p.Warehouse, p.Arrive = part.Gateway, part.Warehouse, &part.Arrive
			}
			m.Parts = append(m.Parts, p)
		}
	}
	for firm, m := range own {
		f.toParty(Firm, firm, m)
	}
	shown := *match
	shown.Parts = list(match.Parts)
	f.toParty(Exporter, r.Exporter, &shown)
	return f
}

type loadView struct {
	ID     string   `json:"id"`
	M3     *float64 `json:"m3"`
	Kg     *float64 `json:"kg,omitempty"`
	Owners *int     `json:"owners"`
}

type departureLoadView struct {
	ID           string   `json:"id"`
	M3           *float64 `json:"m3"`
	Kg           *float64 `json:"kg"`
	Owners       *int     `json:"owners"`
	BookedM3     *float64 `json:"booked_m3"`
	BookedKg     *float64 `json:"booked_kg"`
	BookedOwners *int     `json:"booked_owners"`
}

// booked is the room confirmed on a departure.
type booked struct {
	m3, kg float64
	owners int
}

// departureLoadFacets: the carrier sees what the plan and the bookings put on its departure; the commission what was released
// of it (board); nobody else.
func departureLoadFacets(id, carrier string, load planner.Load, b booked, shown *board) *facets {
	open := departureLoadView{id, &load.M3, &load.Kg, &load.Owners, &b.m3, &b.kg, &b.owners}
	shut := departureLoadView{ID: id}
	if x, ok := shown.open.last(id); ok {
		shut.M3, shut.Kg, shut.Owners = &x.M3, &x.Kg, &x.Owners
	}
	if x, ok := shown.booked.last(id); ok {
		shut.BookedM3, shut.BookedKg, shut.BookedOwners = &x.m3, &x.kg, &x.owners
	}
	f := &facets{commission: encode(shut)}
	f.toParty(Firm, carrier, open)
	return f
}

// warehouseLoadFacets: as for departures, with the operator in place of the carrier.
func warehouseLoadFacets(id, operator string, load planner.Load, shown *board) *facets {
	shut := loadView{ID: id}
	open := loadView{ID: id, M3: &load.M3, Owners: &load.Owners}
	if x, ok := shown.warehouses.last(id); ok {
		shut.M3, shut.Owners = &x.M3, &x.Owners
	}
	f := &facets{commission: encode(shut)}
	f.toParty(Firm, operator, open)
	return f
}

type marketView struct {
	ID        string   `json:"id"`
	Requests  *int     `json:"requests"`
	Exporters *int     `json:"exporters"`
	AskedM3   *float64 `json:"asked_m3"`
	MatchedM3 *float64 `json:"matched_m3"`
	Cost      *float64 `json:"cost"`
}

// marketFacets: the commission alone sees markets, and their figures unless withheld.
func marketFacets(m marketSum, withheld bool) *facets {
	v := marketView{ID: m.id}
	if !withheld {
		asked, matched, cost := tidy(m.sum.askedM3), tidy(m.sum.matchedM3), tidy(m.sum.costed)
		v.Requests, v.Exporters, v.AskedM3, v.MatchedM3, v.Cost = &m.sum.requests, &m.exporters, &asked, &matched, &cost
	}
	return &facets{commission: encode(v)}
}

// planView is a PlanSummary whose sums may be withheld.
type planView struct {
	planner.PlanSummary
	Objective *float64 `json:"objective"` // this and the rest instead of the fields of the same name
	Bound     *float64 `json:"bound"`
	Requests  *int     `json:"requests"`
	Matched   *int     `json:"matched"`
	AskedM3   *float64 `json:"asked_m3"`
	MatchedM3 *float64 `json:"matched_m3"`
}

// planFacets: everybody sees the summary, its sums as they were released (board); the commission all dual prices and
// since when what is a bottleneck, a firm its own prices, exporters none.
func planFacets(p *planner.PlanSummary, shown *board, carrier, operator func(id string) string) *facets {
	with := func(d []planner.DeparturePrice, w []planner.WarehousePrice) planView {
		v := planView{PlanSummary: *p}
		v.Departures, v.Warehouses, v.Steep = list(d), list(w), nil
		x, ok := shown.plan.last(planID)
		if p.Requests == 0 {
			x, ok = planTotals{}, true
		}
		if ok {
			v.Objective, v.Bound, v.Requests, v.Matched, v.AskedM3, v.MatchedM3 = &x.objective, &x.bound, &x.requests, &x.matched, &x.askedM3, &x.matchedM3
		}
		return v
	}
	all := with(p.Departures, p.Warehouses)
	all.Steep = p.Steep
	f := &facets{all: encode(with(nil, nil)), commission: encode(all)}
	type own struct {
		d []planner.DeparturePrice
		w []planner.WarehousePrice
	}
	firms := map[string]own{}
	for _, d := range p.Departures {
		o := firms[carrier(d.ID)]
		o.d = append(o.d, d)
		firms[carrier(d.ID)] = o
	}
	for _, w := range p.Warehouses {
		o := firms[operator(w.ID)]
		o.w = append(o.w, w)
		firms[operator(w.ID)] = o
	}
	for firm, o := range firms {
		f.toParty(Firm, firm, with(o.d, o.w))
	}
	return f
}

// list makes null an empty array.
func list[T any](l []T) []T {
	if l == nil {
		return []T{}
	}
	return l
}

// tidy leaves out what lies below the accuracy of a sum.
func tidy(x float64) float64 { return math.Round(x*1e4) / 1e4 }

func laneID(from, to, mode string) string { return from + ">" + to + ":" + mode }
