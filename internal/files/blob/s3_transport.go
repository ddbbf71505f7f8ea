package blob

import (
	"context"
	"net"
	"net/http"
	"time"
)

const (
	dialTimeout = 5 * time.Second
	idleConns   = 64
)

// newTransport returns a transport whose connections fail when no byte is transferred for idleTimeout, at any point of a request. A timeout for
// whole requests would either abort large files on slow networks or let a dead server block a small one for hours.
func newTransport(idleTimeout time.Duration) *http.Transport {
	dialer := &net.Dialer{Timeout: dialTimeout}
	return &http.Transport{
		Proxy: http.ProxyFromEnvironment,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			c, err := dialer.DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return &idleTimeoutConn{c, idleTimeout}, nil
		},
		TLSHandshakeTimeout: dialTimeout,
		MaxIdleConns:        idleConns,
		MaxIdleConnsPerHost: idleConns,
		IdleConnTimeout:     idleTimeout / 2, // so that an idle connection does not time out during a new request
		DisableCompression:  true,            // files are returned as they are stored
	}
}

// idleTimeoutConn fails a read or write that makes no progress for the timeout.
type idleTimeoutConn struct {
	net.Conn
	timeout time.Duration
}

// Read implements net.Conn.
func (c *idleTimeoutConn) Read(b []byte) (int, error) {
	if err := c.SetReadDeadline(time.Now().Add(c.timeout)); err != nil {
		return 0, err
	}
	return c.Conn.Read(b)
}

// Write implements net.Conn. It extends the read deadline too, since the response is awaited while a long body is sent.
func (c *idleTimeoutConn) Write(b []byte) (int, error) {
	if err := c.SetDeadline(time.Now().Add(c.timeout)); err != nil {
		return 0, err
	}
	return c.Conn.Write(b)
}
