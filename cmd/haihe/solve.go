package main

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"time"

	"github.com/spf13/cobra"

	"haihe/planner"
	"haihe/planner/optimize"
)

func solveCommand() *cobra.Command {
	var o optimize.Options
	var progress bool
	var reasons float64
	cmd := &cobra.Command{
		Use:   "solve [flags] PROBLEM",
		Short: "Plan a problem file",
		Long: `Reads a problem (format haihe.problem/1; - is the standard input) and writes its plan (haihe.plan/1)
to the standard output. It stops at the first of: the gap is reached, the time is up, an interrupt
(Ctrl-C). The plan is feasible in each case, and says how far from the best it can be.`,
		Example: `  haihe solve problem.json > plan.json
  haihe solve --gap 0.01 --time-limit 2m --progress problem.json > plan.json
  haihe export | haihe solve - > plan.json`,
		Args: exactArgs("PROBLEM"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !(o.Gap >= 0) {
				return misused("--gap must be a number of 0 or more")
			}
			if !(o.Regret >= 0) {
				return misused("--regret must be a number of 0 or more")
			}
			if !(reasons >= 0) {
				return misused("--reasons must be a number of 0 or more")
			}
			o.Reasons = reasonsOption(reasons)
			if o.Search < 0 {
				return misused("--search must not be negative")
			}
			if o.TimeLimit < 0 {
				return misused("--time-limit must not be negative")
			}
			if progress {
				o.Progress = func(p optimize.Progress) {
					fmt.Fprintf(cmd.ErrOrStderr(), "time %7.2f s  objective %.2f  bound %.2f  gap %.6f  regret %.6f  %s, %d itineraries, %d rows, %d pivots\n",
						p.Elapsed.Seconds(), p.Objective, p.Bound, p.Gap, p.Regret, p.Phase, p.Columns, p.Rows, p.Pivots)
				}
			}
			return solveFile(cmd.Context(), args[0], cmd.InOrStdin(), cmd.OutOrStdout(), func(*planner.Problem) optimize.Options { return o })
		},
	}
	cmd.Flags().Float64Var(&o.Gap, "gap", 1e-6, "stop at this proven gap, (objective − bound)/|objective|")
	cmd.Flags().Float64Var(&o.Regret, "regret", 0, "stop at this proven regret, (objective − bound)/(Σ value − bound), too (0: never)")
	cmd.Flags().DurationVar(&o.TimeLimit, "time-limit", time.Duration(0), "stop after this time, e.g. 90s or 2m (0: none)")
	cmd.Flags().IntVar(&o.Search, "search", 0, "moves of the search for places of requests that must go whole (0: 100000)")
	cmd.Flags().Uint64Var(&o.Seed, "seed", 0, "seed of the random numbers; the same seed gives the same plan")
	cmd.Flags().Float64Var(&reasons, "reasons", 1, "work for the reasons of what is left unmatched, as a multiple of the usual; 0: the obstacle and not what would help; inf: until all are exact")
	cmd.Flags().BoolVar(&progress, "progress", false, "write time, objective, bound and gap to the standard error")
	return cmd
}

// reasonsOption is the option that a multiple of the usual work, which may be none, stands for.
func reasonsOption(multiple float64) float64 {
	if multiple == 0 {
		return -1
	}
	return multiple
}

// solveFile plans the problem in a file with the options made for it, and writes the plan.
func solveFile(ctx context.Context, path string, stdin io.Reader, out io.Writer, options func(*planner.Problem) optimize.Options) error {
	// Memory that is never written costs nothing, but the collector waits until the heap has twice as much: small problems
	// are solved before it begins, large ones do not notice.
	ballast := make([]byte, 64<<20)
	defer runtime.KeepAlive(ballast)
	p, err := readProblem(ctx, path, stdin)
	if err != nil {
		return err
	}
	plan, err := optimize.Solve(ctx, p, options(p))
	if err != nil {
		return err
	}
	return planner.EncodePlan(out, plan)
}
