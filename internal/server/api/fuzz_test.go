package api_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"muster/internal/server/api"
	"muster/internal/testserver"
)

// bodies are requests that carry a body, each a decoder of its own.
var bodies = []struct{ method, path string }{
	{"POST", "/users"},
	{"POST", "/users/login"},
	{"POST", "/users/ids"},
	{"POST", "/users/usernames"},
	{"POST", "/users/group_channels"},
	{"POST", "/users/search"},
	{"PUT", "/users/me"},
	{"PUT", "/users/me/patch"},
	{"PUT", "/users/me/active"},
	{"PUT", "/users/me/roles"},
	{"PUT", "/users/me/password"},
	{"POST", "/users/me/image"},
	{"PUT", "/users/sessions/device"},
	{"POST", "/users/me/sessions/revoke"},
	{"PUT", "/config/patch"},
	{"POST", "/teams"},
	{"POST", "/channels"},
	{"POST", "/channels/direct"},
	{"POST", "/channels/group"},
	{"POST", "/roles/names"},
	{"PUT", "/users/me/status"},
	{"POST", "/users/status/ids"},
	{"PUT", "/users/me/preferences"},
	{"POST", "/users/me/preferences/delete"},
	{"POST", "/users/me/tokens"},
	{"POST", "/users/tokens/search"},
	{"POST", "/users/tokens/disable"},
	{"POST", "/users/tokens/enable"},
	{"POST", "/users/tokens/revoke"},
	{"PUT", "/users/me/mfa"},
	{"POST", "/users/mfa"},
	{"POST", "/bots"},
	{"PUT", "/bots/ghostghostghostghostghostg"},
	{"POST", "/bots/ghostghostghostghostghostg/convert_to_user"},
	{"PUT", "/users/ghostghostghostghostghostg/auth"}, // the caller's own would end its password
	{"POST", "/users/login/cws"},
	{"POST", "/users/password/reset/send"},
	{"POST", "/users/password/reset"},
	{"POST", "/users/email/verify/send"},
	{"POST", "/users/email/verify"},
	{"POST", "/teams/ghostghostghostghostghostg/invite/email"},
	{"POST", "/teams/ghostghostghostghostghostg/invite-guests/email"},
	{"POST", "/groups"},
	{"PUT", "/groups/ghostghostghostghostghostg/patch"},
	{"POST", "/groups/ghostghostghostghostghostg/members"},
	{"DELETE", "/groups/ghostghostghostghostghostg/members"},
	{"POST", "/terms_of_service"},
	{"POST", "/users/me/terms_of_service"},
	{"POST", "/uploads"},
}

// FuzzBody sends any bytes to any operation that takes a body, as an administrator.
func FuzzBody(f *testing.F) {
	for i := range bodies {
		f.Add(uint8(i), []byte(`{"username":"a","email":"a@example.com","password":"Passw0rd!x","term":"a","active":true,"roles":"system_user"}`))
	}
	for i := range bodies { // the fields of the later ones, with values that none of them likes
		f.Add(uint8(i), []byte(`{"token_id":"x","token":"x","code":"x","activate":true,"login_id":"\u0000","cws_token":"x","email":"\u0000","description":"\u0000",`+
			`"expires_at":-9223372036854775808,"auth_service":"x","auth_data":"\u0000","emails":["\u0000"],"channels":[""],"user_ids":["x"],"text":"\u0000","file_size":-1}`))
	}
	f.Add(uint8(2), []byte(`["ghostghostghostghostghostg"]`))
	f.Add(uint8(0), []byte("{\"username\":\"\x00\",\"email\":1}"))
	f.Add(uint8(5), []byte(`{"term":"\u0000%*","limit":99999999999999999999}`))
	send := adminSender(f)
	f.Fuzz(func(t *testing.T, op uint8, body []byte) {
		o := bodies[int(op)%len(bodies)]
		send(t, o.method, o.path, body)
	})
}

// queries are requests that read query parameters or odd path segments.
var queries = []string{
	"/users", "/users/autocomplete", "/users/stats/filtered", "/users/me/audits", "/users/me/channel_members", "/config/client", "/teams",
}

// FuzzQuery sends any query string to the operations that read one.
func FuzzQuery(f *testing.F) {
	for i := range queries {
		f.Add(uint8(i), "page=-1&per_page=99999999999&in_team=x&roles=a,b&sort=status&name=%00&limit=-5&format=old")
	}
	send := adminSender(f)
	f.Fuzz(func(t *testing.T, op uint8, query string) {
		send(t, "GET", queries[int(op)%len(queries)]+"?"+strings.ReplaceAll(url.PathEscape(query), "%25", "%"), nil)
	})
}

// FuzzPath sends any text as a path parameter.
func FuzzPath(f *testing.F) {
	for _, s := range []string{"me", "xyz", "ghostghostghostghostghostg", "%00", "a/b", "..", "ü", "\xff", " "} {
		f.Add(s)
	}
	send := adminSender(f)
	f.Fuzz(func(t *testing.T, s string) {
		p := url.PathEscape(s)
		for _, path := range []string{"/users/" + p, "/users/username/" + p, "/users/email/" + p, "/users/" + p + "/image", "/teams/" + p, "/roles/name/" + p} {
			send(t, "GET", path, nil)
		}
	})
}

// adminSender returns a function that makes a request and holds the answer to what every answer must be:
// no 5xx, and an error object where it is refused.
func adminSender(f *testing.F) func(t *testing.T, method, path string, body []byte) {
	s := testserver.New(f)
	admin, _ := s.Admin(f)
	h := s.Handler
	return func(t *testing.T, method, path string, body []byte) {
		r, err := http.NewRequest(method, api.Prefix+path, bytes.NewReader(body))
		if err != nil {
			return // not a request that a client could write
		}
		r.Header.Set("Authorization", "Bearer "+admin.Token())
		r.RemoteAddr = "127.0.0.1:1"
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		checkAnswer(t, method, path, w)
		if w.Code == http.StatusUnauthorized && strings.Contains(w.Body.String(), "session_expired") {
			admin, _ = s.Admin(f) // the request ended its own session
		}
	}
}

func checkAnswer(t *testing.T, method, path string, w *httptest.ResponseRecorder) {
	t.Helper()
	if w.Code == http.StatusServiceUnavailable && strings.HasSuffix(path, "/send") {
		return // more mails are asked for than go out
	}
	if w.Code >= 500 && w.Code != http.StatusNotImplemented {
		t.Fatalf("%s %q answered %d: %s", method, path, w.Code, w.Body)
	}
	if w.Code < 400 {
		return
	}
	var e struct {
		ID         string `json:"id"`
		Message    string `json:"message"`
		StatusCode int    `json:"status_code"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &e); err != nil || e.ID == "" || e.Message == "" || e.StatusCode != w.Code {
		t.Fatalf("%s %q answered %d without a proper error object: %s", method, path, w.Code, w.Body)
	}
}
