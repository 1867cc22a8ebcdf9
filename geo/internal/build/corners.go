package main

import (
	"math"

	"github.com/paulmach/orb"

	"haihe/geo/internal/chart"
)

// corner is a point off a coast round which a shortest way may bend, with the directions of the coast beside it.
type corner struct {
	point         orb.Point
	before, after float64 // bearings, radians
	free          bool
}

const degree = math.Pi / 180

// simplify is Douglas and Peucker's: the fewest points of a ring from which the others are less than a tolerance away.
func simplify(ring chart.Ring, tolerance func(lat float64) float64) chart.Ring {
	if len(ring) < 4 {
		return ring
	}
	far, farNm := 0, -1.0
	v := make([]chart.Vec, len(ring))
	for i, p := range ring {
		v[i] = chart.At(p)
		if nm := v[0].Nm(v[i]); nm > farNm {
			far, farNm = i, nm
		}
	}
	keep := make([]bool, len(ring))
	keep[0], keep[far] = true, true
	var divide func(i, j int)
	divide = func(i, j int) {
		worst, at := 0.0, -1
		a, b := v[i], v[j%len(v)]
		for k := i + 1; k < j; k++ {
			if nm := offLine(v[k], a, b) / tolerance(ring[k][1]); nm > worst {
				worst, at = nm, k
			}
		}
		if worst > 1 {
			keep[at] = true
			divide(i, at)
			divide(at, j)
		}
	}
	divide(0, far)
	divide(far, len(ring))
	var out chart.Ring
	for i, p := range ring {
		if keep[i] {
			out = append(out, p)
		}
	}
	return out
}

// offLine is how far p is from the arc a–b, in nautical miles.
func offLine(p, a, b chart.Vec) float64 {
	n := a.Cross(b)
	if l := n.Length(); l > 1e-12 && a.Cross(p).Dot(n) > 0 && p.Cross(b).Dot(n) > 0 {
		return math.Abs(math.Asin(p.Dot(n)/l)) * chart.NmPerRad
	}
	return min(p.Nm(a), p.Nm(b))
}

// onRight tells whether the inside of a ring lies to the right of its direction.
func onRight(ring chart.Ring) bool {
	area, x := 0.0, 0.0
	for i := range ring {
		p, q := ring[i], ring[(i+1)%len(ring)]
		d := math.Remainder(q[0]-p[0], 360)
		area += (x + x + d) * (q[1] - p[1]) / 2
		x += d
	}
	if math.Abs(x) > 180 { // round a pole, which is inside
		return (x > 0) == (ring[0][1] < 0)
	}
	return area < 0
}

// corners stands nodes off the points of a ring where its land or shoal juts out. A sharp one gets several, so that a way
// round it is an arc and not a spike.
func corners(ring chart.Ring, offNm []float64, clear func(at, node chart.Vec, offNm float64) bool) []corner {
	var list []corner
	right := onRight(ring)
	n := len(ring)
	if n < 2 {
		return nil
	}
	for i := range ring {
		v := chart.At(ring[i])
		in, out := v.Bearing(chart.At(ring[(i+n-1)%n]))+math.Pi, v.Bearing(chart.At(ring[(i+1)%n]))
		bend := math.Remainder(out-in, 2*math.Pi) // clockwise positive
		if !right {
			in, out = out+math.Pi, in+math.Pi
			bend = math.Remainder(out-in, 2*math.Pi)
		}
		if n == 2 { // an islet that is but a line: round both its ends
			bend = math.Pi
		}
		// With the land to the right, a turn to the right is a cape.
		if bend <= 0.5*degree {
			continue
		}
		steps := math.Ceil(bend / (75 * degree))
		each := bend / steps
		for k := range int(steps) {
			first, last := in+each*float64(k), in+each*float64(k+1)
			outward := (first+last)/2 - math.Pi/2
			for _, nm := range offNm {
				d := nm / math.Cos(each/2)
				node := v.Off(outward, d)
				if clear(v, node, nm) {
					list = append(list, corner{point: round(node.Point()), before: first + math.Pi, after: last})
					break
				}
			}
		}
	}
	return list
}

func round(p orb.Point) orb.Point {
	x := math.Round(p[0]/chart.Grid) * chart.Grid
	return orb.Point{x, math.Round(p[1]/chart.Grid) * chart.Grid}
}
