package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"haihe/planner"
	"haihe/planner/live"
)

type obj = map[string]any

func requestJSON(change ...any) obj {
	return with(obj{"origin": "CNTXG", "market": "US", "class": "general", "volume_m3": 12.5, "weight_kg": 3000,
		"ready": "2027-03-01T00:00:00Z", "due": "2027-04-20T00:00:00Z", "storage_days": 30, "drawdown": "linear", "whole": true, "value": 9000}, change...)
}

func departureJSON(change ...any) obj {
	return with(obj{"mode": "sea", "voyage": "V1", "from": "CNTXG", "to": "USLAX", "cutoff": "2027-03-05T00:00:00Z",
		"depart": "2027-03-06T00:00:00Z", "arrive": "2027-03-22T00:00:00Z", "capacity_m3": 900, "capacity_kg": 300000,
		"rate": obj{"per": "m3", "amount": 80, "kg_per_m3": 1000}, "classes": []string{"general"}}, change...)
}

func warehouseJSON(change ...any) obj {
	return with(obj{"name": "Hub", "country": "US", "lat": 34, "lon": -118, "area_m2": 8000, "public": true, "capacity_m3": 4000,
		"classes": []string{"general"}, "inbound_m3": 4, "storage_m3_day": 0.5,
		"gateways": []obj{{"place": "USLAX", "hours": 12, "rate_m3": 6}}, "markets": []obj{{"id": "US", "hours": 40, "rate_m3": 20}}}, change...)
}

// with sets fields; nil takes one away.
func with(o obj, change ...any) obj {
	for i := 0; i+1 < len(change); i += 2 {
		if change[i+1] == nil {
			delete(o, change[i].(string))
		} else {
			o[change[i].(string)] = change[i+1]
		}
	}
	return o
}

func TestAnExportersRequest(t *testing.T) {
	s := newService(t)
	s.network()
	s.settle()
	var made struct{ ID string }
	s.into(s.call(Exporter, "tiles", "POST", "/api/requests", requestJSON("goods", `<img src=x onerror="alert(1)">`, "ready", "2027-03-01T08:00:00+08:00")), 201, &made)
	e := s.sent[len(s.sent)-1]
	assert.Equal(t, "/exporters/tiles", e.Source)
	assert.Equal(t, uint64(start.UnixMicro()), e.Sequence)
	f := e.Fact.(*planner.RequestSubmitted)
	assert.Equal(t, "tiles", f.Exporter)
	assert.Equal(t, "2027-03-01T00:00:00Z", f.Ready.Format("2006-01-02T15:04:05Z07:00"), "times are kept in UTC")
	assert.NotContains(t, made.ID, "tiles", "firms see the id")

	// It is there at once, as text.
	r := s.call(Exporter, "tiles", "GET", "/api/requests/"+made.ID, nil)
	assert.Equal(t, "application/json", r.header.Get("Content-Type"))
	assert.Equal(t, "nosniff", r.header.Get("X-Content-Type-Options"))
	var detail requestDetail
	s.into(r, 200, &detail)
	assert.Equal(t, `<img src=x onerror="alert(1)">`, detail.Request.Goods)
	assert.NotContains(t, s.open(Exporter, "tiles", "").next().raw, "<img")
	s.refused(s.call(Exporter, "bikes", "GET", "/api/requests/"+made.ID, nil), 404, "")
	s.refused(s.call(Exporter, "bikes", "DELETE", "/api/requests/"+made.ID, nil), 404, "")
	s.refused(s.call(Firm, "bohai", "GET", "/api/requests/"+made.ID, nil), 403, "")

	var mine []planner.RequestStatus
	s.into(s.call(Exporter, "tiles", "GET", "/api/requests", nil), 200, &mine)
	require.Len(t, mine, 1)
	var quotes struct{ Quotes []Quote }
	s.into(s.call(Exporter, "tiles", "POST", "/api/quotes", requestJSON()), 200, &quotes)
	assert.Equal(t, 12.5, quotes.Quotes[0].Cost)

	s.into(s.call(Exporter, "tiles", "DELETE", "/api/requests/"+made.ID, nil), 204, nil)
	s.into(s.call(Exporter, "tiles", "DELETE", "/api/requests/"+made.ID, nil), 204, nil)
	s.into(s.call(Exporter, "tiles", "GET", "/api/requests/"+made.ID, nil), 200, &detail)
	assert.True(t, detail.Request.Withdrawn)
}

func TestBooking(t *testing.T) {
	s := newService(t)
	s.network()
	s.plan(1)
	s.settle()
	s.refused(s.call(Exporter, "carpets", "POST", "/api/requests/R1/bookings", obj{}), 404, "")
	stale := []obj{{"fraction": 1, "departures": []string{"LAX-1"}, "warehouse": "WH-US", "cost": 1000}}
	s.refused(s.call(Exporter, "bikes", "POST", "/api/requests/R1/bookings", obj{"parts": stale}), 409, "")
	stale[0]["cost"] = 1234.5
	var made struct {
		Booking string
		Status  planner.BookingStatus
	}
	s.into(s.call(Exporter, "bikes", "POST", "/api/requests/R1/bookings", obj{"parts": stale}, "Idempotency-Key", "k1"), 201, &made)
	assert.Equal(t, "R1", made.Status.Request)
	assert.Equal(t, planner.BookingIsConfirmed, made.Status.Status)
	first := made.Booking
	s.refused(s.call(Exporter, "bikes", "POST", "/api/requests/R4/bookings", obj{}, "Idempotency-Key", "k1"), 422, "header.Idempotency-Key")
	s.refused(s.call(Exporter, "bikes", "POST", "/api/requests/R1/bookings", nil), 409, "")

	r := s.call(Firm, "bohai", "GET", "/api/snapshot", nil)
	assert.Contains(t, r.raw, `"booked_m3":33,"booked_kg":4000,"booked_owners":1`)

	s.refused(s.call(Exporter, "carpets", "DELETE", "/api/bookings/"+first, nil), 404, "")
	s.refused(s.call(Exporter, "carpets", "POST", "/api/bookings/"+first+"/confirm", nil), 404, "")
	s.refused(s.call(Firm, "bohai", "GET", "/api/bookings/"+first, nil), 403, "")
	s.into(s.call(Exporter, "bikes", "DELETE", "/api/bookings/"+first, nil), 204, nil)
	s.into(s.call(Exporter, "bikes", "DELETE", "/api/bookings/"+first, nil), 204, nil)
	assert.Equal(t, planner.EntryBookingCancelled, s.sent[len(s.sent)-1].Fact.(*planner.LedgerEntry).Kind)
	assert.Contains(t, s.call(Firm, "bohai", "GET", "/api/snapshot", nil).raw, `"booked_m3":0,"booked_kg":0,"booked_owners":0`)

	// The answer that was lost is given again, whatever has happened since.
	s.into(s.call(Exporter, "bikes", "POST", "/api/requests/R1/bookings", obj{"parts": stale}, "Idempotency-Key", "k1"), 201, &made)
	assert.Equal(t, first, made.Booking)
	assert.Equal(t, planner.BookingIsConfirmed, made.Status.Status)
}

func TestQuoteHoldConfirm(t *testing.T) {
	s := newService(t)
	s.network()
	s.plan(1)
	s.settle()
	var made struct {
		Booking string
		Status  planner.BookingStatus
	}
	load := func() string { return s.call(Firm, "bohai", "GET", "/api/snapshot", nil).raw }
	s.into(s.call(Exporter, "bikes", "POST", "/api/requests/R1/bookings", obj{"status": "QUOTED"}), 201, &made)
	assert.Equal(t, planner.BookingQuoted, made.Status.Status)
	assert.Equal(t, 1234.5, made.Status.Price)
	assert.Equal(t, start.Add(time.Hour), *made.Status.Expires)
	assert.NotContains(t, load(), `"booked_m3":33`, "a quote takes no room")
	path := "/api/bookings/" + made.Booking
	s.into(s.call(Exporter, "bikes", "POST", path+"/hold", nil, "Idempotency-Key", "k"), 200, &made)
	assert.Equal(t, planner.BookingHeld, made.Status.Status)
	assert.Equal(t, start.Add(30*time.Minute), *made.Status.Expires)
	assert.Contains(t, load(), `"booked_m3":33`, "a hold does")
	s.refused(s.call(Exporter, "bikes", "POST", path+"/hold", nil), 409, "")
	s.into(s.call(Exporter, "bikes", "POST", path+"/hold", nil, "Idempotency-Key", "k"), 200, &made)
	s.now = func() time.Time { return start.Add(time.Hour) }
	s.refused(s.call(Exporter, "bikes", "POST", path+"/confirm", nil), 409, "")
	s.now = func() time.Time { return start.Add(time.Minute) }
	made.Status = planner.BookingStatus{}
	s.into(s.call(Exporter, "bikes", "POST", path+"/confirm", nil, "Idempotency-Key", "k"), 200, &made)
	assert.Equal(t, planner.BookingIsConfirmed, made.Status.Status)
	assert.Nil(t, made.Status.Expires)
	s.refused(s.call(Exporter, "bikes", "POST", path+"/rebook", obj{"departures": []string{"LAX-1"}, "gateway": "USLAX", "warehouse": "WH-US", "cost": 1}), 409, "")

	var all []planner.BookingStatus
	s.into(s.call(Exporter, "bikes", "GET", "/api/bookings", nil), 200, &all)
	require.Len(t, all, 1)
	require.Len(t, all[0].History, 3)
	s.into(s.call(Exporter, "carpets", "GET", "/api/bookings", nil), 200, &all)
	require.Empty(t, all)

	// The carrier blanks the sailing; the exporter takes another way.
	other := sailing("LAX-9", "bohai", "CNTXG", "USLAX")
	other.Cutoff, other.Depart, other.Arrive = start.AddDate(0, 0, 3), start.AddDate(0, 0, 3), start.AddDate(0, 0, 18)
	s.say(other, &planner.DepartureCancelled{Departure: "LAX-1", Mode: planner.ModeSea, Reason: "blanked"})
	_, err := s.decide(t.Context(), planner.Command{Kind: planner.EntryBookingDisrupted, Booking: made.Booking, Reasons: []string{"departure LAX-1 is cancelled"}})
	require.NoError(t, err)
	s.quotes = []Quote{{Departures: []string{"LAX-9"}, Gateway: "USLAX", Warehouse: "WH-US", Arrive: start.AddDate(0, 0, 20), Cost: 1400, Share: 1}}
	var ways struct{ Quotes []Quote }
	s.into(s.call(Exporter, "bikes", "GET", path+"/alternatives", nil), 200, &ways)
	require.Len(t, ways.Quotes, 1)
	way := obj{"departures": []string{"LAX-9"}, "gateway": "USLAX", "warehouse": "WH-US", "cost": 1300}
	s.refused(s.call(Exporter, "bikes", "POST", path+"/rebook", way), 409, "")
	way["cost"] = 1400
	s.into(s.call(Exporter, "bikes", "POST", path+"/rebook", way), 200, &made)
	assert.Equal(t, planner.BookingIsConfirmed, made.Status.Status)
	assert.Equal(t, []string{"LAX-9"}, made.Status.Parts[0].Departures)
	assert.Equal(t, 1400.0, made.Status.Price)
}

func TestFewOpenHolds(t *testing.T) {
	s := newService(t)
	s.network()
	s.plan(1)
	s.settle()
	for range 3 {
		s.into(s.call(Exporter, "bikes", "POST", "/api/requests/R1/bookings", obj{"status": "QUOTED"}), 201, nil)
	}
	s.refused(s.call(Exporter, "bikes", "POST", "/api/requests/R1/bookings", obj{"status": "HELD"}), 429, "")
	s.refused(s.call(Exporter, "bikes", "POST", "/api/requests/R1/bookings", obj{"status": "held"}), 422, "body.status")
}

func TestAFirmsDeparture(t *testing.T) {
	s := newService(t, func(c *Config) {
		c.Route = straight
		c.CO2e = planner.CO2eKgPerT
	})
	s.network()
	s.settle()
	var made struct{ ID string }
	s.into(s.call(Firm, "Bohai Océan (渤海)", "POST", "/api/departures", departureJSON("vessel", "Harmony")), 201, &made)
	assert.Regexp(t, `^bohai-oc-an-[0-9a-z]{16}$`, made.ID)
	f := s.sent[len(s.sent)-1].Fact.(*planner.DepartureScheduled)
	assert.Equal(t, "Bohai Océan (渤海)", f.Carrier)
	assert.Equal(t, "Bohai Océan (渤海)/V1", f.Voyage, "nobody joins another's voyage")
	assert.InDelta(t, 0.01977*1234.56, f.CO2eKgPerT, 1e-9, "an average container ship")
	s.into(s.call(Firm, f.Carrier, "POST", "/api/departures", departureJSON("co2e_class", "container-8000")), 201, nil)
	assert.InDelta(t, 0.01553*1234.56, s.sent[len(s.sent)-1].Fact.(*planner.DepartureScheduled).CO2eKgPerT, 1e-9)
	s.refused(s.call(Firm, f.Carrier, "POST", "/api/departures", departureJSON("co2e_class", "long-haul")), 422, "body.co2e_class")

	patch := "/api/departures/" + made.ID
	s.refused(s.call(Firm, "hansa", "PATCH", patch, obj{"delay_hours": 3}), 403, "")
	s.refused(s.call(Firm, "hansa", "PATCH", "/api/departures/none", obj{"delay_hours": 3}), 404, "")
	s.refused(s.call(Firm, f.Carrier, "PATCH", patch, obj{}), 422, "body")
	s.refused(s.call(Firm, f.Carrier, "PATCH", patch, obj{"capacity_m3": 3}), 422, "body")
	s.refused(s.call(Firm, f.Carrier, "PATCH", patch, obj{"delay_hours": 9999}), 422, "body.delay_hours")
	s.refused(s.call(Firm, f.Carrier, "PATCH", patch, obj{"rate": obj{"per": "m3", "amount": -1, "kg_per_m3": 1}}), 422, "body.rate.amount")
	s.into(s.call(Firm, f.Carrier, "PATCH", patch, obj{"delay_hours": 3, "reason": "fog", "capacity_m3": 10, "capacity_kg": 20,
		"rate": obj{"per": "kg", "amount": 2, "kg_per_m3": 167}}), 204, nil)
	d, _ := s.state.Departure(made.ID)
	assert.Equal(t, 3.0, d.DelayHours)
	assert.Equal(t, 10.0, d.CapacityM3)
	assert.Equal(t, "kg", d.Rate.Per)
	s.into(s.call(Firm, f.Carrier, "PATCH", patch, obj{"cancelled": true, "reason": "blanked"}), 204, nil)
	d, _ = s.state.Departure(made.ID)
	assert.Equal(t, "blanked", d.CancelReason)
	s.into(s.call(Firm, f.Carrier, "PATCH", patch, obj{"cancelled": false}), 204, nil)
	d, _ = s.state.Departure(made.ID)
	assert.False(t, d.Cancelled)

	t.Run("an id with a slash", func(t *testing.T) {
		s.say(sailing("S01W02/1", "hansa", "CNTXG", "DEHAM"))
		s.settle()
		s.into(s.call(Firm, "hansa", "PATCH", "/api/departures/S01W02%2F1", obj{"delay_hours": 2}), 204, nil)
		d, _ := s.state.Departure("S01W02/1")
		assert.Equal(t, 2.0, d.DelayHours)
	})
	t.Run("a leg of its own voyage", func(t *testing.T) {
		leg := sailing("H1", "hansa", "CNTXG", "DEHAM")
		leg.Voyage = "loop-7"
		s.say(leg)
		s.settle()
		s.into(s.call(Firm, "hansa", "POST", "/api/departures", departureJSON("voyage", "loop-7")), 201, nil)
		assert.Equal(t, "loop-7", s.sent[len(s.sent)-1].Fact.(*planner.DepartureScheduled).Voyage)
		s.into(s.call(Firm, "bohai", "POST", "/api/departures", departureJSON("voyage", "loop-7")), 201, nil)
		assert.Equal(t, "bohai/loop-7", s.sent[len(s.sent)-1].Fact.(*planner.DepartureScheduled).Voyage)
	})
}

func TestAFirmsWarehouse(t *testing.T) {
	s := newService(t)
	s.network()
	s.settle()
	var made struct{ ID string }
	s.into(s.call(Firm, "pacific", "POST", "/api/warehouses", warehouseJSON("capacity_m3", []float64{10, 20}, "from", "2027-03-01")), 201, &made)
	path := "/api/warehouses/" + made.ID
	s.into(s.call(Firm, "pacific", "PUT", path+"/occupancy", obj{"free_m3": 77}), 204, nil)
	w, _ := s.state.Warehouse(made.ID)
	assert.Equal(t, planner.PerDay{77}, w.CapacityM3)
	assert.Equal(t, "pacific", w.Operator)
	s.into(s.call(Firm, "pacific", "PUT", path+"/occupancy", obj{"free_m3": []float64{1, 2, 3}, "from": "2027-03-02"}), 204, nil)
	s.refused(s.call(Firm, "pacific", "PUT", path+"/occupancy", obj{"free_m3": []float64{1, 2, 3}}), 422, "body.from")
	s.refused(s.call(Firm, "elbe", "PUT", path+"/occupancy", obj{"free_m3": 5}), 403, "")
	s.refused(s.call(Firm, "elbe", "PUT", "/api/warehouses/none/occupancy", obj{"free_m3": 5}), 404, "")
	s.into(s.call(Firm, "pacific", "PATCH", path, obj{"closed": true, "reason": "flood"}), 204, nil)
	w, _ = s.state.Warehouse(made.ID)
	assert.Equal(t, "flood", w.CloseReason)
	s.into(s.call(Firm, "pacific", "PATCH", path, obj{"closed": false}), 204, nil)
}

func TestBadInputNamesItsField(t *testing.T) {
	s := newService(t)
	s.network()
	s.settle()
	good, err := json.Marshal(requestJSON())
	require.NoError(t, err)
	raw := func(old, new string) string { return strings.Replace(string(good), old, new, 1) }
	long := strings.Repeat("x", 3000)
	for name, try := range map[string]struct {
		path     string
		body     any
		status   int
		location string
	}{
		"empty":               {"/api/requests", "", 400, ""},
		"not JSON":            {"/api/requests", "{", 400, "body"},
		"two values":          {"/api/requests", string(good) + "{}", 400, "body"},
		"NaN":                 {"/api/requests", raw("12.5", "NaN"), 400, "body"},
		"too large a number":  {"/api/requests", raw("12.5", "1e999"), 400, "body"},
		"a name twice":        {"/api/requests", raw(`"class"`, `"market":"US","class"`), 400, "body"},
		"not UTF-8":           {"/api/requests", raw("general", "gen\xff"), 400, "body"},
		"a name in capitals":  {"/api/requests", raw(`"origin"`, `"Origin"`), 422, "body.Origin"},
		"unknown field":       {"/api/requests", requestJSON("id", "R1"), 422, "body.id"},
		"another's name":      {"/api/requests", requestJSON("exporter", "bikes"), 422, "body.exporter"},
		"a field short":       {"/api/requests", requestJSON("volume_m3", nil), 422, "body"},
		"wrong type":          {"/api/requests", requestJSON("volume_m3", "12"), 422, "body.volume_m3"},
		"null":                {"/api/requests", raw("12.5", "null"), 422, "body.volume_m3"},
		"an array":            {"/api/requests", "[]", 422, "body"},
		"negative":            {"/api/requests", requestJSON("volume_m3", -1), 422, "body.volume_m3"},
		"nothing":             {"/api/requests", requestJSON("volume_m3", 0), 422, "body.volume_m3"},
		"a fraction of a day": {"/api/requests", requestJSON("storage_days", 1.5), 422, "body.storage_days"},
		"no such mode":        {"/api/requests", requestJSON("modes", []string{"sea", "ox"}), 422, "body.modes[1]"},
		"a mode twice":        {"/api/requests", requestJSON("modes", []string{"sea", "sea"}), 422, "body.modes"},
		"no such drawdown":    {"/api/requests", requestJSON("drawdown", "fast"), 422, "body.drawdown"},
		"not a time":          {"/api/requests", requestJSON("ready", "tomorrow"), 422, "body.ready"},
		"due before ready":    {"/api/requests", requestJSON("due", "2027-02-01T00:00:00Z"), 422, "body.due"},
		"no such place":       {"/api/requests", requestJSON("origin", "XXXXX"), 422, "body.origin"},
		"control characters":  {"/api/requests", requestJSON("goods", "a\x00b"), 422, "body.goods"},
		"long text":           {"/api/requests", requestJSON("goods", long), 422, "body.goods"},
		"bad tariff code":     {"/api/requests", requestJSON("hs_code", "12ab"), 422, "body.hs_code"},
		"huge":                {"/api/requests", requestJSON("goods", strings.Repeat("x", 10<<20)), 413, ""},
		"quote":               {"/api/quotes", requestJSON("weight_kg", -5), 422, "body.weight_kg"},
		"arrives too early":   {"/api/departures", departureJSON("arrive", "2027-03-06T00:00:00Z"), 422, "body.arrive"},
		"cutoff too late":     {"/api/departures", departureJSON("cutoff", "2027-03-07T00:00:00Z"), 422, "body.depart"},
		"goes nowhere":        {"/api/departures", departureJSON("to", "CNTXG"), 422, "body.to"},
		"to an unknown place": {"/api/departures", departureJSON("to", "NOWHERE"), 422, "body.to"},
		"no classes":          {"/api/departures", departureJSON("classes", []string{}), 422, "body.classes"},
		"rate of nothing":     {"/api/departures", departureJSON("rate", obj{"per": "m3", "amount": 1}), 422, "body.rate"},
		"negative room":       {"/api/departures", departureJSON("capacity_kg", -1), 422, "body.capacity_kg"},
		"off the earth":       {"/api/warehouses", warehouseJSON("lat", 91), 422, "body.lat"},
		"negative day":        {"/api/warehouses", warehouseJSON("capacity_m3", []float64{1, -1}, "from", "2027-03-01"), 422, "body.capacity_m3"},
		"room in words":       {"/api/warehouses", warehouseJSON("capacity_m3", "much"), 422, "body.capacity_m3"},
		"days from nowhere":   {"/api/warehouses", warehouseJSON("capacity_m3", []float64{1, 2}), 422, "body.from"},
		"gateway to nothing":  {"/api/warehouses", warehouseJSON("gateways", []obj{{"place": "X", "hours": 1, "rate_m3": 1}}), 422, "body.gateways[0].place"},
	} {
		t.Run(name, func(t *testing.T) {
			role := Firm
			if try.path == "/api/requests" || try.path == "/api/quotes" {
				role = Exporter
			}
			before := len(s.sent)
			r := s.call(role, "someone", "POST", try.path, try.body)
			s.refused(r, try.status, try.location)
			if try.status == http.StatusUnprocessableEntity {
				assert.Contains(t, string(r.raw), `"code":"`, "the page words it")
			}
			assert.Less(t, len(r.raw), 2000, "what was wrong is not told back whole")
			assert.Len(t, s.sent, before, "nothing reached the log")
		})
	}
	s.refused(s.call(Exporter, "someone", "POST", "/api/requests", string(good), "Content-Type", "text/plain"), 415, "body")
	s.refused(s.call(Exporter, "someone", "GET", "/api/requests?x=1", nil), 422, "query.x")
	s.refused(s.call(Operator, "op", "GET", "/api/dead-letters?limit=0", nil), 422, "query.limit")
	s.refused(s.call(Exporter, "someone", "POST", "/api/requests", string(good), "Idempotency-Key", long), 422, "header.Idempotency-Key")
}

func TestTheSameCommandTwice(t *testing.T) {
	s := newService(t)
	s.network()
	s.settle()
	post := func(org, key string, body any) reply {
		return s.call(Exporter, org, "POST", "/api/requests", body, "Idempotency-Key", key)
	}
	ids := map[string]bool{}
	var mu sync.Mutex
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			var made struct{ ID string }
			s.into(post("tiles", "k", requestJSON()), 201, &made)
			mu.Lock()
			ids[made.ID] = true
			mu.Unlock()
		})
	}
	all.Wait()
	require.Len(t, ids, 1)
	require.Len(t, s.sent, 1, "it reached the log once")
	s.refused(post("tiles", "k", requestJSON("volume_m3", 13)), 422, "header.Idempotency-Key")
	var other struct{ ID string }
	s.into(post("bikes", "k", requestJSON()), 201, &other)
	assert.False(t, ids[other.ID], "a key is its organisation's own")

	t.Run("after a restart", func(t *testing.T) {
		s.web.answers.mu.Lock()
		clear(s.web.answers.known)
		s.web.answers.mu.Unlock()
		before := len(s.sent)
		var made struct{ ID string }
		s.into(post("tiles", "k", requestJSON()), 201, &made)
		assert.True(t, ids[made.ID])
		assert.Len(t, s.sent, before)
		s.web.answers.mu.Lock()
		clear(s.web.answers.known)
		s.web.answers.mu.Unlock()
		s.refused(post("tiles", "k", requestJSON("volume_m3", 13)), 422, "header.Idempotency-Key")
		for _, again := range []struct {
			path        string
			body, other any
		}{{"/api/departures", departureJSON(), departureJSON("to", "DEHAM")}, {"/api/warehouses", warehouseJSON(), warehouseJSON("name", "Other")}} {
			var one, two struct{ ID string }
			s.into(s.call(Firm, "f", "POST", again.path, again.body, "Idempotency-Key", "k"), 201, &one)
			for _, body := range []any{again.body, again.other} {
				s.web.answers.mu.Lock()
				clear(s.web.answers.known)
				s.web.answers.mu.Unlock()
				r := s.call(Firm, "f", "POST", again.path, body, "Idempotency-Key", "k")
				if fmt.Sprint(body) == fmt.Sprint(again.other) {
					s.refused(r, 422, "header.Idempotency-Key")
				} else {
					s.into(r, 201, &two)
					assert.Equal(t, one, two)
				}
			}
		}
	})
	t.Run("after amendments and a restart", func(t *testing.T) {
		var made, again struct{ ID string }
		s.into(post("tiles", "amended", requestJSON()), 201, &made)
		for _, m3 := range []int{14, 15} {
			s.into(s.call(Exporter, "tiles", "PUT", "/api/requests/"+made.ID, requestJSON("volume_m3", m3)), 204, nil)
			s.into(s.call(Exporter, "tiles", "PUT", "/api/requests/"+made.ID+"/repeat", obj{"every": "week", "paused": m3 == 14}), 204, nil)
			s.web.answers.mu.Lock()
			clear(s.web.answers.known)
			s.web.answers.mu.Unlock()
			before := len(s.sent)
			s.refused(post("tiles", "amended", requestJSON("volume_m3", m3)), 422, "header.Idempotency-Key")
			s.into(post("tiles", "amended", requestJSON()), 201, &again)
			assert.Equal(t, made, again, "as the first time")
			assert.Len(t, s.sent, before, "and nothing was put back")
		}
	})
	t.Run("a failure is not remembered", func(t *testing.T) {
		s.fail = errors.New("the broker is away")
		r := post("tiles", "k2", requestJSON())
		p := s.refused(r, 503, "")
		assert.Equal(t, "2", r.header.Get("Retry-After"))
		assert.NotContains(t, p.Detail, "broker", "what is inside stays inside")
		s.into(post("tiles", "k2", requestJSON()), 201, nil)
	})
}

func TestOutcomesOfSubmit(t *testing.T) {
	s := newService(t)
	s.network()
	s.settle()
	for _, try := range []struct {
		err    error
		status int
		field  string
		code   string
	}{
		{fmt.Errorf("no: %w", ErrInvalid), 422, "", "invalid"}, {ErrConflict, 409, "", ""}, {ErrNotReady, 503, "", ""}, {live.ErrStopped, 503, "", ""},
		{live.ErrNoRoom, 409, "", "no_room"}, {live.ErrNotYours, 404, "", "not_yours"}, {errors.New("?"), 503, "", ""},
		{fmt.Errorf("%w: 3 m3", planner.ErrTooMuch), 409, "", "too_much"}, {live.ErrNotLeading, 503, "", "not_leading"},
		{&planner.FieldErrors{List: []*planner.FieldError{{Path: "due", Problem: "is past"}}, More: 3}, 422, "body.due", ""},
		{&planner.FieldError{Problem: "is wrong"}, 422, "body", ""},
	} {
		s.fail = try.err
		p := s.refused(s.call(Exporter, "x", "POST", "/api/requests", requestJSON()), try.status, try.field)
		if try.code == "" {
			assert.Empty(t, p.Type)
		} else {
			assert.Equal(t, problemType+try.code, p.Type)
		}
	}
}

// Every operation refuses whoever is not signed in, and the roles that it is not for.
func TestEveryOperationHasItsRoles(t *testing.T) {
	s := newService(t)
	s.network()
	s.settle()
	allowed := map[string][]Role{
		"GET /api/me": everybody, "POST /api/signout": everybody, "GET /api/snapshot": everybody, "GET /api/occupancy": {Firm, Commission},
		"GET /api/problem": {Operator}, "GET /api/plan": {Operator}, "GET /api/state": {Commission}, "GET /api/dead-letters": {Firm, Operator},
		"POST /api/live/ticket": everybody, "GET /api/members": everybody, "PUT /api/members/{id}": everybody, "DELETE /api/members/{id}": everybody,
		"POST /api/members/{id}/link": everybody, "GET /api/sessions": everybody, "DELETE /api/sessions/{id}": everybody, "GET /api/keys": everybody,
		"POST /api/keys": everybody, "DELETE /api/keys/{id}": everybody, "GET /api/audit": everybody,
		"GET /api/repeats": {Exporter}, "PUT /api/requests/{id}/repeat": {Exporter}, "DELETE /api/requests/{id}/repeat": {Exporter},
		"GET /api/requests": {Exporter}, "GET /api/requests/{id}": {Exporter}, "POST /api/requests": {Exporter},
		"PUT /api/requests/{id}": {Exporter}, "DELETE /api/requests/{id}": {Exporter}, "POST /api/quotes": {Exporter}, "GET /api/requests/{id}/quotes": {Exporter}, "POST /api/bookings": {Exporter}, "POST /api/requests/{id}/bookings": {Exporter},
		"GET /api/bookings": {Exporter}, "GET /api/bookings/{id}": {Exporter}, "GET /api/bookings/{id}/alternatives": {Exporter},
		"POST /api/bookings/{id}/hold": {Exporter}, "POST /api/bookings/{id}/confirm": {Exporter}, "POST /api/bookings/{id}/rebook": {Exporter},
		"DELETE /api/bookings/{id}": {Exporter}, "POST /api/departures": {Firm}, "PATCH /api/departures/{id}": {Firm},
		"GET /api/departures/{id}/bookings": {Firm}, "GET /api/warehouses/{id}/bookings": {Firm}, "GET /api/warehouses/{id}/history": {Firm},
		"POST /api/warehouses": {Firm}, "PATCH /api/warehouses/{id}": {Firm}, "PUT /api/warehouses/{id}/occupancy": {Firm},
		"POST /api/requests/batch": {Exporter}, "POST /api/tables/read": everybody, "POST /api/tables/write": everybody,
		"GET /api/passages": everybody, "POST /api/passages/{id}/close": {Commission}, "POST /api/passages/{id}/reopen": {Commission},
		"GET /api/scenarios": {Commission}, "POST /api/scenarios": {Commission}, "GET /api/scenarios/{id}": {Commission},
		"PATCH /api/scenarios/{id}": {Commission}, "DELETE /api/scenarios/{id}": {Commission}, "POST /api/scenarios/{id}/run": {Commission},
		"POST /api/scenarios/{id}/cancel": {Commission}, "GET /api/scenarios/{id}/problem": {Operator}, "GET /api/scenarios/{id}/plan": {Operator},
		"GET /api/scenarios/{id}/difference.csv": {Commission}, "GET /api/scenarios/{id}/difference.xlsx": {Commission},
		"GET /api/scenarios/{id}/difference.geojson": {Commission}, "GET /api/lane-loads": {Commission}, "GET /api/demand": {Firm, Commission}, "GET /api/departures/{id}/history": everybody, "GET /api/targets": {Commission}, "GET /api/targets/{id}": {Commission},
	}
	open := []string{"GET /api/health", "GET /api/schemas", "GET /api/schemas/{name}"}
	var doc struct{ Paths map[string]map[string]any }
	s.into(s.call("", "", "GET", "/api/openapi.json", nil), 200, &doc)
	described := []string{}
	for path, methods := range doc.Paths {
		for method := range methods {
			described = append(described, strings.ToUpper(method)+" "+path)
		}
	}
	assert.ElementsMatch(t, append(slices.Collect(maps.Keys(allowed)), open...), described)
	for operation, roles := range allowed {
		method, path, _ := strings.Cut(operation, " ")
		path = strings.ReplaceAll(path, "{id}", "none")
		t.Run(operation, func(t *testing.T) {
			s.refused(s.call("", "", method, path, nil), 401, "")
			s.refused(s.call("", "", method, path, nil, "Authorization", "Bearer "+forged(s)), 401, "")
			s.refused(s.call("", "", method, path, nil, "Authorization", "Basic eDp5"), 401, "")
			for _, role := range everybody {
				r := s.call(role, "someone", method, path, nil)
				if slices.Contains(roles, role) {
					assert.NotContains(t, []int{401, 403, 500}, r.status, r.raw)
				} else {
					s.refused(r, 403, "")
				}
			}
			if roles[0] == Operator {
				return // has no session
			}
			cookie := s.cookie(roles[0], "someone")
			if method != "GET" {
				s.refused(s.call("", "", method, path, nil, "Cookie", cookie, "Origin", "https://evil.example"), 403, "")
				s.refused(s.call("", "", method, path, nil, "Cookie", cookie, "Origin", "null"), 403, "")
				s.refused(s.call("", "", method, path, nil, "Cookie", cookie, "Sec-Fetch-Site", "cross-site"), 403, "")
			}
			assert.NotContains(t, []int{401, 403, 500}, s.call("", "", method, path, nil, "Cookie", cookie, "Origin", s.http.URL).status)
		})
	}
}

func TestStateForTheOperator(t *testing.T) {
	s := newService(t, func(c *Config) {
		c.Health = func() Health { return Health{Status: "starting", Lag: map[string]int64{"haihe.routes": 5}} }
		c.Version = "1.2.3"
	})
	s.network()
	s.settle()
	var p planner.Problem
	s.into(s.call(Operator, "op", "GET", "/api/problem", nil), 200, &p)
	assert.Len(t, p.Requests, 4)
	s.refused(s.call(Operator, "op", "GET", "/api/plan", nil), 404, "")
	var letters []DeadLetter
	s.into(s.call(Operator, "op", "GET", "/api/dead-letters", nil), 200, &letters)
	assert.Len(t, letters, 2)
	s.into(s.call(Operator, "op", "GET", "/api/dead-letters?limit=1", nil), 200, &letters)
	assert.Len(t, letters, 1)
	s.into(s.call(Firm, "bohai", "GET", "/api/dead-letters", nil), 200, &letters)
	require.Len(t, letters, 1)
	assert.Equal(t, "bohai's", letters[0].Reason)
	var h Health
	s.into(s.call("", "", "GET", "/api/health", nil), http.StatusServiceUnavailable, &h)
	assert.Equal(t, Health{Status: "starting", Version: "1.2.3", Epoch: s.web.Epoch(), Lag: map[string]int64{"haihe.routes": 5}}, h)
	assert.JSONEq(t, `["RequestSubmitted.json"]`, s.call("", "", "GET", "/api/schemas", nil).raw)
	for _, name := range []string{"RequestSubmitted", "RequestSubmitted.json"} {
		assert.JSONEq(t, `{"title":"RequestSubmitted"}`, s.call("", "", "GET", "/api/schemas/"+name, nil).raw)
	}
	for _, name := range []string{"None", "..%2F..%2Fgo.mod", "%2Fetc%2Fpasswd", ".json"} {
		s.refused(s.call("", "", "GET", "/api/schemas/"+name, nil), 404, "")
	}
}
