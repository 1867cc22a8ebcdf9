package planner

import (
	"math"
	"slices"
	"strings"
	"time"

	"github.com/paulmach/orb"

	"haihe/geo"
)

// closure is one passage that ships find shut, for as long as its fact holds.
type closure struct {
	passage string
	reason  string
	from    time.Time
	until   time.Time // zero: no end is known
	told    time.Time // when ships turn: as it shuts, or as it is announced before that
}

func (c *closure) shutAt(t time.Time) bool {
	return !t.Before(c.from) && (c.until.IsZero() || t.Before(c.until))
}

// seaways remembers ways by sea, with and without passages that are shut. It belongs to one State.
type seaways struct {
	routers map[string]geo.Router // by the passages avoided
	ways    map[seaQuestion]*seaway
}

type seaQuestion struct {
	from, to orb.Point
	avoiding string
}

// seaway is a way by sea and where on it passages are met, in km from its beginning. Without a way it is nil.
type seaway struct {
	geo.Route
	meets []meeting
}

type meeting struct {
	passage string
	km      float64
}

// Bounds of what is remembered: a network has hundreds of pairs of ports, and few passages are shut at a time.
const (
	rememberedWays    = 1 << 15
	rememberedRouters = 16
)

// way returns the way between two points that avoids some passages, or nil where there is none.
func (w *seaways) way(from, to orb.Point, avoid []string) *seaway {
	avoid = slices.Sorted(slices.Values(avoid))
	q := seaQuestion{from, to, strings.Join(avoid, " ")}
	if known, ok := w.ways[q]; ok {
		return known
	}
	if w.ways == nil || len(w.ways) >= rememberedWays {
		w.ways = map[seaQuestion]*seaway{}
	}
	w.ways[q] = nil
	router := w.router(q.avoiding, avoid)
	if router == nil {
		return nil
	}
	r, err := router(from, to, geo.Sea)
	if err != nil {
		return nil
	}
	found := &seaway{Route: r}
	for _, id := range r.Via {
		if p, ok := passageByID(id); ok {
			found.meets = append(found.meets, meeting{id, r.DistanceKm * nearestShare(r.Line, orb.Point{p.Lon, p.Lat})})
		}
	}
	w.ways[q] = found
	return found
}

func (w *seaways) router(name string, avoid []string) geo.Router {
	router, ok := w.routers[name]
	if ok {
		return router
	}
	if w.routers == nil || len(w.routers) >= rememberedRouters {
		w.routers = map[string]geo.Router{}
	}
	if len(avoid) == 0 {
		router = geo.NewRouter()
	} else if r, err := geo.NewRouterAvoiding(avoid...); err == nil {
		router = r
	}
	w.routers[name] = router
	return router
}

// divert returns what closures do to a ship that leaves at a time and would take so many hours on its normal way,
// or nil where they do nothing. The ship keeps its speed. Of each passage ahead that it would find shut it learns
// when the closure is told; from there, or from its port if it has not left, it takes the shortest way around.
func (w *seaways) divert(from, to orb.Point, depart time.Time, hours float64, shut []closure) *Diversion {
	way := w.way(from, to, nil)
	if way == nil || way.DistanceKm <= 0 || hours <= 0 {
		return nil
	}
	normalKm, speed := way.DistanceKm, way.DistanceKm/hours
	at, here, doneKm := depart, from, 0.0
	var done orb.MultiLineString
	var via []string
	var d *Diversion
	for {
		c := firstShut(way, at, speed, shut, d)
		if c == nil {
			break
		}
		if d == nil {
			d = &Diversion{Reason: c.reason}
		}
		d.Passages = append(d.Passages, c.passage)
		if c.told.After(at) {
			share := c.told.Sub(at).Hours() * speed / way.DistanceKm
			here, _ = way.At(share)
			done = append(done, firstPart(way.Line, share)...)
			for _, m := range way.meets {
				if m.km <= share*way.DistanceKm {
					via = append(via, m.passage)
				}
			}
			doneKm += share * way.DistanceKm
			at = c.told
			if d.Turned == nil {
				turned := at
				d.Turned = &turned
			}
		}
		if way = w.way(here, to, d.Passages); way == nil {
			d.Blocked, d.Turned = true, nil
			return d
		}
	}
	if d == nil {
		return nil
	}
	further := max(0, doneKm+way.DistanceKm-normalKm)
	d.Km = math.Round(further*10) / 10
	d.Hours = math.Round(further/speed*60) / 60
	d.further = further / normalKm
	d.Way = way.Route
	if done != nil {
		d.Way = geo.Route{Line: append(done, way.Line...), DistanceKm: doneKm + way.DistanceKm, Via: append(via, way.Via...)}
	}
	return d
}

// firstShut returns the closure, of those that a ship finds on its way and does not avoid yet, that turns it first:
// by when it is told, then by where it is met. One met after another may be open again when the detour comes there.
func firstShut(way *seaway, at time.Time, speed float64, shut []closure, d *Diversion) *closure {
	var first *closure
	var turn time.Time
	var firstKm float64
	for i := range shut {
		c := &shut[i]
		if d != nil && slices.Contains(d.Passages, c.passage) {
			continue
		}
		told := c.told
		if told.Before(at) {
			told = at
		}
		for _, m := range way.meets {
			if m.passage != c.passage || !c.shutAt(at.Add(hoursLong(m.km/speed))) {
				continue
			}
			if first == nil || told.Before(turn) || told.Equal(turn) && m.km < firstKm {
				first, turn, firstKm = c, told, m.km
			}
		}
	}
	return first
}

func hoursLong(h float64) time.Duration {
	return time.Duration(h * float64(time.Hour)).Round(time.Millisecond) // 0.1 h is 6 min, to the nanosecond
}

// nearestShare is how far along a line the point of it is that is nearest to p, from 0 to 1.
func nearestShare(line orb.MultiLineString, p orb.Point) float64 {
	along, best, bestKm2 := 0.0, 0.0, math.Inf(1)
	for _, part := range line {
		for i := 1; i < len(part); i++ {
			a, b, km := geo.DistanceKm(part[i-1], p), geo.DistanceKm(part[i], p), geo.DistanceKm(part[i-1], part[i])
			if km == 0 {
				continue
			}
			// Steps are short enough to be flat: the foot of p on one, by the law of cosines.
			cos := (a*a + km*km - b*b) / (2 * km)
			foot := min(max(cos, 0), km)
			if off := a*a + foot*foot - 2*foot*cos; off < bestKm2 {
				best, bestKm2 = along+foot, off
			}
			along += km
		}
	}
	if along == 0 {
		return 0
	}
	return best / along
}

// firstPart is a line up to a share of its length.
func firstPart(line orb.MultiLineString, share float64) orb.MultiLineString {
	left := share * geo.LengthKm(line)
	var parts orb.MultiLineString
	for _, whole := range line {
		part := whole[:1:1]
		for i := 1; i < len(whole); i++ {
			km := geo.DistanceKm(whole[i-1], whole[i])
			if km > 0 && km >= left {
				return append(parts, append(part, geo.Interpolate(whole[i-1], whole[i], left/km)))
			}
			left -= km
			part = append(part, whole[i])
		}
		parts = append(parts, part)
	}
	return parts
}
