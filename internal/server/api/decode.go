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

// limitBody bounds what is read of the body, by its route.
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

// bodyMax is how many bytes of a body are read that is no upload.
func (c *call) bodyMax() int64 {
	whole := c.services.Core.Config().ServiceSettings.MaximumPayloadSizeBytes
	if c.route.access == open && (c.route.body != anyBody || c.who.Session == nil) {
		return min(whole, httpx.SmallBody)
	}
	return whole
}

// pictureMax is how many bytes a form with a picture may have.
func (c *call) pictureMax() int64 {
	return c.services.Core.Config().FileSettings.MaxProfileImageSize + uploadOverhead
}

const uploadOverhead = 1 << 20 // what a multipart form may add to its file

// decode reads the body as exactly one JSON value into v. Anything else is the error otherwise, a body over
// the limit kind TooLarge.
func (c *call) decode(v any, otherwise *muster.Error) error {
	b, err := c.body()
	if err != nil {
		return err
	}
	if err := json.Unmarshal(b, v); err != nil {
		return &muster.Error{Kind: otherwise.Kind, ID: otherwise.ID, Params: otherwise.Params, Field: otherwise.Field, Cause: err}
	}
	return nil
}

// body reads the whole body. Kinds: TooLarge, RateLimited, Invalid.
func (c *call) body() ([]byte, error) { return c.limiter.ReadBody(c.r, c.who) }

// checkQuery refuses parameters that are no text; kind Invalid, by name.
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

const queryNameMaxRunes = 64 // of a name that is worth repeating

// query gives the first value set under any of a parameter's spellings, "" for none.
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

// flag is a boolean parameter; what is not one is false, as on the reference server.
func (c *call) flag(names ...string) bool {
	v, err := strconv.ParseBool(c.query(names...))
	return err == nil && v
}

// page is the paging that the query asks for, under every spelling that clients use.
func (c *call) page() core.Page {
	return core.NewPage(c.number(0, "page"), c.number(core.PerPageDefault, "per_page", "page_size", "pageSize", "perPage"))
}

// number is a whole parameter; what is not one counts as otherwise.
func (c *call) number(otherwise int, names ...string) int {
	n, err := strconv.Atoi(c.query(names...))
	if err != nil {
		return otherwise
	}
	return n
}

// words is a list parameter separated by commas, without blanks.
func (c *call) words(names ...string) []string {
	var out []string
	for w := range strings.SplitSeq(c.query(names...), ",") {
		if w = strings.TrimSpace(w); w != "" {
			out = append(out, w)
		}
	}
	return out
}
