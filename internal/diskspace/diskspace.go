// Package diskspace watches how much room a disk has left, and keeps a reserve on it. When the disk runs full, what people don't need in order to sign
// in is refused while there is still room for sessions, and the reserve is given up for them (docs/adr/0019-storage-limits.md).
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
	reserveMin  = 2 // the reserve is given up while less than its size divided by this is free
)

// Options say what is watched. Dir is required.
type Options struct {
	Dir     string
	Reserve int64 // size of the reserve, 0 for none
	Warn    int64 // with less free than this, the log and State tell of it
	Refuse  int64 // with less free than this, Admit refuses
	Log     *slog.Logger

	Free func(dir string) (int64, error) // bytes that this process may still write; nil asks the system
}

// Watcher watches one directory's disk. It is safe for concurrent use.
type Watcher struct {
	o     Options
	state atomic.Pointer[State]

	mu    sync.Mutex // held for a look, and for changes of the reserve
	level level      // that the log was told of last
	blind bool       // the last look failed
}

// State is what the last look saw.
type State struct {
	Free      int64 // bytes
	Low       bool  // less than Options.Warn
	Refusing  bool  // less than Options.Refuse
	Reserving bool  // the reserve is there
}

type level int

const (
	plenty level = iota
	low
	refusing
)

// Open takes the first look, and the reserve if there is room for it.
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
	return w, w.Look()
}

// free asks the system for the bytes that an unprivileged process may still write.
func free(dir string) (int64, error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return 0, fmt.Errorf("look at the disk of %s: %w", dir, err)
	}
	return int64(s.Bavail) * int64(s.Bsize), nil //nolint:unconvert // the types differ between systems
}

// Run looks again and again until ctx ends.
func (w *Watcher) Run(ctx context.Context) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		err := w.Look()
		if err != nil && !w.blind {
			w.o.Log.Error("watch the disk", "error", err)
		}
		w.blind = err != nil
	}
}

// Look reads how much is free, releases the reserve where that is needed, and takes it again where there is room.
func (w *Watcher) Look() error {
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
		err = w.giveUp()
	case !reserving && w.o.Reserve > 0 && free >= w.o.Refuse+2*w.o.Reserve:
		err = w.take()
	}
	if err != nil {
		return err
	}
	return w.note()
}

// note keeps what is so now and tells the log of a change.
func (w *Watcher) note() error {
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
		log.Error("the disk is nearly full: what is not needed to sign in is refused until there is room")
	case low:
		log.Warn("the disk is filling up: make room", "refused_below_bytes", w.o.Refuse)
	case plenty:
		log.Info("the disk has room again")
	}
	return nil
}

// State returns what the last look saw.
func (w *Watcher) State() State { return *w.state.Load() }

// Admit returns nil, or kind StorageFull while nothing may be kept that people don't need in order to sign in.
func (w *Watcher) Admit() error {
	if s := w.state.Load(); s.Refusing {
		return muster.E(muster.StorageFull, "api.context.storage_full.app_error", fmt.Errorf("%d bytes are free in %s", s.Free, w.o.Dir))
	}
	return nil
}

// Release frees the reserve for a write that found the disk full, and reports whether there was one.
func (w *Watcher) Release() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	reserving, err := w.reserving()
	if err == nil && reserving {
		err = errors.Join(w.giveUp(), w.note())
	}
	if err != nil {
		w.o.Log.Error("give up the disk's reserve", "error", err)
		return false
	}
	return reserving
}

func (w *Watcher) path() string { return filepath.Join(w.o.Dir, reserveFile) }

// reserving reports whether the reserve is there. One of another size, of an earlier setting or half taken, is removed.
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

func (w *Watcher) giveUp() error {
	if err := os.Remove(w.path()); err != nil {
		return fmt.Errorf("give up the disk's reserve: %w", err)
	}
	w.o.Log.Warn("the disk is full: its reserve is given up, so that people can sign in", "dir", w.o.Dir, "bytes", w.o.Reserve)
	return nil
}

// take makes the reserve. Blocks that are only promised would not be there when they are needed, so they are allocated or written.
func (w *Watcher) take() error {
	f, err := os.OpenFile(w.path(), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("take the disk's reserve: %w", err)
	}
	if err = errors.Join(allocate(f, w.o.Reserve), f.Close()); err != nil {
		return errors.Join(fmt.Errorf("take the disk's reserve: %w", err), os.Remove(w.path()))
	}
	return nil
}

// Full reports whether err says that a disk, or what one may use of it, is full.
func Full(err error) bool { return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) }
