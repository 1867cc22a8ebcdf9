package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"haihe/planner"
	"haihe/planner/optimize"
)

// eventBench measures how a session follows events.
type eventBench struct {
	generatedBench
	count, every int
	regret, back float64
	kinds        []string
	plan         string
}

func benchEventsCommand(parent *bench) *cobra.Command {
	b := &eventBench{}
	cmd := &cobra.Command{
		Use:   "events [flags]",
		Short: "Measure how a plan follows events",
		Long: `Solves the problem of a row, then lets events happen to it, some of each kind by turns, and follows them: a
patched plan, a new bound, a plan that is back at a regret. Departures are drawn among those that carry something. Every
few events the problem and the plan as they stand are written to --dir and verified.`,
		Example: `  haihe bench events --judge ./judge
  haihe bench events --size L --count 20`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if b.count < 1 || b.every < 1 || !(b.regret > 0) || !(b.back > 0) {
				return misused("--count and --every must be 1 at least, --regret and --back above 0")
			}
			for _, k := range b.kinds {
				if !slices.Contains(eventKinds, k) {
					return misused("there is no kind of event %q; kinds are %s", k, strings.Join(eventKinds, ", "))
				}
			}
			_, p, err := b.open(cmd, parent)
			if err != nil {
				return err
			}
			return b.run(cmd.Context(), p, cmd.OutOrStdout())
		},
	}
	b.flags(cmd, "seed of the problem and of the events")
	cmd.Flags().IntVar(&b.count, "count", 30, "events of each kind")
	cmd.Flags().IntVar(&b.every, "every", 50, "after how many events the plan is verified")
	cmd.Flags().Float64Var(&b.regret, "regret", 1e-4, "the regret of the plan that the events happen to")
	cmd.Flags().Float64Var(&b.back, "back", 1e-3, "the regret to come back to")
	cmd.Flags().StringVar(&b.plan, "plan", "", "begin at this plan of the problem, and not at one made in the same run")
	cmd.Flags().StringSliceVar(&b.kinds, "kinds", eventKinds, "kinds of events")
	return cmd
}

// eventKinds are the kinds of events, as the table calls them.
var eventKinds = []string{"cancelled", "cut", "late", "rate", "room", "request", "withdrawn"}

// eventTook is what following one event took, and where it led.
type eventTook struct {
	patch, bound, back, mended         float64 // ms; back and mended count from the event
	patchCPU, boundCPU, cpu, mendedCPU float64
	improved, improvedCPU              float64 // 0 where it was not needed
	patched, proven, regret            float64
	moved                              int
	reached                            bool
}

func (b *eventBench) run(ctx context.Context, p *planner.Problem, out io.Writer) error {
	x, cold, coldCPU, err := b.begin(ctx, p)
	if err != nil {
		return err
	}
	_, _, regret := x.Standing()
	b.say("%s: begins at a regret of %.2e", b.row, regret)
	rnd := rand.New(rand.NewPCG(uint64(b.seed), 0x6576656e7473))
	took := map[string][]eventTook{}
	verified := 0
	for i := range b.count * len(b.kinds) {
		kind := b.kinds[i%len(b.kinds)]
		delta := drawEvent(rnd, kind, x.Problem(), x.Plan(), i)
		t, err := b.follow(ctx, x, delta)
		if err != nil {
			return fmt.Errorf("event %d, %s: %w", i, kind, err)
		}
		took[kind] = append(took[kind], t)
		b.say("%d %s: patch %.1f ms (CPU %.1f), bound %.1f (%.1f), back %.1f (%.1f), mended %.1f (%.1f) ms; regret %.2e, %.2e, %.2e; %d moved", i, kind, t.patch, t.patchCPU, t.bound, t.boundCPU, t.back, t.cpu, t.mended, t.mendedCPU, t.patched, t.proven, t.regret, t.moved)
		if (i+1)%b.every == 0 || i+1 == b.count*len(b.kinds) {
			if err := b.export(ctx, x); err != nil {
				return fmt.Errorf("after event %d: %w", i, err)
			}
			verified++
		}
	}
	_, err = io.WriteString(out, b.eventTable(p, took, cold, coldCPU, verified))
	return err
}

// begin solves the problem twice: to the regret to come back to, for the time that it takes, and to the one to begin with; or
// it takes up a plan, and there is no such time.
func (b *eventBench) begin(ctx context.Context, p *planner.Problem) (x *optimize.Session, cold, coldCPU time.Duration, err error) {
	if b.plan != "" {
		plan, err := readPlan(ctx, b.plan, nil)
		if err != nil {
			return nil, 0, 0, err
		}
		x, err = optimize.Resume(p, plan, optimize.Options{Regret: b.regret})
		return x, 0, 0, err
	}
	b.say("%s: cold, to a regret of %g", b.row, b.back)
	begun, cpu := time.Now(), cpuTime()
	if _, err := optimize.Solve(ctx, p, optimize.Options{Regret: b.back}); err != nil {
		return nil, 0, 0, err
	}
	cold, coldCPU = time.Since(begun), cpuTime()-cpu
	b.say("%s: %.2f s, %.2f CPU s; now to %g", b.row, cold.Seconds(), coldCPU.Seconds(), b.regret)
	x, _, err = optimize.Begin(ctx, p, optimize.Options{Regret: b.regret})
	return x, cold, coldCPU, err
}

// follow follows one event to the end.
func (b *eventBench) follow(ctx context.Context, x *optimize.Session, d optimize.Delta) (t eventTook, err error) {
	ms := func(d time.Duration) float64 { return d.Seconds() * 1000 }
	begun, cpu := time.Now(), cpuTime()
	patch, err := x.Apply(d)
	if err != nil {
		return t, err
	}
	t.patch, t.patchCPU, t.moved = ms(time.Since(begun)), ms(cpuTime()-cpu), len(patch.Requests)
	_, _, t.patched = x.Standing()
	proving, provingCPU := time.Now(), cpuTime()
	x.Prove()
	t.bound, t.boundCPU = ms(time.Since(proving)), ms(cpuTime()-provingCPU)
	_, _, t.proven = x.Standing()
	t.back, t.cpu = ms(time.Since(begun)), ms(cpuTime()-cpu)
	t.regret = x.Mend(ctx, b.back) // which the service does in any case
	t.mended, t.mendedCPU = ms(time.Since(begun)), ms(cpuTime()-cpu)
	if t.proven > b.back {
		t.back, t.cpu = t.mended, t.mendedCPU
	}
	t.reached = t.regret <= b.back
	if t.regret > b.back/2 { // as the service does when nothing else happens, so that the next event finds a solved plan too
		improving, improvingCPU := time.Now(), cpuTime()
		improved := x.Improve(ctx, b.regret)
		t.improved, t.improvedCPU = ms(time.Since(improving)), ms(cpuTime()-improvingCPU)
		b.say("all planned anew, to %.2e: %.0f ms (CPU %.0f)", improved, t.improved, t.improvedCPU)
	}
	return t, nil
}

// export writes the problem and the plan as they stand, and has them verified.
func (b *eventBench) export(ctx context.Context, x *optimize.Session) error {
	problem, plan := filepath.Join(b.dir, "events.json"), filepath.Join(b.dir, "events.plan.json")
	err := errors.Join(
		writeTo(problem, func(w io.Writer) error { return planner.EncodeProblem(w, x.Problem()) }),
		writeTo(plan, func(w io.Writer) error { return planner.EncodePlan(w, x.Explain()) }))
	if err != nil {
		return err
	}
	_, err = b.verify(ctx, problem, plan)
	return err
}

func writeTo(path string, write func(io.Writer) error) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(write(f), f.Close())
}

// cpuTime is what all cores have worked for this process.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// drawEvent draws an event of a kind.
func drawEvent(rnd *rand.Rand, kind string, p *planner.Problem, plan *planner.Plan, serial int) optimize.Delta {
	a := &plan.Assignments[rnd.IntN(len(plan.Assignments))]
	id := a.Departures[rnd.IntN(len(a.Departures))]
	d := p.Departures[slices.IndexFunc(p.Departures, func(d planner.Departure) bool { return d.ID == id })]
	w := p.Warehouses[slices.IndexFunc(p.Warehouses, func(w planner.Warehouse) bool { return w.ID == a.Warehouse })]
	r := p.Requests[rnd.IntN(len(p.Requests))]
	switch kind {
	case "cancelled":
		return optimize.Delta{Cancelled: []string{d.ID}}
	case "cut":
		part := 0.2 + 0.6*rnd.Float64()
		d.CapacityM3, d.CapacityKg = d.CapacityM3*part, d.CapacityKg*part
	case "rate":
		d.Rate.Amount *= 0.7 + 0.8*rnd.Float64()
	case "late": // and so all that follows on its voyage
		by := time.Duration(6+rnd.IntN(90)) * time.Hour
		var late []planner.Departure
		for _, e := range p.Departures {
			if e.ID == d.ID || e.Voyage != "" && e.Voyage == d.Voyage && e.Depart.After(d.Depart) {
				e.Cutoff, e.Depart, e.Arrive = e.Cutoff.Add(by), e.Depart.Add(by), e.Arrive.Add(by)
				late = append(late, e)
			}
		}
		return optimize.Delta{Departures: late}
	case "room":
		room := make(planner.PerDay, p.Days)
		from, part := rnd.IntN(p.Days), 0.2+0.6*rnd.Float64()
		for k := range room {
			room[k] = w.CapacityM3.At(k)
			if k >= from {
				room[k] *= part
			}
		}
		w.CapacityM3 = room
		return optimize.Delta{Warehouses: []planner.Warehouse{w}}
	case "request":
		part := 0.5 + rnd.Float64()
		r.ID = fmt.Sprint("event-", serial)
		r.VolumeM3, r.WeightKg, r.Value = r.VolumeM3*part, r.WeightKg*part, r.Value*part
		return optimize.Delta{Requests: []planner.Request{r}}
	case "withdrawn":
		return optimize.Delta{Withdrawn: []string{r.ID}}
	}
	return optimize.Delta{Departures: []planner.Departure{d}}
}

func (b *eventBench) eventTable(p *planner.Problem, took map[string][]eventTook, cold, coldCPU time.Duration, verified int) string {
	var t strings.Builder
	referee := "haihe check"
	if b.judge != "" {
		referee += " and the referee"
	}
	fmt.Fprintf(&t, "%s. haihe %s%s. %s, seed %d: %d requests; cold to a regret of %g: %.2f s, %.2f CPU s. %d states verified by %s.\n", machine(), version(), commit(), b.row, b.seed,
		len(p.Requests), b.back, cold.Seconds(), coldCPU.Seconds(), verified, referee)
	t.WriteString("\nms, p50 / p99, and in brackets of CPU time; back counts from the event until the regret is reached, mended until its neighbourhood is planned anew:\n\n" +
		"| event | times | moved | patch | bound | back | share of cold | not back | mended | regret patched | proven | mended |\n|---|---|---|---|---|---|---|---|---|---|---|---|\n")
	for _, kind := range b.kinds {
		list := took[kind]
		of := func(f func(eventTook) float64) (p50, p99 float64) {
			var all []float64
			for _, x := range list {
				all = append(all, f(x))
			}
			q := quantilesOf(all)
			return q.P50, q.P99
		}
		cell := func(wall, cpu func(eventTook) float64) string {
			a, z := of(wall)
			c, y := of(cpu)
			return fmt.Sprintf("%.1f / %.1f (%.1f / %.1f)", a, z, c, y)
		}
		missed := 0
		for _, x := range list {
			if !x.reached {
				missed++
			}
		}
		m, _ := of(func(x eventTook) float64 { return float64(x.moved) })
		_, slow := of(func(x eventTook) float64 { return x.cpu })
		worst := func(f func(eventTook) float64) string {
			_, z := of(f)
			return small(z)
		}
		fmt.Fprintf(&t, "| %s | %d | %.0f | %s | %s | %s | 1/%.0f | %d | %s | %s | %s | %s |\n", kind, len(list), m,
			cell(func(x eventTook) float64 { return x.patch }, func(x eventTook) float64 { return x.patchCPU }),
			cell(func(x eventTook) float64 { return x.bound }, func(x eventTook) float64 { return x.boundCPU }),
			cell(func(x eventTook) float64 { return x.back }, func(x eventTook) float64 { return x.cpu }),
			coldCPU.Seconds()*1000/math.Max(slow, 1e-3), missed,
			cell(func(x eventTook) float64 { return x.mended }, func(x eventTook) float64 { return x.mendedCPU }),
			worst(func(x eventTook) float64 { return x.patched }), worst(func(x eventTook) float64 { return x.proven }), worst(func(x eventTook) float64 { return x.regret }))
	}
	var all []float64
	for _, kind := range b.kinds {
		for _, x := range took[kind] {
			if x.improvedCPU > 0 {
				all = append(all, x.improvedCPU)
			}
		}
	}
	q := quantilesOf(all)
	fmt.Fprintf(&t, "\nEverything was planned anew %d times, when the regret was above %g: ms of CPU time %.0f / %.0f.\n", len(all), b.back/2, q.P50, q.P99)
	return t.String()
}
