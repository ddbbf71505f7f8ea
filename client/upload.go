package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"muster"
)

const (
	pieceBytes = 4 << 20 // of one request of SendFile

	// SendFile gives up after maxFailures in a row. It waits firstPause after the first failure and twice as long after each further one.
	maxFailures = 8
	firstPause  = 100 * time.Millisecond
)

// CreateUpload starts the upload of a file; ChannelID, Filename and FileSize (bytes) are required. SendFile does the whole upload.
func (c *Client) CreateUpload(ctx context.Context, u *muster.Upload) (*muster.Upload, error) {
	return send[*muster.Upload](ctx, c, http.MethodPost, "/uploads", nil, u)
}

// Upload returns the state of one of the caller's uploads.
func (c *Client) Upload(ctx context.Context, uploadID string) (*muster.Upload, error) {
	return get[*muster.Upload](ctx, c, route("uploads", uploadID), nil)
}

// UploadsOf returns an account's unfinished uploads.
func (c *Client) UploadsOf(ctx context.Context, userID string) ([]*muster.Upload, error) {
	return get[[]*muster.Upload](ctx, c, route("users", userID, "uploads"), nil)
}

// ContinueUpload sends the next bytes of an upload. It returns the file once it is complete, and nil before. offset is the position of
// the first byte; the server refuses the data if the upload is at another position. A negative offset appends them.
func (c *Client) ContinueUpload(ctx context.Context, uploadID string, offset int64, data []byte) (*muster.FileInfo, error) {
	r := &Request{
		Method: http.MethodPost, Path: route("uploads", uploadID), Body: data, Header: http.Header{"Content-Type": {"application/octet-stream"}},
	}
	if offset >= 0 {
		r.Header.Set("Upload-Offset", strconv.FormatInt(offset, 10))
	}
	resp, err := c.Do(ctx, r)
	if err != nil || len(resp.Body) == 0 {
		return nil, err
	}
	return decode[*muster.FileInfo](r, resp)
}

// SendFile uploads a file of size bytes to a channel, piece by piece. After a broken connection, or while the server is busy, it resumes
// the upload where it stopped. It gives up after several attempts in a row without progress.
func (c *Client) SendFile(ctx context.Context, channelID, name string, size int64, r io.ReaderAt) (*muster.FileInfo, error) {
	u, err := c.CreateUpload(ctx, &muster.Upload{Type: muster.UploadAttachment, ChannelID: channelID, Filename: name, FileSize: size})
	if err != nil {
		return nil, err
	}
	f, err := c.sendRest(ctx, u, r)
	pause := firstPause
	for failures := 1; err != nil && failures < maxFailures && isTemporary(err) && ctx.Err() == nil; failures++ {
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("%w, after: %w", ctx.Err(), err)
		case <-time.After(pause):
		}
		pause *= 2
		stood := u.FileOffset
		if f, err = c.resume(ctx, u, r); u.FileOffset > stood {
			failures, pause = 0, firstPause
		}
	}
	return f, err
}

// resume asks how far the upload got and sends the rest.
func (c *Client) resume(ctx context.Context, u *muster.Upload, r io.ReaderAt) (*muster.FileInfo, error) {
	now, err := c.Upload(ctx, u.ID)
	if e, ok := errors.AsType[*Error](err); ok && e.StatusCode == http.StatusNotFound {
		return c.FileInfo(ctx, u.ID) // the file is complete; only the response was lost
	}
	if err != nil {
		return nil, err
	}
	u.FileOffset = now.FileOffset
	return c.sendRest(ctx, u, r)
}

// sendRest sends pieces until the file is complete, and updates u.FileOffset. If the server already has all bytes, it sends an empty piece
// to get the file.
func (c *Client) sendRest(ctx context.Context, u *muster.Upload, r io.ReaderAt) (*muster.FileInfo, error) {
	for {
		// Every piece has its own buffer: after a failure the last request may still be reading from its.
		data := make([]byte, min(pieceBytes, max(u.FileSize-u.FileOffset, 0)))
		if _, err := io.ReadFull(io.NewSectionReader(r, u.FileOffset, int64(len(data))), data); err != nil {
			return nil, fmt.Errorf("%w at byte %d: %w", errUnreadable, u.FileOffset, err)
		}
		f, err := c.ContinueUpload(ctx, u.ID, u.FileOffset, data)
		if f != nil || err != nil {
			return f, err
		}
		u.FileOffset += int64(len(data))
		if len(data) == 0 {
			return nil, errors.New("the server has all bytes but does not complete the file")
		}
	}
}

var errUnreadable = errors.New("can't read the file")

// isTemporary reports whether a retry may help. It can't for a file that can't be read, or a request that the server refuses.
func isTemporary(err error) bool {
	if e, ok := errors.AsType[*Error](err); ok {
		switch e.StatusCode {
		case http.StatusConflict, // the server kept bytes of the broken request
			http.StatusRequestTimeout, http.StatusTooManyRequests:
			return true
		case http.StatusNotImplemented:
			return false
		}
		return e.StatusCode >= http.StatusInternalServerError
	}
	return !errors.Is(err, errUnreadable)
}
