package ws

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/coder/websocket"

	"muster"
	"muster/internal/server/httpx"
)

// Path is where the WebSocket lives; a slash after it is allowed (websocket.json).
const Path = "/api/v4/websocket"

// ServeHTTP opens a WebSocket and returns; the socket lives on. What it can't open it answers with the API's error object:
// 400 for what is no upgrade or comes from a foreign page, 429 when the client's network asks for too much, 503 when there is no room.
func (h *Hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := h.accept(w, r); err != nil {
		h.answerError(w, r, err)
	}
}

func errUpgrade(cause error) error {
	return muster.E(muster.Invalid, "api.web_socket.connect.upgrade.app_error", cause)
}

func (h *Hub) accept(w http.ResponseWriter, r *http.Request) error {
	who := h.limiter.NewCaller(r)
	if err := h.limiter.AllowUpgrade(who); err != nil {
		return err
	}
	if err := h.limiter.BeginRequest(who); err != nil {
		return err
	}
	defer h.limiter.EndRequest(who)
	from := h.originOf(r)
	if from == foreign {
		return errUpgrade(nil)
	}
	in, err := h.signInOf(r, from)
	switch {
	case err == nil, refused(err):
	case r.Context().Err() != nil:
		return errUpgrade(err) // the client left
	default:
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
	up := &upgrade{ResponseWriter: w}
	// The origin was checked, with the settings that are ours to know.
	ws, err := websocket.Accept(up, r, &websocket.AcceptOptions{InsecureSkipVerify: true, CompressionMode: websocket.CompressionDisabled})
	if err != nil {
		h.release(who.Network(), in == nil)
		return errUpgrade(err)
	}
	ws.SetReadLimit(frameMax)
	s := &socket{hub: h, ws: ws, raw: up.raw, from: who.Network(), anonymous: in == nil, resumes: resumptionOf(r.URL.Query()), pingedAt: time.Now()}
	h.start(s, in, mustEnrol)
	return nil
}

// start puts a socket to work, or closes it again when the client may not have it.
func (h *Hub) start(s *socket, in *signIn, mustEnrol bool) {
	var err error
	entered := h.enter(s)
	switch {
	case !entered: // the server stops
		s.cut()
	case mustEnrol:
		s.close(statusPolicyViolation, "set up a second factor first")
	case !s.resumes.valid():
		err = errBadResume
	case in == nil:
		s.arm(h.waits.Auth)
	default:
		err = h.attach(s, in)
	}
	if err != nil {
		s.closeFor(err)
	}
	go s.read()
}

// closeFor closes a socket that could not have its connection.
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

// signInOf finds the session that a request brings along; nil for none. A page of just any origin may bring a header but not our cookie:
// its visitors did not ask for that.
func (h *Hub) signInOf(r *http.Request, from origin) (*signIn, error) {
	token, fromCookie := httpx.Token(r)
	if token == "" || fromCookie && from == anybodys {
		return nil, nil
	}
	return h.signIn(r.Context(), token)
}

// answerError answers a request that did not become a WebSocket.
func (h *Hub) answerError(w http.ResponseWriter, r *http.Request, err error) {
	e := muster.AsError(err)
	requestID := muster.NewID()
	if e.Kind.Fault() && e.Cause != nil {
		h.log.Error("open a WebSocket", "request_id", requestID, "error", err)
	}
	h.limiter.AbandonBody(w, r, e)
	body := errorObject(e)
	body.RequestID = requestID
	text, err := json.Marshal(body)
	if err != nil {
		text = []byte("{}") // five plain fields always encode
	}
	header := w.Header()
	for _, name := range []string{"Connection", "Upgrade", "Sec-Websocket-Accept"} {
		header.Del(name) // nothing is upgraded
	}
	header.Set("Content-Type", "application/json")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("X-Request-Id", requestID)
	if after := e.RetryAfterSeconds(); after != "" {
		header.Set("Retry-After", after)
	}
	w.WriteHeader(e.Kind.Status())
	_, _ = w.Write(text) // a client that left is no fault of ours
}

// Sizes of an idle connection's buffers, in bytes. net/http's own are 4 KiB each, which thousands of idle connections would hold.
const (
	readBuffer  = 512
	writeBuffer = 1024
)

// upgrade is the answer to a request that becomes a WebSocket: it keeps the connection for us and gives the library small buffers. What
// the library says about a failed upgrade it swallows: the API has an error object of its own.
type upgrade struct {
	http.ResponseWriter
	raw    net.Conn
	failed bool
}

func (u *upgrade) WriteHeader(status int) {
	if status == http.StatusSwitchingProtocols {
		u.ResponseWriter.WriteHeader(status)
		return
	}
	u.failed = true
}

func (u *upgrade) Write(b []byte) (int, error) {
	if u.failed {
		return len(b), nil
	}
	return u.ResponseWriter.Write(b)
}

// Hijack hands over the connection.
func (u *upgrade) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	raw, rw, err := http.NewResponseController(u.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	early, err := rw.Peek(rw.Reader.Buffered())
	if err != nil {
		return nil, nil, err
	}
	u.raw = raw
	r := bufio.NewReaderSize(io.MultiReader(bytes.NewReader(bytes.Clone(early)), raw), max(readBuffer, len(early)))
	if _, err := r.Peek(len(early)); err != nil {
		return nil, nil, err
	}
	return raw, bufio.NewReadWriter(r, bufio.NewWriterSize(raw, writeBuffer)), nil
}
