package web

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/gorilla/websocket"
	"github.com/paulmach/orb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"haihe/planner"
	"haihe/planner/access"
	"haihe/planner/history"
	"haihe/planner/live"
	"haihe/planner/targets"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var testSecret = []byte("a secret for tests alone, 32 byte")

// service is a server behind a real listener, with a real State behind it; plans are given by hand.
type service struct {
	t     testing.TB
	web   *Server
	http  *httptest.Server
	now   func() time.Time
	mu    sync.Mutex
	state *planner.State
	sent  []planner.Event // by Submit, in order
	fail  error           // of the next Submit
	seq   uint64

	quotes []Quote // instead of one at the price of the volume
}

var start = time.Date(2027, 3, 1, 8, 0, 0, 0, time.UTC)

func newService(t testing.TB, adjust ...func(*Config)) *service {
	t.Helper()
	s := &service{t: t, state: planner.NewState(), now: func() time.Time { return start }}
	s.lead()
	cfg := Config{
		Submit: s.submit,
		Decide: s.decide,
		Problem: func(context.Context) (*planner.Problem, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			p, _ := s.state.Problem(start, 60)
			return p, nil
		},
		Plan: func(context.Context) (*planner.Plan, error) { return nil, nil },
		Quote: func(_ context.Context, r planner.Request) ([]Quote, error) {
			if s.quotes != nil {
				return s.quotes, nil
			}
			return []Quote{{Departures: []string{"LAX-1"}, Gateway: "USLAX", Warehouse: "WH-US", Arrive: r.Due, Cost: r.VolumeM3, Share: 1}}, nil
		},
		DeadLetters: func(_ context.Context, source string, n int) ([]DeadLetter, error) {
			all := []DeadLetter{{Topic: "haihe.routes", Source: "/firms/bohai", Reason: "bohai's"}, {Topic: "haihe.routes", Source: "/firms/other", Reason: "other's"}}
			var found []DeadLetter
			for _, d := range all {
				if source == "" || d.Source == source {
					found = append(found, d)
				}
			}
			return found, nil
		},
		Schemas:   fstest.MapFS{"RequestSubmitted.json": {Data: []byte(`{"title":"RequestSubmitted"}`)}},
		Secret:    testSecret,
		URL:       "http://haihe.example",
		Limits:    Limits{Requests: -1, Commands: -1, SignIns: -1, Sockets: -1, Rooms: -1},
		Now:       s.now,
		Logger:    slog.New(slog.NewTextHandler(io.Discard, nil)),
		Heartbeat: time.Hour,
	}
	desk := s.desk()
	cfg.Scenarios, cfg.Targets = desk, targets.NewHistory()
	cfg.Departed = history.NewDepartures(cfg.Now)
	for _, f := range adjust {
		f(&cfg)
	}
	s.web = New(cfg)
	s.http = httptest.NewServer(s.web.Handler())
	t.Cleanup(func() {
		s.web.Close()
		s.http.Close()
		desk.Close()
		http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	})
	return s
}

func (s *service) submit(_ context.Context, events ...planner.Event) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.fail; err != nil {
		s.fail = nil
		return err
	}
	for _, e := range events {
		s.sent = append(s.sent, e)
		s.state.Apply(e)
	}
	s.observe()
	return nil
}

// decide is a leader whose log is the state itself.
func (s *service) decide(_ context.Context, c planner.Command) (planner.Outcome, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.fail; err != nil {
		s.fail = nil
		return planner.Outcome{}, err
	}
	d := s.state.Draft(planner.Rules{QuoteFor: time.Hour, HoldFor: 30 * time.Minute, MaxOpen: 3})
	if c.Match != "" && !d.Knows(c.Booking) {
		r, ok := s.state.Request(c.Match)
		if !ok || r.Exporter != c.Exporter {
			return planner.Outcome{}, live.ErrNotYours
		}
		if r.BookedShare > 0.99 {
			return planner.Outcome{}, fmt.Errorf("%w: it is booked already", live.ErrNotMatched)
		}
		c.Terms = &planner.BookingConfirmed{Booking: c.Booking, Request: c.Match, Exporter: c.Exporter, VolumeM3: r.VolumeM3,
			WeightKg: r.WeightKg, StorageDays: r.StorageDays, Drawdown: r.Drawdown, Parts: toUS(c.Match)}
		if len(c.Shown) > 0 && !c.Shows(c.Terms.Parts) {
			return planner.Outcome{}, live.ErrMatchChanged
		}
	}
	outcome, err := d.Decide(c, s.now())
	for _, e := range d.Entries {
		sent := planner.Event{Sequence: e.Seq, Time: e.Time, Fact: e}
		if r := e.Request; r != nil && r.Submitted != nil {
			sent = planner.Event{ID: r.ID, Source: r.Source, Sequence: r.Sequence, Time: e.Time, Fact: r.Submitted}
		}
		s.sent = append(s.sent, sent)
		s.state.Apply(planner.Event{Fact: e})
	}
	s.observe()
	return outcome, err
}

// booked confirms the match of a request.
func (s *service) booked(exporter, request, booking string) {
	s.t.Helper()
	_, err := s.decide(context.Background(), planner.Command{ID: booking, Kind: planner.EntryBookingConfirmed, Exporter: exporter, Match: request, Booking: booking})
	require.NoError(s.t, err)
}

// lead begins the epoch in which decide decides.
func (s *service) lead() {
	e := s.state.Draft(planner.Rules{}).Begin("test", "", start)
	s.state.Apply(planner.Event{Fact: e})
}

// observe tells the server what changed in the state. The service must be locked.
func (s *service) observe() {
	c := s.state.TakeChanges()
	var u live.Update
	for _, id := range c.Places {
		if p, ok := s.state.Place(id); ok {
			u.Places = append(u.Places, p)
		}
	}
	for _, id := range c.Passages {
		if p, ok := s.state.Passage(id); ok {
			u.Passages = append(u.Passages, p)
		}
	}
	for _, id := range c.Departures {
		if d, ok := s.state.Departure(id); ok {
			u.Departures = append(u.Departures, d)
		}
	}
	for _, id := range c.Warehouses {
		if w, ok := s.state.Warehouse(id); ok {
			u.Warehouses = append(u.Warehouses, w)
		}
	}
	for _, id := range c.Requests {
		if r, ok := s.state.Request(id); ok {
			u.Requests = append(u.Requests, r)
		}
	}
	for _, id := range c.Bookings {
		if b, ok := s.state.Booking(id); ok {
			u.Bookings = append(u.Bookings, b)
		}
	}
	for _, id := range c.Positions {
		if p, ok := s.state.Position(id); ok {
			u.Positions = append(u.Positions, p)
		}
	}
	s.web.Observe(u)
}

// say applies facts as if they had come from the log.
func (s *service) say(facts ...planner.Fact) {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range facts {
		require.NoError(s.t, f.Validate())
		s.seq++
		s.state.Apply(planner.Event{ID: fmt.Sprint("e", s.seq), Source: "/test", Sequence: s.seq, Time: start, Fact: f})
	}
	s.observe()
}

// settle returns when the hub shows all that was observed.
func (s *service) settle() {
	s.t.Helper()
	require.True(s.t, s.web.hub.drained(s.t.Context()))
}

func toUS(request string) []planner.Assignment {
	return []planner.Assignment{{Request: request, Fraction: 1, Departures: []string{"LAX-1"}, Gateway: "USLAX",
		Warehouse: "WH-US", Arrive: start.AddDate(0, 0, 30), Cost: 1234.5}}
}

func sailing(id, carrier, from, to string) *planner.DepartureScheduled {
	return &planner.DepartureScheduled{Vessel: "MV " + id, Departure: planner.Departure{ID: id, Mode: "sea", Carrier: carrier,
		From: from, To: to, Cutoff: start.AddDate(0, 0, 1), Depart: start.AddDate(0, 0, 2), Arrive: start.AddDate(0, 0, 20),
		CapacityM3: 1000, CapacityKg: 500000, Rate: planner.Rate{Per: "m3", Amount: 80, KgPerM3: 1000}, Classes: []string{"general"}}}
}

func store(id, operator, gateway, market string) *planner.WarehouseRegistered {
	return &planner.WarehouseRegistered{Name: id + " hub", AreaM2: 9000, Public: true, Warehouse: planner.Warehouse{ID: id,
		Operator: operator, Country: "US", Lat: 34, Lon: -118, CapacityM3: planner.PerDay{5000}, Classes: []string{"general"},
		Gateways: []planner.Gateway{{Place: gateway, Hours: 10, RateM3: 5}}, Markets: []planner.Market{{ID: market, Hours: 30, RateM3: 20.5}}}}
}

func wish(id, exporter, market string) *planner.RequestSubmitted {
	return &planner.RequestSubmitted{Goods: "goods of " + exporter, Request: planner.Request{ID: id, Exporter: exporter, Origin: "CNTXG",
		Market: market, Class: "general", VolumeM3: 33, WeightKg: 4000, Ready: start, Due: start.AddDate(0, 0, 50), StorageDays: 20,
		Drawdown: "linear", Value: 987654}}
}

// network is a small world: two carriers, two warehouses, three exporters.
func (s *service) network() {
	american := store("WH-US", "pacific", "USLAX", "US")
	american.StorageM3Day = 0.125
	s.say(
		&planner.PlaceDeclared{Place: planner.Place{ID: "CNTXG", Kind: "seaport", Country: "CN", Lat: 38.98, Lon: 117.7}},
		&planner.PlaceDeclared{Place: planner.Place{ID: "USLAX", Kind: "seaport", Country: "US", Lat: 33.74, Lon: -118.26}},
		&planner.PlaceDeclared{Place: planner.Place{ID: "DEHAM", Kind: "seaport", Country: "DE", Lat: 53.54, Lon: 9.98}},
		sailing("LAX-1", "bohai", "CNTXG", "USLAX"), sailing("HAM-1", "hansa", "CNTXG", "DEHAM"),
		american, store("WH-DE", "elbe", "DEHAM", "DE"),
		wish("R1", "bikes", "US"), wish("R2", "carpets", "US"), wish("R3", "sofas", "US"), wish("R4", "bikes", "DE"),
	)
}

// plan gives a plan that matches R1, R2, R3 to the US and R4 to Germany.
func (s *service) plan(version uint64) {
	u := live.Update{Plan: &planner.PlanSummary{Epoch: 7, Version: version, SolvedAt: start, Status: "optimal", Objective: 5000, Bound: 5000,
		Currency: "USD", Start: start.Truncate(24 * time.Hour), Days: 60, Requests: 4, Matched: 4, AskedM3: 132, MatchedM3: 132,
		Departures: []planner.DeparturePrice{{ID: "HAM-1", M3: 71.25}, {ID: "LAX-1", M3: 61.25}},
		Warehouses: []planner.WarehousePrice{{ID: "WH-DE", Day: 40, M3: 3.75}, {ID: "WH-US", Day: 31, M3: 2.75}}}}
	for _, id := range []string{"R1", "R2", "R3"} {
		u.Matches = append(u.Matches, planner.Match{Request: id, Parts: toUS(id)})
	}
	u.Matches = append(u.Matches, planner.Match{Request: "R4", Parts: []planner.Assignment{{Request: "R4", Fraction: 0.5,
		Departures: []string{"HAM-1"}, Gateway: "DEHAM", Warehouse: "WH-DE", Arrive: start.AddDate(0, 0, 40), Cost: 777.25}},
		Unmatched: 0.5, Reason: &planner.Reason{Code: planner.ReasonNoCapacity, Message: "HAM-1 is full", Departure: "HAM-1"}})
	u.DepartureLoads = []live.LoadOf{{ID: "HAM-1", Load: planner.Load{M3: 16.5, Kg: 2000, Owners: 1}}, {ID: "LAX-1", Load: planner.Load{M3: 99, Kg: 12000, Owners: 3}}}
	u.WarehouseLoads = []live.LoadOf{{ID: "WH-DE", Load: planner.Load{M3: 16.25, Owners: 1}}, {ID: "WH-US", Load: planner.Load{M3: 98.5, Owners: 3}}}
	s.web.Observe(u)
}

func straight(from, to planner.Place, _ string) Way {
	return Way{orb.MultiLineString{{{from.Lon, from.Lat}, {to.Lon, to.Lat}}}, 1234.56, nil}
}

func (s *service) token(role Role, org string) string {
	t, err := Token(testSecret, Account{Role: role, Org: org, Name: "The " + org}, s.web.cfg.Now())
	if err != nil {
		panic(err) // of fuzz targets too
	}
	return t
}

// cookie signs somebody in by a link, and returns the header Cookie of the browser.
func (s *service) cookie(role Role, org string) string {
	s.t.Helper()
	link := s.web.SignInLink("", Account{Role: role, Org: org, Name: "The " + org}, time.Hour)
	r := s.call("", "", "GET", link, nil)
	require.Equal(s.t, http.StatusSeeOther, r.status, r.raw)
	value, _, _ := strings.Cut(r.header.Get("Set-Cookie"), ";")
	return value
}

// key makes an API key as an admin of an organisation; id is for revoking it.
func (s *service) key(role Role, org string, scopes ...access.Scope) (id, key string) {
	s.t.Helper()
	s.cookie(role, org) // so that there is such an organisation
	var made struct{ ID, Key string }
	s.into(s.call(role, org, "POST", "/api/keys", obj{"name": "test", "scopes": scopes}), 201, &made)
	return made.ID, made.Key
}

// reply is an answer of the API.
type reply struct {
	status int
	header http.Header
	raw    string
}

// call sends a request as (role, org); body may be nil, a string sent as it is, or something to encode.
func (s *service) call(role Role, org, method, path string, body any, header ...string) reply {
	s.t.Helper()
	var r io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		r = strings.NewReader(b)
	default:
		raw, err := json.Marshal(b)
		require.NoError(s.t, err)
		r = bytes.NewReader(raw)
	}
	req, err := http.NewRequest(method, s.http.URL+path, r)
	require.NoError(s.t, err)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if role != "" {
		req.Header.Set("Authorization", "Bearer "+s.token(role, org))
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	require.NoError(s.t, err)
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	require.NoError(s.t, err)
	return reply{res.StatusCode, res.Header, string(raw)}
}

// into decodes a reply, which must have the given status.
func (s *service) into(r reply, status int, v any) {
	s.t.Helper()
	require.Equal(s.t, status, r.status, r.raw)
	if v != nil {
		require.NoError(s.t, json.Unmarshal([]byte(r.raw), v), r.raw)
	}
}

type problemReply struct {
	Status int
	Type   string
	Detail string
	Errors []struct {
		Message, Location string
		Value             any
	}
}

// refused wants a problem of a status that names a location, or none if that is empty.
func (s *service) refused(r reply, status int, location string) problemReply {
	s.t.Helper()
	var p problemReply
	s.into(r, status, &p)
	assert.Equal(s.t, "application/problem+json", r.header.Get("Content-Type"))
	assert.Equal(s.t, status, p.Status)
	if location != "" {
		var all []string
		for _, e := range p.Errors {
			all = append(all, e.Location)
		}
		assert.Contains(s.t, all, location, r.raw)
	}
	return p
}

// browser is a websocket client.
type browser struct {
	t     testing.TB
	conn  *websocket.Conn
	first struct {
		frame frame
		err   error
	}
	unread bool // first has not been handed out
}

type frame struct {
	raw      string
	Type     string
	Epoch    string
	Prev     uint64
	Seq      uint64
	Entities map[string]json.RawMessage
	Changes  []struct {
		Kind, ID string
		Value    json.RawMessage
	}
	Positions []position
}

func (s *service) open(role Role, org, query string) *browser {
	s.t.Helper()
	dialer := websocket.Dialer{HandshakeTimeout: time.Minute}
	conn, res, err := dialer.Dial("ws"+strings.TrimPrefix(s.http.URL, "http")+"/api/live"+query, http.Header{
		"Authorization": {"Bearer " + s.token(role, org)}, "Origin": {s.http.URL}})
	require.NoError(s.t, err)
	res.Body.Close()
	b := &browser{t: s.t, conn: conn}
	s.t.Cleanup(b.close)
	b.first.frame, b.first.err = b.receive() // so that the hub knows it before anything happens
	b.unread = true
	return b
}

func (b *browser) close() { b.conn.Close() }

// next returns the next frame; a minute without one is a failure.
func (b *browser) next() frame {
	b.t.Helper()
	f, err := b.read()
	require.NoError(b.t, err)
	return f
}

func (b *browser) read() (frame, error) {
	if b.unread {
		b.unread = false
		return b.first.frame, b.first.err
	}
	return b.receive()
}

func (b *browser) receive() (frame, error) {
	b.conn.SetReadDeadline(time.Now().Add(time.Minute))
	_, raw, err := b.conn.ReadMessage()
	if err != nil {
		return frame{}, err
	}
	f := frame{raw: string(raw)}
	require.NoError(b.t, json.Unmarshal(raw, &f), string(raw))
	return f, nil
}

// until reads on to a frame of a type.
func (b *browser) until(typ string) frame {
	b.t.Helper()
	for {
		if f := b.next(); f.Type == typ {
			return f
		}
	}
}

// copy is what a browser makes of its frames: values by "kind/id".
type world struct {
	t      testing.TB
	epoch  string
	seq    uint64
	values map[string]string
}

func (w *world) take(f frame) {
	w.t.Helper()
	switch f.Type {
	case "snapshot":
		w.epoch, w.seq, w.values = f.Epoch, f.Seq, map[string]string{}
		for kind, raw := range f.Entities {
			if kind == "plan" {
				if string(raw) != "null" {
					w.values["plan/current"] = string(raw)
				}
				continue
			}
			var list []json.RawMessage
			require.NoError(w.t, json.Unmarshal(raw, &list))
			for _, value := range list {
				var id struct{ ID, Request, Booking string }
				require.NoError(w.t, json.Unmarshal(value, &id))
				name := id.ID
				switch kind {
				case "match":
					name = id.Request
				case "booking":
					name = id.Booking
				}
				w.values[kind+"/"+name] = string(value)
			}
		}
	case "changes":
		require.Equal(w.t, w.epoch, f.Epoch)
		require.Equal(w.t, w.seq, f.Prev, "a frame was missed")
		w.seq = f.Seq
		for _, c := range f.Changes {
			if string(c.Value) == "null" {
				delete(w.values, c.Kind+"/"+c.ID)
			} else {
				w.values[c.Kind+"/"+c.ID] = string(c.Value)
			}
		}
	}
}
