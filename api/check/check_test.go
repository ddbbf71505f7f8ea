package check_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"muster/api/check"
)

const (
	refused = `{"id":"api.context.session_expired.app_error","message":"Sign in.","detailed_error":"","status_code":401}`
	status  = `{"user_id":"ghostghostghostghostghostg","status":"online","manual":false,"last_activity_at":0,"dnd_end_time":0}`
)

var answers = []struct {
	name, method, path string
	status             int
	header             string // of the content type
	body               string
	departs            string // expected in the error; "" for none
}{
	{"as described", "GET", "/users/me/status", 200, "application/json", status, ""},
	{"with a character set", "GET", "/users/me/status", 200, "application/json; charset=utf-8", status, ""},
	{"a refusal", "GET", "/users/me/status", 401, "application/json", refused, ""},
	{"nothing is served there", "GET", "/nowhere", 404, "text/plain", "404", ""},
	{"a method that nothing is served for", "PATCH", "/users/me", 200, "application/json", "{}", ""},
	{"not served on this listener", "PUT", "/users/sessions/device", 404, "application/json", `{"id":"api.context.404.app_error"}`, ""},
	{"the database does not answer", "GET", "/users/me/status", 503, "application/json", `{"id":"api.context.database_unavailable.app_error"}`, ""},
	{"no room", "PUT", "/users/me/patch", 507, "application/json", `{"id":"api.context.storage_full.app_error"}`, ""},
	{"a picture", "GET", "/users/me/image/default", 200, "image/png", "\x89PNG", ""},
	{"no body", "POST", "/uploads/ghostghostghostghostghostg", 204, "", "", ""},
	{"not modified", "GET", "/users/me", 304, "", "", ""},

	{"a status that is not described", "GET", "/users/me/status", 418, "application/json", refused, "the status is not described"},
	{"a fault of the server", "GET", "/users/me/status", 500, "application/json", refused, "the status is not described"},
	{"busy for another reason", "GET", "/users/me/status", 503, "application/json", refused, "the status is not described"},
	{"another content type", "GET", "/users/me/status", 200, "text/html", status, "text/html"},
	{"no content type", "GET", "/users/me/status", 200, "", status, "content type"},
	{"a field too many", "GET", "/users/me/status", 200, "application/json", strings.Replace(status, "{", `{"more":1,`, 1), "more"},
	{"a field too few", "GET", "/users/me/status", 200, "application/json", strings.Replace(status, `"manual":false,`, "", 1), "manual"},
	{"another type", "GET", "/users/me/status", 200, "application/json", strings.Replace(status, "false", `"no"`, 1), "/manual"},
	{"two values in one body", "GET", "/users/me/status", 200, "application/json", status + status, "not one JSON value"},
	{"different status code in the body", "GET", "/users/me/status", 403, "application/json", refused, "status_code 401"},
	{"a body where there is none", "POST", "/uploads/ghostghostghostghostghostg", 204, "", "{}", "no body"},
	{"a file that is no attachment", "GET", "/files/ghostghostghostghostghostg", 200, "text/plain", "text", "no header Content-Disposition"},
	{"a missing header", "POST", "/users/login/cws", 302, "", "", "no header"},
	{"another operation's answer", "GET", "/users/known", 200, "application/json", status, "get_known_users"},
	{"a password hash", "GET", "/users/me/audits", 200, "application/json", `[{"password":"$argon2id$"}]`, "password"},
}

func TestAnswered(t *testing.T) {
	for _, c := range answers {
		t.Run(c.name, func(t *testing.T) {
			header := http.Header{}
			if c.header != "" {
				header.Set("Content-Type", c.header)
			}
			err := check.Answered(check.Answer{Method: c.method, Path: c.path, Status: c.status, Header: header, Body: []byte(c.body)})
			if c.departs == "" && err != nil {
				t.Error(err)
			}
			if c.departs != "" && (err == nil || !strings.Contains(err.Error(), c.departs)) {
				t.Errorf("got %v, want one containing %q", err, c.departs)
			}
		})
	}
}

// The router prefers a literal segment to a parameter; so must the checker.
func TestALiteralSegmentWins(t *testing.T) {
	for path, operation := range map[string]string{
		"/users/stats": "get_total_users_stats", "/users/someone": "get_user:", "/users/username/image": "get_user_by_username",
		"/users/someone/image": "get_profile_image", "/roles/name/members": "get_role_by_name", "/users/a%2Fb": "get_user:",
	} {
		err := check.Answered(check.Answer{Method: "GET", Path: path, Status: 418})
		if err == nil || !strings.HasPrefix(err.Error(), operation) {
			t.Errorf("%s: got %v, want it held against %s", path, err, operation)
		}
	}
}

func TestManyAtOnce(t *testing.T) {
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for _, c := range answers {
				_ = check.Answered(check.Answer{Method: c.method, Path: c.path, Status: c.status, Header: http.Header{"Content-Type": {c.header}}, Body: []byte(c.body)})
			}
		})
	}
	all.Wait()
}
