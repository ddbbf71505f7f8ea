package ws

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/coder/websocket"

	"muster"
	"muster/internal/core"
	"muster/internal/server/httpx"
)

// Path is the path of the WebSocket. A slash after it is allowed (websocket.json).
const Path = "/api/v4/websocket"

// ServeHTTP opens a WebSocket and returns; the socket lives on. If it can't, it answers with the API's error object: 400 for a request that is no upgrade or
// comes from a page of another site, 429 if the client's network exceeded a limit, 503 if there are too many connections.
func (h *Hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := h.chain.NewExchange(w, r)
	x.Method, x.Route = http.MethodGet, Path
	h.chain.Serve(x, func() error { return h.accept(x, r, x.Caller) }, func(e *muster.Error) {
		httpx.WriteError(x, httpx.NewErrorBody(e, x.Caller.RequestID))
	})
}

func errUpgrade(cause error) error {
	return muster.E(muster.Invalid, "api.web_socket.connect.upgrade.app_error", cause)
}

func (h *Hub) accept(w http.ResponseWriter, r *http.Request, who *core.Caller) error {
	if err := h.limiter.AllowUpgrade(who); err != nil {
		return err
	}
	from := h.originOf(r)
	if from == originForbidden {
		return errUpgrade(nil)
	}
	in, err := h.sessionOf(r, from)
	if err != nil && !isNoSession(err) {
		return err
	}
	if in == nil {
		if err := h.limiter.AllowAnonymousUpgrade(who); err != nil {
			return err
		}
	}
	mustEnrol := muster.IsKind(err, muster.Forbidden)
	if err := h.reserve(who.Network(), in); err != nil {
		return err
	}
	up := &upgradeWriter{ResponseWriter: w}
	// The origin was checked above, by the settings.
	ws, err := websocket.Accept(up, r, &websocket.AcceptOptions{InsecureSkipVerify: true, CompressionMode: websocket.CompressionDisabled})
	if err != nil {
		h.release(who.Network(), in == nil)
		for _, name := range []string{"Connection", "Upgrade", "Sec-Websocket-Accept"} {
			w.Header().Del(name) // Accept set them before it failed
		}
		return errUpgrade(err)
	}
	ws.SetReadLimit(maxFrame)
	s := &socket{
		hub: h, ws: ws, netConn: up.netConn, network: who.Network(), resumption: parseResumption(r.URL.Query()), anonymous: in == nil, pingedAt: time.Now(),
	}
	h.start(s, in, mustEnrol)
	return nil
}

// start starts a socket, or closes it again if the client may not have it.
func (h *Hub) start(s *socket, in *session, mustEnrol bool) {
	var err error
	registered := h.register(s)
	switch {
	case !registered: // the server is shutting down
		s.abort()
	case mustEnrol:
		s.close(statusPolicyViolation, "multi-factor authentication or the terms of service are required first")
	case !s.resumption.valid():
		err = errBadResume
	case in == nil:
		s.startAuthTimer(h.timing.AuthTimeout)
	default:
		err = h.attach(s, in)
	}
	if err != nil {
		s.closeFor(err)
	}
	go s.read()
}

// closeFor closes a socket for which no connection could be made.
func (s *socket) closeFor(err error) {
	switch {
	case muster.IsKind(err, muster.Unavailable):
		s.close(statusTryAgainLater, "the server is busy")
	case errors.Is(err, errBadResume):
		s.close(statusPolicyViolation, errBadResume.Error())
	default:
		s.hub.log.Error("open a WebSocket", "error", err)
		s.close(websocket.StatusInternalError, "something went wrong")
	}
}

// sessionOf returns the session of a request, nil for none. For a page of an origin that the settings don't name only the header counts: the page could
// not know a token without its user's consent, but the browser sends the cookie unasked.
func (h *Hub) sessionOf(r *http.Request, from origin) (*session, error) {
	token, fromCookie := httpx.Token(r)
	if token == "" || fromCookie && from == originWildcard {
		return nil, nil
	}
	return h.findSession(r.Context(), token)
}

// Sizes of an idle connection's buffers, in bytes. Those of net/http have 4 KiB each, too much for thousands of idle connections.
const (
	readBuffer  = 512
	writeBuffer = 1024
)

// upgradeWriter is the ResponseWriter of a request that becomes a WebSocket. It keeps the connection and provides the WebSocket library with small buffers. It
// discards the library's response to a failed upgrade, because the API has an error object of its own.
type upgradeWriter struct {
	http.ResponseWriter
	netConn net.Conn
	failed  bool
}

func (u *upgradeWriter) WriteHeader(status int) {
	if status == http.StatusSwitchingProtocols {
		u.ResponseWriter.WriteHeader(status)
		return
	}
	u.failed = true
}

func (u *upgradeWriter) Write(b []byte) (int, error) {
	if u.failed {
		return len(b), nil
	}
	return u.ResponseWriter.Write(b)
}

// Hijack returns the connection with small buffers.
func (u *upgradeWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	raw, rw, err := http.NewResponseController(u.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	early, err := rw.Peek(rw.Reader.Buffered())
	if err != nil {
		return nil, nil, err
	}
	u.netConn = raw
	r := bufio.NewReaderSize(io.MultiReader(bytes.NewReader(bytes.Clone(early)), raw), max(readBuffer, len(early)))
	if _, err := r.Peek(len(early)); err != nil {
		return nil, nil, err
	}
	return raw, bufio.NewReadWriter(r, bufio.NewWriterSize(raw, writeBuffer)), nil
}
