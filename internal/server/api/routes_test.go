package api

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// docs/compatibility.md says of each operation whether it works; it must be what is served.
func TestTheCompatibilityTableIsWhatIsServed(t *testing.T) {
	doc, err := os.ReadFile("../../../docs/compatibility.md")
	if err != nil {
		t.Fatal(err)
	}
	s, local := New(Options{}), New(Options{Local: true})
	rows := regexp.MustCompile(`(?m)^\| \w+ \| (GET|POST|PUT|DELETE) (/\S+) \| (works|not yet) \|`).FindAllSubmatch(doc, -1)
	const operations = 63
	if len(rows) != operations {
		t.Fatalf("%d rows, want %d", len(rows), operations)
	}
	for _, row := range rows {
		method, path, works := string(row[1]), string(row[2]), string(row[3]) == "works"
		var values [maxParams]string
		found := s.root.find(method, path, &values)
		if found == nil {
			found = local.root.find(method, path, &values)
		}
		if served := found != nil && found.path == path; served != works {
			t.Errorf("%s %s: the table says works is %v", method, path, works)
		}
	}
}

func TestALiteralSegmentWinsOverAParameter(t *testing.T) {
	s := New(Options{})
	for request, want := range map[string]string{
		"GET /users/username/image":         "/users/username/{username}",
		"GET /users/me/image":               "/users/{user_id}/image",
		"HEAD /users/me":                    "/users/{user_id}",
		"GET /teams/name/members":           "/teams/name/{team_name}",
		"POST /users/sessions/revoke/all":   "/users/sessions/revoke/all",
		"POST /users/x/sessions/revoke/all": "/users/{user_id}/sessions/revoke/all",
		"GET /users/":                       "",
		"GET /users//image":                 "",
		"GET /users/%zz":                    "",
		"PATCH /users/me":                   "",
		"GET /users/a/b/c/d/e/f":            "",
	} {
		method, path, _ := strings.Cut(request, " ")
		var values [maxParams]string
		got := ""
		if r := s.root.find(method, path, &values); r != nil {
			got = r.path
		}
		if got != want {
			t.Errorf("%s went to %q, want %q", request, got, want)
		}
	}
}
