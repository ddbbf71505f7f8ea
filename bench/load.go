package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// The load generator shares its processors with the server, so it does little work: requests are prepared in advance, and only the status and
// length of a response are parsed.

// conn is a kept-alive connection.
type conn struct {
	net.Conn
	in *bufio.Reader
}

func dial(address string) (*conn, error) {
	c, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	return newConn(c), nil
}

// dialerFrom returns a Dialer with a local address. IP_BIND_ADDRESS_NO_PORT (ip(7)) delays choosing the port until the connection is made. Without it,
// searching for a port that is free for any destination takes time, which would be measured as the server's.
func dialerFrom(address string) *net.Dialer {
	return &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}, Control: func(_, _ string, c syscall.RawConn) (err error) {
		failed := c.Control(func(fd uintptr) {
			err = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_IP, bindAddressNoPort, 1)
		})
		return errors.Join(failed, err)
	}}
}

const bindAddressNoPort = 24 // Linux; not in package syscall

func newConn(c net.Conn) *conn { return &conn{c, bufio.NewReaderSize(c, 64<<10)} }

var contentLength = []byte("Content-Length: ")

// ask sends a request and reads the response. Any status but 200 is an error.
func (c *conn) ask(request []byte) error {
	status, err := c.answer(request)
	if err == nil && status != 200 {
		err = fmt.Errorf("answered %d to %q", status, firstLine(request))
	}
	return err
}

// answer sends a request, reads the response and returns its status.
func (c *conn) answer(request []byte) (status int, err error) {
	if _, err := c.Write(request); err != nil {
		return 0, err
	}
	return c.readAnswer()
}

func (c *conn) readAnswer() (status int, err error) {
	line, err := c.in.ReadSlice('\n')
	if err != nil {
		return 0, err
	}
	if len(line) < len("HTTP/1.1 200 ") {
		return 0, fmt.Errorf("answered %q", line)
	}
	if status, err = strconv.Atoi(string(line[len("HTTP/1.1 "):][:3])); err != nil {
		return 0, fmt.Errorf("answered %q", line)
	}
	length := -1
	for {
		line, err = c.in.ReadSlice('\n')
		if err != nil {
			return 0, err
		}
		if len(line) <= 2 {
			break
		}
		if value, found := bytes.CutPrefix(line, contentLength); found {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return 0, err
			}
		}
	}
	if length < 0 {
		return status, errors.New("response without a length")
	}
	_, err = c.in.Discard(length)
	return status, err
}

func firstLine(request []byte) []byte {
	line, _, _ := bytes.Cut(request, []byte("\r\n"))
	return line
}

// getRequest returns a GET request with a token.
func getRequest(path, token string) []byte {
	return []byte("GET " + path + " HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer " + token + "\r\n\r\n")
}

// postRequest returns a POST request with a JSON body; token may be "".
func postRequest(path, token, body string) []byte {
	authorization := ""
	if token != "" {
		authorization = "Authorization: Bearer " + token + "\r\n"
	}
	return []byte("POST " + path + " HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n" + authorization +
		"Content-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body)
}

// rate sends requests over several connections and returns the responses per second. Connection i repeats requests[i].
func rate(ctx context.Context, address string, requests [][][]byte, length time.Duration) (float64, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var answers atomic.Int64
	var stop atomic.Bool
	var running sync.WaitGroup
	for _, mine := range requests {
		c, err := dial(address)
		if err != nil {
			return 0, err
		}
		defer func() { _ = c.Close() }() // read only
		running.Go(func() {
			for i := 0; !stop.Load(); i++ {
				if err := c.ask(mine[i%len(mine)]); err != nil {
					cancel(err)
					return
				}
				answers.Add(1)
			}
		})
	}
	wait(ctx, length/4) // until caches are warm and connections grown
	before, began := answers.Load(), time.Now()
	wait(ctx, length)
	got, took := answers.Load()-before, time.Since(began)
	stop.Store(true)
	running.Wait()
	return float64(got) / took.Seconds(), context.Cause(ctx)
}

func wait(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// latency sends requests one after the other over one connection.
func latency(address string, requests [][]byte) (spread, error) {
	c, err := dial(address)
	if err != nil {
		return spread{}, err
	}
	defer func() { _ = c.Close() }() // read only
	var took []time.Duration
	for _, r := range requests {
		began := time.Now()
		if err := c.ask(r); err != nil {
			return spread{}, err
		}
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	return spread{p50: took[len(took)/2], p99: took[len(took)*99/100]}, nil
}

// spread is the median and the 99th percentile of the requests' times.
type spread struct{ p50, p99 time.Duration }

// median returns the median of a list, which must not be empty.
func median[T float64 | time.Duration](list []T) T {
	list = slices.Sorted(slices.Values(list))
	return list[len(list)/2]
}
