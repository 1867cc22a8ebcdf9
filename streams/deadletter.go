package streams

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/segmentio/kafka-go"
)

// Headers that a dead letter carries before the headers of the record that it was.
const (
	headerDeadReason    = "haihe_reason"
	headerDeadTopic     = "haihe_topic"
	headerDeadPartition = "haihe_partition"
	headerDeadOffset    = "haihe_offset"
	headerDeadTime      = "haihe_time"
	headerDeadKey       = "haihe_key"   // missing where the record had no key
	headerDeadBytes     = "haihe_bytes" // of the value, where it was too long to be kept whole
)

const (
	maxKeptLetters = 1000 // how many of the last dead letters stay in memory
	maxKeptValue   = 4 << 10
	maxReasonBytes = 2000
	maxLetterBytes = MaxRecordBytes + batchSlack // of the parts of the record in a dead letter
)

// DeadLetter is a record that is no event, and why. The topic haihe.deadletters keeps it whole, unless it was
// longer than any record may be.
type DeadLetter struct {
	Topic      string            `json:"topic"` // where it stands
	Partition  int               `json:"partition"`
	Offset     int64             `json:"offset"`
	Time       time.Time         `json:"time"` // of the record
	Reason     string            `json:"reason"`
	Key        string            `json:"key"`
	Headers    map[string]string `json:"headers"`
	Value      string            `json:"value"` // the first 4 KiB
	ValueBytes int               `json:"value_bytes"`

	record kafka.Message
}

// id names the record that a dead letter was; it is the key on the topic.
func (d DeadLetter) id() string { return fmt.Sprintf("%s/%d/%d", d.Topic, d.Partition, d.Offset) }

func newDeadLetter(m kafka.Message, reason error) DeadLetter {
	return DeadLetter{
		Topic: m.Topic, Partition: m.Partition, Offset: m.Offset, Time: m.Time, Reason: cut(reason.Error(), maxReasonBytes),
		Key: cut(string(m.Key), maxKeptValue), Headers: headerMap(m.Headers), Value: cut(string(m.Value), maxKeptValue),
		ValueBytes: len(m.Value), record: m,
	}
}

func headerMap(headers []kafka.Header) map[string]string {
	m := make(map[string]string, len(headers))
	for _, h := range headers {
		m[cut(h.Key, 200)] = cut(string(h.Value), 1000)
	}
	return m
}

// message makes the record of a dead letter.
func (d DeadLetter) message() kafka.Message {
	m := d.record
	headers := []kafka.Header{
		{Key: headerDeadReason, Value: []byte(d.Reason)},
		{Key: headerDeadTopic, Value: []byte(d.Topic)},
		{Key: headerDeadPartition, Value: []byte(strconv.Itoa(d.Partition))},
		{Key: headerDeadOffset, Value: strconv.AppendInt(nil, d.Offset, 10)},
		{Key: headerDeadTime, Value: []byte(d.Time.Format(time.RFC3339Nano))},
	}
	out := kafka.Message{Topic: TopicDeadLetters, Key: []byte(d.id()), Value: m.Value}
	if recordBytes(m) > maxLetterBytes {
		// Only a compressed batch brings this much past the brokers. The whole still stands where it was.
		headers = append(headers, kafka.Header{Key: headerDeadBytes, Value: []byte(strconv.Itoa(len(m.Value)))})
		out.Value = m.Value[:min(len(m.Value), MaxRecordBytes/2)]
		m.Key = m.Key[:min(len(m.Key), MaxRecordBytes/4)]
		if recordBytes(kafka.Message{Headers: m.Headers}) > batchSlack {
			m.Headers = nil
		}
	}
	if m.Key != nil {
		headers = append(headers, kafka.Header{Key: headerDeadKey, Value: m.Key})
	}
	out.Headers = append(headers, m.Headers...)
	return out
}

// readDeadLetter reads what message made.
func readDeadLetter(m kafka.Message) (DeadLetter, bool) {
	d := DeadLetter{Value: cut(string(m.Value), maxKeptValue), ValueBytes: len(m.Value)}
	var err error
	own := 0
	for _, h := range m.Headers {
		v := string(h.Value)
		switch h.Key {
		case headerDeadReason:
			d.Reason = cut(v, maxReasonBytes)
		case headerDeadTopic:
			d.Topic = v
		case headerDeadPartition:
			d.Partition, err = strconv.Atoi(v)
		case headerDeadOffset:
			d.Offset, err = strconv.ParseInt(v, 10, 64)
		case headerDeadTime:
			d.Time, err = time.Parse(time.RFC3339Nano, v)
		case headerDeadKey:
			d.Key = cut(v, maxKeptValue)
		case headerDeadBytes:
			d.ValueBytes, err = strconv.Atoi(v)
		default:
			if own == 0 {
				return d, false
			}
			d.Headers = headerMap(m.Headers[own:])
			return d, d.id() == string(m.Key)
		}
		if err != nil {
			return d, false
		}
		own++
	}
	d.Headers = map[string]string{}
	return d, d.id() == string(m.Key)
}

// deadLetterBook knows which dead letters there are.
type deadLetterBook struct {
	mu    sync.Mutex
	count int64
	known map[string]bool // ids of those that may be read again
	last  []DeadLetter    // oldest first
}

func (b *deadLetterBook) add(d DeadLetter, known bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.count++
	if known {
		b.known[d.id()] = true
	}
	d.record = kafka.Message{}
	if len(b.last) == 2*maxKeptLetters {
		b.last = append(b.last[:0], b.last[maxKeptLetters:]...)
	}
	b.last = append(b.last, d)
}

func (b *deadLetterBook) has(d DeadLetter) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.known[d.id()]
}

// DeadLetterCount is how many dead letters the log holds, as far as they have been read or written here.
func (c *Consumer) DeadLetterCount() int64 {
	c.deadLetters.mu.Lock()
	defer c.deadLetters.mu.Unlock()
	return c.deadLetters.count
}

// DeadLetters returns the last n dead letters, of at most 1,000, the latest first.
func (c *Consumer) DeadLetters(n int) []DeadLetter {
	c.deadLetters.mu.Lock()
	defer c.deadLetters.mu.Unlock()
	last := c.deadLetters.last
	n = max(0, min(n, maxKeptLetters, len(last)))
	list := slices.Clone(last[len(last)-n:])
	slices.Reverse(list)
	return list
}

// readDeadLetters reads what the topic of dead letters holds, so that a record read again is not buried twice.
func (r *run) readDeadLetters(ctx context.Context, p partition, b bounds) error {
	return r.client.readAll(ctx, p, b, func(m kafka.Message) {
		d, ok := readDeadLetter(m)
		if !ok {
			return // not ours
		}
		// Only what stands at or after the place to go on from can be read again.
		next, reads := r.offsets[partition{d.Topic, d.Partition}.String()]
		r.deadLetters.add(d, reads && d.Offset >= next)
	})
}

// readAll reads a partition from its first record to its end as it stood.
func (c *client) readAll(ctx context.Context, p partition, b bounds, each func(kafka.Message)) error {
	for offset := b.first; offset < b.end; {
		var f fetched
		err := c.retry(ctx, connectTimeout, func(ctx context.Context, k *kafka.Client) error {
			ctx, cancel := context.WithTimeout(ctx, requestTimeout)
			defer cancel()
			var err error
			f, err = c.fetch(ctx, k, p, offset)
			return err
		})
		if err != nil {
			return fmt.Errorf("streams: reading %s at offset %d: %w", p, offset, err)
		}
		for _, m := range f.messages {
			if m.Offset < b.end {
				each(m)
			}
		}
		offset = f.next
	}
	return nil
}

// Bury puts a record that was read elsewhere among the dead letters.
func (c *Consumer) Bury(ctx context.Context, m kafka.Message, reason error) error {
	return c.bury(ctx, []DeadLetter{newDeadLetter(m, reason)})
}

// bury writes dead letters, those that are not there yet, and waits for brokers that are away.
func (c *Consumer) bury(ctx context.Context, dead []DeadLetter) error {
	var fresh []DeadLetter
	var messages []kafka.Message
	for _, d := range dead {
		if !c.deadLetters.has(d) {
			fresh = append(fresh, d)
			messages = append(messages, d.message())
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	for {
		err := c.producer.write(ctx, messages, 0, nil)
		if err == nil {
			break
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if code, isCode := kafkaCode(err); isCode && !code.Temporary() {
			return fmt.Errorf("streams: %d records are no events and cannot be put among the dead letters: %w", len(fresh), err)
		}
		c.log.Warn("dead letters cannot be written; trying again", "error", err)
		if !sleep(ctx, time.Second) {
			return context.Cause(ctx)
		}
	}
	for _, d := range fresh {
		c.deadLetters.add(d, true)
	}
	c.log.Warn("records are no events and went to the dead letters", "records", len(fresh), "first", fresh[0].id(),
		"reason", strings.ReplaceAll(fresh[0].Reason, "\n", "; "))
	return nil
}
