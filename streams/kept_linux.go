package streams

import (
	"os"

	"golang.org/x/sys/unix"
)

// forget drops what memory holds of a file from some byte on, but for what is not on its way to the disk yet.
func forget(f *os.File, from int64) error {
	return unix.Fadvise(int(f.Fd()), from, 0, unix.FADV_DONTNEED)
}
