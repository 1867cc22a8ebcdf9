package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"haihe/planner"
	"haihe/planner/optimize"
)

// benchSolved is what a measured process says of itself at its end.
type benchSolved struct {
	PeakMiB    float64 `json:"peak_mib"`    // the most memory that it ever had; 0 where the system does not tell
	WholeBound float64 `json:"whole_bound"` // a bound for whole requests, 0 if there is none
}

// benchQuoted is how long single quotes took, in ms.
type benchQuoted struct {
	PeakMiB float64   `json:"peak_mib"`
	Count   int       `json:"count"`
	Found   int       `json:"found"` // itineraries
	First   quantiles `json:"first"` // each request for the first time
	Again   quantiles `json:"again"` // the same ones once more
}

type quantiles struct {
	P50 float64 `json:"p50"`
	P99 float64 `json:"p99"`
	Max float64 `json:"max"`
}

// benchChildren are what bench starts itself as, so that each run has a process, and so its memory, to itself.
func benchChildren() []*cobra.Command {
	var regret, gap, reasons float64
	var limit time.Duration
	var seed uint64
	solve := &cobra.Command{
		Use: "run-solve PROBLEM PLAN", Hidden: true, Args: exactArgs("PROBLEM", "PLAN"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return benchSolve(cmd, args[0], args[1], optimize.Options{Gap: gap, Regret: regret, TimeLimit: limit, Seed: seed, Reasons: reasonsOption(reasons)})
		},
	}
	solve.Flags().Float64Var(&regret, "regret", 0, "")
	solve.Flags().Float64Var(&gap, "gap", 0, "")
	solve.Flags().Float64Var(&reasons, "reasons", 1, "")
	solve.Flags().DurationVar(&limit, "time-limit", 0, "")
	solve.Flags().Uint64Var(&seed, "seed", 0, "")
	check := &cobra.Command{
		Use: "run-check PROBLEM PLAN", Hidden: true, Args: exactArgs("PROBLEM", "PLAN"),
		RunE: func(cmd *cobra.Command, args []string) error { return benchCheck(cmd, args[0], args[1]) },
	}
	var count int
	quotes := &cobra.Command{
		Use: "run-quotes PROBLEM PLAN", Hidden: true, Args: exactArgs("PROBLEM", "PLAN"),
		RunE: func(cmd *cobra.Command, args []string) error { return benchQuotes(cmd, args[0], args[1], count) },
	}
	quotes.Flags().IntVar(&count, "count", 2000, "")
	return []*cobra.Command{solve, check, quotes}
}

func benchSolve(cmd *cobra.Command, problem, plan string, o optimize.Options) error {
	begun := time.Now()
	out, err := os.Create(plan)
	if err != nil {
		return err
	}
	defer out.Close()
	var wholeBound float64
	err = solveFile(cmd.Context(), problem, nil, out, func(*planner.Problem) optimize.Options {
		if o.TimeLimit > 0 {
			o.TimeLimit = max(time.Millisecond, o.TimeLimit-time.Since(begun)) // reading counts
		}
		o.Progress = func(g optimize.Progress) { wholeBound = g.WholeBound }
		return o
	})
	if err != nil {
		return err
	}
	if err := out.Close(); err != nil {
		return err
	}
	return json.NewEncoder(cmd.OutOrStdout()).Encode(benchSolved{peakMiB(), wholeBound})
}

func benchCheck(cmd *cobra.Command, problem, plan string) error {
	p, err := readProblem(cmd.Context(), problem, nil)
	if err != nil {
		return err
	}
	x, err := readPlan(cmd.Context(), plan, nil)
	if err != nil {
		return err
	}
	v, err := planner.Check(p, x)
	if err != nil {
		return err
	}
	return json.NewEncoder(cmd.OutOrStdout()).Encode(v)
}

// benchQuotes quotes requests that are spread evenly over those of the problem, one after another.
func benchQuotes(cmd *cobra.Command, problem, plan string, count int) error {
	p, err := readProblem(cmd.Context(), problem, nil)
	if err != nil {
		return err
	}
	x, err := readPlan(cmd.Context(), plan, nil)
	if err != nil {
		return err
	}
	q, err := optimize.NewQuoter(p, x.Prices)
	if err != nil {
		return err
	}
	count = min(count, len(p.Requests))
	said := benchQuoted{Count: count}
	for _, to := range []*quantiles{&said.First, &said.Again} {
		var took []float64
		said.Found = 0
		for i := range count {
			r := &p.Requests[i*len(p.Requests)/count]
			begun := time.Now()
			quotes, err := q.Quote(r, 3)
			took = append(took, time.Since(begun).Seconds()*1000)
			if err != nil {
				return err
			}
			said.Found += len(quotes)
		}
		*to = quantilesOf(took)
	}
	said.PeakMiB = peakMiB()
	return json.NewEncoder(cmd.OutOrStdout()).Encode(said)
}

// peakMiB is the most memory that this process ever had. The kernel's count for a finished child starts with its
// parent's, so the process reads its own.
func peakMiB() float64 {
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	var kib float64
	if _, after, ok := strings.Cut(string(b), "VmHWM:"); ok {
		_, _ = fmt.Sscan(after, &kib)
	}
	return kib / 1024
}
