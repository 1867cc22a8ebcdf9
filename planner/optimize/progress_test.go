package optimize

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
)

// Before anything is proven the bound is -Inf, and a share of what could be saved would be NaN, which no JSON can say.
func TestProgressOfNothingProven(t *testing.T) {
	var said []float64
	s := &solver{values: 10, bound: math.Inf(-1), master: &master{}, o: Options{Progress: func(p Progress) { said = append(said, p.Regret) }}}
	s.report("prices", 5)
	s.bound = 0
	s.report("prices", 5)
	s.report("inner", math.NaN())
	s.report("inner", 20)
	assert.Equal(t, []float64{1, 0.5, 1, 1}, said)
}
