package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/stretchr/testify/require"

	"haihe/planner"
	"haihe/planner/live"
	"haihe/streams"
	"haihe/web"
)

// member is an instance of a cluster in this process, as serve runs it; it can be stopped and started again.
type member struct {
	settings settings
	mu       sync.Mutex
	service  *service
	stop     context.CancelFunc
	ended    chan error
}

func (m *member) start(t *testing.T) {
	t.Helper()
	v, err := open(t.Context(), m.settings, slog.New(slog.NewTextHandler(io.Discard, nil)))
	require.NoError(t, err)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- v.run(ctx) }()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.service, m.stop, m.ended = v, stop, ended
}

func (m *member) end(t *testing.T) {
	m.stop()
	if err := <-m.ended; err != nil {
		t.Errorf("an instance ended with %v", err)
	}
}

func (m *member) now() *service {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.service
}

// TestInstancesAreLinearizable has clients hold, confirm and cancel through two instances as serve runs them, of which
// now one is stopped and started again, and now the one that follows leads without being elected. It looks for an order
// of all commands in which each was answered as one desk would have.
func TestInstancesAreLinearizable(t *testing.T) {
	e, err := streams.StartEmbedded(t.TempDir(), "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, e.Close()) })
	brokers := []string{e.Addr()}
	_, err = streams.EnsureTopics(t.Context(), brokers)
	require.NoError(t, err)
	now := time.Now().UTC().Truncate(time.Second)
	publishDesk(t, brokers, now)
	secret := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(secret, []byte(strings.Repeat("s", 32)), 0o600))
	members := make([]*member, 2)
	for i := range members {
		members[i] = &member{settings: settings{listen: "127.0.0.1:0", data: t.TempDir(), brokers: brokers, secretFile: secret, days: 30,
			quoteFor: time.Hour, holdFor: time.Hour, seed: 1}}
		members[i].start(t)
	}

	const clients, each, changes = 4, 40, 5 // commands of each client at least, and epochs that begin among them
	var mu sync.Mutex
	var history []porcupine.Operation
	var led atomic.Int64
	stop := make(chan struct{})
	var leaders, work sync.WaitGroup
	leaders.Go(func() {
		r := rand.New(rand.NewPCG(3, 1))
		for n := 0; ; n++ {
			select {
			case <-stop:
				return
			case <-time.After(time.Duration(200+r.IntN(800)) * time.Millisecond):
			}
			m := members[r.IntN(2)]
			if n%2 == 0 {
				m.end(t)
				m.start(t)
			} else {
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				err := m.now().loop.Lead(ctx, m.now().name, m.now().advertise)
				cancel()
				if err != nil && !errors.Is(err, live.ErrNotLeading) {
					t.Errorf("an instance does not lead: %v", err)
					return
				}
			}
			if stand, err := members[0].now().loop.Stand(t.Context()); err == nil {
				led.Store(int64(stand.Head.Epoch))
			}
		}
	})
	for client := range clients {
		work.Go(func() {
			r := rand.New(rand.NewPCG(uint64(client), 5))
			var mine []string
			for i := 0; i < each || led.Load() <= changes && !t.Failed(); i++ {
				a := ask{kind: "hold", booking: fmt.Sprintf("B%d-%d", client, i), request: fmt.Sprint("R", r.IntN(4))}
				if len(mine) > 0 && r.IntN(3) > 0 {
					k := r.IntN(len(mine))
					a = ask{kind: []string{"confirm", "cancel", "cancel"}[r.IntN(3)], booking: mine[k]}
					if a.kind == "cancel" {
						mine = slices.Delete(mine, k, k+1)
					}
				}
				c := a.command(fmt.Sprintf("%d-%d", client, i), now)
				call := time.Now().UnixNano()
				answer := said("")
				for answer == "" && !t.Failed() {
					_, err := members[r.IntN(2)].now().decide(t.Context(), c)
					answer = answered(t, c, err)
				}
				back := time.Now().UnixNano()
				if answer == granted && a.kind == "hold" {
					mine = append(mine, a.booking)
				}
				mu.Lock()
				history = append(history, porcupine.Operation{ClientId: client, Input: a, Call: call, Output: answer, Return: back})
				mu.Unlock()
			}
		})
	}
	work.Wait()
	close(stop)
	leaders.Wait()
	for _, m := range members {
		m.end(t)
	}

	result, _ := porcupine.CheckOperationsVerbose(bookingModel, history, time.Minute)
	require.Equal(t, porcupine.Ok, result, "no order of the %d commands explains their answers", len(history))
	report, err := streams.VerifyLedger(t.Context(), brokers)
	require.NoError(t, err)
	require.Empty(t, report.Faults)
	refused := 0
	for _, o := range history {
		if o.Output.(said) != granted {
			refused++
		}
	}
	require.Positive(t, refused)
	require.Greater(t, report.Head.Epoch, uint64(changes))
	t.Logf("%d commands, %d refused; %d epochs, %d entries, %d passed over", len(history), refused, report.Head.Epoch, report.Entries, report.Passed)
}

// answered is what a client takes an error of decide for; nothing where it is to send the command again.
func answered(t *testing.T, c planner.Command, err error) said {
	switch {
	case err == nil:
		return granted
	case errors.Is(err, planner.ErrNoRoom):
		return noRoom
	case errors.Is(err, planner.ErrWrongStatus), errors.Is(err, planner.ErrNoBooking):
		return wrong
	case errors.Is(err, live.ErrNotLeading), errors.Is(err, live.ErrStopped), errors.Is(err, web.ErrNotReady),
		errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled), errors.Is(err, streams.ErrOutcomeUnknown):
		time.Sleep(10 * time.Millisecond)
		return ""
	}
	t.Errorf("%+v: %v", c, err)
	return said(err.Error())
}
