// Package diskspace watches how much space is free on a disk and keeps a reserve file on it. When the disk fills up, writes that nobody needs in order to
// sign in are refused first, and the reserve is released for sessions before nothing is left (docs/adr/0019-storage-limits.md). Without that, whoever can
// upload files could keep everybody from signing in.
package diskspace

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"muster"
)

const (
	reserveFile = "disk.reserve"
	interval    = time.Second
	reserveMin  = 2 // the reserve is released when less than its size divided by this is free
)

// Options configure a Watcher. Dir is required.
type Options struct {
	Dir     string
	Reserve int64 // size of the reserve, 0 for none
	Warn    int64 // with less free than this, State is low and the log has a warning
	Refuse  int64 // with less free than this, Admit refuses
	Log     *slog.Logger

	Free func(dir string) (int64, error) // returns the bytes that this process may still write; nil for statfs
}

// Watcher watches one directory's disk. It is safe for concurrent use.
type Watcher struct {
	o     Options
	state atomic.Pointer[State]

	mu     sync.Mutex // held during a check and while the reserve changes
	level  level      // as logged last
	failed bool       // the last check failed; only Run uses it
}

// State is the result of a check.
type State struct {
	Free      int64 // bytes
	Low       bool  // less than Options.Warn
	Refusing  bool  // less than Options.Refuse
	Reserving bool  // the reserve exists
}

type level int

const (
	plenty level = iota
	low
	refusing
)

// Open returns a Watcher after a first check, which makes the reserve if there is space for it.
func Open(o Options) (*Watcher, error) {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Free == nil {
		o.Free = free
	}
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	w := &Watcher{o: o}
	w.state.Store(&State{})
	return w, w.Check()
}

// free returns the bytes that an unprivileged process may still write.
func free(dir string) (int64, error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return 0, fmt.Errorf("statfs %s: %w", dir, err)
	}
	return int64(s.Bavail) * int64(s.Bsize), nil //nolint:unconvert // the types differ between systems
}

// Run checks the disk every second until ctx ends.
func (w *Watcher) Run(ctx context.Context) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		err := w.Check()
		if err != nil && !w.failed {
			w.o.Log.Error("check the disk", "error", err)
		}
		w.failed = err != nil
	}
}

// Check reads how much is free, releases the reserve if that is needed and makes it again once there is space.
func (w *Watcher) Check() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	free, err := w.o.Free(w.o.Dir)
	if err != nil {
		return err
	}
	reserving, err := w.reserving()
	if err != nil {
		return err
	}
	switch {
	case reserving && free < w.o.Reserve/reserveMin:
		err = w.removeReserve()
	case !reserving && w.o.Reserve > 0 && free >= w.o.Refuse+2*w.o.Reserve:
		err = w.makeReserve()
	}
	if err != nil {
		return err
	}
	return w.update()
}

// update sets the state and logs a change of level.
func (w *Watcher) update() error {
	free, err := w.o.Free(w.o.Dir)
	if err != nil {
		return err
	}
	reserving, err := w.reserving()
	if err != nil {
		return err
	}
	w.state.Store(&State{Free: free, Low: free < w.o.Warn || free < w.o.Refuse, Refusing: free < w.o.Refuse, Reserving: reserving})
	was := w.level
	switch {
	case free < w.o.Refuse:
		w.level = refusing
	case free < w.o.Warn:
		w.level = low
	default:
		w.level = plenty
	}
	log := w.o.Log.With("dir", w.o.Dir, "free_bytes", free)
	if w.level == was {
		return nil
	}
	switch w.level {
	case refusing:
		log.Error("the disk is nearly full: until there is space, only what signing in needs is stored")
	case low:
		log.Warn("the disk is filling up: free some space", "refused_below_bytes", w.o.Refuse)
	case plenty:
		log.Info("the disk has enough space again")
	}
	return nil
}

// State returns the result of the last check.
func (w *Watcher) State() State { return *w.state.Load() }

// Admit returns an error of kind StorageFull while only what people need in order to sign in may be stored.
func (w *Watcher) Admit() error {
	if s := w.state.Load(); s.Refusing {
		return muster.E(muster.StorageFull, "api.context.storage_full.app_error", fmt.Errorf("%d bytes are free in %s", s.Free, w.o.Dir))
	}
	return nil
}

// Release releases the reserve for a write that found the disk full, and reports whether there was one.
func (w *Watcher) Release() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	reserving, err := w.reserving()
	if err == nil && reserving {
		err = errors.Join(w.removeReserve(), w.update())
	}
	if err != nil {
		w.o.Log.Error("release the disk's reserve", "error", err)
		return false
	}
	return reserving
}

func (w *Watcher) path() string { return filepath.Join(w.o.Dir, reserveFile) }

// reserving reports whether the reserve exists. It removes a reserve of another size: one of an earlier setting, or one that was not completed.
func (w *Watcher) reserving() (bool, error) {
	info, err := os.Lstat(w.path())
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, err
	case info.Size() == w.o.Reserve:
		return true, nil
	}
	return false, os.Remove(w.path())
}

func (w *Watcher) removeReserve() error {
	if err := os.Remove(w.path()); err != nil {
		return fmt.Errorf("release the disk's reserve: %w", err)
	}
	w.o.Log.Warn("the disk is full: its reserve was released so that people can sign in", "dir", w.o.Dir, "bytes", w.o.Reserve)
	return nil
}

// makeReserve makes the reserve. It allocates or writes the blocks, because those of a sparse file would be missing when they are needed.
func (w *Watcher) makeReserve() error {
	f, err := os.OpenFile(w.path(), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("make the disk's reserve: %w", err)
	}
	if err = errors.Join(allocate(f, w.o.Reserve), f.Close()); err != nil {
		return errors.Join(fmt.Errorf("make the disk's reserve: %w", err), os.Remove(w.path()))
	}
	return nil
}

// Full reports whether err says that a disk or a quota is full.
func Full(err error) bool { return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) }
