package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"syscall"
	"time"

	"muster/internal/api"
	"muster/internal/edge"
)

const (
	socketMask = 0o177 // leaves mode 0600: whoever may open the socket administers the server
	probeTime  = time.Second
)

// localListener serves the API on the local socket; nil where EnableLocalMode is off.
func (s *server) localListener(o api.Options) (*sideServer, error) {
	c := s.settings.Current().ServiceSettings
	if !c.EnableLocalMode {
		return nil, nil
	}
	l, err := listenLocal(c.LocalModeSocketLocation)
	if err != nil {
		return nil, fmt.Errorf("local socket %s: %w", c.LocalModeSocketLocation, err)
	}
	o.Local, o.Socket = true, nil
	local := &sideServer{edge.NewServer(api.New(o), s.log, edge.Timeouts{}), l.Addr()}
	go func() {
		if err := local.Serve(edge.Listen(l, nil, edge.Timeouts{})); !errors.Is(err, http.ErrServerClosed) {
			s.log.Error("local socket", "error", err)
		}
	}()
	return local, nil
}

// listenLocal listens on a unix socket of mode 0600. A socket that a killed server left is taken over; one that is served, or
// a file that is no socket, is refused.
func listenLocal(path string) (net.Listener, error) {
	switch info, err := os.Lstat(path); {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, err
	case info.Mode()&fs.ModeSocket == 0:
		return nil, errors.New("something else is in its place; name another path, or remove it")
	default:
		c, err := net.DialTimeout("unix", path, probeTime)
		if err == nil {
			return nil, errors.Join(errors.New("another server is using it"), c.Close())
		}
		if !errors.Is(err, syscall.ECONNREFUSED) { // that nobody listens there; all else may be somebody who does
			return nil, fmt.Errorf("another server may be using it: %w", err)
		}
		if err := os.Remove(path); err != nil {
			return nil, err
		}
	}
	defer syscall.Umask(syscall.Umask(socketMask)) // before the socket is there, so that nobody else can open it in between
	return net.Listen("unix", path)
}
