package geo

import (
	"fmt"
	"math"

	"github.com/paulmach/orb"
)

// EarthRadiusKm is the mean radius R1 of the Earth by the IUGG (Moritz, Geodetic Reference System 1980, J. Geodesy 74,
// 2000). orb/geo measures with the equatorial radius, 6,378.137 km, which makes every way 0.11 % longer; the mean radius
// is what keeps the error of a sphere against the ellipsoid smallest, and what MapLibre measures with in the browser.
const EarthRadiusKm = 6371.0088

const degree = math.Pi / 180

// Valid tells whether p is a position: longitude within ±180, latitude within ±90, both finite. Its error says which is not.
func Valid(p orb.Point) error {
	if !(math.Abs(p.Lat()) <= 90) { // also catches NaN
		return fmt.Errorf("geo: latitude %v is not within -90 and 90", p.Lat())
	}
	if !(math.Abs(p.Lon()) <= 180) {
		return fmt.Errorf("geo: longitude %v is not within -180 and 180", p.Lon())
	}
	return nil
}

// DistanceKm is the length of the great circle between a and b.
func DistanceKm(a, b orb.Point) float64 {
	return angle(toVector(a), toVector(b)) * EarthRadiusKm
}

// Bearing is the direction in which the great circle to b leaves a, in degrees from north, in [0, 360). It is 0 where
// every direction or none is right: b equal or antipodal to a.
func Bearing(a, b orb.Point) float64 {
	if angle(toVector(a), toVector(b)) == 0 {
		return 0
	}
	lat1, lat2, dLon := a.Lat()*degree, b.Lat()*degree, (b.Lon()-a.Lon())*degree
	y := math.Sin(dLon) * math.Cos(lat2)
	x := math.Cos(lat1)*math.Sin(lat2) - math.Sin(lat1)*math.Cos(lat2)*math.Cos(dLon)
	if math.Hypot(x, y) < 1e-12 {
		return 0
	}
	turn := math.Mod(math.Atan2(y, x)/degree+360, 360)
	return turn
}

// Interpolate is the point at a share of the great circle from a to b; a share outside 0 and 1 counts as the nearer end.
// Between antipodes, where every great circle is as short, it goes over the north pole.
func Interpolate(a, b orb.Point, share float64) orb.Point {
	return newArc(a, b).at(share)
}

// vector is a direction from the Earth's centre; of length 1 when it stands for a position.
type vector struct{ x, y, z float64 }

func toVector(p orb.Point) vector {
	sinLat, cosLat := math.Sincos(p.Lat() * degree)
	sinLon, cosLon := math.Sincos(p.Lon() * degree)
	return vector{cosLat * cosLon, cosLat * sinLon, sinLat}
}

func (v vector) point() orb.Point {
	return orb.Point{math.Atan2(v.y, v.x) / degree, math.Atan2(v.z, math.Hypot(v.x, v.y)) / degree}
}

func (v vector) cross(w vector) vector {
	return vector{v.y*w.z - v.z*w.y, v.z*w.x - v.x*w.z, v.x*w.y - v.y*w.x}
}

func (v vector) dot(w vector) float64 { return v.x*w.x + v.y*w.y + v.z*w.z }

func (v vector) length() float64 { return math.Sqrt(v.dot(v)) }

func (v vector) unit() vector {
	l := v.length()
	return vector{v.x / l, v.y / l, v.z / l}
}

// angle is in radians; the arc tangent is exact for the nearest and the farthest points, where arc cosine and haversine are not.
func angle(v, w vector) float64 { return math.Atan2(v.cross(w).length(), v.dot(w)) }

// arc is a great circle from one point to another: along(t) = u cos t + w sin t for t from 0 to theta.
type arc struct {
	from, to orb.Point
	u, w     vector
	theta    float64
}

func newArc(a, b orb.Point) arc {
	u, v := toVector(a), toVector(b)
	normal := u.cross(v)
	if normal.length() < 1e-12 { // equal or antipodal: any normal serves; this one leads over the north pole
		normal = vector{u.y, -u.x, 0}
		if normal.length() < 1e-12 {
			normal = vector{0, -1, 0}
		}
	}
	return arc{from: a, to: b, u: u, w: normal.cross(u).unit(), theta: angle(u, v)}
}

func (c arc) at(share float64) orb.Point {
	switch {
	case share <= 0:
		return c.from
	case share >= 1:
		return c.to
	}
	sin, cos := math.Sincos(share * c.theta)
	return vector{c.u.x*cos + c.w.x*sin, c.u.y*cos + c.w.y*sin, c.u.z*cos + c.w.z*sin}.point()
}

func (c arc) lengthKm() float64 { return c.theta * EarthRadiusKm }
