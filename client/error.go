package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"
)

// Error is the server's refusal. Programs look at ID (docs/errors.md) and StatusCode; Message is for a person.
type Error struct {
	ID            string `json:"id"` // "" when what answered was not the API, but a proxy before it for example
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

// HasID tells whether err is an *Error with that id.
func HasID(err error, id string) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.ID == id
}

const excerptBytes = 200 // of an answer that is not the API's, to show in the message

// errorOf reads an error answer; the HTTP status counts, whatever the body says.
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

// excerpt is the beginning of a text as one line, "" for what is no text.
func excerpt(body []byte) string {
	if !utf8.Valid(body) {
		return ""
	}
	line := strings.Join(strings.Fields(string(body[:min(len(body), excerptBytes)])), " ")
	return strings.ToValidUTF8(line, "") // the cut may have gone through a letter
}
