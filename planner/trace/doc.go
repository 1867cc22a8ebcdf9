// Package trace follows what happens from a record or a command to the screens that show what came of it: spans of
// OpenTelemetry, told apart from what the rest of the program does. Nothing else in planner, streams or web knows
// OpenTelemetry; cmd/haihe says where spans go.
//
// Words: a cause is the span that something came of, as it is handed from one part to the next; a nil Tracer begins
// nothing, and the zero Span and Cause are of nothing. Whoever holds one need not ask.
//
// A trace begins where something comes in: Receive continues the one that the sender has begun, by the traceparent of
// W3C Trace Context in a header, or begins one for the share of what comes that the sampler takes. Step goes on within
// one goroutine's context; From begins a span of what several parts handed over. Of causes in one trace it is a child;
// where they are of several none is picked: it begins a trace of its own and links to all of them.
//
//	trace.go    tracers, spans, causes
//	carry.go    causes in contexts and in headers
package trace
