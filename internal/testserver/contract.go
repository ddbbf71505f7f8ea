package testserver

import (
	"bytes"
	"net/http"
	"strings"
	"sync"
	"testing"

	"muster/api/check"
	"muster/internal/server/api"
)

const (
	contractBodyMax = 1 << 20 // bytes; longer bodies are not checked
	excerptMax      = 500     // bytes of a body shown in a failure
	departuresMax   = 20      // reported to a test
)

// contract passes requests to next and validates each response against the OpenAPI document. The test fails if a response violates it.
func contract(t testing.TB, next http.Handler) http.Handler {
	c := &contractor{t: t, told: map[string]bool{}}
	t.Cleanup(c.end)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path, inside := strings.CutPrefix(r.URL.EscapedPath(), api.Prefix)
		if !inside || r.Method == http.MethodHead || r.Header.Get("Upgrade") != "" {
			next.ServeHTTP(w, r)
			return
		}
		seen := &witness{ResponseWriter: w}
		next.ServeHTTP(seen, r)
		if seen.left || r.Context().Err() != nil { // hijacked, too long, or the client is gone
			return
		}
		c.hold(check.Answer{Method: r.Method, Path: path, Status: max(seen.status, http.StatusOK), Header: w.Header(), Body: seen.body.Bytes()})
	})
}

// contractor reports each violation to the test once, and none after the test has ended.
type contractor struct {
	mu    sync.Mutex
	t     testing.TB
	ended bool
	told  map[string]bool
}

func (c *contractor) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended = true
}

func (c *contractor) hold(a check.Answer) {
	err := check.Answered(a)
	if err == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended || c.told[err.Error()] || len(c.told) == departuresMax {
		return
	}
	c.told[err.Error()] = true
	c.t.Errorf("%s %s answered %d, which api/openapi.yaml does not describe: %v\n%.*s", a.Method, a.Path, a.Status, err, excerptMax, a.Body)
}

// witness records a response. Unwrap lets http.ResponseController reach the underlying ResponseWriter.
type witness struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
	left   bool // hijacked, or the body is too long
}

func (w *witness) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *witness) WriteHeader(status int) {
	if w.status == 0 && status >= http.StatusOK {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *witness) Write(b []byte) (int, error) {
	if w.body.Len()+len(b) > contractBodyMax {
		w.left = true
		w.body.Reset()
	}
	if !w.left {
		w.body.Write(b)
	}
	return w.ResponseWriter.Write(b)
}
