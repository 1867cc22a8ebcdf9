package streams

import (
	"context"
	"errors"
	"time"

	"github.com/segmentio/kafka-go"
	"golang.org/x/sync/errgroup"

	"haihe/planner"
)

// FollowWarehouses hands over every registration and every occupancy report that the log holds, older versions of a fact too,
// and goes on with new ones until ctx ends. Calls come from one goroutine for each partition. What is no event is passed
// over: the Consumer buries it. It returns the cause of ctx's end, or why the partitions could not be listed.
func FollowWarehouses(ctx context.Context, brokers []string, each func(planner.Event)) error {
	return followFacts(ctx, brokers, []string{TopicOccupancy}, each)
}

// FollowDepartures does the same for all that is said of departures but where they are.
func FollowDepartures(ctx context.Context, brokers []string, each func(planner.Event)) error {
	return followFacts(ctx, brokers, []string{TopicRoutes, TopicFlights}, each)
}

func followFacts(ctx context.Context, brokers, topics []string, each func(planner.Event)) error {
	c := newClient(brokers)
	defer c.close()
	var list []partition
	err := c.retry(ctx, connectTimeout, func(ctx context.Context, k *kafka.Client) error {
		ctx, cancel := context.WithTimeout(ctx, requestTimeout)
		defer cancel()
		var err error
		list, err = c.partitions(ctx, k, topics)
		return err
	})
	if err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	for _, at := range list {
		g.Go(func() error {
			return c.follow(ctx, at, func(m kafka.Message) {
				if e, err := Decode(m); err == nil {
					each(e)
				}
			}, func() {})
		})
	}
	return g.Wait()
}

// follow hands over every record of a partition that has a value, from the first on, until ctx ends, and waits for brokers that
// are away. caughtUp is called once, when those have been read that stood there at first. It returns the cause of
// ctx's end.
func (c *client) follow(ctx context.Context, at partition, each func(kafka.Message), caughtUp func()) error {
	next, pause, told := int64(-1), 50*time.Millisecond, false
	for ctx.Err() == nil {
		k, number := c.current()
		asking, cancel := context.WithTimeout(ctx, requestTimeout)
		f, err := c.fetchFrom(asking, k, at, next)
		cancel()
		if err != nil {
			if ctx.Err() != nil {
				break
			}
			if errors.Is(err, kafka.OffsetOutOfRange) {
				next = -1 // compaction took it, or the log is another one: whoever follows takes the newest of a thing
			} else if _, isCode := kafkaCode(err); !isCode {
				c.renew(number)
			}
			sleep(ctx, pause)
			pause = min(2*pause, 2*time.Second)
			continue
		}
		pause = 50 * time.Millisecond
		for _, m := range f.messages {
			if m.Value != nil {
				each(m)
			}
		}
		next = f.next
		if !told && next >= f.end {
			told = true
			caughtUp()
		}
	}
	return context.Cause(ctx)
}

// fetchFrom fetches from next on, from the first record where it is negative.
func (c *client) fetchFrom(ctx context.Context, k *kafka.Client, at partition, next int64) (fetched, error) {
	if next < 0 {
		found, err := c.offsets(ctx, k, []partition{at})
		if err != nil {
			return fetched{}, err
		}
		if b := found[at]; b.first == b.end {
			return fetched{next: b.first, end: b.end}, nil
		}
		next = found[at].first
	}
	return c.fetch(ctx, k, at, next)
}
