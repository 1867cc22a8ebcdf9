package streams

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"haihe/planner"
)

// Lost is a piece of the log that could not be kept. A file of them says, a line each, what is gone.
type Lost struct {
	File  string `json:"file"`
	At    int64  `json:"at"` // byte
	Why   string `json:"why"`
	Bytes string `json:"bytes"` // in base64
}

// Recovered says what became of a damaged log.
type Recovered struct {
	Kept, Lost int    // record batches; Lost counts pieces, of which a whole batch is one
	Report     string // file with what was lost; empty where nothing was
	Head       planner.LedgerHead
}

// Recover makes of a damaged log of an embedded broker, that nobody has open, one that is whole: of each topic all
// record batches that are whole, in their order; of the ledger those before its first break, for what hangs on nothing
// decides nothing. What is lost goes to a file in the same folder. Snapshots of the old log are void then, as offsets
// move up where something is gone.
func Recover(dir string, now time.Time) (Recovered, error) {
	var r Recovered
	lock, err := lockDir(dir)
	if err != nil {
		return r, err
	}
	defer lock.Close()
	restored, err := restoreState(dir)
	if err != nil {
		return r, err
	}
	lost := restored
	list, err := segments(dir)
	if err != nil {
		return r, err
	}
	var chain planner.Chain
	next, ended := int64(0), false // of the partition
	for i, s := range list {
		first := i == 0 || filepath.Dir(list[i-1].file) != filepath.Dir(s.file)
		if first {
			next, ended = s.base, false
		}
		ledger := strings.Contains(s.file, TopicBookings+"-")
		raw, err := os.ReadFile(filepath.Join(dir, s.file))
		if err != nil {
			return r, fmt.Errorf("streams: reading the log: %w", err)
		}
		var out []byte
		base := next
		gone := func(at, end int, why string) {
			lost = append(lost, Lost{filepath.ToSlash(s.file), int64(at), why, base64.StdEncoding.EncodeToString(raw[at:end])})
		}
		for at := 0; at < len(raw); {
			end, why := pieceAt(raw, at, next)
			if why == "" && ledger {
				if why = chainBatch(&chain, raw[at:end]); why != "" {
					ended = true
				}
			}
			if why == "" && ended {
				why = "it stands behind a break of the ledger"
			}
			if why != "" {
				gone(at, end, why)
				ended = ended || ledger
				at = end
				continue
			}
			b := append([]byte(nil), raw[at:end]...)
			binary.BigEndian.PutUint64(b, uint64(next)) // no checksum is over it
			next += int64(int32(binary.BigEndian.Uint32(b[23:]))) + 1
			out = append(out, b...)
			r.Kept++
			at = end
		}
		if err := replaceSegment(dir, s, base, out); err != nil {
			return r, err
		}
	}
	r.Lost, r.Head = len(lost), chain.Head()
	if len(lost) > 0 {
		if r.Report, err = writeLost(dir, lost, now); err != nil {
			return r, err
		}
	}
	return r, sealRecovered(dir, r.Head)
}

// pieceAt returns where the batch at a place ends, or the piece that cannot be read, and why it cannot.
func pieceAt(raw []byte, at int, next int64) (end int, why string) {
	rest := raw[at:]
	if len(rest) >= batchHead {
		if n := int(binary.BigEndian.Uint32(rest[8:])) + batchFrame; n >= batchHead && n <= len(rest) && wholeBatch(rest[:n]) && rest[16] == 2 {
			return at + n, ""
		}
	}
	// The next place where a whole batch begins ends the piece.
	for k := 1; k+batchHead <= len(rest); k++ {
		n := int(binary.BigEndian.Uint32(rest[k+8:])) + batchFrame
		if rest[k+16] == 2 && n >= batchHead && k+n <= len(rest) && wholeBatch(rest[k:k+n]) {
			return at + k, "it is damaged"
		}
	}
	return len(raw), "it is damaged"
}

// chainBatch takes the entries of a batch of the ledger into the chain, and says why it cannot.
func chainBatch(c *planner.Chain, b []byte) string {
	messages, err := batchMessages(b)
	if err != nil {
		return err.Error()
	}
	trial := c.Clone()
	for _, m := range messages {
		e, err := Decode(m)
		if err != nil {
			continue // a dead letter: it never counted
		}
		if entry, ok := e.Fact.(*planner.LedgerEntry); ok && trial.Take(entry) == planner.Break {
			return trial.Broken.Error()
		}
	}
	*c = *trial
	return ""
}

// replaceSegment writes what is left of a segment, under the offset that it now begins with.
func replaceSegment(dir string, s segment, base int64, out []byte) error {
	path := filepath.Join(dir, s.file)
	index := strings.TrimSuffix(path, segmentSuffix) + indexSuffix
	folder := filepath.Dir(path)
	temp := path + ".tmp"
	f, err := os.Create(temp)
	if err != nil {
		return fmt.Errorf("streams: recovering the log: %w", err)
	}
	_, err = f.Write(out)
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("streams: recovering the log: %w", err)
	}
	var errs []error
	for _, old := range []string{path, index, filepath.Join(folder, "snapshot.json")} {
		if err := os.Remove(old); err != nil && !errors.Is(err, os.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	if len(out) == 0 {
		errs = append(errs, os.Remove(temp))
	} else {
		errs = append(errs, os.Rename(temp, filepath.Join(folder, fmt.Sprint(base)+segmentSuffix)))
	}
	errs = append(errs, syncDir(folder))
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("streams: recovering the log: %w", err)
	}
	return nil
}

// restoreState puts back the small files that differ from their copies.
func restoreState(dir string) ([]Lost, error) {
	faults, err := checkState(dir)
	if err != nil || len(faults) == 0 {
		return nil, err
	}
	var copies map[string]string
	if err := readSealed(dir, stateFile, &copies); err != nil {
		// The copies are what is damaged: the files themselves are the better ones.
		return []Lost{{File: stateFile, Why: err.Error()}}, nil
	}
	var lost []Lost
	for _, f := range faults {
		path := filepath.Join(dir, f.File)
		b, err := os.ReadFile(path)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("streams: recovering the log: %w", err)
		}
		lost = append(lost, Lost{filepath.ToSlash(f.File), f.At, f.What, base64.StdEncoding.EncodeToString(b)})
		if err := os.WriteFile(path, []byte(copies[filepath.Base(f.File)]), 0o644); err != nil {
			return nil, fmt.Errorf("streams: recovering the log: %w", err)
		}
	}
	return lost, nil
}

func writeLost(dir string, lost []Lost, now time.Time) (string, error) {
	path := filepath.Join(dir, "lost-"+now.UTC().Format("20060102T150405Z")+".jsonl")
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return "", fmt.Errorf("streams: writing what is lost: %w", err)
	}
	for _, l := range lost {
		line, merr := json.Marshal(l)
		_, werr := f.Write(append(line, '\n'))
		err = errors.Join(err, merr, werr)
	}
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return "", fmt.Errorf("streams: writing what is lost: %w", err)
	}
	return path, nil
}

// sealRecovered sets the watermark to what the ledger now holds, and seals the log.
func sealRecovered(dir string, head planner.LedgerHead) error {
	if err := os.Remove(filepath.Join(dir, markFile)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("streams: the watermark: %w", err)
	}
	mark, _, err := OpenMark(dir)
	if err != nil {
		return err
	}
	if head.Seq > 0 {
		err = mark.Write(head)
	}
	if err := errors.Join(err, mark.Close()); err != nil {
		return err
	}
	if err := os.Remove(filepath.Join(dir, logDir, "session_state.json")); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("streams: recovering the log: %w", err)
	}
	return seal(dir)
}
