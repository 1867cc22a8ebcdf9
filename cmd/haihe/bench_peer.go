package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"haihe/planner"
)

// benchRun is one process that was measured.
type benchRun struct {
	wall, cpu time.Duration // from its start to its end, the plan on disk
	peakMiB   float64
	output    []byte
}

// measure runs a program to its end. What it says on its standard error goes on.
func measure(ctx context.Context, errOut io.Writer, name string, args ...string) (benchRun, error) {
	return measureAs(ctx, errOut, filepath.Base(name), name, args...)
}

func measureAs(ctx context.Context, errOut io.Writer, called, name string, args ...string) (benchRun, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Args[0] = called
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 5 * time.Second
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, errOut
	begun := time.Now()
	err := cmd.Run()
	r := benchRun{wall: time.Since(begun), output: out.Bytes()}
	if cmd.ProcessState != nil {
		r.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	}
	if err != nil {
		return r, fmt.Errorf("%s %s: %w", called, strings.Join(args, " "), err)
	}
	return r, nil
}

// child starts this program itself and reads what it says into v.
func (b *bench) child(ctx context.Context, v any, args ...string) (benchRun, error) {
	self, err := os.Executable()
	if err != nil {
		return benchRun{}, err
	}
	r, err := measureAs(ctx, b.errOut, "haihe", self, append([]string{"bench"}, args...)...)
	if err != nil {
		return r, err
	}
	if err := json.Unmarshal(r.output, v); err != nil {
		return r, fmt.Errorf("%s: %w", strings.Join(args, " "), err)
	}
	return r, nil
}

// verify checks a plan by our own verifier, and by the referee where there is one.
func (b *bench) verify(ctx context.Context, problem, plan string) (*planner.Verdict, error) {
	v := &planner.Verdict{}
	if _, err := b.child(ctx, v, "run-check", problem, plan); err != nil {
		return nil, err
	}
	if v.FaultCount > 0 {
		return nil, fmt.Errorf("%s has %d faults: %s", plan, v.FaultCount, strings.Join(v.Faults, "; "))
	}
	if b.judge == "" {
		return v, nil
	}
	r, err := measure(ctx, b.errOut, b.judge, "check", problem, plan)
	if err != nil {
		return nil, fmt.Errorf("%w\n%s", err, r.output)
	}
	theirs, err := refereeRegret(r.output)
	if err != nil {
		return nil, err
	}
	if d := theirs - v.Regret; d > 1e-7 || d < -1e-7 { // it says percent with five digits
		return nil, fmt.Errorf("%s: the referee finds a regret of %g, we find %g", plan, theirs, v.Regret)
	}
	return v, nil
}

var refereeLine = regexp.MustCompile(`(?m)^faults 0 .* regret (-?[0-9.]+)%`)

func refereeRegret(said []byte) (float64, error) {
	m := refereeLine.FindSubmatch(said)
	if m == nil {
		return 0, fmt.Errorf("the referee says %q", said)
	}
	x, err := strconv.ParseFloat(string(m[1]), 64)
	return x / 100, err
}

// peerLine is a line that the peer writes when it first reaches something.
type peerLine struct {
	Reached string  `json:"reached"`
	Seconds float64 `json:"seconds"`
	Regret  float64 `json:"regret"`
	PeakMiB float64 `json:"rss_mib"`
	Version string  `json:"version"`
}

func peerLines(output []byte) ([]peerLine, error) {
	var lines []peerLine
	for s := bufio.NewScanner(bytes.NewReader(output)); s.Scan(); {
		var l peerLine
		if err := json.Unmarshal(s.Bytes(), &l); err != nil {
			return nil, fmt.Errorf("the peer says %q: %w", s.Text(), err)
		}
		lines = append(lines, l)
	}
	if len(lines) == 0 {
		return nil, fmt.Errorf("the peer says nothing")
	}
	return lines, nil
}

// rivalRun is how the peer did for one goal.
type rivalRun struct {
	benchRun
	reached bool
	regret  float64
}

// rival runs the peer on the problem until the goal or its limit.
func (b *bench) rival(ctx context.Context, r *benchRow, g benchGoal, problem, plan string) (*rivalRun, error) {
	limit := r.rival
	if b.peerLimit > 0 {
		limit = b.peerLimit
	}
	args := []string{"-time", limit.String(), "-o", plan, "-regret", fmt.Sprint(g.regret), "-gap", fmt.Sprint(g.gap), problem}
	run, err := measure(ctx, b.errOut, b.peer, args...)
	if err != nil {
		return nil, err
	}
	lines, err := peerLines(run.output)
	if err != nil {
		return nil, err
	}
	last := lines[len(lines)-1]
	b.versions["peer"] = last.Version
	run.peakMiB = last.PeakMiB
	v, err := b.verify(ctx, problem, plan)
	if err != nil {
		return nil, fmt.Errorf("the plan of the peer: %w", err)
	}
	return &rivalRun{benchRun: run, reached: g.reached(v), regret: v.Regret}, nil
}

// listing solves the linear program over all itineraries of up to five legs, as the referee lists them, by the simplex
// method of the peer's solver.
func (b *bench) listing(ctx context.Context, problem string) (*rivalRun, error) {
	at := func(ext string) string { return strings.TrimSuffix(problem, ".json") + ".listed" + ext }
	lp, err := measure(ctx, b.errOut, b.judge, "lp", "-legs", "5", "-columns", at(".columns"), problem)
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(at(".lp"), lp.output, 0o600); err != nil {
		return nil, err
	}
	lp.output = nil
	run, err := measure(ctx, b.errOut, b.peer, "-lp", at(".lp"), "-o", at(".answer"))
	if err != nil {
		return nil, err
	}
	lines, err := peerLines(run.output)
	if err != nil {
		return nil, err
	}
	run.peakMiB = lines[0].PeakMiB
	b.versions["peer"] = lines[0].Version
	plan, err := measure(ctx, b.errOut, b.judge, "plan", problem, at(".columns"), at(".answer"))
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(at(".plan.json"), plan.output, 0o600); err != nil {
		return nil, err
	}
	checked, err := measure(ctx, b.errOut, b.judge, "check", "-gap", "1e-6", problem, at(".plan.json"))
	if err != nil {
		return nil, fmt.Errorf("%w\n%s", err, checked.output)
	}
	regret, err := refereeRegret(checked.output)
	return &rivalRun{benchRun: run, reached: true, regret: regret}, err
}
