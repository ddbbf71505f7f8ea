package web_test

import (
	"encoding/base64"
	"fmt"
	"image/png"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"muster/client"
	"muster/internal/testserver"
)

const newPwd = "Another-passw0rd"

func TestChangePassword(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		b, ann, me := member(t, s, "ann")
		p := b.open("/account/security")
		stored := func() string {
			t.Helper()
			u, err := s.Store.User(t.Context(), me.ID)
			must(t, err)
			return u.Password
		}
		before := stored()
		for _, c := range []struct {
			current, next string
			news, wrong   string
		}{
			{"", newPwd, "The current password is missing", "current_password"},
			{wrongPassword, newPwd, "Your current password is wrong.", "current_password"},
			{testserver.Password, "", "Choose a password of at least", "new_password"},
			{testserver.Password, "short", "Choose a password of at least", "new_password"},
			{testserver.Password, "qwertyuiop", "Many people use this password", "new_password"},
			{testserver.Password, strings.Repeat("x", 73), "Choose a password of at most", "new_password"},
		} {
			p := b.submit(p, "Change password", map[string]string{currentPwd: c.current, "New password": c.next}).is(400, "Security").says(c.news)
			if wrong := wrongFields(p); !slices.Equal(wrong, []string{c.wrong}) || strings.Contains(p.body, newPwd) || strings.Contains(p.body, testserver.Password) {
				t.Errorf("%s: marked as wrong: %q\n%s", c.news, wrong, p.body)
			}
		}
		if stored() != before {
			t.Fatal("the password is another one")
		}
		b.submit(p, "Change password", map[string]string{currentPwd: testserver.Password, "New password": newPwd}).is(200, "Security").says("Your password has been changed")
		b.signedInAs(s, "ann")
		if _, err := ann.Me(t.Context()); err == nil {
			t.Error("another session goes on")
		}
		if _, err := s.Client().Login(t.Context(), "ann", newPwd); err != nil {
			t.Error(err)
		}
		if _, err := s.Client().Login(t.Context(), "ann", testserver.Password); err == nil {
			t.Error("the old password still signs in")
		}
		if got := s.Mails(t, "ann@example.com", 1); !strings.Contains(got[0].Subject, "Your password was changed") {
			t.Errorf("the mail is %q", got[0].Subject)
		}
		onRecord(t, s, me.ID, "/account/security/password", "user_id="+me.ID+" completed")
	})
}

var shownSecret = regexp.MustCompile(`\b[A-Z2-7]{4}(?: [A-Z2-7]{4}){7}\b`)

// secretOn is the secret that the page to set up two-step sign-in shows.
func secretOn(p *response) string {
	p.t.Helper()
	secret := shownSecret.FindString(p.body)
	if secret == "" {
		p.t.Fatalf("no secret is shown:\n%s", p.body)
	}
	return strings.ReplaceAll(secret, " ", "")
}

// codeNow is the code of so many steps from now.
func codeNow(t *testing.T, secret string, steps int) string {
	t.Helper()
	code, err := totp.GenerateCode(secret, time.Now().Add(time.Duration(steps)*30*time.Second))
	must(t, err)
	return code
}

// noCode is a code of no time near now.
func noCode(t *testing.T, secret string) string {
	t.Helper()
	var near []string
	for steps := -2; steps <= 2; steps++ {
		near = append(near, codeNow(t, secret, steps))
	}
	for i := 0; ; i++ {
		if code := fmt.Sprintf("%06d", i); !slices.Contains(near, code) {
			return code
		}
	}
}

var shownRecovery = regexp.MustCompile(`[a-z0-9]{4}(?:-[a-z0-9]{4}){3}`)

// enrolled turns two-step sign-in on as people do.
func enrolled(t *testing.T, b *browser) (secret string, recovery []string) {
	t.Helper()
	p := b.submit(b.open("/account/security"), "Set up two-step sign-in", nil).is(200, "Set up two-step sign-in")
	secret = secretOn(p)
	p = b.submit(p, "Turn on", map[string]string{"Code from the app": codeNow(t, secret, 0)}).is(200, "Recovery codes").says("Two-step sign-in is on.")
	return secret, shownRecovery.FindAllString(p.body, -1)
}

func TestTwoStepSignInIsSetUp(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		s.Configure(t, mfaOn)
		b, _, me := member(t, s, "ann")
		if p := b.open("/account/security/two-step"); p.path != "/account/security" {
			t.Fatalf("with no secret there is %s", p.path)
		}
		if state, err := s.Store.MfaState(t.Context(), me.ID); err != nil || state.Pending != "" {
			t.Fatal("opening a page made a secret", err)
		}
		p := b.submit(b.open("/account/security"), "Set up two-step sign-in", nil).is(200, "Set up two-step sign-in")
		onRecord(t, s, me.ID, "/account/security/two-step", "user_id="+me.ID)
		secret := secretOn(p)
		var picture string
		for _, img := range all(p.doc, "img") {
			picture = attr(img, "src")
			if attr(img, "alt") == "" {
				t.Error("the picture has no text in its place")
			}
		}
		encoded, ok := strings.CutPrefix(picture, "data:image/png;base64,")
		if _, err := png.Decode(base64.NewDecoder(base64.StdEncoding, strings.NewReader(encoded))); err != nil || !ok {
			t.Fatalf("the picture is %.40q: %v", picture, err)
		}
		if again := b.open("/account/security/two-step"); secretOn(again) != secret {
			t.Error("opened again, the page shows another secret")
		}
		for _, code := range []string{"", "123", noCode(t, secret), strings.Repeat("1", 5000)} {
			p := b.submit(p, "Turn on", map[string]string{"Code from the app": code}).is(400, "Set up two-step sign-in").says("That code is wrong.")
			if secretOn(p) != secret || p.value("code") != "" || !slices.Equal(wrongFields(p), []string{"code"}) {
				t.Fatal(p.body)
			}
		}
		if u, err := s.Store.User(t.Context(), me.ID); err != nil || u.MfaActive {
			t.Fatal("it is on without a code", err)
		}
		p = b.submit(p, "Turn on", map[string]string{"Code from the app": " " + codeNow(t, secret, 0)}).is(200, "Recovery codes")
		recovery := shownRecovery.FindAllString(p.body, -1)
		if len(recovery) != 10 || strings.Contains(p.body, secret[:4]) {
			t.Fatal(p.body)
		}
		if u, err := s.Store.User(t.Context(), me.ID); err != nil || !u.MfaActive {
			t.Fatal("it is off", err)
		}
		onRecord(t, s, me.ID, "/account/security/two-step/on", "user_id="+me.ID+" activate=true")
		if got := s.Mails(t, "ann@example.com", 1); !strings.Contains(got[0].Subject, "Two-step sign-in was turned on") {
			t.Errorf("the mail is %q", got[0].Subject)
		}
		for _, path := range []string{"/account/security", "/account/security/two-step"} {
			p = b.open(path).is(200, "Security")
			if strings.Contains(p.body, recovery[0]) || !p.has("Turn off two-step sign-in") || p.has("Set up two-step sign-in") {
				t.Fatal(p.body)
			}
		}
		for _, code := range []string{recovery[0], codeNow(t, secret, 0)} {
			other := newBrowser(t, s)
			other.submit(other.signIn("ann").is(200, "Two-step sign-in"), "Continue", map[string]string{codeOf: code}).is(200, "Profile")
		}
	})
}

// A session that somebody else may have by now must not give the account a second factor of theirs.
func TestSettingTwoStepSignInUpTakesAConfirmation(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		s.Configure(t, mfaOn)
		b, _, me := member(t, s, "ann")
		fresh := b.open("/account/security")
		if strings.Contains(fresh.body, `id="set-up-password"`) {
			t.Error("a fresh session is asked for a proof")
		}
		stale := b.anHourLater(s)
		stale.submit(fresh, "Set up two-step sign-in", nil).is(403, "Security").says("It's been a while since you signed in.")
		p := stale.open("/account/security")
		clean(t, "security", p)
		p = stale.submit(p, "Set up two-step sign-in", map[string]string{currentPwd: wrongPassword}).is(400, "Security").says("That password is wrong")
		if !slices.Equal(wrongFields(p), []string{"password"}) {
			t.Error(wrongFields(p))
		}
		if state, err := s.Store.MfaState(t.Context(), me.ID); err != nil || state.Pending != "" {
			t.Fatal("a secret was made", err)
		}

		// The session is fresh at first, and no longer once the app has the secret.
		page := b.submit(b.open("/account/security"), "Set up two-step sign-in", nil).is(200, "Set up two-step sign-in")
		secret := secretOn(page)
		code := map[string]string{"Code from the app": codeNow(t, secret, codesLater)}
		p = stale.submit(page, "Turn on", code).is(403, "Set up two-step sign-in").says("It's been a while since you signed in.")
		if shownSecret.MatchString(p.body) || strings.Contains(p.body, "data:image") {
			t.Error("the secret is shown to a stale session")
		}
		clean(t, "two-step", p)
		code[currentPwd] = wrongPassword
		p = stale.submit(p, "Turn on", code).is(400, "Set up two-step sign-in").says("That password is wrong")
		if !slices.Equal(wrongFields(p), []string{"password"}) || shownSecret.MatchString(p.body) {
			t.Error(p.body)
		}
		if u, err := s.Store.User(t.Context(), me.ID); err != nil || u.MfaActive {
			t.Fatal("it is on", err)
		}
		code[currentPwd] = testserver.Password
		stale.submit(p, "Turn on", code).is(200, "Recovery codes").says("Two-step sign-in is on.")
	})
}

// Replacing the second factor must not take less than turning it off.
func TestTwoStepSignInIsNotReplacedWithoutThePassword(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		s.Configure(t, mfaOn)
		b, ann, me := member(t, s, "ann")
		enrolled(t, b)
		pending, err := ann.GenerateMfaSecret(t.Context(), me.ID) // as a program may
		must(t, err)
		before := kept(t, s, me.ID)
		form := map[string][]string{"csrf": {b.open("/account").value("csrf")}, "code": {codeNow(t, pending.Secret, 0)}}
		for _, path := range []string{"/account/security/two-step", "/account/security/two-step/on"} {
			b.post(path, form).is(200, "Security")
		}
		if p := b.open("/account/security/two-step"); p.path != "/account/security" || strings.Contains(p.body, pending.Secret[:4]+" "+pending.Secret[4:8]) {
			t.Error(p.path)
		}
		if after := kept(t, s, me.ID); after != before {
			t.Fatalf("the account was\n%s\nand is\n%s", before, after)
		}
	})
}

func TestTwoStepSignInIsTurnedOff(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		s.Configure(t, mfaOn)
		b, _, me := member(t, s, "ann")
		_, recovery := enrolled(t, b)
		if p := b.open("/account/security"); strings.Contains(p.body, `id="off-password"`) {
			t.Error("a fresh session is asked for a proof")
		}
		fresh := b.open("/account/security")
		b = b.anHourLater(s)
		b.submit(fresh, "Turn off two-step sign-in", nil).is(403, "Security").says("It's been a while since you signed in.")
		p := b.open("/account/security")
		for _, c := range []struct {
			password, code string
			status         int
			news, wrong    string
		}{
			{"", recovery[0], 400, "The password is missing", "password"},
			{wrongPassword, recovery[0], 400, "That password is wrong", "password"},
			{testserver.Password, "", 400, "The code is missing", "code"},
			{testserver.Password, "abcd-efgh-ijkl-mnop", 400, "That code is wrong", "code"},
		} {
			p := b.submit(p, "Turn off two-step sign-in", map[string]string{currentPwd: c.password, codeOf: c.code}).is(c.status, "Security").says(c.news)
			if !slices.Equal(wrongFields(p), []string{c.wrong}) {
				t.Error(wrongFields(p))
			}
		}
		if u, err := s.Store.User(t.Context(), me.ID); err != nil || !u.MfaActive || u.FailedAttempts != 2 {
			t.Fatalf("%+v %v", u, err)
		}
		clean(t, "security", p)
		p = b.submit(p, "Turn off two-step sign-in", map[string]string{currentPwd: testserver.Password, codeOf: recovery[0]}).is(200, "Security").says("Two-step sign-in is off.")
		if p.has("Turn off two-step sign-in") || !p.has("Set up two-step sign-in") {
			t.Error(p.body)
		}
		onRecord(t, s, me.ID, "/account/security/two-step/off", "user_id="+me.ID+" activate=false")
		newBrowser(t, s).signIn("ann").is(200, "Profile")
		s.MailAbout(t, "ann@example.com", "A recovery code was used")
		s.MailAbout(t, "ann@example.com", "Two-step sign-in was turned off")
	})
}

func TestNewRecoveryCodes(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		s.Configure(t, mfaOn)
		b, _, _ := member(t, s, "ann")
		_, old := enrolled(t, b)
		p := b.open("/account/security")
		if !strings.Contains(p.body, "You have 10 recovery codes left.") {
			t.Error(p.body)
		}
		for _, code := range old[:7] {
			other := newBrowser(t, s)
			other.submit(other.signIn("ann").is(200, "Two-step sign-in"), "Continue", map[string]string{codeOf: code}).is(200, "Profile")
		}
		b = b.anHourLater(s)
		p = b.open("/account/security").is(200, "Security")
		if !strings.Contains(p.body, "You have 3 recovery codes left. Create new ones") {
			t.Error(p.body)
		}
		clean(t, "few codes", p)
		b.submit(p, "Create new recovery codes", map[string]string{currentPwd: wrongPassword, codeOf: old[7]}).is(400, "Security").says("That password is wrong")
		p = b.submit(p, "Create new recovery codes", map[string]string{currentPwd: testserver.Password, codeOf: old[7]}).is(200, "Recovery codes")
		codes := shownRecovery.FindAllString(p.body, -1)
		if len(codes) != 10 || slices.Contains(codes, old[8]) {
			t.Fatalf("%q", codes)
		}
		clean(t, "new codes", p)
		// The session is fresh again, and so is not asked.
		if p := b.open("/account/security"); p.form("Create new recovery codes") == nil || strings.Contains(p.body, `id="recovery-password"`) {
			t.Error(p.body)
		}
		s.MailAbout(t, "ann@example.com", "You have new recovery codes")
	})
}

func TestTwoStepSignInIsNotOffered(t *testing.T) {
	s := testserver.New(t)
	b, _, me := member(t, s, "ann")
	p := b.open("/account/security").is(200, "Security")
	if p.has("Set up two-step sign-in") || !strings.Contains(p.body, "Two-step sign-in is turned off on this site.") {
		t.Fatal(p.body)
	}
	b.post("/account/security/two-step", map[string][]string{"csrf": {p.value("csrf")}}).is(501, "Security").says("Two-step sign-in is turned off")
	if state, err := s.Store.MfaState(t.Context(), me.ID); err != nil || state.Pending != "" {
		t.Fatal(err)
	}
}

// Wrong passwords count wherever they are asked for, so that a stolen session can't try them all. The owner elsewhere has nothing to do with that.
func TestWrongPasswordsOnTheAccountsPagesHoldUpTheirSession(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		s.Configure(t, everythingOn)
		s.Configure(t, `{"ServiceSettings":{"MaximumLoginAttempts":3}}`)
		b, _, me := member(t, s, "ann")
		b.submit(b.open("/account"), "Change email address", map[string]string{"New email address": "new@example.com", currentPwd: wrongPassword}).is(400, "Profile")
		b.submit(b.open("/account/security"), "Change password", map[string]string{currentPwd: wrongPassword, "New password": newPwd}).is(400, "Security")
		b.submit(b.open("/account/data"), "Delete my account", map[string]string{currentPwd: wrongPassword}).is(400, "Your data")
		b.submit(b.open("/account/data"), "Delete my account", map[string]string{currentPwd: testserver.Password}).is(429, "Your data").says("Too many failed attempts.")
		if _, err := s.Store.User(t.Context(), me.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Client().LoginWith(t.Context(), client.Credentials{LoginID: "ann", Password: testserver.Password}); err != nil {
			t.Fatal(err)
		}
	})
}
