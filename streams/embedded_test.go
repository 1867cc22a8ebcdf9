package streams

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// crashDirVariable makes the test binary a broker on that directory, to be killed.
const crashDirVariable = "HAIHE_TEST_BROKER_DIR"

func runBrokerToBeKilled(dir string) {
	e, err := StartEmbedded(dir, "127.0.0.1:0")
	if err == nil {
		_, err = EnsureTopics(context.Background(), []string{e.Addr()})
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(e.Addr())
	_, _ = bufio.NewReader(os.Stdin).ReadByte() // until killed, or until the test is gone
}

func TestKilledBrokerLosesNothingAcknowledged(t *testing.T) {
	dir := t.TempDir()
	var acknowledged int
	for round := range 5 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), crashDirVariable+"="+dir)
		cmd.Stderr = os.Stderr
		in, err := cmd.StdinPipe()
		require.NoError(t, err)
		out, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		addr, err := bufio.NewReader(out).ReadString('\n')
		require.NoError(t, err)
		brokers := []string{addr[:len(addr)-1]}

		c := consume(t, brokers, nil, ConsumerOptions{})
		<-c.CaughtUp()
		got, _ := c.now()
		_ = c.stop()
		seen := ids(got)
		for id := range ids(requests(0, acknowledged)) {
			require.Contains(t, seen, id, "round %d", round)
		}

		// Publish until the broker is killed in the middle of it.
		p := NewProducer(brokers)
		ctx, cancel := context.WithCancel(t.Context())
		for i := 0; ; i++ {
			if i == 20*(round+1) {
				go func() {
					_ = cmd.Process.Kill()
					cancel()
				}()
			}
			if err := p.Publish(ctx, requests(acknowledged, 3)...); err != nil {
				require.ErrorIs(t, err, ErrOutcomeUnknown)
				break
			}
			acknowledged += 3
		}
		cancel()
		p.Close()
		_ = cmd.Wait() // killed
		_ = in.Close()
	}
	require.Greater(t, acknowledged, 300)
}

func TestEmbeddedKeepsItsLogAndItsName(t *testing.T) {
	dir := t.TempDir()
	e, err := StartEmbedded(dir, "127.0.0.1:0")
	require.NoError(t, err)
	first := ensure(t, e.Addr())
	require.True(t, first.embedded())
	p := NewProducer([]string{e.Addr()})
	require.NoError(t, p.Publish(t.Context(), requests(0, 5)...))
	p.Close()
	require.NoError(t, e.Close())

	e, err = StartEmbedded(dir, "127.0.0.1:0")
	require.NoError(t, err)
	defer e.Close()
	require.Equal(t, first, ensure(t, e.Addr()))
	c := consume(t, []string{e.Addr()}, nil, ConsumerOptions{})
	<-c.CaughtUp()
	require.EqualValues(t, 5, c.Progress().Total)
	_ = c.stop()

	other, err := StartEmbedded(t.TempDir(), "127.0.0.1:0")
	require.NoError(t, err)
	defer other.Close()
	require.NotEqual(t, first.ID, ensure(t, other.Addr()).ID)
}

func TestEmbeddedSaysWhatIsInItsWay(t *testing.T) {
	dir := t.TempDir()
	e, err := StartEmbedded(dir, "127.0.0.1:0")
	require.NoError(t, err)
	defer e.Close()

	_, err = StartEmbedded(dir, "127.0.0.1:0")
	require.ErrorContains(t, err, dir+", is in use by another process")

	_, err = StartEmbedded(t.TempDir(), e.Addr())
	require.ErrorContains(t, err, "the port of "+e.Addr()+" is taken")

	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, err = StartEmbedded(file, "127.0.0.1:0")
	require.ErrorContains(t, err, "cannot be made")

	_, err = StartEmbedded(t.TempDir(), "0.0.0.0:0")
	require.ErrorContains(t, err, "loopback only")
	_, err = StartEmbedded(t.TempDir(), "nonsense")
	require.ErrorContains(t, err, "is not HOST:PORT")

	broken := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(broken, "log"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(broken, "log", "meta.json"), []byte("{"), 0o600))
	_, err = StartEmbedded(broken, "127.0.0.1:0")
	require.ErrorContains(t, err, "cannot be opened; put back a backup")

	// A start that failed leaves neither lock nor port behind.
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	again := t.TempDir()
	_, err = StartEmbedded(again, l.Addr().String())
	require.Error(t, err)
	require.NoError(t, l.Close())
	e2, err := StartEmbedded(again, l.Addr().String())
	require.NoError(t, err)
	require.NoError(t, e2.Close())
}
