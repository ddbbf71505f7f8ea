package client_test

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"muster"
	"muster/client"
)

// answering returns a client of a server that answers every request with h, such as a proxy or a broken server.
func answering(t *testing.T, h http.HandlerFunc) *client.Client {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return client.New(s.URL + "/")
}

func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		name, body string
		status     int
		want       client.Error
	}{
		{"of the API", `{"id":"app.x.y","message":"No.","detailed_error":"d","request_id":"inside","status_code":400}`, 400,
			client.Error{ID: "app.x.y", Message: "No.", DetailedError: "d", RequestID: "inside", StatusCode: 400}},
		{"without a request id", `{"id":"app.x.y","message":"No."}`, 404,
			client.Error{ID: "app.x.y", Message: "No.", RequestID: "header", StatusCode: 404}},
		{"with another status than HTTP's", `{"id":"app.x.y","message":"No.","status_code":200}`, 403,
			client.Error{ID: "app.x.y", Message: "No.", RequestID: "header", StatusCode: 403}},
		{"a proxy's page", "<html>\n <h1>Bad gateway</h1>", 502,
			client.Error{Message: "Bad Gateway: <html> <h1>Bad gateway</h1>", RequestID: "header", StatusCode: 502}},
		{"JSON of something else", `{"error":"quota"}`, 429,
			client.Error{Message: `Too Many Requests: {"error":"quota"}`, RequestID: "header", StatusCode: 429}},
		{"wrong types", `{"id":7}`, 500, client.Error{Message: `Internal Server Error: {"id":7}`, RequestID: "header", StatusCode: 500}},
		{"nothing", "", 503, client.Error{Message: "Service Unavailable", RequestID: "header", StatusCode: 503}},
		{"no text", "\xff\xfe\x00", 500, client.Error{Message: "Internal Server Error", RequestID: "header", StatusCode: 500}},
		{"a long text cut within a letter", strings.Repeat("a", 199) + "é", 500,
			client.Error{Message: "Internal Server Error: " + strings.Repeat("a", 199), RequestID: "header", StatusCode: 500}},
	} {
		t.Run(c.name, func(t *testing.T) {
			cl := answering(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("X-Request-Id", "header")
				w.WriteHeader(c.status)
				_, _ = w.Write([]byte(c.body))
			})
			_, err := cl.Me(t.Context())
			got, ok := errors.AsType[*client.Error](err)
			if !ok {
				t.Fatalf("got %v, want a *client.Error", err)
			}
			if *got != c.want {
				t.Errorf("got  %+v\nwant %+v", *got, c.want)
			}
		})
	}
}

func TestAnswersThatAreNoneOfTheAPI(t *testing.T) {
	for name, body := range map[string]string{"a page": "<html>", "nothing": "", "another type": `[1]`, "two values": `{} {}`} {
		t.Run(name, func(t *testing.T) {
			cl := answering(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) })
			if u, err := cl.Me(t.Context()); err == nil {
				t.Errorf("took %q for the user %+v", body, u)
			}
		})
	}
}

func TestLongAnswersAreNotRead(t *testing.T) {
	cl := answering(t, func(w http.ResponseWriter, r *http.Request) {
		chunk := make([]byte, 1<<20)
		for r.Context().Err() == nil { // without an end, were it not for the client
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	})
	if _, err := cl.ProfileImage(t.Context(), client.Me); !errors.Is(err, client.ErrResponseTooLarge) {
		t.Errorf("got %v, want ErrResponseTooLarge", err)
	}
}

// directory answers /users with users numbered 0 to n-1, page by page, and counts the requests.
func directory(n int, requests *[]string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		*requests = append(*requests, r.URL.RawQuery)
		page, _ := strconv.Atoi(r.URL.Query().Get("page"))
		perPage, _ := strconv.Atoi(r.URL.Query().Get("per_page"))
		var list []string
		for i := page * perPage; i < min(n, (page+1)*perPage); i++ {
			list = append(list, fmt.Sprintf(`{"username":"u%d"}`, i))
		}
		_, _ = fmt.Fprintf(w, "[%s]", strings.Join(list, ","))
	}
}

func TestPagesAreWalkedToTheirEnd(t *testing.T) {
	for _, c := range []struct{ users, requests int }{{0, 1}, {1, 1}, {199, 1}, {200, 2}, {401, 3}} {
		t.Run(strconv.Itoa(c.users), func(t *testing.T) {
			var requests, names, want []string
			cl := answering(t, directory(c.users, &requests))
			for u, err := range cl.AllUsers(t.Context(), client.UsersQuery{Active: true, Page: 7, PerPage: 3}) {
				if err != nil {
					t.Fatal(err)
				}
				names = append(names, u.Username)
			}
			for i := range c.users {
				want = append(want, "u"+strconv.Itoa(i))
			}
			if !slices.Equal(names, want) {
				t.Errorf("got %d users %v, want %d", len(names), names, len(want))
			}
			if len(requests) != c.requests || requests[0] != "active=true&per_page=200" {
				t.Errorf("got requests %q, want %d", requests, c.requests)
			}
		})
	}
}

func TestPagesStop(t *testing.T) {
	t.Run("when the caller has enough", func(t *testing.T) {
		var requests []string
		cl := answering(t, directory(1000, &requests))
		for u, err := range cl.AllUsers(t.Context(), client.UsersQuery{}) {
			if err != nil {
				t.Fatal(err)
			}
			if u.Username == "u200" {
				break
			}
		}
		if len(requests) != 2 {
			t.Errorf("got requests %q, want 2", requests)
		}
	})
	t.Run("at an error, which is told once", func(t *testing.T) {
		var requests []string
		whole := directory(1000, &requests)
		cl := answering(t, func(w http.ResponseWriter, r *http.Request) {
			if len(requests) == 1 {
				http.Error(w, "gone", http.StatusBadGateway)
				return
			}
			whole(w, r)
		})
		users, failures := 0, 0
		for _, err := range cl.AllUsers(t.Context(), client.UsersQuery{}) {
			if err != nil {
				failures++
			} else {
				users++
			}
		}
		if users != 200 || failures != 1 {
			t.Errorf("got %d users and %d errors, want 200 and 1", users, failures)
		}
	})
}

func TestEmptyIDsAreNotSent(t *testing.T) {
	cl := answering(t, func(_ http.ResponseWriter, r *http.Request) { t.Errorf("sent %s %s", r.Method, r.URL) })
	if err := cl.DeleteUser(t.Context(), ""); err == nil {
		t.Error("DeleteUser took an empty id")
	}
	if _, err := cl.PatchUser(t.Context(), "", &muster.UserPatch{}); err == nil {
		t.Error("PatchUser took an empty id")
	}
}

func TestNamesAreEscaped(t *testing.T) {
	var got string
	cl := answering(t, func(w http.ResponseWriter, r *http.Request) {
		got = r.URL.EscapedPath()
		_, _ = w.Write([]byte("{}"))
	})
	if _, err := cl.UserByEmail(t.Context(), "a/b?c#d%@example.org"); err != nil {
		t.Fatal(err)
	}
	if want := "/api/v4/users/email/a%2Fb%3Fc%23d%25@example.org"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestSignInKeepsTheTokenAndSignOutDropsIt(t *testing.T) {
	cl := answering(t, func(w http.ResponseWriter, r *http.Request) {
		switch want, got := "Bearer secret", r.Header.Get("Authorization"); {
		case strings.HasSuffix(r.URL.Path, "/login"):
			w.Header().Set("Token", "secret")
		case got != want:
			t.Errorf("%s with %q, want %q", r.URL, got, want)
		}
		_, _ = w.Write([]byte("{}"))
	})
	if _, err := cl.Login(t.Context(), "ann", "pw"); err != nil {
		t.Fatal(err)
	}
	if _, err := cl.Me(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := cl.Logout(t.Context()); err != nil {
		t.Fatal(err)
	}
	if cl.Token() != "" {
		t.Errorf("the token %q is still there", cl.Token())
	}
}

func TestSignInWithoutATokenFails(t *testing.T) {
	cl := answering(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("{}")) })
	if _, err := cl.Login(t.Context(), "ann", "pw"); err == nil {
		t.Error("took an answer without a token for a sign-in")
	}
}

func TestIfNoneMatch(t *testing.T) {
	cl := answering(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Etag", `"1"`)
		if r.Header.Get("If-None-Match") == `"1"` {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		_, _ = w.Write([]byte("{}"))
	})
	etag := ""
	if _, err := cl.Me(t.Context(), client.IfNoneMatch(&etag)); err != nil || etag != `"1"` {
		t.Fatalf("got %v and the tag %s", err, etag)
	}
	if _, err := cl.Me(t.Context(), client.IfNoneMatch(&etag)); !errors.Is(err, client.ErrNotModified) {
		t.Errorf("got %v, want ErrNotModified", err)
	}
}

func TestSignInThatRedirectsIsNotFollowed(t *testing.T) {
	for _, c := range []struct{ name, token string }{{"with a token", "secret"}, {"without one", ""}} {
		t.Run(c.name, func(t *testing.T) {
			var paths []string
			cl := answering(t, func(w http.ResponseWriter, r *http.Request) {
				paths = append(paths, r.URL.Path)
				if c.token != "" {
					w.Header().Set("Token", c.token)
				}
				w.Header().Set("Location", "/")
				w.WriteHeader(http.StatusFound)
			})
			if err := cl.LoginCWS(t.Context(), "ann", "shared"); (err == nil) != (c.token != "") {
				t.Errorf("got %v", err)
			}
			if cl.Token() != c.token {
				t.Errorf("got the token %q, want %q", cl.Token(), c.token)
			}
			if !slices.Equal(paths, []string{"/api/v4/users/login/cws"}) {
				t.Errorf("called %q", paths)
			}
		})
	}
}

func TestInvitationsTellOfEachAddressWhenAskedTo(t *testing.T) {
	cl := answering(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("graceful") == "true" {
			_, _ = w.Write([]byte(`[{"email":"a@b.c","error":null},{"email":"x","error":{"id":"app.x.y","status_code":400}}]`))
			return
		}
		_, _ = w.Write([]byte(`{"status":"OK"}`))
	})
	results, err := cl.InviteToTeam(t.Context(), "team", []string{"a@b.c", "x"}, true)
	if err != nil || len(results) != 2 || results[0].Error != nil || results[1].Email != "x" || !client.HasID(results[1].Error, "app.x.y") {
		t.Errorf("got %+v, %v", results, err)
	}
	results, err = cl.InviteToTeam(t.Context(), "team", []string{"a@b.c"}, false)
	if err != nil || results != nil {
		t.Errorf("got %+v, %v", results, err)
	}
}

func TestCallsOverASocket(t *testing.T) {
	path := socket(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintf(w, `{"username":%q}`, r.Host+r.URL.Path)
	}))
	u, err := client.New("http://localhost", client.WithSocket(path)).Me(t.Context())
	if err != nil || u.Username != "localhost/api/v4/users/me" {
		t.Errorf("got %+v, %v", u, err)
	}
}

// socket serves h on a unix socket and returns its path.
func socket(t *testing.T, h http.Handler) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "m") // a test's own folder may be too long a path for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	s := httptest.NewUnstartedServer(h)
	_ = s.Listener.Close()
	path := filepath.Join(dir, "s")
	if s.Listener, err = net.Listen("unix", path); err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(s.Close)
	return path
}
