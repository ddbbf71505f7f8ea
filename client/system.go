package client

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"

	"muster"
)

// Ping tells whether the server answers.
func (c *Client) Ping(ctx context.Context) error {
	_, err := get[struct{}](ctx, c, "/system/ping", nil)
	return err
}

// Config gives the server's settings; secrets are masked.
func (c *Client) Config(ctx context.Context) (*muster.Config, error) {
	return get[*muster.Config](ctx, c, "/config", nil)
}

// PatchConfig changes the settings that the JSON object patch names and gives all of them.
func (c *Client) PatchConfig(ctx context.Context, patch json.RawMessage) (*muster.Config, error) {
	return send[*muster.Config](ctx, c, http.MethodPut, "/config/patch", nil, patch)
}

// ClientConfig gives the settings that clients go by; without a session only what the sign-in page needs.
func (c *Client) ClientConfig(ctx context.Context) (map[string]string, error) {
	return get[map[string]string](ctx, c, "/config/client", oldFormat())
}

// ClientLicense gives what clients ask about the licence; nothing here takes one.
func (c *Client) ClientLicense(ctx context.Context) (map[string]string, error) {
	return get[map[string]string](ctx, c, "/license/client", oldFormat())
}

// oldFormat names the one format there is.
func oldFormat() url.Values { return url.Values{"format": {"old"}} }
