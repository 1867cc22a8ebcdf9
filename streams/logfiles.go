package streams

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
)

// ErrLogDamaged means that files of the embedded broker's log are not as they were written. kfake itself would drop what
// follows the first damaged byte, with one line of warning, and serve the rest.
var ErrLogDamaged = errors.New("the log of the embedded broker is damaged")

// LogFault is one thing that is wrong with a file of the log.
type LogFault struct {
	File string // within the folder of the broker
	At   int64  // byte
	What string
}

func (f LogFault) String() string { return fmt.Sprintf("%s, byte %d: %s", f.File, f.At, f.What) }

// damaged makes an error of faults, nil of none.
func damaged(faults []LogFault) error {
	if len(faults) == 0 {
		return nil
	}
	const shown = 5
	var lines []string
	for i, f := range faults {
		if i == shown {
			lines = append(lines, fmt.Sprintf("and %d more", len(faults)-shown))
			break
		}
		lines = append(lines, f.String())
	}
	return fmt.Errorf("streams: %w:\n%s", ErrLogDamaged, strings.Join(lines, "\n"))
}

const (
	logDir        = "log"        // within the folder of the broker
	partitionsDir = "partitions" // within that
	segmentSuffix = ".dat"
	indexSuffix   = ".idx"
	indexEntry    = 15 // bytes
	batchHead     = 61 // bytes of a record batch before its records
	batchFrame    = 12 // of these, up to where its length counts
	batchCRCFrom  = 21 // from where on its CRC counts
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// checkSegments looks at every byte of the segments and indexes: lengths, checksums, and that offsets follow on each
// other. A write that a crash cut short, at the very end of a partition, was never acknowledged and is no fault.
func checkSegments(dir string) ([]LogFault, error) {
	var faults []LogFault
	list, err := segments(dir)
	if err != nil {
		return nil, err
	}
	for i, s := range list {
		raw, err := os.ReadFile(filepath.Join(dir, s.file))
		if err != nil {
			return nil, fmt.Errorf("streams: reading the log: %w", err)
		}
		last := i == len(list)-1 || filepath.Dir(list[i+1].file) != filepath.Dir(s.file)
		batches, fault := scanSegment(raw, s.base)
		if fault != nil && !(last && fault.torn) {
			faults = append(faults, LogFault{s.file, int64(fault.at), fault.what})
		}
		if fault == nil && !last {
			if end := endOf(raw, batches, s.base); end != list[i+1].base {
				faults = append(faults, LogFault{s.file, int64(len(raw)), fmt.Sprintf("it ends at offset %d, the next segment begins at %d", end, list[i+1].base)})
			}
		}
		index, err := os.ReadFile(filepath.Join(dir, strings.TrimSuffix(s.file, segmentSuffix)+indexSuffix))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("streams: reading the log: %w", err)
		}
		if at, what := scanIndex(index, raw, batches); what != "" {
			faults = append(faults, LogFault{strings.TrimSuffix(s.file, segmentSuffix) + indexSuffix, int64(at), what})
		}
	}
	return faults, nil
}

// segment is a file of records. base is the offset of its first.
type segment struct {
	file string // within the folder of the broker
	base int64
}

// segments lists the segments of all partitions, in order.
func segments(dir string) ([]segment, error) {
	var list []segment
	root := filepath.Join(logDir, partitionsDir)
	partitions, err := os.ReadDir(filepath.Join(dir, root))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("streams: reading the log: %w", err)
	}
	for _, p := range partitions {
		entries, err := os.ReadDir(filepath.Join(dir, root, p.Name()))
		if err != nil {
			return nil, fmt.Errorf("streams: reading the log: %w", err)
		}
		first := len(list)
		for _, e := range entries {
			name, is := strings.CutSuffix(e.Name(), segmentSuffix)
			if base, err := strconv.ParseInt(name, 10, 64); is && err == nil {
				list = append(list, segment{filepath.Join(root, p.Name(), e.Name()), base})
			}
		}
		slices.SortFunc(list[first:], func(a, b segment) int { return int(a.base - b.base) })
	}
	return list, nil
}

// batch is where a record batch stands in a segment.
type batch struct{ at, end int }

// segmentFault is where a segment cannot be read on.
type segmentFault struct {
	at   int
	what string
	torn bool // by a write that was cut short
}

func scanSegment(raw []byte, base int64) (batches []batch, _ *segmentFault) {
	next := base
	for at := 0; at < len(raw); {
		rest := raw[at:]
		if len(rest) < batchFrame {
			return batches, &segmentFault{at, "the file ends in the head of a batch", true}
		}
		length := int64(binary.BigEndian.Uint32(rest[8:]))
		if length+batchFrame > int64(len(rest)) {
			if n := trueLength(rest, next); n > 0 {
				return batches, &segmentFault{at, fmt.Sprintf("the batch takes %d bytes and says that it takes %d", n, length+batchFrame), false}
			}
			return batches, &segmentFault{at, "the file ends within a batch", true}
		}
		if length+batchFrame < batchHead {
			return batches, &segmentFault{at, fmt.Sprintf("the batch says that it takes %d bytes, its head alone takes %d", length+batchFrame, batchHead), false}
		}
		b := rest[:length+batchFrame]
		switch first := int64(binary.BigEndian.Uint64(b)); {
		case !wholeBatch(b):
			return batches, &segmentFault{at, fmt.Sprintf("the checksum of the batch at offset %d is %08x, its bytes give %08x", next,
				binary.BigEndian.Uint32(b[17:]), crc32.Checksum(b[batchCRCFrom:], castagnoli)), false}
		case b[16] != 2:
			return batches, &segmentFault{at, fmt.Sprintf("the batch at offset %d has the format %d, want 2", next, b[16]), false}
		case first != next:
			return batches, &segmentFault{at, fmt.Sprintf("the batch begins at offset %d, want %d", first, next), false}
		}
		next += int64(int32(binary.BigEndian.Uint32(b[23:]))) + 1
		batches = append(batches, batch{at, at + len(b)})
		at += len(b)
	}
	return batches, nil
}

// trueLength finds where the batch that rest begins with ends if its length is wrong: at the end of the file, or where
// the next begins, and its checksum fits. It is 0 where the batch is cut short.
func trueLength(rest []byte, offset int64) int {
	if len(rest) < batchHead {
		return 0
	}
	if wholeBatch(rest) {
		return len(rest)
	}
	next := make([]byte, 8)
	binary.BigEndian.PutUint64(next, uint64(offset+int64(int32(binary.BigEndian.Uint32(rest[23:])))+1))
	for n := batchHead; n < len(rest); n++ {
		k := bytes.Index(rest[n:], next)
		if k < 0 {
			return 0
		}
		if n += k; wholeBatch(rest[:n]) {
			return n
		}
	}
	return 0
}

// wholeBatch reports whether the bytes of a batch fit its checksum.
func wholeBatch(b []byte) bool {
	return crc32.Checksum(b[batchCRCFrom:], castagnoli) == binary.BigEndian.Uint32(b[17:])
}

// endOf is the offset after the last batch.
func endOf(raw []byte, batches []batch, base int64) int64 {
	for _, b := range batches {
		base += int64(int32(binary.BigEndian.Uint32(raw[b.at+23:]))) + 1
	}
	return base
}

// scanIndex says what is wrong with an index: its entries repeat the leader epochs of the batches.
func scanIndex(index, raw []byte, batches []batch) (at int, what string) {
	for i := 0; (i+1)*indexEntry <= len(index) && i < len(batches); i++ {
		e := index[i*indexEntry:]
		epoch := binary.LittleEndian.Uint32(e[2:])
		switch in := binary.BigEndian.Uint32(raw[batches[i].at+12:]); {
		case e[0] != 1:
			return i * indexEntry, fmt.Sprintf("entry %d has the format %d, want 1", i, e[0])
		case byte(crc32.Checksum(e[2:indexEntry], castagnoli)) != e[1]:
			return i * indexEntry, fmt.Sprintf("the checksum of entry %d does not fit", i)
		case in != epoch:
			return i * indexEntry, fmt.Sprintf("entry %d is of the leader epoch %d, its batch of %d", i, epoch, in)
		}
	}
	return 0, ""
}

// stateFile keeps a copy of the small files that say what the log is: its id and its topics. They are no part of a
// checksum of their own.
const stateFile = "state.json"

var stateNames = []string{"meta.json", "topics.json", "broker_configs.json"}

// keepState copies the small files.
func keepState(dir string) error {
	files := map[string]string{}
	for _, name := range stateNames {
		b, err := os.ReadFile(filepath.Join(dir, logDir, name))
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return fmt.Errorf("streams: copying what the log is: %w", err)
		}
		files[name] = string(b)
	}
	return writeSealed(dir, stateFile, files)
}

// checkState compares the small files with their copies. Topics of somebody else's may come and go.
func checkState(dir string) ([]LogFault, error) {
	var copies map[string]string
	if err := readSealed(dir, stateFile, &copies); errors.Is(err, os.ErrNotExist) {
		return nil, nil // a log from before there were copies
	} else if err != nil {
		return []LogFault{{stateFile, 0, err.Error()}}, nil
	}
	var faults []LogFault
	for name, was := range copies {
		file := filepath.Join(logDir, name)
		b, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil {
			faults = append(faults, LogFault{file, 0, err.Error()})
			continue
		}
		if what := differs(b, []byte(was)); what != "" {
			faults = append(faults, LogFault{file, firstDifference(b, []byte(was)), what})
		}
	}
	return faults, nil
}

func differs(now, was []byte) string {
	if bytes.Equal(now, was) {
		return ""
	}
	type topics struct {
		Topics []map[string]any `json:"topics"`
	}
	var a, b topics
	if err := json.Unmarshal(now, &a); err != nil {
		return jsonError(err).Error()
	}
	if json.Unmarshal(was, &b) != nil || len(b.Topics) == 0 {
		return "it is not what it was"
	}
	for _, t := range b.Topics {
		if name, _ := t["name"].(string); !strings.HasPrefix(name, "haihe.") {
			continue
		}
		if !slices.ContainsFunc(a.Topics, func(x map[string]any) bool { return reflect.DeepEqual(x, t) }) {
			return fmt.Sprintf("the topic %v is not what it was", t["name"])
		}
	}
	return ""
}

func firstDifference(a, b []byte) int64 {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return int64(i)
		}
	}
	return int64(n)
}
