// Package browser_test uses the pages as people do: a real browser, the real program, real mail.
package browser_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"

	"muster/internal/subprocess"
)

// userAgent is how the browser calls itself, for the sessions that it begins: as one that has windows.
const userAgent = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"

// ends is what the package's one browser and one program leave behind, to be undone after all tests.
var ends []func() error

func TestMain(m *testing.M) {
	code := m.Run()
	for _, end := range ends {
		if err := end(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = max(code, 1)
		}
	}
	os.Exit(code)
}

// program builds the program under test, once.
var program = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "muster-browser-")
	if err != nil {
		return "", err
	}
	ends = append(ends, func() error { return os.RemoveAll(dir) })
	return subprocess.Build(context.Background(), "muster/cmd/muster", dir)
})

// chromium starts the browser, once. Each page gets a profile of its own in it.
var chromium = sync.OnceValues(func() (context.Context, error) {
	path, err := exec.LookPath("chromium")
	if err != nil {
		return nil, err
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.UserAgent(userAgent))
	if os.Getuid() == 0 {
		options = append(options, chromedp.NoSandbox) // its sandbox refuses to run as root; what it shows is our own
	}
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, _ := chromedp.NewContext(allocator)
	ends = append(ends, func() error {
		defer stop()
		return chromedp.Cancel(ctx)
	})
	return ctx, chromedp.Do(ctx)
})

// needs skips a test that lacks what it is done with; where CI is true it fails.
func needs(t *testing.T, have bool, what string) {
	t.Helper()
	switch {
	case have:
	case os.Getenv("CI") == "true":
		t.Fatal("there is no " + what)
	default:
		t.Skip("SKIPPED: there is no " + what)
	}
}

func needsTools(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("takes a browser")
	}
	for _, tool := range []string{"chromium", "oathtool"} {
		_, err := exec.LookPath(tool)
		needs(t, err == nil, tool+" (Debian package "+tool+")")
	}
}

// root is the repository's directory: tests run in their package's.
func root(path ...string) string { return filepath.Join(append([]string{"..", ".."}, path...)...) }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// exists reports whether a file is there.
func exists(t testing.TB, path string) bool {
	t.Helper()
	_, err := os.Stat(path)
	if !errors.Is(err, os.ErrNotExist) {
		must(t, err)
	}
	return err == nil
}
