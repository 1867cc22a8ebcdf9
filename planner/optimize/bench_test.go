package optimize

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"haihe/planner"
)

// Problems of the generator that the project shares with its referee, where that is beside the checkout.
const generator = "../../../shared/judge"

func generated(t testing.TB, args ...string) *planner.Problem {
	if _, err := os.Stat(filepath.Join(generator, "gen.go")); err != nil {
		t.Skip("no generator beside the checkout")
	}
	cmd := exec.Command("go", append([]string{"run", ".", "gen"}, args...)...)
	cmd.Dir = generator
	out, err := cmd.Output()
	require.NoError(t, err)
	p := &planner.Problem{}
	require.NoError(t, json.Unmarshal(out, p))
	return p
}

func TestGeneratedProblems(t *testing.T) {
	for seed := range 2 {
		size := []string{"-requests", "300", "-warehouses", "80", "-services", "20", "-flights", "20", "-load", "0.3", "-seed", fmt.Sprint(seed + 1)}
		p := generated(t, size...)
		plan := solve(t, p, Options{})
		v := wantSound(t, p, plan)
		require.LessOrEqual(t, v.Gap, 1e-6)
		p = generated(t, append(size, "-whole", "1")...)
		var wholeBound float64
		plan = solve(t, p, Options{Search: 4000, Progress: func(g Progress) { wholeBound = g.WholeBound }})
		wantSound(t, p, plan)
		require.LessOrEqual(t, gap(plan.Objective, wholeBound), 0.02)
	}
}

func BenchmarkSolve(b *testing.B) {
	for _, size := range []struct {
		name string
		args []string
		o    Options
	}{
		{"S", []string{"-requests", "300", "-warehouses", "80", "-services", "20", "-flights", "20", "-load", "0.3"}, Options{}},
		{"S-whole", []string{"-requests", "300", "-warehouses", "80", "-services", "20", "-flights", "20", "-load", "0.3", "-whole", "1"}, Options{}},
		{"M", []string{"-requests", "10000", "-warehouses", "400", "-services", "60", "-flights", "40", "-load", "0.35"}, Options{Gap: 1e-4}},
	} {
		b.Run(size.name, func(b *testing.B) {
			p := generated(b, size.args...)
			for b.Loop() {
				plan, err := Solve(context.Background(), p, size.o)
				require.NoError(b, err)
				b.ReportMetric(plan.Gap, "gap")
			}
		})
	}
}

func BenchmarkTiny(b *testing.B) {
	p := tiny(rand.New(rand.NewPCG(1, 1)), 50, 0)
	for b.Loop() {
		solve(b, p, Options{})
	}
}
