// Peer is what a good engineer would build from parts for haihe.problem/1, to measure the planner against: plain column
// generation, exact pricing of every request on all cores, one best column a request a round, HiGHS' hot-started
// simplex as the master, rows of room added when violated. It plans as if everything could be split.
//
//	peer [-regret 1e-4] [-gap 1e-6] [-time 60s] [-o plan.json] problem.json
//	peer -lp problem.lp -o answer.json
//
// It writes a line of JSON when it first reaches each of regret 1e-2, 1e-3, 1e-4 and gap 1e-6. The second form solves a
// file in CPLEX LP format by HiGHS' own simplex, presolve and all, and writes {"x":[…],"duals":{row:…}}.
package main

import (
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/go-json-experiment/json"
)

type mark struct {
	Reached     string  `json:"reached"`
	Seconds     float64 `json:"seconds"`
	UserSeconds float64 `json:"user_seconds"`
	Objective   float64 `json:"objective"`
	Bound       float64 `json:"bound"`
	Regret      float64 `json:"regret"`
	Gap         float64 `json:"gap"`
	RSSMiB      float64 `json:"rss_mib"`
	Round       int     `json:"round"`
	Columns     int     `json:"columns"`
	Rows        int     `json:"rows"`
	Master      float64 `json:"master_seconds"`
	Version     string  `json:"version"`
}

func main() {
	begun := time.Now()
	regret := flag.Float64("regret", 0, "stop at this regret")
	gap := flag.Float64("gap", 1e-6, "stop at this gap")
	limit := flag.Duration("time", 24*time.Hour, "stop after this time")
	out := flag.String("o", os.DevNull, "write the plan to this file")
	lp := flag.String("lp", "", "solve this file in LP format instead")
	verbose := flag.Bool("v", false, "write a line after every round")
	flag.Parse()
	var err error
	if *lp != "" {
		err = solveLP(*lp, *out, *limit)
	} else {
		err = solve(flag.Arg(0), *out, begun, *regret, *gap, *limit, *verbose)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "peer:", err)
		os.Exit(1)
	}
}

func solve(path, out string, begun time.Time, wantRegret, wantGap float64, limit time.Duration, verbose bool) error {
	p, err := readProblem(path)
	if err != nil {
		return err
	}
	m, err := newModel(p)
	if err != nil {
		return err
	}
	values := 0.0
	for i := range m.requests {
		values += m.requests[i].value
	}
	until := begun.Add(limit)
	ms, y := newMaster(m), m.newPrices()
	workers := make([]*pricer, runtime.GOMAXPROCS(0))
	for i := range workers {
		workers[i] = &pricer{m: m}
	}
	bound, objective := math.Inf(-1), values
	proof := make([]float64, len(m.capacity))
	var best []float64
	marks := []struct {
		name string
		at   func(regret, gap float64) bool
	}{
		{"regret 1e-2", func(r, _ float64) bool { return r <= 1e-2 }},
		{"regret 1e-3", func(r, _ float64) bool { return r <= 1e-3 }},
		{"regret 1e-4", func(r, _ float64) bool { return r <= 1e-4 }},
		{"gap 1e-6", func(_, g float64) bool { return g <= 1e-6 }},
	}
	var inMaster time.Duration
	for round := 1; ; round++ {
		columns, sum := m.priceAll(y, ms.dual, workers)
		for i, x := range y.row {
			if x > 0 {
				sum -= x * m.capacity[i]
			}
		}
		if sum > bound {
			bound = sum
			copy(proof, y.row)
		}
		regret := (objective - bound) / math.Max(1e-9+1e-6*values, values-bound)
		gap := (objective - bound) / math.Max(1e-9, math.Abs(objective))
		say := func(name string) {
			var u syscall.Rusage
			_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
			b, _ := json.Marshal(mark{name, time.Since(begun).Seconds(), float64(u.Utime.Sec) + float64(u.Utime.Usec)/1e6, objective, bound, regret, gap, peakMiB(),
				round, len(ms.columns), len(ms.rooms), inMaster.Seconds(), "HiGHS " + highsVersion()})
			fmt.Println(string(b))
		}
		for len(marks) > 0 && marks[0].at(regret, gap) {
			say(marks[0].name)
			marks = marks[1:]
		}
		if verbose {
			say("round")
		}
		if regret <= wantRegret || gap <= wantGap || len(columns) == 0 || time.Now().After(until) {
			if !verbose {
				say("end")
			}
			break
		}
		ms.add(columns)
		at := time.Now()
		err := ms.solve(until)
		inMaster += time.Since(at)
		if errors.Is(err, errTime) {
			say("end")
			break
		}
		if err != nil {
			return err
		}
		objective = ms.objective()
		best = append(best[:0], ms.x...)
		for k, row := range ms.rooms {
			y.row[row] = ms.dual[len(m.requests)+k] * ms.scale[row]
		}
		y.sum(m)
	}
	ms.x = best
	return writePlan(out, ms.plan(bound, proof, time.Since(begun)))
}

// plan writes down x with the prices that prove the bound.
func (ms *master) plan(bound float64, proof []float64, took time.Duration) *plan {
	m, p := ms.m, ms.m.p
	out := &plan{Version: "haihe.plan/1", Status: "feasible", Bound: bound, Seconds: took.Seconds()}
	left := make([]float64, len(m.requests))
	for i := range left {
		left[i] = 1
	}
	for id, x := range ms.x {
		if x <= 1e-9 {
			continue
		}
		c := &ms.columns[id]
		w := &p.Warehouses[c.warehouse]
		a := assignment{Request: p.Requests[c.request].ID, Fraction: x, Gateway: w.Gateways[c.gate].Place, Warehouse: w.ID,
			Arrive: p.Start.Add(time.Duration(math.Round(c.arrive * float64(time.Hour)))), Cost: x * c.cost}
		for _, l := range c.legs {
			a.Departures = append(a.Departures, p.Departures[l].ID)
		}
		out.Assignments = append(out.Assignments, a)
		out.Objective += a.Cost
		left[c.request] -= x
	}
	for i, x := range left {
		if x > 1e-9 {
			out.Objective += x * m.requests[i].value
			u := unmatched{Request: p.Requests[i].ID, Fraction: x}
			u.Reason.Code = "no_capacity"
			out.Unmatched = append(out.Unmatched, u)
		}
	}
	out.Gap = (out.Objective - bound) / math.Max(1e-9, math.Abs(out.Objective))
	if out.Gap <= 1e-6 {
		out.Status = "optimal"
	}
	for i := range p.Departures {
		if m3, kg := proof[i], proof[len(m.legs)+i]; m3 > 0 || kg > 0 {
			out.Prices.Departures = append(out.Prices.Departures, departurePrice{p.Departures[i].ID, m3, kg})
		}
	}
	for w := range p.Warehouses {
		for d := range m.days {
			if y := proof[m.dayRow(int32(w), d)]; y > 0 {
				out.Prices.Warehouses = append(out.Prices.Warehouses, warehousePrice{p.Warehouses[w].ID, d, y})
			}
		}
	}
	return out
}

// peakMiB is the most memory that the process ever had.
func peakMiB() float64 {
	b, _ := os.ReadFile("/proc/self/status")
	var kib float64
	if _, after, ok := strings.Cut(string(b), "VmHWM:"); ok {
		fmt.Sscan(after, &kib)
	}
	return kib / 1024
}
