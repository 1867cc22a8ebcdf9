package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"haihe/planner"
	"haihe/planner/feed"
	"haihe/streams"
)

func feedCommand() *cobra.Command {
	var brokers []string
	var seed uint64
	var speed float64
	cmd := &cobra.Command{
		Use:   "feed [flags]",
		Short: "Publish plausible live events for what is in the log",
		Long: `Reads the topics and publishes what could happen to what stands there: delays, blanked sailings,
cancelled flights, changes of room and occupancy, positions, new requests. Runs until Ctrl-C.`,
		Example: `  haihe feed --speed 5
  haihe feed --seed 7 --brokers kafka-1:9092`,
		Args: exactArgs(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !(speed > 0 && speed <= 1000) {
				return misused("--speed is above 0 and at most 1000, not %v", speed)
			}
			log := slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), nil))
			f := follower{state: planner.NewState()}
			producer := streams.NewProducer(brokers)
			defer producer.Close()
			if _, err := streams.EnsureTopics(cmd.Context(), brokers); err != nil {
				return err
			}
			ctx, cancel := context.WithCancelCause(cmd.Context())
			defer cancel(nil)
			consumer := streams.NewConsumer(brokers, streams.ConsumerOptions{Logger: log})
			done := make(chan struct{})
			go func() {
				defer close(done)
				cancel(consumer.Run(ctx, nil, f.take))
			}()
			var err error
			select {
			case <-consumer.CaughtUp():
				fmt.Fprintf(cmd.ErrOrStderr(), "%d facts read; publishing, Ctrl-C stops\n", f.state.Len())
				err = runFeed(ctx, feed.New(seed, speed), time.Now, f.read, producer.Publish, log)
			case <-ctx.Done():
			}
			stopped := context.Cause(ctx)
			cancel(nil)
			<-done
			if cmd.Context().Err() != nil {
				return nil // Ctrl-C
			}
			return errors.Join(err, stopped)
		},
	}
	brokersFlag(cmd, &brokers)
	cmd.Flags().Uint64Var(&seed, "seed", 1, "seed of the events")
	cmd.Flags().Float64Var(&speed, "speed", 1, "how much faster than usual")
	return cmd
}

// follower keeps a state of its own beside a running service.
type follower struct {
	mu    sync.Mutex
	state *planner.State
}

func (f *follower) take(_ context.Context, events []planner.Event, _ planner.Offsets) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, e := range events {
		f.state.Apply(e)
	}
	f.state.TakeChanges() // nobody asks
	return nil
}

func (f *follower) read(_ context.Context, look func(*planner.State)) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	look(f.state)
	return nil
}

// feedRetry is how long the feed waits when the log does not take what it has.
const feedRetry = 2 * time.Second

// runFeed publishes what f comes up with until ctx ends.
func runFeed(ctx context.Context, f *feed.Feed, now func() time.Time, read func(context.Context, func(*planner.State)) error,
	publish func(context.Context, ...planner.Event) error, log *slog.Logger) error {
	for {
		var events []planner.Event
		var wait time.Duration
		if err := read(ctx, func(s *planner.State) { events, wait = f.Next(now(), s) }); err != nil {
			return err
		}
		if err := publish(ctx, events...); err != nil && ctx.Err() == nil {
			log.Warn("the feed's events were not confirmed", "error", err)
			wait = feedRetry
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
	}
}
