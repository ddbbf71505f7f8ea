package client

import (
	"context"
	"encoding/json"
	"iter"
	"net/http"
	"net/url"

	"muster"
)

// Ping tells whether the server answers.
func (c *Client) Ping(ctx context.Context) error {
	_, err := get[struct{}](ctx, c, "/system/ping", nil)
	return err
}

// Config returns the server's settings; secrets are masked. IfNoneMatch sets the tag that PatchConfig can name in IfMatch.
func (c *Client) Config(ctx context.Context, opts ...CallOption) (json.RawMessage, error) {
	return get[json.RawMessage](ctx, c, "/config", nil, opts...)
}

// PatchConfig changes the settings that the JSON object patch names and gives all of them. Without IfMatch what others changed meanwhile stays, key
// by key; with it the patch is refused when they changed anything.
func (c *Client) PatchConfig(ctx context.Context, patch json.RawMessage, opts ...CallOption) (json.RawMessage, error) {
	return send[json.RawMessage](ctx, c, http.MethodPut, "/config/patch", nil, patch, opts...)
}

// ClientConfig gives the settings that clients go by; without a session only what the sign-in page needs.
func (c *Client) ClientConfig(ctx context.Context) (map[string]string, error) {
	return get[map[string]string](ctx, c, "/config/client", oldFormat())
}

// ClientLicense gives what clients ask about the licence; nothing here takes one.
func (c *Client) ClientLicense(ctx context.Context) (map[string]string, error) {
	return get[map[string]string](ctx, c, "/license/client", oldFormat())
}

// Audits gives a page of what everybody did, latest first.
func (c *Client) Audits(ctx context.Context, page, perPage int) ([]*muster.Audit, error) {
	return get[[]*muster.Audit](ctx, c, "/audits", pageQuery(page, perPage))
}

// AllAudits walks all pages of Audits.
func (c *Client) AllAudits(ctx context.Context) iter.Seq2[*muster.Audit, error] {
	return pages(func(page, perPage int) ([]*muster.Audit, error) { return c.Audits(ctx, page, perPage) })
}

// OpenAPI gives the description of the API that the server serves, a JSON document of OpenAPI.
func (c *Client) OpenAPI(ctx context.Context) ([]byte, error) { return c.raw(ctx, "/openapi.json") }

// oldFormat names the one format there is.
func oldFormat() url.Values { return url.Values{"format": {"old"}} }
