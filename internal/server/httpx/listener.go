package httpx

import (
	"cmp"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"muster/internal/network"
)

// Listen returns a listener that bounds how many connections each network has open, and how slowly clients may read. A nil limiter bounds no connections,
// for listeners that the public can't reach.
func Listen(l net.Listener, limiter *Limiter, t Timeouts) net.Listener {
	return &listener{l, limiter, cmp.Or(t.Write, writeTimeout)}
}

type listener struct {
	net.Listener
	limiter *Limiter
	write   time.Duration
}

// Accept returns the next connection that its network may open, and closes the others at once.
func (l *listener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		n := network.Network{}
		if l.limiter != nil {
			n = l.limiter.connectionNetwork(c.RemoteAddr())
			if !l.limiter.admit(n) {
				_ = c.Close() // nothing was sent on it
				continue
			}
		}
		return &conn{Conn: c, write: l.write, closed: sync.OnceFunc(func() {
			if l.limiter != nil {
				l.limiter.connections.release(n)
			}
		})}, nil
	}
}

// admit counts a connection as open, and reports whether its network may open it.
func (l *Limiter) admit(n network.Network) bool {
	c := l.settings()
	if c.Enable && l.shedder.sheds(n, time.Now()) {
		l.refuse(limitShed, n)
		return false
	}
	return l.acquire(&l.connections, n, limitConnections, c.MaxConnectionsPerNetwork) == nil
}

// connectionNetwork returns the network that a connection counts against: none for trusted proxies, whose clients' requests are counted instead.
func (l *Limiter) connectionNetwork(peer net.Addr) network.Network {
	a, ok := peerAddr(peer.String())
	if !ok || l.trustedProxies().contains(a) {
		return network.Network{}
	}
	return network.Of(a.String())
}

// conn is a connection that sets a deadline for each write until it is hijacked. From then on deadlines are up to its new owner.
type conn struct {
	net.Conn
	write    time.Duration
	hijacked atomic.Bool
	closed   func()
}

func (c *conn) Close() error {
	c.closed()
	return c.Conn.Close()
}

// Write writes in chunks, so that the time a slow client has grows with the size of the response.
func (c *conn) Write(b []byte) (n int, err error) {
	if c.hijacked.Load() {
		return c.Conn.Write(b)
	}
	for first := true; first || len(b) > 0; first = false {
		chunk := b[:min(len(b), writeChunk)]
		if err := c.SetWriteDeadline(time.Now().Add(c.write)); err != nil {
			return n, err
		}
		written, err := c.Conn.Write(chunk)
		n += written
		if err != nil {
			return n, err
		}
		b = b[len(chunk):]
	}
	return n, nil
}

// CloseWrite lets net/http close its half of a connection so that the client can still read the response.
func (c *conn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}
