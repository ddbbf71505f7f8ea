package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"

	"muster/internal/subprocess"
)

// recorded is a response of the server, for the baseline server to repeat.
type recorded struct {
	Header http.Header
	Body   []byte
}

// serveBaseline serves recorded responses with net/http and nothing else. input contains them by path, as JSON.
func serveBaseline(input io.Reader) error {
	var answers map[string]recorded
	if err := json.NewDecoder(input).Decode(&answers); err != nil {
		return fmt.Errorf("recorded responses: %w", err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println("listening on http://" + l.Addr().String())
	return http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a, ok := answers[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		h := w.Header()
		for name, values := range a.Header {
			h[name] = values
		}
		_, _ = w.Write(a.Body) // the client is gone
	}))
}

// startBaseline starts a baseline server that repeats the server's responses to GET of the paths.
func startBaseline(ctx context.Context, program, base string, token string, paths []string) (*subprocess.Process, error) {
	answers := map[string]recorded{}
	for _, path := range paths {
		a, err := record(ctx, base+path, token)
		if err != nil {
			return nil, err
		}
		answers[path] = a
	}
	b, err := json.Marshal(answers)
	if err != nil {
		return nil, err
	}
	return subprocess.Start(ctx, subprocess.Options{Program: program, Args: []string{baselineRole}, Input: b, Log: os.Stderr})
}

func record(ctx context.Context, url, token string) (recorded, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return recorded{}, err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return recorded{}, err
	}
	body, err := io.ReadAll(resp.Body)
	if err == nil {
		err = resp.Body.Close()
	}
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("GET %s: %s", url, resp.Status)
	}
	resp.Header.Set("Content-Length", strconv.Itoa(len(body)))
	resp.Header.Del("Date") // net/http adds its own
	return recorded{resp.Header, body}, err
}
