package streams

import (
	"context"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// tarpit stands between clients and a broker. Frozen, it holds back what the connections it has say, as a broken
// router does: nothing arrives and nothing is closed. Connections made later work.
type tarpit struct {
	listener net.Listener
	to       string
	frozen   atomic.Int64 // connections up to this number say nothing more
	made     atomic.Int64
	wg       sync.WaitGroup
}

func newTarpit(t *testing.T, to string) *tarpit {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	p := &tarpit{listener: l, to: to}
	p.wg.Go(p.serve)
	t.Cleanup(func() {
		require.NoError(t, l.Close())
		p.wg.Wait()
	})
	return p
}

func (p *tarpit) freeze() { p.frozen.Store(p.made.Load()) }

// dial connects to the tarpit whatever broker is meant.
func (p *tarpit) dial(ctx context.Context, network, _ string) (net.Conn, error) {
	return new(net.Dialer).DialContext(ctx, network, p.listener.Addr().String())
}

func (p *tarpit) serve() {
	for {
		in, err := p.listener.Accept()
		if err != nil {
			return
		}
		out, err := net.Dial("tcp", p.to)
		if err != nil {
			in.Close()
			continue
		}
		number := p.made.Add(1)
		p.wg.Go(func() { p.pipe(number, out, in) })
		p.wg.Go(func() { p.pipe(number, in, out) })
	}
}

func (p *tarpit) pipe(number int64, to, from net.Conn) {
	defer to.Close()
	defer from.Close()
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		if err != nil {
			return
		}
		if number <= p.frozen.Load() {
			_, _ = io.Copy(io.Discard, from) // until the other side loses patience
			return
		}
		if _, err := to.Write(buf[:n]); err != nil {
			return
		}
	}
}

func TestStalledReaderIsMadeAnew(t *testing.T) {
	b := newEmbedded(t)
	pit := newTarpit(t, b.brokers[0])
	c := consume(t, b.brokers, nil, ConsumerOptions{StallAfter: 200 * time.Millisecond, dial: pit.dial})
	p := newTestProducer(t, b)
	require.NoError(t, p.Publish(t.Context(), requests(0, 10)...))
	c.awaitEvents(10)
	for round := range 3 {
		pit.freeze()
		require.NoError(t, p.Publish(t.Context(), requests(10*(round+1), 10)...))
		c.awaitEvents(10 * (round + 2))
	}
	got, _ := c.now()
	require.Equal(t, ids(requests(0, 40)), ids(got))
}
