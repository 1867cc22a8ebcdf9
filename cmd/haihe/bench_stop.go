package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"haihe/planner"
	"haihe/planner/optimize"
)

// stopBench measures how soon a solve that is stopped has a plan.
type stopBench struct {
	generatedBench
	regret float64
	at     []time.Duration
}

func benchStopCommand(parent *bench) *cobra.Command {
	b := &stopBench{}
	cmd := &cobra.Command{
		Use:   "stop [flags]",
		Short: "Measure how soon a solve that is stopped has a plan",
		Long: `Solves the problem of a row once for each of the times, stops it then, as Ctrl-C does, and measures how long it takes from
there to the plan: a feasible one with a true bound, which is verified.`,
		Example: `  haihe bench stop --judge ./judge
  haihe bench stop --size L --at 1s,5s,20s,60s`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			for _, at := range b.at {
				if at <= 0 {
					return misused("--at must be times above 0, e.g. 500ms,2s")
				}
			}
			path, p, err := b.open(cmd, parent)
			if err != nil {
				return err
			}
			return b.run(cmd.Context(), path, p, cmd.OutOrStdout())
		},
	}
	b.flags(cmd, "seed of the problem")
	cmd.Flags().Float64Var(&b.regret, "regret", 1e-4, "the regret at which a solve that is not stopped ends")
	cmd.Flags().DurationSliceVar(&b.at, "at", []time.Duration{100 * time.Millisecond, 300 * time.Millisecond, 700 * time.Millisecond, time.Second, 1500 * time.Millisecond, 2 * time.Second}, "when it is stopped")
	return cmd
}

func (b *stopBench) run(ctx context.Context, path string, p *planner.Problem, out io.Writer) error {
	var t strings.Builder
	fmt.Fprintf(&t, "%s. haihe %s%s. %s, seed %d: %d requests.\n\n| stopped after | in | ms to the plan | CPU ms | regret |\n|---|---|---|---|---|\n", machine(), version(), commit(), b.row, b.seed, len(p.Requests))
	for _, at := range b.at {
		if err := b.stop(ctx, &t, path, p, at); err != nil {
			return fmt.Errorf("stopped after %s: %w", at, err)
		}
	}
	_, err := io.WriteString(out, t.String())
	return err
}

// stop solves the problem, stops it at a time, verifies the plan, and writes a line of the table.
func (b *stopBench) stop(ctx context.Context, t *strings.Builder, path string, p *planner.Problem, at time.Duration) error {
	phase := "compile"
	var stopped time.Time
	var cpu time.Duration
	during, cancel := context.WithCancel(ctx)
	defer cancel()
	defer time.AfterFunc(at, func() {
		stopped, cpu = time.Now(), cpuTime()
		cancel()
	}).Stop()
	plan, err := optimize.Solve(during, p, optimize.Options{Regret: b.regret, Progress: func(g optimize.Progress) { phase = g.Phase }})
	ended, cpuEnded := time.Now(), cpuTime()
	if err != nil {
		return err
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if during.Err() == nil {
		fmt.Fprintf(t, "| %s | | ended by itself | | |\n", at)
		return nil
	}
	file := filepath.Join(b.dir, "stopped.plan.json")
	if err := writeTo(file, func(w io.Writer) error { return planner.EncodePlan(w, plan) }); err != nil {
		return err
	}
	v, err := b.verify(ctx, path, file)
	if err != nil {
		return err
	}
	b.say("%s, seed %d: stopped after %s, in %s: the plan after %.1f ms (CPU %.1f), regret %.2e", b.row, b.seed, at, phase, ended.Sub(stopped).Seconds()*1e3, (cpuEnded-cpu).Seconds()*1e3, v.Regret)
	fmt.Fprintf(t, "| %s | %s | %.1f | %.1f | %s |\n", at, phase, ended.Sub(stopped).Seconds()*1e3, (cpuEnded-cpu).Seconds()*1e3, small(v.Regret))
	return nil
}
