package main

import (
	"context"
	"errors"
	"log/slog"
	"net/url"
	"os"
	"sync/atomic"
	"time"

	"github.com/spf13/pflag"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"

	"haihe/planner/trace"
)

// Variables that name a collector, as every program of OpenTelemetry reads them; the flag holds before them.
const (
	endpointVariable = "OTEL_EXPORTER_OTLP_ENDPOINT"
	tracesVariable   = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
)

const (
	// flushWait is how long the last spans may take to the collector when the service stops.
	flushWait = 3 * time.Second
	// complainEvery is how often it is said that spans do not get there.
	complainEvery = time.Minute
)

// tracingSettings say where traces go; nowhere if nothing names a collector.
type tracingSettings struct {
	endpoint string
	share    float64
}

func (s *tracingSettings) flags(f *pflag.FlagSet) {
	f.StringVar(&s.endpoint, "trace-endpoint", "", "collector of traces that speaks OTLP over HTTP, such as http://127.0.0.1:4318 (default: $"+endpointVariable+"; without either nothing is traced)")
	f.Float64Var(&s.share, "trace-share", 0.01, "share, from 0 to 1, of records and commands that begin a trace where they bring none")
}

func (s *tracingSettings) check() error {
	if !(s.share >= 0 && s.share <= 1) {
		return misused("--trace-share is from 0 to 1, not %v", s.share)
	}
	if s.endpoint == "" {
		return nil
	}
	u, err := url.Parse(s.endpoint)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return misused("--trace-endpoint is the URL of a collector, such as http://127.0.0.1:4318, not %q", s.endpoint)
	}
	return nil
}

// tracing sends spans to a collector; nil: there is none.
type tracing struct {
	provider *sdk.TracerProvider
	made     *trace.Tracer
}

// startTracing begins to trace, if a collector is named. It need not be there: spans that do not get to it are dropped.
func startTracing(ctx context.Context, s tracingSettings, instance string, log *slog.Logger) (*tracing, error) {
	var options []otlptracehttp.Option
	switch {
	case s.endpoint != "":
		u, err := url.Parse(s.endpoint)
		if err != nil {
			return nil, err
		}
		if u.Path == "" || u.Path == "/" {
			u = u.JoinPath("v1", "traces")
		}
		options = append(options, otlptracehttp.WithEndpointURL(u.String()))
	case os.Getenv(endpointVariable) == "" && os.Getenv(tracesVariable) == "":
		return nil, nil
	}
	exporter, err := otlptracehttp.New(ctx, options...)
	if err != nil {
		return nil, err
	}
	about, err := resource.New(ctx, resource.WithAttributes(attribute.String("service.name", "haihe"),
		attribute.String("service.version", version()), attribute.String("service.instance.id", instance)), resource.WithFromEnv())
	if err != nil {
		return nil, err
	}
	var last atomic.Int64 // when it was said
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) {
		now := time.Now().UnixNano()
		if was := last.Load(); now-was > int64(complainEvery) && last.CompareAndSwap(was, now) {
			log.Warn("traces do not get to their collector; the service goes on without them", "error", err)
		}
	}))
	p := sdk.NewTracerProvider(sdk.WithBatcher(exporter), sdk.WithResource(about),
		sdk.WithSampler(sdk.ParentBased(linked{sdk.TraceIDRatioBased(s.share)})))
	return &tracing{p, trace.New(p)}, nil
}

func (t *tracing) tracer() *trace.Tracer {
	if t == nil {
		return nil
	}
	return t.made
}

// stop sends what has not been sent.
func (t *tracing) stop(log *slog.Logger) {
	if t == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), flushWait)
	defer cancel()
	if err := t.provider.Shutdown(ctx); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		log.Warn("the last traces did not get to their collector", "error", err)
	}
}

// linked samples what came of several traces that are sampled, and of the rest a share.
type linked struct{ share sdk.Sampler }

// ShouldSample says whether a trace is sampled.
func (l linked) ShouldSample(p sdk.SamplingParameters) sdk.SamplingResult {
	for _, x := range p.Links {
		if x.SpanContext.IsSampled() {
			return sdk.AlwaysSample().ShouldSample(p)
		}
	}
	return l.share.ShouldSample(p)
}

// Description names it.
func (l linked) Description() string { return "linked, or " + l.share.Description() }
