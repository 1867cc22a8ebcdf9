package trace_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"haihe/planner/trace"
)

// The example of the W3C's recommendation, recorded and not.
const (
	recorded = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	dropped  = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"
	other    = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
)

func recorder(s sdk.Sampler) (*trace.Tracer, *tracetest.SpanRecorder) {
	r := tracetest.NewSpanRecorder()
	return trace.New(sdk.NewTracerProvider(sdk.WithSampler(s), sdk.WithSpanProcessor(r))), r
}

func TestParse(t *testing.T) {
	require.Equal(t, recorded, trace.Parse(recorded).String())
	for _, none := range []string{"", dropped, "00", strings.ToUpper(recorded), recorded + "-and-more", "ff" + recorded[2:],
		"00-00000000000000000000000000000000-00f067aa0ba902b7-01", "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
		strings.Repeat(recorded, 1000)} {
		require.True(t, trace.Parse(none).None(), "%.100q", none)
		require.Empty(t, trace.Parse(none).String())
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{recorded, dropped, other, "", "00-", recorded + "-x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		c := trace.Parse(header)
		if c.None() {
			return
		}
		if again := trace.Parse(c.String()); again != c || !strings.Contains(header, c.String()[3:52]) {
			t.Fatalf("%q was read as %s", header, c)
		}
	})
}

// Of causes in one trace a span is a child; of several traces it picks none.
func TestFromManyCauses(t *testing.T) {
	tracer, spans := recorder(sdk.AlwaysSample())
	ctx, first := tracer.Receive(t.Context(), trace.Consumer, "first", recorded)
	_, second := trace.Step(ctx, "second")
	_, third := tracer.Receive(t.Context(), trace.Consumer, "third", other)

	_, child := tracer.From(t.Context(), "child", trace.Gather(nil, first.Cause(), second.Cause(), first.Cause()), time.Time{})
	child.End()
	began := time.Date(2027, 3, 1, 8, 0, 0, 0, time.UTC)
	_, root := tracer.From(t.Context(), "root", trace.Gather(nil, first.Cause(), third.Cause(), trace.Cause{}), began)
	root.EndAt(began.Add(time.Second))
	_, nothing := tracer.From(t.Context(), "nothing", nil, time.Time{})
	require.False(t, nothing.On())

	list := spans.Ended()
	require.Len(t, list, 2)
	require.Equal(t, first.Cause().String(), "00-"+list[0].Parent().TraceID().String()+"-"+list[0].Parent().SpanID().String()+"-01")
	require.Len(t, list[0].Links(), 1)
	require.False(t, list[1].Parent().IsValid())
	require.Len(t, list[1].Links(), 2)
	require.NotEqual(t, list[0].SpanContext().TraceID(), list[1].SpanContext().TraceID())
	require.Equal(t, began, list[1].StartTime())
	require.Equal(t, began.Add(time.Second), list[1].EndTime())
}

// What the sender does not record is not recorded, whatever the sampler would say; and nil begins nothing.
func TestNothing(t *testing.T) {
	tracer, spans := recorder(sdk.ParentBased(sdk.AlwaysSample()))
	for _, header := range []string{dropped} {
		ctx, span := tracer.Receive(t.Context(), trace.Server, "dropped", header)
		require.False(t, span.On())
		require.Equal(t, t.Context(), ctx)
	}
	ctx, span := (*trace.Tracer)(nil).Receive(t.Context(), trace.Server, "nil", recorded)
	_, step := trace.Step(ctx, "step")
	require.False(t, step.On())
	span.Set(trace.Int("x", 1))
	span.Fail("nothing")
	span.End()
	require.True(t, span.Cause().None())
	require.Empty(t, spans.Started())
	require.Nil(t, trace.New(nil))
	require.Equal(t, t.Context(), trace.Into(t.Context(), ctx))
	require.Nil(t, trace.Causes(trace.With(t.Context(), nil)))
}

// Where nothing is traced nothing is allocated.
func TestOffCostsNoMemory(t *testing.T) {
	var tracer *trace.Tracer
	ctx := context.Background()
	require.Zero(t, testing.AllocsPerRun(100, func() {
		ctx, span := tracer.From(ctx, "from", trace.Causes(ctx), time.Time{})
		ctx, step := trace.Step(ctx, "step")
		if !trace.Of(ctx).None() {
			panic("a cause")
		}
		step.End()
		span.End()
	}))
}
