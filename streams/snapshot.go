package streams

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"

	"haihe/planner"
)

// SnapshotVersion is the format of a snapshot: a line with a snapshotHead, a line with the ledger, a line for each
// event, as a CloudEvent in JSON, and a line with the SHA-256 of all before it.
const SnapshotVersion = "haihe.snapshot/2"

const (
	snapshotPrefix = "snapshot-"
	snapshotSuffix = ".jsonl"
	keepSnapshots  = 2
)

type snapshotHead struct {
	Version string          `json:"version"`
	Offsets planner.Offsets `json:"offsets"`
	Events  int             `json:"events"`
}

// SaveSnapshot writes a snapshot to a directory, made if it is missing: what stands for the log before the offsets. It is on the disk, whole, when SaveSnapshot returns; a crash leaves the earlier ones untouched. The
// last two are kept. A snapshot is a cache: without it the log is read from its beginning.
//
// Offsets mean something in one log only, so give each log (Log.ID) a directory of its own.
func SaveSnapshot(dir string, cut planner.Cut) error {
	if err := saveSnapshot(dir, cut); err != nil {
		return fmt.Errorf("streams: saving a snapshot in %s: %w", dir, err)
	}
	return nil
}

func saveSnapshot(dir string, cut planner.Cut) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	numbers, err := snapshotNumbers(dir)
	if err != nil {
		return err
	}
	next := uint64(1)
	if len(numbers) > 0 {
		next = numbers[0] + 1
	}
	temp, err := os.CreateTemp(dir, "unfinished-*")
	if err != nil {
		return err
	}
	defer os.Remove(temp.Name()) // gone already if all went well
	err = writeSnapshot(temp, cut)
	if err == nil {
		err = temp.Sync()
	}
	if err := errors.Join(err, temp.Close()); err != nil {
		return err
	}
	if err := os.Rename(temp.Name(), snapshotPath(dir, next)); err != nil {
		return err
	}
	if err := syncDir(dir); err != nil {
		return err
	}
	for i, n := range numbers {
		if i >= keepSnapshots-1 {
			if err := os.Remove(snapshotPath(dir, n)); err != nil {
				return err
			}
		}
	}
	return removeUnfinished(dir)
}

func writeSnapshot(w io.Writer, cut planner.Cut) error {
	sum := sha256.New()
	buffered := bufio.NewWriterSize(w, 1<<20)
	out := io.MultiWriter(buffered, sum)
	if cut.Ledger.Format == "" {
		cut.Ledger = planner.NewState().LedgerSnapshot()
	}
	for _, x := range []any{snapshotHead{SnapshotVersion, cut.Offsets, len(cut.Events)}, cut.Ledger} {
		line, err := json.Marshal(x, json.Deterministic(true))
		if err != nil {
			return err
		}
		if _, err := out.Write(append(line, '\n')); err != nil {
			return err
		}
	}
	for _, e := range cut.Events {
		line, err := encodeStructured(e)
		if err != nil {
			return fmt.Errorf("event %s: %w", quote(e.ID), err)
		}
		if _, err := out.Write(append(line, '\n')); err != nil {
			return err
		}
	}
	if _, err := fmt.Fprintf(buffered, "%x\n", sum.Sum(nil)); err != nil {
		return err
	}
	return buffered.Flush()
}

// LoadSnapshot returns the latest snapshot in a directory that is whole, or nothing, with nil Offsets, if there is
// none. What is damaged is passed over with a warning to the logger, slog.Default() if nil.
func LoadSnapshot(dir string, logger *slog.Logger) (planner.Cut, error) {
	if logger == nil {
		logger = slog.Default()
	}
	numbers, err := snapshotNumbers(dir)
	if errors.Is(err, os.ErrNotExist) {
		return planner.Cut{}, nil
	}
	if err != nil {
		return planner.Cut{}, fmt.Errorf("streams: looking for snapshots in %s: %w", dir, err)
	}
	for _, n := range numbers {
		path := snapshotPath(dir, n)
		b, err := os.ReadFile(path)
		if err == nil {
			var cut planner.Cut
			if cut, err = readSnapshot(b); err == nil {
				return cut, nil
			}
		}
		logger.Warn("a snapshot cannot be used and is passed over; more of the log will be read instead", "file", path, "error", err)
	}
	return planner.Cut{}, nil
}

// readSnapshot reads a snapshot; any byte that is not as it was written is an error.
func readSnapshot(b []byte) (planner.Cut, error) {
	var none planner.Cut
	body, ok := bytes.CutSuffix(b, []byte("\n"))
	if !ok {
		return none, errors.New("it is cut off")
	}
	at := bytes.LastIndexByte(body, '\n') + 1
	sum := sha256.Sum256(body[:at])
	if string(body[at:]) != hex.EncodeToString(sum[:]) {
		return none, errors.New("its checksum does not fit: it is cut off or damaged")
	}
	lines := bytes.Split(bytes.TrimSuffix(body[:at], []byte("\n")), []byte("\n"))
	var head snapshotHead
	if err := json.Unmarshal(lines[0], &head); err != nil {
		return none, fmt.Errorf("line 1: %w", jsonError(err))
	}
	if head.Version != SnapshotVersion {
		return none, fmt.Errorf("its version is %s, want %s", quote(head.Version), SnapshotVersion)
	}
	if head.Events != len(lines)-2 {
		return none, fmt.Errorf("it says it has %d events and has %d", head.Events, len(lines)-2)
	}
	for name, offset := range head.Offsets {
		if offset < 0 {
			return none, fmt.Errorf("line 1: the offset of %s is %d", quote(name), offset)
		}
	}
	cut := planner.Cut{Offsets: head.Offsets, Events: make([]planner.Event, 0, head.Events)}
	if cut.Offsets == nil {
		cut.Offsets = planner.Offsets{}
	}
	if err := json.Unmarshal(lines[1], &cut.Ledger); err != nil {
		return none, fmt.Errorf("line 2: %w", jsonError(err))
	}
	if err := cut.Ledger.Validate(); err != nil {
		return none, fmt.Errorf("line 2: %w", err)
	}
	for i, line := range lines[2:] {
		e, err := decodeStructured(line)
		if err != nil {
			return none, fmt.Errorf("line %d: %w", i+3, err)
		}
		cut.Events = append(cut.Events, e)
	}
	return cut, nil
}

func snapshotPath(dir string, number uint64) string {
	return filepath.Join(dir, fmt.Sprintf("%s%012d%s", snapshotPrefix, number, snapshotSuffix))
}

// snapshotNumbers lists the snapshots in a directory, the latest first.
func snapshotNumbers(dir string) ([]uint64, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var numbers []uint64
	for _, e := range entries {
		name, isOne := strings.CutPrefix(e.Name(), snapshotPrefix)
		name, isOther := strings.CutSuffix(name, snapshotSuffix)
		if n, err := strconv.ParseUint(name, 10, 64); isOne && isOther && err == nil && e.Name() == filepath.Base(snapshotPath(dir, n)) {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	slices.Reverse(numbers)
	return numbers, nil
}

// removeUnfinished removes what a crash left of a snapshot.
func removeUnfinished(dir string) error {
	left, err := filepath.Glob(filepath.Join(dir, "unfinished-*"))
	if err != nil {
		return err
	}
	for _, path := range left {
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

// syncDir makes the names in a directory durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
