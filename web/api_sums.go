package web

import (
	"cmp"
	"context"
	"maps"
	"math"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

// laneLoadView is the departures of a lane in one week.
type laneLoadView struct {
	Lane       string   `json:"lane"`
	From       string   `json:"from"`
	To         string   `json:"to"`
	Mode       string   `json:"mode"`
	Week       string   `json:"week" doc:"Its Monday, in UTC"`
	Departures int      `json:"departures" doc:"That leave in the week, by the actual times"`
	RoomM3     float64  `json:"room_m3" doc:"Published, bookings included"`
	M3         *float64 `json:"m3" doc:"Planned and booked; null where it is withheld"`
	Kg         *float64 `json:"kg"`
}

// demandView is what is asked for to a market.
type demandView struct {
	Market string           `json:"market"`
	Weeks  []weekDemandView `json:"weeks"`
}

type weekDemandView struct {
	Week       string   `json:"week" doc:"The Monday of the week in which it is due, in UTC"`
	Requests   *int     `json:"requests" doc:"Null, with the rest, where it is withheld"`
	AskedM3    *float64 `json:"asked_m3"`
	UnservedM3 *float64 `json:"unserved_m3" doc:"Neither planned nor booked; withheld too where it is of one exporter or two"`
}

// apiSums registers what the commission sees of many owners together.
func (s *Server) apiSums(a huma.API) {
	commission := []Role{Commission}
	const rule = "Withheld is what fewer than three exporters make up, or would be told apart by the rest. A figure is shown anew once three exporters' parts of it have changed."
	operation(s, a, huma.Operation{OperationID: "lane-loads", Method: http.MethodGet, Path: "/api/lane-loads", Tags: []string{"plan"},
		Summary: "How full lanes are, by the week of departure, from this week on", Description: rule}, commission,
		func(context.Context, session, *nothing) (*body[[]laneLoadView], error) {
			var view []laneLoadView
			s.hub.change(func(m *model) { view = m.laneLoads(s.cfg.Now()) })
			return &body[[]laneLoadView]{view}, nil
		})
	operation(s, a, huma.Operation{OperationID: "demand", Method: http.MethodGet, Path: "/api/demand", Tags: []string{"plan"},
		Summary:     "What is asked for and what finds no room, by market and by the week in which it is due",
		Description: rule + " A firm sees of the markets that its warehouses serve, or its departures reach, what finds no room, in tens of m3."}, []Role{Firm, Commission},
		func(_ context.Context, who session, _ *nothing) (*body[[]demandView], error) {
			var view []demandView
			s.hub.change(func(m *model) {
				if view = m.demand(); who.Role == Firm {
					view = m.nearby(who.Org, view)
				}
			})
			return &body[[]demandView]{view}, nil
		})
}

// nearby is what finds no room in the markets of a firm. It knows requests of its own matches, so it is told nothing finer.
func (m *model) nearby(firm string, all []demandView) []demandView {
	served := map[string]bool{}
	for _, w := range m.warehouses {
		if w.Operator != firm {
			continue
		}
		for i := range w.Markets {
			served[w.Markets[i].ID] = true
		}
	}
	for _, d := range m.departures {
		if d.Carrier == firm && d.Runs() {
			served[m.places[d.To].Country] = true
		}
	}
	const tens = 10
	view := []demandView{}
	for _, v := range all {
		country, _, _ := strings.Cut(v.Market, "-")
		if !served[v.Market] && !served[country] {
			continue
		}
		near := demandView{v.Market, []weekDemandView{}}
		for _, w := range v.Weeks {
			told := weekDemandView{Week: w.Week}
			if w.UnservedM3 != nil {
				about := math.Round(*w.UnservedM3/tens) * tens
				told.UnservedM3 = &about
			}
			near.Weeks = append(near.Weeks, told)
		}
		view = append(view, near)
	}
	return view
}

// change reads the model, and notes in it what is shown.
func (h *hub) change(f func(*model)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	f(h.model)
}

// weekOf is the Monday of a time, in UTC. Weeks are fixed: two that overlap would differ by single departures.
func weekOf(t time.Time) string {
	t = t.UTC()
	return t.AddDate(0, 0, -(int(t.Weekday())+6)%7).Format(time.DateOnly)
}

func (m *model) laneLoads(now time.Time) []laneLoadView {
	type week struct {
		laneLoadView
		all    byOwner
		hidden map[string]bool // owners of what is withheld by itself
	}
	weeks := map[[2]string]*week{}
	first := weekOf(now)
	for _, id := range sortedKeys(m.departures) {
		d := m.departures[id]
		monday := weekOf(d.Depart)
		if !d.Runs() || monday < first {
			continue
		}
		lane := laneID(d.From, d.To, d.Mode)
		w := weeks[[2]string{lane, monday}]
		if w == nil {
			w = &week{laneLoadView{Lane: lane, From: d.From, To: d.To, Mode: d.Mode, Week: monday}, byOwner{}, map[string]bool{}}
			weeks[[2]string{lane, monday}] = w
		}
		w.Departures++
		w.RoomM3 += d.CapacityM3
		take := func(of byOwner, shown bool) {
			for owner, p := range of {
				w.all.add(owner, figure{p[0], p[1]})
				if !shown {
					w.hidden[owner] = true
				}
			}
		}
		_, open := m.board.open.last(id)
		_, booked := m.board.booked.last(id)
		take(m.board.aboard.of(id), open)
		take(m.board.reserved.of(id), booked)
	}
	view := make([]laneLoadView, 0, len(weeks))
	for _, w := range weeks {
		if x, ok := m.board.lanes.offer(w.Lane+" "+w.Week, w.all, w.all.total()); ok && (len(w.hidden) == 0 || len(w.hidden) >= least) {
			w.M3, w.Kg = &x[0], &x[1]
		}
		view = append(view, w.laneLoadView)
	}
	slices.SortFunc(view, func(a, b laneLoadView) int { return cmp.Or(cmp.Compare(a.Lane, b.Lane), cmp.Compare(a.Week, b.Week)) })
	return view
}

// weekDemand is what is shown of a market's week, and how many exporters have something that finds no room.
type weekDemand struct {
	requests, short     int
	askedM3, unservedM3 float64
}

func demandOf(parts byOwner) weekDemand {
	sum := parts.total()
	d := weekDemand{requests: int(sum[0]), askedM3: sum[1]}
	for _, p := range parts {
		if left := p[1] - p[2]; left > 1e-3 {
			d.short++
			d.unservedM3 += left
		}
	}
	return d
}

func (m *model) demand() []demandView {
	markets := map[string]map[string]*marketRow{} // by week
	for id, a := range m.markets.of {
		if markets[a.market] == nil {
			markets[a.market] = map[string]*marketRow{}
		}
		monday := weekOf(m.requests[id].Due)
		row := markets[a.market][monday]
		if row == nil {
			row = &marketRow{parts: map[string]marketPart{}}
			markets[a.market][monday] = row
		}
		sum := row.parts[a.exporter]
		sum.add(a.part)
		row.parts[a.exporter] = sum
	}
	view := make([]demandView, 0, len(markets))
	for _, market := range slices.Sorted(maps.Keys(markets)) {
		v := demandView{market, []weekDemandView{}}
		withheld := withhold(markets[market]) // all weeks together are told: GET /api/snapshot
		for _, monday := range slices.Sorted(maps.Keys(markets[market])) {
			w := weekDemandView{Week: monday}
			if !withheld[monday] {
				parts := byOwner{}
				for e, p := range markets[market][monday].parts {
					parts[e] = p.figure()
				}
				if x, ok := m.board.weeks.offer(market+" "+monday, parts, demandOf(parts)); ok {
					w.Requests, w.AskedM3 = &x.requests, &x.askedM3
					if x.short == 0 || x.short >= least {
						w.UnservedM3 = &x.unservedM3
					}
				}
			}
			v.Weeks = append(v.Weeks, w)
		}
		view = append(view, v)
	}
	return view
}
