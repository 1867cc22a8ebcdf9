package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"haihe/planner"
	"haihe/planner/live"
	"haihe/streams"
	"haihe/web"
)

const (
	// leaderWait is how long a command waits for somebody to lead: longer than it takes another to, shorter than
	// what the API gives a command.
	leaderWait = 12 * time.Second
	// leaderPause is how long it waits between two looks, and an instance that is fenced before it leads again.
	leaderPause = 100 * time.Millisecond
	leadPause   = time.Second
)

// instance names this process in the ledger. The number tells it from what ran on this host before.
func instance() string {
	host, err := os.Hostname()
	if err != nil {
		host = "haihe"
	}
	var number [4]byte
	rand.Read(number[:])
	return fmt.Sprintf("%s/%d/%s", host, os.Getpid(), hex.EncodeToString(number[:]))
}

// reachable is where other machines find a listener.
func reachable(a net.Addr) string {
	host, port, err := net.SplitHostPort(a.String())
	if err != nil {
		return a.String()
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		if name, err := os.Hostname(); err == nil {
			host = name
		}
	}
	return net.JoinHostPort(host, port)
}

// shared reports whether other instances may be on the same brokers.
func (v *service) shared() bool { return len(v.settings.brokers) > 0 }

// handler serves everything that is not for operators alone: the pages, the API and those who watch over the process.
func (v *service) handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", v.web.Handler())
	mux.HandleFunc("GET /healthz", v.healthz)
	mux.HandleFunc("GET /readyz", v.readyz)
	return mux
}

// share stands for the lead until ctx ends, and serves meanwhile.
func (v *service) share(ctx context.Context) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	go func() {
		// The first entry is the beginning of an epoch. From then on whoever leads is known, and can be asked; this one
		// says itself when it is ready to.
		if v.loop.Await(ctx, 1) != nil {
			return
		}
		if stand, err := v.loop.Stand(ctx); err == nil && stand.Head.Leader != v.name {
			v.ready.Store(true)
		}
	}()
	err := streams.Elect(ctx, streams.Election{Brokers: v.brokers, Epoch: v.led.Load, Logger: v.log, Lead: func(ctx context.Context) {
		if err := v.lead(ctx); err != nil && ctx.Err() == nil {
			stop(err)
		}
	}})
	v.ready.Store(false)
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) {
		return cause
	}
	return err
}

// lead leads while ctx says that this instance is to. Fenced by another it waits before it tries again, so that the
// election can tell it that it lost.
func (v *service) lead(ctx context.Context) error {
	defer func() {
		v.led.Store(0)
		_ = v.loop.Follow(context.WithoutCancel(ctx)) // the loop has stopped
	}()
	for ctx.Err() == nil {
		err := v.loop.Lead(ctx, v.name, v.advertise)
		switch {
		case errors.Is(err, live.ErrLedger):
			return v.damaged(err)
		case err == nil:
			if err := v.leading(ctx); err != nil {
				return err
			}
		}
		v.led.Store(0)
		select {
		case <-time.After(leadPause):
		case <-ctx.Done():
		}
	}
	return ctx.Err()
}

// leading does what is the leader's until it no longer leads.
func (v *service) leading(ctx context.Context) error {
	stand, err := v.loop.Stand(ctx)
	if err != nil {
		return err
	}
	v.led.Store(stand.Head.Epoch)
	v.log.Info("leading", "epoch", stand.Head.Epoch, "address", v.advertise)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		_ = v.loop.Led(ctx) // however it ends, this does
		cancel()
	}()
	if err := v.loadSample(ctx); err != nil && ctx.Err() == nil {
		return err
	}
	v.ready.Store(true)
	if err := v.feed(ctx); err != nil && ctx.Err() == nil {
		return err
	}
	v.log.Info("following", "after_epoch", stand.Head.Epoch)
	return nil
}

// submit publishes facts. Any instance may; should its clock be behind that of whoever published last, its word still
// holds: clocks differ, and are set back.
func (v *service) submit(ctx context.Context, events ...planner.Event) error {
	if !v.ready.Load() {
		return web.ErrNotReady
	}
	err := v.loop.Read(ctx, func(s *planner.State) {
		for i := range events {
			if held, ok := s.Held(events[i].Fact.Key()); ok && held.ID != events[i].ID {
				events[i].Sequence = max(events[i].Sequence, held.Sequence+1)
			}
		}
	})
	if err != nil {
		return err
	}
	return v.loop.Submit(ctx, events...)
}

// decide has a command decided here or by the instance that leads, and returns when this one has read what came of it.
// While nobody leads it waits. It sends a command again only where that cannot do harm: the same command is decided
// once, but one that was refused, and told so, must not come about afterwards. So what was sent and not answered is sent
// again under another epoch, in which the first can no longer come about.
func (v *service) decide(ctx context.Context, c planner.Command) (planner.Outcome, error) {
	if !v.ready.Load() {
		return planner.Outcome{}, web.ErrNotReady
	}
	var outcome planner.Outcome
	err := v.insist(ctx, func(ctx context.Context, unsure *uint64) (err error) {
		if outcome, err = v.loop.Decide(ctx, c); errors.Is(err, live.ErrNotLeading) && v.shared() {
			outcome, err = v.ask(ctx, &c, unsure)
		}
		return err
	})
	return outcome, err
}

// catchUp returns what the API calls where it does not know something; nil where this instance decides all there is.
func (v *service) catchUp() func(context.Context) error {
	if !v.shared() {
		return nil
	}
	return func(ctx context.Context) error {
		return v.insist(ctx, func(ctx context.Context, unsure *uint64) error {
			stand, err := v.loop.Stand(ctx)
			if err == nil && !stand.Leading {
				_, err = v.ask(ctx, nil, unsure)
			}
			return err
		})
	}
}

// insist tries until somebody leads and has a plan, at most leaderWait.
func (v *service) insist(ctx context.Context, try func(ctx context.Context, unsure *uint64) error) error {
	var unsure uint64
	if !v.shared() { // nobody else is asked, so nothing but the loop is waited for
		if err := try(ctx, &unsure); !goesOn(err) {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, leaderWait)
	defer cancel()
	for {
		err := try(ctx, &unsure)
		if !goesOn(err) {
			return err
		}
		select {
		case <-time.After(leaderPause):
		case <-ctx.Done():
			if unsure > 0 {
				return fmt.Errorf("the leader of epoch %d was asked and did not answer: %w", unsure, ctx.Err())
			}
			return err
		}
	}
}

// goesOn reports whether what an error says may be over in a moment.
func goesOn(err error) bool {
	return errors.Is(err, live.ErrNotLeading) || errors.Is(err, live.ErrNotPlanned)
}

// ask puts a command, or without one the question how far the ledger goes, to the instance that leads as far as this one
// has read, and waits until it has read what that had when it answered. Unsure is the epoch that was asked and did not
// answer.
func (v *service) ask(ctx context.Context, c *planner.Command, unsure *uint64) (planner.Outcome, error) {
	stand, err := v.loop.Stand(ctx)
	if err != nil {
		return planner.Outcome{}, err
	}
	h := stand.Head
	if stand.Leading || h.Address == "" || h.Leader == v.name || c != nil && h.Epoch == *unsure {
		return planner.Outcome{}, live.ErrNotLeading
	}
	outcome, head, err := v.peers.Decide(ctx, h.Address, h.Epoch, c)
	switch {
	case errors.Is(err, web.ErrPeerSecret):
		v.log.Error("a command cannot be forwarded", "leader", h.Leader, "address", h.Address, "error", err)
		return planner.Outcome{}, live.ErrNotLeading
	case errors.Is(err, web.ErrPeerAway):
		return planner.Outcome{}, live.ErrNotLeading
	case errors.Is(err, web.ErrPeerSilent):
		*unsure = h.Epoch
		return planner.Outcome{}, live.ErrNotLeading
	}
	if err := v.loop.Await(ctx, head); err != nil {
		return planner.Outcome{}, err
	}
	return outcome, err
}

// decideForPeer answers another instance, if this one leads the epoch that it asks.
func (v *service) decideForPeer(ctx context.Context, epoch uint64, c *planner.Command) (outcome planner.Outcome, head uint64, err error) {
	stand, err := v.loop.Stand(ctx)
	if err != nil {
		return outcome, 0, err
	}
	if !stand.Leading || stand.Head.Epoch != epoch {
		return outcome, 0, live.ErrNotLeading
	}
	if c == nil {
		return outcome, stand.Head.Seq, nil
	}
	outcome, err = v.loop.Decide(ctx, *c)
	if after, failed := v.loop.Stand(ctx); failed == nil {
		head = after.Head.Seq
	}
	return outcome, head, err
}
