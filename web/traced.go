package web

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"haihe/planner/trace"
)

// What a browser says of a batch is taken for as long as it may still paint it, of so many browsers, and so often.
const (
	paintWithin    = time.Minute
	paintsOfBatch  = 32
	batchesTold    = 64
	reportsASecond = 4
	reportsAtOnce  = 16
)

// told are the traced batches that went out last, oldest first. It is guarded by the hub.
type told struct {
	batches []toldBatch
	count   uint64
}

type toldBatch struct {
	number uint64
	cause  trace.Cause
	at     time.Time
	left   int // reports that are still taken
}

// add notes a batch in a span, and returns its traceparent; "" where there is no span.
func (t *told) add(span trace.Span) string {
	if !span.On() {
		return ""
	}
	if len(t.batches) >= batchesTold {
		t.batches = append(t.batches[:0], t.batches[1:]...)
	}
	t.count++
	t.batches = append(t.batches, toldBatch{t.count, span.Cause(), time.Now(), paintsOfBatch})
	return span.Cause().String()
}

// traced begins the span of what is told, from the time when the first update of it came; none where none is traced.
func (h *hub) traced() trace.Span {
	if len(h.causes) == 0 {
		return trace.Span{}
	}
	_, span := h.cfg.Tracer.From(context.Background(), "fan out", h.causes, h.oldest)
	h.causes = nil
	return span
}

// painted is what a browser says once it shows a batch that is traced: how long after it had the frame its own copy held
// the changes, and the screen showed them.
type painted struct {
	Trace string     `json:"painted"` // as the frame had it
	MS    [2]float64 `json:"ms"`
}

// parsePainted reads a message of a browser; false if it says nothing of the kind.
func parsePainted(raw []byte) (painted, bool) {
	var p painted
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if d.Decode(&p) != nil {
		return painted{}, false
	}
	if _, err := d.Token(); err != io.EOF {
		return painted{}, false
	}
	most := float64(paintWithin.Milliseconds())
	if p.Trace == "" || !(p.MS[0] >= 0 && p.MS[0] <= p.MS[1] && p.MS[1] <= most) {
		return painted{}, false
	}
	return p, true
}

// shown ends the trace of a batch on a client's screen, if that was told of it and has not said so yet.
func (h *hub) shown(c *client, p painted) {
	cause := trace.Parse(p.Trace)
	now := time.Now()
	h.mu.Lock()
	var batch *toldBatch
	for i := range h.told.batches {
		if b := &h.told.batches[i]; b.cause == cause && !cause.None() {
			batch = b
		}
	}
	if batch == nil || batch.number <= c.painted || batch.left == 0 || now.Sub(batch.at) > paintWithin {
		h.mu.Unlock()
		return
	}
	c.painted = batch.number
	batch.left--
	at := batch.at
	h.mu.Unlock()
	_, span := h.cfg.Tracer.From(context.Background(), "painted", []trace.Cause{cause}, at)
	span.Set(trace.String("haihe.role", string(c.viewer.role)), trace.Float("haihe.page.applied_ms", p.MS[0]), trace.Float("haihe.page.painted_ms", p.MS[1]))
	span.EndAt(now)
}

// run runs an operation in a span, if it is traced.
func (s *Server) run(ctx huma.Context, r *http.Request, op *huma.Operation, next func(huma.Context)) {
	if s.cfg.Tracer == nil {
		next(ctx)
		return
	}
	within, span := s.cfg.Tracer.Receive(ctx.Context(), trace.Server, op.Method+" "+op.Path, r.Header.Get(trace.Header),
		trace.String("http.request.method", op.Method), trace.String("http.route", op.Path))
	if !span.On() {
		next(ctx)
		return
	}
	defer span.End()
	next(huma.WithContext(ctx, within))
	span.Set(trace.Int("http.response.status_code", ctx.Status()))
	if ctx.Status() >= http.StatusInternalServerError {
		span.Fail(http.StatusText(ctx.Status()))
	}
}
