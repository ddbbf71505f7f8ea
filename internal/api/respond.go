package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"muster"
	"muster/internal/app"
)

// reply is an answer that is more than a value: any part may be left out.
type reply struct {
	status int
	body   any  // encoded as JSON
	tagged bool // with an entity tag of its bytes; answered 304 when the client has it
}

// image is an answer that is a PNG.
type image struct {
	png    []byte
	etag   string
	maxAge int // seconds
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
	case *app.View:
		return c.write(http.StatusOK, v.JSON, v.ETag, "")
	case image:
		return c.write(http.StatusOK, v.png, v.etag, fmt.Sprintf("max-age=%d, private", v.maxAge))
	case reply:
		if v.tagged {
			view, err := app.NewView(v.body)
			if err != nil {
				return err
			}
			return c.write(http.StatusOK, view.JSON, view.ETag, "")
		}
		return c.json(max(v.status, http.StatusOK), v.body)
	}
	return c.json(http.StatusOK, v)
}

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
			c.status = http.StatusNotModified
			c.w.WriteHeader(c.status)
			return nil
		}
	}
	h["Content-Type"] = jsonType
	if cacheControl != "" {
		h.Set("Content-Type", "image/png")
		h.Set("Cache-Control", cacheControl)
	} else if c.who != nil && c.who.Session != nil {
		h["Cache-Control"] = noStore
	}
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	c.status = status
	c.w.WriteHeader(status)
	_, _ = c.w.Write(body) // a client that left is no fault of ours
	return nil
}

var noStore = []string{"no-cache, private"}

// has tells whether the client named the tag in If-None-Match.
func (c *call) has(etag string) bool {
	header := c.r.Header.Get("If-None-Match")
	if header == "" {
		return false
	}
	for tag := range strings.SplitSeq(header, ",") {
		if t := strings.TrimPrefix(strings.TrimSpace(tag), "W/"); t == etag || t == "*" {
			return true
		}
	}
	return false
}

// errorBody is the API's error object (models.json, AppError).
type errorBody struct {
	ID            string `json:"id"`
	Message       string `json:"message"`
	DetailedError string `json:"detailed_error"`
	RequestID     string `json:"request_id,omitempty"`
	StatusCode    int    `json:"status_code"`
}

func (c *call) writeError(e *muster.Error, detail, requestID string) {
	b, err := json.Marshal(errorBody{e.ID, e.Message(), detail, requestID, e.Kind.Status()})
	if err != nil {
		b = []byte("{}") // five plain fields always encode
	}
	_ = c.write(e.Kind.Status(), b, "", "")
}
