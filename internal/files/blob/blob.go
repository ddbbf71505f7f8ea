// Package blob stores files, such as profile pictures, by key: in a directory, or in S3-compatible storage that several nodes share.
//
// Rules:
//   - A file is complete or absent at any moment, crashes included, and durable once a write returns.
//   - No key leads out of the directory or the prefix, not even through a symbolic link.
//   - The secret key of the storage never appears in an error.
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

// ErrNotFound is returned when there is no file with a key.
var ErrNotFound = errors.New("no such file")

const tempPrefix = ".new-"

// Store stores files by key. Keys are slash-separated relative paths.
type Store interface {
	// Put stores data under a key, durably before it returns. It replaces an existing file.
	Put(ctx context.Context, key string, data []byte) error
	// Write stores everything that r reads and returns the number of bytes. If r fails, nothing is stored.
	Write(ctx context.Context, key string, r io.Reader) (size int64, err error)
	// Get returns the content of a small file, or ErrNotFound.
	Get(ctx context.Context, key string) ([]byte, error)
	// Open returns a reader of a file, or ErrNotFound. The caller must close it.
	Open(ctx context.Context, key string) (io.ReadCloser, error)
	// Delete deletes a file. A missing file is not an error.
	Delete(ctx context.Context, key string) error
	Close() error
}

// Dir is a Store in one directory.
type Dir struct{ root *os.Root }

// OpenDir opens the directory, which it creates if need be (mode 0700), and removes unfinished files of earlier processes.
func OpenDir(dir string) (*Dir, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	d := &Dir{root}
	return d, d.removeTempFiles()
}

func (d *Dir) removeTempFiles() error {
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

// Close closes the directory.
func (d *Dir) Close() error { return d.root.Close() }

// Put implements Store.
func (d *Dir) Put(ctx context.Context, key string, data []byte) error {
	_, err := d.Write(ctx, key, bytes.NewReader(data))
	return err
}

// Write implements Store. OpenDir removes files that a crash left unfinished.
func (d *Dir) Write(_ context.Context, key string, r io.Reader) (int64, error) {
	if err := checkKey(key); err != nil {
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

// syncDirs makes a new file name durable: it syncs its directory and those above, which may be new too.
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
	if err := checkKey(key); err != nil {
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
	if err := checkKey(key); err != nil {
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
	if err := checkKey(key); err != nil {
		return err
	}
	return ignoreMissing(d.root.Remove(key))
}

func checkKey(key string) error {
	if !fs.ValidPath(key) || key == "." || strings.HasPrefix(key, tempPrefix) {
		return fmt.Errorf("invalid key: %q", key)
	}
	return nil
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
