package streams

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/segmentio/kafka-go"

	"haihe/planner"
	"haihe/planner/trace"
)

// ErrOutcomeUnknown means that events may or may not stand in the log. Publishing them again, as they are, is
// safe: a fact sets and does not add, and of two with one key and sequence one holds.
var ErrOutcomeUnknown = errors.New("the log did not confirm; the events may or may not stand in it, publish them again as they are")

const (
	// publishTimeout bounds the attempts to write one batch.
	publishTimeout = 30 * time.Second
	// A batch is what one request carries.
	maxBatchBytes   = 512 << 10
	maxBatchRecords = 500
)

// Producer publishes events. It may be used from many goroutines at once.
//
// Records of one key keep their order: a key has one partition, found as Java clients find it (murmur2), and on a
// partition one write at a time is under way. A write that fails for a passing reason is tried again for up to 30
// seconds. It may then stand in the log twice, which does no harm: State takes a fact by its key and sequence.
type Producer struct {
	client   *client
	balancer kafka.Murmur2Balancer

	mu    sync.Mutex
	lanes map[partition]chan struct{} // held by whoever writes to the partition
}

// NewProducer returns a producer for a cluster, given by some of its brokers as HOST:PORT. It connects when it
// first publishes.
func NewProducer(brokers []string) *Producer {
	return &Producer{
		client:   newClient(brokers),
		balancer: kafka.Murmur2Balancer{Consistent: true},
		lanes:    map[partition]chan struct{}{},
	}
}

// Close drops the connections.
func (p *Producer) Close() { p.client.close() }

// Publish returns when the log holds all of the events. If one is not valid nothing is published, and the error
// names it. Any other error wraps ErrOutcomeUnknown.
func (p *Producer) Publish(ctx context.Context, events ...planner.Event) error {
	return p.PublishAll(ctx, events, nil)
}

// PublishAll is Publish for many events. It tells progress, which may be nil, how many of them the log holds;
// calls come one at a time.
func (p *Producer) PublishAll(ctx context.Context, events []planner.Event, progress func(done, total int)) error {
	messages := make([]kafka.Message, len(events))
	for i, e := range events {
		m, err := Encode(e)
		if err != nil {
			return fmt.Errorf("event %d of %d: %w", i+1, len(events), err)
		}
		messages[i] = m
	}
	return p.write(ctx, messages, 0, progress)
}

// write puts records on their partitions, side by side, each partition in order.
func (p *Producer) write(ctx context.Context, messages []kafka.Message, compression kafka.Compression, progress func(done, total int)) error {
	if len(messages) == 0 {
		return nil
	}
	ctx, span := trace.StepAs(ctx, trace.Producer, "write "+messages[0].Topic)
	defer span.End()
	if span.On() {
		span.Set(trace.String("messaging.system", "kafka"), trace.String("messaging.destination.name", messages[0].Topic),
			trace.Int("messaging.batch.message_count", len(messages)))
		carry(ctx, messages)
	}
	byPartition, err := p.assign(ctx, messages)
	if err != nil {
		return fmt.Errorf("streams: publishing: %w: %w", ErrOutcomeUnknown, err)
	}
	var (
		wg   sync.WaitGroup
		mu   sync.Mutex
		done int
		errs []error
	)
	for at, list := range byPartition {
		wg.Go(func() {
			err := p.writePartition(ctx, at, list, compression, func(n int) {
				mu.Lock()
				defer mu.Unlock()
				done += n
				if progress != nil {
					progress(done, len(messages))
				}
			})
			if err != nil {
				mu.Lock()
				defer mu.Unlock()
				errs = append(errs, fmt.Errorf("streams: publishing %d records to %s: %w: %w", len(list), at, ErrOutcomeUnknown, err))
			}
		})
	}
	wg.Wait()
	if len(errs) > 0 {
		span.Fail("the log did not confirm")
	}
	slices.SortFunc(errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errors.Join(errs...)
}

// assign finds the partition of each record.
func (p *Producer) assign(ctx context.Context, messages []kafka.Message) (map[partition][]kafka.Message, error) {
	var topics []string
	for _, m := range messages {
		if !slices.Contains(topics, m.Topic) {
			topics = append(topics, m.Topic)
		}
	}
	ids := map[string][]int{}
	err := p.client.retry(ctx, publishTimeout, func(ctx context.Context, k *kafka.Client) error {
		ctx, cancel := context.WithTimeout(ctx, requestTimeout)
		defer cancel()
		list, err := p.client.partitions(ctx, k, topics)
		clear(ids)
		for _, at := range list {
			ids[at.topic] = append(ids[at.topic], at.id)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	byPartition := map[partition][]kafka.Message{}
	for _, m := range messages {
		at := partition{m.Topic, p.balancer.Balance(m, ids[m.Topic]...)}
		byPartition[at] = append(byPartition[at], m)
	}
	return byPartition, nil
}

func (p *Producer) writePartition(ctx context.Context, at partition, messages []kafka.Message, compression kafka.Compression, written func(n int)) error {
	p.mu.Lock()
	lane := p.lanes[at]
	if lane == nil {
		lane = make(chan struct{}, 1)
		p.lanes[at] = lane
	}
	p.mu.Unlock()
	select {
	case lane <- struct{}{}:
		defer func() { <-lane }()
	case <-ctx.Done():
		return ctx.Err()
	}
	for len(messages) > 0 {
		n := batchLength(messages)
		if err := p.writeBatch(ctx, at, messages[:n], compression); err != nil {
			return err
		}
		written(n)
		messages = messages[n:]
	}
	return nil
}

// batchLength is how many of the records go into one request.
func batchLength(messages []kafka.Message) int {
	bytes := 0
	for i, m := range messages {
		bytes += recordBytes(m)
		if i > 0 && (bytes > maxBatchBytes || i >= maxBatchRecords) {
			return i
		}
	}
	return len(messages)
}

// LedgerEnd says where the ledger ends. It finds out by writing the last entry that is known once more, which every reader
// passes over: a broker that was replaced and does not know it yet answers questions, but cannot write.
func (p *Producer) LedgerEnd(ctx context.Context, last planner.Event) (planner.Offsets, error) {
	m, err := Encode(last)
	if err != nil {
		return nil, err
	}
	at := partition{TopicBookings, 0}
	end := int64(0)
	err = p.produce(ctx, requestTimeout, at, []kafka.Message{m}, 0, func(offset int64) { end = offset + 1 })
	if err != nil {
		return nil, fmt.Errorf("streams: where the ledger ends: %w", err)
	}
	return planner.Offsets{at.String(): end}, nil
}

func (p *Producer) writeBatch(ctx context.Context, at partition, messages []kafka.Message, compression kafka.Compression) error {
	return p.produce(ctx, publishTimeout, at, messages, compression, func(int64) {})
}

// produce writes one batch, and tells the offset of its first record.
func (p *Producer) produce(ctx context.Context, atMost time.Duration, at partition, messages []kafka.Message, compression kafka.Compression, wrote func(offset int64)) error {
	var offset int64
	err := p.client.retry(ctx, atMost, func(ctx context.Context, k *kafka.Client) error {
		ctx, cancel := context.WithTimeout(ctx, requestTimeout)
		defer cancel()
		records := make([]kafka.Record, len(messages))
		for i, m := range messages {
			records[i] = kafka.Record{Key: kafka.NewBytes(m.Key), Value: kafka.NewBytes(m.Value), Headers: m.Headers}
		}
		resp, err := k.Produce(ctx, &kafka.ProduceRequest{
			Topic: at.topic, Partition: at.id, RequiredAcks: kafka.RequireAll,
			Compression: compression, Records: kafka.NewRecordReader(records...),
		})
		if err != nil {
			return err
		}
		offset = resp.BaseOffset
		return resp.Error
	})
	if kept := keeperOf(p.client.brokers); err == nil && kept != nil {
		err = kept.keep(at, offset)
	}
	if err == nil {
		wrote(offset)
	}
	return err
}
