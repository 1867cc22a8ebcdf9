package streams

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"haihe/planner"
)

var someOffsets = planner.Offsets{TopicRoutes + "/0": 12, TopicBookings + "/0": 0}

// sampleEvents are facts as a state keeps them: all but entries of the ledger.
func sampleEvents() []planner.Event {
	var events []planner.Event
	for i, f := range sampleFacts() {
		if _, ok := f.(*planner.LedgerEntry); !ok {
			events = append(events, eventOf(f, uint64(i+1)))
		}
	}
	return events
}

func cutOf(events []planner.Event) planner.Cut {
	return planner.Cut{Offsets: someOffsets, Events: events, Ledger: sampleLedger()}
}

// sampleLedger is a ledger with one booking.
func sampleLedger() planner.LedgerSnapshot {
	s := planner.NewState()
	for _, e := range sampleEntries() {
		s.Apply(eventOf(e, e.Seq))
	}
	return s.LedgerSnapshot()
}

func quiet() (*slog.Logger, *bytes.Buffer) {
	var b bytes.Buffer
	return slog.New(slog.NewTextHandler(&b, nil)), &b
}

func TestSnapshotRoundTrip(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "made", "by", "it")
	log, said := quiet()
	cut, err := LoadSnapshot(dir, log)
	require.NoError(t, err)
	require.Zero(t, cut)
	for i := range 5 {
		want := cutOf(sampleEvents()[i:])
		require.Len(t, want.Ledger.Bookings, 1)
		require.NoError(t, SaveSnapshot(dir, want))
		cut, err = LoadSnapshot(dir, log)
		require.NoError(t, err)
		require.Equal(t, want, cut)
	}
	require.NoError(t, SaveSnapshot(dir, planner.Cut{}))
	cut, err = LoadSnapshot(dir, log)
	require.NoError(t, err)
	require.NotNil(t, cut.Offsets) // a snapshot of nothing is not the lack of one
	require.Empty(t, cut.Offsets)
	require.Empty(t, cut.Events)
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 2)
	require.Empty(t, said.String())
}

func TestDamagedSnapshotFallsBack(t *testing.T) {
	dir := t.TempDir()
	older, newer := sampleEvents()[:3], sampleEvents()
	require.NoError(t, SaveSnapshot(dir, cutOf(older)))
	require.NoError(t, SaveSnapshot(dir, cutOf(newer)))
	path := snapshotPath(dir, 2)
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	rapid.Check(t, func(t *rapid.T) {
		b := bytes.Clone(whole)
		if rapid.Bool().Draw(t, "cut") {
			b = b[:rapid.IntRange(0, len(b)-1).Draw(t, "length")]
		} else {
			b[rapid.IntRange(0, len(b)-1).Draw(t, "at")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		}
		require.NoError(t, os.WriteFile(path, b, 0o644))
		log, said := quiet()
		cut, err := LoadSnapshot(dir, log)
		require.NoError(t, err)
		require.Equal(t, older, cut.Events)
		require.Contains(t, said.String(), "cannot be used")
		require.Contains(t, said.String(), filepath.Base(path))
	})
	require.NoError(t, os.WriteFile(snapshotPath(dir, 1), nil, 0o644))
	log, said := quiet()
	cut, err := LoadSnapshot(dir, log)
	require.NoError(t, err)
	require.Zero(t, cut)
	require.Equal(t, 2, bytes.Count(said.Bytes(), []byte("cannot be used")))
}

func TestSnapshotThatCannotBeWrittenLeavesTheOld(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, SaveSnapshot(dir, cutOf(sampleEvents())))
	bad := eventOf(&planner.OccupancyReported{Warehouse: "W", FreeM3: planner.PerDay{math.NaN()}}, 1)
	require.ErrorContains(t, SaveSnapshot(dir, cutOf([]planner.Event{bad})), "saving a snapshot in "+dir)
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 1)

	// What a crash left behind is no snapshot, and goes with the next.
	require.NoError(t, os.WriteFile(filepath.Join(dir, "unfinished-1"), []byte("x"), 0o644))
	cut, err := LoadSnapshot(dir, nil)
	require.NoError(t, err)
	require.Len(t, cut.Events, len(sampleEvents()))
	require.NoError(t, SaveSnapshot(dir, cutOf(nil)))
	require.NoFileExists(t, filepath.Join(dir, "unfinished-1"))
}

func FuzzReadSnapshot(f *testing.F) {
	var b bytes.Buffer
	if err := writeSnapshot(&b, cutOf(sampleEvents())); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		// Whoever damages a snapshot rarely mends its checksum; the fuzzer does, to get behind it.
		for _, snapshot := range [][]byte{b, withChecksum(b)} {
			cut, err := readSnapshot(snapshot)
			if err != nil {
				continue
			}
			var again bytes.Buffer
			if err := writeSnapshot(&again, cut); err != nil {
				t.Fatalf("read, but cannot be written: %v", err)
			}
			if _, err := readSnapshot(again.Bytes()); err != nil {
				t.Fatalf("written, but cannot be read: %v", err)
			}
		}
	})
}

func withChecksum(b []byte) []byte {
	body := append(bytes.TrimRight(b, "\n"), '\n')
	sum := sha256.Sum256(body)
	return append(body, hex.EncodeToString(sum[:])+"\n"...)
}
