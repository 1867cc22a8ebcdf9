package main

import (
	"bytes"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"haihe/planner"
	"haihe/planner/sample"
)

// Where the referee is beside the checkout, it makes the problem and verifies the plan.
func TestBenchWithTheReferee(t *testing.T) {
	source, err := filepath.Abs("../../../shared/judge")
	require.NoError(t, err)
	if _, err := os.Stat(filepath.Join(source, "main.go")); err != nil {
		t.Skip("no referee beside the checkout")
	}
	judge := filepath.Join(t.TempDir(), "judge")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", judge, ".")
	build.Dir = source
	said, err := build.CombinedOutput()
	require.NoError(t, err, "%s", said)
	var out, errOut bytes.Buffer
	require.Equal(t, exitOK, run(t.Context(), []string{"bench", "S", "--dir", t.TempDir(), "--judge", judge}, nil, &out, &errOut), errOut.String())
	assert.Contains(t, out.String(), "verified by haihe check and the referee.")
	assert.Regexp(t, `(?m)^\| S \| 300 requests \| 1 \| gap 1e-6 \|`, out.String())
	assert.NotContains(t, out.String(), "not reached")
}

func TestRefereeLine(t *testing.T) {
	x, err := refereeRegret([]byte("faults 0  objective 19373477.70  proven bound 19372875.57  gap 0.00311%  regret 0.00284%  matched 9233/10000 requests\n"))
	require.NoError(t, err)
	assert.InDelta(t, 2.84e-5, x, 1e-12)
	_, err = refereeRegret([]byte("faults 2  objective 1.00  proven bound 1.00  gap 0.00000%  regret 0.00000%\n"))
	require.Error(t, err)
}

func TestPeerLines(t *testing.T) {
	lines, err := peerLines([]byte(`{"reached":"regret 1e-2","seconds":0.1,"regret":0.003}` + "\n" + `{"reached":"end","rss_mib":27,"version":"HiGHS 1"}` + "\n"))
	require.NoError(t, err)
	require.Len(t, lines, 2)
	assert.Equal(t, peerLine{Reached: "end", PeakMiB: 27, Version: "HiGHS 1"}, lines[1])
	for _, bad := range []string{"", "no JSON\n"} {
		_, err := peerLines([]byte(bad))
		require.Error(t, err)
	}
}

func TestQuantilesAndSlope(t *testing.T) {
	ms := make([]float64, 200)
	for i := range ms {
		ms[i] = float64(200 - i)
	}
	assert.Equal(t, quantiles{100, 198, 200}, quantilesOf(ms))
	assert.Equal(t, quantiles{7, 7, 7}, quantilesOf([]float64{7}))
	assert.InDelta(t, 1.5, slope([]float64{0, 1, 2, 4}, []float64{3, 4.5, 6, 9}), 1e-12)
	assert.True(t, math.IsNaN(slope([]float64{1}, []float64{2})))
}

// Each row has goals that a run can end at, and rows that share a size share its problem.
func TestBenchRows(t *testing.T) {
	sizes := map[string]string{}
	for i := range benchRows {
		r := &benchRows[i]
		assert.NotEmpty(t, r.goals, r.name)
		assert.Positive(t, r.repeat, r.name)
		for _, g := range r.goals {
			assert.True(t, g.limit > 0 || g.regret > 0 || g.gap > 0, "%s: %v", r.name, g)
		}
		if r.size == nil {
			continue
		}
		args := filepath.Join(r.generate(1)...)
		was, ok := sizes[r.problemName(1)]
		assert.True(t, !ok || was == args, "%s: %s is made in two ways", r.name, r.problemName(1))
		sizes[r.problemName(1)] = args
	}
	assert.Len(t, sizes, 8, "S, M, H, L, two whole ones and two that only growth has")
	assert.Equal(t, "1e-4", exponent(1e-4))
	assert.Equal(t, "1e-6", exponent(1e-6))
}

// TestBenchEvents follows an event of each kind on the sample network, which stands in for the generator's smallest.
func TestBenchEvents(t *testing.T) {
	state, now := planner.NewState(), time.Date(2027, 3, 1, 7, 0, 0, 0, time.UTC)
	for _, e := range sample.Events(1, now) {
		state.Apply(e)
	}
	p, _ := state.Problem(now, 30)
	dir := t.TempDir()
	require.NoError(t, writeTo(filepath.Join(dir, "S-seed1.json"), func(w io.Writer) error { return planner.EncodeProblem(w, p) }))
	var out, errOut bytes.Buffer
	require.Equal(t, exitOK, run(t.Context(), []string{"bench", "events", "--size", "S", "--count", "1", "--every", "4", "--dir", dir}, nil, &out, &errOut), errOut.String())
	assert.Contains(t, out.String(), "2 states verified by haihe check.")
	for _, kind := range eventKinds {
		assert.Contains(t, out.String(), "\n| "+kind+" | 1 |")
	}
	for _, bad := range [][]string{{"--size", "XXL"}, {"--kinds", "flood"}, {"--count", "0"}} {
		require.Equal(t, exitMisused, run(t.Context(), append([]string{"bench", "events", "--dir", dir}, bad...), nil, &out, &errOut))
	}
}
