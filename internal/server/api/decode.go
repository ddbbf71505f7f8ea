package api

import (
	"encoding/json"
	"strconv"
	"strings"
	"unicode/utf8"

	"muster"
	"muster/internal/core"
	"muster/internal/server/httpx"
)

// limitBody limits the size of the body according to the route.
func (c *call) limitBody() {
	switch c.route.body {
	case picture:
		httpx.LimitUpload(c.r, c.pictureMax())
	case file:
		httpx.LimitUpload(c.r, c.services.Core.Config().FileSettings.MaxFileSize+uploadOverhead)
	default:
		httpx.LimitBody(c.r, c.bodyMax())
	}
}

// bodyMax returns the maximum size of a body that is not an upload, in bytes.
func (c *call) bodyMax() int64 {
	limit := c.services.Core.Config().ServiceSettings.MaximumPayloadSizeBytes
	if c.route.access == open && (c.route.body != anyBody || c.who.Session == nil) {
		return min(limit, httpx.SmallBody)
	}
	return limit
}

// pictureMax returns the maximum size of a form with a picture, in bytes.
func (c *call) pictureMax() int64 {
	return c.services.Core.Config().FileSettings.MaxProfileImageSize + uploadOverhead
}

const uploadOverhead = 1 << 20 // bytes that a multipart form may add to its file

// decode decodes the body, which must be a single JSON value, into v. Otherwise it returns the error invalid or, if the body is too large, one of
// kind TooLarge.
func (c *call) decode(v any, invalid *muster.Error) error {
	b, err := c.body()
	if err != nil {
		return err
	}
	if err := json.Unmarshal(b, v); err != nil {
		return &muster.Error{Kind: invalid.Kind, ID: invalid.ID, Params: invalid.Params, Field: invalid.Field, Cause: err}
	}
	return nil
}

// body reads the whole body. The error is of kind TooLarge, RateLimited or Invalid.
func (c *call) body() ([]byte, error) { return c.limiter.ReadBody(c.r, c.who) }

// checkQuery returns an error of kind Invalid if a query parameter is not valid text.
func (c *call) checkQuery() error {
	if c.r.URL.RawQuery == "" {
		return nil
	}
	for name, values := range c.r.URL.Query() {
		for _, v := range values {
			if !utf8.ValidString(v) || strings.ContainsRune(v, 0) {
				if !muster.ValidText(name, queryNameMaxRunes) {
					name = "query"
				}
				return muster.InvalidURLParam(name)
			}
		}
	}
	return nil
}

const queryNameMaxRunes = 64 // of a name that an error may contain

// query returns the value of a query parameter that clients spell in several ways, or "".
func (c *call) query(names ...string) string {
	if c.r.URL.RawQuery == "" {
		return ""
	}
	q := c.r.URL.Query()
	for _, n := range names {
		if v := q.Get(n); v != "" {
			return v
		}
	}
	return ""
}

// flag returns a boolean query parameter. Anything else is false, as in the reference server.
func (c *call) flag(names ...string) bool {
	v, err := strconv.ParseBool(c.query(names...))
	return err == nil && v
}

// page returns the page that the query asks for, in any spelling that clients use.
func (c *call) page() core.Page {
	return core.NewPage(c.number(0, "page"), c.number(core.PerPageDefault, "per_page", "page_size", "pageSize", "perPage"))
}

// number returns an integer query parameter, or fallback if it isn't one.
func (c *call) number(fallback int, names ...string) int {
	n, err := strconv.Atoi(c.query(names...))
	if err != nil {
		return fallback
	}
	return n
}

// listParam returns the items of a comma-separated query parameter.
func (c *call) listParam(names ...string) []string {
	var out []string
	for w := range strings.SplitSeq(c.query(names...), ",") {
		if w = strings.TrimSpace(w); w != "" {
			out = append(out, w)
		}
	}
	return out
}
