package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"haihe/planner"
	"haihe/planner/feed"
	"haihe/planner/history"
	"haihe/planner/live"
	"haihe/planner/optimize"
	"haihe/planner/sample"
	"haihe/planner/scenario"
	"haihe/planner/targets"
	"haihe/streams"
	"haihe/web"
)

const (
	snapshotEvery = 30 * time.Second
	stopWait      = 10 * time.Second
	// solveLimit keeps one solve from holding up a plan that is old by then; what it has after that is feasible.
	solveLimit = 2 * time.Minute
	// quickSearch is how many moves a quick plan takes for requests that must go whole: on the sample network 50 ms,
	// for most of what a long search gains.
	quickSearch = 1000
)

// service is everything that serve runs, introduced to each other.
type service struct {
	settings settings
	log      *slog.Logger
	listener net.Listener
	secret   []byte

	embedded  *streams.Embedded // nil with a cluster of somebody else's
	mark      *streams.Mark     // of the embedded broker's ledger
	marked    planner.LedgerHead
	brokers   []string
	snapshots string // folder
	offsets   planner.Offsets
	producer  *streams.Producer
	consumer  *streams.Consumer
	loop      *live.Loop
	web       *web.Server
	access    *accessLog
	audit     *auditLog
	quoter    quoter
	scenarios *scenario.Desk
	targets   *targets.History
	departed  *history.Departures
	metrics   *metrics
	tracing   *tracing     // nil where nothing is traced
	operators net.Listener // for metrics and profiles; nil where that is not wished
	ready     atomic.Bool  // commands are taken

	name      string // of this instance, in the ledger
	advertise string // where other instances reach it; empty where there are none
	peers     *web.Peers
	led       atomic.Uint64 // epoch of the ledger while this instance leads, else 0
}

// open claims address, folder and brokers, and reads what is needed to go on where the last run ended. It starts
// nothing that run would not stop.
func open(ctx context.Context, s settings, log *slog.Logger) (_ *service, err error) {
	v := &service{settings: s, log: log, brokers: s.brokers, metrics: newMetrics()}
	defer func() {
		if err != nil {
			v.close()
		}
	}()
	if err := streams.MakeDir(s.data); err != nil {
		return nil, fmt.Errorf("the data folder cannot be made; choose another with --data: %w", err)
	}
	if v.listener, err = net.Listen("tcp", s.listen); err != nil {
		if errors.Is(err, syscall.EADDRINUSE) {
			return nil, fmt.Errorf("%s is taken, perhaps by another Haihe; stop that or choose another address with --listen", s.listen)
		}
		return nil, fmt.Errorf("cannot listen on %s; choose another address with --listen: %w", s.listen, err)
	}
	if v.operators, err = listenMetrics(s.metricsListen); err != nil {
		return nil, err
	}
	if v.secret, err = makeSecret(s.data, s.secretFile); err != nil {
		return nil, err
	}
	if err := v.speakTLS(); err != nil {
		return nil, err
	}
	v.name = instance()
	if v.tracing, err = startTracing(ctx, s.tracing, v.name, log); err != nil {
		return nil, err
	}
	if len(s.brokers) > 0 {
		if v.advertise = s.advertise; v.advertise == "" {
			v.advertise = reachable(v.listener.Addr())
		}
		v.peers = web.NewPeers(v.secret)
	}
	var borders []byte
	if s.borders != "" {
		if borders, err = os.ReadFile(s.borders); err != nil {
			return nil, fmt.Errorf("--borders: %w", err)
		}
	}
	if len(v.brokers) == 0 {
		if err := v.startBroker(); err != nil {
			return nil, err
		}
	}
	kafka, err := streams.EnsureTopics(ctx, v.brokers)
	if err != nil {
		return nil, err
	}
	if v.embedded != nil {
		if err := v.embedded.KeepState(); err != nil {
			return nil, err
		}
	}
	v.snapshots = filepath.Join(s.data, "snapshots", regexp.MustCompile(`[^A-Za-z0-9_-]`).ReplaceAllString(kafka.ID, "_"))
	state, err := v.restore()
	if err != nil {
		return nil, err
	}
	previous, epoch, err := lastPlan(ctx, v.brokers)
	if err != nil {
		return nil, err
	}
	v.producer = streams.NewProducer(v.brokers)
	v.consumer = streams.NewConsumer(v.brokers, streams.ConsumerOptions{Logger: log, Tracer: v.tracing.tracer(), LedgerBegun: state.Chain().Head().Seq > 0})
	plans := streams.NewPlanWriter(v.producer)
	cfg := live.Config{
		State: state, Offsets: v.offsets, Epoch: epoch, Days: s.days, Previous: previous,
		Now:     s.clock(),
		Solve:   newEngine().Solve,
		Publish: v.producer.Publish,
		Record: func(ctx context.Context, r *live.Recorded) error {
			list := r.Changed
			if r.Complete {
				list = r.Matches
			}
			return plans.PublishPlan(ctx, r.Summary, list, r.Gone, r.Complete)
		},
		Observe: func(u live.Update) { v.web.Observe(u) },
		Rules: planner.Rules{QuoteFor: s.quoteFor, HoldFor: s.holdFor, MaxOpen: s.maxOpen, MaxShare: s.maxShare,
			Check: streams.CheckEntry},
		Marked: v.marked, Mark: v.noteMark(), Measures: v.metrics.ofLoop(), Tracer: v.tracing.tracer(),
		Quiet: 25 * time.Millisecond, Patience: 200 * time.Millisecond,
		Logger: log,
	}
	if v.shared() {
		cfg.LedgerEnd = v.producer.LedgerEnd
	}
	v.loop = live.New(cfg)
	if err := v.openDoors(); err != nil {
		return nil, err
	}
	v.scenarios, v.targets, v.departed = v.newDesk(), targets.NewHistory(), history.NewDepartures(time.Now)
	pages := v.webConfig(borders)
	if err := v.doorConfig(&pages); err != nil {
		return nil, err
	}
	v.web = web.New(pages)
	v.metrics.watch(v)
	return v, nil
}

// newEngine plans for a service.
func newEngine() *live.Engine {
	return live.NewEngine(optimize.Options{TimeLimit: solveLimit, Search: quickSearch}, optimize.Options{TimeLimit: solveLimit})
}

// brokerDir is the folder of the embedded broker.
func brokerDir(data string) string { return filepath.Join(data, "broker") }

// startBroker starts a broker of our own, on a log that is as it was left.
func (v *service) startBroker() (err error) {
	dir := brokerDir(v.settings.data)
	if v.embedded, err = streams.StartEmbedded(dir, v.settings.brokerListen); err != nil {
		return v.damaged(err)
	}
	v.brokers = []string{v.embedded.Addr()}
	if v.mark, v.marked, err = streams.OpenMark(dir); errors.Is(err, streams.ErrMarkDamaged) && v.mark != nil {
		// A crash in the middle of a write leaves one of its two slots like this. The other is as old as the write
		// before, and the ledger is checked against it.
		v.log.Error("half of the watermark of the ledger is damaged; going by the other half", "error", err)
		err = nil
	}
	return v.damaged(err)
}

// damaged says what to do where the log is not as it was left.
func (v *service) damaged(err error) error {
	if err == nil || !errors.Is(err, streams.ErrLogDamaged) && !errors.Is(err, streams.ErrMarkDamaged) && !errors.Is(err, live.ErrLedger) {
		return err
	}
	if len(v.settings.brokers) > 0 {
		return fmt.Errorf("%w\nNothing is served on it. haihe ledger verify --brokers %s shows where it breaks; put back what is missing there", err, strings.Join(v.brokers, ","))
	}
	data := v.settings.data
	return fmt.Errorf("%w\nNothing is served on it. Put back a backup of %s; or see with haihe ledger verify --data %s what is wrong, and keep what is whole with haihe ledger recover --data %s",
		err, brokerDir(data), data, data)
}

// noteMark returns how the loop notes durably how far the ledger was acknowledged; nil where a cluster keeps it.
func (v *service) noteMark() func(planner.LedgerHead) error {
	if v.mark == nil {
		return nil
	}
	return func(head planner.LedgerHead) error {
		if err := v.embedded.KeepLedger(); err != nil {
			return err
		}
		return v.mark.Write(head)
	}
}

// restore returns the state of the last snapshot, or an empty one.
func (v *service) restore() (*planner.State, error) {
	cut, err := streams.LoadSnapshot(v.snapshots, v.log)
	if err != nil {
		return nil, err
	}
	v.offsets = cut.Offsets
	return cut.State(), nil
}

// lastPlan returns the last plan in the log, if there is one, and the epoch for the plans of this run.
func lastPlan(ctx context.Context, brokers []string) (*live.Recorded, uint64, error) {
	summary, matches, ok, err := streams.ReadPlan(ctx, brokers)
	if err != nil || !ok {
		return nil, 1, err
	}
	return &live.Recorded{Summary: summary, Matches: matches}, summary.Epoch + 1, nil
}

// close gives back what open claimed.
func (v *service) close() {
	if v.web != nil {
		v.web.Close()
	}
	if v.scenarios != nil {
		v.scenarios.Close()
	}
	if v.producer != nil {
		v.producer.Close()
	}
	if v.peers != nil {
		v.peers.Close()
	}
	if v.mark != nil {
		if err := v.mark.Close(); err != nil {
			v.log.Error("the watermark of the ledger did not close cleanly", "error", err)
		}
	}
	if v.embedded != nil {
		if err := v.embedded.Close(); err != nil {
			v.log.Error("the broker did not close cleanly", "error", err)
		}
	}
	if v.listener != nil {
		v.listener.Close()
	}
	if v.operators != nil {
		v.operators.Close()
	}
	v.tracing.stop(v.log)
}

// run serves until ctx ends, then stops in the order in which nothing is lost: no new commands, a last snapshot,
// then the log.
func (v *service) run(ctx context.Context) error {
	defer v.close()
	inner, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	outer, cancel := context.WithCancel(ctx)
	defer cancel()

	server := &http.Server{Handler: v.handler(), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute}
	var g errgroup.Group
	part := func(f func() error) {
		g.Go(func() error {
			defer cancel() // when one part ends, all end
			return f()
		})
	}
	part(func() error { return unlessStopped(inner, v.loop.Run(inner)) })
	part(func() error { return unlessStopped(inner, v.consume(inner)) })
	part(func() error { return unlessStopped(inner, v.runDoors(inner)) })
	part(func() error { v.audit.run(inner); return nil })
	part(func() error { return unlessStopped(outer, v.runInbox(outer)) })
	part(func() error {
		if err := server.Serve(v.listener); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	if v.operators != nil {
		part(func() error { return v.serveMetrics(inner) })
	}
	part(func() error { return unlessStopped(outer, v.begin(outer)) })
	if v.embedded != nil {
		part(func() error {
			select {
			case <-v.embedded.Lost():
				return fmt.Errorf("%s: %w", brokerDir(v.settings.data), v.embedded.KeepLedger())
			case <-outer.Done():
				return nil
			}
		})
	}
	if v.shared() {
		part(func() error {
			return unlessStopped(inner, streams.FollowPlans(inner, v.brokers, func(ctx context.Context, last planner.PlanSummary, matches func() []planner.Match) {
				_ = v.loop.Adopt(ctx, last, matches) // fails where the loop has stopped
			}))
		})
	}
	part(func() error { v.keepSnapshots(outer); return nil })
	part(func() error { return unlessStopped(outer, v.followScenarios(outer)) })
	part(func() error { return unlessStopped(outer, streams.FollowWarehouses(outer, v.brokers, v.targets.Take)) })
	part(func() error { return unlessStopped(outer, streams.FollowDepartures(outer, v.brokers, v.departed.Take)) })

	<-outer.Done()
	wait, done := context.WithTimeout(context.WithoutCancel(ctx), stopWait)
	defer done()
	v.web.Close() // websockets are not the server's to close
	if err := server.Shutdown(wait); err != nil {
		v.log.Warn("some requests were cut off", "error", err)
	}
	v.snapshot(wait)
	stop()
	return g.Wait()
}

// unlessStopped drops the error of a part that was told to stop.
func unlessStopped(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

func (v *service) consume(ctx context.Context) error {
	err := v.consumer.Run(ctx, v.offsets, v.loop.Ingest)
	if errors.Is(err, streams.ErrLogTruncated) || errors.Is(err, streams.ErrLogExpired) {
		return fmt.Errorf("%w\nThe snapshot in %s knows more than the log holds. Put the log back; or, to go on with what it still holds, move that folder away and start again", err, v.snapshots)
	}
	return err
}

// begin waits until the log is read, and leads: at once with a broker of its own, else when it is elected.
func (v *service) begin(ctx context.Context) error {
	select {
	case <-v.consumer.CaughtUp():
	case <-ctx.Done():
		return ctx.Err()
	}
	if err := v.loop.Sound(ctx); err != nil {
		return v.damaged(err)
	}
	if v.shared() {
		v.loop.CaughtUp()
		return v.share(ctx)
	}
	if err := v.loadSample(ctx); err != nil {
		return err
	}
	v.loop.CaughtUp()
	if err := v.loop.Lead(ctx, v.name, ""); err != nil {
		return v.damaged(err)
	}
	v.ready.Store(true)
	return v.feed(ctx)
}

// feed runs the feed of the sample, if that is asked for, until ctx ends.
func (v *service) feed(ctx context.Context) error {
	if !v.settings.sample {
		<-ctx.Done()
		return ctx.Err()
	}
	f := feed.New(v.settings.seed^uint64(time.Now().UnixNano()), v.settings.feedSpeed)
	return runFeed(ctx, f, v.settings.clock(), v.loop.Read, v.producer.Publish, v.log)
}

// loadSample publishes the sample network, if that is asked for, and the log holds nothing, or only part of it after a
// crash: its first event is published last, and tells.
func (v *service) loadSample(ctx context.Context) error {
	if !v.settings.sample {
		return nil
	}
	var events []planner.Event
	wanted := false
	err := v.loop.Read(ctx, func(s *planner.State) {
		whole := s.Sequence(sample.First()) > 0
		if whole {
			return // as on most starts; making the events takes half a second
		}
		events = sample.Events(v.settings.seed, v.settings.clock()())
		part := slices.ContainsFunc(events, func(e planner.Event) bool { return s.Sequence(e.Fact.Key()) > 0 })
		wanted = s.Len() == 0 || part
	})
	if err != nil || !wanted {
		return err
	}
	err = v.loop.Submit(ctx, events[1:]...)
	if err == nil {
		err = v.loop.Submit(ctx, events[0])
	}
	if err != nil {
		return fmt.Errorf("the sample network could not be published: %w", err)
	}
	return nil
}

func (v *service) keepSnapshots(ctx context.Context) {
	tick := time.NewTicker(snapshotEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			v.snapshot(ctx)
		case <-ctx.Done():
			return
		}
	}
}

// snapshot saves the state; without it the next start reads more of the log.
func (v *service) snapshot(ctx context.Context) {
	cut, err := v.loop.Cut(ctx)
	if err == nil && len(cut.Events) > 0 {
		err = streams.SaveSnapshot(v.snapshots, cut)
	}
	if err != nil && !errors.Is(err, context.Canceled) {
		v.log.Warn("no snapshot was saved; the next start reads more of the log", "error", err)
	}
	if err == nil {
		v.metrics.snapshot.SetToCurrentTime()
	}
}
