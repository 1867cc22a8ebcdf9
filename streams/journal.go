package streams

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/segmentio/kafka-go"
)

const (
	headerMAC   = "haihe_mac"   // of topic, key and value, by the key that the instances share
	headerWrite = "haihe_write" // tells the writer that its record has come back
)

// Note is a record of a Journal. A nil value says that nothing is under the key any more.
type Note struct {
	Key   string
	Value []byte
}

// Journal is a topic of one partition that every instance writes to and reads whole, so that all know the same. Its
// records are authenticated by a key that the instances share: whatever else is written there is passed over.
type Journal struct {
	topic    string
	secret   []byte
	client   *client
	producer *Producer
	log      *slog.Logger
	caughtUp chan struct{}

	mu      sync.Mutex
	waiting map[string]chan struct{} // by the mark of a write
}

// NewJournal returns the journal on a topic of the table.
func NewJournal(brokers []string, topic string, secret []byte, log *slog.Logger) *Journal {
	return &Journal{topic: topic, secret: secret, client: newClient(brokers), producer: NewProducer(brokers), log: log,
		caughtUp: make(chan struct{}), waiting: map[string]chan struct{}{}}
}

// CaughtUp is closed when everything that stood there when Run began has been handled.
func (j *Journal) CaughtUp() <-chan struct{} { return j.caughtUp }

// Append writes notes, and returns when this instance's Run has handled them. An error means that they may or may not
// stand there.
func (j *Journal) Append(ctx context.Context, notes ...Note) error {
	if len(notes) == 0 {
		return nil
	}
	var mark [8]byte
	rand.Read(mark[:])
	name := hex.EncodeToString(mark[:])
	messages := make([]kafka.Message, len(notes))
	for i, n := range notes {
		messages[i] = kafka.Message{Topic: j.topic, Key: []byte(n.Key), Value: n.Value,
			Headers: []kafka.Header{{Key: headerMAC, Value: []byte(j.mac(n))}}}
	}
	messages[len(messages)-1].Headers = append(messages[len(messages)-1].Headers, kafka.Header{Key: headerWrite, Value: []byte(name)})
	back := make(chan struct{})
	j.mu.Lock()
	j.waiting[name] = back
	j.mu.Unlock()
	defer func() {
		j.mu.Lock()
		delete(j.waiting, name)
		j.mu.Unlock()
	}()
	if err := j.producer.write(ctx, messages, 0, nil); err != nil {
		return err
	}
	select {
	case <-back:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("streams: what was written to %s has not come back: %w: %w", j.topic, ErrOutcomeUnknown, ctx.Err())
	}
}

// mac authenticates a note. The lengths stand before the parts, so that none runs into the next.
func (j *Journal) mac(n Note) string {
	h := hmac.New(sha256.New, j.secret)
	for _, part := range []string{"haihe journal 1", j.topic, n.Key} {
		var size [8]byte
		binary.BigEndian.PutUint64(size[:], uint64(len(part)))
		h.Write(size[:])
		h.Write([]byte(part))
	}
	if n.Value != nil {
		h.Write([]byte{1})
		h.Write(n.Value)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// note reads a record, unless it is none of ours.
func (j *Journal) note(m kafka.Message) (n Note, mark string, ok bool) {
	n = Note{Key: string(m.Key), Value: m.Value}
	said := ""
	for _, h := range m.Headers {
		switch h.Key {
		case headerMAC:
			said = string(h.Value)
		case headerWrite:
			mark = string(h.Value)
		}
	}
	return n, mark, hmac.Equal([]byte(said), []byte(j.mac(n)))
}

// Run reads the journal from its first record on and calls handle with each note, in their order, until ctx is done.
func (j *Journal) Run(ctx context.Context, handle func(Note)) error {
	defer j.client.close()
	defer j.producer.Close()
	at := partition{j.topic, 0}
	b, err := j.bounds(ctx, at)
	if err != nil {
		return err
	}
	refused := 0
	caught := false
	for offset := b.first; ; {
		if !caught && offset >= b.end {
			caught = true
			close(j.caughtUp)
		}
		var f fetched
		err := j.client.retry(ctx, connectTimeout, func(ctx context.Context, k *kafka.Client) error {
			ctx, cancel := context.WithTimeout(ctx, requestTimeout)
			defer cancel()
			var err error
			f, err = j.client.fetch(ctx, k, at, offset)
			return err
		})
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, kafka.OffsetOutOfRange):
			return fmt.Errorf("streams: %s does not hold offset %d: records that had been read are missing; put back the log: %w", j.topic, offset, ErrLogTruncated)
		case err != nil:
			j.log.Warn("a topic cannot be read; trying again", "topic", j.topic, "error", err)
			if !sleep(ctx, time.Second) {
				return ctx.Err()
			}
			continue
		}
		for _, m := range f.messages {
			n, mark, ok := j.note(m)
			if !ok {
				if refused++; refused <= 10 {
					j.log.Warn("a record is not signed by the key of this instance and is passed over; instances share one key (--secret-file)", "topic", j.topic, "offset", m.Offset)
				}
				continue
			}
			handle(n)
			j.came(mark)
		}
		offset = f.next
	}
}

func (j *Journal) came(mark string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if back := j.waiting[mark]; back != nil {
		close(back)
		delete(j.waiting, mark)
	}
}

func (j *Journal) bounds(ctx context.Context, at partition) (bounds, error) {
	var found map[partition]bounds
	err := j.client.retry(ctx, connectTimeout, func(ctx context.Context, k *kafka.Client) error {
		ctx, cancel := context.WithTimeout(ctx, requestTimeout)
		defer cancel()
		var err error
		found, err = j.client.offsets(ctx, k, []partition{at})
		return err
	})
	if err != nil {
		return bounds{}, fmt.Errorf("streams: reading where %s begins and ends: %w", j.topic, err)
	}
	return found[at], nil
}

// ReadNotes hands over what stands in a journal now, what is not signed by its key left out. It reads the newest most
// records alone, where most is above 0.
func ReadNotes(ctx context.Context, brokers []string, topic string, secret []byte, most int, each func(Note)) error {
	j := NewJournal(brokers, topic, secret, slog.Default())
	defer j.client.close()
	at := partition{topic, 0}
	b, err := j.bounds(ctx, at)
	if err != nil {
		return err
	}
	if most > 0 {
		b.first = max(b.first, b.end-int64(most))
	}
	return j.client.readAll(ctx, at, b, func(m kafka.Message) {
		if n, _, ok := j.note(m); ok {
			each(n)
		}
	})
}

// Put writes notes without waiting for them to come back.
func (j *Journal) Put(ctx context.Context, notes ...Note) error {
	messages := make([]kafka.Message, len(notes))
	for i, n := range notes {
		messages[i] = kafka.Message{Topic: j.topic, Key: []byte(n.Key), Value: n.Value,
			Headers: []kafka.Header{{Key: headerMAC, Value: []byte(j.mac(n))}}}
	}
	return j.producer.write(ctx, messages, 0, nil)
}

// Close drops the connections of a journal that is not run.
func (j *Journal) Close() {
	j.client.close()
	j.producer.Close()
}
