package web_test

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"muster"
	"muster/internal/testserver"
)

func TestSaveProfile(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		b, _, me := member(t, s, "ann")
		member(t, s, "bob")
		p := b.submit(b.open("/account"), "Save profile", map[string]string{
			"Username": " Anne ", "First name": "Änn", "Last name": "Baker", "Nickname": " Annie ", "Position": "Head & baker",
		}).is(200, "Profile").says("Your profile has been saved.")
		want := muster.User{Username: "anne", FirstName: "Änn", LastName: "Baker", Nickname: "Annie", Position: "Head & baker"}
		holds := func() {
			t.Helper()
			u, err := s.Store.User(t.Context(), me.ID)
			must(t, err)
			got := muster.User{Username: u.Username, FirstName: u.FirstName, LastName: u.LastName, Nickname: u.Nickname, Position: u.Position}
			if got.Username != want.Username || got.FirstName != want.FirstName || got.LastName != want.LastName || got.Nickname != want.Nickname || got.Position != want.Position {
				t.Fatalf("the account is %+v", got)
			}
		}
		holds()
		if p.value("username") != "anne" || p.value("position") != "Head & baker" {
			t.Fatal(p.body)
		}
		onRecord(t, s, me.ID, "/account", "user_id="+me.ID)
		if len(s.Events(muster.EventUserUpdated)) == 0 {
			t.Error("nobody was told")
		}
		for _, c := range []struct{ field, name, value, news string }{
			{"Username", "username", "bob", "This username is taken."},
			{"Username", "username", "", "Choose a username"},
			{"Username", "username", "a b", "Choose a username"},
			{"Username", "username", strings.Repeat("a", 65), "Choose a username"},
			{"First name", "first_name", strings.Repeat("ä", 65), "Enter a first name"},
			{"Last name", "last_name", "a\nb", "Enter a last name"},
			{"Nickname", "nickname", strings.Repeat("a", 65), "Enter a nickname"},
			{"Position", "position", strings.Repeat("a", 129), "Enter a position"},
		} {
			p := b.submit(b.open("/account"), "Save profile", map[string]string{"Nickname": "Other", c.field: c.value}).is(400, "Profile").says(c.news)
			if got := p.value(c.name); got != c.value {
				t.Errorf("%s: the field holds %q after %q was refused", c.field, got, c.value)
			}
			if wrong := wrongFields(p); len(wrong) != 1 || wrong[0] != c.name {
				t.Errorf("%s: marked as wrong: %q", c.field, wrong)
			}
		}
		holds()
		// A field that the form did not have stays as it is.
		form := map[string][]string{"csrf": {p.value("csrf")}, "position": {""}}
		b.post("/account", form).is(200, "Profile")
		want.Position = ""
		holds()
	})
}

// wrongFields are the names of those that a page marks.
func wrongFields(p *response) (names []string) {
	for _, in := range all(p.doc, "input") {
		if attr(in, "aria-invalid") == "true" {
			names = append(names, attr(in, "name"))
		}
	}
	return names
}

// signInElsewhere moves the account of a browser to a sign-in service.
func signInElsewhere(t *testing.T, s *testserver.Server, b *browser, service string) {
	t.Helper()
	name := "at the service"
	who := caller(t, s, b)
	_, err := s.Services.Accounts.UpdateUserAuth(t.Context(), who, who.ID(), muster.UserAuth{AuthData: &name, AuthService: service})
	must(t, err)
}

func TestWhatASignInServiceOwnsIsChangedThere(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		_, me := s.Admin(t)
		s.Configure(t, everythingOn)
		s.Configure(t, `{"LdapSettings":{"PictureAttribute":"photo"}}`)
		b := newBrowser(t, s)
		b.signIn("admin")
		signInElsewhere(t, s, b, "ldap")
		p := b.open("/account").is(200, "Profile")
		for _, in := range all(p.doc, "input") {
			readonly := slices.Contains([]string{"username", "first_name", "last_name"}, attr(in, "name"))
			if hasAttr(in, "readonly") != readonly {
				t.Errorf("%s is read-only: %v", attr(in, "name"), !readonly)
			}
		}
		if p.has("Change email address") || p.has("Upload picture") || strings.Count(p.body, "from your sign-in service. Change") != 3 {
			t.Fatal(p.body)
		}
		b.submit(p, "Save profile", map[string]string{"Nickname": "Addie"}).is(200, "Profile").says("Your profile has been saved.")
		before := kept(t, s, me.ID)
		b.submit(p, "Save profile", map[string]string{"First name": "Other"}).is(409, "Profile").says("This field comes from your sign-in service.")
		key := p.value("csrf")
		b.post("/account/email", map[string][]string{"csrf": {key}, "email": {"new@example.com"}, "password": {"x"}})
		if got := upload(b, key, "file", aPicture(t)); got.status != 409 {
			t.Errorf("a picture: %d", got.status)
		}
		if p := b.open("/account/security").is(200, "Security"); p.has("Change password") || !strings.Contains(p.body, "Your sign-in service manages your password.") {
			t.Error(p.body)
		}
		if p := b.open("/account/data").is(200, "Your data"); strings.Contains(p.body, currentPwd) || !p.has("Delete my account") || !p.has("Download my data") {
			t.Error(p.body)
		}
		if p := b.anHourLater(s).open("/account/data"); !strings.Contains(p.body, "Sign out and sign back in first") {
			t.Error(p.body)
		}
		for path, form := range map[string]map[string][]string{
			"/account/security/password": {"current_password": {"x"}, "new_password": {"Another-passw0rd"}},
			"/account/data/delete":       {"password": {"x"}}, "/account/data/deactivate": {"password": {"x"}}, // the last administrator
		} {
			form["csrf"] = []string{key}
			if p := b.post(path, form); p.status != 400 {
				t.Errorf("%s: %d", path, p.status)
			}
		}
		if after := kept(t, s, me.ID); after != before {
			t.Fatalf("the account was\n%s\nand is\n%s", before, after)
		}
	})
}

func hasAttr(n *html.Node, name string) bool {
	return slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == name })
}

func aPicture(t *testing.T) []byte {
	t.Helper()
	m := image.NewRGBA(image.Rect(0, 0, 300, 200))
	for x := range 300 {
		for y := range 200 {
			m.Set(x, y, color.RGBA{uint8(x), uint8(y), 0x55, 0xff})
		}
	}
	var b bytes.Buffer
	must(t, png.Encode(&b, m))
	return b.Bytes()
}

// upload sends a picture in a field of the form for it.
func upload(b *browser, key, field string, content []byte) *response {
	b.t.Helper()
	var body bytes.Buffer
	m := multipart.NewWriter(&body)
	must(b.t, m.WriteField("csrf", key))
	w, err := m.CreateFormFile(field, "picture.png")
	must(b.t, err)
	_, err = w.Write(content)
	must(b.t, err)
	must(b.t, m.Close())
	return b.do("POST", "/account/picture/upload", m.FormDataContentType(), body.String(), http.Header{"Sec-Fetch-Site": {sameOrigin}})
}

func TestPicture(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		b, ann, me := member(t, s, "ann")
		p := b.open("/account").is(200, "Profile")
		if p.has("Remove picture") || !strings.Contains(p.body, "PNG, JPEG, GIF or WebP, up to 10 MB.") {
			t.Fatal(p.body)
		}
		form := p.form("Upload picture")
		if attr(form, "enctype") != "multipart/form-data" || attr(form, "action") != "/account/picture/upload" || attr(all(form, "input")[0], "name") != "csrf" {
			t.Fatal("the form sends its file before its key, or not at all")
		}
		shows := func() []byte {
			t.Helper()
			p := b.open(attr(all(b.open("/account").doc, "img")[0], "src"))
			if p.status != 200 || p.header.Get("Content-Type") != "image/png" || p.header.Get("X-Content-Type-Options") != "nosniff" {
				t.Fatal(p.status, p.header)
			}
			told, err := ann.ProfileImage(t.Context(), me.ID)
			must(t, err)
			if !bytes.Equal(told, []byte(p.body)) {
				t.Fatal("the page shows another picture than the API")
			}
			return told
		}
		drawn := shows()
		at := attr(all(p.doc, "img")[0], "src")
		p = upload(b, p.value("csrf"), "file", aPicture(t)).is(200, "Profile").says("Your picture has been updated.")
		own := shows()
		if bytes.Equal(own, drawn) || attr(all(p.doc, "img")[0], "src") == at {
			t.Fatal("the picture is what it was, or browsers take it for that")
		}
		onRecord(t, s, me.ID, "/account/picture/upload", "user_id="+me.ID)
		before := kept(t, s, me.ID)
		s.Configure(t, `{"FileSettings":{"MaxProfileImageSize":2048,"MaxImageResolution":100000}}`)
		for name, c := range map[string]struct {
			field  string
			body   []byte
			status int
			news   string
		}{
			"nothing":         {"file", nil, 400, "Choose a picture first"},
			"another field":   {"image", []byte("a picture"), 400, "Choose a picture first"},
			"no picture":      {"file", []byte("<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"), 400, "We can't read this picture"},
			"half a picture":  {"file", aPicture(t)[:60], 400, "We can't read this picture"},
			"large":           {"file", append(aPicture(t), make([]byte, 2048)...), 413, "This picture is too large."},
			"very large":      {"file", bytes.Repeat([]byte("x"), 3<<20), 413, "This picture is too large."},
			"too many pixels": {"file", pngHeader(t, 5000, 5000), 400, "too many pixels"},
		} {
			p := upload(b, p.value("csrf"), c.field, c.body)
			if p.status != c.status {
				t.Errorf("%s: %d", name, p.status)
			}
			p.is(c.status, "Profile").says(c.news)
		}
		if after := kept(t, s, me.ID); after != before || !bytes.Equal(shows(), own) {
			t.Fatalf("the account was\n%s\nand is\n%s", before, after)
		}
		b.submit(b.open("/account"), "Remove picture", nil).is(200, "Profile").says("Your picture has been removed.")
		if !bytes.Equal(shows(), drawn) || b.open("/account").has("Remove picture") {
			t.Error("the picture is not the drawn one again")
		}
		onRecord(t, s, me.ID, "/account/picture/remove", "user_id="+me.ID)
		if left, err := filepath.Glob(filepath.Join(s.Files, "users", me.ID, "*")); err != nil || len(left) != 0 {
			t.Errorf("files are left: %q %v", left, err)
		}
	})
}

// pngHeader is a picture of that size, as far as its header goes.
func pngHeader(t *testing.T, width, height int) []byte {
	t.Helper()
	var b bytes.Buffer
	must(t, png.Encode(&b, image.NewPaletted(image.Rect(0, 0, width, height), color.Palette{color.Black})))
	return b.Bytes()[:200]
}

func TestChangeEmail(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		b, _, me := member(t, s, "ann")
		member(t, s, "bob")
		const field = "New email address"
		p := b.open("/account")
		if !strings.Contains(p.body, "Not confirmed") || strings.Contains(p.body, "We'll email you a link") {
			t.Fatal(p.body)
		}
		before, mails := kept(t, s, me.ID), mailFiles(t, s)
		refused := 0
		for _, c := range []struct {
			email, password string
			status          int
			news, wrong     string
		}{
			{"new@example.com", "", 400, "The password is missing", "password"},
			{"new@example.com", wrongPassword, 400, "That password is wrong.", "password"},
			{"ann@example.com", testserver.Password, 400, "That's already your email address.", "email"},
			{" ANN@example.com ", testserver.Password, 400, "That's already your email address.", "email"},
			{"bob@example.com", testserver.Password, 400, "There's already an account with this email address.", "email"},
			{"", testserver.Password, 400, "Enter an email address", "email"},
			{"nobody", testserver.Password, 400, "Enter an email address", "email"},
			{"new@example.com\r\nBcc: eve@example.com", testserver.Password, 400, "Enter an email address", "email"},
			{"new@example.com, eve@example.com", testserver.Password, 400, "Enter an email address", "email"},
			{"Ann <new@example.com>", testserver.Password, 400, "Enter an email address", "email"},
			{strings.Repeat("a", 117) + "@example.com", testserver.Password, 400, "Enter an email address", "email"},
		} {
			p := b.submit(p, "Change email address", map[string]string{field: c.email, currentPwd: c.password}).is(c.status, "Profile").says(c.news)
			if wrong := wrongFields(p); len(wrong) != 1 || wrong[0] != c.wrong || strings.Contains(p.body, testserver.Password) {
				t.Errorf("%q: marked as wrong: %q\n%s", c.email, wrong, p.body)
			}
			if c.password == wrongPassword {
				refused++
			}
		}
		u, err := s.Store.User(t.Context(), me.ID)
		must(t, err)
		if u.Email != "ann@example.com" || u.FailedAttempts != refused || refused != 1 {
			t.Fatalf("the account is %+v\nand was %s", u, before)
		}
		if got := mailFiles(t, s); len(got) != len(mails) {
			t.Fatalf("%d mails went out", len(got)-len(mails))
		}

		p = b.submit(p, "Change email address", map[string]string{field: "New@example.com", currentPwd: testserver.Password}).is(200, "Profile").says("Your email address has been changed.")
		u, err = s.Store.User(t.Context(), me.ID)
		must(t, err)
		if u.Email != "new@example.com" || u.EmailVerified || !strings.Contains(p.body, "new@example.com") {
			t.Fatalf("%+v", u)
		}
		for _, to := range []string{"ann@example.com", "new@example.com"} {
			if got := s.Mails(t, to, 1)[0]; !strings.Contains(got.Subject, "Your email address was changed") {
				t.Errorf("%s got %q", to, got.Subject)
			}
		}
		onRecord(t, s, me.ID, "/account/email", "user_id="+me.ID)
	})
}

func mailFiles(t *testing.T, s *testserver.Server) []string {
	t.Helper()
	files, err := os.ReadDir(s.MailDir)
	must(t, err)
	var names []string
	for _, f := range files {
		names = append(names, f.Name())
	}
	return names
}

func TestANewAddressWaitsUntilItIsConfirmed(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		b, _, me := member(t, s, "ann")
		s.Configure(t, verifying)
		b.submit(b.open("/account"), "Send confirmation email", nil).is(200, "Profile").says("We've sent you an email.")
		b.submit(b.open("/do_verify_email?token="+s.MailedToken(t, "ann@example.com", 1)), "Confirm", nil).is(200, "Your email address is confirmed")
		onRecord(t, s, me.ID, "/account/email/confirm", "verification")
		p := b.open("/account")
		if p.has("Send confirmation email") || !strings.Contains(p.body, "Confirmed") || !strings.Contains(p.body, "Your address changes once") {
			t.Fatal(p.body)
		}
		p = b.submit(p, "Change email address", map[string]string{"New email address": "New@example.com", currentPwd: testserver.Password}).is(200, "Profile")
		p.says("We sent an email to new@example.com. Your address changes once you open the link in it")
		if u, err := s.Store.User(t.Context(), me.ID); err != nil || u.Email != "ann@example.com" || !u.EmailVerified {
			t.Fatalf("%+v %v", u, err)
		}
		p = b.submit(b.open("/do_verify_email?token="+s.MailedToken(t, "new@example.com", 1)), "Confirm", nil).is(200, "Your email address is confirmed")
		if !p.has("Go to your account") || p.has("Sign in") {
			t.Error(p.body)
		}
		if u, err := s.Store.User(t.Context(), me.ID); err != nil || u.Email != "new@example.com" || !u.EmailVerified {
			t.Fatalf("%+v %v", u, err)
		}
	})
}
