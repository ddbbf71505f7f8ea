package client

import (
	"context"
	"encoding/json"
	"iter"
	"net/http"
	"net/url"

	"muster"
)

// Ping returns an error unless the server answers.
func (c *Client) Ping(ctx context.Context) error {
	_, err := get[struct{}](ctx, c, "/system/ping", nil)
	return err
}

// Config returns the server's settings; secrets are masked. IfNoneMatch sets the ETag for IfMatch in PatchConfig.
func (c *Client) Config(ctx context.Context, opts ...CallOption) (json.RawMessage, error) {
	return get[json.RawMessage](ctx, c, "/config", nil, opts...)
}

// PatchConfig changes the settings in the JSON object patch and returns all settings. Other settings keep their values, even if they were changed
// meanwhile; with IfMatch the server refuses the patch if any were.
func (c *Client) PatchConfig(ctx context.Context, patch json.RawMessage, opts ...CallOption) (json.RawMessage, error) {
	return send[json.RawMessage](ctx, c, http.MethodPut, "/config/patch", nil, patch, opts...)
}

// ClientConfig returns the settings that clients need; without a session only those for the login page.
func (c *Client) ClientConfig(ctx context.Context) (map[string]string, error) {
	return get[map[string]string](ctx, c, "/config/client", oldFormat())
}

// ClientLicense returns the licence information that clients ask for. Muster needs no licence.
func (c *Client) ClientLicense(ctx context.Context) (map[string]string, error) {
	return get[map[string]string](ctx, c, "/license/client", oldFormat())
}

// Audits returns a page of the audit log, latest first.
func (c *Client) Audits(ctx context.Context, page, perPage int) ([]*muster.Audit, error) {
	return get[[]*muster.Audit](ctx, c, "/audits", pageQuery(page, perPage))
}

// AllAudits iterates over all pages of Audits.
func (c *Client) AllAudits(ctx context.Context) iter.Seq2[*muster.Audit, error] {
	return pages(func(page, perPage int) ([]*muster.Audit, error) { return c.Audits(ctx, page, perPage) })
}

// OpenAPI returns the server's OpenAPI document as JSON.
func (c *Client) OpenAPI(ctx context.Context) ([]byte, error) { return c.raw(ctx, "/openapi.json") }

// oldFormat selects the only format that exists.
func oldFormat() url.Values { return url.Values{"format": {"old"}} }
