package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"muster/internal/require"
)

// patience is how long a test waits for a server to begin.
const patience = time.Minute

// over is the scripts' client of a local socket: "over PATH METHOD /PATH [BODY]" waits until somebody serves the socket and prints the
// answer's status and body, "over PATH mode" prints the socket's type and mode.
func over() {
	if err := runOver(os.Args[1], os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func runOver(path string, args []string) error {
	if args[0] == "mode" {
		info, err := os.Lstat(path)
		if err == nil {
			fmt.Println(strings.ToLower(info.Mode().String())) // Go says S for a socket
		}
		return err
	}
	client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return dialPatiently(ctx, path)
	}}}
	r, err := http.NewRequestWithContext(context.Background(), args[0], "http://localhost/api/v4"+args[1], strings.NewReader(strings.Join(args[2:], "")))
	if err != nil {
		return err
	}
	resp, err := client.Do(r)
	if err != nil {
		return err
	}
	body, err := io.ReadAll(resp.Body)
	fmt.Println(resp.StatusCode, string(body))
	return errors.Join(err, resp.Body.Close())
}

func dialPatiently(ctx context.Context, path string) (net.Conn, error) {
	for end := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		c, err := new(net.Dialer).DialContext(ctx, "unix", path)
		if err == nil || time.Now().After(end) {
			return c, err
		}
	}
}

// A server whose queue of connections is full answers nobody for the moment, but it is there.
func TestABusySocketIsNotTakenOver(t *testing.T) {
	dir, err := os.MkdirTemp("", "muster") // a socket's path must be short
	require.NoError(t, err)
	path := filepath.Join(dir, "local.socket")
	fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	require.NoError(t, err)
	require.NoError(t, syscall.Bind(fd, &syscall.SockaddrUnix{Name: path}))
	require.NoError(t, syscall.Listen(fd, 0))
	var waiting []net.Conn
	defer func() {
		for _, c := range waiting {
			require.NoError(t, c.Close())
		}
		require.NoError(t, errors.Join(syscall.Close(fd), os.RemoveAll(dir)))
	}()
	for {
		c, err := net.Dial("unix", path)
		if errors.Is(err, syscall.EAGAIN) {
			break
		}
		require.NoError(t, err)
		waiting = append(waiting, c)
	}
	l, err := listenLocal(path)
	if err == nil {
		require.NoError(t, l.Close())
		t.Fatal("it was taken over")
	}
	if info, err := os.Lstat(path); err != nil || info.Mode()&fs.ModeSocket == 0 {
		t.Error("the socket is gone", err)
	}
}

// Whoever could put a socket of theirs in the place of ours would be sent what administrators say.
func TestASocketInReachOfOthersIsRefused(t *testing.T) {
	dir, err := os.MkdirTemp("", "muster")
	require.NoError(t, err)
	defer func() { require.NoError(t, os.RemoveAll(dir)) }()
	sub := filepath.Join(dir, "sub")
	require.NoError(t, os.Mkdir(sub, 0o700))
	for _, tc := range []struct {
		mode    fs.FileMode // of dir
		path    string
		refused string
	}{
		{0o700, "local.socket", ""},
		{0o777 | fs.ModeSticky, "local.socket", ""}, // as /var/tmp is
		{0o777, "local.socket", "everybody may write"},
		{0o777, "sub/local.socket", "everybody may write"}, // and replace sub
		{0o700, strings.Repeat("s", 104), "longer than 103 bytes"},
	} {
		require.NoError(t, os.Chmod(dir, tc.mode))
		l, err := listenLocal(filepath.Join(dir, tc.path))
		if err == nil {
			require.NoError(t, l.Close())
		}
		if tc.refused == "" && err != nil || tc.refused != "" && (err == nil || !strings.Contains(err.Error(), tc.refused)) {
			t.Errorf("%v %s: %v, want %q", tc.mode, tc.path, err, tc.refused)
		}
	}
}

func TestSocketPath(t *testing.T) {
	for location, want := range map[string]string{"": "/data/local.socket", "a/b": "/data/a/b", "/run/b": "/run/b"} {
		if got := socketPath("/data", location); got != want {
			t.Errorf("%q: %s, want %s", location, got, want)
		}
	}
}
