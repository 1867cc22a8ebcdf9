package streams

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/segmentio/kafka-go"

	"haihe/planner"
	"haihe/planner/trace"
)

var (
	// ErrLogTruncated means that the log ends before the offset to go on from: records have been lost, or it is
	// another log.
	ErrLogTruncated = errors.New("the log ends before the place to go on from")
	// ErrLogExpired means that the log begins after the offset to go on from: records have been deleted unread.
	ErrLogExpired = errors.New("the log begins after the place to go on from")
)

var errToldBooking = errors.New("bookings are decisions of the ledger; book or cancel by the API, POST /api/requests/{id}/bookings")

// maxHandleEvents is how many events a call of handle gets at most, or a little more.
const maxHandleEvents = 8192

// ConsumerOptions may all be left zero.
type ConsumerOptions struct {
	// OnProgress is told, after each call of handle, how far the reading has come. It must not block.
	OnProgress func(Progress)
	// Logger gets warnings; slog.Default() if nil.
	Logger *slog.Logger
	// LedgerBegun says that the state read on from has entries of the ledger: bookings told as facts count no more.
	LedgerBegun bool
	// StallAfter is how long a reader may stand still before records that wait; then it is made anew. 10 s if zero.
	StallAfter time.Duration
	// Tracer begins, or continues, a trace of each record that comes live; nil: of none. The causes go to handle with its ctx.
	Tracer *trace.Tracer

	dial func(ctx context.Context, network, address string) (net.Conn, error) // of the readers; for tests
}

// Progress says how far a consumer has come.
type Progress struct {
	Read     int64 // offsets read since the start
	Total    int64 // offsets that lay ahead at the start; compaction leaves gaps, so there may be fewer records
	CaughtUp bool  // everything that stood in the log at the start has been handled
}

// Consumer reads the fact topics. One Consumer runs once.
type Consumer struct {
	client      *client
	producer    *Producer
	options     ConsumerOptions
	log         *slog.Logger
	caughtUp    chan struct{}
	deadLetters deadLetterBook

	mu       sync.Mutex
	progress Progress
	ahead    map[partition]bounds // from where to where there was something to read at the start
	handled  map[partition]int64  // offset after the last record that was handled
	ends     map[partition]int64  // offset after the last record there is, as the brokers said last
}

// NewConsumer returns a consumer for a cluster, given by some of its brokers as HOST:PORT.
func NewConsumer(brokers []string, options ConsumerOptions) *Consumer {
	if options.Logger == nil {
		options.Logger = slog.Default()
	}
	if options.StallAfter == 0 {
		options.StallAfter = 10 * time.Second
	}
	return &Consumer{
		client: &client{brokers: brokers, dial: options.dial}, producer: NewProducer(brokers), options: options, log: options.Logger,
		caughtUp: make(chan struct{}), ahead: map[partition]bounds{}, handled: map[partition]int64{}, ends: map[partition]int64{},
		deadLetters: deadLetterBook{known: map[string]bool{}},
	}
}

// CaughtUp is closed when everything that stood in the log when Run began has been handled.
func (c *Consumer) CaughtUp() <-chan struct{} { return c.caughtUp }

// Progress says how far the reading has come.
func (c *Consumer) Progress() Progress {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.progress
}

// Lag says of each fact topic how many records stand in the log that have not been handled, as far as the brokers
// have told; compaction leaves gaps, so there may be fewer. It is empty until Run knows where the topics end.
func (c *Consumer) Lag() map[string]int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	lag := map[string]int64{}
	for p, end := range c.ends {
		lag[p.topic] += max(0, end-c.handled[p])
	}
	return lag
}

// Run reads all partitions of the fact topics, each from its offset in from or else from its first record, and
// calls handle with the events, in the order of their partition, and the offsets to go on from once they are
// handled. Calls come one at a time: as soon as there is an event, with all that are at hand. They may have no
// events, where records were no events; those stand in the dead letters by then.
//
// Run survives brokers that restart or do not answer. It returns when ctx is done (with its error), when handle
// returns an error, or with ErrLogTruncated or ErrLogExpired. Of a topic that Expires it is no error that the log
// does not hold a place to go on from: reading goes on from the first record that is left.
func (c *Consumer) Run(ctx context.Context, from planner.Offsets, handle func(context.Context, []planner.Event, planner.Offsets) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	r := &run{Consumer: c, readers: map[partition]*reader{}, chunks: make(chan chunk), offsets: from.Clone(), cancel: cancel}
	defer func() {
		cancel(nil)
		r.wg.Wait()
		c.client.close()
		c.producer.Close()
	}()
	if err := r.prepare(ctx, from); err != nil {
		return err
	}
	r.report(nil)
	r.wg.Go(func() { r.watch(ctx) })
	return r.loop(ctx, handle)
}

// run is what a Consumer needs while it runs.
type run struct {
	*Consumer
	readers map[partition]*reader // of the goroutine of prepare, then of watch
	chunks  chan chunk
	offsets planner.Offsets
	cancel  context.CancelCauseFunc
	wg      sync.WaitGroup
}

// chunk is what one fetch of a partition brought.
type chunk struct {
	partition partition
	events    []planner.Event
	dead      []DeadLetter
	causes    []trace.Cause // spans of the events
	next      int64
}

// prepare finds out where the log begins and ends and which dead letters it holds, and starts the readers.
func (r *run) prepare(ctx context.Context, from planner.Offsets) error {
	var found map[partition]bounds
	err := r.client.retry(ctx, connectTimeout, func(ctx context.Context, k *kafka.Client) error {
		ctx, cancel := context.WithTimeout(ctx, requestTimeout)
		defer cancel()
		list, err := r.client.partitions(ctx, k, append(factTopics(), TopicDeadLetters))
		if err != nil {
			return err
		}
		found, err = r.client.offsets(ctx, k, list)
		return err
	})
	if err != nil {
		return fmt.Errorf("streams: reading where the topics begin and end: %w", err)
	}
	for name := range from {
		if !slices.ContainsFunc(partitionsOf(found), func(p partition) bool { return p.String() == name }) {
			return fmt.Errorf("streams: there are offsets of %s, but the brokers %s know no such partition: %w", name, r.client.names(), ErrLogTruncated)
		}
	}
	partitions := partitionsOf(found)
	for _, p := range partitions {
		if p.topic == TopicDeadLetters {
			continue
		}
		b := found[p]
		start, ok := from[p.String()]
		if !ok {
			start = b.first
		}
		if err := outside(p, start, b); err != nil {
			if !expires(p.topic) {
				return err
			}
			r.goneUnread(p, start, b)
			start = b.first
		}
		r.offsets[p.String()] = start
		r.lookAhead(p, bounds{start, b.end})
	}
	for _, p := range partitions {
		if p.topic == TopicDeadLetters {
			if err := r.readDeadLetters(ctx, p, found[p]); err != nil {
				return err
			}
		}
	}
	for _, p := range partitions {
		if p.topic != TopicDeadLetters {
			r.start(ctx, p, r.offsets[p.String()])
		}
	}
	return nil
}

// lookAhead notes what lies ahead of a partition at the start.
func (r *run) lookAhead(p partition, b bounds) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ahead[p], r.handled[p], r.ends[p] = b, b.first, b.end
	r.progress.Total += b.end - b.first
}

// liveFrom is where what lay ahead of a partition at the start ends.
func (r *run) liveFrom(p partition) int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.ahead[p].end
}

// goneUnread says that a topic that expires does not hold the offset to go on from.
func (r *run) goneUnread(p partition, offset int64, b bounds) {
	r.log.Info("records have expired unread; reading goes on from the first that is left", "partition", p.String(), "offset", offset, "first", b.first, "end", b.end)
}

// endsAt notes where a partition ends now. What was not known of before has been read from first on.
func (r *run) endsAt(p partition, first, end int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ends[p] = end
	if _, ok := r.handled[p]; !ok {
		r.handled[p] = first
	}
}

func partitionsOf(m map[partition]bounds) []partition {
	list := make([]partition, 0, len(m))
	for p := range m {
		list = append(list, p)
	}
	slices.SortFunc(list, func(a, b partition) int { return strings.Compare(a.String(), b.String()) })
	return list
}

// outside says that a partition cannot be read from an offset.
func outside(p partition, offset int64, b bounds) error {
	switch {
	case offset > b.end:
		return fmt.Errorf("streams: %s: %w: it is to be read from offset %d and ends at %d. Records that had been acknowledged are missing; put back a backup of the log, or remove the snapshots to begin from what is left", p, ErrLogTruncated, offset, b.end)
	case offset < b.first:
		return fmt.Errorf("streams: %s: %w: it is to be read from offset %d and begins at %d. Its retention has run out on unread records; remove the snapshots to begin from what is left", p, ErrLogExpired, offset, b.first)
	}
	return nil
}

// loop hands over what the readers bring.
func (r *run) loop(ctx context.Context, handle func(context.Context, []planner.Event, planner.Offsets) error) error {
	for {
		var batch []chunk
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case ch := <-r.chunks:
			batch = append(batch, ch)
		}
		events := batch[0].events
		for more := true; more && len(events) < maxHandleEvents; {
			select {
			case ch := <-r.chunks:
				batch = append(batch, ch)
				events = append(events, ch.events...)
			default:
				more = false
			}
		}
		var dead []DeadLetter
		var causes []trace.Cause
		for _, ch := range batch {
			dead = append(dead, ch.dead...)
			causes = trace.Gather(causes, ch.causes...)
			r.offsets[ch.partition.String()] = ch.next
		}
		// Dead letters first: once handle has the offsets, the records will not be read again.
		if err := r.bury(ctx, dead); err != nil {
			return err
		}
		if err := handle(trace.With(ctx, causes), events, r.offsets.Clone()); err != nil {
			return fmt.Errorf("streams: handling events: %w", err)
		}
		r.report(batch)
	}
}

// report counts what was handled and tells it.
func (r *run) report(batch []chunk) {
	r.mu.Lock()
	behind := false
	var read int64
	for _, ch := range batch {
		if b, ok := r.ahead[ch.partition]; ok && ch.next < r.handled[ch.partition] {
			// The partition began anew: what lay ahead at the start is no more.
			r.ahead[ch.partition] = bounds{ch.next - (b.end - b.first), ch.next}
		}
		r.handled[ch.partition] = ch.next
	}
	for p, b := range r.ahead {
		next := r.offsets[p.String()]
		read += min(next, max(b.end, b.first)) - b.first
		behind = behind || next < b.end
	}
	r.progress.Read = read
	first := !behind && !r.progress.CaughtUp
	r.progress.CaughtUp = r.progress.CaughtUp || first
	progress := r.progress
	r.mu.Unlock()
	if first {
		close(r.caughtUp)
	}
	if r.options.OnProgress != nil && (first || len(batch) > 0) {
		r.options.OnProgress(progress)
	}
}

// decode turns records into events and dead letters. Behind the first entry of the ledger a booking told as a fact is no
// event: nobody promises room but the ledger.
func decode(messages []kafka.Message, begun *bool) ([]planner.Event, []DeadLetter) {
	events := make([]planner.Event, 0, len(messages))
	var dead []DeadLetter
	for _, m := range messages {
		e, err := Decode(m)
		if err != nil {
			dead = append(dead, newDeadLetter(m, err))
			continue
		}
		switch e.Fact.(type) {
		case *planner.LedgerEntry:
			*begun = true
		case *planner.BookingConfirmed, *planner.BookingCancelled:
			if *begun {
				dead = append(dead, newDeadLetter(m, errToldBooking))
				continue
			}
		}
		events = append(events, e)
	}
	return events, dead
}
