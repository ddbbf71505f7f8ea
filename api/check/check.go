// Package check holds answers of the server against its description (package openapi). Tests use it; the server does not.
package check

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strconv"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Answer is what the server said to a request.
type Answer struct {
	Method string
	Path   string // below /api/v4, escaped as it was sent
	Status int
	Header http.Header
	Body   []byte
}

// anywhere are the errors that any operation may answer with and none describes, by status: an address, or a method there, that the listener
// which was asked does not serve (some are served on the local socket alone, others everywhere else), and a database or a disk that fails.
var anywhere = map[int]string{
	http.StatusNotFound:            "api.context.404.app_error",
	http.StatusServiceUnavailable:  "api.context.database_unavailable.app_error",
	http.StatusInsufficientStorage: "api.context.storage_full.app_error",
}

// Answered tells in what an answer departs from the description; nil when in nothing, and for addresses that it says nothing about.
func Answered(a Answer) error {
	d, err := load()
	if err != nil {
		return err
	}
	op := d.find(a.Method, a.Path)
	if op == nil {
		return nil
	}
	if err := d.check(op, a); err != nil {
		return fmt.Errorf("%s: %w", op.id, err)
	}
	return nil
}

func (d *document) check(op *operation, a Answer) error {
	r, ok := op.responses[strconv.Itoa(a.Status)]
	if !ok {
		if id := anywhere[a.Status]; id != "" && errorOf(a.Body).ID == id {
			return nil
		}
		return errors.New("the status is not described")
	}
	for name, h := range r.Headers {
		if h.Required && a.Header.Get(name) == "" {
			return fmt.Errorf("no header %s", name)
		}
	}
	if len(r.Content) == 0 {
		if len(a.Body) > 0 {
			return errors.New("no body is described")
		}
		return nil
	}
	mediaType, _, err := mime.ParseMediaType(a.Header.Get("Content-Type"))
	if err != nil {
		return fmt.Errorf("content type %q: %w", a.Header.Get("Content-Type"), err)
	}
	content, ok := r.Content[mediaType]
	if !ok {
		if content, ok = r.Content["*/*"]; !ok {
			return fmt.Errorf("content type %s is not described", mediaType)
		}
		mediaType = "*/*"
	}
	if content.Schema == nil {
		return nil
	}
	return d.checkBody(r.at+"/content/"+escape(mediaType)+"/schema", a)
}

// checkBody holds a JSON body against the schema at a place in the document.
func (d *document) checkBody(at string, a Answer) error {
	schema, err := d.schema(at)
	if err != nil {
		return err
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(a.Body))
	if err != nil {
		return fmt.Errorf("not one JSON value: %w", err)
	}
	if err := schema.Validate(v); err != nil {
		return err
	}
	if a.Status < http.StatusBadRequest {
		return nil
	}
	if got := errorOf(a.Body).StatusCode; got != a.Status {
		return fmt.Errorf("the error object has status_code %d", got)
	}
	return nil
}

type errorObject struct {
	ID         string `json:"id"`
	StatusCode int    `json:"status_code"`
}

func errorOf(body []byte) (e errorObject) {
	_ = json.Unmarshal(body, &e) // what is no error object has no id
	return e
}
