package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"haihe/planner/access"
	"haihe/streams"
)

// accessLog is the log of who may do what, and its fold.
type accessLog struct {
	registry *access.Registry
	journal  *streams.Journal
	log      *slog.Logger
}

func newAccessLog(brokers []string, secret []byte, idle time.Duration, now func() time.Time, log *slog.Logger) *accessLog {
	return &accessLog{registry: access.NewRegistry(now, idle), log: log,
		journal: streams.NewJournal(brokers, streams.TopicAccess, secret, log)}
}

// run folds the log until ctx ends.
func (a *accessLog) run(ctx context.Context) error { return a.journal.Run(ctx, a.take) }

func (a *accessLog) take(n streams.Note) {
	rec, err := access.Decode(n.Key, n.Value)
	if err != nil {
		a.log.Error("a record of who may do what cannot be read, and is passed over", "key", n.Key, "error", err)
		return
	}
	a.registry.Apply(rec)
}

// read reports whether all is folded that was on the log at the start.
func (a *accessLog) read() bool {
	select {
	case <-a.journal.CaughtUp():
		return true
	default:
		return false
	}
}

// commit writes records and returns when they are folded here.
func (a *accessLog) commit(ctx context.Context, records ...access.Record) error {
	select {
	case <-a.journal.CaughtUp():
	case <-ctx.Done():
		return fmt.Errorf("the log of who may do what is not read yet: %w", ctx.Err())
	}
	notes := make([]streams.Note, len(records))
	for i := range records {
		value, err := records[i].Encode()
		if err != nil {
			return err
		}
		notes[i] = streams.Note{Key: records[i].Name(), Value: value}
	}
	return a.journal.Append(ctx, notes...)
}

// withAccess reads who may do what, hands it to use, and lets go of it.
func withAccess(ctx context.Context, brokers []string, secret []byte, log *slog.Logger, use func(context.Context, *accessLog) error) error {
	if _, err := streams.EnsureTopics(ctx, brokers); err != nil {
		return err
	}
	a := newAccessLog(brokers, secret, time.Hour, time.Now, log)
	ctx, cancel := context.WithCancelCause(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		cancel(a.run(ctx))
	}()
	defer func() {
		cancel(nil)
		<-done
	}()
	select {
	case <-a.journal.CaughtUp():
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if err := use(ctx, a); err != nil {
		if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) {
			return errors.Join(err, cause)
		}
		return err
	}
	return nil
}
