package e2e

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"haihe/planner"
	"haihe/streams"
)

// say writes an event to its topic as a client of another make would: headers and JSON, nothing of Haihe's producer.
func (s *service) say(typ, topic, key, subject, payload string) {
	s.t.Helper()
	now := time.Now()
	s.write(topic, key, payload, map[string]string{
		"ce_specversion": "1.0", "ce_id": fmt.Sprintf("outside-%d", now.UnixNano()), "ce_source": "/firms/outside",
		"ce_type": "haihe." + typ, "ce_time": now.UTC().Format(time.RFC3339Nano), "ce_subject": subject,
		"ce_sequence": fmt.Sprint(now.UnixMicro()), "content-type": "application/json",
	})
}

func (s *service) write(topic, key, payload string, headers map[string]string) {
	s.t.Helper()
	m := kafka.Message{Topic: topic, Key: []byte(key), Value: []byte(payload)}
	for k, v := range headers {
		m.Headers = append(m.Headers, kafka.Header{Key: k, Value: []byte(v)})
	}
	w := &kafka.Writer{Addr: kafka.TCP(strings.Split(s.kafka, ",")...), Balancer: kafka.Murmur2Balancer{}, RequiredAcks: kafka.RequireAll, BatchTimeout: time.Millisecond}
	defer w.Close()
	require.NoError(s.t, w.WriteMessages(context.Background(), m))
}

// replay reads the log from its beginning up to some offsets, by itself, and returns the digest of the state.
// Positions are no part of that, and expire.
func replay(t *testing.T, brokers string, upTo map[string]int64) string {
	t.Helper()
	state := planner.NewState()
	var mu sync.Mutex // of the state, which does not care for the order of partitions
	var g errgroup.Group
	for _, topic := range []string{streams.TopicRoutes, streams.TopicFlights, streams.TopicOccupancy, streams.TopicRequests, streams.TopicBookings} {
		for partition := range 3 {
			end := upTo[fmt.Sprintf("%s/%d", topic, partition)]
			if end == 0 {
				continue
			}
			g.Go(func() error {
				r := kafka.NewReader(kafka.ReaderConfig{Brokers: strings.Split(brokers, ","), Topic: topic, Partition: partition, MinBytes: 1, MaxBytes: 1 << 20, MaxWait: time.Second})
				defer r.Close()
				if err := r.SetOffset(kafka.FirstOffset); err != nil {
					return err
				}
				ctx, cancel := context.WithTimeout(context.Background(), wait)
				defer cancel()
				for next := int64(0); next < end; {
					m, err := r.ReadMessage(ctx)
					if err != nil {
						return fmt.Errorf("%s/%d at %d of %d: %w", topic, partition, next, end, err)
					}
					if next = m.Offset + 1; next > end {
						break
					}
					if e, err := streams.Decode(m); err == nil {
						mu.Lock()
						state.Apply(e)
						mu.Unlock()
					}
				}
				return nil
			})
		}
	}
	require.NoError(t, g.Wait())
	digest, err := state.Digest()
	require.NoError(t, err)
	return digest
}

// sameAsReplay checks that the service's state is what the log says.
func (s *service) sameAsReplay() {
	s.t.Helper()
	state := get[struct {
		Digest  string           `json:"digest"`
		Offsets map[string]int64 `json:"offsets"`
	}](s, "commission", "/api/state")
	require.Equal(s.t, replay(s.t, s.kafka, state.Offsets), state.Digest)
}
