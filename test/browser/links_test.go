package browser_test

import (
	"strings"
	"testing"

	"muster"
)

// TestMailedLinksBearBeingOpenedTwice: programs open the links of mails before their readers do, and readers come back to old mails.
func TestMailedLinksBearBeingOpenedTwice(t *testing.T) {
	s := newSite(t)
	early := s.page(t) // the program that looks first

	t.Run("verification", func(t *testing.T) {
		link := s.mailed(t, s.unverified(t).email, "/do_verify_email", 1)
		early.open(link)
		p := s.page(t)
		p.open(link)
		p.press("Confirm")
		p.heading("Your email address is confirmed")
		p.open(link)
		p.press("Confirm")
		p.refused()
		p.follow("Get a new link")
		p.heading("Check your email")
	})
	t.Run("password reset", func(t *testing.T) {
		ann := s.person(t)
		link := s.resetLink(t, ann)
		early.open(link)
		p := s.page(t)
		p.open(link)
		p.fill("New password", "short")
		p.press("Set password")
		p.refused()
		p.fill("New password", newPassword) // a password that is refused does not use the link up
		p.press("Set password")
		p.see("Your password has been changed. Sign in with the new one.")
		p.open(link)
		p.fill("New password", password)
		p.press("Set password")
		p.refused()
		p.follow("Get a new link")
		p.heading("Reset your password")
		p.login(ann.name, newPassword)
		p.at("/account")
	})
	t.Run("invitation", func(t *testing.T) {
		name := s.newName(t)
		link := s.invitation(t, name+"@example.com")
		early.open(link)
		p := s.page(t)
		p.open(link)
		p.fill("Username", "admin") // is taken
		p.fill("Password", password)
		p.press("Create account")
		p.refused()
		p.fill("Username", name)
		p.fill("Password", password)
		p.press("Create account")
		p.heading("Terms of service")
		s.page(t).open(link)
	})
}

// TestInviteLinkOfATeam lets somebody new in, and whoever has an account already.
func TestInviteLinkOfATeam(t *testing.T) {
	s := newSite(t)
	link := "/signup_user_complete?id=" + s.team.InviteID
	ann := s.person(t)
	p := s.page(t)
	p.open(link)
	p.heading("Join Gardeners on " + siteName)
	p.follow("Sign in")
	p.fill("Username or email address", ann.name)
	p.fill("Password", password)
	p.press("Sign in")
	p.heading("Join Gardeners")
	if _, err := s.admin.TeamMember(t.Context(), s.team.ID, ann.id); err == nil {
		t.Fatal("looking at an invitation makes a member")
	}
	p.press("Join")
	if _, err := s.admin.TeamMember(t.Context(), s.team.ID, ann.id); err != nil {
		t.Fatalf("ann is no member: %v", err)
	}
}

// TestResetTellsNobodyWhoHasAnAccount: the page says the same of every address.
func TestResetTellsNobodyWhoHasAnAccount(t *testing.T) {
	s := newSite(t)
	ann := s.person(t)
	nobody := muster.NewID() + "@example.com" // nor do other tests mail to it
	p := s.page(t)
	said := map[string]string{}
	for _, email := range []string{ann.email, nobody} {
		p.open("/reset_password")
		p.fill("Email address", email)
		p.press("Send me a link")
		p.heading("Check your email")
		p.see(email)
		said[email] = p.read()
	}
	if a, b := without(said[ann.email], ann.email), without(said[nobody], nobody); a != b {
		t.Errorf("who has an account is told\n%s\nand who has none\n%s", indent(a), indent(b))
	}
	s.mailed(t, ann.email, "/reset_password_complete", 1)
	if sent := s.inbox.To(t, nobody); len(sent) != 0 {
		t.Errorf("%d mails went to an address without an account", len(sent))
	}
}

// without puts a word in place of an address.
func without(text, email string) string { return strings.ReplaceAll(text, email, "ADDRESS") }
