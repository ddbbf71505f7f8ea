package blob

import (
	"context"
	"errors"
	"os"
	"path/filepath"
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

func TestNoLinkLeadsOut(t *testing.T) {
	dir := t.TempDir()
	d := openDir(t, filepath.Join(dir, "files"))
	if err := os.WriteFile(filepath.Join(dir, "secret"), []byte("s"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(dir, filepath.Join(dir, "files", "link")); err != nil {
		t.Fatal(err)
	}
	if b, err := d.Get(ctx, "link/secret"); err == nil {
		t.Errorf("gave %q", b)
	}
	if err := d.Put(ctx, "link/secret", []byte("x")); err == nil {
		t.Error("was written")
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
