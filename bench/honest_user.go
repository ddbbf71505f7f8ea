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
	honestAddress  = "127.0.77.7"
	honestPause    = 50 * time.Millisecond // between rounds: people don't hurry
	honestPatience = 5 * time.Second       // for one answer; a later one counts as none
	waitedInVain   = time.Second           // how long a round under way at the end must have taken to count as failed

	victimName   = "honest.user"
	attackerName = "ordinary.user"
)

// honestUser signs in and reads the own account.
type honestUser struct {
	base string
	http *http.Client
}

// newHonestUser makes the accounts: an administrator, the honest user and one for the attacker.
func newHonestUser(ctx context.Context, base string) (*honestUser, error) {
	h := &honestUser{base + "/api/v4", &http.Client{Timeout: honestPatience, Transport: &http.Transport{DialContext: dialerFrom(honestAddress).DialContext}}}
	for _, name := range []string{administrator, victimName, attackerName} {
		account := map[string]string{"username": name, "email": name + "@example.com", "password": secret}
		if _, err := h.send(ctx, http.MethodPost, "/users", "", account, http.StatusCreated); err != nil {
			return nil, err
		}
	}
	return h, nil
}

func (h *honestUser) signIn(ctx context.Context, name string) (token string, err error) {
	header, err := h.send(ctx, http.MethodPost, "/users/login", "", map[string]string{"login_id": name, "password": secret}, http.StatusOK)
	return header.Get("Token"), err
}

// goOn signs in and reads over and over until ctx ends.
func (h *honestUser) goOn(ctx context.Context) outcome {
	var o outcome
	for ctx.Err() == nil {
		began := time.Now()
		token, err := h.signIn(ctx, victimName)
		signedIn := time.Now()
		if err == nil {
			_, err = h.send(ctx, http.MethodGet, "/users/me", token, nil, http.StatusOK)
		}
		if ctx.Err() != nil && err != nil && time.Since(began) < waitedInVain {
			break // nobody knows what would have become of it
		}
		o.tried++
		if err == nil {
			o.succeeded++
			o.signIns, o.reads = append(o.signIns, signedIn.Sub(began)), append(o.reads, time.Since(signedIn))
		}
		h.http.CloseIdleConnections() // the next round has to get in anew
		wait(ctx, honestPause)
	}
	return o
}

// send makes one request; any status but the one wanted is an error.
func (h *honestUser) send(ctx context.Context, method, path, token string, body any, want int) (http.Header, error) {
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
