package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"haihe/streams/kafkatest"
)

// BenchmarkLoadOnKafka has haihe bench load measure each part on three brokers that have seen nothing. HAIHE_LOAD_ARGS are
// more of its flags.
func BenchmarkLoadOnKafka(b *testing.B) {
	for _, part := range []string{"decisions", "facts", "sockets"} {
		b.Run(part, func(b *testing.B) {
			cluster := kafkatest.StartCluster(b)
			defer func() { require.NoError(b, cluster.Stop()) }()
			args := append([]string{"bench", "load", part, "--dir", filepath.Join(b.TempDir(), "bench"), "--brokers", strings.Join(cluster.Addrs(), ",")},
				strings.Fields(os.Getenv("HAIHE_LOAD_ARGS"))...)
			cmd := exec.Command(plain(), args...)
			cmd.Stderr = os.Stderr
			table, err := cmd.Output()
			require.NoError(b, err)
			b.Log("\n" + string(table))
		})
	}
}
