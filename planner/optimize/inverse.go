package optimize

import (
	"errors"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// square is the explicit inverse of a small dense matrix that changes by a row or a column at a time. Row i of
// the inverse belongs to column i of the matrix and the other way round.
type square struct {
	n, stride int
	x         []float64
}

func (s *square) row(i int) []float64 { return s.x[i*s.stride : i*s.stride+s.n] }

func (s *square) column(j int, to []float64) {
	for i := range s.n {
		to[i] = s.x[i*s.stride+j]
	}
}

// times computes the inverse times a sparse column: nonzero lists the places of g that may not be zero.
func (s *square) times(g []float64, nonzero []int32, to []float64) {
	for i := range s.n {
		row, t := s.row(i), 0.0
		for _, j := range nonzero {
			t += row[j] * g[j]
		}
		to[i] = t
	}
}

// replaceColumn puts a new column in place p of the matrix; alpha is the inverse times the new column.
func (s *square) replaceColumn(p int, alpha []float64) {
	pivot := s.row(p)
	floats.Scale(1/alpha[p], pivot)
	for i := range s.n {
		if i != p && alpha[i] != 0 {
			floats.AddScaled(s.row(i), -alpha[i], pivot)
		}
	}
}

// replaceRow puts a new row in place t of the matrix; u is the new row times the inverse.
func (s *square) replaceRow(t int, u []float64) {
	pivot := u[t]
	for i := range s.n {
		row := s.row(i)
		if x := row[t] / pivot; x != 0 {
			floats.AddScaled(row, -x, u)
			row[t] = x
		} else {
			row[t] = 0
		}
	}
}

// border adds a row and a column to the matrix: alpha is the inverse times the new column, u the new row times
// the inverse, and pivot the new corner less the new row times alpha.
func (s *square) border(alpha, u []float64, pivot float64) {
	n := s.n
	if n == s.stride {
		stride := 2*n + 16
		x := make([]float64, stride*stride)
		for i := range n {
			copy(x[i*stride:], s.row(i))
		}
		s.x, s.stride = x, stride
	}
	for i := range n {
		row := s.x[i*s.stride : i*s.stride+n+1]
		a := alpha[i] / pivot
		if a != 0 {
			floats.AddScaled(row[:n], a, u[:n])
		}
		row[n] = -a
	}
	last := s.x[n*s.stride : n*s.stride+n+1]
	for j := range n {
		last[j] = -u[j] / pivot
	}
	last[n] = 1 / pivot
	s.n++
}

// drop takes column p and row t out of the matrix. The last column and the last row come to their places.
func (s *square) drop(p, t int) {
	pivot := s.row(p)
	inv := 1 / pivot[t]
	for i := range s.n {
		if i == p {
			continue
		}
		row := s.row(i)
		if x := row[t]; x != 0 {
			floats.AddScaled(row, -x*inv, pivot)
		}
	}
	last := s.n - 1
	if p != last {
		copy(s.row(p), s.row(last))
	}
	for i := range last {
		row := s.row(i)
		row[t] = row[last]
	}
	s.n--
}

// swapKey follows a change of the columns of one request: column p becomes its opposite, and p is taken off the
// others, all listed in places.
func (s *square) swapKey(p int, places []int) {
	row := s.row(p)
	for _, j := range places {
		if j != p {
			floats.Add(row, s.row(j))
		}
	}
	floats.Scale(-1, row)
}

// set inverts the matrix afresh and tells whether it could.
func (s *square) set(matrix *mat.Dense) bool {
	n, _ := matrix.Dims()
	var inv mat.Dense
	if err := inv.Inverse(matrix); err != nil {
		var c mat.Condition // inverted all the same, with digits lost
		if !errors.As(err, &c) || float64(c) > 1e15 {
			return false
		}
	}
	if s.stride < n {
		s.stride = n + n/2 + 16
		s.x = make([]float64, s.stride*s.stride)
	}
	s.n = n
	for i := range n {
		copy(s.row(i), inv.RawRowView(i))
	}
	return true
}
