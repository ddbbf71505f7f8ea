package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

const (
	legitimateAddress  = "127.0.77.7"
	pauseBetweenRounds = 50 * time.Millisecond
	responseTimeout    = 5 * time.Second
	minFailureTime     = time.Second // a round that is cut off at the end only counts as failed if it took this long

	legitimateName = "legitimate.user"
	attackerName   = "ordinary.user"
)

// legitimateUser signs in and reads their own account.
type legitimateUser struct {
	base string
	http *http.Client
}

// newLegitimateUser creates the accounts: an administrator, the legitimate user and one for the attacker.
func newLegitimateUser(ctx context.Context, base string) (*legitimateUser, error) {
	h := &legitimateUser{base + "/api/v4", &http.Client{Timeout: responseTimeout, Transport: &http.Transport{DialContext: dialerFrom(legitimateAddress).DialContext}}}
	for _, name := range []string{administrator, legitimateName, attackerName} {
		account := map[string]string{"username": name, "email": name + "@example.com", "password": secret}
		if _, err := h.send(ctx, http.MethodPost, "/users", "", account, http.StatusCreated); err != nil {
			return nil, err
		}
	}
	return h, nil
}

func (h *legitimateUser) signIn(ctx context.Context, name string) (token string, err error) {
	header, err := h.send(ctx, http.MethodPost, "/users/login", "", map[string]string{"login_id": name, "password": secret}, http.StatusOK)
	return header.Get("Token"), err
}

// run signs in and reads repeatedly until ctx ends.
func (h *legitimateUser) run(ctx context.Context) outcome {
	var o outcome
	for ctx.Err() == nil {
		began := time.Now()
		token, err := h.signIn(ctx, legitimateName)
		signedIn := time.Now()
		if err == nil {
			_, err = h.send(ctx, http.MethodGet, "/users/me", token, nil, http.StatusOK)
		}
		if ctx.Err() != nil && err != nil && time.Since(began) < minFailureTime {
			break // it might have succeeded
		}
		o.tried++
		if err == nil {
			o.succeeded++
			o.signIns, o.reads = append(o.signIns, signedIn.Sub(began)), append(o.reads, time.Since(signedIn))
		}
		h.http.CloseIdleConnections() // the next round needs a new connection
		wait(ctx, pauseBetweenRounds)
	}
	return o
}

// send makes a request and returns an error unless the response has the wanted status.
func (h *legitimateUser) send(ctx context.Context, method, path, token string, body any, want int) (http.Header, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, method, h.base+path, bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := h.http.Do(r)
	if err != nil {
		return nil, err
	}
	_, err = io.Copy(io.Discard, resp.Body)
	if err = errors.Join(err, resp.Body.Close()); err == nil && resp.StatusCode != want {
		err = fmt.Errorf("%s %s: %s", method, path, resp.Status)
	}
	return resp.Header, err
}
