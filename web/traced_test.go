package web

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	otel "go.opentelemetry.io/otel/trace"

	"haihe/planner"
	"haihe/planner/live"
	"haihe/planner/trace"
)

const traceParent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

// traced is a service whose spans the test sees.
func traced(t *testing.T) (*service, *tracetest.SpanRecorder) {
	spans := tracetest.NewSpanRecorder()
	p := sdk.NewTracerProvider(sdk.WithSampler(sdk.ParentBased(sdk.NeverSample())), sdk.WithSpanProcessor(spans))
	s := newService(t, func(c *Config) { c.Tracer = trace.New(p) })
	s.network()
	s.plan(1)
	s.settle()
	return s, spans
}

// spansOf returns the spans of a name that have ended.
func spansOf(spans *tracetest.SpanRecorder, name string) (list []sdk.ReadOnlySpan) {
	for _, x := range spans.Ended() {
		if x.Name() == name {
			list = append(list, x)
		}
	}
	return list
}

// TestPainted: a traced batch carries its trace to those who see something of it, and what they say of it is taken once of
// each, and of nothing else.
func TestPainted(t *testing.T) {
	s, spans := traced(t)
	b, other := s.open(Exporter, "bikes", ""), s.open(Commission, "tc", "")
	b.next()
	other.next()
	s.web.Observe(live.Update{Unplanned: []string{"R1"}, Cause: trace.Parse(traceParent)})
	f := b.next()
	// It ends once everybody was sent something.
	require.Eventually(t, func() bool { return len(spansOf(spans, "fan out")) == 1 }, 10*time.Second, time.Millisecond)
	out := spansOf(spans, "fan out")[0]
	require.Equal(t, "00f067aa0ba902b7", out.Parent().SpanID().String())
	parent := "00-" + out.SpanContext().TraceID().String() + "-" + out.SpanContext().SpanID().String() + "-01"
	require.Contains(t, f.raw, `"trace":"`+parent+`"`)

	doc := asyncAPIDoc(t)
	c := compiler(t, "asyncapi.json", doc)
	for name, message := range map[string]string{"Changes": f.raw, "Painted": `{"painted":"` + parent + `","ms":[1.5,20]}`} {
		schema, err := c.Compile("asyncapi.json#/components/schemas/" + name)
		require.NoError(t, err)
		v, err := jsonschema.UnmarshalJSON(strings.NewReader(message))
		require.NoError(t, err)
		require.NoError(t, schema.Validate(v))
	}

	say := func(b *browser, message string) {
		require.NoError(t, b.conn.WriteMessage(websocket.TextMessage, []byte(message)))
	}
	for _, wrong := range []string{``, `x`, `{"type":"pong"}`, `{"painted":"` + traceParent + `","ms":[1,2]}`, `{"painted":"` + parent + `","ms":[2,1]}`,
		`{"painted":"` + parent + `","ms":[-1,2]}`, `{"painted":"` + parent + `","ms":[1,60001]}`, `{"painted":"` + parent + `","ms":[1,2],"more":1}`,
		`{"painted":"` + parent + `","ms":[1,2]} {}`} {
		say(b, wrong)
	}
	say(b, `{"painted":"`+parent+`","ms":[1.5,20]}`)
	say(b, `{"painted":"`+parent+`","ms":[3,4]}`)
	// The pong says that all before it was read.
	pong := make(chan struct{})
	b.conn.SetPongHandler(func(string) error { close(pong); return nil })
	require.NoError(t, b.conn.WriteControl(websocket.PingMessage, nil, start.AddDate(1000, 0, 0)))
	go func() { _, _ = b.read() }()
	<-pong
	painted := spansOf(spans, "painted")
	require.Len(t, painted, 1)
	require.Equal(t, out.SpanContext().SpanID(), painted[0].Parent().SpanID())
	require.Equal(t, out.SpanContext().TraceID(), painted[0].SpanContext().TraceID())
	require.Contains(t, fmt.Sprint(painted[0].Attributes()), "20")

	// What is not traced has no trace.
	s.say(&planner.DepartureDelayed{Departure: "LAX-1", Mode: "sea", DelayHours: 6})
	f = other.next()
	for f.Type != "changes" {
		f = other.next()
	}
	require.NotContains(t, f.raw, `"trace"`)
}

// TestReportsAreBounded: of one batch a number of reports, of the last batches alone.
func TestReportsAreBounded(t *testing.T) {
	s, spans := traced(t)
	h := s.web.hub
	send := func(n int) string {
		h.mu.Lock()
		defer h.mu.Unlock()
		_, span := s.web.cfg.Tracer.Receive(t.Context(), trace.Internal, "batch", traceParent)
		defer span.End()
		parent := ""
		for range n {
			parent = h.told.add(span)
		}
		return parent
	}
	first := send(1)
	for range 2 * paintsOfBatch {
		h.shown(&client{}, painted{Trace: first})
	}
	require.Len(t, spansOf(spans, "painted"), paintsOfBatch)
	h.mu.Lock()
	h.told.batches[0].at = start.AddDate(-100, 0, 0)
	h.told.batches[0].left = 1
	h.mu.Unlock()
	h.shown(&client{}, painted{Trace: first})
	send(3 * batchesTold)
	require.Len(t, h.told.batches, batchesTold)
	h.shown(&client{}, painted{Trace: first})
	require.Len(t, spansOf(spans, "painted"), paintsOfBatch, "too late")
}

// TestOperationsAreTraced: a request that brings a trace is part of it; who is not let in begins none.
func TestOperationsAreTraced(t *testing.T) {
	s, spans := traced(t)
	s.call(Exporter, "bikes", "GET", "/api/requests/R1", nil, "Traceparent", traceParent)
	require.Len(t, spans.Ended(), 1)
	span := spans.Ended()[0]
	require.Equal(t, "GET /api/requests/{id}", span.Name())
	require.Equal(t, otel.SpanKindServer, span.SpanKind())
	require.Equal(t, "00f067aa0ba902b7", span.Parent().SpanID().String())
	says := fmt.Sprint(span.Attributes())
	require.Contains(t, says, "200")
	require.NotContains(t, says, "R1")
	require.NotContains(t, says, "bikes")
	require.Equal(t, http.StatusUnauthorized, s.call("", "", "GET", "/api/requests/R1", nil, "Traceparent", traceParent).status)
	s.call(Exporter, "bikes", "GET", "/api/requests/R1", nil)
	s.call(Exporter, "bikes", "GET", "/api/requests/R1", nil, "Traceparent", traceParent[:54]+"0")
	require.Len(t, spans.Started(), 1)
}

func FuzzPainted(f *testing.F) {
	for _, seed := range []string{`{"painted":"` + traceParent + `","ms":[1,2]}`, `{"ms":[1]}`, `[]`, `{"painted":"","ms":[1e400,2]}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		p, ok := parsePainted(raw)
		if !ok {
			return
		}
		if p.Trace == "" || p.MS[0] < 0 || p.MS[1] < p.MS[0] || p.MS[1] > 60_000 {
			t.Fatalf("%q was read as %v", raw, p)
		}
	})
}
