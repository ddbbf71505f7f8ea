// Package client calls a Muster server, or any other server with the same API. It has one method for each operation. Lists come in
// pages; a second method, named All…, iterates over all of them.
//
//	c := client.New("http://127.0.0.1:8065")
//	me, err := c.Login(ctx, "ann@example.org", "a long password")
//	for u, err := range c.AllUsers(ctx, client.UsersQuery{Active: true}) { … }
//
// An answer with an error status is an *Error. Times are Unix milliseconds. A Client is safe for concurrent use.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"
)

const (
	prefix         = "/api/v4"
	defaultTimeout = time.Minute

	// MaxResponseBytes is the largest response that is read.
	MaxResponseBytes = 64 << 20
)

// ErrNotModified is returned when nothing has changed since the ETag of IfNoneMatch.
var ErrNotModified = errors.New("not modified")

// ErrResponseTooLarge is returned for a response of more than MaxResponseBytes.
var ErrResponseTooLarge = errors.New("the response is too large")

// Client calls one server, with or without a session.
type Client struct {
	base      string
	http      *http.Client
	userAgent string
	token     atomic.Pointer[string]
	device    atomic.Pointer[string]
}

// Option configures a new Client.
type Option func(*Client)

// WithToken sets a session or access token for all calls, in place of Login.
func WithToken(token string) Option { return func(c *Client) { c.SetToken(token) } }

// WithHTTPClient makes all calls through h. The default client has a timeout of one minute.
func WithHTTPClient(h *http.Client) Option { return func(c *Client) { c.http = h } }

// WithSocket makes calls over the local socket at path, where a server that listens there treats the caller as the machine's
// administrator: no token is required. The address that New takes only has to be an http one. It takes the place of WithHTTPClient.
//
//	c := client.New("http://localhost", client.WithSocket("/run/muster/local.socket"))
//	err := c.UpdateUserRoles(ctx, annsID, "system_admin system_user")
func WithSocket(path string) Option {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", path)
	}
	return WithHTTPClient(&http.Client{Timeout: defaultTimeout, Transport: &http.Transport{DialContext: dial, IdleConnTimeout: defaultTimeout}})
}

// WithUserAgent sets the name of the calling program, which servers show in the list of sessions.
func WithUserAgent(name string) Option { return func(c *Client) { c.userAgent = name } }

// New returns a Client for the server at baseURL, such as https://chat.example.org.
func New(baseURL string, opts ...Option) *Client {
	c := &Client{base: strings.TrimRight(baseURL, "/") + prefix, http: &http.Client{Timeout: defaultTimeout}, userAgent: "muster-client"}
	for _, o := range opts {
		o(c)
	}
	return c
}

// Token returns the token of calls, or "".
func (c *Client) Token() string {
	if t := c.token.Load(); t != nil {
		return *t
	}
	return ""
}

// SetToken sets the token of calls; "" removes it.
func (c *Client) SetToken(token string) { c.token.Store(&token) }

// DeviceToken returns the token by which the server knows this device, or "". The last login, or the last change of the caller's own password,
// set it. Store it, and pass it in Credentials.DeviceToken at the next login.
func (c *Client) DeviceToken() string {
	if t := c.device.Load(); t != nil {
		return *t
	}
	return ""
}

// CallOption configures one call.
type CallOption func(*Request)

// IfNoneMatch makes a call return ErrNotModified if the response still has the ETag *etag. Otherwise it sets *etag to that of the
// response. An empty *etag matches nothing.
func IfNoneMatch(etag *string) CallOption { return func(r *Request) { r.etag = etag } }

// IfMatch makes a change only if the resource still has this ETag; otherwise the server refuses it with status 409.
func IfMatch(etag string) CallOption {
	return func(r *Request) {
		if r.Header == nil {
			r.Header = http.Header{}
		}
		r.Header.Set("If-Match", etag)
	}
}

// Request is a plain call, for what the methods of Client do not cover.
type Request struct {
	Method string
	Path   string // escaped, relative to /api/v4
	Query  url.Values
	Header http.Header
	Body   []byte

	etag *string
}

// Response is the server's answer to a Request.
type Response struct {
	StatusCode int
	Header     http.Header
	Body       []byte
}

// Do makes a call. A status of 400 or more is an *Error and 304 is ErrNotModified; the Response is returned in both cases.
func (c *Client) Do(ctx context.Context, r *Request) (*Response, error) {
	answer, err := c.open(ctx, c.http, r)
	if err != nil {
		return nil, err
	}
	return r.read(answer)
}

// open makes a call through h. The caller must close the response's body.
func (c *Client) open(ctx context.Context, h *http.Client, r *Request) (*http.Response, error) {
	req, err := c.httpRequest(ctx, r)
	if err != nil {
		return nil, err
	}
	return h.Do(req)
}

// read reads a response and closes its body.
func (r *Request) read(answer *http.Response) (*Response, error) {
	defer func() { _ = answer.Body.Close() }() // the body has been read
	body, err := io.ReadAll(io.LimitReader(answer.Body, MaxResponseBytes+1))
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", r.Method, r.Path, err)
	}
	if len(body) > MaxResponseBytes {
		return nil, fmt.Errorf("%s %s: %w", r.Method, r.Path, ErrResponseTooLarge)
	}
	resp := &Response{StatusCode: answer.StatusCode, Header: answer.Header, Body: body}
	switch {
	case resp.StatusCode == http.StatusNotModified:
		return resp, ErrNotModified
	case resp.StatusCode >= http.StatusBadRequest:
		return resp, errorOf(resp)
	}
	if r.etag != nil {
		*r.etag = resp.Header.Get("Etag")
	}
	return resp, nil
}

func (c *Client) httpRequest(ctx context.Context, r *Request) (*http.Request, error) {
	if strings.Contains(r.Path, "//") || strings.HasSuffix(r.Path, "/") {
		return nil, fmt.Errorf("%s %s: an id or name is empty", r.Method, r.Path) // it would call another operation
	}
	address := c.base + r.Path
	if len(r.Query) > 0 {
		address += "?" + r.Query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, r.Method, address, bytes.NewReader(r.Body))
	if err != nil {
		return nil, err
	}
	if len(r.Body) > 0 {
		req.Header.Set("Content-Type", "application/json")
	}
	for name, values := range r.Header {
		req.Header[name] = values
	}
	req.Header.Set("User-Agent", c.userAgent)
	if token := c.Token(); token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	if r.etag != nil && *r.etag != "" {
		req.Header.Set("If-None-Match", *r.etag)
	}
	return req, nil
}

// route joins the parts of a path and escapes them.
func route(parts ...string) string {
	var b strings.Builder
	for _, p := range parts {
		b.WriteByte('/')
		b.WriteString(url.PathEscape(p))
	}
	return b.String()
}

// get makes a GET request and decodes the response.
func get[T any](ctx context.Context, c *Client, path string, query url.Values, opts ...CallOption) (T, error) {
	r := &Request{Method: http.MethodGet, Path: path, Query: query}
	for _, o := range opts {
		o(r)
	}
	return call[T](ctx, c, r)
}

// send sends body as JSON, unless it is nil, and decodes the response.
func send[T any](ctx context.Context, c *Client, method, path string, query url.Values, body any, opts ...CallOption) (T, error) {
	r := &Request{Method: method, Path: path, Query: query}
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return *new(T), fmt.Errorf("%s %s: %w", method, path, err)
		}
		r.Body = b
	}
	for _, o := range opts {
		o(r)
	}
	return call[T](ctx, c, r)
}

// act is send for an operation whose response says nothing but OK.
func act(ctx context.Context, c *Client, method, path string, body any) error {
	_, err := send[struct{}](ctx, c, method, path, nil, body)
	return err
}

// raw makes a GET request and returns the body of the response.
func (c *Client) raw(ctx context.Context, path string, opts ...CallOption) ([]byte, error) {
	r := &Request{Method: http.MethodGet, Path: path}
	for _, o := range opts {
		o(r)
	}
	resp, err := c.Do(ctx, r)
	if err != nil {
		return nil, err
	}
	return resp.Body, nil
}

func call[T any](ctx context.Context, c *Client, r *Request) (T, error) {
	resp, err := c.Do(ctx, r)
	if err != nil {
		return *new(T), err
	}
	return decode[T](r, resp)
}

func decode[T any](r *Request, resp *Response) (T, error) {
	var v T
	if err := json.Unmarshal(resp.Body, &v); err != nil {
		return v, fmt.Errorf("%s %s: decode response: %w", r.Method, r.Path, err)
	}
	return v, nil
}
