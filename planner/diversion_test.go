package planner_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"haihe/geo"
	"haihe/planner"
)

var (
	tianjin = planner.Place{ID: "CNTXG", Lat: 38.98, Lon: 117.7}
	hamburg = planner.Place{ID: "DEHAM", Lat: 53.54, Lon: 9.98}
	firstOf = time.Date(2027, 3, 1, 0, 0, 0, 0, time.UTC)
)

func leg(id, voyage string, from, to planner.Place, depart time.Time, days int) *planner.DepartureScheduled {
	return &planner.DepartureScheduled{Departure: planner.Departure{ID: id, Voyage: voyage, Mode: planner.ModeSea, From: from.ID, To: to.ID,
		Cutoff: depart.AddDate(0, 0, -1), Depart: depart, Arrive: depart.AddDate(0, 0, days), CapacityM3: 100, CapacityKg: 1e5, CO2eKgPerT: 300}}
}

// log gives facts ids and sequences in their order, all said at one time.
func log(at time.Time, facts ...planner.Fact) []planner.Event {
	events := make([]planner.Event, len(facts))
	for i, f := range facts {
		events[i] = planner.Event{ID: fmt.Sprint("e", i), Source: "/test", Sequence: uint64(i + 1), Time: at, Fact: f}
	}
	return events
}

func point(p planner.Place) orb.Point { return orb.Point{p.Lon, p.Lat} }

func TestADiversionIsTheExtraWayAtTheShipsOwnSpeed(t *testing.T) {
	s := planner.NewState()
	for _, e := range log(firstOf, &planner.PlaceDeclared{Place: tianjin}, &planner.PlaceDeclared{Place: hamburg},
		leg("S", "", tianjin, hamburg, firstOf.AddDate(0, 0, 2), 30), &planner.PassageClosed{Passage: "suez", Reason: "drill"}) {
		require.True(t, s.Apply(e))
	}
	normal, err := geo.NewRouter()(point(tianjin), point(hamburg), geo.Sea)
	require.NoError(t, err)
	avoiding, err := geo.NewRouterAvoiding("suez")
	require.NoError(t, err)
	around, err := avoiding(point(tianjin), point(hamburg), geo.Sea)
	require.NoError(t, err)

	d, ok := s.Departure("S")
	require.True(t, ok)
	x := d.Diversion
	require.NotNil(t, x)
	require.Equal(t, []string{"suez"}, x.Passages)
	require.Equal(t, "drill", x.Reason)
	require.Nil(t, x.Turned)
	extra := around.DistanceKm - normal.DistanceKm
	require.Greater(t, extra, 3000.0)
	require.InDelta(t, extra, x.Km, 0.1)
	require.InDelta(t, extra/normal.DistanceKm*30*24, x.Hours, 0.02)
	require.InDelta(t, 300*around.DistanceKm/normal.DistanceKm, d.CO2eKgPerT, 1e-6)
	require.Equal(t, d.PlannedDepart, d.Depart)
	require.WithinDuration(t, d.PlannedArrive.Add(time.Duration(x.Hours*float64(time.Hour))), d.Arrive, time.Second)
	require.Equal(t, around.Line, x.Way.Line)
	require.Zero(t, d.DelayHours, "a diversion is no delay")
}

// A ship that is short of the passage when it shuts turns where it is; so it has the longer way the later it hears.
// One that is through keeps its way.
func TestAShipTurnsWhereItIs(t *testing.T) {
	places := []planner.Fact{&planner.PlaceDeclared{Place: tianjin}, &planner.PlaceDeclared{Place: hamburg},
		leg("S", "", tianjin, hamburg, firstOf, 30)}
	at := func(day int) *planner.Diversion {
		s := planner.NewState()
		for _, e := range append(log(firstOf, places...), planner.Event{ID: "c", Sequence: 1, Time: firstOf.AddDate(0, 0, day),
			Fact: &planner.PassageClosed{Passage: "suez"}}) {
			s.Apply(e)
		}
		d, _ := s.Departure("S")
		return d.Diversion
	}
	normal, err := geo.NewRouter()(point(tianjin), point(hamburg), geo.Sea)
	require.NoError(t, err)
	before := at(-1)
	require.NotNil(t, before)
	for day := 8; day <= 17; day += 3 { // in the Indian Ocean and the Red Sea
		x := at(day)
		require.NotNil(t, x, "day %d", day)
		require.Equal(t, firstOf.AddDate(0, 0, day), *x.Turned)
		require.Greater(t, x.Km, before.Km-60, "day %d", day)
		require.InDelta(t, normal.DistanceKm+x.Km, x.Way.DistanceKm, 0.1)
		turned, _ := normal.At(float64(day) / 30)
		seen, _ := x.Way.At(float64(day) / 30 * normal.DistanceKm / x.Way.DistanceKm)
		require.Less(t, geo.DistanceKm(turned, seen), 30.0, "day %d: it is where it would have been", day)
		require.Equal(t, point(hamburg), x.Way.Line[len(x.Way.Line)-1][len(x.Way.Line[len(x.Way.Line)-1])-1])
		before = x
	}
	for day := 23; day < 40; day++ {
		require.Nil(t, at(day), "day %d", day)
	}
}

// Facts come in any order, and a passage that was shut and is open again leaves no trace but its fact.
func TestClosingAndReopeningRestores(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		events := anyEvents(t)
		var without []planner.Event
		for _, e := range events {
			if e.Fact.Key().Kind != planner.KindPassage {
				without = append(without, e)
			}
		}
		for i, id := range []string{"suez", "gibraltar", "malacca", "panama"} {
			events = append(events, planner.Event{ID: fmt.Sprint("open", i), Sequence: 99, Fact: &planner.PassageReopened{Passage: id}})
		}
		plain, reopened := planner.NewState(), planner.NewState()
		for _, e := range without {
			plain.Apply(e)
		}
		look := rapid.IntRange(0, len(events)).Draw(t, "look")
		for i, e := range events {
			reopened.Apply(e)
			if i == look { // what was reckoned meanwhile must not stay
				view(reopened)
				reopened.TakeChanges()
			}
		}
		require.Equal(t, view(plain), view(reopened))
	})
}

// Whatever happens, whoever follows the changes knows how every departure and booking stands.
func TestChangesNameAllThatMoved(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := planner.NewState()
		shown := map[string]string{}
		show := func(kind, id string, of any, ok bool) {
			if ok {
				shown[kind+id] = fmt.Sprintf("%+v", of)
			}
		}
		departure := func(id string) (any, bool) {
			d, ok := s.Departure(id)
			d.Position = nil
			if x := d.Diversion; x != nil {
				d.Diversion = nil
				return fmt.Sprintf("%+v %v %v %v %v %v", d, x.Passages, x.Km, x.Hours, x.CarriedHours, x.Blocked), ok
			}
			return d, ok
		}
		for i, e := range anyEvents(t) {
			s.Apply(e)
			if i%3 > 0 {
				continue
			}
			c := s.TakeChanges()
			for _, id := range c.Departures {
				of, ok := departure(id)
				show("d", id, of, ok)
			}
			for _, id := range c.Bookings {
				of, ok := s.Booking(id)
				show("b", id, of, ok)
			}
			for _, id := range s.All().Departures {
				if of, ok := departure(id); ok {
					require.Equal(t, fmt.Sprintf("%+v", of), shown["d"+id], "%s after %s", id, e.Fact.Key())
				}
			}
			for _, id := range s.All().Bookings {
				if of, ok := s.Booking(id); ok {
					require.Equal(t, fmt.Sprintf("%+v", of), shown["b"+id], "%s after %s", id, e.Fact.Key())
				}
			}
		}
	})
}

// A booking holds as long as its cargo comes by when it is due, by whatever way.
func TestABookingIsDisruptedOnceItComesTooLate(t *testing.T) {
	s := planner.NewState()
	depart := firstOf.AddDate(0, 0, 2)
	door := depart.AddDate(0, 0, 30).Add(12 * time.Hour)
	wish := func(due time.Time) *planner.RequestSubmitted {
		return &planner.RequestSubmitted{Request: planner.Request{ID: "R", Origin: tianjin.ID, Market: "DE", VolumeM3: 4, WeightKg: 400, Due: due}}
	}
	for _, e := range log(firstOf, &planner.PlaceDeclared{Place: tianjin}, &planner.PlaceDeclared{Place: hamburg},
		leg("S", "", tianjin, hamburg, depart, 30), wish(door.AddDate(0, 0, 1)),
		&planner.WarehouseRegistered{Warehouse: planner.Warehouse{ID: "W", CapacityM3: planner.PerDay{50}, Gateways: []planner.Gateway{{Place: hamburg.ID, Hours: 12}}}},
		&planner.BookingConfirmed{Booking: "B", Request: "R", VolumeM3: 4, WeightKg: 400, StorageDays: 5,
			Parts: []planner.Assignment{{Request: "R", Fraction: 1, Departures: []string{"S"}, Gateway: hamburg.ID, Warehouse: "W", Arrive: door}}}) {
		s.Apply(e)
	}
	after := func(fact planner.Fact) []string {
		s.TakeChanges()
		require.True(t, s.Apply(planner.Event{ID: "x", Sequence: s.Sequence(fact.Key()) + 1, Time: firstOf, Fact: fact}))
		require.Contains(t, s.TakeChanges().Bookings, "B")
		b, ok := s.Booking("B")
		require.True(t, ok)
		return b.Disruptions
	}
	require.Empty(t, after(&planner.DepartureDelayed{Departure: "S", Mode: planner.ModeSea, DelayHours: 20}))
	late := after(&planner.DepartureDelayed{Departure: "S", Mode: planner.ModeSea, DelayHours: 30})
	require.Len(t, late, 1)
	require.Contains(t, late[0], "the cargo comes to warehouse W at "+door.Add(30*time.Hour).Format(time.RFC3339)+", after it is due, ")
	require.Empty(t, after(&planner.DepartureDelayed{Departure: "S", Mode: planner.ModeSea}))
	require.Len(t, after(&planner.PassageClosed{Passage: "suez"}), 1)
	require.Empty(t, after(wish(door.AddDate(0, 0, 20))), "the exporter gives it more time")
	require.Empty(t, after(&planner.PassageReopened{Passage: "suez"}))
}

func TestUnknownPassage(t *testing.T) {
	for _, f := range []planner.Fact{&planner.PassageClosed{Passage: "suezz"}, &planner.PassageReopened{Passage: "suezz"}} {
		err := f.Validate()
		require.ErrorContains(t, err, `passage: must be the id of a strait or canal, got "suezz"; known are `)
		require.ErrorContains(t, err, "panama, ")
	}
	s := planner.NewState()
	s.Apply(log(firstOf, &planner.PassageClosed{Passage: "suezz"})[0]) // of a Haihe with another chart
	_, omitted := s.Problem(firstOf, 10)
	require.Equal(t, []planner.Omission{{Kind: "passage", ID: "suezz", Problem: "it is shut, but no such strait or canal is known"}}, omitted)
	_, ok := s.Passage("suezz")
	require.False(t, ok)
}

// BenchmarkClosure shuts and reopens Suez over 10,000 departures, and takes what changed and the problem each time.
func BenchmarkClosure(b *testing.B) {
	ports := []planner.Place{tianjin, hamburg, {ID: "NLRTM", Lat: 51.95, Lon: 4.1}, {ID: "SGSIN", Lat: 1.26, Lon: 103.8}, {ID: "AEJEA", Lat: 25, Lon: 55.05},
		{ID: "USLAX", Lat: 33.74, Lon: -118.26}, {ID: "USNYC", Lat: 40.67, Lon: -74.05}, {ID: "ITGOA", Lat: 44.4, Lon: 8.92}, {ID: "BRSSZ", Lat: -23.98, Lon: -46.3}}
	var facts []planner.Fact
	for _, p := range ports {
		facts = append(facts, &planner.PlaceDeclared{Place: p})
	}
	for i := range 10_000 {
		v, k := i/4, i%4
		facts = append(facts, leg(fmt.Sprintf("V%d/%d", v, k), fmt.Sprint("V", v), ports[(v+k)%len(ports)], ports[(v+k+1+v%7)%len(ports)],
			firstOf.Add(time.Duration(v%90*24+k*300)*time.Hour), 12))
	}
	s := planner.NewState()
	for _, e := range log(firstOf, facts...) {
		s.Apply(e)
	}
	s.TakeChanges()
	moved, i := 0, uint64(0)
	for b.Loop() {
		i++
		e := planner.Event{ID: "c", Sequence: i, Time: firstOf.AddDate(0, 0, 30), Fact: &planner.PassageReopened{Passage: "suez"}}
		if i%2 == 1 {
			e.Fact = &planner.PassageClosed{Passage: "suez"}
		}
		s.Apply(e)
		moved = len(s.TakeChanges().Departures)
		s.Problem(firstOf, 120)
	}
	b.ReportMetric(float64(moved), "moved")
}
