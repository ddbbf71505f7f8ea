package blob

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

var ctx = context.Background()

func openDir(t *testing.T, dir string) *Dir {
	t.Helper()
	d, err := OpenDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

func TestFilesComeBack(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "files")
	d := openDir(t, dir)
	for _, data := range []string{"one", "two"} {
		if err := d.Put(ctx, "users/a/p.png", []byte(data)); err != nil {
			t.Fatal(err)
		}
	}
	again := openDir(t, dir)
	if b, err := again.Get(ctx, "users/a/p.png"); err != nil || string(b) != "two" {
		t.Fatal(string(b), err)
	}
	for range 2 { // what is gone may be removed again
		if err := d.Delete(ctx, "users/a/p.png"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := d.Get(ctx, "users/a/p.png"); !errors.Is(err, ErrNotFound) {
		t.Fatal(err)
	}
}

func TestNoKeyLeadsOut(t *testing.T) {
	dir := t.TempDir()
	d := openDir(t, filepath.Join(dir, "files"))
	if err := os.WriteFile(filepath.Join(dir, "secret"), []byte("s"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(dir, filepath.Join(dir, "files", "link")); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"", ".", "../secret", "a/../../secret", "/etc/passwd", "a//b", "link/secret", tempPrefix + "x"} {
		if b, err := d.Get(ctx, key); err == nil {
			t.Errorf("%q gave %q", key, b)
		}
		if err := d.Put(ctx, key, []byte("x")); err == nil {
			t.Errorf("%q was written", key)
		}
	}
}

func TestHalfWrittenFilesAreSwept(t *testing.T) {
	dir := t.TempDir()
	left := filepath.Join(dir, tempPrefix+"x")
	if err := os.WriteFile(left, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	openDir(t, dir)
	if _, err := os.Stat(left); !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
}

func TestConcurrentWritersLeaveOneWholeFile(t *testing.T) {
	d := openDir(t, t.TempDir())
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			if err := d.Put(ctx, "k/f", bytes.Repeat([]byte{byte(i)}, 1<<16)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	b, err := d.Get(ctx, "k/f")
	if err != nil || len(b) != 1<<16 || !bytes.Equal(b, bytes.Repeat(b[:1], 1<<16)) {
		t.Fatal(len(b), err)
	}
}
