package geo

import (
	"math"
	"slices"

	"github.com/paulmach/orb"
)

const (
	maxStepKm   = 100.0 // a straight line on the page and the arc differ by 0.2 km in 100 km: less than ships keep off a coast
	maxTurnDeg  = 5.0   // near a pole longitudes turn fast: steps shrink until none turns by more
	smallStepKm = 1e-6  // a millimetre: what still turns then passes a pole so near that the line may go through it
)

// Line draws the great circles through the stops, in their order, as lines to put on a map: no two neighbouring points are
// more than 100 km or five degrees of longitude apart. A line that crosses the antimeridian ends at exactly ±180 where it
// does and goes on at ∓180; one that goes through a pole goes up its meridian to ±90 and comes down another. The result is
// never empty: a single stop, or equal stops, give one line of two equal points. No stop gives nil.
func Line(stops ...orb.Point) orb.MultiLineString {
	if len(stops) == 0 {
		return nil
	}
	c := cutter{last: stops[0], current: append(make(orb.LineString, 0, 96), stops[0])}
	for i := 1; i < len(stops); i++ {
		leg := newArc(stops[i-1], stops[i])
		n := math.Max(1, math.Ceil(leg.lengthKm()/maxStepKm))
		for k := 1.0; k <= n; k++ {
			c.follow(leg, (k-1)/n, k/n)
		}
	}
	c.flush()
	if len(c.lines) == 0 {
		return orb.MultiLineString{{stops[0], stops[0]}}
	}
	return c.lines
}

// LengthKm is the sum of the great circles between the neighbouring points of every line of m.
func LengthKm(m orb.MultiLineString) float64 {
	sum := 0.0
	for _, line := range m {
		for i := 1; i < len(line); i++ {
			sum += DistanceKm(line[i-1], line[i])
		}
	}
	return sum
}

// cutter strings points into lines and cuts where the page ends.
type cutter struct {
	lines   orb.MultiLineString
	current orb.LineString
	last    orb.Point
}

// follow adds the part of a leg between two shares, in halves while it turns too fast.
func (c *cutter) follow(leg arc, from, to float64) {
	next := leg.at(to)
	if math.Abs(turn(c.last, next)) > maxTurnDeg && (to-from)*leg.lengthKm() > smallStepKm {
		middle := (from + to) / 2
		c.follow(leg, from, middle)
		c.follow(leg, middle, to)
		return
	}
	c.add(next)
}

func (c *cutter) add(p orb.Point) {
	if math.Abs(p.Lon()) == 180 { // both signs are the same place: stay on this side until the line goes on
		p[0] = math.Copysign(180, c.last.Lon())
	}
	switch {
	case p == c.last:
		return
	case math.Abs(turn(c.last, p)) > maxTurnDeg:
		pole := math.Copysign(90, p.Lat())
		c.put(orb.Point{c.last.Lon(), pole})
		c.flush()
		c.put(orb.Point{p.Lon(), pole})
	case math.Abs(p.Lon()-c.last.Lon()) > 180:
		edge, lat := math.Copysign(180, c.last.Lon()), crossing(c.last, p)
		c.put(orb.Point{edge, lat})
		c.flush()
		c.put(orb.Point{-edge, lat})
	}
	c.put(p)
	c.last = p
}

func (c *cutter) put(p orb.Point) {
	if n := len(c.current); n == 0 || c.current[n-1] != p {
		c.current = append(c.current, p)
	}
}

func (c *cutter) flush() {
	if len(c.current) > 1 {
		c.lines = append(c.lines, slices.Clone(c.current))
	}
	c.current = c.current[:0]
}

// turn is the difference in longitude from a to b, the short way round, in degrees.
func turn(a, b orb.Point) float64 {
	d := b.Lon() - a.Lon()
	switch {
	case d > 180:
		return d - 360
	case d < -180:
		return d + 360
	}
	return d
}

// crossing is the latitude where the great circle from a to b meets the antimeridian. An end on it is the answer itself.
func crossing(a, b orb.Point) float64 {
	if math.Abs(a.Lon()) == 180 {
		return a.Lat()
	}
	if math.Abs(b.Lon()) == 180 {
		return b.Lat()
	}
	normal := toVector(a).cross(toVector(b))
	// The circle's plane cuts the plane of the antimeridian along normal × (0, 1, 0); of its two ends we want x < 0.
	x, z := -normal.z, normal.x
	if x > 0 {
		x, z = -x, -z
	}
	return math.Atan2(z, -x) / degree
}
