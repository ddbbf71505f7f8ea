package diskspace

import (
	"errors"
	"os"
	"syscall"
)

// allocate reserves size bytes of the disk for a file; where the file system can't promise them, they are written.
func allocate(f *os.File, size int64) error {
	err := syscall.Fallocate(int(f.Fd()), 0, 0, size)
	if errors.Is(err, syscall.EOPNOTSUPP) || errors.Is(err, syscall.ENOSYS) {
		return fill(f, size)
	}
	return err
}
