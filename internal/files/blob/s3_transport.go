package blob

import (
	"context"
	"net"
	"net/http"
	"time"
)

const (
	dialTime  = 5 * time.Second
	idleConns = 64
)

// newTransport makes connections that end when the other side moves no byte for the time of silence, at any point of a request. A limit
// for whole requests would either cut off big files on slow lines or let a dead store hold a small one for hours.
func newTransport(silence time.Duration) *http.Transport {
	dialer := &net.Dialer{Timeout: dialTime}
	return &http.Transport{
		Proxy: http.ProxyFromEnvironment,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			c, err := dialer.DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return &watchedConn{c, silence}, nil
		},
		TLSHandshakeTimeout: dialTime,
		MaxIdleConns:        idleConns,
		MaxIdleConnsPerHost: idleConns,
		IdleConnTimeout:     silence / 2, // before the silence of an idle connection ends it under a new request
		DisableCompression:  true,        // files come as they are kept
	}
}

// watchedConn fails a read or a write that has waited for the time of silence.
type watchedConn struct {
	net.Conn
	silence time.Duration
}

// Read implements net.Conn.
func (c *watchedConn) Read(b []byte) (int, error) {
	if err := c.SetReadDeadline(time.Now().Add(c.silence)); err != nil {
		return 0, err
	}
	return c.Conn.Read(b)
}

// Write implements net.Conn. It puts off the end of reads too: the answer to a long body is awaited from its beginning on.
func (c *watchedConn) Write(b []byte) (int, error) {
	if err := c.SetDeadline(time.Now().Add(c.silence)); err != nil {
		return 0, err
	}
	return c.Conn.Write(b)
}
