package streams

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"

	"haihe/planner"
)

// allOf reads every record of a partition.
func allOf(t *testing.T, b backend, p partition) []kafka.Message {
	t.Helper()
	c := newClient(b.brokers)
	defer c.close()
	k, _ := c.current()
	found, err := c.offsets(t.Context(), k, []partition{p})
	require.NoError(t, err)
	var list []kafka.Message
	require.NoError(t, c.readAll(t.Context(), p, found[p], func(m kafka.Message) { list = append(list, m) }))
	return list
}

func TestBadRecordsAreBuriedOnceAndStopNothing(t *testing.T) {
	eachBackend(t, func(t *testing.T, b backend) {
		at := partition{TopicRoutes, 1}
		var bad []kafka.Message
		for _, c := range badRecords {
			m := delayed(t)
			c.change(&m)
			if c.name == "wrong topic" || c.name == "10 MB in one field" || c.name == "no key" {
				continue // the first is good on this topic, the others Kafka does not take
			}
			bad = append(bad, m)
		}
		for _, m := range bad {
			writeRaw(t, b, at, m)
		}
		misplaced := delayed(t)
		writeRaw(t, b, partition{TopicBookings, 0}, misplaced)
		require.NoError(t, newTestProducer(t, b).Publish(t.Context(), requests(0, 3)...))

		c := consume(t, b.brokers, nil, ConsumerOptions{})
		<-c.CaughtUp()
		got, _ := c.now()
		require.Len(t, got, 3)
		require.EqualValues(t, len(bad)+1, c.DeadLetterCount())
		_ = c.stop()

		// Each stands there whole, with its reason.
		buried := allOf(t, b, partition{TopicDeadLetters, 0})
		require.Len(t, buried, len(bad)+1)
		i := 0
		for _, m := range buried {
			d, ok := readDeadLetter(m)
			require.True(t, ok)
			if d.Topic == TopicBookings {
				require.Contains(t, d.Reason, "it belongs on haihe.routes")
				continue
			}
			require.Equal(t, int64(i), d.Offset)
			require.NotEmpty(t, d.Reason)
			require.Equal(t, bad[i].Value, m.Value)
			require.Equal(t, string(bad[i].Key), d.Key)
			own := m.Headers[len(m.Headers)-len(bad[i].Headers):]
			require.ElementsMatch(t, bad[i].Headers, own)
			i++
		}

		// Read again from the beginning, and with one more: only that one is new.
		writeRaw(t, b, at, bad[0])
		c = consume(t, b.brokers, nil, ConsumerOptions{})
		<-c.CaughtUp()
		require.EqualValues(t, len(bad)+2, c.DeadLetterCount())
		require.Len(t, allOf(t, b, partition{TopicDeadLetters, 0}), len(bad)+2)
		last := c.DeadLetters(1)
		require.Len(t, last, 1)
		require.Equal(t, int64(len(bad)), last[0].Offset)
		require.Contains(t, last[0].Reason, "broken JSON")
		require.Equal(t, string(bad[0].Value), last[0].Value)
		require.Equal(t, "departure:S01W02/1:delay", last[0].Key)
		require.Equal(t, "7", last[0].Headers[headerSequence])
		require.Len(t, c.DeadLetters(10000), len(bad)+2)
		require.Empty(t, c.DeadLetters(-1))
	})
}

func TestRecordThatOnlyCompressionLetsIn(t *testing.T) {
	eachBackend(t, func(t *testing.T, b backend) {
		m := delayed(t)
		m.Value = []byte(`{"departure":"` + strings.Repeat("a", 10<<20) + `"}`)
		p := newTestProducer(t, b)
		err := p.client.retry(t.Context(), patience, func(ctx context.Context, _ *kafka.Client) error {
			return p.writeBatch(ctx, partition{TopicRoutes, 0}, []kafka.Message{m}, kafka.Zstd)
		})
		require.NoError(t, err)
		c := consume(t, b.brokers, nil, ConsumerOptions{})
		<-c.CaughtUp()
		d := c.DeadLetters(1)
		require.Len(t, d, 1)
		require.Contains(t, d[0].Reason, "send at most")
		require.Equal(t, len(m.Value), d[0].ValueBytes)
		_ = c.stop()

		c = consume(t, b.brokers, nil, ConsumerOptions{}) // from the topic, not from memory
		<-c.CaughtUp()
		require.Equal(t, d, c.DeadLetters(10))
	})
}

func TestOffsetsComeOnlyAfterTheDeadLetterStands(t *testing.T) {
	b := newEmbedded(t)
	m := delayed(t)
	m.Value = []byte("{")
	writeRaw(t, b, partition{TopicRoutes, 0}, m)
	enough := errors.New("enough")
	err := NewConsumer(b.brokers, ConsumerOptions{}).Run(t.Context(), nil, func(_ context.Context, events []planner.Event, offsets planner.Offsets) error {
		require.Empty(t, events)
		require.EqualValues(t, 1, offsets[TopicRoutes+"/0"])
		require.Len(t, allOf(t, b, partition{TopicDeadLetters, 0}), 1)
		return enough
	})
	require.ErrorIs(t, err, enough)
}

func TestForeignDeadLettersArePassedOver(t *testing.T) {
	b := newEmbedded(t)
	writeRaw(t, b, partition{TopicDeadLetters, 0}, kafka.Message{Key: []byte("x"), Value: []byte("y")},
		kafka.Message{Headers: []kafka.Header{{Key: headerDeadPartition, Value: []byte("many")}}})
	c := consume(t, b.brokers, nil, ConsumerOptions{})
	<-c.CaughtUp()
	require.Zero(t, c.DeadLetterCount())
}

func TestLastDeadLettersAreBounded(t *testing.T) {
	book := deadLetterBook{known: map[string]bool{}}
	for i := range 5 * maxKeptLetters {
		book.add(newDeadLetter(kafka.Message{Topic: "t", Offset: int64(i), Value: make([]byte, 10)}, errors.New("bad")), true)
	}
	require.EqualValues(t, 5*maxKeptLetters, book.count)
	require.LessOrEqual(t, len(book.last), 2*maxKeptLetters)
	require.EqualValues(t, 5*maxKeptLetters-1, book.last[len(book.last)-1].Offset)
	require.Nil(t, book.last[0].record.Value)
}
