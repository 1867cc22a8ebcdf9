package streams

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/go-json-experiment/json"
)

// sealFile lists the files of a log that was closed in good order, with their hashes. It is there only while nobody has
// the log open.
const sealFile = "seal.json"

// sealed is a file as it was when the log was closed.
type sealed struct {
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// seal hashes all files of a log that has been closed.
func seal(dir string) error {
	if err := keepState(dir); err != nil {
		return err
	}
	files, err := hashFiles(dir)
	if err != nil {
		return err
	}
	return writeSealed(dir, sealFile, files)
}

// hashFiles hashes the files of the log and those beside it, by their name within the folder of the broker.
func hashFiles(dir string) (map[string]sealed, error) {
	files := map[string]sealed{}
	hash := func(path string) error {
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		h := sha256.New()
		n, err := io.Copy(h, f)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		files[filepath.ToSlash(name)] = sealed{n, hex.EncodeToString(h.Sum(nil))}
		return err
	}
	err := filepath.WalkDir(filepath.Join(dir, logDir), func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		return hash(path)
	})
	for _, name := range []string{markFile, stateFile} {
		if err == nil {
			if err = hash(filepath.Join(dir, name)); errors.Is(err, os.ErrNotExist) {
				err = nil
			}
		}
	}
	if err != nil {
		return nil, fmt.Errorf("streams: hashing the files of the log: %w", err)
	}
	return files, nil
}

// checkSeal compares the files of a log with its seal; false where there is none.
func checkSeal(dir string) (faults []LogFault, there bool, _ error) {
	var was map[string]sealed
	if err := readSealed(dir, sealFile, &was); errors.Is(err, os.ErrNotExist) {
		return nil, false, nil
	} else if err != nil {
		return []LogFault{{sealFile, 0, err.Error()}}, true, nil
	}
	now, err := hashFiles(dir)
	if err != nil {
		return nil, true, err
	}
	for name, w := range was {
		switch n, ok := now[name]; {
		case !ok:
			faults = append(faults, LogFault{name, 0, "it was there when the log was closed, and is gone"})
		case n.Size != w.Size:
			faults = append(faults, LogFault{name, min(n.Size, w.Size), fmt.Sprintf("it has %d bytes, and had %d when the log was closed", n.Size, w.Size)})
		case n.SHA256 != w.SHA256:
			faults = append(faults, LogFault{name, 0, fmt.Sprintf("its SHA-256 is %s, and was %s when the log was closed", n.SHA256, w.SHA256)})
		}
	}
	for name := range now {
		if _, ok := was[name]; !ok {
			faults = append(faults, LogFault{name, 0, "it was not there when the log was closed"})
		}
	}
	slices.SortFunc(faults, func(a, b LogFault) int { return bytes.Compare([]byte(a.File), []byte(b.File)) })
	return faults, true, nil
}

// CheckLog says what is wrong with the log of an embedded broker that nobody has open. After it was closed in good order
// that is any byte that differs; after a crash, any that does not fit the checksums and lengths within.
func CheckLog(dir string) ([]LogFault, error) {
	faults, there, err := checkSeal(dir)
	if err != nil || there && len(faults) == 0 {
		return faults, err
	}
	// Either there is no seal, or it is broken: look where.
	within, err := checkSegments(dir)
	if err != nil {
		return faults, err
	}
	state, err := checkState(dir)
	return append(append(faults, within...), state...), err
}

// breakSeal is for before the log is opened. What kfake would take a partition's length from, and trust, goes too
// where there was no seal to vouch for it: it is reckoned anew from the segments. It reports whether there was one.
func breakSeal(dir string) (was bool, _ error) {
	path := filepath.Join(dir, sealFile)
	if _, err := os.Stat(path); err == nil {
		if err := os.Remove(path); err != nil {
			return false, fmt.Errorf("streams: opening the log: %w", err)
		}
		return true, syncDir(dir)
	}
	caches, err := filepath.Glob(filepath.Join(dir, logDir, partitionsDir, "*", "snapshot.json"))
	if err != nil {
		return false, err
	}
	for _, path := range append(caches, filepath.Join(dir, logDir, "session_state.json")) {
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return false, fmt.Errorf("streams: opening the log: %w", err)
		}
	}
	return false, nil
}

// writeSealed writes a value as JSON behind a line with its SHA-256. It is on the disk, whole, or not at all.
func writeSealed(dir, name string, value any) error {
	body, err := json.Marshal(value, json.Deterministic(true))
	if err != nil {
		return fmt.Errorf("streams: %s: %w", name, err)
	}
	sum := sha256.Sum256(body)
	path := filepath.Join(dir, name)
	f, err := os.OpenFile(path+".tmp", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("streams: %w", err)
	}
	_, err = f.Write(append(append([]byte(hex.EncodeToString(sum[:])+"\n"), body...), '\n'))
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("streams: %s: %w", name, err)
	}
	if err := os.Rename(path+".tmp", path); err != nil {
		return fmt.Errorf("streams: %w", err)
	}
	return syncDir(dir)
}

func readSealed(dir, name string, into any) error {
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		return err
	}
	head, body, ok := bytes.Cut(b, []byte("\n"))
	body, end := bytes.CutSuffix(body, []byte("\n"))
	sum := sha256.Sum256(body)
	if !ok || !end || string(head) != hex.EncodeToString(sum[:]) {
		return errors.New("its checksum does not fit: it is cut off or damaged")
	}
	return json.Unmarshal(body, into)
}
