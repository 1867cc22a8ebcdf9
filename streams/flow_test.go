package streams

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"haihe/planner"
)

func TestPublishThenConsume(t *testing.T) {
	eachBackend(t, func(t *testing.T, b backend) {
		p := newTestProducer(t, b)
		var sent []planner.Event
		for i, f := range sampleFacts() {
			sent = append(sent, eventOf(f, uint64(i+1)))
		}
		require.NoError(t, p.Publish(t.Context(), sent...))

		c := consume(t, b.brokers, nil, ConsumerOptions{})
		<-c.CaughtUp()
		got, offsets := c.now()
		byID := func(a, b planner.Event) int {
			return strings.Compare(a.ID+a.Fact.Type(), b.ID+b.Fact.Type())
		}
		slices.SortFunc(sent, byID)
		slices.SortFunc(got, byID)
		require.Equal(t, sent, got)
		progress := c.Progress()
		require.True(t, progress.CaughtUp)
		require.EqualValues(t, len(sent), progress.Total)
		require.EqualValues(t, len(sent), progress.Read)
		require.Len(t, offsets, 16)

		// What comes later is handed over live, in the order of its key.
		var live []planner.Event
		for i := range 50 {
			e := eventOf(&planner.DepartureDelayed{Departure: "L1", Mode: planner.ModeSea, DelayHours: float64(i)}, uint64(i+1))
			live = append(live, e)
			require.NoError(t, p.Publish(t.Context(), e))
		}
		c.awaitEvents(len(sent) + 50)
		got, _ = c.now()
		require.Equal(t, live, got[len(sent):])
		require.ErrorIs(t, c.stop(), context.Canceled)
	})
}

func TestEmptyLogIsCaughtUpAtOnce(t *testing.T) {
	eachBackend(t, func(t *testing.T, b backend) {
		told := make(chan Progress, 1)
		c := consume(t, b.brokers, nil, ConsumerOptions{OnProgress: func(p Progress) { told <- p }})
		<-c.CaughtUp()
		require.Equal(t, Progress{CaughtUp: true}, <-told)
	})
}

func TestBulkWithProgress(t *testing.T) {
	eachBackend(t, func(t *testing.T, b backend) {
		p := newTestProducer(t, b)
		const n = 2500
		var last, calls int
		require.NoError(t, p.PublishAll(t.Context(), requests(0, n), func(done, total int) {
			require.Greater(t, done, last)
			require.Equal(t, n, total)
			last = done
			calls++
		}))
		require.Equal(t, n, last)
		require.Greater(t, calls, 3)
		c := consume(t, b.brokers, nil, ConsumerOptions{})
		<-c.CaughtUp()
		got, _ := c.now()
		require.Len(t, ids(got), n)
		require.Len(t, got, n)
	})
}

func TestPublishRefusesTheWholeOfABadBatch(t *testing.T) {
	b := newEmbedded(t)
	p := newTestProducer(t, b)
	events := requests(0, 3)
	events[2].Fact.(*planner.RequestSubmitted).VolumeM3 = -1
	err := p.Publish(t.Context(), events...)
	require.ErrorContains(t, err, "event 3 of 3")
	require.ErrorContains(t, err, "volume_m3")
	require.NotErrorIs(t, err, ErrOutcomeUnknown)
	c := consume(t, b.brokers, nil, ConsumerOptions{})
	<-c.CaughtUp()
	require.Zero(t, c.Progress().Total)
}

func TestPublishWithoutBroker(t *testing.T) {
	p := NewProducer([]string{"127.0.0.1:1"})
	t.Cleanup(p.Close)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, p.Publish(ctx, requests(0, 1)...), ErrOutcomeUnknown)
}

func TestResumeFromOffsets(t *testing.T) {
	eachBackend(t, func(t *testing.T, b backend) {
		p := newTestProducer(t, b)
		require.NoError(t, p.Publish(t.Context(), requests(0, 100)...))
		c := consume(t, b.brokers, nil, ConsumerOptions{})
		<-c.CaughtUp()
		_, offsets := c.now()
		_ = c.stop()

		require.NoError(t, p.Publish(t.Context(), requests(100, 20)...))
		c = consume(t, b.brokers, offsets, ConsumerOptions{})
		<-c.CaughtUp()
		got, _ := c.now()
		require.Equal(t, ids(requests(100, 20)), ids(got))
		require.EqualValues(t, 20, c.Progress().Total)
	})
}

func TestOffsetsThatTheLogDoesNotHold(t *testing.T) {
	eachBackend(t, func(t *testing.T, b backend) {
		ctx := t.Context()
		never := func(context.Context, []planner.Event, planner.Offsets) error { panic("nothing to handle") }
		err := NewConsumer(b.brokers, ConsumerOptions{}).Run(ctx, planner.Offsets{TopicRequests + "/0": 5}, never)
		require.ErrorIs(t, err, ErrLogTruncated)
		require.ErrorContains(t, err, "haihe.requests/0")
		require.ErrorContains(t, err, "from offset 5 and ends at 0")

		err = NewConsumer(b.brokers, ConsumerOptions{}).Run(ctx, planner.Offsets{TopicRequests + "/7": 0}, never)
		require.ErrorIs(t, err, ErrLogTruncated)

		var ledger []planner.Event
		for i := range 5 {
			ledger = append(ledger, eventOf(&planner.BookingCancelled{Booking: fmt.Sprint("B-", i)}, 1))
		}
		require.NoError(t, newTestProducer(t, b).Publish(ctx, ledger...))
		deleteRecords(t, b, partition{TopicBookings, 0}, 2)
		err = NewConsumer(b.brokers, ConsumerOptions{}).Run(ctx, planner.Offsets{TopicBookings + "/0": 1}, never)
		require.ErrorIs(t, err, ErrLogExpired)
		require.ErrorContains(t, err, "from offset 1 and begins at 2")

		// Without offsets reading begins at the first record there is.
		c := consume(t, b.brokers, nil, ConsumerOptions{})
		<-c.CaughtUp()
		got, _ := c.now()
		require.Equal(t, ledger[2:], got)
	})
}

// onePartition makes n positions that share a partition, and finds it.
func onePartition(t *testing.T, p *Producer, n int) ([]planner.Event, partition) {
	var events []planner.Event
	for i := range n {
		f := &planner.PositionReported{Departure: "S1", Mode: planner.ModeSea, Lat: float64(i), At: noon}
		e := eventOf(f, uint64(i+1))
		e.ID = fmt.Sprint("p-", i)
		events = append(events, e)
	}
	m, err := Encode(events[0])
	require.NoError(t, err)
	found, err := p.assign(t.Context(), []kafka.Message{m})
	require.NoError(t, err)
	return events, slices.Collect(maps.Keys(found))[0]
}

func TestExpiredPositionsArePassedOver(t *testing.T) {
	eachBackend(t, func(t *testing.T, b backend) {
		p := newTestProducer(t, b)
		positions, at := onePartition(t, p, 8)
		require.NoError(t, p.Publish(t.Context(), positions[:5]...))
		deleteRecords(t, b, at, 3)

		// The place has expired, or the partition began anew: what is left is read.
		for _, from := range []int64{1, 100} {
			c := consume(t, b.brokers, planner.Offsets{at.String(): from}, ConsumerOptions{})
			<-c.CaughtUp()
			got, offsets := c.now()
			require.Equal(t, positions[3:5], got)
			require.EqualValues(t, 5, offsets[at.String()])
			require.Equal(t, Progress{Read: 2, Total: 2, CaughtUp: true}, c.Progress())
			require.ErrorIs(t, c.stop(), context.Canceled)
		}

		// All of it has expired.
		deleteRecords(t, b, at, 5)
		c := consume(t, b.brokers, planner.Offsets{at.String(): 1}, ConsumerOptions{})
		<-c.CaughtUp()
		require.NoError(t, p.Publish(t.Context(), positions[5:]...))
		c.awaitEvents(3)
		got, _ := c.now()
		require.Equal(t, positions[5:], got)
	})
}

// The embedded broker counts from 0 again when it starts with a partition that has run empty.
func TestPositionsAfterAQuietDay(t *testing.T) {
	eachBackend(t, func(t *testing.T, b backend) {
		p := newTestProducer(t, b)
		positions, at := onePartition(t, p, 8)
		require.NoError(t, p.Publish(t.Context(), positions[:5]...))
		deleteRecords(t, b, at, 5)
		b.restart()
		require.NoError(t, p.Publish(t.Context(), positions[5:]...))
		c := consume(t, b.brokers, planner.Offsets{at.String(): 5}, ConsumerOptions{})
		<-c.CaughtUp()
		got, _ := c.now()
		require.Equal(t, positions[5:], got)
	})
}

// The retention runs out between the look at the log and the first fetch, and while a consumer waits.
func TestPositionsExpireUnderAConsumer(t *testing.T) {
	eachBackend(t, func(t *testing.T, b backend) {
		p := newTestProducer(t, b)
		positions, at := onePartition(t, p, 4)
		require.NoError(t, p.Publish(t.Context(), positions...))
		deleteRecords(t, b, at, 4)
		for what, next := range map[string]int64{"expired": 1, "began anew": 9} {
			c := NewConsumer(b.brokers, ConsumerOptions{})
			r := &run{Consumer: c, chunks: make(chan chunk, 1), offsets: planner.Offsets{at.String(): next}}
			r.lookAhead(at, bounds{next, next + 3})
			r.report(nil)
			require.False(t, c.Progress().CaughtUp, what)
			rd := &reader{run: r, partition: at, next: next}
			outOfRange(t, rd, func(err error) bool { return err != nil || len(r.chunks) == 1 })
			require.Len(t, r.chunks, 1, what)
			ch := <-r.chunks
			require.Equal(t, chunk{partition: at, next: 4}, ch, what)
			require.EqualValues(t, 4, rd.next, what)
			r.offsets[at.String()] = ch.next
			r.report([]chunk{ch})
			require.Equal(t, Progress{Read: 3, Total: 3, CaughtUp: true}, c.Progress(), what)
			require.Equal(t, map[string]int64{TopicPositions: 0}, c.Lag(), what)
			c.client.close()
			c.producer.Close()
		}

		ledger := partition{TopicBookings, 0}
		c := NewConsumer(b.brokers, ConsumerOptions{})
		defer c.client.close()
		defer c.producer.Close()
		rd := &reader{run: &run{Consumer: c}, partition: ledger, next: 3}
		outOfRange(t, rd, func(err error) bool { return errors.Is(err, ErrLogTruncated) })
	})
}

// outOfRange asks until the answer is the one awaited: a broker that is not ready makes no error.
func outOfRange(t *testing.T, rd *reader, done func(error) bool) {
	t.Helper()
	require.Eventually(t, func() bool { return done(rd.outOfRange(t.Context())) }, patience, 20*time.Millisecond)
}

func TestLag(t *testing.T) {
	eachBackend(t, func(t *testing.T, b backend) {
		p := newTestProducer(t, b)
		require.NoError(t, p.Publish(t.Context(), requests(0, 20)...))
		positions, _ := onePartition(t, p, 3)

		c := NewConsumer(b.brokers, ConsumerOptions{})
		require.Empty(t, c.Lag())
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		handling, goOn := make(chan int), make(chan struct{})
		ended := make(chan error, 1)
		go func() {
			ended <- c.Run(ctx, nil, func(ctx context.Context, events []planner.Event, _ planner.Offsets) error {
				select {
				case handling <- len(events):
				case <-ctx.Done():
				}
				select {
				case <-goOn:
				case <-ctx.Done():
				}
				return nil
			})
		}()
		lagIs := func(want map[string]int64) {
			t.Helper()
			require.Eventually(t, func() bool { return maps.Equal(want, c.Lag()) }, patience, 5*time.Millisecond, "%v", want)
		}
		n := <-handling
		lagIs(map[string]int64{TopicRoutes: 0, TopicFlights: 0, TopicPositions: 0, TopicOccupancy: 0, TopicRequests: 20, TopicBookings: 0})

		// What is written while events are being handled counts too.
		require.NoError(t, p.Publish(t.Context(), positions...))
		lagIs(map[string]int64{TopicRoutes: 0, TopicFlights: 0, TopicPositions: 3, TopicOccupancy: 0, TopicRequests: 20, TopicBookings: 0})
		goOn <- struct{}{}
		for n < 23 {
			n += <-handling
			goOn <- struct{}{}
		}
		lagIs(map[string]int64{TopicRoutes: 0, TopicFlights: 0, TopicPositions: 0, TopicOccupancy: 0, TopicRequests: 0, TopicBookings: 0})
		cancel()
		require.ErrorIs(t, <-ended, context.Canceled)
	})
}

func TestHandleErrorEndsRun(t *testing.T) {
	b := newEmbedded(t)
	require.NoError(t, newTestProducer(t, b).Publish(t.Context(), requests(0, 1)...))
	refuse := errors.New("refused")
	err := NewConsumer(b.brokers, ConsumerOptions{}).Run(t.Context(), nil, func(context.Context, []planner.Event, planner.Offsets) error { return refuse })
	require.ErrorIs(t, err, refuse)
}

func TestBrokerRestartsUnderAConsumer(t *testing.T) {
	eachBackend(t, func(t *testing.T, b backend) {
		p := newTestProducer(t, b)
		c := consume(t, b.brokers, nil, ConsumerOptions{})
		require.NoError(t, p.Publish(t.Context(), requests(0, 10)...))
		c.awaitEvents(10)
		b.restart()
		require.NoError(t, p.Publish(t.Context(), requests(10, 10)...))
		c.awaitEvents(20)
		got, _ := c.now()
		require.Equal(t, ids(requests(0, 20)), ids(got))
	})
}

func TestNewPartitionIsRead(t *testing.T) {
	eachBackend(t, func(t *testing.T, b backend) {
		c := consume(t, b.brokers, nil, ConsumerOptions{StallAfter: 100 * time.Millisecond})
		<-c.CaughtUp()
		k := newClient(b.brokers)
		defer k.close()
		now, _ := k.current()
		resp, err := now.CreatePartitions(t.Context(), &kafka.CreatePartitionsRequest{Topics: []kafka.TopicPartitionsConfig{{
			Name: TopicRequests, Count: 4, TopicPartitionAssignments: nil,
		}}})
		require.NoError(t, err)
		require.NoError(t, resp.Errors[TopicRequests])
		m, err := Encode(requests(0, 1)[0])
		require.NoError(t, err)
		writeRaw(t, b, partition{TopicRequests, 3}, m)
		c.awaitEvents(1)
		_, offsets := c.now()
		require.EqualValues(t, 1, offsets[TopicRequests+"/3"])
		ensure(t, b.brokers[0]) // more partitions than asked for are fine
	})
}

// writeRaw writes records past the producer, as another program might.
func writeRaw(t *testing.T, b backend, at partition, messages ...kafka.Message) {
	t.Helper()
	p := newTestProducer(t, b)
	for i := range messages {
		messages[i].Topic = at.topic
	}
	err := p.client.retry(t.Context(), patience, func(ctx context.Context, k *kafka.Client) error {
		return p.writeBatch(ctx, at, messages, 0)
	})
	require.NoError(t, err)
}

// TestKcat publishes and reads with a client that shares no code with this one.
func TestKcat(t *testing.T) {
	kcat, err := exec.LookPath("kcat")
	if err != nil {
		t.Skip("kcat is not installed (Debian: apt-get install kcat)")
	}
	eachBackend(t, func(t *testing.T, b backend) {
		c := consume(t, b.brokers, nil, ConsumerOptions{})
		e := eventOf(sampleFacts()[2], 7)
		m, err := Encode(e)
		require.NoError(t, err)
		args := []string{"-P", "-b", b.brokers[0], "-t", m.Topic, "-k", string(m.Key), "-X", "partitioner=murmur2_random"}
		for _, h := range m.Headers {
			args = append(args, "-H", h.Key+"="+string(h.Value))
		}
		publish := exec.CommandContext(t.Context(), kcat, args...)
		publish.Stdin = bytes.NewReader(m.Value)
		out, err := publish.CombinedOutput()
		require.NoError(t, err, "%s", out)
		c.awaitEvents(1)
		got, _ := c.now()
		require.Equal(t, []planner.Event{e}, got)

		// A key has one partition, whoever publishes.
		require.NoError(t, newTestProducer(t, b).Publish(t.Context(), e))
		out, err = exec.CommandContext(t.Context(), kcat, "-C", "-b", b.brokers[0], "-t", m.Topic, "-e", "-q", "-f", "%p %k %s\n").CombinedOutput()
		require.NoError(t, err, "%s", out)
		lines := strings.Split(strings.TrimSpace(string(out)), "\n")
		require.Len(t, lines, 2)
		require.Equal(t, lines[0], lines[1])
		require.Contains(t, lines[0], string(m.Key)+" "+string(m.Value))
	})
}

// BenchmarkImportAndReplay publishes 10,000 requests and 5,600 departures to an embedded broker that syncs every
// write, and reads them back.
func BenchmarkImportAndReplay(b *testing.B) {
	e, err := StartEmbedded(b.TempDir(), "127.0.0.1:0")
	require.NoError(b, err)
	defer e.Close()
	brokers := []string{e.Addr()}
	_, err = EnsureTopics(b.Context(), brokers)
	require.NoError(b, err)
	p := NewProducer(brokers)
	defer p.Close()
	events := requests(0, 10000)
	for i := range 5600 {
		f := *sampleFacts()[1].(*planner.DepartureScheduled)
		f.ID = fmt.Sprintf("S%05d", i)
		events = append(events, eventOf(&f, 1))
	}
	var importing, replaying time.Duration
	offsets := planner.Offsets(nil)
	for b.Loop() {
		start := time.Now()
		require.NoError(b, p.PublishAll(b.Context(), events, nil))
		importing += time.Since(start)
		start = time.Now()
		c := NewConsumer(brokers, ConsumerOptions{})
		n := 0
		done := errors.New("done")
		err := c.Run(b.Context(), offsets, func(_ context.Context, events []planner.Event, o planner.Offsets) error {
			if n += len(events); n == 15600 {
				offsets = o
				return done
			}
			return nil
		})
		require.ErrorIs(b, err, done)
		replaying += time.Since(start)
	}
	b.ReportMetric(importing.Seconds()/float64(b.N), "s/import")
	b.ReportMetric(replaying.Seconds()/float64(b.N), "s/replay")
}

// deleteRecords makes a partition begin at an offset, as its retention would.
func deleteRecords(t *testing.T, b backend, at partition, before int64) {
	t.Helper()
	c, err := kgo.NewClient(kgo.SeedBrokers(b.brokers...))
	require.NoError(t, err)
	defer c.Close()
	req := kmsg.NewDeleteRecordsRequest()
	req.TimeoutMillis = 10000
	topic, part := kmsg.NewDeleteRecordsRequestTopic(), kmsg.NewDeleteRecordsRequestTopicPartition()
	topic.Topic, part.Partition, part.Offset = at.topic, int32(at.id), before
	topic.Partitions = append(topic.Partitions, part)
	req.Topics = append(req.Topics, topic)
	resp, err := req.RequestWith(t.Context(), c)
	require.NoError(t, err)
	require.Zero(t, resp.Topics[0].Partitions[0].ErrorCode)
}
