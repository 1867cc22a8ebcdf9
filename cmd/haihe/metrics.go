package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"
	"strconv"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"haihe/planner"
	"haihe/planner/live"
	"haihe/web"
)

// metrics are what an operator's Prometheus reads. docs/runbook.md says what they mean.
type metrics struct {
	registry *prometheus.Registry

	decision *prometheus.HistogramVec
	flight   prometheus.Histogram
	entries  prometheus.Histogram
	solve    *prometheus.HistogramVec
	gap      prometheus.Gauge
	regret   prometheus.Gauge
	plan     prometheus.Gauge
	applied  *prometheus.CounterVec
	snapshot prometheus.Gauge
	fanOut   prometheus.Histogram
	dropped  *prometheus.CounterVec
}

// Bounds of buckets, in seconds: what is asked of decisions is 50 ms, of a screen 500 ms.
var (
	fastBuckets = []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}
	slowBuckets = []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 120}
)

// outcomes are all that the label outcome of a decision may be.
const (
	outcomeDecided = "decided"
	outcomeRefused = "refused"
	outcomeUnknown = "unknown" // it may yet come about: no longer leading, stopping, or out of time
)

func newMetrics() *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		decision: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "haihe_decision_duration_seconds",
			Help: "Time from a command to its answer: decided, written, read back and marked.", Buckets: fastBuckets}, []string{"outcome"}),
		flight: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "haihe_ledger_flight_duration_seconds",
			Help: "Time that entries written together are on their way: write, read back, watermark.", Buckets: fastBuckets}),
		entries: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "haihe_ledger_flight_entries",
			Help: "Entries that were written together.", Buckets: prometheus.ExponentialBuckets(1, 2, 10)}),
		solve: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "haihe_solve_duration_seconds",
			Help: "Time of a solve, by its effort.", Buckets: slowBuckets}, []string{"effort"}),
		gap:    prometheus.NewGauge(prometheus.GaugeOpts{Name: "haihe_plan_gap_ratio", Help: "Proven gap of the plan that is shown."}),
		regret: prometheus.NewGauge(prometheus.GaugeOpts{Name: "haihe_plan_regret_ratio", Help: "Proven regret of the plan that is shown."}),
		plan:   prometheus.NewGauge(prometheus.GaugeOpts{Name: "haihe_plan_solved_timestamp_seconds", Help: "When the solve of the plan that is shown began."}),
		applied: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "haihe_events_read_total",
			Help: "Events that were read from the log, by type."}, []string{"type"}),
		snapshot: prometheus.NewGauge(prometheus.GaugeOpts{Name: "haihe_snapshot_timestamp_seconds", Help: "When the last snapshot was saved."}),
		fanOut: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "haihe_fanout_duration_seconds",
			Help: "Time from a change in the loop until it is queued for every browser.", Buckets: fastBuckets}),
		dropped: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "haihe_websocket_closed_total",
			Help: "Websocket connections that the service closed, by close code."}, []string{"code"}),
	}
	m.registry.MustRegister(m.decision, m.flight, m.entries, m.solve, m.gap, m.regret, m.plan, m.applied, m.snapshot, m.fanOut, m.dropped,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	for _, o := range []string{outcomeDecided, outcomeRefused, outcomeUnknown} {
		m.decision.WithLabelValues(o)
	}
	for _, e := range live.Efforts {
		m.solve.WithLabelValues(e.String())
	}
	for _, code := range web.CloseCodes() {
		m.dropped.WithLabelValues(strconv.Itoa(code))
	}
	for _, t := range planner.FactTypes() {
		m.applied.WithLabelValues(t)
	}
	return m
}

// ofLoop is what the loop tells.
func (m *metrics) ofLoop() live.Measures {
	return live.Measures{
		Decided: func(took time.Duration, err error) {
			outcome := outcomeDecided
			switch {
			case err == nil:
			case live.Refused(err):
				outcome = outcomeRefused
			default:
				outcome = outcomeUnknown
			}
			m.decision.WithLabelValues(outcome).Observe(took.Seconds())
		},
		Landed: func(entries int, took time.Duration) {
			m.entries.Observe(float64(entries))
			m.flight.Observe(took.Seconds())
		},
		Solved: func(effort live.Effort, took time.Duration) {
			m.solve.WithLabelValues(effort.String()).Observe(took.Seconds())
		},
		Applied: func(f planner.Fact) { m.applied.WithLabelValues(f.Type()).Inc() },
		Shown: func(p *planner.PlanSummary, g live.Gaps) {
			m.gap.Set(g.Gap)
			m.regret.Set(g.Regret)
			m.plan.Set(float64(p.SolvedAt.UnixMilli()) / 1000)
		},
	}
}

// ofHub is what the hub tells.
func (m *metrics) ofHub() web.Measures {
	return web.Measures{
		FannedOut: func(took time.Duration) { m.fanOut.Observe(took.Seconds()) },
		Closed:    func(code int) { m.dropped.WithLabelValues(strconv.Itoa(code)).Inc() },
	}
}

// watch has the registry ask the service, at each scrape, how it is.
func (m *metrics) watch(v *service) {
	m.registry.MustRegister(collector{v})
}

// collector asks the parts of a service.
type collector struct{ v *service }

var (
	lagDesc     = prometheus.NewDesc("haihe_topic_lag_records", "Records of a topic that stand in the log and were not read.", []string{"topic"}, nil)
	deadDesc    = prometheus.NewDesc("haihe_dead_letters_total", "Records that were refused, as the log holds them.", nil, nil)
	queueDesc   = prometheus.NewDesc("haihe_ledger_queue_commands", "Commands that wait for the flight before theirs.", nil, nil)
	leadDesc    = prometheus.NewDesc("haihe_leading", "1 where this instance decides, else 0.", nil, nil)
	epochDesc   = prometheus.NewDesc("haihe_ledger_epoch", "Epoch of the ledger that is under way, as this instance has read it.", nil, nil)
	entryDesc   = prometheus.NewDesc("haihe_ledger_entry", "Number of the last entry that was read.", nil, nil)
	versionDesc = prometheus.NewDesc("haihe_plan_version", "Version of the plan that is shown.", nil, nil)
	readyDesc   = prometheus.NewDesc("haihe_ready", "1 where commands are taken, else 0.", nil, nil)
	aliveDesc   = prometheus.NewDesc("haihe_loop_up", "1 where the planner's loop answered within a second, else 0.", nil, nil)
	clientDesc  = prometheus.NewDesc("haihe_websocket_clients", "Websocket connections that are open.", nil, nil)
	behindDesc  = prometheus.NewDesc("haihe_websocket_queue_frames", "Frames that wait for the slowest client.", nil, nil)
	inboxDesc   = prometheus.NewDesc("haihe_hub_queue_updates", "Updates that wait for the hub.", nil, nil)
	buildDesc   = prometheus.NewDesc("haihe_build_info", "1; the label is the version.", []string{"version"}, nil)
)

// Describe lists what Collect gives.
func (c collector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{lagDesc, deadDesc, queueDesc, leadDesc, epochDesc, entryDesc, versionDesc, readyDesc, aliveDesc,
		clientDesc, behindDesc, inboxDesc, buildDesc} {
		ch <- d
	}
}

// Collect asks.
func (c collector) Collect(ch chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, x float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, x, labels...)
	}
	truth := map[bool]float64{true: 1}
	for topic, n := range c.v.consumer.Lag() {
		gauge(lagDesc, float64(n), topic)
	}
	ch <- prometheus.MustNewConstMetric(deadDesc, prometheus.CounterValue, float64(c.v.consumer.DeadLetterCount()))
	gauge(buildDesc, 1, version())
	gauge(readyDesc, truth[c.v.ready.Load()])
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	st, err := c.v.loop.Standing(ctx)
	gauge(aliveDesc, truth[err == nil])
	if err == nil {
		gauge(queueDesc, float64(st.Waiting))
		gauge(leadDesc, truth[st.Leading])
		gauge(epochDesc, float64(st.Head.Epoch))
		gauge(entryDesc, float64(st.Head.Seq))
		gauge(versionDesc, float64(st.PlanVersion))
	}
	w := c.v.web.Standing()
	gauge(clientDesc, float64(w.Clients))
	gauge(behindDesc, float64(w.Behind))
	gauge(inboxDesc, float64(w.Inbox))
}

// listenMetrics claims the address for metrics, health and profiles; nil where it is not wished.
func listenMetrics(address string) (net.Listener, error) {
	if address == "" {
		return nil, nil
	}
	l, err := net.Listen("tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("%s is taken; choose another address with --metrics-listen", address)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot listen on %s; choose another address with --metrics-listen: %w", address, err)
	}
	return l, nil
}

// metricsHandler serves what is for operators alone. It asks nobody who they are.
func (v *service) metricsHandler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(v.metrics.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4, Timeout: 10 * time.Second}))
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	mux.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("GET /healthz", v.healthz)
	mux.HandleFunc("GET /readyz", v.readyz)
	return mux
}

// serveMetrics serves them until ctx ends.
func (v *service) serveMetrics(ctx context.Context) error {
	server := &http.Server{Handler: v.metricsHandler(), ReadHeaderTimeout: 10 * time.Second}
	stop := context.AfterFunc(ctx, func() { server.Close() })
	defer stop()
	if err := server.Serve(v.operators); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// healthz says whether the process should go on living: its loop answers. A restart does not help one that only waits
// for its brokers.
func (v *service) healthz(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 5*time.Second)
	defer cancel()
	if _, err := v.loop.Standing(ctx); err != nil {
		sayState(w, http.StatusServiceUnavailable, "the planner does not answer")
		return
	}
	sayState(w, http.StatusOK, "ok")
}

// readyz says whether requests should be sent here.
func (v *service) readyz(w http.ResponseWriter, _ *http.Request) {
	if !v.ready.Load() {
		sayState(w, http.StatusServiceUnavailable, "the log is being read, or the service stops")
		return
	}
	sayState(w, http.StatusOK, "ok")
}

func sayState(w http.ResponseWriter, code int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	fmt.Fprintln(w, text)
}
