package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"haihe/planner"
)

// bench measures the planner, each run in a process of its own.
type bench struct {
	dir, judge, peer string
	out              string
	seeds            []int
	listed           bool
	limit, peerLimit time.Duration
	errOut           io.Writer
	versions         map[string]string
	made             map[string]bool // plans
}

func benchCommand() *cobra.Command {
	b := &bench{versions: map[string]string{}, made: map[string]bool{}}
	cmd := &cobra.Command{
		Use:   "bench [flags] ROW…",
		Short: "Measure the planner, row by row of docs/benchmarks.md",
		Long: `Measures rows of docs/benchmarks.md (` + strings.Join(benchNames(), ", ") + `; or all) and writes them
as a table in Markdown. Each run is a fresh process that reads its problem from disk and writes its plan to
disk, as haihe solve does; each plan is then verified from the problem alone.

Problems are taken from --dir; those that are not there are made if --judge names the referee, whose generator
makes all but linerlib-pacific.json. With --judge the referee verifies every plan too; with --peer, the program that docs/benchmarks/peer
builds is measured beside the planner.`,
		Example: `  haihe bench S M --judge ./judge
  haihe bench all --judge ./judge --peer .cache/peer --out docs/benchmarks.md`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return misused("%s: ROW is missing; rows are %s, or all", cmd.CommandPath(), strings.Join(benchNames(), ", "))
			}
			for _, a := range args {
				if a != "all" && !slices.Contains(benchNames(), a) {
					return misused("%s: there is no row %q; rows are %s, or all", cmd.CommandPath(), a, strings.Join(benchNames(), ", "))
				}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			b.errOut = cmd.ErrOrStderr()
			if b.listed && (b.judge == "" || b.peer == "") {
				return misused("--listed needs --judge, which lists the itineraries, and --peer, which solves")
			}
			if b.limit <= 0 || b.peerLimit < 0 || len(b.seeds) == 0 {
				return misused("--time-limit must be above 0, --peer-time-limit not below, and --seeds name one at least")
			}
			if err := findPrograms(&b.judge, &b.peer); err != nil {
				return err
			}
			return b.run(cmd.Context(), args, cmd.OutOrStdout())
		},
	}
	cmd.PersistentFlags().StringVar(&b.dir, "dir", filepath.Join(".cache", "bench"), "folder of problems and plans")
	cmd.PersistentFlags().StringVar(&b.judge, "judge", "", "the referee's program: makes problems, verifies plans")
	cmd.Flags().StringVar(&b.peer, "peer", "", "the peer's program, to be measured in the same run")
	cmd.Flags().StringVar(&b.out, "out", "", "write the table to this file; where it has the marks of docs/benchmarks.md, between them")
	cmd.Flags().IntSliceVar(&b.seeds, "seeds", []int{1}, "seeds of the generated problems")
	cmd.Flags().BoolVar(&b.listed, "listed", false, "with S: also solve the linear program over all its itineraries (minutes)")
	cmd.Flags().DurationVar(&b.limit, "time-limit", 10*time.Minute, "the most that a run gets that has another goal than time")
	cmd.Flags().DurationVar(&b.peerLimit, "peer-time-limit", 0, "the most that the peer gets (0: what the row says)")
	cmd.AddCommand(benchChildren()...)
	cmd.AddCommand(benchEventsCommand(b), benchStopCommand(b), benchWhatifCommand(b))
	cmd.AddCommand(benchLoadCommand(b))
	return cmd
}

// reached tells whether a verified plan is where the goal is; a goal of time is always reached.
func (g benchGoal) reached(v *planner.Verdict) bool {
	const rounding = 1e-9
	return g.limit > 0 || g.regret > 0 && v.Regret <= g.regret+rounding || g.gap > 0 && v.Gap <= g.gap+rounding
}

// benchLine is one line of the table.
type benchLine struct {
	row    *benchRow
	goal   benchGoal
	seed   int
	run    benchRun
	did    *planner.Verdict
	whole  float64 // gap to the bound for whole requests; 0: not told
	peer   *rivalRun
	listed *rivalRun
	quoted *benchQuoted
}

func (b *bench) run(ctx context.Context, names []string, out io.Writer) error {
	if err := os.MkdirAll(b.dir, 0o755); err != nil {
		return err
	}
	var lines []benchLine
	left := 0 // a row that fails leaves the others
	for i := range benchRows {
		r := &benchRows[i]
		if !slices.Contains(names, r.name) && !slices.Contains(names, "all") {
			continue
		}
		seeds := b.seeds
		if r.size == nil {
			seeds = []int{0}
		}
		for _, seed := range seeds {
			more, err := b.row(ctx, r, seed)
			lines = append(lines, more...)
			if err != nil {
				b.say("%s, seed %d: left out: %v", r.name, seed, err)
				left++
			}
			if ctx.Err() != nil {
				return fmt.Errorf("interrupted: %w", ctx.Err())
			}
		}
	}
	if len(lines) > 0 {
		if err := b.write(b.table(lines), out); err != nil {
			return err
		}
	}
	if left > 0 {
		return fmt.Errorf("left out %d of the problems asked for, for the reasons above", left)
	}
	return nil
}

func (b *bench) write(text string, out io.Writer) error {
	if b.out == "" {
		_, err := io.WriteString(out, text)
		return err
	}
	return writeBetween(b.out, text, "")
}

// problem is the path of the row's problem, which it makes if need be.
func (b *bench) problem(ctx context.Context, r *benchRow, seed int) (string, error) {
	path := filepath.Join(b.dir, r.problemName(seed))
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	if r.size == nil {
		return "", fmt.Errorf("%s is missing; it cannot be made, put it there", path)
	}
	if b.judge == "" {
		return "", fmt.Errorf("%s is missing; name the referee with --judge to make it, or put it there", path)
	}
	b.say("making %s", path)
	made, err := measure(ctx, b.errOut, b.judge, r.generate(seed)...)
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(path+".part", made.output, 0o600); err != nil {
		return "", err
	}
	return path, os.Rename(path+".part", path)
}

func (b *bench) say(format string, a ...any) { fmt.Fprintf(b.errOut, "bench: "+format+"\n", a...) }

func (b *bench) row(ctx context.Context, r *benchRow, seed int) ([]benchLine, error) {
	problem, err := b.problem(ctx, r, seed)
	if err != nil {
		return nil, err
	}
	var lines []benchLine
	for _, g := range r.goals {
		l := benchLine{row: r, goal: g, seed: seed}
		if err := b.goal(ctx, &l, problem); err != nil {
			return lines, err
		}
		lines = append(lines, l)
	}
	return lines, nil
}

// goal makes the runs of one goal, ours and the peer's by turns, and keeps of each the one of median time.
func (b *bench) goal(ctx context.Context, l *benchLine, problem string) error {
	r, g := l.row, l.goal
	plan := fmt.Sprintf("%s.%s.plan.json", strings.TrimSuffix(problem, ".json"), strings.ReplaceAll(g.String(), " ", "-"))
	if r.quotes {
		return b.quote(ctx, l, problem, plan)
	}
	var ours []benchLine
	var theirs []*rivalRun
	for range r.repeat {
		if err := b.solve(ctx, l, problem, plan); err != nil {
			return err
		}
		ours = append(ours, *l)
		if b.peer != "" && r.rival > 0 {
			b.say("%s, seed %d, %s: the peer", r.name, l.seed, g)
			x, err := b.rival(ctx, r, g, problem, plan+".peer")
			if err != nil {
				return err
			}
			theirs = append(theirs, x)
			b.say("%s, seed %d, %s: the peer %.2f s, regret %.2e", r.name, l.seed, g, x.wall.Seconds(), x.regret)
		}
	}
	slices.SortFunc(ours, func(a, b benchLine) int { return int(a.run.wall - b.run.wall) })
	*l = ours[len(ours)/2]
	if len(theirs) > 0 {
		slices.SortFunc(theirs, func(a, b *rivalRun) int { return int(a.wall - b.wall) })
		l.peer = theirs[len(theirs)/2]
	}
	if r.listed && b.listed {
		b.say("%s, seed %d: all itineraries", r.name, l.seed)
		x, err := b.listing(ctx, problem)
		if err != nil {
			return err
		}
		l.listed = x
	}
	return nil
}

// solve plans once, in a fresh process, and has the plan verified.
func (b *bench) solve(ctx context.Context, l *benchLine, problem, plan string) error {
	g := l.goal
	limit := b.limit
	if g.limit > 0 {
		limit = g.limit
	}
	b.say("%s, seed %d, %s", l.row.name, l.seed, g)
	var said benchSolved
	run, err := b.child(ctx, &said, "run-solve", "--regret", fmt.Sprint(g.regret), "--gap", fmt.Sprint(g.gap), "--time-limit", limit.String(), "--reasons", fmt.Sprint(g.reasons()), problem, plan)
	if err != nil {
		return err
	}
	run.peakMiB = said.PeakMiB
	v, err := b.verify(ctx, problem, plan)
	if err != nil {
		return err
	}
	b.made[plan] = true
	l.run, l.did, l.whole = run, v, 0
	if g.whole && said.WholeBound > 0 {
		l.whole = (v.Objective - said.WholeBound) / v.Objective
	}
	b.say("%s, seed %d, %s: %.2f s, regret %.2e, gap %.2e", l.row.name, l.seed, g, run.wall.Seconds(), v.Regret, v.Gap)
	return nil
}

// quote prices requests at the prices of a plan, which is made first if no row of this run has made it.
func (b *bench) quote(ctx context.Context, l *benchLine, problem, plan string) error {
	if !b.made[plan] {
		if err := b.solve(ctx, l, problem, plan); err != nil {
			return err
		}
	}
	v, err := b.verify(ctx, problem, plan)
	if err != nil {
		return err
	}
	b.say("%s, seed %d", l.row.name, l.seed)
	l.did, l.quoted = v, &benchQuoted{}
	l.run, err = b.child(ctx, l.quoted, "run-quotes", problem, plan)
	l.run.peakMiB = l.quoted.PeakMiB
	return err
}
