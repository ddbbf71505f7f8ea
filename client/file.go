package client

import (
	"context"
	"io"
	"net/http"

	"muster"
)

// FileInfo tells what is known of a file.
func (c *Client) FileInfo(ctx context.Context, fileID string) (*muster.FileInfo, error) {
	return get[*muster.FileInfo](ctx, c, route("files", fileID, "info"), nil)
}

// File gives a file's bytes as they come, of any length and for as long as ctx lasts; the caller closes them.
func (c *Client) File(ctx context.Context, fileID string) (io.ReadCloser, error) {
	h := *c.http
	h.Timeout = 0 // it would count until the last byte is read
	r := &Request{Method: http.MethodGet, Path: route("files", fileID)}
	answer, err := c.open(ctx, &h, r)
	if err != nil {
		return nil, err
	}
	if answer.StatusCode < http.StatusBadRequest {
		return answer.Body, nil
	}
	_, err = r.read(answer)
	return nil, err
}
