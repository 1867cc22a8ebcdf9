package streams

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"haihe/planner"
	"haihe/streams/kafkatest"
)

// patience ends a test that would hang; nothing is measured by it.
const patience = 5 * time.Minute

func TestMain(m *testing.M) {
	if dir := os.Getenv(crashDirVariable); dir != "" {
		runBrokerToBeKilled(dir)
		return
	}
	code := m.Run()
	if sharedKafka.broker != nil {
		if err := sharedKafka.broker.Stop(); err != nil {
			fmt.Fprintln(os.Stderr, "stopping Kafka:", err)
			code = 1
		}
	}
	if code == 0 {
		if err := goleak.Find(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// backend is a log that a test starts with: topics made, nothing in them.
type backend struct {
	brokers []string
	restart func()
}

// eachBackend runs a test against the embedded broker and against Apache Kafka.
func eachBackend(t *testing.T, test func(t *testing.T, b backend)) {
	t.Run("embedded", func(t *testing.T) { test(t, newEmbedded(t)) })
	t.Run("kafka", func(t *testing.T) { test(t, emptyKafka(t)) })
}

func newEmbedded(t *testing.T) backend {
	dir := t.TempDir()
	e, err := StartEmbedded(dir, "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, e.Close()) })
	ensure(t, e.Addr())
	return backend{brokers: []string{e.Addr()}, restart: func() {
		addr := e.Addr()
		require.NoError(t, e.Close())
		e, err = StartEmbedded(dir, addr)
		require.NoError(t, err)
	}}
}

// sharedKafka is one Apache Kafka for all tests: it takes seconds to start.
var sharedKafka struct {
	once   sync.Once
	broker *kafkatest.Broker
}

func emptyKafka(t *testing.T) backend {
	sharedKafka.once.Do(func() { sharedKafka.broker = kafkatest.Start(t) })
	k := sharedKafka.broker
	if k == nil {
		kafkatest.Start(t) // skips or fails as it did the first time
	}
	deleteTopics(t, k.Addr())
	ensure(t, k.Addr())
	return backend{brokers: []string{k.Addr()}, restart: func() { k.Restart(t) }}
}

func deleteTopics(t *testing.T, addr string) {
	c := newClient([]string{addr})
	defer c.close()
	err := c.retry(t.Context(), patience, func(ctx context.Context, k *kafka.Client) error {
		resp, err := k.Metadata(ctx, &kafka.MetadataRequest{})
		if err != nil {
			return err
		}
		var names []string
		for _, topic := range resp.Topics {
			if !topic.Internal {
				names = append(names, topic.Name)
			}
		}
		if len(names) == 0 {
			return nil
		}
		if _, err := k.DeleteTopics(ctx, &kafka.DeleteTopicsRequest{Topics: names}); err != nil {
			return err
		}
		c.mu.Lock()
		number := c.made
		c.mu.Unlock()
		c.renew(number) // or the old metadata would be told
		return kafka.LeaderNotAvailable
	})
	require.NoError(t, err)
}

func ensure(t *testing.T, addr string) Log {
	log, err := EnsureTopics(t.Context(), []string{addr})
	require.NoError(t, err)
	return log
}

func newTestProducer(t *testing.T, b backend) *Producer {
	p := NewProducer(b.brokers)
	t.Cleanup(p.Close)
	return p
}

// consumed collects what a consumer that runs beside a test hands over.
type consumed struct {
	*Consumer
	t      *testing.T
	cancel context.CancelFunc
	ended  chan error

	mu      sync.Mutex
	events  []planner.Event
	offsets planner.Offsets
	changed chan struct{}
}

func consume(t *testing.T, brokers []string, from planner.Offsets, options ConsumerOptions) *consumed {
	ctx, cancel := context.WithCancel(context.Background())
	c := &consumed{Consumer: NewConsumer(brokers, options), t: t, cancel: cancel, ended: make(chan error, 1), changed: make(chan struct{}, 1), offsets: from.Clone()}
	go func() {
		c.ended <- c.Run(ctx, from, func(_ context.Context, events []planner.Event, offsets planner.Offsets) error {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.events = append(c.events, events...)
			c.offsets = offsets
			select {
			case c.changed <- struct{}{}:
			default:
			}
			return nil
		})
	}()
	t.Cleanup(func() { c.stop() })
	return c
}

// stop ends the consumer and returns what Run returned.
func (c *consumed) stop() error {
	c.cancel()
	err := <-c.ended
	c.ended <- err
	return err
}

func (c *consumed) now() ([]planner.Event, planner.Offsets) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]planner.Event(nil), c.events...), c.offsets.Clone()
}

// await returns when a condition on what was consumed holds.
func (c *consumed) await(what string, done func(events []planner.Event) bool) {
	c.t.Helper()
	deadline := time.After(patience)
	for {
		if events, _ := c.now(); done(events) {
			return
		}
		select {
		case <-c.changed:
		case <-time.After(50 * time.Millisecond): // dead letters, too, are waited for
		case err := <-c.ended:
			c.ended <- err
			c.t.Fatalf("the consumer ended while waiting for %s: %v", what, err)
		case <-deadline:
			c.t.Fatalf("in vain waited for %s", what)
		}
	}
}

func (c *consumed) awaitEvents(n int) {
	c.t.Helper()
	c.await(fmt.Sprint(n, " events"), func(events []planner.Event) bool { return len(events) >= n })
}

// requests makes n requests, numbered from first.
func requests(first, n int) []planner.Event {
	events := make([]planner.Event, n)
	for i := range events {
		f := *sampleFacts()[14].(*planner.RequestSubmitted)
		f.ID = fmt.Sprintf("R-%05d", first+i)
		events[i] = eventOf(&f, uint64(first+i+1))
	}
	return events
}

func ids(events []planner.Event) map[string]int {
	m := map[string]int{}
	for _, e := range events {
		m[e.ID]++
	}
	return m
}
