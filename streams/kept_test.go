package streams

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"
)

// failingDisk is a file system on a disk that can be made to fail: it lies in a sparse file, and whatever holds that is
// full. A write gets as far as memory, and it is syncing that fails.
type failingDisk struct {
	t                     *testing.T
	mount, image, ballast string
}

func newFailingDisk(t *testing.T) *failingDisk {
	if os.Getuid() != 0 {
		t.Skip("only root mounts disks")
	}
	holder := t.TempDir()
	if err := syscall.Mount("tmpfs", holder, "tmpfs", 0, "size=24m"); err != nil {
		t.Skipf("no disk can be mounted here: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(holder, syscall.MNT_DETACH) })
	d := &failingDisk{t: t, mount: t.TempDir(), image: filepath.Join(holder, "image"), ballast: filepath.Join(holder, "ballast")}
	f, err := os.Create(d.image)
	require.NoError(t, err)
	require.NoError(t, f.Truncate(256<<20))
	require.NoError(t, f.Close())
	// Without a journal: that would take the file system away with the first error, and so could not be overlooked.
	if out, err := exec.Command("mkfs.ext4", "-q", "-O", "^has_journal", "-b", "4096", d.image).CombinedOutput(); err != nil {
		t.Skipf("no file system can be made here: %v: %s", err, out)
	}
	if out, err := d.try(); err != nil {
		t.Skipf("no file can be mounted here: %v: %s", err, out)
	}
	t.Cleanup(func() { _ = syscall.Unmount(d.mount, syscall.MNT_DETACH) })
	return d
}

func (d *failingDisk) try() ([]byte, error) {
	return exec.Command("mount", "-o", "loop", d.image, d.mount).CombinedOutput()
}

func (d *failingDisk) fail() {
	f, err := os.Create(d.ballast)
	require.NoError(d.t, err)
	defer f.Close()
	block := make([]byte, 4096)
	for err == nil {
		_, err = f.Write(block)
	}
	require.ErrorIs(d.t, err, syscall.ENOSPC)
}

func (d *failingDisk) heal() { require.NoError(d.t, os.Remove(d.ballast)) }

// forget forgets all that is in memory and not on the disk.
func (d *failingDisk) forget() {
	require.NoError(d.t, syscall.Unmount(d.mount, 0))
	out, err := d.try()
	require.NoError(d.t, err, "%s", out)
}

// TestWhatTheDiskDoesNotKeepIsNotConfirmed: where syncing fails, the broker confirms all the same, and a reader is shown
// what is in memory alone. Nobody is told that it is kept, neither then nor once the disk works again; opened anew, the
// log is on the disk as far as it was confirmed.
func TestWhatTheDiskDoesNotKeepIsNotConfirmed(t *testing.T) {
	d := newFailingDisk(t)
	dir := filepath.Join(d.mount, "broker")
	e, err := StartEmbedded(dir, "127.0.0.1:0")
	require.NoError(t, err)
	ensure(t, e.Addr())
	p := NewProducer([]string{e.Addr()})
	require.NoError(t, p.Publish(t.Context(), requests(0, 100)...))
	confirmed := 100
	select {
	case <-e.Lost():
		t.Fatal("nothing is lost yet")
	default:
	}

	d.fail()
	for err = nil; err == nil; {
		require.Less(t, confirmed, 5000, "the disk does not fail")
		if err = p.Publish(t.Context(), requests(confirmed, 20)...); err == nil {
			confirmed += 20
		}
	}
	require.ErrorIs(t, err, ErrNotKept)
	require.ErrorIs(t, err, ErrOutcomeUnknown)
	<-e.Lost()
	d.heal()
	require.ErrorIs(t, p.Publish(t.Context(), requests(confirmed, 1)...), ErrNotKept, "what was lost before is lost still")
	require.ErrorIs(t, e.KeepLedger(), ErrNotKept)
	p.Close()
	require.ErrorIs(t, e.Close(), ErrNotKept)
	require.NoFileExists(t, filepath.Join(dir, sealFile), "nobody vouches for it")

	// Opened anew, what is in memory still is on the disk first.
	e, err = StartEmbedded(dir, "127.0.0.1:0")
	require.NoError(t, err)
	p = NewProducer([]string{e.Addr()})
	require.NoError(t, p.Publish(t.Context(), requests(confirmed, 50)...))
	confirmed += 50
	p.Close()
	require.NoError(t, e.Close())
	d.forget()
	e, err = StartEmbedded(dir, "127.0.0.1:0")
	require.NoError(t, err)
	c := consume(t, []string{e.Addr()}, nil, ConsumerOptions{})
	<-c.CaughtUp()
	got, _ := c.now()
	_ = c.stop()
	seen := ids(got)
	for id := range ids(requests(0, confirmed)) {
		require.Contains(t, seen, id)
	}
	require.NoError(t, e.Close())
}

// TestTheBrokerConfirmsWhatTheDiskDoesNotKeep is why the keeper is there: without it the test above fails. Once the
// broker looks at what syncing says, both may go.
func TestTheBrokerConfirmsWhatTheDiskDoesNotKeep(t *testing.T) {
	d := newFailingDisk(t)
	e, err := StartEmbedded(filepath.Join(d.mount, "broker"), "127.0.0.1:0")
	require.NoError(t, err)
	defer e.Close()
	ensure(t, e.Addr())
	transport := &kafka.Transport{}
	defer transport.CloseIdleConnections()
	w := &kafka.Writer{Addr: kafka.TCP(e.Addr()), Topic: TopicRequests, RequiredAcks: kafka.RequireAll, BatchSize: 1, MaxAttempts: 1, Transport: transport}
	defer w.Close()
	write := func(n int) error {
		return w.WriteMessages(context.Background(), kafka.Message{Value: []byte(strings.Repeat("x", n))})
	}
	require.NoError(t, write(10))
	d.fail()
	require.NoError(t, write(100_000), "confirmed, and on no disk")
	p := NewProducer([]string{e.Addr()})
	defer p.Close()
	require.ErrorIs(t, p.Publish(t.Context(), requests(0, 10)...), ErrNotKept, "who asks the disk is told")
	d.heal()
}

// TestKeeperFollowsTheSegments: new partitions, new segments and files made anew are kept too.
func TestKeeperFollowsTheSegments(t *testing.T) {
	dir := t.TempDir()
	folder := filepath.Join(dir, logDir, partitionsDir, "t-7")
	require.NoError(t, os.MkdirAll(folder, 0o755))
	at := partition{"t", 7}
	k, err := openKeeper(dir, true)
	require.NoError(t, err)
	write := func(base, first int64, n int) {
		f, err := os.OpenFile(filepath.Join(folder, fmt.Sprint(base, ".dat")), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
		require.NoError(t, err)
		for i := range n {
			_, err = f.Write(emptyBatch(first + int64(i)))
			require.NoError(t, err)
		}
		require.NoError(t, f.Close())
	}
	state := func() (base, synced int64, fresh bool) {
		f := k.at(at)
		return f.base, f.synced, f.fresh
	}
	var named []string // folders that were synced
	k.syncDir = func(dir string) error { named = append(named, dir); return syncDir(dir) }
	write(0, 0, 3)
	require.NoError(t, k.keep(at, 1))
	require.Equal(t, []string{folder, filepath.Dir(folder)}, named, "the partition and its first segment have names on the disk before anybody is told")
	base, synced, fresh := state()
	require.Equal(t, []any{int64(0), int64(3 * batchHead), false}, []any{base, synced, fresh})
	write(0, 3, 1)
	require.NoError(t, k.keep(at, -1))
	_, synced, _ = state()
	require.EqualValues(t, 4*batchHead, synced)

	require.Len(t, named, 2, "nothing new was made")
	write(4, 4, 2)
	write(6, 6, 1)
	require.NoError(t, k.keep(at, 5), "in a segment that the broker is through with")
	require.Equal(t, []string{folder, filepath.Dir(folder)}, named[2:])
	base, _, fresh = state()
	require.EqualValues(t, 6, base)
	require.True(t, fresh)
	require.NoError(t, k.keep(at, 6))
	_, _, fresh = state()
	require.False(t, fresh)

	require.NoError(t, os.Remove(filepath.Join(folder, "6.dat")))
	write(6, 6, 2)
	require.NoError(t, k.keep(at, 7))
	_, synced, _ = state()
	require.EqualValues(t, 2*batchHead, synced)
	require.NoError(t, k.keep(at, 99), "the file is not fresh: syncing it is enough")
	require.NoError(t, k.close())

	k, err = openKeeper(dir, false)
	require.NoError(t, err)
	base, synced, fresh = state()
	require.Equal(t, []any{int64(6), int64(2 * batchHead), false}, []any{base, synced, fresh})
	require.NoError(t, os.RemoveAll(folder))
	require.ErrorIs(t, k.keep(at, -1), ErrNotKept)
	require.ErrorIs(t, k.close(), ErrNotKept)
	<-k.lost
}

// TestFoldersAreKept: whatever has been made has its name on the disk before it is counted on: folders that were missing, what the
// broker makes for its topics, and the partition of a first record.
func TestFoldersAreKept(t *testing.T) {
	root := t.TempDir()
	var named []string
	record := func(dir string) error { named = append(named, dir); return syncDir(dir) }
	dir := filepath.Join(root, "data", "broker")
	require.NoError(t, makeDir(dir, record))
	require.Equal(t, []string{root, filepath.Dir(dir)}, named, "the outer first: the inner has no name without it")
	require.NoError(t, makeDir(dir, record))
	require.Len(t, named, 2, "all of it was there")
	file := filepath.Join(root, "file")
	require.NoError(t, os.WriteFile(file, nil, 0o644))
	require.Error(t, makeDir(file, record))
	require.Error(t, makeDir(filepath.Join(file, "in"), record))

	e, err := StartEmbedded(dir, "127.0.0.1:0")
	require.NoError(t, err)
	e.keeper.syncDir, named = record, nil
	_, err = EnsureTopics(t.Context(), []string{e.Addr()})
	require.NoError(t, err)
	require.NoError(t, e.KeepState())
	require.Subset(t, named, []string{dir, filepath.Join(dir, logDir)})
	named = nil
	p := NewProducer([]string{e.Addr()})
	defer p.Close()
	require.NoError(t, p.Publish(t.Context(), requests(0, 1)...))
	made, err := filepath.Glob(filepath.Join(dir, logDir, partitionsDir, TopicRequests+"-*"))
	require.NoError(t, err)
	require.Len(t, made, 1)
	require.Equal(t, []string{made[0], filepath.Dir(made[0])}, named)
	require.NoError(t, e.Close())

	// What a broker that was killed had made may have no name on the disk yet.
	k, err := openKeeper(dir, true)
	require.NoError(t, err)
	k.syncDir, named = record, nil
	require.NoError(t, k.keepFolders())
	require.Equal(t, []string{filepath.Dir(made[0]), filepath.Join(dir, logDir), dir}, named[len(named)-3:])
	require.Contains(t, named, made[0])
	require.NoError(t, k.close())
}

// emptyBatch is the head of a batch of one offset.
func emptyBatch(first int64) []byte {
	b := make([]byte, batchHead)
	b[7], b[11] = byte(first), batchHead-batchFrame
	return b
}
