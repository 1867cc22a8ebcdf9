package streams

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/segmentio/kafka-go"

	"haihe/planner"
	"haihe/planner/trace"
)

// Types of the records on haihe.plans.
const (
	typeRequestPlanned = "RequestPlanned"
	typePlanPublished  = "PlanPublished"

	planSource = "/haihe/planner"
)

// RequestPlanned is what a plan does for one request. It counts once a PlanPublished of the same or a later plan
// stands behind it.
type RequestPlanned struct {
	Epoch   uint64 `json:"epoch"`
	Version uint64 `json:"version"`
	planner.Match
	Gone bool `json:"gone"` // the plan no longer holds the request
}

// PlanPublished closes a plan: all its RequestPlanned stand before it.
type PlanPublished struct {
	planner.PlanSummary
	Complete bool `json:"complete"` // the plan was published whole: matches of earlier plans no longer count
	// The last plan that was published whole; itself if Complete.
	CompleteEpoch   uint64 `json:"complete_epoch"`
	CompleteVersion uint64 `json:"complete_version"`
}

// PlanWriter publishes plans, one after another.
type PlanWriter struct {
	producer *Producer

	mu             sync.Mutex
	epoch, version uint64 // of the last plan published whole; 0 before the first and after a failure
}

// NewPlanWriter returns a writer that publishes through a producer.
func NewPlanWriter(p *Producer) *PlanWriter { return &PlanWriter{producer: p} }

// PublishPlan publishes a plan: the matches that changed since the one before, the requests that are gone from
// it, and last the record that makes it count. With complete, changed holds every match of the plan. The first
// plan of a writer, and the first after an error, is to be complete; it returns an error if it is not.
func (w *PlanWriter) PublishPlan(ctx context.Context, summary planner.PlanSummary, changed []planner.Match, gone []string, complete bool) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if complete {
		w.epoch, w.version = summary.Epoch, summary.Version
	}
	if w.version == 0 {
		return fmt.Errorf("streams: plan %d/%d holds changes only, and no whole plan stands before it; publish it whole", summary.Epoch, summary.Version)
	}
	var messages []kafka.Message
	for _, m := range changed {
		msg, err := planMessage(typeRequestPlanned, planner.Key{Kind: planner.KindRequest, ID: m.Request, Aspect: "plan"}, summary,
			RequestPlanned{Epoch: summary.Epoch, Version: summary.Version, Match: m})
		if err != nil {
			return err
		}
		messages = append(messages, msg)
	}
	for _, id := range gone {
		msg, err := planMessage(typeRequestPlanned, planner.Key{Kind: planner.KindRequest, ID: id, Aspect: "plan"}, summary,
			RequestPlanned{Epoch: summary.Epoch, Version: summary.Version, Match: planner.Match{Request: id}, Gone: true})
		if err != nil {
			return err
		}
		messages = append(messages, msg)
	}
	commit, err := planMessage(typePlanPublished, planner.Key{Kind: "plan", ID: "current", Aspect: "summary"}, summary,
		PlanPublished{PlanSummary: summary, Complete: complete, CompleteEpoch: w.epoch, CompleteVersion: w.version})
	if err != nil {
		return err
	}
	// The commit goes by itself: nothing of a plan may come after it, not even by a second attempt.
	for _, part := range [][]kafka.Message{messages, {commit}} {
		if err := w.producer.write(ctx, part, kafka.Zstd, nil); err != nil {
			w.epoch, w.version = 0, 0
			return err
		}
	}
	return nil
}

// planMessage makes a record of the plans, and checks it against its schema.
func planMessage(typ string, key planner.Key, s planner.PlanSummary, payload any) (kafka.Message, error) {
	value, err := json.Marshal(payload)
	if err != nil {
		return kafka.Message{}, fmt.Errorf("streams: %s: %w", typ, err)
	}
	if err := checkSchema(typ, value); err != nil {
		return kafka.Message{}, fmt.Errorf("streams: %s: %w", typ, err)
	}
	id := fmt.Sprintf("%d/%d/%s", s.Epoch, s.Version, key)
	m := newMessage(TopicPlans, key, typ, id, planSource, s.SolvedAt, s.Version, value)
	if n := recordBytes(m); n > maxPlanBytes {
		return kafka.Message{}, fmt.Errorf("streams: %s: the record takes %d bytes, at most %d are allowed", typ, n, maxPlanBytes)
	}
	return m, nil
}

// ReadPlan returns the last plan that was published and its matches, by request, or false if there is none. It
// passes over what a crash left of a plan that was never closed, and over records that it cannot read; should
// retention have taken a whole plan, it returns the matches that are left.
func ReadPlan(ctx context.Context, brokers []string) (planner.PlanSummary, []planner.Match, bool, error) {
	c := newClient(brokers)
	defer c.close()
	at := partition{TopicPlans, 0}
	var found map[partition]bounds
	err := c.retry(ctx, connectTimeout, func(ctx context.Context, k *kafka.Client) error {
		ctx, cancel := context.WithTimeout(ctx, requestTimeout)
		defer cancel()
		var err error
		found, err = c.offsets(ctx, k, []partition{at})
		return err
	})
	if err != nil {
		return planner.PlanSummary{}, nil, false, fmt.Errorf("streams: reading where %s begins and ends: %w", at, err)
	}
	var f planFold
	if err := c.readAll(ctx, at, found[at], func(m kafka.Message) { _ = f.take(m) }); err != nil {
		return planner.PlanSummary{}, nil, false, err
	}
	summary, matches, ok := f.result()
	return summary, matches, ok, nil
}

// FollowPlans reads the plans as they are published, and calls each with the last one there is whenever there is a later
// one. All its matches, by request, come of the func, which is for the time of the call. Plans that come meanwhile are
// passed over for the last of them. The ctx of the call hands on the span that wrote it (trace.Causes). It survives
// brokers that restart or do not answer, and returns when ctx is done.
func FollowPlans(ctx context.Context, brokers []string, each func(ctx context.Context, last planner.PlanSummary, matches func() []planner.Match)) error {
	c := newClient(brokers)
	defer c.close()
	at := partition{TopicPlans, 0}
	var f planFold
	var told *PlanPublished
	for next := int64(-1); ctx.Err() == nil; {
		if next < 0 {
			k, number := c.current()
			asking, cancel := context.WithTimeout(ctx, requestTimeout)
			found, err := c.offsets(asking, k, []partition{at})
			cancel()
			if err != nil {
				c.renew(number)
				sleep(ctx, time.Second)
				continue
			}
			next, f = found[at].first, planFold{}
		}
		k, number := c.current()
		asking, cancel := context.WithTimeout(ctx, requestTimeout)
		got, err := c.fetch(asking, k, at, next)
		cancel()
		switch {
		case errors.Is(err, kafka.OffsetOutOfRange):
			next = -1 // retention, or another log
			sleep(ctx, time.Second)
			continue
		case err != nil:
			if _, isCode := kafkaCode(err); !isCode {
				c.renew(number)
			}
			sleep(ctx, 200*time.Millisecond)
			continue
		}
		for _, m := range got.messages {
			_ = f.take(m) // what is none of a plan is none of ours
		}
		next = got.next
		if next >= got.end && f.last != nil && f.last != told {
			told = f.last
			each(trace.With(ctx, trace.Gather(nil, trace.Parse(f.parent))), told.PlanSummary, f.matches)
		}
	}
	return ctx.Err()
}

// planFold folds the records of the plans, in order, into the last plan.
type planFold struct {
	committed, pending map[string]RequestPlanned
	last               *PlanPublished
	parent             string // traceparent of the record that published it
}

// take reads one record. It returns an error, and changes nothing, if the record is none of a plan.
func (f *planFold) take(m kafka.Message) error {
	if m.Value == nil {
		return errors.New("the record has no value")
	}
	typ := ""
	for _, h := range m.Headers {
		if h.Key == headerType {
			typ = strings.TrimPrefix(string(h.Value), typePrefix)
		}
	}
	switch typ {
	case typeRequestPlanned:
		var r RequestPlanned
		if err := decodePayload(m.Value, &r); err != nil {
			return err
		}
		if f.pending == nil {
			f.pending = map[string]RequestPlanned{}
		}
		if had, ok := f.pending[r.Request]; !ok || !olderPlan(r.Epoch, r.Version, had.Epoch, had.Version) {
			f.pending[r.Request] = r // else a service that has been replaced still writes
		}
	case typePlanPublished:
		var p PlanPublished
		if err := decodePayload(m.Value, &p); err != nil {
			return err
		}
		if f.commit(&p); f.last == &p {
			f.parent = traceParent(&m)
		}
	default:
		return fmt.Errorf("the type of the record is %s", quote(typ))
	}
	return nil
}

// commit makes pending records count, of the plan that p closes and of earlier ones: compaction keeps only the
// last PlanPublished. A plan of an older epoch comes from a service that has been replaced and changes nothing.
func (f *planFold) commit(p *PlanPublished) {
	if f.last != nil && olderPlan(p.Epoch, p.Version, f.last.Epoch, f.last.Version) {
		f.settle(*p)
		return
	}
	if f.committed == nil {
		f.committed = map[string]RequestPlanned{}
	}
	for id, r := range f.pending {
		if !olderPlan(p.Epoch, p.Version, r.Epoch, r.Version) {
			f.committed[id] = r
		}
	}
	f.settle(*p)
	for id, r := range f.committed {
		if r.Gone || olderPlan(r.Epoch, r.Version, p.CompleteEpoch, p.CompleteVersion) {
			delete(f.committed, id)
		}
	}
	f.last = p
}

// settle drops what is of a plan that is closed, or of an earlier one. What is of a later one may stand before it where
// two services wrote at a time.
func (f *planFold) settle(p PlanPublished) {
	for id, r := range f.pending {
		if !olderPlan(p.Epoch, p.Version, r.Epoch, r.Version) {
			delete(f.pending, id)
		}
	}
}

// olderPlan tells whether plan e1/v1 came before plan e2/v2.
func olderPlan(e1, v1, e2, v2 uint64) bool { return e1 < e2 || e1 == e2 && v1 < v2 }

func (f *planFold) result() (planner.PlanSummary, []planner.Match, bool) {
	if f.last == nil {
		return planner.PlanSummary{}, nil, false
	}
	return f.last.PlanSummary, f.matches(), true
}

func (f *planFold) matches() []planner.Match {
	matches := make([]planner.Match, 0, len(f.committed))
	for _, r := range f.committed {
		matches = append(matches, r.Match)
	}
	slices.SortFunc(matches, func(a, b planner.Match) int { return strings.Compare(a.Request, b.Request) })
	return matches
}
