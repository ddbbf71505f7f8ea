package web_test

import (
	"net/url"
	"slices"
	"testing"

	"muster"
	"muster/client"
	"muster/internal/testserver"
)

const (
	openServer   = `{"TeamSettings":{"EnableOpenServer":true}}`
	verification = `{"EmailSettings":{"RequireEmailVerification":true}}`
)

// signUp is what ann fills in.
func annFills() map[string]string {
	return map[string]string{"Email address": "ann@example.com", "Username": "ann", "Password": testserver.Password}
}

func makeTeam(t *testing.T, s *testserver.Server) (*client.Client, *muster.Team) {
	t.Helper()
	admin, _ := s.Admin(t)
	team, err := admin.CreateTeam(t.Context(), &muster.Team{Name: "hikers", DisplayName: "The Hikers", Type: muster.TeamOpen, AllowOpenInvite: true})
	must(t, err)
	return admin, team
}

func TestSignUpOnAnOpenServer(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		s.Configure(t, openServer)
		b := newBrowser(t, s)
		p := b.open("/signup_user_complete").is(200, "Create your account")
		for label, wrong := range map[string]struct{ value, field, says string }{
			"Email address": {"nobody", "email", "address"}, "Username": {"x y", "username", "username"}, "Password": {"short", "password", "characters"},
		} {
			fields := annFills()
			fields[label] = wrong.value
			refused := b.submit(p, "Create account", fields).is(400, "Create your account").says(wrong.says)
			for _, in := range all(refused.doc, "input") {
				if marked := attr(in, "aria-invalid") == "true"; marked != (attr(in, "name") == wrong.field) {
					t.Errorf("%s is wrong: %s is marked: %v", label, attr(in, "name"), marked)
				}
			}
		}
		fields := annFills()
		fields["Password"] = "qwertyuiop"
		refused := b.submit(p, "Create account", fields).is(400, "Create your account").says("Many people use this password")
		if wrong := wrongFields(refused); !slices.Equal(wrong, []string{"password"}) {
			t.Errorf("a common password marks %q", wrong)
		}
		fields = annFills()
		fields["Username"] = ""
		b.submit(p, "Create account", fields).is(400, "Create your account").says("username")
		if p := b.submit(p, "Create account", annFills()); p.path != "/account" {
			t.Fatal(p.path, p.body)
		}
		b.signedInAs(s, "ann")
		newBrowser(t, s).submit(p, "Create account", annFills()) // another's form: its key is not theirs
		other := newBrowser(t, s)
		other.submit(other.open("/signup_user_complete"), "Create account", annFills()).is(400, "Create your account").says("is taken")
	})
}

func TestNoSignUpOnAClosedServer(t *testing.T) {
	s := testserver.New(t)
	b := newBrowser(t, s)
	first := b.open("/signup_user_complete").is(200, "Create your account") // a server without accounts takes its first
	s.Admin(t)
	b.open("/signup_user_complete").is(403, "You can't do this").says("invitation")
	b.submit(first, "Create account", annFills()).is(403, "You can't do this")
	if _, err := s.Store.UserByUsername(t.Context(), "ann"); err == nil {
		t.Fatal("an account was made")
	}
}

func TestSignUpByTheLinkOfATeam(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		admin, team := makeTeam(t, s)
		for _, link := range []string{"/signup_user_complete?id=", "/signup_user_complete/?id=", "/signup_user_complete?iid="} {
			newBrowser(t, s).open(link+team.InviteID).is(200, "Join The Hikers on Muster")
		}
		b := newBrowser(t, s)
		b.submit(b.open("/signup_user_complete?id="+team.InviteID), "Create account", annFills())
		b.signedInAs(s, "ann")
		u, err := s.Store.UserByUsername(t.Context(), "ann")
		must(t, err)
		if _, err := admin.TeamMember(t.Context(), team.ID, u.ID); err != nil {
			t.Fatal(err)
		}

		// Who has an account joins with it, once signed in.
		_, bobUser := s.User(t, "bob")
		bob := newBrowser(t, s)
		p := bob.open("/signup_user_complete?id=" + team.InviteID)
		var signIn string
		for _, a := range all(p.doc, "a") {
			if textOf(a) == "Sign in" {
				signIn = attr(a, "href")
			}
		}
		p = bob.submit(bob.open(signIn), "Sign in", map[string]string{byName: "bob", "Password": testserver.Password}).is(200, "Join The Hikers")
		if _, err := admin.TeamMember(t.Context(), team.ID, bobUser.ID); err == nil {
			t.Fatal("opening the link was enough")
		}
		if p = bob.submit(p, "Join", nil).says("You've joined the team."); p.path != "/account?notice=joined" {
			t.Fatal(p.path)
		}
		if _, err := admin.TeamMember(t.Context(), team.ID, bobUser.ID); err != nil {
			t.Fatal(err)
		}
		bob.open("/signup_user_complete?id=none").is(404, "Page not found")
	})
}

// Whom a team does not take by its link is told why, and where they were when they pressed the button.
func TestJoiningIsRefused(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		admin, team := makeTeam(t, s)
		s.Configure(t, `{"GuestAccountsSettings":{"Enable":true}}`)
		_, bob := s.User(t, "bob")
		_, guest := s.User(t, "guest")
		must(t, admin.DemoteToGuest(t.Context(), guest.ID))
		pressed := func(name string, prepare func()) *response {
			b := newBrowser(t, s)
			b.signIn(name)
			p := b.open("/signup_user_complete?id="+team.InviteID).is(200, "Join The Hikers")
			prepare()
			return b.submit(p, "Join", nil)
		}
		refused := map[string]*response{
			"a guest": pressed("guest", func() {}).is(403, "Join The Hikers").says("Guests can't join a team with a link."),
			"a full team": pressed("bob", func() { s.Configure(t, `{"TeamSettings":{"MaxUsersPerTeam":1}}`) }).
				is(400, "Join The Hikers").says("The team is full."),
		}
		s.Configure(t, `{"TeamSettings":{"MaxUsersPerTeam":50}}`)
		refused["a link that is none any more"] = pressed("bob", func() {
			_, err := admin.RegenerateTeamInviteID(t.Context(), team.ID)
			must(t, err)
		}).is(404, "Page not found")
		for name, p := range refused {
			clean(t, name, p)
		}
		for _, u := range []*muster.User{bob, guest} {
			if _, err := admin.TeamMember(t.Context(), team.ID, u.ID); !client.HasID(err, "app.team.get_member.missing.app_error") {
				t.Errorf("%s: %v", u.Username, err)
			}
		}
	})
}

func TestSignUpByAMailedInvitation(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		admin, team := makeTeam(t, s)
		b := newBrowser(t, s)
		b.signIn("admin")
		s.Configure(t, verification)
		_, err := admin.InviteToTeam(t.Context(), team.ID, []string{"ann@example.com"}, false)
		must(t, err)
		link := "/signup_user_complete?t=" + s.MailedToken(t, "ann@example.com", 1)

		// Who is signed in is told that the link is for a new account, and comes back to it.
		p := b.submit(b.open(link).is(200, "You already have an account"), "Sign out and continue", nil).is(200, "Join The Hikers on Muster")
		b.signedInAs(s, "")
		b.open(link).is(200, "Join The Hikers on Muster") // opening uses nothing up
		if p.value("email") != "ann@example.com" {
			t.Fatal(p.body)
		}
		action, forged := p.fill("Create account", annFills())
		forged.Set("email", "eve@example.com")
		b.post(action, forged).is(400, "Join The Hikers on Muster")
		if p = b.submit(p, "Create account", annFills()); p.path != "/account" { // the mail proved the address
			t.Fatal(p.path, p.body)
		}
		b.signedInAs(s, "ann")
		u, err := s.Store.UserByUsername(t.Context(), "ann")
		must(t, err)
		if _, err := admin.TeamMember(t.Context(), team.ID, u.ID); err != nil || !u.EmailVerified {
			t.Fatalf("%+v %v", u, err)
		}
		p = b.open(link).is(200, "You already have an account")
		b.submit(p, "Sign out and continue", nil).is(400, "That didn't work") // it was used
		for _, broken := range []string{link[:len(link)-1], link + "x", "/signup_user_complete?t=" + unknownToken, "/signup_user_complete?t=" + url.QueryEscape("é")} {
			if p := newBrowser(t, s).open(broken); p.status != 400 && p.status != 404 {
				t.Errorf("%s: %d", broken, p.status)
			}
		}
	})
}

func TestSignUpWhereAddressesMustBeVerified(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		s.Configure(t, openServer)
		s.Configure(t, verification)
		b := newBrowser(t, s)
		p := b.submit(b.open("/signup_user_complete"), "Create account", annFills()).is(200, "Check your email")
		if p.value("email") != "ann@example.com" {
			t.Fatal(p.body)
		}
		b.signedInAs(s, "")
		first := s.MailedToken(t, "ann@example.com", 1)
		b.submit(p, "Send a new link", nil).is(200, "Check your email").says("we've sent it a new link")
		token := s.MailedToken(t, "ann@example.com", 2)
		if first == token {
			t.Fatal("one token twice")
		}
		nobody := b.submit(p, "Send a new link", map[string]string{"Email address": "nobody@example.com"}).is(200, "Check your email")
		nobody.says("If nobody@example.com still needs to be confirmed")

		// By name, the page can't know the address and must not tell it.
		named := b.signIn("ann").is(200, "Check your email")
		if named.value("email") != "" {
			t.Fatal("whoever knows the password is told the address")
		}

		link := "/do_verify_email?" + url.Values{"token": {token}, "email": {"ann@example.com"}}.Encode()
		for range 2 {
			b.open(link).is(200, "Confirm your email address")
			b.do("HEAD", link, "", "", nil)
		}
		if u, err := s.Store.UserByUsername(t.Context(), "ann"); err != nil || u.EmailVerified {
			t.Fatal("opening the link was enough", err)
		}
		p = b.submit(b.open(link), "Confirm", nil).is(200, "Your email address is confirmed")
		if !p.has("Sign in") {
			t.Fatal(p.body)
		}
		b.signIn("ann")
		b.signedInAs(s, "ann")
		b.submit(b.open(link), "Confirm", nil).is(400, "Confirm your email address").says("Ask for a new one")
	})
}
