package openapi_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	openapi "muster/api"
)

func load(t *testing.T) *openapi3.T {
	t.Helper()
	b, err := openapi.JSON()
	if err != nil {
		t.Fatal(err)
	}
	doc, err := openapi3.NewLoader().LoadFromData(b)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestTheDocumentIsValid(t *testing.T) {
	if err := load(t).Validate(t.Context(), openapi3.EnableSchemaDefaultsValidation()); err != nil {
		t.Error(err)
	}
}

func TestEveryOperationTellsWhatItIs(t *testing.T) {
	doc := load(t)
	tags, ids := map[string]bool{}, map[string]string{}
	for _, tag := range doc.Tags {
		tags[tag.Name] = true
	}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			name := method + " " + path
			if ids[op.OperationID] != "" {
				t.Errorf("%s and %s are both called %s", name, ids[op.OperationID], op.OperationID)
			}
			ids[op.OperationID] = name
			if op.Summary == "" || strings.HasSuffix(op.Summary, ".") {
				t.Errorf("%s: the summary %q is not one phrase without a full stop", name, op.Summary)
			}
			if len(op.Tags) != 1 || !tags[op.Tags[0]] {
				t.Errorf("%s: tags %v, want one of those that the document explains", name, op.Tags)
			}
			open := op.Security != nil && len(*op.Security) == 0
			if described := op.Responses.Status(401) != nil; described && open && !strings.Contains(path, "/login") {
				t.Errorf("%s is open to everybody, yet may answer 401", name)
			} else if !described && !open && op.OperationID != "permanent_delete_all_users" {
				t.Errorf("%s needs a session and does not describe 401", name)
			}
			if op.Responses.Status(429) == nil {
				t.Errorf("%s does not describe 429", name)
			}
			if takesJSON(op) && op.Responses.Status(413) == nil {
				t.Errorf("%s takes a body and does not describe 413", name)
			}
		}
	}
}

func takesJSON(op *openapi3.Operation) bool {
	return op.RequestBody != nil && op.RequestBody.Value.Content["application/json"] != nil
}

// What nothing refers to is a leftover.
func TestEveryComponentIsUsed(t *testing.T) {
	b, err := openapi.JSON()
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Components map[string]map[string]json.RawMessage `json:"components"`
	}
	if err := json.Unmarshal(b, &doc); err != nil {
		t.Fatal(err)
	}
	for kind, components := range doc.Components {
		for name := range components {
			if ref := `"#/components/` + kind + "/" + name + `"`; kind != "securitySchemes" && !strings.Contains(string(b), ref) {
				t.Errorf("nothing refers to %s", ref)
			}
		}
	}
	if strings.Contains(string(b), `"x-refs"`) {
		t.Error("the source's shorthand is in the JSON")
	}
}
