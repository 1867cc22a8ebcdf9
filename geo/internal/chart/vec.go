package chart

import (
	"math"

	"github.com/paulmach/orb"
)

// NmPerRad is the length of a radian of a great circle in nautical miles, on the sphere of geo.EarthRadiusKm.
const NmPerRad = 6371.0088 / 1.852

const degree = math.Pi / 180

// Vec is a direction from the Earth's centre; of length 1 when it stands for a position.
type Vec struct{ X, Y, Z float64 }

// At is the vector of a position in degrees.
func At(p orb.Point) Vec {
	sinLat, cosLat := math.Sincos(p[1] * degree)
	sinLon, cosLon := math.Sincos(p[0] * degree)
	return Vec{cosLat * cosLon, cosLat * sinLon, sinLat}
}

// Point is the position of a vector, in degrees.
func (v Vec) Point() orb.Point {
	return orb.Point{math.Atan2(v.Y, v.X) / degree, math.Atan2(v.Z, math.Hypot(v.X, v.Y)) / degree}
}

// Cross is the vector product.
func (v Vec) Cross(w Vec) Vec {
	return Vec{v.Y*w.Z - v.Z*w.Y, v.Z*w.X - v.X*w.Z, v.X*w.Y - v.Y*w.X}
}

// Dot is the scalar product.
func (v Vec) Dot(w Vec) float64 { return v.X*w.X + v.Y*w.Y + v.Z*w.Z }

// Plus is the sum of v and w.
func (v Vec) Plus(w Vec) Vec { return Vec{v.X + w.X, v.Y + w.Y, v.Z + w.Z} }

// Times scales v.
func (v Vec) Times(f float64) Vec { return Vec{v.X * f, v.Y * f, v.Z * f} }

// Length is the Euclidean length of v.
func (v Vec) Length() float64 { return math.Sqrt(v.Dot(v)) }

// Unit is v at length 1.
func (v Vec) Unit() Vec { return v.Times(1 / v.Length()) }

// Angle between v and w in radians, exact for near and far points alike.
func (v Vec) Angle(w Vec) float64 { return math.Atan2(v.Cross(w).Length(), v.Dot(w)) }

// Nm is the length of the great circle between two positions, in nautical miles.
func (v Vec) Nm(w Vec) float64 {
	d := Vec{v.X - w.X, v.Y - w.Y, v.Z - w.Z}
	if s := d.Dot(d); s < 0.01 { // below 340 miles the series of the arc of a chord is exact to a tenth of a millimetre
		return math.Sqrt(s) * (1 + s*(1.0/24+s*(3.0/640+s*(5.0/7168)))) * NmPerRad
	}
	return v.Angle(w) * NmPerRad
}

// Bearing of w seen from v, in radians clockwise from north.
func (v Vec) Bearing(w Vec) float64 {
	east := Vec{-v.Y, v.X, 0}
	north := v.Cross(east)
	return math.Atan2(w.Dot(east), w.Dot(north))
}

// Off is the position at a distance from v in a direction: radians clockwise from north, nautical miles.
func (v Vec) Off(bearing, nm float64) Vec {
	east := Vec{-v.Y, v.X, 0}.Unit()
	north := v.Cross(east)
	sin, cos := math.Sincos(nm / NmPerRad)
	sb, cb := math.Sincos(bearing)
	return v.Times(cos).Plus(north.Times(sin * cb)).Plus(east.Times(sin * sb))
}

// Meet tells whether the arcs a–b and c–d, both shorter than half the globe, cross.
func Meet(a, b, c, d Vec) bool {
	n, m := a.Cross(b), c.Cross(d)
	s, t := n.Dot(c), n.Dot(d)
	u, w := m.Dot(a), m.Dot(b)
	return s > 0 && t <= 0 && u < 0 && w >= 0 || s <= 0 && t > 0 && u >= 0 && w < 0
}

// Nearest is the point of the arc a–b nearest to p.
func Nearest(p, a, b Vec) Vec {
	n := a.Cross(b)
	l := n.Length()
	if l < 1e-15 {
		return a
	}
	n = n.Times(1 / l)
	q := p.Plus(n.Times(-p.Dot(n)))
	if ql := q.Length(); ql > 1e-12 {
		q = q.Times(1 / ql)
		if a.Cross(q).Dot(n) >= 0 && q.Cross(b).Dot(n) >= 0 {
			return q
		}
	}
	if p.Dot(a) > p.Dot(b) {
		return a
	}
	return b
}
