// Package blob keeps files such as profile pictures by key. A file is whole or not there, at any moment of a crash.
package blob

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"

	"muster"
)

// ErrNotFound says that nothing is kept under a key.
var ErrNotFound = errors.New("no such file")

const tempPrefix = ".new-"

// Store keeps files by key: a directory, or storage that several nodes share. Keys are slash-separated relative paths.
type Store interface {
	// Put keeps data under a key, durably before it returns; what was there is replaced.
	Put(ctx context.Context, key string, data []byte) error
	// Write is Put of everything that r gives and tells how many bytes that were. An error of r keeps nothing.
	Write(ctx context.Context, key string, r io.Reader) (size int64, err error)
	// Get reads a whole small file; ErrNotFound if there is none.
	Get(ctx context.Context, key string) ([]byte, error)
	// Open reads a file piece by piece; ErrNotFound if there is none.
	Open(ctx context.Context, key string) (io.ReadCloser, error)
	// Delete removes a file; one that is not there is no error.
	Delete(ctx context.Context, key string) error
	Close() error
}

// Dir keeps files in one directory. Keys are slash-separated relative paths; none leads out of it.
type Dir struct{ root *os.Root }

// OpenDir opens or makes the directory (mode 0700) and sweeps what an earlier process left half written.
func OpenDir(dir string) (*Dir, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	d := &Dir{root}
	return d, d.sweep()
}

func (d *Dir) sweep() error {
	list, err := fs.ReadDir(d.root.FS(), ".")
	if err != nil {
		return err
	}
	for _, e := range list {
		if strings.HasPrefix(e.Name(), tempPrefix) {
			err = errors.Join(err, d.root.Remove(e.Name()))
		}
	}
	return err
}

// Close gives the directory free.
func (d *Dir) Close() error { return d.root.Close() }

// Put implements Store.
func (d *Dir) Put(ctx context.Context, key string, data []byte) error {
	_, err := d.Write(ctx, key, bytes.NewReader(data))
	return err
}

// Write implements Store. Half-written files are swept at the next start.
func (d *Dir) Write(_ context.Context, key string, r io.Reader) (int64, error) {
	if err := valid(key); err != nil {
		return 0, err
	}
	if err := d.root.MkdirAll(path.Dir(key), 0o700); err != nil {
		return 0, err
	}
	temp := tempPrefix + muster.NewID()
	n, err := d.write(temp, r)
	if err != nil {
		return 0, errors.Join(err, ignoreMissing(d.root.Remove(temp)))
	}
	if err := d.root.Rename(temp, key); err != nil {
		return 0, errors.Join(err, d.root.Remove(temp))
	}
	return n, d.syncDirs(path.Dir(key))
}

func (d *Dir) write(name string, r io.Reader) (int64, error) {
	f, err := d.root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return 0, err
	}
	n, err := io.Copy(f, r)
	if err != nil {
		return 0, errors.Join(err, f.Close())
	}
	return n, errors.Join(f.Sync(), f.Close())
}

// syncDirs makes a new name durable: its directory and every one above, which may be new too.
func (d *Dir) syncDirs(dir string) error {
	for {
		f, err := d.root.Open(dir)
		if err != nil {
			return err
		}
		if err := errors.Join(f.Sync(), f.Close()); err != nil {
			return err
		}
		if dir == "." {
			return nil
		}
		dir = path.Dir(dir)
	}
}

// Get implements Store.
func (d *Dir) Get(_ context.Context, key string) ([]byte, error) {
	if err := valid(key); err != nil {
		return nil, err
	}
	b, err := d.root.ReadFile(key)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNotFound
	}
	return b, err
}

// Open implements Store.
func (d *Dir) Open(_ context.Context, key string) (io.ReadCloser, error) {
	if err := valid(key); err != nil {
		return nil, err
	}
	f, err := d.root.Open(key)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	return f, nil
}

// Delete implements Store.
func (d *Dir) Delete(_ context.Context, key string) error {
	if err := valid(key); err != nil {
		return err
	}
	return ignoreMissing(d.root.Remove(key))
}

func valid(key string) error {
	if !fs.ValidPath(key) || key == "." || strings.HasPrefix(key, tempPrefix) {
		return fmt.Errorf("not a key: %q", key)
	}
	return nil
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
