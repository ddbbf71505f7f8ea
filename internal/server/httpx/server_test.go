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

const patience = time.Minute

// open serves a handler as the program does, without limits by network.
func open(t *testing.T, h http.HandlerFunc, w Timeouts) net.Conn {
	t.Helper()
	s := httptest.NewUnstartedServer(nil)
	s.Config = NewServer(h, slog.New(slog.DiscardHandler), w)
	s.Listener = Listen(s.Listener, nil, w)
	s.Start()
	t.Cleanup(s.Close)
	c, err := net.Dial("tcp", s.Listener.Addr().String())
	must(t, err)
	must(t, c.SetDeadline(time.Now().Add(patience)))
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// A body that stops coming ends the reading of it, and the connection.
func TestABodyMustCome(t *testing.T) {
	read := make(chan error, 1)
	c := open(t, func(_ http.ResponseWriter, r *http.Request) {
		_, err := io.ReadAll(r.Body)
		read <- err
	}, Timeouts{Body: 50 * time.Millisecond})
	say(t, c, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf")
	if err := <-read; !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, c); err != nil {
		t.Fatalf("the connection did not end: %v", err)
	}
}

// A body's deadline does not end a request whose body has come, and the next request has one of its own.
func TestABodysDeadlineEndsWithIt(t *testing.T) {
	const grace = 50 * time.Millisecond
	c := open(t, func(w http.ResponseWriter, r *http.Request) {
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
		say(t, c, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody")
		want := "body<nil>"
		answer := make([]byte, 4096)
		n, err := c.Read(answer)
		must(t, err)
		if !strings.HasSuffix(string(answer[:n]), want) {
			t.Fatalf("%s", answer[:n])
		}
	}
}

// An answer that nobody takes ends its connection.
func TestAnAnswerMustBeTaken(t *testing.T) {
	wrote := make(chan error, 1)
	c := open(t, func(w http.ResponseWriter, _ *http.Request) {
		var err error
		for b := make([]byte, 1<<20); err == nil; {
			_, err = w.Write(b)
		}
		wrote <- err
	}, Timeouts{Write: 50 * time.Millisecond})
	say(t, c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	if err := <-wrote; !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatal(err)
	}
}

// A connection that was taken over has no deadline but its new owner's.
func TestAHijackedConnectionIsItsOwners(t *testing.T) {
	wrote := make(chan error, 1)
	c := open(t, func(w http.ResponseWriter, _ *http.Request) {
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
	say(t, c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	if err := <-wrote; !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("the owner's deadline was moved: %v", err)
	}
}

// A panic that no handler caught is answered, and the server lives on.
func TestAPanicIsCaught(t *testing.T) {
	c := open(t, func(http.ResponseWriter, *http.Request) { panic("a fault") }, Timeouts{})
	for range 2 {
		say(t, c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		answer := make([]byte, 4096)
		n, err := c.Read(answer)
		must(t, err)
		if !bytes.HasPrefix(answer, []byte("HTTP/1.1 500")) || !bytes.Contains(answer[:n], []byte(`"api.context.internal.app_error"`)) || bytes.Contains(answer[:n], []byte("a fault")) {
			t.Fatalf("%s", answer[:n])
		}
	}
}

// say writes a request, or a part of one.
func say(t *testing.T, c net.Conn, text string) {
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
