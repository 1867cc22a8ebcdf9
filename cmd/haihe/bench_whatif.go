package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"haihe/planner"
	"haihe/planner/scenario"
	"haihe/streams"
	"haihe/web"
)

// whatifBench asks a whole service what if, over HTTP as the commission's page does.
type whatifBench struct {
	generatedBench
	repeat  int
	profile string
}

// sampleRow is the network of serve --sample, which no generator makes.
const sampleRow = "sample"

func benchWhatifCommand(parent *bench) *cobra.Command {
	b := &whatifBench{}
	cmd := &cobra.Command{
		Use:   "whatif [flags]",
		Short: "Measure a service's answers to what if",
		Long: `Starts a service, publishes the problem of a row to it (--size sample: its own sample), waits for the live plan to come to rest,
and asks what if Suez shut, a service sailed to Santos each week, the warehouse whose room is worth most doubled, Los Angeles was on strike; and one more,
which it cancels. Each time is from POST to the answer. The service's problem with the changes is then solved anew by haihe solve: each
plan is verified, and both must be as good, within what they prove.`,
		Example: `  haihe bench whatif --judge ./judge
  haihe bench whatif --size sample --repeat 3`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if b.repeat < 1 {
				return misused("--repeat must be 1 at least")
			}
			if b.row == sampleRow {
				if err := b.take(cmd, parent); err != nil {
					return err
				}
				return b.run(cmd.Context(), nil, cmd.OutOrStdout())
			}
			_, p, err := b.open(cmd, parent)
			if err != nil {
				return err
			}
			return b.run(cmd.Context(), p, cmd.OutOrStdout())
		},
	}
	b.flags(cmd, "seed of the problem")
	cmd.Flags().IntVar(&b.repeat, "repeat", 1, "how often each is asked")
	cmd.Flags().StringVar(&b.profile, "profile", "", "folder for CPU profiles of the service, one for each question")
	return cmd
}

// question is what is asked.
type question struct {
	name    string
	changes []scenario.Change
}

// questions are those of the commission, of a network that has these places. The warehouse is the one whose room is worth most, the
// strike begins a month after the first departure, when ships are on their way there.
func questions(p *planner.Problem, plan *planner.Plan) ([]question, error) {
	if len(p.Departures) == 0 || len(p.Warehouses) == 0 {
		return nil, errors.New("the live problem has no departures or no warehouses")
	}
	double := 2.0
	worth := map[string]float64{}
	for _, x := range plan.Prices.Warehouses {
		worth[x.ID] += x.M3
	}
	dearest := slices.MaxFunc(p.Warehouses, func(a, b planner.Warehouse) int { return cmp.Compare(worth[a.ID], worth[b.ID]) })
	first := slices.MinFunc(p.Departures, func(a, b planner.Departure) int { return a.Depart.Compare(b.Depart) }).Depart
	from := first.AddDate(0, 1, 0)
	return []question{
		{"Suez shut", []scenario.Change{{Kind: scenario.ShutPassage, Passage: "suez"}}},
		{"a weekly sailing to Santos", []scenario.Change{{Kind: scenario.AddService, Service: &scenario.Service{Mode: planner.ModeSea, Calls: []string{"CNTXG", "BRSSZ"}}}}},
		{"warehouse " + dearest.ID + " doubled", []scenario.Change{{Kind: scenario.ChangeWarehouse, Warehouse: dearest.ID, Factor: &double}}},
		{"10 days of strike at Los Angeles", []scenario.Change{{Kind: scenario.StrikePort, Place: "USLAX", From: &from, Days: 10}}},
	}, nil
}

// run asks of a problem, or without one of the sample.
func (b *whatifBench) run(ctx context.Context, p *planner.Problem, out io.Writer) error {
	dir, err := os.MkdirTemp(b.dir, "whatif-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	more, requests := []string{"--horizon", "120"}, 1
	if p == nil {
		more = append(more, "--sample", "--feed-speed", "0.001")
	}
	started := &loadBench{dir: b.dir, errOut: b.errOut}
	s, err := started.serve(ctx, filepath.Join(dir, "data"), more...)
	if err != nil {
		return err
	}
	defer s.stop()
	if p != nil {
		requests = len(p.Requests)
		producer := streams.NewProducer(s.brokers)
		defer producer.Close()
		if err := producer.PublishAll(ctx, p.Published(time.Now()), func(int, int) {}); err != nil {
			return err
		}
	}
	asker := &asker{service: s}
	if asker.commission, err = s.token(web.Commission, string(web.Commission)); err != nil {
		return err
	}
	if asker.operator, err = s.token(web.Operator, string(web.Operator)); err != nil {
		return err
	}
	b.say("waiting for the live plan")
	live, plan, err := asker.rested(ctx, requests)
	if err != nil {
		return err
	}
	var t strings.Builder
	fmt.Fprintf(&t, "%s. haihe %s%s. %s, seed %d: %d requests, %d departures, live plan with a regret of %s.\n\n"+
		"| what if | s from POST to the answer | CPU s of the service | seen on the way | regret | haihe solve: s, CPU s | regret | cost differs by |\n|---|---|---|---|---|---|---|---|\n",
		machine(), version(), commit(), b.row, b.seed, len(live.Requests), len(live.Departures), small(scenario.RegretOf(live, plan)))
	asked, err := questions(live, plan)
	if err != nil {
		return err
	}
	for _, q := range asked {
		for range b.repeat {
			if err := b.ask(ctx, &t, asker, q, dir); err != nil {
				return fmt.Errorf("%s: %w", q.name, err)
			}
		}
	}
	if err := b.cancel(ctx, &t, asker, asked[0]); err != nil {
		return fmt.Errorf("cancelling: %w", err)
	}
	_, err = io.WriteString(out, t.String())
	return err
}

// ask asks one question, solves its problem anew and writes a line of the table.
func (b *whatifBench) ask(ctx context.Context, t *strings.Builder, a *asker, q question, dir string) error {
	profiled := b.profiled(ctx, a.service, q.name)
	cpu, begun := a.service.cpu(), time.Now()
	got, stages, err := a.ask(ctx, q, false)
	took := time.Since(begun)
	cpu = a.service.cpu() - cpu
	profiled()
	if err != nil {
		return err
	}
	if got.Status != scenario.Done {
		return fmt.Errorf("it is %s: %s", got.Status, got.Problem)
	}
	problem, plan, again := filepath.Join(dir, "problem.json"), filepath.Join(dir, "plan.json"), filepath.Join(dir, "again.json")
	for what, path := range map[string]string{"problem": problem, "plan": plan} {
		text, err := a.service.get(ctx, "/api/scenarios/"+got.ID+"/"+what, a.operator)
		if err != nil {
			return err
		}
		if err := os.WriteFile(path, text, 0o600); err != nil {
			return err
		}
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	o := scenario.Options()
	solved, err := measureAs(ctx, b.errOut, "haihe", self, "solve", "--gap", fmt.Sprint(o.Gap), "--regret", fmt.Sprint(o.Regret), "--search", strconv.Itoa(o.Search), "--reasons", fmt.Sprint(o.Reasons), problem)
	if err != nil {
		return err
	}
	if err := os.WriteFile(again, solved.output, 0o600); err != nil {
		return err
	}
	ours, err := b.verify(ctx, problem, plan)
	if err != nil {
		return err
	}
	theirs, err := b.verify(ctx, problem, again)
	if err != nil {
		return err
	}
	if err := asGood(ours, theirs, got.Totals.Objective.After); err != nil {
		return err
	}
	off := (ours.Objective - theirs.Objective) / theirs.Objective
	b.say("%s: %.2f s, CPU %.2f s; haihe solve %.2f s, CPU %.2f s; they differ by %s", q.name, took.Seconds(), cpu.Seconds(), solved.wall.Seconds(), solved.cpu.Seconds(), small(off))
	fmt.Fprintf(t, "| %s | %s | %s | %s | %s | %s, %s | %s | %s |\n", q.name, seconds(took.Seconds()), seconds(cpu.Seconds()), strings.Join(stages, ", "), small(ours.Regret),
		seconds(solved.wall.Seconds()), seconds(solved.cpu.Seconds()), small(theirs.Regret), small(off))
	return nil
}

// asGood says what keeps two plans of a problem from being as good as each other: neither may cost less than the other proves that
// any plan costs. Told is the objective that the answer named.
func asGood(ours, theirs *planner.Verdict, told float64) error {
	rounding := 1e-9 * math.Abs(theirs.Objective)
	switch {
	case math.Abs(told-ours.Objective) > 1e-6*math.Abs(ours.Objective):
		return fmt.Errorf("the answer names an objective of %.6f, its plan has %.6f", told, ours.Objective)
	case ours.Objective < theirs.Bound-rounding:
		return fmt.Errorf("the service's plan costs %.6f, less than the %.6f that haihe solve proves to be the least", ours.Objective, theirs.Bound)
	case theirs.Objective < ours.Bound-rounding:
		return fmt.Errorf("the plan of haihe solve costs %.6f, less than the %.6f that the service proves to be the least", theirs.Objective, ours.Bound)
	}
	return nil
}

// cancel asks a question and cancels it once it is being solved.
func (b *whatifBench) cancel(ctx context.Context, t *strings.Builder, a *asker, q question) error {
	// Another question than before, or the answer might be there before the cancellation.
	double := 1.5
	q.changes = append(slices.Clone(q.changes), scenario.Change{Kind: scenario.ChangeDemand, Factor: &double})
	got, stages, err := a.ask(ctx, q, true)
	if err != nil {
		return err
	}
	if got.Status != scenario.Cancelled {
		fmt.Fprintf(t, "\nA question that was to be cancelled was answered before: %s.\n", strings.Join(stages, ", "))
		return nil
	}
	fmt.Fprintf(t, "\nOne that was cancelled ended %.0f ms later, at %s.\n", a.ended.Seconds()*1e3, strings.Join(stages, ", "))
	return nil
}

// asker speaks to the service as the commission, and as the operator for problems and plans.
type asker struct {
	service              *loaded
	commission, operator string
	ended                time.Duration // from the last cancellation until it was done
}

// whatifAnswer is what the service says of a question.
type whatifAnswer struct {
	ID       string
	Status   string
	Problem  string
	Progress *struct{ Stage string }
	Totals   struct{ Objective struct{ After float64 } }
}

// ask sends a question and follows it to its end, or with stop cancels it when its first solve is seen. Stages are the steps that were seen.
func (a *asker) ask(ctx context.Context, q question, stop bool) (got whatifAnswer, stages []string, err error) {
	body, err := json.Marshal(map[string]any{"name": q.name, "changes": q.changes})
	if err != nil {
		return got, nil, err
	}
	text, err := a.post(ctx, "/api/scenarios", body, http.StatusCreated)
	if err != nil {
		return got, nil, err
	}
	var cancelled time.Time
	for {
		got = whatifAnswer{}
		if err := json.Unmarshal(text, &got); err != nil {
			return got, stages, err
		}
		if p := got.Progress; p != nil && p.Stage != "" && !slices.Contains(stages, p.Stage) {
			stages = append(stages, p.Stage)
		}
		if got.Status != scenario.Waiting && got.Status != scenario.Running {
			a.ended = time.Since(cancelled)
			return got, stages, nil
		}
		if stop && cancelled.IsZero() && len(stages) > 1 {
			cancelled = time.Now()
			if _, err := a.post(ctx, "/api/scenarios/"+got.ID+"/cancel", nil, http.StatusNoContent); err != nil {
				return got, stages, err
			}
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			return got, stages, ctx.Err()
		}
		if text, err = a.service.get(ctx, "/api/scenarios/"+got.ID, a.commission); err != nil {
			return got, stages, err
		}
	}
}

func (a *asker) post(ctx context.Context, path string, body []byte, want int) ([]byte, error) {
	return a.service.call(ctx, http.MethodPost, path, a.commission, body, want)
}

// A live plan is at rest when it stayed the same for restFor and the service took no more of a core meanwhile than restShare: on a busy
// machine a thorough solve lasts longer than that.
const (
	restFor   = 4 * time.Second
	restShare = 0.05
)

// rested waits until so many requests are planned and the plan is at rest, and returns both.
func (a *asker) rested(ctx context.Context, requests int) (*planner.Problem, *planner.Plan, error) {
	var last uint64
	var since time.Time
	var worked time.Duration // until since
	for {
		select {
		case <-time.After(200 * time.Millisecond):
		case <-ctx.Done():
			return nil, nil, ctx.Err()
		}
		health, err := a.service.health(ctx, a.operator)
		if err != nil {
			continue
		}
		if health.PlanVersion != last {
			last, since, worked = health.PlanVersion, time.Now(), a.service.cpu()
		}
		lasted := time.Since(since)
		if last == 0 || lasted < restFor {
			continue
		}
		if a.service.cpu()-worked <= time.Duration(restShare*float64(lasted)) {
			if p, plan, err := a.planned(ctx); err == nil && len(p.Requests) >= requests {
				return p, plan, nil
			}
		}
		since, worked = time.Now(), a.service.cpu()
	}
}

func (a *asker) planned(ctx context.Context) (*planner.Problem, *planner.Plan, error) {
	problem, err := a.service.get(ctx, "/api/problem", a.operator)
	if err != nil {
		return nil, nil, err
	}
	plan, err := a.service.get(ctx, "/api/plan", a.operator)
	if err != nil {
		return nil, nil, err
	}
	p, err := planner.DecodeProblem(bytes.NewReader(problem), "the live problem")
	x, err2 := planner.DecodePlan(bytes.NewReader(plan), "the live plan")
	return p, x, errors.Join(err, err2)
}

// profiled takes a CPU profile of the service for five seconds, if that is wished; the func that it returns waits for the end of it.
func (b *whatifBench) profiled(ctx context.Context, s *loaded, name string) (wait func()) {
	return (&loadBench{profile: b.profile, lasting: 5 * time.Second, errOut: b.errOut}).profiled(ctx, s, strings.ReplaceAll(name, " ", "-"))
}
