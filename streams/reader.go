package streams

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/segmentio/kafka-go"
)

// reader reads one partition. A fetch that gets no answer, or that a broker leaves empty while records wait, is
// given up, and the next goes over new connections.
type reader struct {
	run       *run
	partition partition
	begun     bool  // entries of the ledger have been read
	live      int64 // offset from which on records came after the start

	mu     sync.Mutex
	next   int64
	giveUp context.CancelCauseFunc // of the fetch under way; nil while there is none
	seen   int64                   // next, when the watch last looked; -1 if no fetch was under way
}

// Why a fetch is given up.
var (
	errStalled  = errors.New("the reader stood still while records waited")
	errNoAnswer = errors.New("the broker did not answer in time")
)

func (r *run) start(ctx context.Context, p partition, offset int64) {
	rd := &reader{run: r, partition: p, begun: r.options.LedgerBegun, live: r.liveFrom(p), next: offset, seen: -1}
	r.readers[p] = rd
	r.wg.Go(func() {
		if err := rd.read(ctx); err != nil && ctx.Err() == nil {
			r.cancel(err)
		}
	})
}

// read fetches, decodes and hands over until ctx is done or the log does not hold the next offset.
func (rd *reader) read(ctx context.Context) error {
	pause, warned := time.Duration(0), false
	for ctx.Err() == nil {
		f, err := rd.fetch(ctx)
		if err == nil && warned {
			warned = false
			rd.run.log.Info("reading goes on", "partition", rd.partition.String(), "offset", rd.next)
		}
		switch {
		case err == nil && f.next == rd.next && f.end > rd.next:
			// Records wait, and the broker sent none: it may be about to be replaced. The watch counts.
			pause = 100 * time.Millisecond
		case err == nil:
			pause = 0
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, kafka.OffsetOutOfRange):
			if err := rd.outOfRange(ctx); err != nil {
				return err
			}
			pause = 200 * time.Millisecond
		default:
			if !warned && (pause >= time.Second || errors.Is(err, errStalled) || errors.Is(err, errNoAnswer)) {
				warned = true
				rd.run.log.Warn("reading is interrupted; trying over new connections", "partition", rd.partition.String(), "offset", rd.next, "error", err)
			}
			pause = min(max(2*pause, 50*time.Millisecond), 2*time.Second)
		}
		if err == nil {
			rd.run.endsAt(rd.partition, rd.next, f.end)
		}
		if err == nil && f.next > rd.next {
			ch := chunk{partition: rd.partition, next: f.next}
			if t := rd.run.options.Tracer; t != nil {
				ch.events, ch.dead, ch.causes = decodeTraced(t, rd.live, f.messages, &rd.begun)
			} else {
				ch.events, ch.dead = decode(f.messages, &rd.begun)
			}
			rd.handOver(ctx, ch)
		}
		if pause > 0 {
			sleep(ctx, pause)
		}
	}
	return nil
}

// handOver gives a chunk to the loop and goes on behind it, unless ctx is done first.
func (rd *reader) handOver(ctx context.Context, ch chunk) {
	select {
	case rd.run.chunks <- ch:
	case <-ctx.Done():
		return
	}
	rd.mu.Lock()
	rd.next = ch.next
	rd.mu.Unlock()
}

// fetch asks once. It gives up when a broker that should answer within fetchWait has not for StallAfter.
func (rd *reader) fetch(ctx context.Context) (fetched, error) {
	ctx, cancelCause := context.WithCancelCause(ctx)
	defer cancelCause(nil)
	ctx, cancel := context.WithTimeoutCause(ctx, fetchWait+rd.run.options.StallAfter, errNoAnswer)
	defer cancel()
	rd.mu.Lock()
	rd.giveUp = cancelCause
	rd.mu.Unlock()
	defer func() {
		rd.mu.Lock()
		rd.giveUp = nil
		rd.mu.Unlock()
	}()
	k, number := rd.run.client.current()
	f, err := rd.run.client.fetch(ctx, k, rd.partition, rd.next)
	if err == nil {
		return f, nil
	}
	if _, isCode := kafkaCode(err); !isCode {
		rd.run.client.renew(number)
	}
	if cause := context.Cause(ctx); errors.Is(cause, errStalled) || errors.Is(cause, errNoAnswer) {
		err = cause
	}
	return fetched{}, err
}

// outOfRange finds out why a broker says that it does not hold the next offset. A broker that has just become
// the leader may say so for a moment; then, and while no broker answers, there is no error. Nor is there on a topic
// that expires: the reader goes on from the first record that is left.
func (rd *reader) outOfRange(ctx context.Context) error {
	asking, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	k, _ := rd.run.client.current()
	found, err := rd.run.client.offsets(asking, k, []partition{rd.partition})
	if err != nil {
		return nil
	}
	b := found[rd.partition]
	err = outside(rd.partition, rd.next, b)
	if err == nil || !expires(rd.partition.topic) {
		return err
	}
	rd.run.goneUnread(rd.partition, rd.next, b)
	rd.run.endsAt(rd.partition, b.first, b.end)
	rd.handOver(ctx, chunk{partition: rd.partition, next: b.first})
	return nil
}

// watch looks, over connections of its own, for readers that stand still while records wait, and for new
// partitions.
func (r *run) watch(ctx context.Context) {
	own := newClient(r.client.brokers)
	defer own.close()
	for sleep(ctx, r.options.StallAfter) {
		if err := r.look(ctx, own); err != nil && ctx.Err() == nil {
			_, number := own.current()
			own.renew(number)
			r.log.Warn("the brokers cannot be asked how far the log goes", "error", err)
		}
	}
}

func (r *run) look(runs context.Context, own *client) error {
	ctx, cancel := context.WithTimeout(runs, requestTimeout)
	defer cancel()
	k, _ := own.current()
	list, err := own.partitions(ctx, k, factTopics())
	if err != nil {
		return err
	}
	found, err := own.offsets(ctx, k, list)
	if err != nil {
		return err
	}
	for _, p := range list {
		if rd := r.readers[p]; rd != nil {
			rd.check(found[p].end)
		} else {
			r.log.Info("reading a new partition", "partition", p.String())
			r.start(runs, p, found[p].first)
		}
	}
	return nil
}

// check gives a fetch up that has brought nothing since the last check although records wait.
func (rd *reader) check(end int64) {
	rd.mu.Lock()
	defer rd.mu.Unlock()
	if rd.giveUp == nil || rd.next >= end {
		rd.seen = -1
		return
	}
	if rd.seen == rd.next {
		rd.giveUp(errStalled)
		rd.seen = -1
		return
	}
	rd.seen = rd.next
}
