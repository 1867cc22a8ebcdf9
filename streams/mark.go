package streams

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"

	"github.com/go-json-experiment/json"

	"haihe/planner"
)

// markFile is the name of the watermark beside the log of the embedded broker.
const markFile = "ledger.mark"

const (
	markSlot    = 1024
	markSlots   = 2
	markVersion = "haihe.mark/1"
)

// Mark is the watermark of a ledger: how far it was acknowledged, on the disk before anybody is told. It has two slots
// that are written in turn, so that a crash in the middle of one leaves the other.
type Mark struct {
	mu   sync.Mutex
	file *os.File
	next int // slot
	head planner.LedgerHead
}

// markLine is what a slot holds, behind its SHA-256.
type markLine struct {
	Version string             `json:"version"`
	Head    planner.LedgerHead `json:"head"`
}

// OpenMark opens the watermark in the folder of an embedded broker, made if it is missing, and returns how far the
// ledger was acknowledged; the zero head where it never was. A slot that is damaged is told in the error, which wraps
// ErrMarkDamaged, beside a Mark that goes by the other; both damaged, there is none.
func OpenMark(dir string) (*Mark, planner.LedgerHead, error) {
	path := filepath.Join(dir, markFile)
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, planner.LedgerHead{}, fmt.Errorf("streams: the watermark of the ledger: %w", err)
	}
	b, err := io.ReadAll(f)
	if err != nil {
		f.Close()
		return nil, planner.LedgerHead{}, fmt.Errorf("streams: the watermark of the ledger: %w", err)
	}
	m := &Mark{file: f}
	if len(b) == 0 {
		return m, m.head, syncDir(dir)
	}
	var damaged error
	whole := 0
	for i := range markSlots {
		slot := b[min(len(b), i*markSlot):min(len(b), (i+1)*markSlot)]
		head, err := readSlot(slot)
		if err != nil {
			damaged = fmt.Errorf("%w: %s, slot %d: %w", ErrMarkDamaged, path, i+1, err)
			continue
		}
		if whole++; head.Seq >= m.head.Seq {
			m.head, m.next = head, (i+1)%markSlots
		}
	}
	if whole == 0 {
		f.Close()
		return nil, planner.LedgerHead{}, damaged
	}
	return m, m.head, damaged
}

// ErrMarkDamaged means that the watermark is not as it was written.
var ErrMarkDamaged = errors.New("the watermark of the ledger is damaged")

// Write notes that the ledger was acknowledged up to a head. It is on the disk when Write returns.
func (m *Mark) Write(head planner.LedgerHead) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	head.Leader, head.Address = "", "" // of no use here
	line, err := json.Marshal(markLine{markVersion, head})
	if err != nil {
		return fmt.Errorf("streams: the watermark of the ledger: %w", err)
	}
	slot, err := makeSlot(line)
	if err != nil {
		return err
	}
	if m.head.Seq == 0 { // the first time, both: an empty slot is no damaged one
		if _, err := m.file.WriteAt(slot, int64((m.next+1)%markSlots)*markSlot); err != nil {
			return fmt.Errorf("streams: the watermark of the ledger: %w", err)
		}
	}
	if _, err := m.file.WriteAt(slot, int64(m.next)*markSlot); err != nil {
		return fmt.Errorf("streams: the watermark of the ledger: %w", err)
	}
	if err := m.file.Sync(); err != nil {
		return fmt.Errorf("streams: the watermark of the ledger: %w", err)
	}
	m.head, m.next = head, (m.next+1)%markSlots
	return nil
}

// Close closes the file.
func (m *Mark) Close() error { return m.file.Close() }

// makeSlot pads a line: its SHA-256 over the whole rest of the slot, the line, spaces, a newline.
func makeSlot(line []byte) ([]byte, error) {
	const sum = 2*sha256.Size + 1
	if len(line) > markSlot-sum-1 {
		return nil, fmt.Errorf("streams: the watermark of the ledger takes %d bytes, more than its slot", len(line))
	}
	rest := append(line, bytes.Repeat([]byte{' '}, markSlot-sum-1-len(line))...)
	rest = append(rest, '\n')
	s := sha256.Sum256(rest)
	return append([]byte(hex.EncodeToString(s[:])+" "), rest...), nil
}

func readSlot(slot []byte) (planner.LedgerHead, error) {
	const sum = 2 * sha256.Size
	if len(slot) != markSlot {
		return planner.LedgerHead{}, fmt.Errorf("it has %d bytes, want %d", len(slot), markSlot)
	}
	s := sha256.Sum256(slot[sum+1:])
	if string(slot[:sum+1]) != hex.EncodeToString(s[:])+" " {
		return planner.LedgerHead{}, errors.New("its checksum does not fit")
	}
	var line markLine
	if err := json.Unmarshal(bytes.TrimRight(slot[sum+1:], " \n"), &line); err != nil {
		return planner.LedgerHead{}, jsonError(err)
	}
	if line.Version != markVersion {
		return planner.LedgerHead{}, fmt.Errorf("its version is %s, want %s", quote(line.Version), markVersion)
	}
	return line.Head, nil
}
