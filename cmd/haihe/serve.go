package main

import (
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"haihe/planner/sample"
	"haihe/streams"
	"haihe/web"
)

// settings are what serve is told.
type settings struct {
	listen        string
	metricsListen string
	logFormat     string
	data          string
	brokers       []string
	brokerListen  string
	advertise     string
	secretFile    string
	sample        bool
	seed          uint64
	feedSpeed     float64
	days          int
	borders       string
	quoteFor      time.Duration
	offerFor      time.Duration
	holdFor       time.Duration
	maxOpen       int
	maxShare      float64
	tracing       tracingSettings
	doors         doorSettings
	now           func() time.Time // the clock that everything goes by; nil: time.Now
}

// clock is what the service goes by.
func (s *settings) clock() func() time.Time {
	if s.now == nil {
		return time.Now
	}
	return s.now
}

// gcPercent is how much a service may make, in percent of what it holds, before it looks for what it holds no longer. A
// service with little in it makes as much as one with much; at Go's 100 a tenth more of its time goes into looking. GOGC and
// GOMEMLIMIT say otherwise where memory is short.
const gcPercent = 200

func serveCommand() *cobra.Command {
	var s settings
	var level slog.Level
	cmd := &cobra.Command{
		Use:   "serve [flags]",
		Short: "Run the live plan: streams in, plan, pages and API",
		Long: `Runs the service: reads the topics, keeps one plan up to date, and serves the pages, the API and the
websocket. Without --brokers it runs a Kafka broker of its own, durable in the data folder, on a
loopback port that any Kafka client can use. Stop it with Ctrl-C; started again it goes on where it was.

Several instances may share a cluster: give each --brokers, a folder of its own with --data, and the
same secret with --secret-file. One of them leads; all serve.

With --sample it loads a made-up network of Tianjin if the log is empty, and publishes live events.`,
		Example: `  haihe serve --sample
  haihe serve --listen 0.0.0.0:8080 --data /var/lib/haihe --brokers kafka-1:9092,kafka-2:9092`,
		Args: exactArgs(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if s.days < 1 || s.days > 366 {
				return misused("--horizon is from 1 to 366 days, not %d", s.days)
			}
			if !(s.feedSpeed > 0 && s.feedSpeed <= 1000) {
				return misused("--feed-speed is above 0 and at most 1000, not %v", s.feedSpeed)
			}
			if !(s.maxShare >= 0 && s.maxShare <= 1) {
				return misused("--max-share is from 0 to 1, not %v", s.maxShare)
			}
			if s.quoteFor <= 0 || s.offerFor <= 0 || s.holdFor <= 0 || s.maxOpen < 0 {
				return misused("--quote-for, --offer-for and --hold-for are longer than 0, and --max-open is not negative")
			}
			if err := s.doors.check(); err != nil {
				return err
			}
			if err := s.tracing.check(); err != nil {
				return err
			}
			log, err := newLogger(cmd.ErrOrStderr(), s.logFormat, level)
			if err != nil {
				return err
			}
			slog.SetDefault(log)
			if os.Getenv("GOGC") == "" {
				debug.SetGCPercent(gcPercent)
			}
			v, err := open(cmd.Context(), s, log)
			if err != nil {
				return err
			}
			fmt.Fprint(cmd.OutOrStdout(), v.welcome())
			return v.run(cmd.Context())
		},
	}
	f := cmd.Flags()
	f.StringVar(&s.listen, "listen", "127.0.0.1:8080", "address of the pages and the API")
	f.StringVar(&s.metricsListen, "metrics-listen", "", "address of /metrics and /debug/pprof, for operators alone, such as 127.0.0.1:9464 (default: none)")
	s.tracing.flags(f)
	f.StringVar(&s.data, "data", "data", "folder for all that is kept; made if it is missing")
	f.StringSliceVar(&s.brokers, "brokers", nil, "brokers of a Kafka cluster, HOST:PORT,… (default: a broker of its own)")
	f.StringVar(&s.brokerListen, "broker-listen", streams.DefaultEmbeddedAddr, "loopback address of the broker of its own")
	f.StringVar(&s.advertise, "advertise", "", "with --brokers: HOST:PORT or URL where other instances reach this one (default: by --listen)")
	f.StringVar(&s.secretFile, "secret-file", "", secretFileUsage)
	f.BoolVar(&s.sample, "sample", false, "load the sample network if the log is empty, and run the feed")
	f.Uint64Var(&s.seed, "seed", 1, "seed of the sample network and of the feed")
	f.Float64Var(&s.feedSpeed, "feed-speed", 1, "how much faster than usual the feed of --sample runs")
	f.IntVar(&s.days, "horizon", 120, "days that the plan looks ahead")
	f.StringVar(&s.borders, "borders", "", `file with an approved border overlay, {"approval_number": "审图号", "geojson": …}`)
	f.DurationVar(&s.quoteFor, "quote-for", 24*time.Hour, "how long the price of a quote holds")
	f.DurationVar(&s.offerFor, "offer-for", 30*time.Minute, "how long a way that was quoted may be taken at its cost")
	f.DurationVar(&s.holdFor, "hold-for", 30*time.Minute, "how long a hold keeps its room")
	f.IntVar(&s.maxOpen, "max-open", 100, "quotes and holds that an exporter may have open at a time; 0: any number")
	s.doors.flags(f)
	f.Float64Var(&s.maxShare, "max-share", 0, "share of a departure that one exporter may have held and booked, above 0 to 1; 0: all of it")
	f.StringVar(&s.logFormat, "log-format", "text", "format of messages on the standard error: text or json")
	f.TextVar(&level, "log-level", slog.LevelWarn, "least level of messages on the standard error: debug, info, warn, error")
	return cmd
}

// newLogger writes messages in a format, text or json.
func newLogger(to io.Writer, format string, level slog.Level) (*slog.Logger, error) {
	o := &slog.HandlerOptions{Level: level}
	switch format {
	case "text":
		return slog.New(slog.NewTextHandler(to, o)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(to, o)), nil
	}
	return nil, misused("--log-format is text or json, not %q", format)
}

// address is where a browser on this machine finds the service.
func (v *service) address() string {
	if v.settings.doors.url != "" {
		return strings.TrimSuffix(v.settings.doors.url, "/")
	}
	scheme := "http://"
	if v.settings.doors.tlsCert != "" {
		scheme = "https://"
	}
	host, port, err := net.SplitHostPort(v.listener.Addr().String())
	if err != nil {
		return scheme + v.listener.Addr().String()
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "localhost" // it listens everywhere
	}
	return scheme + net.JoinHostPort(host, port)
}

// welcome is what a person needs to begin.
func (v *service) welcome() string {
	base := v.address()
	var b strings.Builder
	fmt.Fprintf(&b, "Haihe %s is at %s\n\nSign in as\n", version(), base)
	type who struct {
		role     web.Role
		org, nam string
	}
	links := []who{{web.Commission, string(web.Commission), ""}}
	if v.settings.sample {
		links = []who{{web.Firm, sample.Firm, sample.FirmName}, {web.Exporter, sample.Exporter, sample.ExporterName},
			{web.Commission, sample.Commission, sample.CommissionName}}
	}
	for _, l := range links {
		fmt.Fprintf(&b, "  %-11s %s\n", l.role, v.web.SignInLink(base, web.Account{Role: l.role, Org: l.org, Name: l.nam}, linkGood))
	}
	if !v.settings.sample {
		fmt.Fprintf(&b, "  others      haihe link --data %s ROLE ORG\n", v.settings.data)
	}
	fmt.Fprintf(&b, "\nEach link signs in once, within a day; haihe link --data %s makes new ones.\n", v.settings.data)
	if v.operators != nil {
		fmt.Fprintf(&b, "Metrics http://%s\n", v.operators.Addr())
	}
	fmt.Fprintf(&b, "Kafka %s   data %s   Ctrl-C stops\n", strings.Join(v.brokers, ","), v.settings.data)
	return b.String()
}
