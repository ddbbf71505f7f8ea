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

// recorded is an answer of the server, for the bare server to give again.
type recorded struct {
	Header http.Header
	Body   []byte
}

// serveBare is what the server is compared with: net/http, the same bytes, no work. input has the answers by path, as JSON.
func serveBare(input io.Reader) error {
	var answers map[string]recorded
	if err := json.NewDecoder(input).Decode(&answers); err != nil {
		return fmt.Errorf("answers to give: %w", err)
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
		_, _ = w.Write(a.Body) // a client that left is no fault of ours
	}))
}

// startBare runs the bare server, in a process of its own, with what the server answers to GET of the paths.
func startBare(ctx context.Context, program, base string, token string, paths []string) (*subprocess.Process, error) {
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
	return subprocess.Start(ctx, subprocess.Options{Program: program, Args: []string{bareRole}, Input: b, Log: os.Stderr})
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
