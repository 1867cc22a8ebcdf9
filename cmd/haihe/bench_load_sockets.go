package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/gorilla/websocket"
	"github.com/spf13/cobra"

	"haihe/planner"
	"haihe/streams"
	"haihe/web"
)

// sentMark stands in what is sent before the time at which it was, in ns since 1970; behind it stands a semicolon.
const sentMark = "sent "

func sentNow() string { return sentMark + strconv.FormatInt(time.Now().UnixNano(), 10) + ";" }

// sentAgo adds to a list how long ago, in ms, each of the changes in a frame was sent.
func sentAgo(list []float64, frame []byte) []float64 {
	for {
		_, after, ok := bytes.Cut(frame, []byte(sentMark))
		if !ok {
			return list
		}
		digits, rest, _ := bytes.Cut(after, []byte(";"))
		if ns, err := strconv.ParseInt(string(digits), 10, 64); err == nil {
			list = append(list, time.Since(time.Unix(0, ns)).Seconds()*1000)
		}
		frame = rest
	}
}

// frames are buffers that clients read into.
var frames = sync.Pool{New: func() any { return &bytes.Buffer{} }}

// audience is a crowd of websocket clients.
type audience struct {
	conns   []*websocket.Conn
	took    [][]float64 // ms from sending to arrival of each change, by client
	frames  atomic.Int64
	lost    atomic.Int64
	closing atomic.Bool
	wg      sync.WaitGroup
	frame   atomic.Int64 // bytes of the last frame
}

// gather connects clients, a few at a time, and has each read.
func gather(ctx context.Context, address, token string, n int) (*audience, error) {
	a := &audience{conns: make([]*websocket.Conn, n), took: make([][]float64, n)}
	header := http.Header{}
	if token != "" {
		header.Set("Authorization", "Bearer "+token)
	}
	dialer := &websocket.Dialer{HandshakeTimeout: time.Minute, ReadBufferSize: 2048, WriteBufferSize: 256, WriteBufferPool: &sync.Pool{}}
	var mu sync.Mutex
	var failed error
	places := make(chan struct{}, 32)
	var dialing sync.WaitGroup
	for i := range n {
		places <- struct{}{}
		dialing.Go(func() {
			defer func() { <-places }()
			conn, answer, err := dialer.DialContext(ctx, address, header)
			if answer != nil && answer.Body != nil {
				answer.Body.Close()
			}
			if err != nil {
				mu.Lock()
				failed = err
				mu.Unlock()
				return
			}
			a.conns[i] = conn
			a.wg.Go(func() { a.listen(i) })
		})
	}
	dialing.Wait()
	if failed != nil {
		a.leave()
		return nil, fmt.Errorf("connecting %d websockets: %w", n, failed)
	}
	return a, nil
}

func (a *audience) listen(i int) {
	for {
		_, r, err := a.conns[i].NextReader()
		if err == nil {
			frame := frames.Get().(*bytes.Buffer)
			frame.Reset()
			if _, err = frame.ReadFrom(r); err == nil {
				told := len(a.took[i])
				if a.took[i] = sentAgo(a.took[i], frame.Bytes()); len(a.took[i]) > told {
					a.frame.Store(int64(frame.Len()))
				}
				a.frames.Add(1)
			}
			frames.Put(frame)
			if err == nil {
				continue
			}
		}
		if !a.closing.Load() {
			a.lost.Add(1)
		}
		return
	}
}

// leave closes all, and waits until nobody reads any more.
func (a *audience) leave() {
	a.closing.Store(true)
	for _, c := range a.conns {
		if c != nil {
			c.Close()
		}
	}
	a.wg.Wait()
}

// line says what the audience saw.
func (a *audience) line(what string, lasted time.Duration, kib float64, worked effort, bar string) (loadLine, error) {
	all := slices.Concat(a.took...)
	if len(all) == 0 {
		return loadLine{}, fmt.Errorf("%s: no client was told anything", what)
	}
	slices.Sort(all)
	n := float64(len(a.conns))
	return loadLine{what, fmt.Sprintf("%.1f changes/s each, in %.1f frames/s; p50 %.0f, p99 %.0f, p99.9 %.0f ms; %d lost; %.1f KiB a client; %.1f CPU µs a frame here, %.1f at the clients; %s",
		float64(len(all))/n/lasted.Seconds(), float64(a.frames.Load())/n/lasted.Seconds(), at(all, .5), at(all, .99), at(all, .999), a.lost.Load(), kib/n,
		worked.service.Seconds()*1e6/float64(a.frames.Load()), worked.load.Seconds()*1e6/float64(a.frames.Load()), worked.shares(lasted)), bar}, nil
}

// websockets has every client told of every change. A change is a delay of a departure, written to its topic like a
// carrier's; the time runs from before that.
func (b *loadBench) websockets(ctx context.Context, s *loaded) ([]loadLine, error) {
	if err := b.network(ctx, s, false); err != nil {
		return nil, err
	}
	token, err := s.token(web.Commission, string(web.Commission))
	if err != nil {
		return nil, err
	}
	if err := s.level(ctx, token); err != nil {
		return nil, err
	}
	time.Sleep(2 * time.Second) // what the start took is given back by then
	memory := rss(s.cmd.Process.Pid)
	a, err := gather(ctx, "ws"+strings.TrimPrefix(s.base, "http")+"/api/live", token, b.sockets)
	if err != nil {
		return nil, err
	}
	defer a.leave()
	p := streams.NewProducer(s.brokers)
	defer p.Close()
	profiled := b.profiled(ctx, s, "sockets")
	a.frames.Store(0) // those of the beginning
	before, serial := s.effort(), uint64(1)
	lasted, err := tick(ctx, b.lasting, b.changes, func() error {
		serial++
		return p.Publish(ctx, planner.Event{ID: fmt.Sprint("tick-", serial), Source: "/bench", Sequence: serial, Time: time.Now().UTC(), Fact: &planner.DepartureDelayed{
			Departure: loadDeparture(int(serial) % loadDepartures), Mode: planner.ModeRail, DelayHours: float64(serial%20) / 10, Reason: sentNow()}})
	})
	if err != nil {
		return nil, err
	}
	time.Sleep(2 * time.Second) // what is on its way arrives
	profiled()
	worked, kib := s.effort().since(before), rss(s.cmd.Process.Pid)-memory
	a.leave()
	size := int(a.frame.Load())
	line, err := a.line(fmt.Sprintf("%d websocket clients of the service, frames of %d bytes", b.sockets, size), lasted, kib, worked, fmt.Sprintf("%d/s, p99 500 ms, 30 KiB", b.changes))
	if err != nil {
		return nil, err
	}
	s.stop()
	peer, err := b.bareHub(ctx, size)
	return []loadLine{line, peer}, err
}

// tick does something so many times a second, and returns how long it did.
func tick(ctx context.Context, lasting time.Duration, rate int, do func() error) (time.Duration, error) {
	begun := time.Now()
	t := time.NewTicker(time.Second / time.Duration(rate))
	defer t.Stop()
	for time.Since(begun) < lasting {
		if err := do(); err != nil {
			return 0, err
		}
		select {
		case <-t.C:
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
	return time.Since(begun), nil
}

// bareHub measures the peer: gorilla's websockets with nothing behind them.
func (b *loadBench) bareHub(ctx context.Context, size int) (loadLine, error) {
	self, err := os.Executable()
	if err != nil {
		return loadLine{}, err
	}
	cmd := exec.CommandContext(ctx, self, "bench", "load", "run-hub", "--bytes", strconv.Itoa(size), "--changes", strconv.Itoa(b.changes))
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	cmd.Stderr = b.errOut
	said, err := cmd.StdoutPipe()
	if err != nil {
		return loadLine{}, err
	}
	begin, err := cmd.StdinPipe()
	if err != nil {
		return loadLine{}, err
	}
	if err := cmd.Start(); err != nil {
		return loadLine{}, err
	}
	defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
	var address string
	if _, err := fmt.Fscanln(said, &address); err != nil {
		return loadLine{}, err
	}
	memory := rss(cmd.Process.Pid)
	a, err := gather(ctx, "ws://"+address, "", b.sockets)
	if err != nil {
		return loadLine{}, err
	}
	defer a.leave()
	hub := &loaded{cmd: cmd}
	begun, before := time.Now(), hub.effort()
	fmt.Fprintln(begin) // go
	select {
	case <-time.After(b.lasting):
	case <-ctx.Done():
		return loadLine{}, ctx.Err()
	}
	lasted := time.Since(begun)
	worked, kib := hub.effort().since(before), rss(cmd.Process.Pid)-memory
	a.leave()
	return a.line(fmt.Sprintf("%d clients of a bare gorilla hub, frames of %d bytes", b.sockets, size), lasted, kib, worked, "peer")
}

// bareHubCommand is the peer's process. It tells its address, waits for a line, and sends every client a frame so many times a second.
func bareHubCommand() *cobra.Command {
	var size, changes int
	cmd := &cobra.Command{Use: "run-hub", Hidden: true, Args: exactArgs(), RunE: func(cmd *cobra.Command, _ []string) error {
		var mu sync.Mutex
		clients := map[chan *websocket.PreparedMessage]bool{}
		upgrader := websocket.Upgrader{WriteBufferPool: &sync.Pool{}, ReadBufferSize: 512, CheckOrigin: func(*http.Request) bool { return true }}
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		server := &http.Server{ReadHeaderTimeout: 10 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			conn, err := upgrader.Upgrade(w, r, nil)
			if err != nil {
				return
			}
			queue := make(chan *websocket.PreparedMessage, 256)
			mu.Lock()
			clients[queue] = true
			mu.Unlock()
			go func() {
				for m := range queue {
					if conn.WritePreparedMessage(m) != nil {
						return
					}
				}
			}()
			for {
				if _, _, err := conn.NextReader(); err != nil {
					break
				}
			}
			mu.Lock()
			delete(clients, queue)
			close(queue)
			mu.Unlock()
			conn.Close()
		})}
		go func() { _ = server.Serve(l) }()
		defer server.Close()
		fmt.Fprintln(cmd.OutOrStdout(), l.Addr())
		var line string
		_, _ = fmt.Fscanln(cmd.InOrStdin(), &line)
		_, err = tick(cmd.Context(), time.Hour, changes, func() error {
			head := sentNow()
			m, err := websocket.NewPreparedMessage(websocket.TextMessage, []byte(head+strings.Repeat("x", max(0, size-len(head)))))
			if err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			for c := range clients {
				select {
				case c <- m:
				default:
				}
			}
			return nil
		})
		return err
	}}
	cmd.Flags().IntVar(&size, "bytes", 300, "")
	cmd.Flags().IntVar(&changes, "changes", 10, "")
	return cmd
}
