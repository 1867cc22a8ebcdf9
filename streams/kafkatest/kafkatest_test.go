package kafkatest

import (
	"net"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestStartRestartStop(t *testing.T) {
	b := Start(t)
	addr := b.Addr()
	b.Restart(t)
	require.Equal(t, addr, b.Addr())
	conn, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	require.NoError(t, conn.Close())
	require.NoError(t, b.Stop())
	require.NoDirExists(t, b.dir)
	_, err = net.Dial("tcp", addr)
	require.Error(t, err)
}

func TestNoJars(t *testing.T) {
	_, err := start(t.TempDir(), loopback(1), nil)
	require.ErrorContains(t, err, "there is no Kafka in")
}
