package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
)

// mark is a line of docs/benchmarks.md or docs/benchmarks-load.md: between two of them stands a table. Which one is "" where
// a file has but one.
func mark(which, side string) string { return "<!-- haihe bench" + which + ": " + side + " -->\n" }

// writeBetween writes text between the marks of a file that has them, else to its end where the marks have a name, else over
// all of it.
func writeBetween(path, text, which string) error {
	was, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	begin, end := mark(which, "begin"), mark(which, "end")
	before, rest, marked := bytes.Cut(was, []byte(begin))
	switch {
	case marked:
		_, after, ok := bytes.Cut(rest, []byte(end))
		if !ok {
			return fmt.Errorf("%s has the line %q and no line %q after it", path, strings.TrimSpace(begin), strings.TrimSpace(end))
		}
		text = string(before) + begin + text + end + string(after)
	case which != "":
		text = string(was) + "\n" + begin + text + end
	}
	return os.WriteFile(path, []byte(text), 0o644)
}

func (b *bench) table(lines []benchLine) string {
	var t strings.Builder
	fmt.Fprintf(&t, "%s. haihe %s%s", machine(), version(), commit())
	if v := b.versions["peer"]; v != "" {
		fmt.Fprintf(&t, "; the peer on %s", v)
	}
	referee := "haihe check"
	if b.judge != "" {
		referee += " and the referee"
	}
	fmt.Fprintf(&t, ". Every plan, the peer's too, was verified by %s.\n", referee)
	b.plans(&t, lines)
	b.quotes(&t, lines)
	b.growth(&t, lines)
	return t.String()
}

func (b *bench) plans(t *strings.Builder, lines []benchLine) {
	head := "\n| row | work | seed | goal | seconds | CPU s | peak MiB | regret | gap | peer s | peer CPU s | peer MiB | peer regret | times faster |\n" +
		"|---|---|---|---|---|---|---|---|---|---|---|---|---|---|\n"
	for i := range lines {
		l := &lines[i]
		if l.row.quotes || l.row.counts {
			continue
		}
		t.WriteString(head)
		head = ""
		goal := l.goal.String()
		if !l.goal.reached(l.did) {
			goal += ", not reached"
		}
		fmt.Fprintf(t, "| %s | %s | %s | %s | %s | %s | %s | %s | %s |", l.row.name, l.row.what, seedText(l.seed), goal, seconds(l.run.wall.Seconds()), seconds(l.run.cpu.Seconds()),
			mib(l.run.peakMiB), small(l.did.Regret), small(l.did.Gap))
		if l.peer == nil {
			t.WriteString(" – | – | – | – | – |\n")
		} else {
			p := l.peer
			times := fmt.Sprintf("%.1f", p.wall.Seconds()/l.run.wall.Seconds())
			if !p.reached {
				times = "> " + times
			}
			if !l.goal.reached(l.did) {
				times = "–"
			}
			fmt.Fprintf(t, " %s | %s | %s | %s | %s |\n", seconds(p.wall.Seconds()), seconds(p.cpu.Seconds()), mib(p.peakMiB), small(p.regret), times)
		}
	}
	for i := range lines {
		l := &lines[i]
		if l.whole > 0 {
			fmt.Fprintf(t, "\n%s, seed %d, %s: %s of the cost at most is above the best, by the bound for whole requests.\n", l.row.name, l.seed, l.goal, small(l.whole))
		}
		if l.listed != nil {
			fmt.Fprintf(t, "\n%s, seed %d: the linear program over all itineraries of up to five legs took the peer's solver %s s and %s MiB, %.0f times as long.\n",
				l.row.name, l.seed, seconds(l.listed.wall.Seconds()), mib(l.listed.peakMiB), l.listed.wall.Seconds()/l.run.wall.Seconds())
		}
	}
}

func (b *bench) quotes(t *strings.Builder, lines []benchLine) {
	for i := range lines {
		l := &lines[i]
		if q := l.quoted; q != nil {
			fmt.Fprintf(t, "\nQuotes, seed %d: %d requests, %d itineraries, at prices that prove a regret of %s, ms for each:\n\n"+
				"| | p50 | p99 | most |\n|---|---|---|---|\n| asked first | %.2f | %.2f | %.2f |\n| asked again | %.2f | %.2f | %.2f |\n",
				l.seed, q.Count, q.Found, small(l.did.Regret), q.First.P50, q.First.P99, q.First.Max, q.Again.P50, q.Again.P99, q.Again.Max)
		}
	}
}

// growth writes the curve of cost over size, with the exponent of CPU time by least squares of logarithms: 1 is linear.
func (b *bench) growth(t *strings.Builder, lines []benchLine) {
	head := "\n| requests | seed | goal | seconds | CPU s | cores used | CPU ms a request | peak MiB | regret |\n|---|---|---|---|---|---|---|---|---|\n"
	var x, y []float64
	for i := range lines {
		l := &lines[i]
		if !l.row.counts {
			continue
		}
		t.WriteString(head)
		head = ""
		goal := l.goal.String()
		if !l.goal.reached(l.did) {
			goal += ", not reached"
		} else {
			x, y = append(x, math.Log(float64(l.did.Requests))), append(y, math.Log(l.run.cpu.Seconds()))
		}
		fmt.Fprintf(t, "| %d | %s | %s | %s | %s | %.2f | %.3f | %s | %s |\n", l.did.Requests, seedText(l.seed), goal, seconds(l.run.wall.Seconds()), seconds(l.run.cpu.Seconds()),
			l.run.cpu.Seconds()/l.run.wall.Seconds(), 1000*l.run.cpu.Seconds()/float64(l.did.Requests), mib(l.run.peakMiB), small(l.did.Regret))
	}
	if k := slope(x, y); !math.IsNaN(k) {
		fmt.Fprintf(t, "\nCPU time grows as requests to the power %.2f.\n", k)
	}
}

// slope is that of the line through the points by least squares, NaN where there is none.
func slope(x, y []float64) float64 {
	n, sx, sy, sxx, sxy := float64(len(x)), 0.0, 0.0, 0.0, 0.0
	for i := range x {
		sx, sy, sxx, sxy = sx+x[i], sy+y[i], sxx+x[i]*x[i], sxy+x[i]*y[i]
	}
	if d := n*sxx - sx*sx; d > 1e-9 {
		return (n*sxy - sx*sy) / d
	}
	return math.NaN()
}

func quantilesOf(ms []float64) quantiles {
	if len(ms) == 0 {
		return quantiles{}
	}
	slices.Sort(ms)
	at := func(share float64) float64 { return ms[min(len(ms)-1, int(math.Ceil(share*float64(len(ms))))-1)] }
	return quantiles{at(0.5), at(0.99), ms[len(ms)-1]}
}

func seedText(seed int) string {
	if seed == 0 {
		return "–"
	}
	return fmt.Sprint(seed)
}

func seconds(s float64) string {
	if s < 10 {
		return fmt.Sprintf("%.2f", s)
	}
	return fmt.Sprintf("%.1f", s)
}

func mib(x float64) string {
	if x == 0 {
		return "–"
	}
	return fmt.Sprintf("%.0f", x)
}

func small(x float64) string {
	if math.Abs(x) < 1e-9 {
		return "0"
	}
	return fmt.Sprintf("%.1e", x)
}

// commit is what the checkout around says, where the build does not know it.
func commit() string {
	if strings.Contains(version(), "(") {
		return ""
	}
	out, err := exec.Command("git", "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*").Output()
	if err != nil {
		return ""
	}
	return ", commit " + strings.TrimSpace(string(out))
}

// machine names what this runs on.
func machine() string {
	name := runtime.GOOS + "/" + runtime.GOARCH
	for _, line := range procLines("/proc/cpuinfo") {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "model name" {
			name = strings.TrimSpace(value) + ", " + name
			break
		}
	}
	memory := ""
	for _, line := range procLines("/proc/meminfo") {
		var kib float64
		if n, _ := fmt.Sscanf(line, "MemTotal: %f kB", &kib); n == 1 {
			memory = fmt.Sprintf(", %.0f GiB", kib/(1<<20))
			break
		}
	}
	return fmt.Sprintf("%s, %d cores%s", name, runtime.GOMAXPROCS(0), memory)
}

func procLines(path string) []string {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	var lines []string
	for s := bufio.NewScanner(bytes.NewReader(b)); s.Scan(); {
		lines = append(lines, s.Text())
	}
	return lines
}
