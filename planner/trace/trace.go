package trace

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	otel "go.opentelemetry.io/otel/trace"
)

// scope names what makes the spans.
const scope = "haihe"

// mostLinks is to how many causes a span links: as many as the SDK keeps of one.
const mostLinks = 128

// Tracer begins spans; nil begins none.
type Tracer struct{ tracer otel.Tracer }

// New returns a tracer whose spans go to a provider; nil where there is none.
func New(p otel.TracerProvider) *Tracer {
	if p == nil {
		return nil
	}
	return &Tracer{p.Tracer(scope)}
}

// Kind is on which side of a wire a span is.
type Kind = otel.SpanKind

// Kinds of spans.
const (
	Internal = otel.SpanKindInternal
	Server   = otel.SpanKindServer
	Client   = otel.SpanKindClient
	Producer = otel.SpanKindProducer
	Consumer = otel.SpanKindConsumer
)

// Attr is something that a span says of itself.
type Attr = attribute.KeyValue

// Int, Float and String make attributes. What they hold is for operators: no names, no goods, no rates, no secrets.
func Int(key string, value int) Attr       { return attribute.Int(key, value) }
func Float(key string, value float64) Attr { return attribute.Float64(key, value) }
func String(key, value string) Attr        { return attribute.String(key, value) }

// Span is a part of a trace that is under way; the zero value is of none.
type Span struct{ span otel.Span }

// On reports whether anybody looks at the span. Where nobody does, attributes need not be made.
func (s Span) On() bool { return s.span != nil }

// End ends the span.
func (s Span) End() {
	if s.span != nil {
		s.span.End()
	}
}

// EndAt ends the span at a time.
func (s Span) EndAt(at time.Time) {
	if s.span != nil {
		s.span.End(otel.WithTimestamp(at))
	}
}

// Set says something of the span.
func (s Span) Set(attrs ...Attr) {
	if s.span != nil {
		s.span.SetAttributes(attrs...)
	}
}

// Fail marks the span as failed. Why is for the log of messages: an error may hold what is nobody else's.
func (s Span) Fail(what string) {
	if s.span != nil {
		s.span.SetStatus(codes.Error, what)
	}
}

// Cause is the span as what comes of it names it.
func (s Span) Cause() Cause {
	if s.span == nil {
		return Cause{}
	}
	return causeOf(s.span.SpanContext())
}

// Receive begins a span of something that came in with a traceparent, or with none or one that is no such thing: then
// the sampler says whether a trace begins.
func (t *Tracer) Receive(ctx context.Context, kind Kind, name, traceparent string, attrs ...Attr) (context.Context, Span) {
	if t == nil {
		return ctx, Span{}
	}
	outer := otel.ContextWithSpanContext(ctx, otel.SpanContext{})
	if traceparent != "" {
		outer = otel.ContextWithRemoteSpanContext(ctx, parse(traceparent))
	}
	return begun(ctx)(t.tracer.Start(outer, name, otel.WithSpanKind(kind), otel.WithAttributes(attrs...)))
}

// From begins a span of what came of causes; of no cause none. It begins at a time, now if that is zero.
func (t *Tracer) From(ctx context.Context, name string, causes []Cause, at time.Time) (context.Context, Span) {
	if t == nil || len(causes) == 0 {
		return ctx, Span{}
	}
	options := make([]otel.SpanStartOption, 0, 3)
	if !at.IsZero() {
		options = append(options, otel.WithTimestamp(at))
	}
	first, rest := causes[0], causes[1:]
	outer := otel.ContextWithSpanContext(ctx, first.context())
	for _, c := range rest {
		if c.trace != first.trace {
			outer, rest = otel.ContextWithSpanContext(ctx, otel.SpanContext{}), causes
			options = append(options, otel.WithNewRoot())
			break
		}
	}
	links := make([]otel.Link, 0, min(len(rest), mostLinks))
	for _, c := range rest[:min(len(rest), mostLinks)] {
		links = append(links, otel.Link{SpanContext: c.context()})
	}
	options = append(options, otel.WithLinks(links...))
	return begun(ctx)(t.tracer.Start(outer, name, options...))
}

// Step begins a span within the one of ctx; none where that has none.
func Step(ctx context.Context, name string) (context.Context, Span) {
	return StepAs(ctx, Internal, name)
}

// StepAs is Step for a span of a kind.
func StepAs(ctx context.Context, kind Kind, name string) (context.Context, Span) {
	within := otel.SpanFromContext(ctx)
	if !within.IsRecording() {
		return ctx, Span{}
	}
	return begun(ctx)(within.TracerProvider().Tracer(scope).Start(ctx, name, otel.WithSpanKind(kind)))
}

// begun drops a span that the sampler did not take: nothing more is done about it.
func begun(before context.Context) func(context.Context, otel.Span) (context.Context, Span) {
	return func(ctx context.Context, s otel.Span) (context.Context, Span) {
		if !s.IsRecording() {
			return before, Span{}
		}
		return ctx, Span{s}
	}
}

// Into puts the span of one context into another, which may end before.
func Into(ctx, from context.Context) context.Context {
	within := otel.SpanFromContext(from)
	if !within.IsRecording() {
		return ctx
	}
	return otel.ContextWithSpan(ctx, within)
}
