package sample

import (
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"time"

	"haihe/geo"
	"haihe/planner"
)

// How far ahead schedules are published, in weeks from the week of now.
const (
	SeaWeeks = 15
	AirWeeks = 8
)

// Events returns the sample network as it stands on the UTC day of now: the same events for the same seed and day.
// They are valid, refer to nothing that is not among them, and stand in an order that a reader can follow.
func Events(seed uint64, now time.Time) []planner.Event {
	now = now.UTC()
	day := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, time.UTC)
	g := &generator{seed: seed, day: day, router: geo.NewRouter(), places: map[string]geo.Place{}}
	sea, air := g.sailings(), g.flights()
	sites := g.warehouses()
	for _, code := range sortedCodes(g.places) {
		g.say(day, "/ports/"+code, &planner.PlaceDeclared{Place: g.place(code)})
	}
	for _, legs := range [][]*planner.DepartureScheduled{sea, air} {
		for _, d := range legs {
			g.say(day, firmSource(d.Carrier), d)
		}
	}
	g.troubles(sea)
	for _, w := range sites {
		g.say(day, firmSource(w.Operator), w)
	}
	g.requests(sea, air, sites)
	return g.events
}

// First is the key of the first event, whatever seed and day: a state that has it, where it was published last, has them all.
func First() planner.Key {
	return (&planner.PlaceDeclared{Place: planner.Place{ID: "ADD"}}).Key()
}

// generator gathers events. Every table draws from a stream of random numbers of its own, so that a line more in one
// changes nothing in the others.
type generator struct {
	seed   uint64
	day    time.Time // midnight UTC
	router geo.Router
	places map[string]geo.Place // used so far
	events []planner.Event
}

// say adds an event. All have the sequence of the day's first microsecond, which no key is given twice.
func (g *generator) say(at time.Time, source string, f planner.Fact) {
	g.events = append(g.events, planner.Event{
		ID:       fmt.Sprintf("sample-%d-%s-%05d", g.seed, g.day.Format("20060102"), len(g.events)+1),
		Source:   source,
		Sequence: uint64(g.day.UnixMicro()),
		Time:     at,
		Fact:     f,
	})
}

func firmSource(id string) string { return "/firms/" + id }

// rand returns the stream of random numbers of a name.
func (g *generator) rand(name string) *random {
	h := fnv.New64a()
	h.Write([]byte(name))
	return &random{rand.New(rand.NewPCG(g.seed, h.Sum64()))}
}

type random struct{ *rand.Rand }

func (r *random) between(lo, hi float64) float64 { return lo + (hi-lo)*r.Float64() }

// lognormal has the median 1.
func (r *random) lognormal(sigma float64) float64 { return math.Exp(sigma * r.NormFloat64()) }

func round(x, to float64) float64 {
	// Dividing by the inverse keeps 0.1 × 3 from becoming 0.30000000000000004 in files.
	if to < 1 {
		k := math.Round(1 / to)
		return math.Round(x*k) / k
	}
	return math.Round(x/to) * to
}

func hours(h float64) time.Duration { return time.Duration(math.Round(h*60)) * time.Minute }

// use notes that the network has a place and returns it.
func (g *generator) use(code string) geo.Place {
	p, ok := geo.PlaceByCode(code)
	if !ok {
		panic(fmt.Sprintf("sample: the gazetteer does not have %s", code))
	}
	g.places[code] = p
	return p
}

// place declares a place with what changing there takes. Large hubs are quick and cheap.
func (g *generator) place(code string) planner.Place {
	p, rnd := g.places[code], g.rand("place "+code)
	q := planner.Place{ID: code, Name: p.NameEN, Kind: p.Kind, Country: p.Country, Lat: p.Point.Lat(), Lon: p.Point.Lon()}
	if p.Kind == geo.Airport {
		q.TransferHours, q.TransferCostM3 = round(rnd.between(4, 8), 1), round(rnd.between(11, 20), 0.5)
	} else {
		q.TransferHours, q.TransferCostM3 = round(rnd.between(24, 40), 1), round(rnd.between(6, 10), 0.5)
	}
	switch code {
	case "CNSHA", "KRPUS", "SGSIN", "NLRTM", "AEJEA", "ICN", "ANC":
		q.TransferHours = round(q.TransferHours*0.7, 1)
		q.TransferCostM3 = round(q.TransferCostM3*0.75, 0.5)
	}
	return q
}
