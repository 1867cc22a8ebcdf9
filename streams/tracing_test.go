package streams

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"haihe/planner/trace"
)

// A record that is published in a span is read in one that is its child; what lay in the log before is not traced, nor is
// what brings no trace, where the sampler takes none.
func TestRecordsCarryTraces(t *testing.T) {
	eachBackend(t, func(t *testing.T, b backend) {
		spans := tracetest.NewSpanRecorder()
		tracer := trace.New(sdk.NewTracerProvider(sdk.WithSpanProcessor(spans), sdk.WithSampler(sdk.ParentBased(sdk.NeverSample()))))
		const parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
		ctx, span := tracer.Receive(t.Context(), trace.Server, "command", parent)
		p := newTestProducer(t, b)
		require.NoError(t, p.Publish(ctx, requests(0, 3)...))

		c := consume(t, b.brokers, nil, ConsumerOptions{Tracer: tracer})
		<-c.CaughtUp()
		require.NoError(t, p.Publish(t.Context(), requests(3, 2)...))
		require.NoError(t, p.Publish(ctx, requests(5, 1)...))
		c.awaitEvents(6)
		span.End()
		named := func(name string) (list []sdk.ReadOnlySpan) {
			for _, x := range spans.Ended() {
				if x.Name() == name {
					list = append(list, x)
				}
			}
			return list
		}
		require.Eventually(t, func() bool { return len(named("write "+TopicRequests)) == 2 }, time.Minute, time.Millisecond)
		decoded := named("decode " + TopicRequests)
		require.Len(t, decoded, 1, "of those that came live and bring a trace")
		wrote := named("write " + TopicRequests)[1]
		require.Equal(t, wrote.SpanContext().SpanID(), decoded[0].Parent().SpanID())
		require.Contains(t, fmt.Sprint(decoded[0].Attributes()), "RequestSubmitted")
		require.Equal(t, "00f067aa0ba902b7", named("command")[0].Parent().SpanID().String())
	})
}

// A record that is as long as it may be stays so, and one that carries a trace keeps it.
func TestCarryLeavesRecordsWhole(t *testing.T) {
	tracer := trace.New(sdk.NewTracerProvider(sdk.WithSampler(sdk.AlwaysSample())))
	ctx, span := tracer.Receive(t.Context(), trace.Server, "command", "")
	defer span.End()
	m := []kafka.Message{
		{Value: bytes.Repeat([]byte("x"), MaxRecordBytes)},
		{Value: []byte("x"), Headers: []kafka.Header{{Key: trace.Header, Value: []byte("theirs")}}},
		{Value: []byte("x")},
	}
	carry(ctx, m)
	require.Empty(t, m[0].Headers)
	require.Equal(t, "theirs", traceParent(&m[1]))
	require.Equal(t, span.Cause().String(), traceParent(&m[2]))
	carry(t.Context(), m[:1])
	require.Empty(t, m[0].Headers)
}
