package client

import (
	"bytes"
	"context"
	"io"
	"mime/multipart"
	"net/http"
)

// ProfileImage returns an account's picture, a PNG.
func (c *Client) ProfileImage(ctx context.Context, userID string, opts ...CallOption) ([]byte, error) {
	return c.raw(ctx, route("users", userID, "image"), opts...)
}

// DefaultProfileImage returns the picture that the server generates for an account, a PNG.
func (c *Client) DefaultProfileImage(ctx context.Context, userID string) ([]byte, error) {
	return c.raw(ctx, route("users", userID, "image", "default"))
}

// SetProfileImage sets an account's picture: a PNG, JPEG, GIF or WebP file.
func (c *Client) SetProfileImage(ctx context.Context, userID string, picture io.Reader) error {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	file, err := form.CreateFormFile("image", "picture")
	if err != nil {
		return err
	}
	if _, err := io.Copy(file, picture); err != nil {
		return err
	}
	if err := form.Close(); err != nil {
		return err
	}
	_, err = c.Do(ctx, &Request{
		Method: http.MethodPost, Path: route("users", userID, "image"), Body: body.Bytes(),
		Header: http.Header{"Content-Type": {form.FormDataContentType()}},
	})
	return err
}

// SetDefaultProfileImage replaces an account's picture by the one that the server generates.
func (c *Client) SetDefaultProfileImage(ctx context.Context, userID string) error {
	return act(ctx, c, http.MethodDelete, route("users", userID, "image"), nil)
}
