package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestAFullDisk runs a service on a disk of its own that fills up: what was acknowledged is there, what is not says so, and
// the service takes commands again once there is room, without a restart and after one.
func TestAFullDisk(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root may mount a disk of a given size")
	}
	disk := t.TempDir()
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=48m"); err != nil {
		t.Skipf("no disk can be mounted here: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(disk, syscall.MNT_DETACH) })
	data := filepath.Join(disk, "data")
	s := serve(t, plain(), data, "--sample", "--feed-speed", "0.01").ready()
	serial := 0
	submit := func() (id string, code int) {
		serial++
		code, body := s.keyed("exporter", http.MethodPost, "/api/requests", fmt.Sprint("key-", serial), map[string]any{"origin": "CNTXG", "market": "US",
			"class": "general", "volume_m3": 3, "weight_kg": 10, "ready": "2027-01-01T00:00:00Z", "due": "2027-03-01T00:00:00Z", "storage_days": 5, "value": 1000})
		var made struct {
			ID string `json:"id"`
		}
		if code < 300 {
			require.NoError(t, json.Unmarshal(body, &made))
		}
		return made.ID, code
	}
	acknowledged := []string{}
	for range 5 {
		id, code := submit()
		require.Less(t, code, 300)
		acknowledged = append(acknowledged, id)
	}

	ballast := filepath.Join(disk, "ballast")
	fill(t, ballast)
	refused := false
	for range 200 { // the last blocks of the log's files may have room yet
		id, code := submit()
		if code >= 300 {
			require.Equal(t, http.StatusServiceUnavailable, code)
			refused = true
			break
		}
		acknowledged = append(acknowledged, id)
	}
	require.True(t, refused, "a full disk is told")
	require.Contains(t, s.stderr.String(), "no space left on device")
	code, _ := s.call("operator", http.MethodGet, "/api/plan", nil)
	require.Equal(t, http.StatusOK, code, "what is known is still shown")

	require.NoError(t, os.Remove(ballast))
	require.Eventually(t, func() bool {
		id, code := submit()
		if code < 300 {
			acknowledged = append(acknowledged, id)
		}
		return code < 300
	}, wait, 1e9, "it goes on by itself:\n%s", s.stderr)

	s.kill()
	s = serve(t, plain(), data, "--sample", "--feed-speed", "0.01").ready()
	for _, id := range acknowledged {
		code, body := s.call("exporter", http.MethodGet, "/api/requests/"+id, nil)
		require.Equal(t, http.StatusOK, code, "%s was acknowledged: %s", id, body)
	}
	_, code = submit()
	require.Less(t, code, 300)
	s.stop()
	haihe(t, nil, "ledger", "verify", "--data", data)
}

// fill writes a file until the disk is full.
func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	require.NoError(t, err)
	defer f.Close()
	for _, size := range []int{1 << 20, 4096, 1} {
		block := make([]byte, size)
		for err = nil; err == nil; {
			_, err = f.Write(block)
		}
		require.ErrorIs(t, err, syscall.ENOSPC)
	}
}
