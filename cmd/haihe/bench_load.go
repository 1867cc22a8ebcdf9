package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"haihe/planner"
	"haihe/planner/access"
	"haihe/streams"
	"haihe/web"
)

// loadBench puts load on a service that it starts as a process of its own, so that its memory and CPU time are its own.
type loadBench struct {
	clients, requests int
	rate              int // facts a second; 0: as many as go
	sockets, changes  int // clients, and changes a second that each is told
	lasting           time.Duration
	brokers           []string
	out, dir, profile string
	errOut            io.Writer
}

// loadLine is one line of the table: what was measured, what was found, and what it had to be.
type loadLine struct{ what, found, bar string }

var loadParts = []string{"decisions", "facts", "sockets"}

func benchLoadCommand(parent *bench) *cobra.Command {
	b := &loadBench{}
	cmd := &cobra.Command{
		Use:   "load [flags] [PART…]",
		Short: "Measure a whole service under load: decisions, facts, websockets",
		Long: `Starts a service and puts load on it, part by part (` + strings.Join(loadParts, ", ") + `; all by default), and
writes a table in Markdown. Beside each part a peer is measured in the same run: a bare kafka-go producer and consumer on the
same broker, a bare gorilla hub with as many clients and the same payload.`,
		Example: `  haihe bench load --out docs/benchmarks-load.md
  haihe bench load decisions --clients 64 --for 30s
  haihe bench load --brokers kafka-1:9092,kafka-2:9092,kafka-3:9092`,
		Args: func(_ *cobra.Command, args []string) error {
			for _, a := range args {
				if !slices.Contains(loadParts, a) {
					return misused("there is no part %q; parts are %s", a, strings.Join(loadParts, ", "))
				}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			b.errOut, b.dir = cmd.ErrOrStderr(), parent.dir
			if b.clients < 1 || b.requests < 1 || b.rate < 0 || b.sockets < 1 || b.changes < 1 || b.lasting < time.Second {
				return misused("--clients, --requests, --sockets and --changes must be 1 at least, --rate not negative, --for at least 1s")
			}
			if len(args) == 0 {
				args = loadParts
			}
			return b.run(cmd.Context(), args, cmd.OutOrStdout())
		},
	}
	f := cmd.Flags()
	f.IntVar(&b.clients, "clients", 64, "exporters that send commands at the same time")
	f.IntVar(&b.requests, "requests", 32, "requests of each exporter")
	f.IntVar(&b.rate, "rate", 50000, "facts a second; 0: as many as go")
	f.IntVar(&b.sockets, "sockets", 5000, "websocket clients")
	f.IntVar(&b.changes, "changes", 10, "changes a second that each websocket client is told")
	f.DurationVar(&b.lasting, "for", 15*time.Second, "how long each part lasts")
	f.StringSliceVar(&b.brokers, "brokers", nil, "brokers of a Kafka cluster, HOST:PORT,… (default: a broker of the service's own)")
	f.StringVar(&b.out, "out", "", "write the table to this file; where it has the marks of docs/benchmarks-load.md, between them")
	f.StringVar(&b.profile, "profile", "", "folder for CPU profiles of the service, one for each part")
	cmd.AddCommand(bareHubCommand())
	return cmd
}

func (b *loadBench) say(format string, a ...any) { fmt.Fprintf(b.errOut, format+"\n", a...) }

func (b *loadBench) run(ctx context.Context, parts []string, out io.Writer) error {
	var lines []loadLine
	for _, part := range parts {
		some, err := b.part(ctx, part)
		if err != nil {
			return fmt.Errorf("%s: %w", part, err)
		}
		lines = append(lines, some...)
	}
	var t strings.Builder
	fmt.Fprintf(&t, "%s.\n\n| what | found | bar |\n|---|---|---|\n", machine())
	for _, l := range lines {
		fmt.Fprintf(&t, "| %s | %s | %s |\n", l.what, l.found, l.bar)
	}
	if b.out != "" {
		marks := ""
		if len(b.brokers) > 0 {
			marks = " kafka " + strings.Join(parts, " ")
		}
		return writeBetween(b.out, t.String(), marks)
	}
	_, err := io.WriteString(out, t.String())
	return err
}

// part measures one part on a service that has seen nothing yet.
func (b *loadBench) part(ctx context.Context, part string) ([]loadLine, error) {
	if err := os.MkdirAll(b.dir, 0o755); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(b.dir, "load-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	s, err := b.serve(ctx, dir)
	if err != nil {
		return nil, err
	}
	defer s.stop()
	switch part {
	case "decisions":
		return b.decisions(ctx, s)
	case "facts":
		return b.facts(ctx, s)
	}
	return b.websockets(ctx, s)
}

// loaded is a service under load.
type loaded struct {
	cmd     *exec.Cmd
	base    string
	metrics string
	brokers []string
	secret  []byte
}

// serve starts a service in a folder; what its flags are set to may be set again by more.
func (b *loadBench) serve(ctx context.Context, dir string, more ...string) (*loaded, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	args := []string{"serve", "--listen", "127.0.0.1:0", "--broker-listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0", "--data", dir, "--max-open", "0", "--horizon", "60",
		"--max-requests", "-1", "--max-commands", "-1", "--max-signins", "-1", "--max-sockets", "-1"}
	if len(b.brokers) > 0 {
		args = append(args, "--brokers", strings.Join(b.brokers, ","))
	}
	s := &loaded{cmd: exec.CommandContext(ctx, self, append(args, more...)...)}
	s.cmd.Stderr = b.errOut
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	said, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	lines := bufio.NewScanner(said)
	for s.brokers == nil && lines.Scan() {
		line := lines.Text()
		if _, after, ok := strings.Cut(line, " is at "); ok {
			s.base = strings.TrimSpace(after)
		}
		if after, ok := strings.CutPrefix(line, "Metrics "); ok {
			s.metrics = strings.TrimSpace(after)
		}
		if rest, ok := strings.CutPrefix(line, "Kafka "); ok {
			s.brokers = strings.Split(strings.Fields(rest)[0], ",")
		}
	}
	go func() { _, _ = io.Copy(io.Discard, said) }()
	if s.base == "" || s.brokers == nil {
		s.stop()
		return nil, errors.New("the service did not start; what it said stands above")
	}
	if s.secret, err = secretIn(dir, ""); err != nil {
		s.stop()
		return nil, err
	}
	return s, nil
}

func (s *loaded) stop() {
	_ = s.cmd.Process.Signal(os.Interrupt)
	_ = s.cmd.Wait()
}

func (s *loaded) token(role web.Role, org string) (string, error) {
	return web.Token(s.secret, web.Account{Role: role, Org: org, Name: org, Level: access.Admin}, time.Now())
}

// cpu is what the service has worked so far, on all cores; 0 where the system does not tell.
func (s *loaded) cpu() time.Duration { return processCPU(s.cmd.Process.Pid) }

// ownCPU is what this process, the load, has worked so far.
func ownCPU() time.Duration { return processCPU(os.Getpid()) }

// machineCPU is what all processes have worked so far, on all cores; 0 where the system does not tell.
func machineCPU() time.Duration {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0
	}
	first, _, _ := strings.Cut(string(text), "\n")
	var sum int
	for i, f := range strings.Fields(first) {
		if n, err := strconv.Atoi(f); err == nil && i != 4 && i != 5 && i < 8 { // neither idle nor waiting for a disk, nor guests, which users have in them
			sum += n
		}
	}
	return time.Duration(sum) * time.Second / 100
}

// effort is who worked how much.
type effort struct{ service, load, all time.Duration }

func (s *loaded) effort() effort { return effort{s.cpu(), ownCPU(), machineCPU()} }

// since is what was worked since before.
func (e effort) since(before effort) effort {
	return effort{e.service - before.service, e.load - before.load, e.all - before.all}
}

// shares says who had what of the cores.
func (e effort) shares(lasted time.Duration) string {
	whole := lasted.Seconds() * float64(runtime.NumCPU()) / 100
	return fmt.Sprintf("service %.0f %%, load %.0f %%, others %.0f %%", e.service.Seconds()/whole, e.load.Seconds()/whole, max(0, e.all-e.service-e.load).Seconds()/whole)
}

func processCPU(pid int) time.Duration {
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return 0
	}
	_, after, _ := strings.Cut(string(text), ") ")
	f := strings.Fields(after)
	if len(f) < 13 {
		return 0
	}
	user, _ := strconv.Atoi(f[11])
	system, _ := strconv.Atoi(f[12])
	return time.Duration(user+system) * time.Second / 100 // USER_HZ is 100 on Linux
}

// rss is the memory of a process that is in use, KiB; 0 where the system does not tell.
func rss(pid int) float64 {
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "status"))
	if err != nil {
		return 0
	}
	var kib float64
	if _, after, ok := strings.Cut(string(text), "VmRSS:"); ok {
		_, _ = fmt.Sscan(after, &kib)
	}
	return kib
}

// loadDepartures is how many departures the network has: the first carries what is asked for, the others report.
const loadDepartures = 500

// network publishes departures, a warehouse and the requests of the clients.
func (b *loadBench) network(ctx context.Context, s *loaded, requests bool) error {
	now := time.Now().UTC().Truncate(time.Second)
	facts := []planner.Fact{
		&planner.PlaceDeclared{Place: planner.Place{ID: "CNTXG", Kind: "seaport", Country: "CN", Lat: 38.98, Lon: 117.7}},
		&planner.PlaceDeclared{Place: planner.Place{ID: "USLAX", Kind: "seaport", Country: "US", Lat: 33.74, Lon: -118.26}},
		&planner.WarehouseRegistered{Public: true, Warehouse: planner.Warehouse{ID: "W", Country: "US", Lat: 33.8, Lon: -118.2, CapacityM3: planner.PerDay{1e7}, Classes: []string{"general"},
			Gateways: []planner.Gateway{{Place: "USLAX", Hours: 12}}, Markets: []planner.Market{{ID: "US", Hours: 1}}}},
	}
	for i := range loadDepartures {
		facts = append(facts, &planner.DepartureScheduled{Departure: planner.Departure{ID: loadDeparture(i), Mode: planner.ModeRail, Carrier: "rail", From: "CNTXG", To: "USLAX",
			Cutoff: now.AddDate(0, 0, 5), Depart: now.AddDate(0, 0, 6), Arrive: now.AddDate(0, 0, 20), CapacityM3: 1e7, CapacityKg: 1e9,
			CO2eKgPerT: 100, Classes: []string{"general"}, Rate: planner.Rate{Per: planner.PerM3, Amount: 10 + float64(i), KgPerM3: 1000}}})
	}
	if requests {
		for c := range b.clients {
			for i := range b.requests {
				facts = append(facts, &planner.RequestSubmitted{Request: planner.Request{ID: loadRequest(c, i), Exporter: loadExporter(c), Origin: "CNTXG", Market: "US",
					Class: "general", VolumeM3: 30, WeightKg: 100, Ready: now, Due: now.AddDate(0, 0, 40), StorageDays: 10, Drawdown: planner.DrawdownLinear, Value: 1e5}})
			}
		}
	}
	events := make([]planner.Event, len(facts))
	for i, f := range facts {
		events[i] = planner.Event{ID: fmt.Sprint("load-", i), Source: "/bench", Sequence: 1, Time: now, Fact: f}
	}
	p := streams.NewProducer(s.brokers)
	defer p.Close()
	return p.Publish(ctx, events...)
}

func loadDeparture(i int) string  { return fmt.Sprintf("D%03d", i) }
func loadExporter(c int) string   { return fmt.Sprintf("exporter-%d", c) }
func loadRequest(c, i int) string { return fmt.Sprintf("R-%d-%d", c, i) }
