package streams

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"haihe/planner"
)

// madeLog is a log of an embedded broker with facts, a ledger and a watermark, closed in good order.
func madeLog(t *testing.T) (dir string, head planner.LedgerHead) {
	dir = t.TempDir()
	e, err := StartEmbedded(dir, "127.0.0.1:0")
	require.NoError(t, err)
	ensure(t, e.Addr())
	require.NoError(t, e.KeepState())
	mark, _, err := OpenMark(dir)
	require.NoError(t, err)
	p := NewProducer([]string{e.Addr()})
	for i := range 4 {
		require.NoError(t, p.Publish(t.Context(), requests(10*i, 10)...))
	}
	s := planner.NewState()
	for _, entry := range sampleEntries() {
		require.NoError(t, p.Publish(t.Context(), eventOf(entry, entry.Seq)))
		require.True(t, s.Apply(eventOf(entry, entry.Seq)))
		head = s.Chain().Head()
		require.NoError(t, mark.Write(head))
	}
	p.Close()
	require.NoError(t, mark.Close())
	require.NoError(t, e.Close())
	head.Leader = ""
	return dir, head
}

func filesIn(t *testing.T, dir string) []string {
	var names []string
	require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && d.Name() != "lock" {
			name, _ := filepath.Rel(dir, path)
			names = append(names, name)
		}
		return err
	}))
	return names
}

// positions are the first and last byte of a file, and some between.
func positions(size, n int) []int {
	list := []int{0, size - 1}
	for k := 1; k < n; k++ {
		list = append(list, k*size/n)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// flipped runs look with one bit of a file flipped.
func flipped(t *testing.T, path string, at int, look func()) {
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	b := slices.Clone(whole)
	b[at] ^= 1 << (at % 8)
	require.NoError(t, os.WriteFile(path, b, 0o644))
	look()
	require.NoError(t, os.WriteFile(path, whole, 0o644))
}

// TestOneFlippedByteIsFound: in every file of the log, at several places, after a stop in good order and after a crash.
func TestOneFlippedByteIsFound(t *testing.T) {
	dir, head := madeLog(t)
	tried := 0
	for _, name := range filesIn(t, dir) {
		info, err := os.Stat(filepath.Join(dir, name))
		require.NoError(t, err)
		if info.Size() == 0 {
			continue
		}
		for _, at := range positions(int(info.Size()), 12) {
			flipped(t, filepath.Join(dir, name), at, func() {
				_, err := StartEmbedded(dir, "127.0.0.1:0")
				require.ErrorIs(t, err, ErrLogDamaged, "%s, byte %d", name, at)
				require.ErrorContains(t, err, name)
			})
			tried++
		}
	}
	require.Greater(t, tried, 100)

	// After a crash there is no seal. What the broker only keeps for speed is thrown away then, and cannot mislead.
	require.NoError(t, os.Remove(filepath.Join(dir, sealFile)))
	faults, err := CheckLog(dir)
	require.NoError(t, err)
	require.Empty(t, faults)
	found := map[string]int{}
	for _, name := range filesIn(t, dir) {
		kind := filepath.Ext(name)
		switch base := filepath.Base(name); {
		case base == markFile:
			m, got, err := OpenMark(dir)
			require.NoError(t, err)
			require.Equal(t, head, got)
			require.NoError(t, m.Close())
			for _, at := range []int{0, 70, markSlot - 1, markSlot, 2*markSlot - 1} {
				flipped(t, filepath.Join(dir, name), at, func() {
					m, _, err := OpenMark(dir)
					require.ErrorIs(t, err, ErrMarkDamaged)
					require.NotNil(t, m, "the other slot is whole")
					require.NoError(t, m.Close())
				})
			}
			continue
		case base == "snapshot.json", base == "session_state.json", strings.HasSuffix(base, ".log"):
			continue
		case base == "meta.json", base == "topics.json", base == "broker_configs.json", base == stateFile, kind == segmentSuffix, kind == indexSuffix:
		default:
			if !strings.HasPrefix(base, "acls") && !strings.HasPrefix(base, "sasl") && !strings.HasPrefix(base, "quotas") && !strings.HasPrefix(base, "seq_windows") {
				t.Fatalf("a file that nothing is known of: %s", name)
			}
			continue // of features that nobody uses here
		}
		info, err := os.Stat(filepath.Join(dir, name))
		require.NoError(t, err)
		if info.Size() == 0 {
			continue
		}
		places := positions(int(info.Size()), 40)
		if kind == segmentSuffix { // every byte of the head of the first and of the last batch
			raw, err := os.ReadFile(filepath.Join(dir, name))
			require.NoError(t, err)
			batches, fault := scanSegment(raw, 0)
			require.Nil(t, fault)
			for _, b := range []batch{batches[0], batches[len(batches)-1]} {
				for i := range batchHead {
					places = append(places, b.at+i)
				}
			}
		}
		for _, at := range places {
			flipped(t, filepath.Join(dir, name), at, func() {
				faults, err := CheckLog(dir)
				require.NoError(t, err)
				require.NotEmpty(t, faults, "%s, byte %d", name, at)
				bare := func(file string) string { return strings.TrimSuffix(filepath.ToSlash(file), filepath.Ext(file)) }
				require.Equal(t, bare(name), bare(faults[0].File)) // a leader epoch stands in both of a segment's files
			})
			found[kind]++
		}
	}
	require.Greater(t, found[segmentSuffix], 200)
	require.Greater(t, found[indexSuffix], 20)
	require.Greater(t, found[".json"], 50)

	// With all that is thrown away damaged, the log is served as it was.
	for _, name := range filesIn(t, dir) {
		if base := filepath.Base(name); base == "snapshot.json" || base == "session_state.json" {
			require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(`{"version":1,"high_watermark":1}`), 0o644))
		}
	}
	e, err := StartEmbedded(dir, "127.0.0.1:0")
	require.NoError(t, err)
	c := consume(t, []string{e.Addr()}, nil, ConsumerOptions{})
	<-c.CaughtUp()
	got, _ := c.now()
	require.Len(t, got, 42)
	_ = c.stop()
	require.NoError(t, e.Close())
}

// TestACutLogIsNoTornWrite: a write that a crash cut short was never acknowledged. Bytes of earlier ones that are gone
// are another matter: the watermark tells.
func TestACutLogIsNoTornWrite(t *testing.T) {
	dir, head := madeLog(t)
	require.NoError(t, os.Remove(filepath.Join(dir, sealFile)))
	path := filepath.Join(dir, logDir, partitionsDir, TopicBookings+"-0", "0"+segmentSuffix)
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	batches, _ := scanSegment(whole, 0)
	require.Len(t, batches, 2)
	for _, size := range []int{len(whole) - 1, batches[1].at + 30, batches[1].at + 3, batches[1].at} {
		require.NoError(t, os.WriteFile(path, whole[:size], 0o644))
		e, err := StartEmbedded(dir, "127.0.0.1:0")
		require.NoError(t, err, "to all that the files tell, the last write was never acknowledged")
		s := planner.NewState()
		s.Chain().Expect(head)
		c := consume(t, []string{e.Addr()}, nil, ConsumerOptions{})
		<-c.CaughtUp()
		got, _ := c.now()
		_ = c.stop()
		for _, x := range got {
			s.Apply(x)
		}
		var cut *planner.CutLedger
		require.ErrorAs(t, s.Chain().Check(head), &cut)
		require.EqualValues(t, 1, cut.Found.Seq)
		require.ErrorContains(t, cut, "1 entries are missing")
		require.NoError(t, e.Close())
		require.NoError(t, os.Remove(filepath.Join(dir, sealFile)))
	}
}

func FuzzScanSegment(f *testing.F) {
	f.Add([]byte{}, int64(0))
	f.Add(make([]byte, 100), int64(7))
	f.Fuzz(func(t *testing.T, raw []byte, base int64) {
		batches, fault := scanSegment(raw, base)
		for _, b := range batches {
			if b.at < 0 || b.end > len(raw) || b.end-b.at < batchHead {
				t.Fatalf("a batch from %d to %d in %d bytes", b.at, b.end, len(raw))
			}
		}
		if fault == nil && len(raw) > 0 && (len(batches) == 0 || batches[len(batches)-1].end != len(raw)) {
			t.Fatal("no fault, and bytes left over")
		}
		scanIndex(raw, raw, batches)
	})
}
