package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"time"

	"muster/client"
)

const (
	warmUp     = 20  // uncounted rounds
	relock     = 250 // rounds after which the locked account is locked again: a lock ends by itself
	guess      = "this is not the password"
	unlimited  = 1_000_000
	tolerated  = 1 // wrong passwords while the account is being locked
	networks   = 16
	patience   = time.Minute
	progressed = 100 // rounds between progress messages
)

// prober sends requests as an anonymous client, one at a time.
type prober struct {
	base  string
	http  *http.Client
	admin *client.Client
	locks bool // whether the locked account could be locked
}

// question is an anonymous operation about an account.
type question struct {
	name, path string
	body       func(*target) any
	locks      bool // whether the lock affects it
}

var questions = []question{
	{"sign-in", "/api/v4/users/login", func(t *target) any { return map[string]string{"login_id": t.name, "password": guess} }, true},
	{"password reset", "/api/v4/users/password/reset/send", func(t *target) any { return map[string]string{"email": t.name + "@example.com"} }, false},
}

// sample asks about every target a number of times, each round in random order, and returns the response times in milliseconds.
func (p *prober) sample(ctx context.Context, q question, people []*target, rounds int) ([][]float64, error) {
	took := make([][]float64, len(people))
	for round := range warmUp + rounds {
		if q.locks && round%relock == 0 {
			if err := p.lock(ctx); err != nil {
				return nil, fmt.Errorf("lock an account: %w", err)
			}
		}
		for _, i := range rand.Perm(len(people)) {
			began := time.Now()
			if _, err := p.ask(ctx, p.http, q.path, q.body(people[i])); err != nil {
				return nil, err
			}
			if round >= warmUp {
				took[i] = append(took[i], float64(time.Since(began))/float64(time.Millisecond))
			}
		}
		if round%progressed == 0 {
			fmt.Fprintf(os.Stderr, "%s: round %d of %d\n", q.name, round, warmUp+rounds)
		}
	}
	return took, nil
}

// ask posts a body and reads the response.
func (p *prober) ask(ctx context.Context, c *http.Client, path string, body any) (status int, err error) {
	text, err := json.Marshal(body)
	if err != nil {
		return 0, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, p.base+path, bytes.NewReader(text))
	if err != nil {
		return 0, err
	}
	resp, err := c.Do(r)
	if err != nil {
		return 0, err
	}
	_, err = io.Copy(io.Discard, resp.Body)
	err = errors.Join(err, resp.Body.Close())
	if err == nil && resp.StatusCode >= http.StatusInternalServerError {
		err = fmt.Errorf("%s was answered %s", path, resp.Status)
	}
	return resp.StatusCode, err
}

// lock locks an account by failed logins from other networks and reports whether its password is refused then.
func (p *prober) lock(ctx context.Context) error {
	if err := p.tolerate(ctx, tolerated); err != nil {
		return err
	}
	for i := range networks {
		if _, err := p.ask(ctx, from(fmt.Sprintf("127.0.66.%d", i+1)), questions[0].path, questions[0].body(&target{name: lockedAccount})); err != nil {
			return err
		}
	}
	if err := p.tolerate(ctx, unlimited); err != nil {
		return err
	}
	status, err := p.ask(ctx, from("127.0.67.1"), questions[0].path, map[string]string{"login_id": lockedAccount, "password": secret})
	p.locks = status == http.StatusUnauthorized
	return err
}

func (p *prober) tolerate(ctx context.Context, attempts int) error {
	_, err := p.admin.PatchConfig(ctx, fmt.Appendf(nil, `{"ServiceSettings":{"MaximumLoginAttempts":%d}}`, attempts))
	return err
}

// from returns a client from another loopback address.
func from(address string) *http.Client {
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}}
	return &http.Client{Transport: &http.Transport{DialContext: dialer.DialContext}, Timeout: patience}
}
