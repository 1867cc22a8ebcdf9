package geo

import (
	"fmt"
	"math"

	"github.com/paulmach/orb"
)

// Matrix is the distances by sea between some points, with one closure. It is safe for concurrent use.
type Matrix struct {
	n  int
	km []float32
}

// NewMatrix measures every pair of points: about a second for 200 of them. It fails on a position that [Valid] refuses and
// on an id that is no passage.
func NewMatrix(points []orb.Point, o Options) (*Matrix, error) {
	for i, p := range points {
		if err := Valid(p); err != nil {
			return nil, fmt.Errorf("geo: point %d of a matrix: %w", i, err)
		}
	}
	shut, err := o.closure()
	if err != nil {
		return nil, err
	}
	s := seawaysWith(shut)
	m := &Matrix{n: len(points), km: make([]float32, len(points)*len(points))}
	for i, p := range points {
		for j, q := range points[:i] {
			km := float32(math.Inf(1))
			if p == q {
				km = 0
			} else if w, err := s.way(p, q); err == nil {
				km = float32(w.nm * 1.852 * SeaFactor)
			}
			m.km[i*m.n+j], m.km[j*m.n+i] = km, km
		}
	}
	return m, nil
}

// Km is the distance in kilometres from the i-th point to the j-th; infinite where no way is open. It panics on a point
// that the matrix has not.
func (m *Matrix) Km(i, j int) float64 {
	if uint(i) >= uint(m.n) {
		panic(fmt.Sprintf("geo: point %d of a matrix of %d", i, m.n))
	}
	return float64(m.km[i*m.n : (i+1)*m.n][j])
}
