package streams

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// ErrNotKept means that the disk said that it could not keep something of the embedded broker's log. What is on it cannot
// be known until the log is opened anew.
var ErrNotKept = errors.New("the disk does not keep the log")

// tailKept is how much of the end of a log that was not closed in good order is read from the disk when it is opened: more
// than was under way when it stopped.
const tailKept = 8 << 20 // bytes of each partition, a multiple of the size of a page

// keeper asks the disk itself whether it has what the embedded broker wrote, before anybody is told so. kfake syncs each
// write and does not look at what comes of it. Linux tells every open file once of a write that failed, whichever file
// asked first; so one of our own that was open before the write hears of it too. After that reading proves nothing, for
// what was not written is still in memory; so the first failure is the last word: nothing more is confirmed, and the
// service ends. Opening the log compares what is in memory with what is on the disk, and writes what differs anew.
type keeper struct {
	dir  string // of the broker
	lost chan struct{}

	syncDir func(dir string) error // what is in a folder is on the disk by its name too; syncDir, but for tests

	mu    sync.Mutex
	err   error // why nothing is confirmed any more
	files map[partition]*keptFile
}

// keptFile is the last segment of a partition.
type keptFile struct {
	mu     sync.Mutex
	keeper *keeper
	dir    string
	file   *os.File
	base   int64
	synced int64 // bytes that are on the disk
	fresh  bool  // it was opened after the broker wrote to it: of what failed before, this file does not hear
}

// keepers are those of this process, by the address of their broker.
var keepers sync.Map

func keeperOf(brokers []string) *keeper {
	if len(brokers) != 1 {
		return nil
	}
	k, _ := keepers.Load(brokers[0])
	kept, _ := k.(*keeper)
	return kept
}

// openKeeper opens the last segments of a log that no broker has open yet. Unless that was closed in good order it makes
// sure that their ends are on the disk.
func openKeeper(dir string, closedWell bool) (*keeper, error) {
	k := &keeper{dir: dir, lost: make(chan struct{}), syncDir: syncDir, files: map[partition]*keptFile{}}
	list, err := segments(dir)
	if err != nil {
		return nil, err
	}
	if !closedWell { // what was made just before has a name in memory alone, perhaps
		if err := k.keepFolders(); err != nil {
			return nil, err
		}
	}
	for i, s := range list {
		if i < len(list)-1 && filepath.Dir(list[i+1].file) == filepath.Dir(s.file) {
			continue
		}
		at, ok := partitionOfDir(filepath.Base(filepath.Dir(s.file)))
		if !ok {
			continue
		}
		f := k.at(at)
		if err = f.open(s.base); err == nil && !closedWell {
			err = f.mend(max(0, f.synced-tailKept))
		}
		if err != nil {
			k.close()
			return nil, err
		}
	}
	return k, nil
}

// keepFolders makes sure that what the broker has made is on the disk by its name: its folders, from the inside out. kfake syncs
// files, and no folders.
func (k *keeper) keepFolders() error {
	partitions := filepath.Join(k.dir, logDir, partitionsDir)
	entries, err := os.ReadDir(partitions)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	var within []string
	for _, e := range entries {
		if e.IsDir() {
			within = append(within, filepath.Join(partitions, e.Name()))
		}
	}
	for _, dir := range append(within, partitions, filepath.Join(k.dir, logDir), k.dir) {
		if err := k.syncDir(dir); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

// MakeDir makes a folder and those that it lies in, as far as they are missing, and returns when all of them are on the disk by
// their names.
func MakeDir(dir string) error { return makeDir(dir, syncDir) }

func makeDir(dir string, sync func(dir string) error) error {
	if info, err := os.Stat(dir); err == nil && info.IsDir() {
		return nil
	}
	if parent := filepath.Dir(dir); parent != dir {
		if err := makeDir(parent, sync); err != nil {
			return err
		}
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		if info, at := os.Stat(dir); at != nil || !info.IsDir() { // nobody else was quicker
			return err
		}
	}
	return sync(filepath.Dir(dir))
}

// partitionOfDir reads the name of a folder, TOPIC-NUMBER.
func partitionOfDir(name string) (partition, bool) {
	dash := strings.LastIndexByte(name, '-')
	at := partition{}
	if dash < 0 {
		return at, false
	}
	at.topic = name[:dash]
	_, err := fmt.Sscan(name[dash+1:], &at.id)
	return at, err == nil
}

func (k *keeper) at(at partition) *keptFile {
	k.mu.Lock()
	defer k.mu.Unlock()
	f := k.files[at]
	if f == nil {
		f = &keptFile{keeper: k, dir: filepath.Join(k.dir, logDir, partitionsDir, fmt.Sprintf("%s-%d", at.topic, at.id))}
		k.files[at] = f
	}
	return f
}

// keep returns when a batch that the broker confirmed, by its offset, is on the disk; with -1, all that has been read of
// the partition. The error wraps ErrNotKept.
func (k *keeper) keep(at partition, offset int64) error {
	if err := k.failed(); err != nil {
		return err
	}
	err := k.at(at).keep(offset)
	if err == nil {
		return k.failed()
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.err == nil {
		k.err = fmt.Errorf("streams: %s: %w: %w; nothing more is confirmed; see to the disk, then start again: what had been confirmed is on it", at, ErrNotKept, err)
		close(k.lost)
	}
	return k.err
}

func (k *keeper) failed() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.err
}

// close syncs and closes the files, after the broker has.
func (k *keeper) close() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	err := k.err
	for _, f := range k.files {
		if f.file != nil {
			err = errors.Join(err, f.file.Sync(), f.file.Close())
			f.file = nil
		}
	}
	return err
}

// freshWait is how long a caller that cannot say how far a new segment is written waits for one that can: whoever wrote
// the first batch is being told so.
const freshWait = 10 * time.Second

func (f *keptFile) keep(offset int64) error {
	for begun := time.Now(); ; time.Sleep(2 * time.Millisecond) {
		if done, err := f.try(offset); done || err != nil {
			return err
		}
		if time.Since(begun) > freshWait {
			return fmt.Errorf("nobody knows how far the segment %d of %s is written", f.base, f.dir)
		}
	}
}

// try is keep, but for a fresh file of which the offset says nothing.
func (f *keptFile) try(offset int64) (done bool, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.follow(); err != nil {
		return false, err
	}
	if f.file == nil { // all of it has expired
		return true, nil
	}
	info, err := f.file.Stat()
	if err != nil {
		return false, err
	}
	if f.fresh {
		if offset < 0 {
			return false, nil
		}
		if offset < f.base { // it is in a segment before
			return true, nil
		}
		end, err := f.endOfBatch(offset)
		if err != nil {
			return false, err
		}
		// Nothing that the broker confirmed does it ever take back.
		if _, there, err := f.arrived(0, end); err != nil || !there {
			return false, errors.Join(err, fmt.Errorf("of %s the disk does not have the first %d bytes", f.path(f.base), end))
		}
		f.fresh = false
	}
	if info.Size() > f.synced {
		if err := f.file.Sync(); err != nil {
			return false, err
		}
		f.synced = info.Size()
	}
	return true, nil
}

// follow goes on to the segment that the broker writes to.
func (f *keptFile) follow() error {
	if f.file != nil {
		if now, err := os.Stat(f.path(f.base)); err == nil {
			mine, err := f.file.Stat()
			if err != nil {
				return err
			}
			if !os.SameFile(mine, now) { // made anew
				f.file.Close()
				f.file, f.base = nil, -1
			}
		}
	}
	entries, err := os.ReadDir(f.dir)
	if err != nil {
		return err
	}
	var bases []int64
	for _, e := range entries {
		var base int64
		if name, is := strings.CutSuffix(e.Name(), segmentSuffix); is {
			if _, err := fmt.Sscan(name, &base); err == nil && (f.file == nil || base > f.base) {
				bases = append(bases, base)
			}
		}
	}
	slices.Sort(bases)
	for i, base := range bases {
		if f.file != nil {
			if f.fresh { // the broker is through with it
				var there bool
				if _, there, err = f.arrived(0, f.size()); err == nil && !there {
					err = fmt.Errorf("the disk does not have %s as it was written", f.path(f.base))
				}
			}
			if err = errors.Join(err, f.file.Sync(), f.file.Close()); err != nil {
				return err
			}
		}
		if err := f.open(base); err != nil {
			return err
		}
		f.fresh, f.synced = true, 0
		if i == len(bases)-1 {
			return errors.Join(f.keeper.syncDir(f.dir), f.keeper.syncDir(filepath.Dir(f.dir)))
		}
	}
	return nil
}

func (f *keptFile) path(base int64) string {
	return filepath.Join(f.dir, fmt.Sprint(base, segmentSuffix))
}

func (f *keptFile) size() int64 {
	info, err := f.file.Stat()
	if err != nil {
		return 0 // and syncing will say what is wrong
	}
	return info.Size()
}

// open opens a segment. All that stands in it is taken to be on the disk.
func (f *keptFile) open(base int64) (err error) {
	if f.file, err = os.OpenFile(f.path(base), os.O_RDWR, 0); err != nil {
		return err
	}
	f.base, f.fresh, f.synced = base, false, f.size()
	return nil
}

// arrived reports whether a part of the file is on the disk as it is in memory. From is where a page begins.
func (f *keptFile) arrived(from, to int64) (was []byte, there bool, _ error) {
	was = make([]byte, to-from)
	if _, err := f.file.ReadAt(was, from); err != nil {
		return nil, false, err
	}
	// The memory of what is on the disk can be dropped; what is there is read then.
	if err := errors.Join(f.file.Sync(), forget(f.file, from)); err != nil {
		return was, false, err
	}
	now := make([]byte, len(was))
	if _, err := f.file.ReadAt(now, from); err != nil {
		return was, false, err
	}
	return was, bytes.Equal(was, now), nil
}

// mend makes sure that a file that nobody else has open is on the disk from some byte on. It is written anew where it is
// not: a file that could not be written once cannot be trusted to take the same again.
func (f *keptFile) mend(from int64) error {
	from &^= tailKept - 1
	was, there, err := f.arrived(from, f.size())
	if there || was == nil {
		return err
	}
	path := f.path(f.base)
	anew, err := os.OpenFile(path+".tmp", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = io.Copy(anew, io.MultiReader(io.NewSectionReader(f.file, 0, from), bytes.NewReader(was)))
	if err = errors.Join(err, anew.Sync(), anew.Close()); err != nil {
		return err
	}
	if err := errors.Join(os.Rename(path+".tmp", path), f.keeper.syncDir(f.dir), f.file.Close()); err != nil {
		return err
	}
	return f.open(f.base)
}

// endOfBatch finds the byte after the batch that holds an offset.
func (f *keptFile) endOfBatch(offset int64) (int64, error) {
	head := make([]byte, batchHead)
	for at := int64(0); ; {
		if _, err := f.file.ReadAt(head, at); err != nil {
			if errors.Is(err, io.EOF) {
				err = fmt.Errorf("%s ends before offset %d", f.path(f.base), offset)
			}
			return 0, err
		}
		first, last := int64(binary.BigEndian.Uint64(head)), int64(int32(binary.BigEndian.Uint32(head[23:])))
		at += batchFrame + int64(binary.BigEndian.Uint32(head[8:]))
		if offset <= first+last {
			return at, nil
		}
	}
}
