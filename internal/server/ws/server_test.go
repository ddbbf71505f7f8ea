package ws_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"muster"
	"muster/client"
	"muster/internal/server/ws"
	"muster/internal/testserver"
)

// timeout bounds how long a test waits.
const timeout = time.Minute

// testHub is a hub beside the one of a test's server.
type testHub struct {
	*testserver.Server
	hub *ws.Hub
	url string
}

// newHub starts a hub over s. Statuses are turned off because their events would come in between.
func newHub(t *testing.T, s *testserver.Server, o ws.Options) *testHub {
	t.Helper()
	s.Configure(t, `{"ServiceSettings":{"EnableUserStatuses":false}}`)
	return newHubWithStatuses(t, s, o)
}

func newHubWithStatuses(t *testing.T, s *testserver.Server, o ws.Options) *testHub {
	t.Helper()
	o.Services, o.Version = s.Services, "test"
	hub := ws.New(o)
	h := httptest.NewUnstartedServer(hub)
	h.Config.ConnState = func(c net.Conn, state http.ConnState) {
		if tcp, ok := c.(*net.TCPConn); ok && state == http.StateNew {
			_ = tcp.SetWriteBuffer(4096) // so that a client that does not read is noticed soon
		}
	}
	h.Start()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), timeout)
		defer cancel()
		must(t, hub.Close(ctx))
		h.Close()
	})
	return &testHub{Server: s, hub: hub, url: h.URL}
}

// dialOptions say how a client opens its WebSocket.
type dialOptions struct {
	token, cookie, origin, query string
	path                         string // other than ws.Path
}

func (d *testHub) dial(t *testing.T, o dialOptions) (*socket, *http.Response, error) {
	t.Helper()
	header := http.Header{}
	if o.token != "" {
		header.Set("Authorization", "Bearer "+o.token)
	}
	if o.cookie != "" {
		header.Set("Cookie", "MMAUTHTOKEN="+o.cookie)
	}
	if o.origin != "" {
		header.Set("Origin", o.origin)
	}
	dialer := &net.Dialer{}
	transport := &http.Transport{DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := dialer.DialContext(ctx, network, addr)
		if tcp, ok := c.(*net.TCPConn); ok {
			_ = tcp.SetReadBuffer(4096)
		}
		return c, err
	}}
	t.Cleanup(transport.CloseIdleConnections)
	ws, res, err := websocket.Dial(t.Context(), d.url+cmp.Or(o.path, ws.Path)+"?"+o.query, &websocket.DialOptions{
		HTTPClient: &http.Client{Transport: transport}, HTTPHeader: header,
	})
	if err != nil {
		return nil, res, err
	}
	ws.SetReadLimit(1 << 20)
	t.Cleanup(func() { _ = ws.CloseNow() })
	return &socket{t: t, ws: ws}, res, nil
}

func (d *testHub) connect(t *testing.T, o dialOptions) *socket {
	t.Helper()
	s, _, err := d.dial(t, o)
	must(t, err)
	return s
}

// signedIn connects with a session and reads the hello event.
func (d *testHub) signedIn(t *testing.T, c *client.Client) *socket {
	t.Helper()
	s := d.connect(t, dialOptions{token: c.Token()})
	s.hello()
	return s
}

// socket is the client's end of a WebSocket.
type socket struct {
	t  *testing.T
	ws *websocket.Conn
	id string
}

// received is a message from the server: an event or a reply.
type received struct {
	Event     string
	Data      map[string]any
	Broadcast map[string]any
	Seq       *int64
	Status    string
	SeqReply  int64 `json:"seq_reply"`
	Error     *struct {
		ID         string
		Message    string
		StatusCode int `json:"status_code"`
	}
}

func (s *socket) read() (received, error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	_, text, err := s.ws.Read(ctx)
	if err != nil {
		return received{}, err
	}
	var h received
	must(s.t, json.Unmarshal(text, &h))
	return h, nil
}

func (s *socket) next() received {
	s.t.Helper()
	h, err := s.read()
	must(s.t, err)
	return h
}

// until reads up to the next event of that name.
func (s *socket) until(event string) {
	s.t.Helper()
	for s.next().Event != event {
	}
}

// event expects the next message to be that event.
func (s *socket) event(name string, seq int64) received {
	s.t.Helper()
	h := s.next()
	if h.Event != name || h.Seq == nil || *h.Seq != seq {
		s.t.Fatalf("received %s, want %s number %d", show(h), name, seq)
	}
	return h
}

// hello expects the first event of a new connection.
func (s *socket) hello() received {
	s.t.Helper()
	h := s.event("hello", 0)
	s.id, _ = h.Data["connection_id"].(string)
	if !muster.ValidID(s.id) {
		s.t.Fatalf("hello %s", show(h))
	}
	return h
}

// reply expects the next message to be a reply.
func (s *socket) reply(status string, seq int64) received {
	s.t.Helper()
	h := s.next()
	if h.Status != status || h.SeqReply != seq || h.Seq != nil {
		s.t.Fatalf("received %s, want %s to %d", show(h), status, seq)
	}
	return h
}

func (s *socket) refused(seq int64, code int, id string) {
	s.t.Helper()
	h := s.reply("FAIL", seq)
	if h.Error == nil || h.Error.ID != id || h.Error.StatusCode != code || h.Error.Message == "" {
		s.t.Fatalf("received %s, want %d %s", show(h), code, id)
	}
}

func (s *socket) send(seq int64, action string, data any) {
	s.t.Helper()
	text, err := json.Marshal(map[string]any{"seq": seq, "action": action, "data": data})
	must(s.t, err)
	s.text(string(text))
}

func (s *socket) text(text string) {
	s.t.Helper()
	must(s.t, s.ws.Write(s.t.Context(), websocket.MessageText, []byte(text)))
}

// closed expects the server to close the socket, with no message before that but those of pass.
func (s *socket) closed(code websocket.StatusCode, pass ...string) {
	s.t.Helper()
	for {
		h, err := s.read()
		if err != nil {
			if got := websocket.CloseStatus(err); got != code {
				s.t.Fatalf("ended with %v (%v), want %v", got, err, code)
			}
			return
		}
		if !strings.Contains(strings.Join(pass, " "), h.Event+h.Status) {
			s.t.Fatalf("received %s, want the socket to be closed", show(h))
		}
	}
}

// disconnect ends a socket as if the network failed, and waits until the hub has noticed.
func (s *socket) disconnect(d *testHub) {
	s.t.Helper()
	before := d.hub.Stats().Connections
	_ = s.ws.CloseNow()
	eventually(s.t, "the end of the socket", func() bool { return d.hub.Stats().Connections < before })
}

func show(h received) string {
	b, err := json.Marshal(h)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// publishMarker causes an event that only one account receives. When it arrives, all earlier events have been delivered.
func publishMarker(t *testing.T, c *client.Client, userID, value string) {
	t.Helper()
	must(t, c.UpdatePreferences(t.Context(), userID, []*muster.Preference{{UserID: userID, Category: "test", Name: "mark", Value: value}}))
}

const markerEvent = muster.EventPreferencesChanged

// eventually waits until a condition holds.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(timeout); !is(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("waited too long for " + what)
		}
	}
}

// refusedUpgrade expects the API's error object instead of a WebSocket.
func refusedUpgrade(t *testing.T, res *http.Response, err error, code int, id string) {
	t.Helper()
	if err == nil {
		t.Fatal("a WebSocket was opened")
	}
	if res == nil {
		t.Fatal(err)
	}
	var body map[string]any
	if err := json.NewDecoder(res.Body).Decode(&body); err != nil && !errors.Is(err, net.ErrClosed) {
		t.Fatal(err)
	}
	if res.StatusCode != code || body["id"] != id || body["status_code"] != float64(code) || body["message"] == "" || body["request_id"] == "" {
		t.Fatalf("answered %d %v, want %d %s", res.StatusCode, body, code, id)
	}
	if res.Header.Get("Content-Type") != "application/json" || res.Header.Get("Upgrade") != "" {
		t.Fatalf("headers %v", res.Header)
	}
}

func resuming(s *socket, seq any) string {
	return url.Values{"connection_id": {s.id}, "sequence_number": {fmt.Sprint(seq)}}.Encode()
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
