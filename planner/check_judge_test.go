package planner

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// refereeMain makes the referee say its verdicts on many plans in full precision.
const refereeMain = `package main

import ("encoding/json"; "fmt"; "os"; "strconv"; "path/filepath")

func main() {
	dir := os.Args[1]
	if dir == "gen" {
		seed, _ := strconv.ParseInt(os.Args[2], 10, 64)
		json.NewEncoder(os.Stdout).Encode(generate(genOptions{seed: seed, requests: 60, warehouses: 15, days: 56, services: 6, flights: 6, load: 0.3, whole: 0.3}))
		return
	}
	var p Problem
	if err := readJSON(filepath.Join(dir, "problem.json"), &p); err != nil { panic(err) }
	for i := 0; ; i++ {
		name := filepath.Join(dir, fmt.Sprintf("plan%d.json", i))
		if _, err := os.Stat(name); err != nil { return }
		var plan Plan
		if err := readJSON(name, &plan); err != nil { panic(err) }
		v, err := check(&p, &plan)
		if err != nil { v = &verdict{FaultCount: 1, Faults: []string{err.Error()}} }
		json.NewEncoder(os.Stdout).Encode(map[string]any{"objective": v.Objective, "bound": v.Bound, "regret": v.Regret, "faults": v.FaultCount, "said": v.Faults, "refused": err != nil})
	}
}
`

type refereeVerdict struct {
	Objective, Bound, Regret float64
	Faults                   int
	Said                     []string
	Refused                  bool
}

// buildReferee builds the referee of ../shared, which shares no code with the project, under a main of the test's own.
func buildReferee(t *testing.T) string {
	files, err := filepath.Glob("../../shared/judge/*.go")
	require.NoError(t, err)
	if len(files) == 0 {
		t.Skip("no ../shared")
	}
	dir := t.TempDir()
	for _, f := range append(files, "../../shared/judge/go.mod") {
		if filepath.Base(f) == "main.go" {
			continue
		}
		b, err := os.ReadFile(f)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, filepath.Base(f)), b, 0o600))
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "main.go"), []byte(refereeMain), 0o600))
	cmd := exec.Command("go", "build", "-o", "referee", ".")
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	return filepath.Join(dir, "referee")
}

func output(t *testing.T, name string, args ...string) []byte {
	cmd := exec.Command(name, args...)
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errOut
	require.NoError(t, cmd.Run(), errOut.String())
	return out.Bytes()
}

// mutations change a plan with at least one assignment, mostly for the worse.
var mutations = []func(*rand.Rand, *Problem, *Plan, *Assignment){
	func(*rand.Rand, *Problem, *Plan, *Assignment) {},
	func(_ *rand.Rand, _ *Problem, _ *Plan, a *Assignment) { a.Request = "nobody" },
	func(_ *rand.Rand, _ *Problem, _ *Plan, a *Assignment) { a.Fraction *= 1.5 },
	func(_ *rand.Rand, _ *Problem, _ *Plan, a *Assignment) { a.Fraction = 0 },
	func(_ *rand.Rand, _ *Problem, x *Plan, a *Assignment) { x.Assignments = append(x.Assignments, *a) },
	func(_ *rand.Rand, _ *Problem, _ *Plan, a *Assignment) {
		a.Departures = a.Departures[:len(a.Departures)-1]
	},
	func(r *rand.Rand, p *Problem, _ *Plan, a *Assignment) {
		a.Departures = append([]string(nil), a.Departures...)
		a.Departures[r.IntN(len(a.Departures))] = p.Departures[r.IntN(len(p.Departures))].ID
	},
	func(r *rand.Rand, p *Problem, _ *Plan, a *Assignment) {
		a.Warehouse = p.Warehouses[r.IntN(len(p.Warehouses))].ID
	},
	func(r *rand.Rand, p *Problem, _ *Plan, a *Assignment) { a.Gateway = p.Places[r.IntN(len(p.Places))].ID },
	func(r *rand.Rand, p *Problem, _ *Plan, a *Assignment) {
		a.Request = p.Requests[r.IntN(len(p.Requests))].ID
	},
	func(_ *rand.Rand, _ *Problem, _ *Plan, a *Assignment) { a.Arrive = a.Arrive.Add(time.Hour) },
	func(_ *rand.Rand, _ *Problem, _ *Plan, a *Assignment) { a.Cost += 1 + a.Cost/1000 },
	func(_ *rand.Rand, _ *Problem, x *Plan, _ *Assignment) { x.Objective *= 1.001 },
	func(_ *rand.Rand, _ *Problem, x *Plan, _ *Assignment) { x.Bound += 1 + math.Abs(x.Bound)/100 },
	func(r *rand.Rand, p *Problem, x *Plan, _ *Assignment) {
		x.Prices.Departures = append(x.Prices.Departures, DeparturePrice{ID: p.Departures[r.IntN(len(p.Departures))].ID, M3: -1})
	},
	func(_ *rand.Rand, p *Problem, x *Plan, _ *Assignment) {
		x.Prices.Warehouses = append(x.Prices.Warehouses, WarehousePrice{ID: p.Warehouses[0].ID, Day: p.Days, M3: 1})
	},
	func(_ *rand.Rand, _ *Problem, x *Plan, _ *Assignment) {
		for i := range x.Assignments { // over capacity everywhere that something goes in parts
			x.Assignments[i].Fraction, x.Assignments[i].Cost = 1, x.Assignments[i].Cost/x.Assignments[i].Fraction
		}
	},
}

func TestCheckAgreesWithTheReferee(t *testing.T) {
	referee := buildReferee(t)
	assigned, faulty := 0, 0
	for seed := range 6 {
		text := output(t, referee, "gen", fmt.Sprint(seed))
		p, err := DecodeProblem(bytes.NewReader(text), "generated")
		require.NoError(t, err)
		rng := rand.New(rand.NewPCG(uint64(seed), 7))
		dir := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(dir, "problem.json"), text, 0o600))
		var ours []*Verdict
		for range 3 {
			base := randomPlan(rng, p)
			base.Prices = randomPrices(rng, p)
			for i := range base.Prices.Warehouses {
				base.Prices.Warehouses[i].M3 /= 10
			}
			v, err := Check(p, base)
			require.NoError(t, err)
			base.Bound = v.Bound
			base.Gap = (base.Objective - v.Bound) / math.Abs(base.Objective)
			require.NotEmpty(t, base.Assignments)
			assigned += len(base.Assignments)
			for _, mutate := range mutations {
				plan := *base
				plan.Assignments = append([]Assignment(nil), base.Assignments...)
				plan.Prices.Departures = append([]DeparturePrice(nil), base.Prices.Departures...)
				plan.Prices.Warehouses = append([]WarehousePrice(nil), base.Prices.Warehouses...)
				mutate(rng, p, &plan, &plan.Assignments[rng.IntN(len(plan.Assignments))])
				plan.Gap = (plan.Objective - plan.Bound) / math.Max(1e-9, math.Abs(plan.Objective))
				v, err := Check(p, &plan)
				require.NoError(t, err)
				var b bytes.Buffer
				require.NoError(t, EncodePlan(&b, &plan))
				require.NoError(t, os.WriteFile(filepath.Join(dir, fmt.Sprintf("plan%d.json", len(ours))), b.Bytes(), 0o600))
				ours = append(ours, v)
			}
		}
		dec := json.NewDecoder(bytes.NewReader(output(t, referee, dir)))
		for i, v := range ours {
			var r refereeVerdict
			require.NoError(t, dec.Decode(&r), "plan %d", i)
			assert.Equal(t, r.Faults > 0, v.FaultCount > 0, "plan %d: the referee says %q, we say %q", i, r.Said, v.Faults)
			if v.FaultCount > 0 {
				faulty++
			}
			if r.Refused {
				continue
			}
			assert.InDelta(t, r.Objective, v.Objective, 1e-9*math.Abs(r.Objective), "plan %d: %s", i, strings.Join(v.Faults, "; "))
			assert.InDelta(t, r.Bound, v.Bound, 1e-9*math.Max(math.Abs(r.Bound), r.Objective), "plan %d", i)
			assert.InDelta(t, r.Regret, v.Regret, 1e-9*math.Max(1, math.Abs(r.Regret)), "plan %d", i)
		}
	}
	t.Logf("%d assignments, %d plans with faults", assigned, faulty)
	assert.Greater(t, assigned, 200)
	assert.Greater(t, faulty, 100)
}
