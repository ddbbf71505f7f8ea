package httpx

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"
)

// timeout bounds how long a test waits.
const timeout = time.Minute

// dial serves a handler as the program does, without limits by network, and returns a connection to it.
func dial(t *testing.T, h http.HandlerFunc, w Timeouts) net.Conn {
	t.Helper()
	s := httptest.NewUnstartedServer(nil)
	s.Config = NewServer(h, slog.New(slog.DiscardHandler), w)
	s.Listener = Listen(s.Listener, nil, w)
	s.Start()
	t.Cleanup(s.Close)
	c, err := net.Dial("tcp", s.Listener.Addr().String())
	must(t, err)
	must(t, c.SetDeadline(time.Now().Add(timeout)))
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// Reading a body that makes no progress fails, and the connection is closed.
func TestABodyMustCome(t *testing.T) {
	read := make(chan error, 1)
	c := dial(t, func(_ http.ResponseWriter, r *http.Request) {
		_, err := io.ReadAll(r.Body)
		read <- err
	}, Timeouts{Body: 50 * time.Millisecond})
	send(t, c, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf")
	if err := <-read; !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, c); err != nil {
		t.Fatalf("the connection did not end: %v", err)
	}
}

// The deadline of a body does not end a request whose body has arrived, and the next request has one of its own.
func TestABodysDeadlineEndsWithIt(t *testing.T) {
	const grace = 50 * time.Millisecond
	c := dial(t, func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		if err == nil && r.Context().Err() == nil {
			select {
			case <-r.Context().Done(): // the deadline ended the request
			case <-time.After(3 * grace): // it passed
			}
			err = r.Context().Err()
		}
		_, _ = fmt.Fprint(w, string(b), err) // the test reads it
	}, Timeouts{Body: grace})
	for range 2 {
		send(t, c, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody")
		want := "body<nil>"
		answer := make([]byte, 4096)
		n, err := c.Read(answer)
		must(t, err)
		if !strings.HasSuffix(string(answer[:n]), want) {
			t.Fatalf("%s", answer[:n])
		}
	}
}

// A connection is closed if the client does not read the response.
func TestAnAnswerMustBeTaken(t *testing.T) {
	wrote := make(chan error, 1)
	c := dial(t, func(w http.ResponseWriter, _ *http.Request) {
		var err error
		for b := make([]byte, 1<<20); err == nil; {
			_, err = w.Write(b)
		}
		wrote <- err
	}, Timeouts{Write: 50 * time.Millisecond})
	send(t, c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	if err := <-wrote; !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatal(err)
	}
}

// A hijacked connection has no deadline but its new owner's.
func TestAHijackedConnectionIsItsOwners(t *testing.T) {
	wrote := make(chan error, 1)
	c := dial(t, func(w http.ResponseWriter, _ *http.Request) {
		raw, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			wrote <- err
			return
		}
		err = raw.SetDeadline(time.Unix(1, 0))
		if err == nil {
			_, err = raw.Write([]byte("x"))
		}
		wrote <- errors.Join(err, raw.Close())
	}, Timeouts{})
	send(t, c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	if err := <-wrote; !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("the owner's deadline was moved: %v", err)
	}
}

// A panic outside of any Chain is answered, and the server goes on.
func TestAPanicIsCaught(t *testing.T) {
	c := dial(t, func(http.ResponseWriter, *http.Request) { panic("a fault") }, Timeouts{})
	for range 2 {
		send(t, c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		answer := make([]byte, 4096)
		n, err := c.Read(answer)
		must(t, err)
		if !bytes.HasPrefix(answer, []byte("HTTP/1.1 500")) || !bytes.Contains(answer[:n], []byte(`"api.context.internal.app_error"`)) || bytes.Contains(answer[:n], []byte("a fault")) {
			t.Fatalf("%s", answer[:n])
		}
	}
}

// send writes a request or a part of one.
func send(t *testing.T, c net.Conn, text string) {
	t.Helper()
	_, err := io.WriteString(c, text)
	must(t, err)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
