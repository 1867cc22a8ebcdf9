package chart

import (
	"math"
	"slices"

	"github.com/paulmach/orb"
)

// Ring is a closed outline; the last point is not the first again. Its edges are great circles, so that one that runs
// across the antimeridian needs no care.
type Ring []orb.Point

// Rings answers exactly, on the vectors of outlines, whether an arc crosses them and whether a point is inside.
type Rings struct {
	a, b, n []Vec // ends of each edge and their vector product
	ring    []int32
	lon, w  []float64
	lat, h  []float64
	cells   []int32 // edges by cell of one degree: those of cell c are list[cells[c]:cells[c+1]]
	list    []int32
	free    []uint8 // degrees about each cell without an edge
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
	r.ring = make([]int32, 0, total)
	for k, ring := range rings {
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
			r.ring = append(r.ring, int32(k))
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
	r.openWater()
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

// NoRing and NoEdge are none.
const (
	NoRing = int32(-1)
	NoEdge = int32(-1)
)

// Crossed tells whether the great circle from a to b crosses an outline.
func (r *Rings) Crossed(a, b Vec) bool { return r.Blocking(a, b, NoRing) != NoEdge }

// Blocking is an edge that the great circle from a to b crosses, of an outline other than one; NoEdge without any.
func (r *Rings) Blocking(a, b Vec, but int32) int32 {
	normal := a.Cross(b)
	l := normal.Length()
	theta := math.Atan2(l, a.Dot(b))
	if theta < 1e-12 {
		return NoEdge
	}
	side := normal.Times(1 / l).Cross(a)
	// The arc is followed in steps of whole degrees, the last perhaps beyond b: what lies there fails the exact test.
	end := int(math.Ceil(theta / degree))
	s, c := 0.0, 1.0
	lon, lat := nearly(a)
	last := [4]int{-1, -1, -1, -1}
	for done := 0; done < end; {
		step := max(1, int(r.free[row(lat)*cellsWide+column(math.Floor(lon))]))
		turn := &strides[step]
		s, c = s*turn[1]+c*turn[0], c*turn[1]-s*turn[0]
		done += step
		toLon, toLat := nearly(a.Times(c).Plus(side.Times(s)))
		if step > 1 {
			last = [4]int{-1, -1, -1, -1}
			lon, lat = toLon, toLat
			continue
		}
		// An arc of one degree bulges out of the box of its ends by less than a hundredth of a degree below 75° of
		// latitude, and by far less near the equator.
		slack := 0.02
		if math.Abs(lat) > 70 || math.Abs(toLat) > 70 {
			slack = 0.3
		}
		across := toLon - lon
		if across > 180 {
			across -= 360
		} else if across < -180 {
			across += 360
		}
		x0, x1 := order(lon, lon+across)
		y0, y1 := order(lat, toLat)
		var now [4]int
		k := 0
		for y := row(y0 - slack); y <= row(y1+slack); y++ {
			for x := math.Floor(x0 - slack); x <= math.Floor(x1+slack); x++ {
				cell := y*cellsWide + column(x)
				from, to := r.cells[cell], r.cells[cell+1]
				if from == to {
					continue
				}
				seen := cell == last[0] || cell == last[1] || cell == last[2] || cell == last[3]
				if k < 4 {
					now[k] = cell
					k++
				}
				if seen {
					continue
				}
				for _, i := range r.list[from:to] {
					s1, s2 := normal.Dot(r.a[i]), normal.Dot(r.b[i])
					if (s1 > 0) == (s2 > 0) {
						continue
					}
					u, w := r.n[i].Dot(a), r.n[i].Dot(b)
					if (s1 > 0 && u < 0 && w >= 0 || s1 <= 0 && u >= 0 && w < 0) && r.ring[i] != but {
						return i
					}
				}
			}
		}
		for ; k < 4; k++ {
			now[k] = -1
		}
		last, lon, lat = now, toLon, toLat
	}
	return NoEdge
}

// Blocks tells whether an edge lies across the great circle from a to b.
func (r *Rings) Blocks(edge int32, a, b Vec) bool {
	normal := a.Cross(b)
	s1, s2 := normal.Dot(r.a[edge]), normal.Dot(r.b[edge])
	if (s1 > 0) == (s2 > 0) {
		return false
	}
	u, w := r.n[edge].Dot(a), r.n[edge].Dot(b)
	return s1 > 0 && u < 0 && w >= 0 || s1 <= 0 && u >= 0 && w < 0
}

// Ring is the outline of an edge.
func (r *Rings) Ring(edge int32) int32 { return r.ring[edge] }

// longestStride bounds the degrees that a search goes over open water at once.
const longestStride = 32

// strides are sine and cosine of whole degrees.
var strides = func() (t [longestStride + 1][2]float64) {
	for i := range t {
		t[i][0], t[i][1] = math.Sincos(float64(i) * degree)
	}
	return
}()

// openWater gives for each cell a number of degrees within which there is no edge, by chamfer distances (Borgefors, Computer
// Vision, Graphics, and Image Processing 34, 1986) over cells as narrow as at their poleward side. Those are up to 8 %
// too long, and from middle to middle: hence the tenth and the two degrees taken off.
func (r *Rings) openWater() {
	const far = 1000
	d := make([]float32, cellsWide*cellsHigh)
	for c := range d {
		if r.cells[c] == r.cells[c+1] {
			d[c] = far
		}
	}
	var wide, aslant [cellsHigh]float32
	for y := range wide {
		lat := max(math.Abs(float64(y-90)), math.Abs(float64(y-89)))
		w := math.Cos(min(lat, 89.9) * degree)
		wide[y], aslant[y] = float32(w), float32(math.Hypot(1, w))
	}
	for range 2 { // the second time for what goes round the antimeridian
		for y := range cellsHigh {
			row := d[y*cellsWide : (y+1)*cellsWide]
			if y > 0 {
				nearer(row, d[(y-1)*cellsWide:y*cellsWide], min(aslant[y], aslant[y-1]))
			}
			along(row, wide[y])
		}
		for y := cellsHigh - 2; y >= 0; y-- {
			row := d[y*cellsWide : (y+1)*cellsWide]
			nearer(row, d[(y+1)*cellsWide:(y+2)*cellsWide], min(aslant[y], aslant[y+1]))
			along(row, wide[y])
		}
	}
	r.free = make([]uint8, len(d))
	for c := range d {
		r.free[c] = uint8(min(max(0.9*d[c]-2, 0), longestStride))
	}
}

// nearer brings distances from the row above or below: straight, or aslant.
func nearer(row, other []float32, slant float32) {
	last := len(row) - 1
	row[0] = min(row[0], other[0]+1, other[1]+slant, other[last]+slant)
	row[last] = min(row[last], other[last]+1, other[0]+slant, other[last-1]+slant)
	for x := 1; x < last; x++ {
		row[x] = min(row[x], other[x]+1, min(other[x-1], other[x+1])+slant)
	}
}

// along brings distances along a row, both ways round.
func along(row []float32, wide float32) {
	last := len(row) - 1
	row[0] = min(row[0], row[last]+wide)
	for x := 1; x <= last; x++ {
		row[x] = min(row[x], row[x-1]+wide)
	}
	row[last] = min(row[last], row[0]+wide)
	for x := last - 1; x >= 0; x-- {
		row[x] = min(row[x], row[x+1]+wide)
	}
}

// nearly is a position in degrees, right to a thousandth of one: an arc tangent by a polynomial (Abramowitz and Stegun,
// Handbook of Mathematical Functions, 4.4.49, with more terms).
func nearly(v Vec) (lon, lat float64) {
	return angleOf(v.Y, v.X), angleOf(v.Z, math.Sqrt(v.X*v.X+v.Y*v.Y))
}

func angleOf(y, x float64) float64 {
	ax, ay := math.Abs(x), math.Abs(y)
	lo, hi := ay, ax
	if ay > ax {
		lo, hi = ax, ay
	}
	if hi == 0 {
		return 0
	}
	z := lo / hi
	z2 := z * z
	t := z * (0.99997726 + z2*(-0.33262347+z2*(0.19354346+z2*(-0.11643287+z2*(0.05265332-z2*0.01172120))))) / degree
	if ay > ax {
		t = 90 - t
	}
	if x < 0 {
		t = 180 - t
	}
	return math.Copysign(t, y)
}

// Inside tells whether p is within the outlines: those crossed on the way to the north pole, which is sea, are odd.
func (r *Rings) Inside(p orb.Point) bool {
	odd := false
	r.north(p, func(int32) { odd = !odd })
	return odd
}

// Holding is an outline that p is within, or NoRing.
func (r *Rings) Holding(p orb.Point) int32 {
	var crossed []int32
	r.north(p, func(edge int32) {
		ring := r.ring[edge]
		if i := slices.Index(crossed, ring); i >= 0 {
			crossed = slices.Delete(crossed, i, i+1)
		} else {
			crossed = append(crossed, ring)
		}
	})
	if len(crossed) == 0 {
		return NoRing
	}
	return crossed[0]
}

// north calls see with each edge that is crossed on the way from p to the north pole.
func (r *Rings) north(p orb.Point, see func(edge int32)) {
	c := int(math.Floor(2*p[0])) + 360
	c = (c%columnCount + columnCount) % columnCount
	for _, i := range r.below[r.columns[c]:r.columns[c+1]] {
		d := math.Remainder(r.lon[i]-p[0], 360)
		e := d + r.w[i]
		if (d > 0) == (e > 0) || math.Abs(d) > 90 {
			continue
		}
		if r.lat[i]+r.h[i]*(-d/r.w[i]) > p[1] {
			see(i)
		}
	}
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
