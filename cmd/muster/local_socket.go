package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"muster/internal/server/api"
	"muster/internal/server/httpx"
)

const (
	socketMask   = 0o177 // leaves mode 0600: whoever can open the socket administers the server
	probeTimeout = time.Second

	maxSocketPath    = 103 // the shortest sun_path of a system has 104 bytes, the last of them 0 (unix(4) of the BSDs)
	writableByOthers = 0o002
)

// localListener serves the API on the local socket. It returns nil if EnableLocalMode is off.
func (s *server) localListener(o api.Options) (*internalServer, error) {
	c := s.settings.Current().ServiceSettings
	if !c.EnableLocalMode {
		return nil, nil
	}
	path := socketPath(s.dataDir, c.LocalModeSocketLocation)
	l, err := listenLocal(path)
	if err != nil {
		return nil, fmt.Errorf("local socket %s: %w", path, err)
	}
	o.Local, o.Socket = true, nil
	local := &internalServer{httpx.NewServer(api.New(o), s.log, httpx.Timeouts{}), l.Addr()}
	go func() {
		if err := local.Serve(httpx.Listen(l, nil, httpx.Timeouts{})); !errors.Is(err, http.ErrServerClosed) {
			s.log.Error("local socket", "error", err)
		}
	}()
	return local, nil
}

// socketPath returns the path of the socket. A relative location is relative to the data directory.
func socketPath(dataDir, location string) string {
	location = cmp.Or(location, "local.socket")
	if filepath.IsAbs(location) {
		return location
	}
	return filepath.Join(dataDir, location)
}

// checkSocketDir returns an error for a directory in which another user could replace the socket by one that administrators then connect to. It and all
// directories above must belong to this process's user or to root, and must not be writable by others unless they are sticky.
func checkSocketDir(dir string) error {
	dir, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return err
	}
	for {
		info, err := os.Stat(dir)
		if err != nil {
			return err
		}
		if stat, ok := info.Sys().(*syscall.Stat_t); ok && stat.Uid != 0 && int64(stat.Uid) != int64(os.Geteuid()) {
			return fmt.Errorf("the directory %s belongs to another user; choose a path in one of your own", dir)
		}
		if info.Mode().Perm()&writableByOthers != 0 && info.Mode()&fs.ModeSticky == 0 {
			return fmt.Errorf("everybody may write to the directory %s; choose a path in one of your own", dir)
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return nil
		}
		dir = parent
	}
}

// listenLocal listens on a unix socket of mode 0600. It replaces a socket that a killed server left, but not one that is in use, nor a file
// that is not a socket.
func listenLocal(path string) (net.Listener, error) {
	if len(path) > maxSocketPath {
		return nil, fmt.Errorf("the path is longer than %d bytes; choose a shorter one", maxSocketPath)
	}
	if err := checkSocketDir(filepath.Dir(path)); err != nil {
		return nil, err
	}
	switch info, err := os.Lstat(path); {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, err
	case info.Mode()&fs.ModeSocket == 0:
		return nil, errors.New("the file exists and is not a socket; choose another path, or remove it")
	default:
		c, err := net.DialTimeout("unix", path, probeTimeout)
		if err == nil {
			return nil, errors.Join(errors.New("another server is using it"), c.Close())
		}
		if !errors.Is(err, syscall.ECONNREFUSED) { // any other error may come from a server that listens
			return nil, fmt.Errorf("another server may be using it: %w", err)
		}
		if err := os.Remove(path); err != nil {
			return nil, err
		}
	}
	defer syscall.Umask(syscall.Umask(socketMask)) // before the socket exists, so that nobody else can open it
	return net.Listen("unix", path)
}
