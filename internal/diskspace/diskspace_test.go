package diskspace_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"muster"
	"muster/internal/diskspace"
)

const (
	reserve = 1 << 16
	refuse  = 10 * reserve
	warn    = 20 * reserve
)

// disk is a disk whose free space a test sets. The reserve takes up space on it.
type disk struct {
	dir  string
	free int64 // without a reserve
	log  bytes.Buffer
	*diskspace.Watcher
}

func (d *disk) measure(string) (int64, error) {
	if d.reserving() {
		return d.free - reserve, nil
	}
	return d.free, nil
}

func (d *disk) reserving() bool {
	_, err := os.Stat(filepath.Join(d.dir, "disk.reserve"))
	return err == nil
}

func newDisk(t *testing.T, free int64) *disk {
	t.Helper()
	d := &disk{dir: t.TempDir(), free: free}
	w, err := diskspace.Open(diskspace.Options{
		Dir: d.dir, Reserve: reserve, Warn: warn, Refuse: refuse, Free: d.measure, Log: slog.New(slog.NewTextHandler(&d.log, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	d.Watcher = w
	return d
}

func TestADiskThatRunsFullAndRecovers(t *testing.T) {
	d := newDisk(t, 100*reserve)
	for _, step := range []struct {
		free                     int64
		low, refusing, reserving bool
		log                      string
	}{
		{100 * reserve, false, false, true, ""},
		{19 * reserve, true, false, true, "level=WARN msg=\"the disk is filling up"},
		{9 * reserve, true, true, true, "level=ERROR msg=\"the disk is nearly full"},
		{reserve + reserve/4, true, true, false, "its reserve was released"},
		{reserve / 4, true, true, false, ""},
		{11 * reserve, true, false, false, "filling up"},
		{13 * reserve, true, false, true, ""}, // made again with some distance from the threshold, where it would come and go
		{100 * reserve, false, false, true, "has enough space again"},
	} {
		d.free = step.free
		d.log.Reset()
		if err := d.Check(); err != nil {
			t.Fatal(err)
		}
		s := d.State()
		if s.Low != step.low || s.Refusing != step.refusing || s.Reserving != step.reserving || d.reserving() != step.reserving {
			t.Errorf("with %d free: %+v", step.free, s)
		}
		if err := d.Admit(); muster.IsKind(err, muster.StorageFull) != step.refusing || (err == nil) == step.refusing {
			t.Errorf("with %d free: admits with %v", step.free, err)
		}
		if !strings.Contains(d.log.String(), step.log) || step.log == "" && d.log.Len() > 0 {
			t.Errorf("with %d free the log says %q", step.free, d.log.String())
		}
	}
}

func TestAWriteThatFindsTheDiskFullGetsTheReserveOnce(t *testing.T) {
	d := newDisk(t, 100*reserve)
	if !d.Release() || d.Release() || d.reserving() {
		t.Error("the reserve was not given up once")
	}
}

func TestTheReserveTakesRealRoom(t *testing.T) {
	d := newDisk(t, 100*reserve)
	info, err := os.Stat(filepath.Join(d.dir, "disk.reserve"))
	if err != nil {
		t.Fatal(err)
	}
	if s, ok := info.Sys().(*syscall.Stat_t); !ok || info.Size() != reserve || s.Blocks*512 < reserve {
		t.Errorf("%d bytes, %d blocks", info.Size(), s.Blocks)
	}
}

func TestFull(t *testing.T) {
	for err, want := range map[error]bool{
		fmt.Errorf("x: %w", &os.PathError{Op: "write", Err: syscall.ENOSPC}): true, syscall.EDQUOT: true, errors.New("x"): false,
	} {
		if diskspace.Full(err) != want {
			t.Errorf("%v: %t", err, !want)
		}
	}
}
