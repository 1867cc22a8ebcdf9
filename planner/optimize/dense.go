package optimize

import (
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/lapack/lapack64"
)

// dense is a symmetric positive definite matrix, by rows, of which the lower triangle counts; factor puts its Cholesky
// factor there. It is worked on in tiles, so that all cores share in it and it can be stopped half-way.
type dense struct {
	n int
	x []float64
}

// tile is the side of a tile: what gonum's kernels take in one piece.
const tile = 64

func (d *dense) part(i, j, rows, columns int) blas64.General {
	return blas64.General{Rows: rows, Cols: columns, Stride: d.n, Data: d.x[i*d.n+j:]}
}

func (d *dense) size(i int) int { return min(tile, d.n-i) }

// factor replaces the matrix by its Cholesky factor. It tells whether there is one and it was not stopped.
func (d *dense) factor(team *team, stop func() bool) bool {
	for k := 0; k < d.n; k += tile {
		b := d.size(k)
		diagonal := blas64.Symmetric{N: b, Stride: d.n, Data: d.x[k*d.n+k:], Uplo: blas.Lower}
		if !d.positive(diagonal) || stop() {
			return false
		}
		triangle := blas64.Triangular{N: b, Stride: d.n, Data: diagonal.Data, Uplo: blas.Lower, Diag: blas.NonUnit}
		tiles := (d.n - k - b + tile - 1) / tile
		team.tasks(tiles, never, func(t int) {
			i := k + b + t*tile
			blas64.Trsm(blas.Right, blas.Trans, 1, triangle, d.part(i, k, d.size(i), b))
		})
		team.tasks(tiles, never, func(t int) {
			i := k + b + (tiles-1-t)*tile // the longest rows first
			left := d.part(i, k, d.size(i), b)
			for j := k + b; j <= i; j += tile {
				blas64.Gemm(blas.NoTrans, blas.Trans, -1, left, d.part(j, k, d.size(j), b), 1, d.part(i, j, d.size(i), d.size(j)))
			}
		})
	}
	return true
}

// positive factors a tile on the diagonal. Rows that depend on others to the last digit get a pivot that takes them
// out, as interior points have them at the end.
func (d *dense) positive(a blas64.Symmetric) bool {
	saved := make([]float64, a.N*a.N)
	for i := range a.N {
		copy(saved[i*a.N:], a.Data[i*a.Stride:i*a.Stride+i+1])
	}
	for raise := 1e-14; raise < 1e-4; raise *= 100 {
		if _, ok := lapack64.Potrf(a); ok {
			return true
		}
		for i := range a.N {
			copy(a.Data[i*a.Stride:i*a.Stride+i+1], saved[i*a.N:])
			a.Data[i*a.Stride+i] += raise * (1 + saved[i*a.N+i])
		}
	}
	return false
}

// solve puts the solution in place of the right-hand side; factor must have been called.
func (d *dense) solve(x []float64) {
	if d.n == 0 {
		return
	}
	t := blas64.Triangular{N: d.n, Stride: d.n, Data: d.x, Uplo: blas.Lower, Diag: blas.NonUnit}
	blas64.Trsv(blas.NoTrans, t, vector(x))
	blas64.Trsv(blas.Trans, t, vector(x))
}
