package streams

import (
	"context"
	"slices"

	"github.com/segmentio/kafka-go"

	"haihe/planner"
	"haihe/planner/trace"
)

// mostTraced is how many records of one fetch are traced: whoever publishes says of each whether it is, and a batch has
// only so many links.
const mostTraced = 128

// traceParent is the first traceparent among the headers of a record.
func traceParent(m *kafka.Message) string {
	for i := range m.Headers {
		if m.Headers[i].Key == trace.Header {
			return string(m.Headers[i].Value)
		}
	}
	return ""
}

// carry writes the span of ctx into records, unless one is as long as it may be or carries one already.
func carry(ctx context.Context, messages []kafka.Message) {
	cause := trace.Of(ctx)
	if cause.None() {
		return
	}
	h := kafka.Header{Key: trace.Header, Value: []byte(cause.String())}
	for i := range messages {
		m := &messages[i]
		if recordBytes(*m)+len(h.Key)+len(h.Value) <= MaxRecordBytes && traceParent(m) == "" {
			m.Headers = append(slices.Clip(m.Headers), h)
		}
	}
}

// received begins the span of a record that was read.
func received(ctx context.Context, t *trace.Tracer, name string, m *kafka.Message) (context.Context, trace.Span) {
	return t.Receive(ctx, trace.Consumer, name+" "+m.Topic, traceParent(m), trace.String("messaging.system", "kafka"),
		trace.String("messaging.destination.name", m.Topic), trace.Int("messaging.destination.partition.id", m.Partition),
		trace.Int("messaging.kafka.offset", int(m.Offset)))
}

// decodeTraced is decode with a span of each record; those of the log before live are old and have none.
func decodeTraced(t *trace.Tracer, live int64, messages []kafka.Message, begun *bool) (events []planner.Event, dead []DeadLetter, causes []trace.Cause) {
	for i := range messages {
		var span trace.Span
		if messages[i].Offset >= live && len(causes) < mostTraced {
			_, span = received(context.Background(), t, "decode", &messages[i])
		}
		e, d := decode(messages[i:i+1], begun)
		events, dead = append(events, e...), append(dead, d...)
		if span.On() {
			if len(e) > 0 {
				span.Set(trace.String("haihe.type", e[0].Fact.Type()))
				causes = trace.Gather(causes, span.Cause())
			} else {
				span.Fail("a dead letter")
			}
			span.End()
		}
	}
	return events, dead, causes
}
