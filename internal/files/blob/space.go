package blob

import (
	"bytes"
	"context"
	"io"

	"muster"
	"muster/internal/diskspace"
)

// spaceCheckedStore is a Store on a disk that may run full.
type spaceCheckedStore struct {
	Store
	checkSpace func() error
}

// WithSpaceCheck returns a Store that calls checkSpace before and during every write, and fails the write with its error, which has kind StorageFull.
func WithSpaceCheck(s Store, checkSpace func() error) Store { return &spaceCheckedStore{s, checkSpace} }

// Put implements Store.
func (s *spaceCheckedStore) Put(ctx context.Context, key string, data []byte) error {
	_, err := s.Write(ctx, key, bytes.NewReader(data))
	return err
}

// Write implements Store.
func (s *spaceCheckedStore) Write(ctx context.Context, key string, r io.Reader) (int64, error) {
	if err := s.checkSpace(); err != nil {
		return 0, err
	}
	n, err := s.Store.Write(ctx, key, &spaceCheckedReader{r, s.checkSpace})
	if diskspace.Full(err) {
		err = muster.E(muster.StorageFull, "api.context.storage_full.app_error", err)
	}
	return n, err
}

// spaceCheckedReader is a reader that fails when space runs out.
type spaceCheckedReader struct {
	r          io.Reader
	checkSpace func() error
}

func (c *spaceCheckedReader) Read(p []byte) (int, error) {
	if err := c.checkSpace(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}
