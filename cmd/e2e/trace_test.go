package e2e

import (
	"bytes"
	"compress/gzip"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	v1 "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"haihe/planner"
	"haihe/streams"
	"haihe/streams/kafkatest"
)

// spans is a collector: it takes what OTLP brings over HTTP.
type spans struct {
	t       *testing.T
	address string

	mu   sync.Mutex
	list []span
}

// span is a span as it came, with the instance that it came from.
type span struct {
	*v1.Span
	instance string
}

func collect(t *testing.T) *spans {
	s := &spans{t: t}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.address = server.URL
	t.Setenv("OTEL_BSP_SCHEDULE_DELAY", "50") // ms
	return s
}

func (s *spans) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var body io.Reader = r.Body
	if r.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		body = z
	}
	raw, err := io.ReadAll(body)
	var in collector.ExportTraceServiceRequest
	if err == nil {
		err = proto.Unmarshal(raw, &in)
	}
	if err != nil || r.Method != http.MethodPost || r.URL.Path != "/v1/traces" || r.Header.Get("Content-Type") != "application/x-protobuf" {
		s.t.Errorf("%s %s, %s: %v", r.Method, r.URL.Path, r.Header.Get("Content-Type"), err)
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, from := range in.ResourceSpans {
		instance := ""
		for _, a := range from.Resource.Attributes {
			if a.Key == "service.instance.id" {
				instance = a.Value.GetStringValue()
			}
		}
		for _, of := range from.ScopeSpans {
			for _, x := range of.Spans {
				s.list = append(s.list, span{x, instance})
			}
		}
	}
	out, _ := proto.Marshal(&collector.ExportTraceServiceResponse{})
	w.Header().Set("Content-Type", "application/x-protobuf")
	w.Write(out)
}

// all returns the spans that there are.
func (s *spans) all() []span {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.list)
}

// chain waits for a row of spans, each the child of the one before and the first of a parent, and returns the last.
func (s *spans) chain(parent parent, names ...string) span {
	s.t.Helper()
	var missing string
	var end span
	require.Eventually(s.t, func() bool {
		ends := []span{{Span: &v1.Span{TraceId: parent.trace, SpanId: parent.span}}}
		for _, name := range names {
			var next []span
			for _, x := range s.all() {
				if x.Name == name && slices.ContainsFunc(ends, func(p span) bool {
					return bytes.Equal(x.TraceId, p.TraceId) && bytes.Equal(x.ParentSpanId, p.SpanId)
				}) {
					next = append(next, x)
				}
			}
			if missing = name; len(next) == 0 {
				return false
			}
			ends = next
		}
		end = ends[0]
		return true
	}, wait, 20*time.Millisecond, "no %s of %v\n%s", &lazily{func() string { return missing }}, names, &lazily{func() string { return s.of(parent) }})
	return end
}

type lazily struct{ text func() string }

func (l *lazily) String() string { return l.text() }

// of lists what came of a trace.
func (s *spans) of(p parent) string {
	var b strings.Builder
	for _, x := range s.all() {
		if bytes.Equal(x.TraceId, p.trace) {
			fmt.Fprintf(&b, "%x under %x: %s\n", x.SpanId, x.ParentSpanId, x.Name)
		}
	}
	return b.String()
}

// parent is a span of the test's own that what it does is part of.
type parent struct{ trace, span []byte }

func newParent() parent {
	p := parent{make([]byte, 16), make([]byte, 8)}
	rand.Read(p.trace)
	rand.Read(p.span)
	return p
}

func (p parent) String() string {
	return "00-" + hex.EncodeToString(p.trace) + "-" + hex.EncodeToString(p.span) + "-01"
}

// attribute is what a span says of itself, as text.
func attribute(x span, key string) string {
	for _, a := range x.Attributes {
		if a.Key == key {
			return strings.Trim(a.Value.String(), " ")
		}
	}
	return ""
}

// paints reads frames of a websocket, as a browser does, and says of each traced batch that it was shown, until stopped.
func (s *service) paints(role string) {
	conn, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(s.base, "http")+"/api/live",
		http.Header{"Authorization": {"Bearer " + s.token(role)}})
	require.NoError(s.t, err)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			_, raw, err := conn.ReadMessage()
			if err != nil {
				return
			}
			var f struct{ Trace string }
			if json.Unmarshal(raw, &f) == nil && f.Trace != "" {
				_ = conn.WriteMessage(websocket.TextMessage, []byte(`{"painted":"`+f.Trace+`","ms":[1.5,20]}`))
			}
		}
	}()
	s.t.Cleanup(func() {
		conn.Close()
		<-done
	})
}

// delays are records that set the delay of a departure, as a publisher that traces writes them.
func delays(d *planner.Departure, hours float64, parents ...parent) []kafka.Message {
	var list []kafka.Message
	for i, p := range parents {
		now := time.Now()
		m := kafka.Message{Topic: streams.TopicRoutes, Key: []byte("departure:" + d.ID + ":delay"),
			Value: fmt.Appendf(nil, `{"departure": %q, "mode": %q, "delay_hours": %v}`, d.ID, d.Mode, hours+float64(i))}
		for _, h := range [][2]string{{"ce_specversion", "1.0"}, {"ce_id", fmt.Sprintf("outside-%d-%d", now.UnixNano(), i)}, {"ce_source", "/firms/outside"},
			{"ce_type", "haihe.DepartureDelayed"}, {"ce_time", now.UTC().Format(time.RFC3339Nano)}, {"ce_sequence", fmt.Sprint(now.UnixMicro() + int64(i))},
			{"content-type", "application/json"}, {"traceparent", p.String()}} {
			m.Headers = append(m.Headers, kafka.Header{Key: h[0], Value: []byte(h[1])})
		}
		list = append(list, m)
	}
	return list
}

// sea returns a departure by sea of the problem that is planned.
func (s *service) sea() *planner.Departure {
	p := get[planner.Problem](s, "operator", "/api/problem")
	i := slices.IndexFunc(p.Departures, func(d planner.Departure) bool { return d.Mode == planner.ModeSea })
	require.GreaterOrEqual(s.t, i, 0)
	return &p.Departures[i]
}

func (s *service) put(m ...kafka.Message) {
	s.t.Helper()
	w := &kafka.Writer{Addr: kafka.TCP(strings.Split(s.kafka, ",")...), Balancer: kafka.Murmur2Balancer{}, RequiredAcks: kafka.RequireAll,
		BatchSize: len(m), BatchTimeout: 100 * time.Millisecond}
	defer w.Close()
	require.NoError(s.t, w.WriteMessages(s.t.Context(), m...))
}

// ask sends a command of an exporter with a traceparent.
func (s *service) ask(path string, body any, p parent) {
	s.t.Helper()
	raw, err := json.Marshal(body)
	require.NoError(s.t, err)
	r, err := http.NewRequest(http.MethodPost, s.base+path, bytes.NewReader(raw))
	require.NoError(s.t, err)
	r.Header.Set("Authorization", "Bearer "+s.token("exporter"))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("traceparent", p.String())
	resp, err := s.client.Do(r)
	require.NoError(s.t, err)
	defer resp.Body.Close()
	out, _ := io.ReadAll(resp.Body)
	require.Equal(s.t, http.StatusCreated, resp.StatusCode, "%s", out)
}

// TestTraces follows a record of a publisher, and a command, to a browser that shows what came of them.
func TestTraces(t *testing.T) {
	c := collect(t)
	s := serve(t, plain(), t.TempDir(), "--sample", "--feed-speed", "0.0001", "--trace-endpoint", c.address, "--trace-share", "0").ready()
	require.Empty(t, c.all(), "nothing asked for a trace")
	s.paints("commission")
	s.paints("exporter")
	d := s.sea()

	record := newParent()
	s.put(delays(d, 30, record)...)
	decoded := c.chain(record, "decode "+streams.TopicRoutes)
	require.Contains(t, attribute(decoded, "haihe.type"), "DepartureDelayed")
	c.chain(record, "decode "+streams.TopicRoutes, "apply", "fan out", "painted")
	plan := c.chain(record, "decode "+streams.TopicRoutes, "apply", "plan")
	require.NotEmpty(t, attribute(plan, "haihe.plan.regret"))
	for _, step := range []string{"patch", "bound", "mend", "explain", "write " + streams.TopicPlans} {
		c.chain(record, "decode "+streams.TopicRoutes, "apply", "plan", step)
	}
	shown := c.chain(record, "decode "+streams.TopicRoutes, "apply", "plan", "fan out", "painted")
	require.NotEmpty(t, attribute(shown, "haihe.page.painted_ms"))

	command := newParent()
	s.ask("/api/requests", newRequest("a secret of the exporter's"), command)
	operation := "POST /api/requests"
	for _, step := range []string{"read back", "mark"} {
		c.chain(command, operation, "decide", "flight", step)
	}
	entry := []string{operation, "decide", "flight", "write " + streams.TopicBookings, "decode " + streams.TopicBookings, "apply"}
	c.chain(command, append(entry, "fan out", "painted")...)
	c.chain(command, append(entry, "plan", "fan out", "painted")...)

	// Of a batch of several traces none is picked: what comes of it is a trace of its own, with links to each. How the log
	// hands records out is its own affair, so until some come together.
	require.Eventually(t, func() bool {
		d.ID = s.sea().ID
		several := []parent{newParent(), newParent(), newParent()}
		s.put(delays(d, 40, several...)...)
		c.chain(several[2], "decode "+streams.TopicRoutes)
		ctx := time.Now().Add(5 * time.Second)
		for time.Now().Before(ctx) {
			for _, x := range c.all() {
				if x.Name == "apply" && len(x.Links) == 3 && len(x.ParentSpanId) == 0 {
					for i, link := range x.Links {
						require.Equal(t, several[i].trace, link.TraceId)
					}
					return true
				}
			}
			time.Sleep(20 * time.Millisecond)
		}
		return false
	}, wait, time.Millisecond, "no batch of three")

	// Nothing of what people say or own is in a trace.
	for _, x := range c.all() {
		for _, secret := range []string{"a secret", "sample", d.ID, s.token("exporter")} {
			require.NotContains(t, x.String(), secret)
		}
	}
	s.stop()
}

// TestTracesCrossInstances: a command that an instance has the leader decide is one trace on both, and each shows what
// came of it to its browsers.
func TestTracesCrossInstances(t *testing.T) {
	b := kafkatest.Start(t)
	t.Cleanup(func() { require.NoError(t, b.Stop()) })
	c := collect(t)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", c.address)
	f := newFleet(t, []string{b.Addr()}, 2, "--sample", "--feed-speed", "0.0001", "--trace-share", "0")
	lead := f.leader()
	first, second := f.at(lead), f.at(1-lead)
	first.ready()
	second.ready()
	second.links = first.links
	first.paints("commission")
	second.paints("exporter")

	p := newParent()
	second.ask("/api/requests", newRequest(""), p)
	asked := c.chain(p, "POST /api/requests", "ask the leader")
	answered := c.chain(p, "POST /api/requests", "ask the leader", "decide for another")
	require.NotEqual(t, asked.instance, answered.instance)
	c.chain(p, "POST /api/requests", "ask the leader", "decide for another", "decide", "flight", "read back")
	entry := []string{"POST /api/requests", "ask the leader", "decide for another", "decide", "flight", "write " + streams.TopicBookings, "decode " + streams.TopicBookings, "apply"}
	require.Eventually(t, func() bool {
		var on []string
		for _, x := range c.all() {
			if x.Name == "apply" && bytes.Equal(x.TraceId, p.trace) {
				on = append(on, x.instance)
			}
		}
		return slices.Contains(on, asked.instance) && slices.Contains(on, answered.instance)
	}, wait, 20*time.Millisecond)
	c.chain(p, append(entry, "plan", "write "+streams.TopicPlans, "adopt", "fan out", "painted")...)
	second.stop()
	first.stop()
}
