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

// reply is a response with more than a body. All fields are optional.
type reply struct {
	status int
	body   any  // encoded as JSON; ignored for 204 and 302
	tagged bool // send an entity tag, and 304 if the client has the same body
}

// image is a response with a PNG.
type image struct {
	png    []byte
	etag   string
	maxAge int // seconds
}

// download is a response with a file.
type download struct {
	info  *muster.FileInfo
	bytes io.ReadCloser
}

// statusOK is the response of operations that return nothing.
type statusOK struct {
	Status string `json:"status"`
}

var ok = statusOK{"OK"}

var jsonType = []string{"application/json"}

// respond writes the response for the value that a handler returned.
func (c *call) respond(v any) error {
	switch v := v.(type) {
	case *core.View:
		return c.write(http.StatusOK, v.JSON, v.ETag, "")
	case image:
		return c.write(http.StatusOK, v.png, v.etag, fmt.Sprintf("max-age=%d, private", v.maxAge))
	case download:
		return c.sendFile(v)
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

// sendFile streams an uploaded file. Its headers keep browsers from treating it as one of our pages.
func (c *call) sendFile(d download) error {
	defer func() { _ = d.bytes.Close() }() // read only
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

// servedType returns the media type to serve an uploaded file with: its own if browsers only display it.
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

// passiveTypes are media types that browsers neither execute nor use as part of a page.
var passiveTypes = []string{"text/plain", "text/csv", "text/markdown", "application/pdf", "application/zip", "application/gzip", "application/json"}

func (c *call) json(status int, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode response: %w", err)
	}
	return c.write(status, b, "", "")
}

// write writes a response. If cacheControl is not empty, the body is a PNG, otherwise JSON.
func (c *call) write(status int, body []byte, etag, cacheControl string) error {
	h := c.w.Header()
	if etag != "" {
		h["Etag"] = []string{etag}
		if c.notModified(etag) {
			c.w.WriteHeader(http.StatusNotModified)
			return nil
		}
	}
	h["Content-Type"] = jsonType
	if cacheControl != "" {
		h.Set("Content-Type", "image/png")
		h.Set("Cache-Control", cacheControl)
	} else if etag == "" || c.who.Session != nil {
		h["Cache-Control"] = noStore // may be personal, unless it has an entity tag and was sent without a session
	}
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	c.w.WriteHeader(status)
	_, _ = c.w.Write(body) // a client that left is no fault of ours
	return nil
}

var noStore = []string{"no-store"}

// notModified reports whether If-None-Match contains the tag.
func (c *call) notModified(etag string) bool {
	for _, tag := range c.entityTags("If-None-Match") {
		if t := strings.TrimPrefix(tag, "W/"); t == etag || t == "*" {
			return true
		}
	}
	return false
}

// ifMatch returns the entity tags of If-Match, if any.
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
