package api

import (
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"muster"
	"muster/internal/core"
)

// reply is an answer that is more than a value: any part may be left out.
type reply struct {
	status int
	body   any  // encoded as JSON; nothing for 204 and 302
	tagged bool // with an entity tag of its bytes; answered 304 when the client has it
}

// image is an answer that is a PNG.
type image struct {
	png    []byte
	etag   string
	maxAge int // seconds
}

// download is an answer that is a file.
type download struct {
	info  *muster.FileInfo
	bytes io.ReadCloser
}

// statusOK is the answer of operations that give nothing back.
type statusOK struct {
	Status string `json:"status"`
}

var ok = statusOK{"OK"}

var jsonType = []string{"application/json"}

// answer writes what a handler returned.
func (c *call) answer(v any) error {
	switch v := v.(type) {
	case *core.View:
		return c.write(http.StatusOK, v.JSON, v.ETag, "")
	case image:
		return c.write(http.StatusOK, v.png, v.etag, fmt.Sprintf("max-age=%d, private", v.maxAge))
	case download:
		return c.send(v)
	case reply:
		if v.status == http.StatusNoContent || v.status == http.StatusFound {
			c.w.WriteHeader(v.status)
			return nil
		}
		if v.tagged {
			view, err := core.NewView(v.body)
			if err != nil {
				return err
			}
			return c.write(http.StatusOK, view.JSON, view.ETag, "")
		}
		return c.json(max(v.status, http.StatusOK), v.body)
	}
	return c.json(http.StatusOK, v)
}

// send streams a file. A browser must never take it for a page of ours: it is somebody's upload.
func (c *call) send(d download) error {
	defer func() { _ = d.bytes.Close() }() // it was read; there is nothing to lose
	h := c.w.Header()
	h.Set("Content-Type", servedType(d.info.MimeType))
	h.Set("Content-Length", strconv.FormatInt(d.info.Size, 10))
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": d.info.Name}))
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("Cache-Control", "private, max-age=86400")
	c.w.WriteHeader(http.StatusOK)
	_, _ = io.Copy(c.w, d.bytes) // a client that left is no fault of ours
	return nil
}

// servedType is the type that an uploaded file is served as: its own where a browser does no more with it than show it.
func servedType(own string) string {
	kind, _, err := mime.ParseMediaType(own)
	group, sub, _ := strings.Cut(kind, "/")
	switch {
	case err != nil || strings.HasSuffix(sub, "xml"): // SVG, for one, runs scripts
	case group == "image", group == "audio", group == "video", group == "font", strings.HasPrefix(kind, "application/vnd."), slices.Contains(passiveTypes, kind):
		return own
	}
	return "application/octet-stream"
}

// passiveTypes are types that no browser runs or takes for a page or a part of one.
var passiveTypes = []string{"text/plain", "text/csv", "text/markdown", "application/pdf", "application/zip", "application/gzip", "application/json"}

func (c *call) json(status int, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode answer: %w", err)
	}
	return c.write(status, b, "", "")
}

// write sends a whole answer; a cacheControl says that it is a picture and for how long it may be kept.
func (c *call) write(status int, body []byte, etag, cacheControl string) error {
	h := c.w.Header()
	if etag != "" {
		h["Etag"] = []string{etag}
		if c.has(etag) {
			c.w.WriteHeader(http.StatusNotModified)
			return nil
		}
	}
	h["Content-Type"] = jsonType
	if cacheControl != "" {
		h.Set("Content-Type", "image/png")
		h.Set("Cache-Control", cacheControl)
	} else if etag == "" || c.who.Session != nil {
		h["Cache-Control"] = noStore // it is about somebody; what carries a tag for everybody is not
	}
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	c.w.WriteHeader(status)
	_, _ = c.w.Write(body) // a client that left is no fault of ours
	return nil
}

var noStore = []string{"no-store"}

// has tells whether the client named the tag in If-None-Match.
func (c *call) has(etag string) bool {
	for _, tag := range c.entityTags("If-None-Match") {
		if t := strings.TrimPrefix(tag, "W/"); t == etag || t == "*" {
			return true
		}
	}
	return false
}

// ifMatch returns the entity tags of If-Match, none where the client sent no such header.
func (c *call) ifMatch() []string { return c.entityTags("If-Match") }

func (c *call) entityTags(header string) []string {
	text := c.r.Header.Get(header)
	if text == "" {
		return nil
	}
	tags := strings.Split(text, ",")
	for i, tag := range tags {
		tags[i] = strings.TrimSpace(tag)
	}
	return tags
}
