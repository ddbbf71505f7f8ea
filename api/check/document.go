package check

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"

	openapi "muster/api"
)

// documentURL names the description to the schema compiler; nothing is fetched from there.
const documentURL = "https://muster.invalid/openapi.json"

// document is the description, read once, with the schemas compiled so far.
type document struct {
	operations map[string][]*operation // by method

	mu       sync.Mutex
	compiler *jsonschema.Compiler
	schemas  map[string]*jsonschema.Schema // by place
}

type operation struct {
	id        string
	segments  []string // of the path
	responses map[string]response
}

type response struct {
	Ref     string `json:"$ref"`
	Headers map[string]struct {
		Ref      string `json:"$ref"`
		Required bool   `json:"required"`
	} `json:"headers"`
	Content map[string]struct {
		Schema json.RawMessage `json:"schema"`
	} `json:"content"`

	at string // its place in the document, a JSON pointer
}

var load = sync.OnceValues(func() (*document, error) {
	b, err := openapi.JSON()
	if err != nil {
		return nil, err
	}
	return parse(b)
})

func parse(b []byte) (*document, error) {
	var doc struct {
		Paths      map[string]map[string]json.RawMessage `json:"paths"`
		Components components                            `json:"components"`
	}
	if err := json.Unmarshal(b, &doc); err != nil {
		return nil, fmt.Errorf("read the description: %w", err)
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	if err != nil {
		return nil, fmt.Errorf("read the description: %w", err)
	}
	d := &document{operations: map[string][]*operation{}, compiler: jsonschema.NewCompiler(), schemas: map[string]*jsonschema.Schema{}}
	d.compiler.DefaultDraft(jsonschema.Draft2020) // OpenAPI 3.1's schemas
	if err := d.compiler.AddResource(documentURL, v); err != nil {
		return nil, fmt.Errorf("read the description: %w", err)
	}
	for path, item := range doc.Paths {
		for method, raw := range item {
			if method == "parameters" {
				continue
			}
			op, err := doc.Components.operation(raw, "/paths/"+escape(path)+"/"+method)
			if err != nil {
				return nil, fmt.Errorf("%s %s: %w", method, path, err)
			}
			op.segments = segmentsOf(path)
			method = strings.ToUpper(method)
			d.operations[method] = append(d.operations[method], op)
		}
	}
	return d, nil
}

// components are what the operations refer to.
type components struct {
	Responses map[string]response `json:"responses"`
	Headers   map[string]struct {
		Required bool `json:"required"`
	} `json:"headers"`
}

const (
	responseRef = "#/components/responses/"
	headerRef   = "#/components/headers/"
)

func (c *components) operation(raw json.RawMessage, at string) (*operation, error) {
	var o struct {
		ID        string              `json:"operationId"`
		Responses map[string]response `json:"responses"`
	}
	if err := json.Unmarshal(raw, &o); err != nil {
		return nil, err
	}
	for status, r := range o.Responses {
		r.at = at + "/responses/" + status
		if name, ok := strings.CutPrefix(r.Ref, responseRef); ok {
			r = c.Responses[name]
			r.at = strings.TrimPrefix(responseRef, "#") + name
		}
		for name, h := range r.Headers {
			if component, ok := strings.CutPrefix(h.Ref, headerRef); ok {
				h.Required = c.Headers[component].Required
				r.Headers[name] = h
			}
		}
		o.Responses[status] = r
	}
	return &operation{id: o.ID, responses: o.Responses}, nil
}

// schema compiles the schema at a place, once.
func (d *document) schema(at string) (*jsonschema.Schema, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if s := d.schemas[at]; s != nil {
		return s, nil
	}
	s, err := d.compiler.Compile(documentURL + (&url.URL{Fragment: at}).String())
	if err != nil {
		return nil, fmt.Errorf("compile the schema at %s: %w", at, err)
	}
	d.schemas[at] = s
	return s, nil
}

// find returns the operation of a path as the server's router finds it: a literal segment takes precedence over a {parameter}.
func (d *document) find(method, path string) *operation {
	segments := segmentsOf(path)
	var best *operation
	for _, op := range d.operations[method] {
		if op.matches(segments) && (best == nil || op.beats(best)) {
			best = op
		}
	}
	return best
}

func segmentsOf(path string) []string { return strings.Split(strings.TrimPrefix(path, "/"), "/") }

func isParam(segment string) bool { return strings.HasPrefix(segment, "{") }

func (o *operation) matches(path []string) bool {
	if len(path) != len(o.segments) {
		return false
	}
	for i, s := range o.segments {
		if isParam(s) && path[i] == "" || !isParam(s) && path[i] != s {
			return false
		}
	}
	return true
}

// beats tells which of two operations that match comes first.
func (o *operation) beats(other *operation) bool {
	for i, s := range o.segments {
		if isParam(s) != isParam(other.segments[i]) {
			return !isParam(s)
		}
	}
	return false
}

// escape makes a key a part of a JSON pointer.
func escape(key string) string { return strings.NewReplacer("~", "~0", "/", "~1").Replace(key) }
