package optimize

import (
	"context"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// questionable is a solver at the optimum of a problem, with the basis that questions start from.
func questionable(t *testing.T, seed uint64, requests int) (*solver, *master) {
	in, err := compile(tiny(rand.New(rand.NewPCG(seed, 80)), requests, 0))
	require.NoError(t, err)
	s := &solver{in: in, o: Options{Gap: 1e-9}, ctx: context.Background(), begun: time.Now(), team: newTeam(in, 1), master: newMaster(in, 0),
		proof: make([]float64, len(in.capacity))}
	s.generate()
	b := s.atOptimum()
	if b == nil {
		t.Logf("seed %d: gap %v, residual %v", seed, gap(s.master.objective, s.bound), s.master.residual())
	}
	return s, b
}

// Whatever was asked, the basis is as it was before, to the last bit: so answers do not depend on each other.
func TestQuestionsLeaveNoTrace(t *testing.T) {
	for seed := range uint64(20) {
		s, b := questionable(t, seed, 30)
		if b == nil {
			continue
		}
		w := newWhatIf(b, b.nearby())
		w.most = 1e12
		for r := range s.in.requests {
			for _, f := range []float64{1.01, 3, 100} {
				x := s.in.requests[r]
				x.value *= f
				w.ask(requestIndex(r), x)
				if r%3 == 0 {
					w.widen(rowIndex(r%len(s.in.departures)), 5)
				}
				w.settle(r%2 == 0)
				w.restore()
				m := w.m
				require.Equal(t, b.key, m.key)
				require.Equal(t, b.keyX, m.keyX)
				require.Equal(t, b.basicX, m.basicX)
				require.Equal(t, b.basic, m.basic)
				require.Equal(t, b.tight, m.tight)
				require.Equal(t, b.dual, m.dual)
				require.Equal(t, b.slack, m.slack)
				require.Equal(t, b.rhs, m.rhs)
				require.Equal(t, b.over, m.over)
				require.Equal(t, b.price, m.price)
				require.Equal(t, b.basicAt, m.basicAt)
				require.Equal(t, b.tightAt, m.tightAt)
				require.Equal(t, s.in.requests, w.in.requests)
				require.Equal(t, len(b.columns), len(m.columns))
				for k := range b.of {
					require.Equal(t, len(b.of[k]), len(m.of[k]))
					require.Equal(t, len(b.members[k]), len(m.members[k]))
				}
				for i := range b.inverse.n {
					require.Equal(t, b.inverse.row(i), m.inverse.row(i))
				}
			}
		}
	}
}

// A copy of a master shares no slice with it that either writes to.
func TestCopyOfAMasterSharesNothing(t *testing.T) {
	_, b := questionable(t, 3, 30)
	m := b.copyOf(b.in)
	x, y := reflect.ValueOf(b).Elem(), reflect.ValueOf(m).Elem()
	for i := range x.NumField() {
		if f := x.Field(i); f.Kind() == reflect.Slice && f.Cap() > 0 && y.Field(i).Cap() > 0 {
			require.NotEqual(t, f.Pointer(), y.Field(i).Pointer(), x.Type().Field(i).Name)
		}
	}
	require.NotSame(t, b.price, m.price)
	require.NotSame(t, b.random, m.random)
}

// The room that widen gives is the same as if the problem had it from the first.
func TestWidenIsAsIfTheRoomWereThere(t *testing.T) {
	for seed := range uint64(20) {
		s, b := questionable(t, seed, 20)
		if b == nil {
			continue
		}
		w := newWhatIf(b, b.nearby())
		w.most = 1e12
		for _, row := range b.tight {
			if int(row) >= len(s.in.departures) {
				continue
			}
			w.ask(0, s.in.requests[0])
			w.widen(row, 3)
			require.True(t, w.settle(true))
			w.m.sum()
			require.Less(t, w.m.residual(), 1e-9)
			q := scaled(s.in.problem, 1, 1)
			q.Departures[row].CapacityM3 += 3
			want := solve(t, q, Options{Gap: 1e-10}).Objective
			require.InEpsilon(t, want, w.m.objective, 1e-7, "seed %d, row %d", seed, row)
			w.restore()
		}
	}
}
