package upgrade_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"muster"
	"muster/client"
	"muster/internal/testserver"
	"muster/test/upgrade"
)

// check tries what the users of a fixture know and did on the new server.
type check struct {
	*upgrade.Facts
	*server
	shift int64
}

func (c *check) all(t *testing.T) {
	for _, scenario := range []struct {
		name string
		run  func(t *testing.T)
	}{
		{"answers are the same", c.answers}, // first: what follows changes some
		{"settings are kept", c.settings},
		{"sessions and tokens go on", c.tokens},
		{"what was ended stays ended", c.ended},
		{"passwords are right", c.passwords},
		{"a second factor is asked for and taken", c.secondFactor},
		{"a sign-in on the pages goes on where it was", c.login},
		{"searches find people", c.searches},
		{"files and uploads are there", c.files},
		{"mails that waited are sent, and their links work", c.mails},
	} {
		t.Run(scenario.name, scenario.run)
	}
}

func (c *check) answers(t *testing.T) {
	if len(c.Answers) < 20 {
		t.Fatalf("the fixture has only %d answers", len(c.Answers))
	}
	for path, was := range c.Answers {
		is, err := upgrade.Get(t.Context(), c.client(c.AdminSession), path)
		must(t, err)
		sameAnswer(t, path, was, is, c.shift)
	}
}

func (c *check) settings(t *testing.T) {
	now, err := c.client(c.AdminSession).Config(t.Context())
	must(t, err)
	text, err := json.Marshal(now)
	must(t, err)
	sameAnswer(t, "/config", c.Settings, text, 0)
}

func (c *check) tokens(t *testing.T) {
	for token, name := range map[string]string{c.AdminSession: "admin", c.AnnSession: "ann", c.AnnToken: "ann", c.BotToken: "robot"} {
		me, err := c.client(token).Me(t.Context())
		must(t, err)
		if me.Username != name {
			t.Errorf("a token of %s is %s's", name, me.Username)
		}
	}
}

func (c *check) ended(t *testing.T) {
	for _, token := range []string{c.EndedSession, c.DisabledToken} {
		_, err := c.client(token).Me(t.Context())
		refused(t, err, "api.context.session_expired.app_error")
	}
	_, err := c.client("").Login(t.Context(), "dan", c.Password)
	refused(t, err, "api.user.login.inactive.app_error")
}

func (c *check) passwords(t *testing.T) {
	for name, password := range map[string]string{"admin": c.Password, "ann": c.Password, "bob": c.Password, "gus": c.Password, "ivy": c.Imported} {
		if _, err := c.client("").Login(t.Context(), name, password); err != nil {
			t.Errorf("sign in as %s: %v", name, err)
		}
	}
	_, err := c.client("").Login(t.Context(), "ivy", c.Password)
	refused(t, err, "api.user.login.invalid_credentials_email_username")
}

func (c *check) secondFactor(t *testing.T) {
	_, err := c.client("").Login(t.Context(), "mia", c.Password)
	refused(t, err, "mfa.validate_token.authenticate.app_error")
	code, err := totp.GenerateCode(c.MfaSecret, time.Now())
	must(t, err)
	for _, code := range []string{code, c.RecoveryCodes[0]} {
		_, err := c.client("").LoginWith(t.Context(), client.Credentials{LoginID: "mia", Password: c.Password, Code: code})
		must(t, err)
		_, err = c.client("").LoginWith(t.Context(), client.Credentials{LoginID: "mia", Password: c.Password, Code: code})
		refused(t, err, "api.user.check_user_mfa.bad_code.app_error")
	}
}

// login enters the code that the sign-in page asked for before the upgrade.
func (c *check) login(t *testing.T) {
	form := url.Values{"csrf": {c.FormCookie}, "step": {"code"}, "code": {c.RecoveryCodes[1]}}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, c.running.URL+"/login", strings.NewReader(form.Encode()))
	must(t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.AddCookie(&http.Cookie{Name: upgrade.FormCookieName, Value: c.FormCookie})
	r.AddCookie(&http.Cookie{Name: upgrade.LoginCookieName, Value: c.LoginCookie})
	answer, err := http.DefaultTransport.RoundTrip(r)
	must(t, err)
	must(t, answer.Body.Close())
	i := slices.IndexFunc(answer.Cookies(), func(ck *http.Cookie) bool { return ck.Name == "MMAUTHTOKEN" })
	if i < 0 {
		t.Fatalf("the code was answered by %s without a session", answer.Status)
	}
	me, err := c.client(answer.Cookies()[i].Value).Me(t.Context())
	must(t, err)
	if me.Username != "mia" {
		t.Errorf("signed in as %s", me.Username)
	}
}

func (c *check) searches(t *testing.T) {
	admin := c.client(c.AdminSession)
	for term, want := range map[string]string{"müll": "admin ann bob gus ivy mia", "ann the": "ann", "gus@example": "gus", "an": "ann"} {
		found, err := admin.SearchUsers(t.Context(), client.UserSearch{Term: term})
		must(t, err)
		if got := usernames(found); got != want {
			t.Errorf("%q finds %s, want %s", term, got, want)
		}
	}
	found, err := admin.AutocompleteUsers(t.Context(), client.Autocomplete{Name: "bo"})
	must(t, err)
	if got := usernames(found.Users); got != "bob" {
		t.Errorf("completed to %s", got)
	}
}

func usernames(list []*muster.User) string {
	var names []string
	for _, u := range list {
		names = append(names, u.Username)
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

func (c *check) files(t *testing.T) {
	ann := c.client(c.AnnSession)
	if got := content(t, ann, c.File); got != upgrade.FileContent {
		t.Errorf("a file contains %q", got)
	}
	half := len(upgrade.UploadContent) / 2
	whole, err := ann.ContinueUpload(t.Context(), c.Upload, int64(half), []byte(upgrade.UploadContent[half:]))
	must(t, err)
	if got := content(t, ann, whole.ID); got != upgrade.UploadContent {
		t.Errorf("a file that was sent by halves contains %q", got)
	}
	picture, err := ann.ProfileImage(t.Context(), c.UserIDs["ann"])
	must(t, err)
	if !bytes.Equal(picture, c.AnnPicture) {
		t.Error("ann's picture is another one")
	}
}

func content(t *testing.T, by *client.Client, fileID string) string {
	t.Helper()
	f, err := by.File(t.Context(), fileID)
	must(t, err)
	text, err := io.ReadAll(f)
	must(t, err)
	must(t, f.Close())
	return string(text)
}

func (c *check) mails(t *testing.T) {
	mailbox := &testserver.Server{MailDir: filepath.Join(c.data, "mail")}
	const fresh = "a secret that is new"
	must(t, c.client("").ResetPassword(t.Context(), mailbox.MailedToken(t, "bob@example.com", 1), fresh))
	_, err := c.client("").Login(t.Context(), "bob", fresh)
	must(t, err)
	_, err = c.client("").CreateUserWithToken(t.Context(), &muster.User{Username: "new", Email: "new@example.com", Password: fresh}, mailbox.MailedToken(t, "new@example.com", 1))
	must(t, err)
}

func refused(t *testing.T, err error, id string) {
	t.Helper()
	if !client.HasID(err, id) {
		t.Errorf("want %s, got %v", id, err)
	}
}
