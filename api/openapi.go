// Package openapi is the description of everything that the server serves.
package openapi

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"sync"

	"go.yaml.in/yaml/v4"
)

//go:embed openapi.yaml
var source []byte

// shorthand holds the names that only the source needs; in JSON the references stand where they are used.
const shorthand = "x-refs"

// JSON returns the OpenAPI document as JSON. Callers must not modify it.
var JSON = sync.OnceValues(func() ([]byte, error) {
	var doc map[string]any
	if err := yaml.Unmarshal(source, &doc); err != nil {
		return nil, fmt.Errorf("embedded openapi.yaml: %w", err) // a broken build, seen by every test
	}
	delete(doc, shorthand)
	b, err := json.Marshal(doc)
	if err != nil {
		return nil, fmt.Errorf("embedded openapi.yaml: %w", err)
	}
	return b, nil
})
