// Package blob keeps files such as profile pictures by key. A file is whole or not there, at any moment of a crash.
package blob

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"

	"muster"
)

// ErrNotFound says that nothing is kept under a key.
var ErrNotFound = errors.New("no such file")

const tempPrefix = ".new-"

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

// Put keeps data under a key, on disk before it returns. Half-written files are swept at the next start.
func (d *Dir) Put(_ context.Context, key string, data []byte) error {
	if err := valid(key); err != nil {
		return err
	}
	if err := d.root.MkdirAll(path.Dir(key), 0o700); err != nil {
		return err
	}
	temp := tempPrefix + muster.NewID()
	if err := d.write(temp, data); err != nil {
		return errors.Join(err, ignoreMissing(d.root.Remove(temp)))
	}
	if err := d.root.Rename(temp, key); err != nil {
		return errors.Join(err, d.root.Remove(temp))
	}
	return d.syncDirs(path.Dir(key))
}

func (d *Dir) write(name string, data []byte) error {
	f, err := d.root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if _, err := f.Write(data); err != nil {
		return errors.Join(err, f.Close())
	}
	return errors.Join(f.Sync(), f.Close())
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

// Get reads what is kept under a key; ErrNotFound if nothing is.
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

// Delete removes what is kept under a key; nothing there is no error.
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
