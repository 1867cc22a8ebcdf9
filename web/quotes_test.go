package web

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"haihe/planner"
)

type taken struct {
	Booking string
	Status  planner.BookingStatus
}

type refusedQuote struct {
	problemReply
	Changed *planner.Obstacle
	Quotes  []Quote
}

func (s *service) quoted(org string, body obj) []Quote {
	s.t.Helper()
	var answer struct{ Quotes []Quote }
	s.into(s.call(Exporter, org, "POST", "/api/quotes", body), 200, &answer)
	return answer.Quotes
}

// TestTheQuoteThatWasChosenIsHeld: just that way, at just that cost, with its request, once; and nobody else's.
func TestTheQuoteThatWasChosenIsHeld(t *testing.T) {
	var c clock
	s := newService(t, c.set)
	s.now = c.now
	s.network()
	s.settle()
	body := requestJSON("goods", "<b>bikes</b>")
	s.quotes = []Quote{
		{Departures: []string{"LAX-1"}, Gateway: "USLAX", Warehouse: "WH-US", Arrive: start.AddDate(0, 0, 21), Cost: 4321.25, Share: 1},
		{Departures: []string{"LAX-1"}, Gateway: "USLAX", Warehouse: "WH-DE", Arrive: start.AddDate(0, 0, 21), Cost: 1, Share: 0.5}}
	quotes := s.quoted("tiles", body)
	require.NotEmpty(t, quotes[0].ID)
	assert.Equal(t, start.Add(30*time.Minute), *quotes[0].Expires)
	assert.Empty(t, quotes[1].ID, "there is no room for all of it")
	take := obj{"quote": quotes[0].ID, "request": with(requestJSON("goods", "<b>bikes</b>"), "repeat", obj{"every": "month"})}

	// The carrier raises its rate: the cost holds.
	s.say(&planner.DepartureRateChanged{Departure: "LAX-1", Mode: "sea", Rate: planner.Rate{Per: "m3", Amount: 999, KgPerM3: 1000}})
	var made taken
	s.into(s.call(Exporter, "tiles", "POST", "/api/bookings", take, "Idempotency-Key", "k"), 201, &made)
	assert.Equal(t, planner.BookingHeld, made.Status.Status)
	assert.Equal(t, 4321.25, made.Status.Price)
	assert.Equal(t, []string{"LAX-1"}, made.Status.Parts[0].Departures)
	var detail requestDetail
	s.into(s.call(Exporter, "tiles", "GET", "/api/requests/"+made.Status.Request, nil), 200, &detail)
	assert.Equal(t, "<b>bikes</b>", detail.Request.Goods)
	require.Len(t, detail.Bookings, 1)
	assert.Contains(t, s.call(Firm, "bohai", "GET", "/api/snapshot", nil).raw, `"booked_m3":12.5`, "its room is taken at once")

	sent := len(s.sent)
	c.forward(2 * time.Hour)
	var again taken
	s.into(s.call(Exporter, "tiles", "POST", "/api/bookings", take, "Idempotency-Key", "k"), 201, &again)
	assert.Equal(t, made.Booking, again.Booking, "sent again, even late, it is answered as it was")
	assert.Len(t, s.sent, sent)

	s.refused(s.call(Exporter, "tiles", "POST", "/api/bookings", obj{"quote": quotes[0].ID, "request": requestJSON("volume_m3", 1)}), 422, "body.request")
	s.refused(s.call(Exporter, "tiles", "POST", "/api/bookings", obj{"quote": quotes[0].ID}), 422, "body.request")
	s.refused(s.call(Exporter, "bikes", "POST", "/api/bookings", take), 422, "body.quote")
	s.refused(s.call(Exporter, "tiles", "POST", "/api/bookings", with(take, "quote", quotes[0].ID[:40]+"A"+quotes[0].ID[41:])), 422, "body.quote")
	s.refused(s.call(Exporter, "tiles", "POST", "/api/bookings", with(take, "quote", s.token(Exporter, "tiles"))), 422, "body.quote")
	assert.Len(t, s.sent, sent, "nothing of all that reached the log")
}

// TestAQuoteWhoseRoomWent: it is refused with what changed and the ways that there are now, and leaves nothing behind.
func TestAQuoteWhoseRoomWent(t *testing.T) {
	var c clock
	s := newService(t, c.set)
	s.now = c.now
	s.network()
	other := sailing("LAX-2", "bohai", "CNTXG", "USLAX")
	s.say(other)
	s.settle()
	first := Quote{Departures: []string{"LAX-1"}, Gateway: "USLAX", Warehouse: "WH-US", Arrive: start.AddDate(0, 0, 21), Cost: 100, Share: 1}
	next := first
	next.Departures, next.Cost = []string{"LAX-2"}, 120
	s.quotes = []Quote{first, next}
	body := requestJSON()
	quotes := s.quoted("tiles", body)
	s.say(&planner.DepartureCapacityChanged{Departure: "LAX-1", Mode: "sea", CapacityM3: 4, CapacityKg: 1e6})
	sent := len(s.sent)
	var no refusedQuote
	r := s.call(Exporter, "tiles", "POST", "/api/bookings", obj{"quote": quotes[0].ID, "request": body, "status": "CONFIRMED"}, "Idempotency-Key", "k")
	s.into(r, http.StatusConflict, &no)
	assert.Equal(t, "application/problem+json", r.header.Get("Content-Type"))
	require.NotNil(t, no.Changed, r.raw)
	assert.Equal(t, planner.ObstacleRoom, no.Changed.Kind)
	assert.Equal(t, 4.0, no.Changed.LeftM3)
	assert.Equal(t, 12.5, no.Changed.NeedM3)
	require.Len(t, no.Quotes, 1, "the way that was refused is none")
	assert.Equal(t, []string{"LAX-2"}, no.Quotes[0].Departures)
	assert.Len(t, s.sent, sent, "no request either")

	// The next best is taken with one more command, under the same key: the first came to nothing.
	var made taken
	s.into(s.call(Exporter, "tiles", "POST", "/api/bookings", obj{"quote": no.Quotes[0].ID, "request": body, "status": "CONFIRMED"}, "Idempotency-Key", "k"), 201, &made)
	assert.Equal(t, planner.BookingIsConfirmed, made.Status.Status)
	assert.Equal(t, 120.0, made.Status.Price)

	c.forward(30 * time.Minute)
	s.into(s.call(Exporter, "tiles", "POST", "/api/bookings", obj{"quote": quotes[1].ID, "request": body}), http.StatusConflict, &no)
	assert.Contains(t, no.Detail, "run out")
	require.Len(t, no.Quotes, 2, "new ones, for as long again")
	assert.Equal(t, start.Add(time.Hour), *no.Quotes[1].Expires)
}

// TestQuotesOfARequest: what is left of a request that is there is quoted and held.
func TestQuotesOfARequest(t *testing.T) {
	s := newService(t)
	s.network()
	s.settle()
	var answer struct{ Quotes []Quote }
	s.refused(s.call(Exporter, "carpets", "GET", "/api/requests/R1/quotes", nil), 404, "")
	s.into(s.call(Exporter, "bikes", "GET", "/api/requests/R1/quotes", nil), 200, &answer)
	take := obj{"quote": answer.Quotes[0].ID}
	s.refused(s.call(Exporter, "bikes", "POST", "/api/bookings", with(obj{"request": requestJSON()}, "quote", answer.Quotes[0].ID)), 422, "body.request")
	var made taken
	s.into(s.call(Exporter, "bikes", "POST", "/api/bookings", take), 201, &made)
	assert.Equal(t, "R1", made.Status.Request)
	assert.Equal(t, 33.0, made.Status.Price)
	s.refused(s.call(Exporter, "bikes", "GET", "/api/requests/R1/quotes", nil), 409, "")
	var no refusedQuote
	s.into(s.call(Exporter, "bikes", "POST", "/api/bookings", take), 409, &no)
	assert.Equal(t, planner.ObstacleRequest, no.Changed.Kind)
}

// TestALongWayHasNoName: an id that would be too long is left out.
func TestALongWayHasNoName(t *testing.T) {
	s := newService(t)
	s.network()
	s.settle()
	s.quotes = []Quote{{Departures: []string{strings.Repeat("L", 4000)}, Gateway: "USLAX", Warehouse: "WH-US", Cost: 1, Share: 1}}
	assert.Empty(t, s.quoted("tiles", requestJSON())[0].ID)
}

// TestARequestIsChangedInItsPlace: under the same id, by its exporter, while nothing of it is booked.
func TestARequestIsChangedInItsPlace(t *testing.T) {
	s := newService(t)
	s.network()
	s.settle()
	later := requestJSON("due", "2027-05-20T00:00:00Z")
	s.refused(s.call(Exporter, "carpets", "PUT", "/api/requests/R1", later), 404, "")
	s.refused(s.call(Exporter, "bikes", "PUT", "/api/requests/R1", requestJSON("due", "2026-01-01T00:00:00Z")), 422, "body.due")
	s.into(s.call(Exporter, "bikes", "PUT", "/api/requests/R1", later), 204, nil)
	sent := len(s.sent)
	s.into(s.call(Exporter, "bikes", "PUT", "/api/requests/R1", later), 204, nil)
	assert.Len(t, s.sent, sent, "a second time it is so already")
	var detail requestDetail
	s.into(s.call(Exporter, "bikes", "GET", "/api/requests/R1", nil), 200, &detail)
	assert.Equal(t, "2027-05-20T00:00:00Z", detail.Request.Due.Format(time.RFC3339))
	assert.Equal(t, 12.5, detail.Request.VolumeM3)
	s.booked("carpets", "R2", "bk-2")
	s.settle()
	s.refused(s.call(Exporter, "carpets", "PUT", "/api/requests/R2", later), 409, "")

	// Its rule may be changed though it is booked; those after the first keep their place in the series.
	weekly := wish("S", "tiles", "US")
	weekly.Repeat = &planner.Repeat{Every: "week", Series: "S0", N: 3}
	s.say(weekly)
	s.booked("tiles", "S", "bk-s")
	s.settle()
	body := obj{"origin": "CNTXG", "market": "US", "class": "general", "goods": "goods of tiles", "volume_m3": 33, "weight_kg": 4000, "ready": start, "due": start.AddDate(0, 0, 50),
		"storage_days": 20, "drawdown": "linear", "value": 987654, "repeat": obj{"every": "week", "paused": true}}
	s.into(s.call(Exporter, "tiles", "PUT", "/api/requests/S", body), 204, nil)
	s.into(s.call(Exporter, "tiles", "GET", "/api/requests/S", nil), 200, &detail)
	assert.Equal(t, &planner.Repeat{Every: "week", Paused: true, Series: "S0", N: 3}, detail.Request.Repeat)
	s.refused(s.call(Exporter, "tiles", "PUT", "/api/requests/S", with(body, "repeat", obj{"every": "day"})), 422, "body.repeat.every")
	s.into(s.call(Exporter, "bikes", "DELETE", "/api/requests/R1", nil), 204, nil)
	s.refused(s.call(Exporter, "bikes", "PUT", "/api/requests/R1", later), 409, "")
}
