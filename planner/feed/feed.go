package feed

import (
	"fmt"
	"math"
	"math/rand/v2"
	"net/url"
	"strings"
	"time"

	"haihe/geo"
	"haihe/planner"
)

// Feed makes up events. It keeps its random numbers and its clock of what is due; one goroutine may use it.
type Feed struct {
	seed     uint64
	speed    float64
	rnd      *rand.Rand
	router   geo.Router
	kinds    []kind
	due      []time.Time // by kind
	index    *index
	services []*service
	rolled   map[string]pending // departures published that the state may not hold yet, by id
	sailed   map[string]progress
	after    string // the departure whose position was reported last
	number   int    // events so far

	now    time.Time
	state  *planner.State
	events []planner.Event // of this call
	said   map[planner.Key]uint64
}

// kind is one kind of event with its mean time between two at speed 1. Steady ones do not vary.
type kind struct {
	every  float64 // s
	steady bool
	make   func(*Feed) (busy float64) // says how many times rarer the next is
}

// New returns a feed whose events follow from the seed, the clock and the states it is shown. At speed 1 something
// happens every 2 to 3 s; speed 10 is ten times as lively. A speed that is not above 0 counts as 1.
func New(seed uint64, speed float64) *Feed {
	if !(speed > 0) || math.IsInf(speed, 1) {
		speed = 1
	}
	f := &Feed{seed: seed, speed: speed, rnd: rand.New(rand.NewPCG(seed, 0x6861696865)), router: geo.NewRouter(),
		rolled: map[string]pending{}, sailed: map[string]progress{}}
	always := func(make func(*Feed)) func(*Feed) float64 {
		return func(f *Feed) float64 { make(f); return 1 }
	}
	f.kinds = []kind{
		{2, true, always((*Feed).reportPositions)},
		{5, true, always((*Feed).rollForward)},
		{9, false, always((*Feed).delaySomething)},
		{8, false, always((*Feed).changeRoom)},
		{9, false, always((*Feed).reportOccupancy)},
		{8, false, (*Feed).submitRequest},
		{75, false, always((*Feed).withdrawRequest)},
		{60, false, always((*Feed).cancelOrReinstate)},
		{45, false, always((*Feed).changeRate)},
		{300, false, always((*Feed).closeOrReopen)},
		{60, true, always((*Feed).reopenPassages)},
		{passagesEvery, false, always((*Feed).closePassage)},
	}
	return f
}

// leastWait keeps a fast feed from spinning.
const leastWait = 20 * time.Millisecond

// Next returns the events that are due at now, which may be none, and how long to wait before asking again. It reads s
// and does not apply the events: whoever reads them back from the log does. Times that now jumps over are not made up for.
func (f *Feed) Next(now time.Time, s *planner.State) (events []planner.Event, wait time.Duration) {
	now = now.UTC()
	f.now, f.state, f.events, f.said = now, s, nil, map[planner.Key]uint64{}
	f.readNetwork()
	if f.due == nil { // positions at once, the rest one by one
		f.due = make([]time.Time, len(f.kinds))
		for i, k := range f.kinds {
			if !k.steady {
				f.due[i] = now.Add(f.pause(k, f.rnd.Float64()))
			}
		}
	}
	first := now.Add(time.Minute)
	for i, k := range f.kinds {
		setBack := f.due[i].Sub(now).Seconds() > 1000*k.every/f.speed // the clock was
		if setBack || !f.due[i].After(now) {
			f.due[i] = now.Add(f.pause(k, k.make(f)))
		}
		if f.due[i].Before(first) {
			first = f.due[i]
		}
	}
	events, f.events, f.state = f.events, nil, nil
	return events, max(first.Sub(now), leastWait)
}

// pause is the time to the next of a kind, times as rare.
func (f *Feed) pause(k kind, times float64) time.Duration {
	s := k.every * times / f.speed
	if !k.steady {
		s *= 0.4 + 1.2*f.rnd.Float64()
	}
	return time.Duration(min(s, longestPause) * float64(time.Second))
}

// longestPause, s, keeps the pauses of a very slow feed within what a time.Duration holds: two weeks at a ten-thousandth
// of the usual speed are not, and would be over at once.
const longestPause = 10 * 365 * 24 * 3600.0

const idPrefix = "feed-"

// maySet reports whether the feed may set a key: nothing holds for it, or a fact of its own or of the sample. Nor
// does it say two things of one key at a time.
func (f *Feed) maySet(k planner.Key) bool {
	if f.said[k] > 0 {
		return false
	}
	held, ok := f.state.Held(k)
	return !ok || ours(held.ID)
}

func ours(eventID string) bool {
	return strings.HasPrefix(eventID, idPrefix) || strings.HasPrefix(eventID, "sample-")
}

// say adds an event.
func (f *Feed) say(source string, fact planner.Fact) {
	k := fact.Key()
	sequence := max(f.state.Sequence(k)+1, uint64(max(f.now.UnixMicro(), 0)), f.said[k]+1)
	f.said[k] = sequence
	f.number++
	f.events = append(f.events, planner.Event{
		ID:     fmt.Sprintf("%s%d-%d-%d", idPrefix, f.seed, f.now.UnixMicro(), f.number),
		Source: source, Sequence: sequence, Time: f.now, Fact: fact,
	})
}

// firm and exporter are the sources of events: /firms/bohai-ocean.
func firm(name string) string     { return source("/firms/", name) }
func exporter(name string) string { return source("/exporters/", name) }

func source(of, name string) string {
	if name == "" {
		name = "unnamed"
	}
	return of + url.PathEscape(name)
}

func (f *Feed) between(lo, hi float64) float64 { return lo + (hi-lo)*f.rnd.Float64() }
func (f *Feed) chance(p float64) bool          { return f.rnd.Float64() < p }

func choose[T any](f *Feed, list []T) (T, bool) {
	if len(list) == 0 {
		var none T
		return none, false
	}
	return list[f.rnd.IntN(len(list))], true
}

// wander moves x, a share of what was first published, a step: back toward 1, and by chance either way.
func (f *Feed) wander(x, back, noise, low, high float64) float64 {
	return min(max(1+(1-back)*(x-1)+noise*f.rnd.NormFloat64(), low), high)
}

func hours(h float64) time.Duration { return time.Duration(h * float64(time.Hour)) }

func roundTo(x, step float64) float64 {
	k := math.Round(1 / step)
	return math.Round(x*k) / k
}
