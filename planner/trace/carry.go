package trace

import (
	"context"
	"slices"

	"go.opentelemetry.io/otel/propagation"
	otel "go.opentelemetry.io/otel/trace"
)

// Header is the name of the header that carries a cause, in Kafka and HTTP: W3C Trace Context. The tracestate beside it
// is others' and is not carried on.
const Header = "traceparent"

// parentBytes is the length of a traceparent of version 00; one of a later version may go on behind that.
const parentBytes = 55

// Cause is a span that something came of. Only spans that are recorded are causes.
type Cause struct {
	trace otel.TraceID
	span  otel.SpanID
}

// None reports whether nothing that is recorded was the cause.
func (c Cause) None() bool { return !c.trace.IsValid() }

// String is the cause as a header carries it, "" for none.
func (c Cause) String() string {
	if c.None() {
		return ""
	}
	return "00-" + c.trace.String() + "-" + c.span.String() + "-01"
}

func (c Cause) context() otel.SpanContext {
	return otel.NewSpanContext(otel.SpanContextConfig{TraceID: c.trace, SpanID: c.span, TraceFlags: otel.FlagsSampled})
}

func causeOf(c otel.SpanContext) Cause {
	if !c.IsValid() || !c.IsSampled() {
		return Cause{}
	}
	return Cause{c.TraceID(), c.SpanID()}
}

// Parse reads a traceparent. It returns no cause of one that is not recorded, or is no traceparent.
func Parse(traceparent string) Cause { return causeOf(parse(traceparent)) }

func parse(traceparent string) otel.SpanContext {
	if len(traceparent) < parentBytes || len(traceparent) > 2*parentBytes {
		return otel.SpanContext{}
	}
	ctx := propagation.TraceContext{}.Extract(context.Background(), carrier(traceparent))
	return otel.SpanContextFromContext(ctx)
}

// carrier holds a traceparent and nothing else.
type carrier string

// Get returns it.
func (c carrier) Get(key string) string {
	if key == Header {
		return string(c)
	}
	return ""
}

// Set is not called: a carrier is read alone.
func (carrier) Set(string, string) {}

// Keys lists it.
func (carrier) Keys() []string { return []string{Header} }

// Of is the span of ctx as a cause.
func Of(ctx context.Context) Cause { return causeOf(otel.SpanContextFromContext(ctx)) }

type causesKey struct{}

// With hands causes on with ctx: of a batch, and so beside the one span that it may have.
func With(ctx context.Context, causes []Cause) context.Context {
	if len(causes) == 0 {
		return ctx
	}
	return context.WithValue(ctx, causesKey{}, causes)
}

// Causes are those that With handed on.
func Causes(ctx context.Context) []Cause {
	causes, _ := ctx.Value(causesKey{}).([]Cause)
	return causes
}

// Gather adds causes to a list, each once and none that is of nothing, as many as a span links to.
func Gather(list []Cause, more ...Cause) []Cause {
	for _, c := range more {
		if !c.None() && len(list) < mostLinks && !slices.Contains(list, c) {
			list = append(list, c)
		}
	}
	return list
}
