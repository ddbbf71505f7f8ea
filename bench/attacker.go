package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"muster"
)

const (
	attackerAddress = "127.0.66.6"
	attackerPause   = 5 * time.Millisecond // after a failed connection, so that the machine doesn't run out of ports

	longName     = 250_000  // bytes of a login id, below the limit of all bodies
	stalledBody  = 250_000  // bytes announced; all but the last are sent
	pictureBytes = 90 << 20 // of one upload
	uploaders    = 12

	attackerBuffer = 4 << 10 // of a connection: there are many
)

// attack is a way to attack a server.
type attack struct {
	name string
	run  func(ctx context.Context, a *attacker)
}

// attacks returns the ways to attack.
func attacks() []attack {
	return []attack{
		{"nobody attacks", func(ctx context.Context, _ *attacker) { <-ctx.Done() }},
		{"sign-in as the legitimate user", func(ctx context.Context, a *attacker) {
			a.ask(ctx, func() []byte { return signInRequest(legitimateName) })
		}},
		{"sign-in with long names", func(ctx context.Context, a *attacker) {
			filler := strings.Repeat("x", longName)
			a.ask(ctx, func() []byte { return signInRequest(muster.NewID() + filler) })
		}},
		{"sign-up", func(ctx context.Context, a *attacker) {
			a.ask(ctx, func() []byte {
				name := "x" + muster.NewID()
				return postRequest("/api/v4/users", "", `{"username":"`+name+`","email":"`+name+`@example.com","password":"`+secret+`"}`)
			})
		}},
		{"reset", func(ctx context.Context, a *attacker) {
			var n atomic.Int64
			a.ask(ctx, func() []byte {
				name := legitimateName
				if n.Add(1)%2 == 0 {
					name = muster.NewID()
				}
				return postRequest("/api/v4/users/password/reset/send", "", `{"email":"`+name+`@example.com"}`)
			})
		}},
		{"pictures of 90 MB", func(ctx context.Context, a *attacker) { a.uploadPictures(ctx) }},
		{"stalled bodies", func(ctx context.Context, a *attacker) {
			request := postRequest("/api/v4/users/login", "", `{"login_id":"`+strings.Repeat("x", stalledBody))
			a.hold(ctx, request[:len(request)-1], nil)
		}},
		{"WebSockets", func(ctx context.Context, a *attacker) {
			a.hold(ctx, []byte("GET /api/v4/websocket HTTP/1.1\r\nHost: bench\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
				"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n"), []byte("HTTP/1.1 101 "))
		}},
	}
}

// attacker attacks from one address. It runs in a subprocess, so that it doesn't slow down the legitimate user's client. The subprocess reads it as
// JSON.
type attacker struct {
	Attack               string
	Address              string // of the server
	Token                string // of an ordinary account
	Length               time.Duration
	Connections, Stalled int

	answers atomic.Int64
}

// runAttacker reads an attacker from input, attacks and prints the number of responses.
func runAttacker(ctx context.Context, input io.Reader) error {
	a := &attacker{}
	if err := json.NewDecoder(input).Decode(a); err != nil {
		return fmt.Errorf("read attack: %w", err)
	}
	ctx, stop := context.WithTimeout(ctx, a.Length)
	defer stop()
	for _, known := range attacks() {
		if known.name == a.Attack {
			known.run(ctx, a)
		}
	}
	fmt.Println(a.answers.Load())
	return nil
}

// start starts the attack. wait waits for its end and returns the number of responses.
func (a *attacker) start(ctx context.Context) (wait func() (answers int64, err error), err error) {
	text, err := json.Marshal(a)
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, self, attackerRole)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(text), &out, os.Stderr
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return func() (answers int64, err error) {
		if err := cmd.Wait(); err != nil {
			return 0, fmt.Errorf("attacker: %w", err)
		}
		return strconv.ParseInt(strings.TrimSpace(out.String()), 10, 64)
	}, nil
}

func signInRequest(name string) []byte {
	return postRequest("/api/v4/users/login", "", `{"login_id":"`+name+`","password":"not the password"}`)
}

// everywhere makes n workers repeat a function until ctx ends. Each pauses after an error.
func everywhere(ctx context.Context, n int, pause time.Duration, do func() error) {
	var running sync.WaitGroup
	for range n {
		running.Go(func() {
			for ctx.Err() == nil {
				if do() != nil {
					wait(ctx, pause)
				}
			}
		})
	}
	running.Wait()
}

// dial connects from the attacker's address; the connection ends with ctx.
func (a *attacker) dial(ctx context.Context) (*conn, func(), error) {
	raw, err := dialerFrom(attackerAddress).DialContext(ctx, "tcp", a.Address)
	if err != nil {
		return nil, nil, err
	}
	if tcp, ok := raw.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // its port is free at once; without that the attack would run out of them
	}
	c := &conn{raw, bufio.NewReaderSize(raw, attackerBuffer)}
	stop := context.AfterFunc(ctx, func() { _ = c.Close() }) // whatever it waits for
	return c, func() {
		stop()
		_ = c.Close() // nothing is lost
	}, nil
}

// ask sends requests at full speed over all connections and reopens those that the server closes.
func (a *attacker) ask(ctx context.Context, request func() []byte) {
	everywhere(ctx, a.Connections, attackerPause, func() error {
		c, hangUp, err := a.dial(ctx)
		if err != nil {
			return err
		}
		defer hangUp()
		for {
			if _, err := c.answer(request()); err != nil {
				return err
			}
			a.answers.Add(1)
		}
	})
}

// uploadPictures uploads large pictures. Every other one starts like a PNG.
func (a *attacker) uploadPictures(ctx context.Context) {
	const boundary = "muster-bench"
	head := "--" + boundary + "\r\nContent-Disposition: form-data; name=\"image\"; filename=\"a.png\"\r\nContent-Type: image/png\r\n\r\n"
	tail := "\r\n--" + boundary + "--\r\n"
	length := len(head) + pictureBytes + len(tail)
	request := fmt.Sprintf("POST /api/v4/users/%s/image HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer %s\r\nContent-Type: multipart/form-data; boundary=%s\r\nContent-Length: %d\r\n\r\n%s",
		"me", a.Token, boundary, length, head)
	garbage := bytes.Repeat([]byte("garbage "), 8<<10)
	var n atomic.Int64
	everywhere(ctx, uploaders, attackerPause, func() error {
		c, hangUp, err := a.dial(ctx)
		if err != nil {
			return err
		}
		defer hangUp()
		go func() { // an answer may come long before the end of the upload
			if status, err := c.readAnswer(); err == nil && status != 0 {
				a.answers.Add(1)
				hangUp()
			}
		}()
		if _, err := c.Write([]byte(request)); err != nil {
			return err
		}
		first := ""
		if n.Add(1)%2 == 0 {
			first = "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x01\x00\x00\x00\x01\x00\x08\x06\x00\x00\x00"
		}
		if _, err := c.Write([]byte(first)); err != nil {
			return err
		}
		for left := pictureBytes - len(first); left > 0; left -= len(garbage) {
			if _, err := c.Write(garbage[:min(left, len(garbage))]); err != nil {
				return err
			}
		}
		_, err = io.WriteString(c, tail)
		wait(ctx, time.Second) // for the answer
		return err
	})
}

// hold opens connections, sends something on each and keeps them open. It reopens those that the server closes. If a response is wanted, it gives
// up connections that get a different one.
func (a *attacker) hold(ctx context.Context, request, wanted []byte) {
	pause := attackerPause * time.Duration(max(1, a.Stalled/a.Connections)) // as often as the other attacks open connections
	everywhere(ctx, a.Stalled, pause, func() error {
		c, hangUp, err := a.dial(ctx)
		if err != nil {
			return err
		}
		defer hangUp()
		if _, err := c.Write(request); err != nil {
			return err
		}
		line, err := c.in.Peek(len("HTTP/1.1 101 ")) // until the server gives up, or answers
		if err != nil {
			return err
		}
		a.answers.Add(1)
		if wanted == nil || !bytes.Equal(line, wanted) {
			return fmt.Errorf("answered %s", strconv.Quote(string(line)))
		}
		_, err = io.Copy(io.Discard, c.in)
		return err
	})
}
