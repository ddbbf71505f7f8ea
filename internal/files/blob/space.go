package blob

import (
	"bytes"
	"context"
	"io"

	"muster"
	"muster/internal/diskspace"
)

// SpaceChecked is a Store on a disk that may run full: it writes nothing while admit refuses, and stops writing when it begins to.
type SpaceChecked struct {
	Store
	admit func() error
}

// WithSpaceCheck has admit asked before and while anything is written to a store; its errors are of kind StorageFull.
func WithSpaceCheck(s Store, admit func() error) *SpaceChecked { return &SpaceChecked{s, admit} }

// Put implements Store.
func (b *SpaceChecked) Put(ctx context.Context, key string, data []byte) error {
	_, err := b.Write(ctx, key, bytes.NewReader(data))
	return err
}

// Write implements Store.
func (b *SpaceChecked) Write(ctx context.Context, key string, r io.Reader) (int64, error) {
	if err := b.admit(); err != nil {
		return 0, err
	}
	n, err := b.Store.Write(ctx, key, &admitted{r, b.admit})
	if diskspace.Full(err) {
		err = muster.E(muster.StorageFull, "api.context.storage_full.app_error", err)
	}
	return n, err
}

// admitted is a reader that ends with admit's error.
type admitted struct {
	r     io.Reader
	admit func() error
}

func (a *admitted) Read(p []byte) (int, error) {
	if err := a.admit(); err != nil {
		return 0, err
	}
	return a.r.Read(p)
}
