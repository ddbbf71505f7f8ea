package blob

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
)

// each runs a test with every kind of store, empty at the start.
func each(t *testing.T, test func(t *testing.T, s Store)) {
	t.Helper()
	t.Run("dir", func(t *testing.T) { test(t, openDir(t, t.TempDir())) })
	t.Run("s3", func(t *testing.T) { test(t, openS3(t, s3Options(t))) })
}

func TestFilesComeBack(t *testing.T) {
	each(t, func(t *testing.T, s Store) {
		for _, key := range []string{"f", "users/a/p.png", "ü und x/a+b %2F&?#.png", strings.Repeat("k", 200)} {
			for _, data := range []string{"one", "two, which replaces it", ""} {
				if err := s.Put(ctx, key, []byte(data)); err != nil {
					t.Fatal(key, err)
				}
				wants(t, s, key, []byte(data))
			}
		}
	})
}

func TestNothingIsThere(t *testing.T) {
	each(t, func(t *testing.T, s Store) {
		if err := s.Put(ctx, "a/b", []byte("x")); err != nil {
			t.Fatal(err)
		}
		for range 2 { // deleting a missing file is no error
			if err := s.Delete(ctx, "a/b"); err != nil {
				t.Fatal(err)
			}
		}
		for _, key := range []string{"a/b", "never"} {
			wantsNothing(t, s, key)
		}
	})
}

func TestBadKeys(t *testing.T) {
	each(t, func(t *testing.T, s Store) {
		for _, key := range []string{"", ".", "..", "../secret", "a/../../secret", "a/./b", "/etc/passwd", "a//b", "a/", "a\xff", tempPrefix + "x"} {
			_, get := s.Get(ctx, key)
			r, open := s.Open(ctx, key)
			_, write := s.Write(ctx, key, strings.NewReader("x"))
			for what, err := range map[string]error{
				"get": get, "open": open, "write": write, "put": s.Put(ctx, key, []byte("x")), "delete": s.Delete(ctx, key),
			} {
				if err == nil || errors.Is(err, ErrNotFound) {
					t.Errorf("%s %q: %v", what, key, err)
				}
			}
			if r != nil {
				t.Errorf("%q was opened", key)
			}
		}
	})
}

func TestStreams(t *testing.T) {
	each(t, func(t *testing.T, s Store) {
		for _, size := range []int{0, 1, partSize - 1, partSize, partSize + 1, 2 * partSize, 2*partSize + 12345} {
			want := pattern(size, byte(size))
			n, err := s.Write(ctx, "stream", io.MultiReader(bytes.NewReader(want))) // hides everything but Read
			if err != nil || n != int64(size) {
				t.Fatal(size, n, err)
			}
			wants(t, s, "stream", want)
		}
	})
}

// A stream that fails leaves the previous file, at whatever point and with whatever error it fails.
func TestBrokenStreams(t *testing.T) {
	each(t, func(t *testing.T, s Store) {
		if err := s.Put(ctx, "old", []byte("old")); err != nil {
			t.Fatal(err)
		}
		for _, size := range []int{0, 10, partSize, partSize + 10, 2 * partSize} {
			for _, cause := range []error{errors.New("broken"), io.ErrUnexpectedEOF, fmt.Errorf("an upload: %w", io.EOF)} {
				for _, key := range []string{"old", "new"} {
					n, err := s.Write(ctx, key, io.MultiReader(bytes.NewReader(pattern(size, 1)), broken{cause}))
					if !errors.Is(err, cause) || n != 0 {
						t.Errorf("%d bytes, then %v: %d, %v", size, cause, n, err)
					}
				}
			}
		}
		wants(t, s, "old", []byte("old"))
		wantsNothing(t, s, "new")
	})
}

// Concurrent writers of one file leave one of their versions, and a reader sees a complete version or, before the first, none.
func TestConcurrentWriters(t *testing.T) {
	each(t, func(t *testing.T, s Store) {
		for _, size := range []int{1 << 16, partSize + 1<<10} {
			key := fmt.Sprint("k/", size)
			var writers, readers sync.WaitGroup
			for i := range 6 {
				writers.Go(func() {
					if _, err := s.Write(ctx, key, bytes.NewReader(bytes.Repeat([]byte{byte(i)}, size))); err != nil {
						t.Error(err)
					}
				})
			}
			done := make(chan struct{})
			readers.Go(func() {
				for {
					wantsOneVersion(t, s, key, size, true)
					select {
					case <-done:
						return
					default:
					}
				}
			})
			writers.Wait()
			close(done)
			readers.Wait()
			wantsOneVersion(t, s, key, size, false)
		}
	})
}

func TestManyFilesAtOnce(t *testing.T) {
	each(t, func(t *testing.T, s Store) {
		var wg sync.WaitGroup
		for i := range 64 {
			wg.Go(func() {
				key, data := fmt.Sprint("many/", i), pattern(1000+i, byte(i))
				if err := s.Put(ctx, key, data); err != nil {
					t.Error(err)
					return
				}
				wants(t, s, key, data)
			})
		}
		wg.Wait()
	})
}

type broken struct{ err error }

func (b broken) Read([]byte) (int, error) { return 0, b.err }

// pattern returns bytes that differ from place to place, so that no part can stand in for another.
func pattern(size int, seed byte) []byte {
	b := make([]byte, size)
	for i := range b {
		b[i] = byte(i>>16) ^ byte(i>>8) ^ byte(i) + seed
	}
	return b
}

// wants checks a file with Get and Open.
func wants(t *testing.T, s Store, key string, data []byte) {
	t.Helper()
	if b, err := s.Get(ctx, key); err != nil || !bytes.Equal(b, data) {
		t.Errorf("get %q: %d bytes of %d, %v", key, len(b), len(data), err)
	}
	r, err := s.Open(ctx, key)
	if err != nil {
		t.Error(err)
		return
	}
	b, err := io.ReadAll(r)
	if err = errors.Join(err, r.Close()); err != nil || !bytes.Equal(b, data) {
		t.Errorf("open %q: %d bytes of %d, %v", key, len(b), len(data), err)
	}
}

func wantsNothing(t *testing.T, s Store, key string) {
	t.Helper()
	if b, err := s.Get(ctx, key); !errors.Is(err, ErrNotFound) {
		t.Errorf("get %q: %q, %v", key, b, err)
	}
	if r, err := s.Open(ctx, key); !errors.Is(err, ErrNotFound) || r != nil {
		t.Errorf("open %q: %v", key, err)
	}
}

func wantsOneVersion(t *testing.T, s Store, key string, size int, orNone bool) {
	t.Helper()
	b, err := s.Get(ctx, key)
	if orNone && errors.Is(err, ErrNotFound) {
		return
	}
	if err != nil || len(b) != size || !bytes.Equal(b, bytes.Repeat(b[:1], size)) {
		t.Errorf("%d bytes of %d, mixed or not there: %v", len(b), size, err)
	}
}
