package api

import (
	"encoding/json"
	"strings"
	"testing"

	openapi "muster/api"
)

// servedElsewhere is what the description has and the table of routes has not: the WebSocket's handler is Options.Socket.
var servedElsewhere = map[string]bool{"GET /websocket": true}

// api/openapi.yaml describes every route and nothing else, and says of each whether it takes a session.
func TestTheDescriptionIsWhatIsServed(t *testing.T) {
	b, err := openapi.JSON()
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Paths map[string]map[string]json.RawMessage `json:"paths"`
	}
	if err := json.Unmarshal(b, &doc); err != nil {
		t.Fatal(err)
	}
	served := map[string]route{}
	for _, r := range routes() {
		served[r.method+" "+r.path] = r
	}
	described := map[string]bool{}
	for path, item := range doc.Paths {
		for method, raw := range item {
			if method == "parameters" {
				continue
			}
			name := strings.ToUpper(method) + " " + path
			described[name] = true
			if servedElsewhere[name] {
				continue
			}
			r, ok := served[name]
			if !ok {
				t.Errorf("%s is described, but nothing is served there", name)
				continue
			}
			var op struct {
				Security *[]any `json:"security"`
			}
			if err := json.Unmarshal(raw, &op); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if saysOpen := op.Security != nil && len(*op.Security) == 0; saysOpen != (r.access == open) {
				t.Errorf("%s: open to everybody is %v, the description says %v", name, r.access == open, saysOpen)
			}
		}
	}
	for name := range served {
		if !described[name] {
			t.Errorf("%s is served, but api/openapi.yaml does not describe it", name)
		}
	}
}
