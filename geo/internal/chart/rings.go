package chart

import (
	"math"

	"github.com/paulmach/orb"
)

// Ring is a closed outline; the last point is not the first again. Its edges are great circles, so that one that runs
// across the antimeridian needs no care.
type Ring []orb.Point

// Rings answers exactly, on the vectors of outlines, whether an arc crosses them and whether a point is inside.
type Rings struct {
	a, b, n []Vec // ends of each edge and their vector product
	lon, w  []float64
	lat, h  []float64
	cells   []int32 // edges by cell of one degree: those of cell c are list[cells[c]:cells[c+1]]
	list    []int32
	columns []int32 // the same for columns of half a degree of longitude
	below   []int32
}

const (
	cellsWide, cellsHigh = 360, 180
	columnCount          = 720
)

// NewRings indexes outlines.
func NewRings(rings []Ring) *Rings {
	r := &Rings{}
	total := 0
	for _, ring := range rings {
		total += len(ring)
	}
	r.a, r.b, r.n = make([]Vec, 0, total), make([]Vec, 0, total), make([]Vec, 0, total)
	r.lon, r.w = make([]float64, 0, total), make([]float64, 0, total)
	r.lat, r.h = make([]float64, 0, total), make([]float64, 0, total)
	closesNorth := make([]bool, 0, total) // of each edge
	for _, ring := range rings {
		if len(ring) < 2 {
			continue
		}
		north := roundNorthPole(ring)
		first := At(ring[0])
		prev := first
		for i := range ring {
			j, next := i+1, first
			if j == len(ring) {
				j = 0
			} else {
				next = At(ring[j])
			}
			r.a, r.b, r.n = append(r.a, prev), append(r.b, next), append(r.n, prev.Cross(next))
			r.lon, r.w = append(r.lon, ring[i][0]), append(r.w, math.Remainder(ring[j][0]-ring[i][0], 360))
			r.lat, r.h = append(r.lat, ring[i][1]), append(r.h, ring[j][1]-ring[i][1])
			closesNorth = append(closesNorth, north)
			prev = next
		}
	}
	r.cells, r.list = bucket(cellsWide*cellsHigh, len(r.a), func(i int, put func(int)) {
		x0, x1 := order(r.lon[i], r.lon[i]+r.w[i])
		y0, y1 := order(r.lat[i], r.lat[i]+r.h[i])
		for y := row(y0); y <= row(y1); y++ {
			for x := math.Floor(x0); x <= math.Floor(x1); x++ {
				put(y*cellsWide + column(x))
			}
		}
	})
	r.columns, r.below = bucket(columnCount, len(r.a), func(i int, put func(int)) {
		if closesNorth[i] {
			return // Inside reckons the pole to the outside: such an outline bars ways, and holds nothing
		}
		x0, x1 := order(r.lon[i], r.lon[i]+r.w[i])
		for x := math.Floor(2 * x0); x <= math.Floor(2*x1); x++ {
			put(int(math.Mod(math.Mod(x+360, columnCount)+columnCount, columnCount)))
		}
	})
	return r
}

func roundNorthPole(ring Ring) bool {
	x := 0.0
	for i, p := range ring {
		x += math.Remainder(ring[(i+1)%len(ring)][0]-p[0], 360)
	}
	return math.Abs(x) > 180 && ring[0][1] > 0
}

func order(x, y float64) (float64, float64) { return min(x, y), max(x, y) }

func row(lat float64) int { return min(max(int(math.Floor(lat))+90, 0), cellsHigh-1) }

func column(floor float64) int {
	c := int(floor) + 180
	if c < 0 || c >= cellsWide {
		c = (c%cellsWide + cellsWide) % cellsWide
	}
	return c
}

// bucket counts, then fills: no slice a cell.
func bucket(cells, items int, places func(item int, put func(int))) (begin, list []int32) {
	begin = make([]int32, cells+1)
	for i := range items {
		places(i, func(c int) { begin[c+1]++ })
	}
	for c := range cells {
		begin[c+1] += begin[c]
	}
	list = make([]int32, begin[cells])
	at := make([]int32, cells)
	for i := range items {
		places(i, func(c int) { list[begin[c]+at[c]] = int32(i); at[c]++ })
	}
	return begin, list
}

// Crossed tells whether the great circle from a to b crosses an outline.
func (r *Rings) Crossed(a, b Vec) bool {
	normal := a.Cross(b)
	theta := math.Atan2(normal.Length(), a.Dot(b))
	if theta < 1e-12 {
		return false
	}
	side := normal.Unit().Cross(a)
	chunks := math.Ceil(theta / degree)
	sin, cos := math.Sincos(theta / chunks)
	s, c := 0.0, 1.0
	p := a.Point()
	last := [4]int{-1, -1, -1, -1}
	for range int(chunks) {
		s, c = s*cos+c*sin, c*cos-s*sin
		q := a.Times(c).Plus(side.Times(s)).Point()
		// An arc of one degree bulges out of the box of its ends by less than a hundredth of a degree below 75° of
		// latitude, and by far less near the equator.
		slack := 0.02
		if math.Abs(p[1]) > 70 || math.Abs(q[1]) > 70 {
			slack = 0.3
		}
		x0, x1 := order(p[0], p[0]+math.Remainder(q[0]-p[0], 360))
		y0, y1 := order(p[1], q[1])
		var now [4]int
		k := 0
		for y := row(y0 - slack); y <= row(y1+slack); y++ {
			for x := math.Floor(x0 - slack); x <= math.Floor(x1+slack); x++ {
				cell := y*cellsWide + column(x)
				from, to := r.cells[cell], r.cells[cell+1]
				if from == to || cell == last[0] || cell == last[1] || cell == last[2] || cell == last[3] {
					if k < 4 && from != to {
						now[k] = cell
						k++
					}
					continue
				}
				if k < 4 {
					now[k] = cell
					k++
				}
				for _, i := range r.list[from:to] {
					s1, s2 := normal.Dot(r.a[i]), normal.Dot(r.b[i])
					if (s1 > 0) == (s2 > 0) {
						continue
					}
					u, w := r.n[i].Dot(a), r.n[i].Dot(b)
					if s1 > 0 && u < 0 && w >= 0 || s1 <= 0 && u >= 0 && w < 0 {
						return true
					}
				}
			}
		}
		for ; k < 4; k++ {
			now[k] = -1
		}
		last, p = now, q
	}
	return false
}

// Inside tells whether p is within the outlines: those crossed on the way to the north pole, which is sea, are odd.
func (r *Rings) Inside(p orb.Point) bool {
	c := int(math.Floor(2*p[0])) + 360
	c = (c%columnCount + columnCount) % columnCount
	odd := false
	for _, i := range r.below[r.columns[c]:r.columns[c+1]] {
		d := math.Remainder(r.lon[i]-p[0], 360)
		e := d + r.w[i]
		if (d > 0) == (e > 0) || math.Abs(d) > 90 {
			continue
		}
		if r.lat[i]+r.h[i]*(-d/r.w[i]) > p[1] {
			odd = !odd
		}
	}
	return odd
}

// Nearest is the point of the outlines nearest to p within a reach in nautical miles, and its distance; without one the
// distance is infinite.
func (r *Rings) Nearest(p orb.Point, reachNm float64) (Vec, float64) {
	v := At(p)
	best, bestNm := Vec{}, math.Inf(1)
	r.Near(p, reachNm, func(i int32) {
		q := Nearest(v, r.a[i], r.b[i])
		if nm := v.Nm(q); nm < bestNm && nm <= reachNm {
			best, bestNm = q, nm
		}
	})
	return best, bestNm
}

// Near calls see with each edge that may lie within a reach of p, perhaps twice.
func (r *Rings) Near(p orb.Point, reachNm float64, see func(edge int32)) {
	dy := reachNm / 60
	dx := min(dy/math.Max(math.Cos((math.Abs(p[1])+dy)*degree), 0.02), 179)
	for y := row(p[1] - dy); y <= row(p[1]+dy); y++ {
		for x := math.Floor(p[0] - dx); x <= math.Floor(p[0]+dx); x++ {
			cell := y*cellsWide + column(x)
			for _, i := range r.list[r.cells[cell]:r.cells[cell+1]] {
				see(i)
			}
		}
	}
}

// Ends are the two ends of an edge.
func (r *Rings) Ends(edge int32) (Vec, Vec) { return r.a[edge], r.b[edge] }
