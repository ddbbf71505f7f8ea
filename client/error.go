package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"
)

// Error is an error response. Programs check ID (docs/errors.md) and StatusCode; Message is for people.
type Error struct {
	ID            string `json:"id"` // "" if something else than the API answered, such as a proxy in front of it
	Message       string `json:"message"`
	DetailedError string `json:"detailed_error"`
	RequestID     string `json:"request_id"` // finds the request in the server's log
	StatusCode    int    `json:"status_code"`
}

func (e *Error) Error() string {
	s := fmt.Sprintf("%d %s: %s", e.StatusCode, e.ID, e.Message)
	if e.ID == "" {
		s = fmt.Sprintf("%d %s", e.StatusCode, e.Message)
	}
	if e.RequestID != "" {
		s += " (request " + e.RequestID + ")"
	}
	return s
}

// HasID reports whether err is an *Error with that id.
func HasID(err error, id string) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.ID == id
}

const excerptBytes = 200 // of a response that is not the API's, for Message

// errorOf decodes an error response. The HTTP status counts, whatever the body says.
func errorOf(r *Response) *Error {
	var e Error
	if err := json.Unmarshal(r.Body, &e); err != nil || e.ID == "" {
		e = Error{Message: http.StatusText(r.StatusCode)}
		if text := excerpt(r.Body); text != "" {
			e.Message = strings.TrimSpace(e.Message + ": " + text)
		}
	}
	if e.RequestID == "" {
		e.RequestID = r.Header.Get("X-Request-Id")
	}
	e.StatusCode = r.StatusCode
	return &e
}

// excerpt returns the beginning of a text on one line, or "" if body is not text.
func excerpt(body []byte) string {
	if !utf8.Valid(body) {
		return ""
	}
	line := strings.Join(strings.Fields(string(body[:min(len(body), excerptBytes)])), " ")
	return strings.ToValidUTF8(line, "") // the cut may have split a character
}
