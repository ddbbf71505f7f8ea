package api

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"muster"
	"muster/internal/app"
)

// bodyLimit is how many bytes of a request's body are read at the most.
func (c *call) bodyLimit() int64 {
	if c.route.upload {
		return c.app.Config().FileSettings.MaxFileSize + uploadOverhead
	}
	return c.app.Config().ServiceSettings.MaximumPayloadSizeBytes
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
		return &muster.Error{Kind: otherwise.Kind, ID: otherwise.ID, Params: otherwise.Params, Cause: err}
	}
	return nil
}

// body reads the whole body; kind TooLarge over the limit.
func (c *call) body() ([]byte, error) {
	b, err := io.ReadAll(c.r.Body)
	if _, big := errors.AsType[*http.MaxBytesError](err); big {
		return nil, muster.E(muster.TooLarge, "api.context.request_body_too_large.app_error", err)
	}
	if err != nil {
		return nil, muster.E(muster.Invalid, "api.payload.parse.error", err)
	}
	return b, nil
}

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
func (c *call) page() app.Page {
	return app.NewPage(c.number(0, "page"), c.number(app.PerPageDefault, "per_page", "page_size", "pageSize", "perPage"))
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
