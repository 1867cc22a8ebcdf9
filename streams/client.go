package streams

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
)

const (
	// fetchWait is how long a broker may hold a fetch while there is nothing to send.
	fetchWait = time.Second
	// requestTimeout bounds every other request.
	requestTimeout = 10 * time.Second
	// metadataTTL is how soon a move of a partition to another broker is seen.
	metadataTTL = 2 * time.Second
)

// partition is one partition of a topic.
type partition struct {
	topic string
	id    int
}

func (p partition) String() string { return fmt.Sprintf("%s/%d", p.topic, p.id) }

// client speaks to the brokers. Its connections can be thrown away and made anew at any time.
type client struct {
	brokers []string
	dial    func(ctx context.Context, network, address string) (net.Conn, error) // nil: as usual

	mu        sync.Mutex
	transport *kafka.Transport
	stop      context.CancelFunc // ends what the transport does by itself
	made      int                // how many transports there have been
}

func newClient(brokers []string) *client { return &client{brokers: brokers} }

// current returns a client on the present connections, and their number for renew.
func (c *client) current() (*kafka.Client, int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.transport == nil {
		// The context outlives CloseIdleConnections: a request that is late would wake the transport again.
		ctx, stop := context.WithCancel(context.Background())
		c.stop = stop
		c.transport = &kafka.Transport{Context: ctx, Dial: c.dial, DialTimeout: 5 * time.Second, MetadataTTL: metadataTTL, ClientID: "haihe"}
		if d := dialing.Load(); d != nil {
			c.transport.SASL, c.transport.TLS = d.mechanism, d.tls
		}
		c.made++
	}
	return &kafka.Client{Addr: kafka.TCP(c.brokers...), Timeout: requestTimeout, Transport: c.transport}, c.made
}

// renew throws the connections away, unless somebody else has done so since current returned the number.
func (c *client) renew(number int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.transport != nil && c.made == number {
		c.transport.CloseIdleConnections()
		c.stop()
		c.transport = nil
	}
}

func (c *client) close() {
	_, number := c.current()
	c.renew(number)
}

// names lists the brokers for a message.
func (c *client) names() string { return strings.Join(c.brokers, ",") }

// retry calls f until it succeeds, its error is none that passes, the time is up or ctx is done.
func (c *client) retry(ctx context.Context, atMost time.Duration, f func(context.Context, *kafka.Client) error) error {
	deadline := time.Now().Add(atMost)
	pause := 50 * time.Millisecond
	for {
		k, number := c.current()
		err := f(ctx, k)
		if err == nil || ctx.Err() != nil || !passes(err) {
			return err
		}
		if _, isCode := kafkaCode(err); !isCode {
			c.renew(number)
		}
		if time.Now().Add(pause).After(deadline) {
			return fmt.Errorf("no answer from the brokers %s in %v; check that they run and can be reached: %w", c.names(), atMost, err)
		}
		if !sleep(ctx, pause) {
			return ctx.Err()
		}
		pause = min(2*pause, 2*time.Second)
	}
}

// sleep waits, and says whether ctx is still alive.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// kafkaCode returns the error code that a broker answered, if one did.
func kafkaCode(err error) (kafka.Error, bool) {
	var code kafka.Error
	ok := errors.As(err, &code)
	return code, ok
}

// passes tells whether trying again may help: the broker says so, or there is no broker to say anything. A topic
// without a leader, or not yet known to the broker asked, is of that kind too.
func passes(err error) bool {
	if code, ok := kafkaCode(err); ok {
		return code.Temporary() || code == kafka.Unknown || code == kafka.BrokerNotAvailable // the last while a broker starts
	}
	return !errors.Is(err, context.Canceled)
}

// fetched is what one fetch brought.
type fetched struct {
	messages []kafka.Message
	next     int64 // offset to fetch next
	end      int64 // offset after the last record of the partition
}

// fetch reads what stands in a partition from an offset on, at most about 1 MiB of it, or waits up to fetchWait
// for more. Records of transactions count as soon as they stand there.
func (c *client) fetch(ctx context.Context, k *kafka.Client, p partition, offset int64) (fetched, error) {
	resp, err := k.Fetch(ctx, &kafka.FetchRequest{
		Topic: p.topic, Partition: p.id, Offset: offset, MinBytes: 1, MaxBytes: 1 << 20, MaxWait: fetchWait,
	})
	if err != nil {
		return fetched{}, err
	}
	if resp.Error != nil {
		return fetched{}, resp.Error
	}
	f := fetched{next: offset, end: resp.HighWatermark}
	for {
		rec, err := resp.Records.ReadRecord()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fetched{}, err
		}
		m, err := readRecord(p, rec)
		if err != nil {
			return fetched{}, err
		}
		if m.Offset < offset {
			continue // a batch comes whole, even when it begins before the offset asked for
		}
		f.messages = append(f.messages, m)
		f.next = m.Offset + 1
	}
	f.next = max(f.next, afterEmptyBatches(resp.Records, offset))
	return f, nil
}

func readRecord(p partition, rec *kafka.Record) (kafka.Message, error) {
	m := kafka.Message{Topic: p.topic, Partition: p.id, Offset: rec.Offset, Time: rec.Time.UTC(), Headers: rec.Headers}
	var err error
	if rec.Key != nil {
		defer rec.Key.Close()
		if m.Key, err = kafka.ReadAll(rec.Key); err != nil {
			return m, err
		}
	}
	if rec.Value != nil {
		defer rec.Value.Close()
		if m.Value, err = kafka.ReadAll(rec.Value); err != nil {
			return m, err
		}
		if m.Value == nil {
			m.Value = []byte{}
		}
	}
	return m, nil
}

// afterEmptyBatches returns an offset behind batches that bring no records: the marks of transactions, and what
// compaction leaves. Without it a reader would ask for them for ever.
func afterEmptyBatches(r kafka.RecordReader, offset int64) int64 {
	stream, ok := r.(*protocol.RecordStream)
	if !ok {
		return offset
	}
	next := offset
	for _, b := range stream.Records {
		// A broker sends the batch that holds the offset asked for, and those after it; had there been a record
		// at the offset, or at the first of a later batch, it would have been read.
		switch b := b.(type) {
		case *protocol.ControlBatch:
			next = max(next, b.BaseOffset+1, offset+1)
		case *protocol.RecordBatch:
			next = max(next, b.BaseOffset+1, offset+1)
		}
	}
	return next
}

// bounds are the offsets of the first record of a partition and after the last.
type bounds struct{ first, end int64 }

// offsets asks for the bounds of partitions.
func (c *client) offsets(ctx context.Context, k *kafka.Client, partitions []partition) (map[partition]bounds, error) {
	req := &kafka.ListOffsetsRequest{Topics: map[string][]kafka.OffsetRequest{}}
	for _, p := range partitions {
		req.Topics[p.topic] = append(req.Topics[p.topic], kafka.FirstOffsetOf(p.id), kafka.LastOffsetOf(p.id))
	}
	resp, err := k.ListOffsets(ctx, req)
	if err != nil {
		return nil, err
	}
	found := map[partition]bounds{}
	for topic, list := range resp.Topics {
		for _, o := range list {
			if o.Error != nil {
				return nil, fmt.Errorf("%s/%d: %w", topic, o.Partition, o.Error)
			}
			found[partition{topic, o.Partition}] = bounds{o.FirstOffset, o.LastOffset}
		}
	}
	for _, p := range partitions {
		if _, ok := found[p]; !ok {
			return nil, fmt.Errorf("%s: the broker told no offsets: %w", p, kafka.UnknownTopicOrPartition)
		}
	}
	return found, nil
}

// partitions lists the partitions of topics, in order.
func (c *client) partitions(ctx context.Context, k *kafka.Client, topics []string) ([]partition, error) {
	resp, err := k.Metadata(ctx, &kafka.MetadataRequest{Topics: topics})
	if err != nil {
		return nil, err
	}
	var list []partition
	for _, t := range resp.Topics {
		if t.Error != nil {
			return nil, fmt.Errorf("topic %s: %w", t.Name, t.Error)
		}
		for _, p := range t.Partitions {
			list = append(list, partition{t.Name, p.ID})
		}
	}
	return list, nil
}
