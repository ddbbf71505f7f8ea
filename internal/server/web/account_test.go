package web_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"muster"
	"muster/client"
	"muster/internal/core"
	"muster/internal/testserver"
)

const (
	everythingOn = `{"ServiceSettings":{"EnableMultifactorAuthentication":true,"EnableUserAccessTokens":true,"EnableAPIUserDeletion":true},
		"TeamSettings":{"EnableUserDeactivation":true}}`
	verifying     = `{"EmailSettings":{"RequireEmailVerification":true}}`
	currentPwd    = "Current password"
	wrongPassword = "not the password"
	tokenRoles    = "system_user system_user_access_token"
)

// member makes an account that may have access tokens, and signs it in in a browser.
func member(t *testing.T, s *testserver.Server, name string) (*browser, *client.Client, *muster.User) {
	t.Helper()
	c, u := s.User(t, name)
	admin, _ := s.Admin(t)
	must(t, admin.UpdateUserRoles(t.Context(), u.ID, tokenRoles))
	b := newBrowser(t, s)
	b.signIn(name)
	b.signedInAs(s, name)
	return b, c, u
}

// caller is who acts in a browser.
func caller(t *testing.T, s *testserver.Server, b *browser) *core.Caller {
	t.Helper()
	session, u, err := s.Services.Auth.Authenticate(t.Context(), b.cookie("MMAUTHTOKEN"))
	must(t, err)
	return &core.Caller{Session: session, User: u}
}

// onRecord holds that the account's history has a line of a form that was sent, which begins so.
func onRecord(t *testing.T, s *testserver.Server, userID, path, info string) {
	t.Helper()
	list, err := s.Store.Audits(t.Context(), userID, 0, 200)
	must(t, err)
	if !slices.ContainsFunc(list, func(a *muster.Audit) bool { return a.Action == path && strings.HasPrefix(a.ExtraInfo, info) }) {
		lines, err := json.MarshalIndent(list, "", " ")
		must(t, err)
		t.Fatalf("no line of %s that begins with %q among\n%s", path, info, lines)
	}
}

// kept is all that the account's pages can change about an account, in a form that can be compared.
func kept(t *testing.T, s *testserver.Server, userID string) string {
	t.Helper()
	ctx := t.Context()
	u, err := s.Store.User(ctx, userID)
	must(t, err)
	u.LastActivityAt = 0
	sessions, err := s.Store.Sessions(ctx, userID)
	must(t, err)
	var ids []string
	for _, one := range sessions {
		ids = append(ids, one.ID)
	}
	slices.Sort(ids)
	tokens, err := s.Store.AccessTokens(ctx, userID, 0, 200)
	must(t, err)
	for _, one := range tokens {
		one.LastUsedAt = 0
	}
	mfa, err := s.Store.MfaState(ctx, userID)
	must(t, err)
	audits, err := s.Store.Audits(ctx, userID, 0, 200)
	must(t, err)
	all, err := json.MarshalIndent([]any{u, ids, tokens, mfa, len(audits)}, "", " ")
	must(t, err)
	return string(all)
}

// accountPages are all that have a navigation and can be opened as they are.
var accountPages = map[string]string{
	"/account": "Profile", "/account/security": "Security", "/account/sessions": "Sessions", "/account/tokens": "Access tokens", "/account/data": "Your data",
}

func TestAccountPagesAreClean(t *testing.T) {
	s := testserver.New(t)
	s.Configure(t, everythingOn)
	b, ann, me := member(t, s, "ann")
	_, err := ann.CreateAccessToken(t.Context(), me.ID, "Backup", 0)
	must(t, err)
	for path, heading := range accountPages {
		p := b.open(path).is(200, heading)
		clean(t, path, p)
		here := all(p.doc, "nav")
		if len(here) != 1 {
			t.Fatalf("%s has %d navigations", path, len(here))
		}
		for _, a := range all(here[0], "a") {
			if want := attr(a, "href") == path; (attr(a, "aria-current") == "page") != want {
				t.Errorf("%s: %s is marked as the one that is open: %v", path, textOf(a), !want)
			}
		}
		if to := newBrowser(t, s).open(path).path; to != "/login?redirect_to="+url.QueryEscape(path) {
			t.Errorf("%s leads who is not signed in to %s", path, to)
		}
	}
	p := b.submit(b.open("/account/security"), "Set up two-step sign-in", nil).is(200, "Set up two-step sign-in")
	clean(t, "two-step sign-in", p)
	p = b.submit(p, "Turn on", map[string]string{"Code from the app": "1"})
	clean(t, "a wrong code", p)
	clean(t, "recovery codes", b.submit(p, "Turn on", map[string]string{"Code from the app": codeNow(t, secretOn(p), 0)}))
	for path := range accountPages {
		clean(t, path+" with two-step sign-in", b.open(path))
	}
	p = b.submit(b.open("/account/tokens"), "Create token", map[string]string{"What's it for?": "A second one"})
	clean(t, "a new token", p)
}

// accountForms are all forms of the account, each as it would change something.
func accountForms(sessionID, tokenID string) map[string]url.Values {
	password := testserver.Password
	return map[string]url.Values{
		"/account":                       {"username": {"other"}, "nickname": {"Other"}},
		"/account/picture/remove":        {},
		"/account/email":                 {"email": {"new@example.com"}, "password": {password}},
		"/account/email/confirm":         {},
		"/account/security/password":     {"current_password": {password}, "new_password": {"Another-passw0rd"}},
		"/account/security/two-step":     {},
		"/account/security/two-step/on":  {"code": {"123456"}},
		"/account/security/two-step/off": {"password": {password}},
		"/account/sessions/end":          {"session_id": {sessionID}},
		"/account/sessions/end-others":   {},
		"/account/tokens":                {"description": {"Another"}},
		"/account/tokens/revoke":         {"token_id": {tokenID}},
		"/account/data/download":         {},
		"/account/data/deactivate":       {"password": {password}},
		"/account/data/delete":           {"password": {password}},
	}
}

func TestForeignFormsLeaveTheAccountAlone(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		s.Configure(t, everythingOn)
		b, ann, me := member(t, s, "ann")
		eve, _, _ := member(t, s, "eve")
		token, err := ann.CreateAccessToken(t.Context(), me.ID, "Backup", 0)
		must(t, err)
		programs, err := ann.Sessions(t.Context(), me.ID)
		must(t, err)
		before := kept(t, s, me.ID)
		picture := b.open("/account/picture").body
		own, others := caller(t, s, b).Session.CSRF(), caller(t, s, eve).Session.CSRF()
		for path, form := range accountForms(programs[0].ID, token.ID) {
			for name, c := range map[string]struct {
				key, site string
				status    int
			}{
				"no key": {"", sameOrigin, 403}, "another's key": {others, sameOrigin, 403}, "a key of no session": {muster.NewID(), sameOrigin, 403},
				"another site": {own, "cross-site", 403}, "a neighbour": {own, "same-site", 403},
			} {
				form.Set("csrf", c.key)
				p := b.do("POST", path, urlencoded, form.Encode(), http.Header{"Sec-Fetch-Site": {c.site}})
				if p.status != c.status || !strings.Contains(p.body, "nothing was changed") {
					t.Errorf("%s with %s: %d\n%s", path, name, p.status, p.body)
				}
			}
			form.Set("csrf", own)
			if p := newBrowser(t, s).withoutRedirects().post(path, form); p.status != 303 || !strings.HasPrefix(p.header.Get("Location"), "/login") {
				t.Errorf("%s without a session: %d %s", path, p.status, p.header.Get("Location"))
			}
			program := ann.Token()
			if p := newBrowser(t, s).withoutRedirects().do("POST", path, urlencoded, form.Encode(), http.Header{"Authorization": {"Bearer " + program}}); p.status != 303 {
				t.Errorf("%s with a program's header: %d", path, p.status)
			}
			b.open(path) // changes nothing either
		}
		if p := upload(b, own+"x", "file", aPicture(t)); p.status != 403 {
			t.Errorf("a picture with a wrong key: %d", p.status)
		}
		if after := kept(t, s, me.ID); after != before {
			t.Fatalf("the account was\n%s\nand is\n%s", before, after)
		}
		if b.open("/account/picture").body != picture {
			t.Error("the picture is another one")
		}
		if _, err := client.New(s.URL, client.WithToken(token.Token)).Me(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestOpeningWhereAFormIsSentLeadsToItsPage(t *testing.T) {
	s := testserver.New(t)
	s.Configure(t, everythingOn)
	b, _, _ := member(t, s, "ann")
	for path := range accountForms("", "") {
		page := "/" + strings.Join(strings.Split(path, "/")[1:min(3, strings.Count(path, "/")+1)], "/")
		if strings.HasPrefix(path, "/account/picture") || strings.HasPrefix(path, "/account/email") {
			page = "/account"
		}
		if p := b.open(path).is(200, accountPages[page]); p.path != page {
			t.Errorf("%s leads to %s", path, p.path)
		}
	}
}

func TestWhoMustEnrolCanDoThatAlone(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		s.Configure(t, everythingOn)
		b, ann, me := member(t, s, "ann")
		token, err := ann.CreateAccessToken(t.Context(), me.ID, "Backup", 0)
		must(t, err)
		programs, err := ann.Sessions(t.Context(), me.ID)
		must(t, err)
		s.Configure(t, `{"ServiceSettings":{"EnforceMultifactorAuthentication":true}}`)
		p := b.open("/account").is(200, "Set up two-step sign-in")
		if p.path != "/account/security" || !strings.Contains(p.body, "This site requires two-step sign-in") || p.has("Change password") || p.has("Profile") {
			t.Fatal(p.path, p.body)
		}
		clean(t, "who must enrol", p)
		before := kept(t, s, me.ID)
		forms := accountForms(programs[0].ID, token.ID)
		delete(forms, "/account/security/two-step") // which is what there is to do
		for path, form := range forms {
			form.Set("csrf", p.value("csrf"))
			if got := b.post(path, form); got.path != "/account/security" {
				t.Errorf("%s leads to %s", path, got.path)
			}
		}
		if after := kept(t, s, me.ID); after != before {
			t.Fatalf("the account was\n%s\nand is\n%s", before, after)
		}
		b = b.anHourLater(s) // however old the session is, for it can do nothing else
		p = b.submit(b.open("/account/security"), "Set up two-step sign-in", nil).is(200, "Set up two-step sign-in")
		p = b.submit(p, "Turn on", map[string]string{"Code from the app": codeNow(t, secretOn(p), codesLater)}).is(200, "Recovery codes")
		if !p.has("Profile") {
			t.Error("the way to the other pages is not open")
		}
		b.open("/account").is(200, "Profile")
	})
}

// Text that looks like markup is text in every field of an account.
func TestWhatIsInAnAccountIsText(t *testing.T) {
	s := testserver.New(t)
	s.Configure(t, everythingOn)
	const script = `"'><script>alert(1)</script><i id=x>`
	b, ann, me := member(t, s, "ann")
	profile := map[string]string{"First name": script, "Last name": script, "Nickname": script, "Position": script}
	p := b.submit(b.open("/account"), "Save profile", profile).is(200, "Profile").says("Your profile has been saved.")
	for _, name := range []string{"first_name", "last_name", "nickname", "position"} {
		if p.value(name) != script {
			t.Errorf("%s is %q", name, p.value(name))
		}
	}
	agent := "Mozilla/5.0 (<i id=x>) <script>alert(1)</script>/1.0"
	_, err := client.New(s.URL, client.WithUserAgent(agent)).Login(t.Context(), "ann", testserver.Password)
	must(t, err)
	_, err = ann.CreateAccessToken(t.Context(), me.ID, script, 0)
	must(t, err)
	pages := map[string]*response{
		"profile":         p,
		"refused profile": b.submit(p, "Save profile", map[string]string{"Username": script}).is(400, "Profile"),
		"refused address": b.submit(p, "Change email address", map[string]string{"New email address": script, currentPwd: testserver.Password}).is(400, "Profile"),
		"new token":       b.submit(b.open("/account/tokens"), "Create token", map[string]string{"What's it for?": script}).is(200, "Access tokens"),
		"notice":          b.open("/account?notice=" + url.QueryEscape(script)),
	}
	for path := range accountPages {
		pages[path] = b.open(path)
	}
	for name, p := range pages {
		clean(t, name, p)
		if slices.ContainsFunc(all(p.doc, "i", "script"), func(n *html.Node) bool { return n.Data == "i" || n.FirstChild != nil }) || bytes.Contains([]byte(p.body), []byte("<script>alert")) {
			t.Errorf("%s: what somebody wrote is markup\n%s", name, p.body)
		}
	}
}
