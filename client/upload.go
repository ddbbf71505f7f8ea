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

	// SendFile gives up at so many failures in a row. After each it pauses, after the first so long and then twice as long each time.
	sendFailures = 8
	firstPause   = 100 * time.Millisecond
)

// CreateUpload announces a file; ChannelID, Filename and FileSize (bytes) are needed. SendFile does this and what follows.
func (c *Client) CreateUpload(ctx context.Context, u *muster.Upload) (*muster.Upload, error) {
	return send[*muster.Upload](ctx, c, http.MethodPost, "/uploads", nil, u)
}

// Upload tells how far an upload of the caller's has come.
func (c *Client) Upload(ctx context.Context, uploadID string) (*muster.Upload, error) {
	return get[*muster.Upload](ctx, c, route("uploads", uploadID), nil)
}

// UploadsOf gives an account's uploads that are under way.
func (c *Client) UploadsOf(ctx context.Context, userID string) ([]*muster.Upload, error) {
	return get[[]*muster.Upload](ctx, c, route("users", userID, "uploads"), nil)
}

// ContinueUpload sends the next bytes of an upload and gives the file once it is whole, nil before. offset (bytes) is where they
// begin; when the upload stands elsewhere, the server refuses them. A negative one has them go where it stands.
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

// SendFile sends a file of size bytes to a channel, piece by piece. After a broken connection, or while the server is busy, it goes
// on from where the server stands; it gives up when several tries in a row get no further.
func (c *Client) SendFile(ctx context.Context, channelID, name string, size int64, r io.ReaderAt) (*muster.FileInfo, error) {
	u, err := c.CreateUpload(ctx, &muster.Upload{Type: muster.UploadAttachment, ChannelID: channelID, Filename: name, FileSize: size})
	if err != nil {
		return nil, err
	}
	f, err := c.sendRest(ctx, u, r)
	pause := firstPause
	for failures := 1; err != nil && failures < sendFailures && mayPass(err) && ctx.Err() == nil; failures++ {
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

// resume asks where the upload stands and sends the rest.
func (c *Client) resume(ctx context.Context, u *muster.Upload, r io.ReaderAt) (*muster.FileInfo, error) {
	now, err := c.Upload(ctx, u.ID)
	if e, ok := errors.AsType[*Error](err); ok && e.StatusCode == http.StatusNotFound {
		return c.FileInfo(ctx, u.ID) // it was whole, and only the answer got lost
	}
	if err != nil {
		return nil, err
	}
	u.FileOffset = now.FileOffset
	return c.sendRest(ctx, u, r)
}

// sendRest sends pieces until the file is whole, and notes in u how far it came. Once the server has all, an empty piece is left to
// ask for the file.
func (c *Client) sendRest(ctx context.Context, u *muster.Upload, r io.ReaderAt) (*muster.FileInfo, error) {
	for {
		// Every piece has memory of its own: after a failure the last request may still be reading its own.
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
			return nil, errors.New("the server has the whole file and wants more")
		}
	}
}

var errUnreadable = errors.New("the file to send can't be read")

// mayPass tells whether trying again may help: not for a file that can't be read, nor for a refusal of the request itself.
func mayPass(err error) bool {
	if e, ok := errors.AsType[*Error](err); ok {
		switch e.StatusCode {
		case http.StatusConflict, // bytes of the request that broke were kept after all
			http.StatusRequestTimeout, http.StatusTooManyRequests:
			return true
		case http.StatusNotImplemented:
			return false
		}
		return e.StatusCode >= http.StatusInternalServerError
	}
	return !errors.Is(err, errUnreadable)
}
