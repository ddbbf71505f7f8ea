package diskspace

import (
	"io"
	"math/rand/v2"
	"os"
)

// fill writes random bytes, which no file system can compress or store as a hole.
func fill(f *os.File, size int64) error {
	if _, err := io.CopyN(f, rand.NewChaCha8([32]byte{}), size); err != nil {
		return err
	}
	return f.Sync()
}
