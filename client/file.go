package client

import (
	"context"
	"io"
	"net/http"

	"muster"
)

// FileInfo returns a file's metadata.
func (c *Client) FileInfo(ctx context.Context, fileID string) (*muster.FileInfo, error) {
	return get[*muster.FileInfo](ctx, c, route("files", fileID, "info"), nil)
}

// File returns a reader of a file's content. The file may have any size; reading ends with ctx. The caller must close the reader.
func (c *Client) File(ctx context.Context, fileID string) (io.ReadCloser, error) {
	h := *c.http
	h.Timeout = 0 // it would include the time for reading the body
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
