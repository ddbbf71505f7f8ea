package api_test

import (
	"encoding/json"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"muster"
	"muster/client"
	"muster/internal/config"
	"muster/internal/mail/mailtest"
	"muster/internal/require"
	"muster/internal/testserver"
)

const takesEffect = 10 * time.Second // of what the server does after its answer

// eventually waits until something holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(takesEffect); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("not yet: " + what)
		}
	}
}

// freshAddress is one that no other test writes to.
func freshAddress(name string) string { return name + "@" + strings.ToLower(muster.NewID()) + ".test" }

func outbox(t *testing.T, s *testserver.Server) (waiting, failed int64) {
	t.Helper()
	m, err := s.Services.Mailer.MailStats(t.Context())
	require.NoError(t, err)
	return m.Waiting, m.Failed
}

func signUp(t *testing.T, by *client.Client, address string) *muster.User {
	t.Helper()
	name, _, _ := strings.Cut(address, "@")
	u, err := by.CreateUser(t.Context(), &muster.User{Username: name, Email: address, Password: testserver.Password})
	require.NoError(t, err)
	return u
}

func TestMailsGoToTheMailServer(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		inbox := mailtest.Open(t)
		admin, _ := s.Admin(t)
		s.Configure(t, inbox.Settings())
		to, nowhere := freshAddress("ann"), "bob@refused.example"
		signUp(t, admin, nowhere) // first, and in nobody's way
		signUp(t, admin, to)
		eventually(t, "the mail came", func() bool { return len(inbox.Headers(t, to)) == 1 })
		m := inbox.To(t, to)[0]
		for _, part := range []string{m.Text, m.HTML} {
			if !strings.Contains(part, "/do_verify_email?") || !strings.Contains(part, "ann") {
				t.Fatalf("%+v", m)
			}
		}
		eventually(t, "the refused mail has failed", func() bool { waiting, failed := outbox(t, s); return waiting == 0 && failed == 1 })
		if mails := s.Mails(t, to, 0); len(mails) != 0 {
			t.Fatal("a file was written too")
		}
	})
}

func TestADeadMailServerLosesNothing(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0") // where connections are taken, and nothing is said
	require.NoError(t, err)
	defer func() { require.NoError(t, silent.Close()) }()
	_, silentPort, err := net.SplitHostPort(silent.Addr().String())
	require.NoError(t, err)
	for name, port := range map[string]string{"nobody listens": "1", "nobody answers": silentPort} {
		t.Run(name, func(t *testing.T) { losesNothing(t, port) })
	}
}

func losesNothing(t *testing.T, port string) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		inbox := mailtest.Open(t)
		admin, _ := s.Admin(t)
		s.Configure(t, `{"EmailSettings":{"SMTPServer":"127.0.0.1","SMTPPort":"`+port+`","SMTPServerTimeout":1}}`)
		to := []string{freshAddress("u0"), freshAddress("u1"), freshAddress("u2")}
		for _, address := range to {
			signUp(t, admin, address)
			require.NoError(t, s.Client().SendPasswordReset(t.Context(), address))
		}
		eventually(t, "all wait", func() bool { waiting, aside := outbox(t, s); return waiting == 6 && aside == 0 })
		s.Configure(t, inbox.Settings())
		for _, address := range to {
			eventually(t, "both mails came", func() bool { return len(inbox.Headers(t, address)) == 2 })
		}
	})
}

func TestNodesSendEachMailOnce(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		inbox := mailtest.Open(t)
		admin, _ := s.Admin(t)
		s.Configure(t, inbox.Settings())
		otherNode(t, s, 0) // which reads the same settings and the same outbox
		otherNode(t, s, 0)
		const n = 30
		to := make([]string, n)
		for i, err := range together(n, func(i int) error {
			to[i] = freshAddress(fmt.Sprint("u", i))
			_, err := admin.CreateUser(t.Context(), &muster.User{Username: fmt.Sprint("u", i), Email: to[i], Password: testserver.Password})
			return err
		}) {
			if err != nil {
				t.Fatal(i, err)
			}
		}
		eventually(t, "all are sent", func() bool { waiting, _ := outbox(t, s); return waiting == 0 })
		for _, address := range to {
			if mails := inbox.Headers(t, address); len(mails) != 1 {
				t.Errorf("%d mails to %s", len(mails), address)
			}
		}
	})
}

// subjects returns those of the first n mails to an address, sorted.
func subjects(t *testing.T, s *testserver.Server, to string, n int) []string {
	t.Helper()
	var all []string
	for _, m := range s.Mails(t, to, n) {
		subject, _, _ := strings.Cut(m.Subject, " - ")
		all = append(all, subject)
	}
	slices.Sort(all)
	return all
}

func TestPeopleAreToldWhatHappensToTheirAccount(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		admin, _ := s.Admin(t)
		s.Configure(t, `{"ServiceSettings":{"EnableUserAccessTokens":true,"EnableMultifactorAuthentication":true}}`)
		ann, me := s.User(t, "ann")
		require.NoError(t, ann.UpdateUserPassword(ctx, me.ID, testserver.Password, newPassword))
		require.NoError(t, admin.UpdateUserRoles(ctx, me.ID, "system_user system_user_access_token"))
		_, err := ann.CreateAccessToken(ctx, "me", "my <script>", 0)
		require.NoError(t, err)
		secret, err := ann.GenerateMfaSecret(ctx, "me")
		require.NoError(t, err)
		code, err := totp.GenerateCode(secret.Secret, time.Now())
		require.NoError(t, err)
		for _, on := range []bool{true, false} {
			_, err = ann.UpdateMfa(ctx, "me", on, code)
			require.NoError(t, err)
		}
		moved := "ann@elsewhere.example"
		_, err = ann.PatchUser(ctx, "me", &muster.UserPatch{Email: &moved, Password: ptr(newPassword)})
		require.NoError(t, err)
		require.NoError(t, admin.UpdateUserActive(ctx, me.ID, false))
		want := []string{
			"A new access token was created", "Two-step sign-in was turned off", "Two-step sign-in was turned on",
			"Your email address was changed", "Your password was changed",
		}
		if got := subjects(t, s, me.Email, len(want)); !slices.Equal(got, want) {
			t.Errorf("%q", got)
		}
		want = []string{"Your account was deactivated", "Your email address was changed"}
		if got := subjects(t, s, moved, len(want)); !slices.Equal(got, want) {
			t.Errorf("%q", got)
		}
		for _, m := range s.Mails(t, me.Email, 0) {
			if strings.Contains(m.HTML, "<script>") || strings.Contains(m.Text+m.HTML, newPassword) {
				t.Errorf("%+v", m)
			}
		}
		s.Configure(t, `{"EmailSettings":{"SendEmailNotifications":false}}`)
		require.NoError(t, admin.UpdateUserActive(ctx, me.ID, true))
		require.NoError(t, admin.UpdateUserActive(ctx, me.ID, false))
		signUp(t, admin, "quiet@example.com")
		require.NoError(t, s.Client().SendPasswordReset(ctx, "quiet@example.com")) // a link that was asked for comes all the same
		if got := subjects(t, s, "quiet@example.com", 1); !slices.Equal(got, []string{"Reset your password"}) {
			t.Errorf("%q", got)
		}
		if n := len(s.Mails(t, moved, 0)); n != len(want) {
			t.Errorf("%d mails", n)
		}
	})
}

func TestANewAccountIsWelcomed(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		admin, _ := s.Admin(t)
		u := signUp(t, admin, "ann@example.com")
		require.NoError(t, s.Client().VerifyEmail(t.Context(), s.MailedToken(t, u.Email, 1)))
		if u, err := s.Store.User(t.Context(), u.ID); err != nil || !u.EmailVerified {
			t.Fatal(u, err)
		}
		_, err := admin.CreateUser(t.Context(), &muster.User{Username: "bob", Email: "bob@example.com", Password: testserver.Password, EmailVerified: true})
		require.NoError(t, err)
		if m := s.Mails(t, "bob@example.com", 1)[0]; !strings.HasPrefix(m.Subject, "Welcome") || !strings.Contains(m.Text, "/login") {
			t.Fatalf("%+v", m)
		}
	})
}

// Where addresses must be verified, a new one waits until it is; the old one is the account's until then.
func TestANewAddressTakesEffectOnceVerified(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		admin, _ := s.Admin(t)
		ann, me := s.User(t, "ann")
		s.User(t, "bob")
		_, err := admin.VerifyEmailOf(ctx, me.ID)
		require.NoError(t, err)
		s.Configure(t, `{"EmailSettings":{"RequireEmailVerification":true}}`)
		move := func(to string) error {
			u, err := ann.PatchUser(ctx, "me", &muster.UserPatch{Email: &to, Password: ptr(testserver.Password)})
			if err == nil && (u.Email != me.Email || !u.EmailVerified) {
				t.Fatalf("it took effect: %+v", u)
			}
			return err
		}
		refused(t, move("bob@example.com"), 400, "app.user.save.email_exists.app_error")
		require.NoError(t, move("first@example.com"))
		first := s.MailedToken(t, "first@example.com", 1)
		require.NoError(t, move("second@example.com")) // in its place
		refused(t, s.Client().VerifyEmail(ctx, first), 400, badVerify)
		second := s.MailedToken(t, "second@example.com", 1)
		if _, err := s.Client().Login(ctx, "second@example.com", testserver.Password); err == nil {
			t.Fatal("it signs in already")
		}
		require.NoError(t, s.Client().VerifyEmail(ctx, second))
		refused(t, s.Client().VerifyEmail(ctx, second), 400, badVerify)
		u, err := ann.Me(ctx)
		if err != nil || u.Email != "second@example.com" || !u.EmailVerified {
			t.Fatal(u, err)
		}
		for _, to := range []string{me.Email, u.Email} {
			eventually(t, "a notice to "+to, func() bool { return slices.Contains(subjects(t, s, to, 0), "Your email address was changed") })
		}
		// Somebody may get the address first.
		_, err = ann.PatchUser(ctx, "me", &muster.UserPatch{Email: ptr("third@example.com"), Password: ptr(testserver.Password)})
		require.NoError(t, err)
		third := s.MailedToken(t, "third@example.com", 1)
		signUp(t, admin, "third@example.com")
		refused(t, s.Client().VerifyEmail(ctx, third), 400, "app.user.save.email_exists.app_error")
		// Who wants to keep the present address takes the wish back; a new password makes it void too.
		_, err = ann.PatchUser(ctx, "me", &muster.UserPatch{Email: ptr("fifth@example.com"), Password: ptr(testserver.Password)})
		require.NoError(t, err)
		fifth := s.MailedToken(t, "fifth@example.com", 1)
		_, err = ann.PatchUser(ctx, "me", &muster.UserPatch{Email: &u.Email})
		require.NoError(t, err)
		refused(t, s.Client().VerifyEmail(ctx, fifth), 400, badVerify)
		_, err = ann.PatchUser(ctx, "me", &muster.UserPatch{Email: ptr("fourth@example.com"), Password: ptr(testserver.Password)})
		require.NoError(t, err)
		fourth := s.MailedToken(t, "fourth@example.com", 1)
		require.NoError(t, ann.UpdateUserPassword(ctx, me.ID, testserver.Password, newPassword))
		refused(t, s.Client().VerifyEmail(ctx, fourth), 400, badVerify)
	})
}

// A stranger can neither flood a mailbox nor spoil the links that are in it.
func TestLinksAreMailedSoManyTimesAnHour(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		_, me := s.User(t, "ann")
		ask := func() {
			t.Helper()
			require.NoError(t, s.Client().SendPasswordReset(ctx, "nobody@example.com"))
			require.NoError(t, s.Client().SendPasswordReset(ctx, me.Email))
		}
		var links []string
		for n := 1; n <= 3; n++ {
			ask()
			links = append(links, s.MailedToken(t, me.Email, n)) // and only then ask again: requests that wait together are one
		}
		first, last := links[0], links[2]
		for i := range 3 {
			ask()
			_, bob := s.User(t, fmt.Sprint("bob", i)) // whose link comes after what was asked for before
			require.NoError(t, s.Client().SendPasswordReset(ctx, bob.Email))
			s.MailedToken(t, bob.Email, 1)
		}
		if n := len(s.Mails(t, me.Email, 0)); n != 3 {
			t.Fatalf("%d mails", n)
		}
		require.NoError(t, s.Client().ResetPassword(ctx, first, newPassword))
		refused(t, s.Client().ResetPassword(ctx, last, testserver.Password), 400, badReset)
	})
}

// Asking for links in masses, for addresses that are nobody's, holds up no mail.
func TestAFloodOfLinkRequestsHoldsUpNoMail(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		admin, _ := s.Admin(t)
		over := make(chan struct{})
		var askers sync.WaitGroup
		for i := range 4 {
			askers.Go(func() {
				for n := 0; ; n++ {
					select {
					case <-over:
						return
					default:
					}
					err := s.Client().SendPasswordReset(t.Context(), fmt.Sprintf("u%d-%d@example.com", i, n))
					if err != nil && !client.HasID(err, "api.context.server_busy.app_error") {
						t.Error(err)
					}
				}
			})
		}
		signUp(t, admin, "ann@example.com")
		s.Mails(t, "ann@example.com", 1)
		close(over)
		askers.Wait()
	})
}

func TestNobodysMailboxIsFlooded(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		ann, _ := s.User(t, "ann")
		team := makeTeam(t, ann, "crew")
		for range 5 {
			_, err := ann.InviteToTeam(ctx, team.ID, []string{"victim@example.com"}, false)
			require.NoError(t, err)
		}
		_, err := ann.InviteToTeam(ctx, team.ID, []string{"other@example.com", "victim@example.com"}, false)
		refused(t, err, 429, "app.mail.too_many.app_error")
		results, err := ann.InviteToTeam(ctx, team.ID, []string{"other@example.com", "victim@example.com"}, true)
		require.NoError(t, err)
		if results[0].Error != nil || results[1].Error == nil {
			t.Fatalf("%+v", results)
		}
		s.Configure(t, `{"EmailSettings":{"RequireEmailVerification":true}}`)
		_, err = ann.PatchUser(ctx, "me", &muster.UserPatch{Email: ptr("victim@example.com"), Password: ptr(testserver.Password)})
		refused(t, err, 429, "app.mail.too_many.app_error")
		s.Mails(t, "other@example.com", 1)
		if n := len(s.Mails(t, "victim@example.com", 5)); n != 5 {
			t.Errorf("%d mails", n)
		}
	})
}

func TestTheMailSettingsAreTriedStepByStep(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		inbox := mailtest.Open(t)
		ctx := t.Context()
		admin, _ := s.Admin(t)
		ann, _ := s.User(t, "ann")
		to := freshAddress("admin")
		_, err := admin.PatchUser(ctx, "me", &muster.UserPatch{Email: &to, Password: ptr(testserver.Password)})
		require.NoError(t, err)
		_, err = ann.TestEmail(ctx, nil)
		refused(t, err, 403, "api.context.permissions.app_error")
		_, err = admin.TestEmail(ctx, nil)
		refused(t, err, 400, "api.admin.test_email.missing_server")
		steps, err := admin.TestEmail(ctx, json.RawMessage(inbox.Settings())) // before they are in force
		require.NoError(t, err)
		if len(steps) != 2 || steps[0].Name != "connect" || steps[1].Name != "accept" || !steps[1].OK {
			t.Fatalf("%+v", steps)
		}
		eventually(t, "the mail came", func() bool { return len(inbox.Headers(t, to)) == 1 })
		s.Configure(t, inbox.Settings())
		_, err = admin.TestEmail(ctx, nil)
		require.NoError(t, err)
		_, err = admin.TestEmail(ctx, json.RawMessage(`{"EmailSettings":{"SMTPPort":"1"}}`))
		refused(t, err, 400, "api.admin.test_email.failure")
		if !strings.Contains(err.Error(), "connect failed") {
			t.Fatal(err)
		}
		_, err = admin.TestEmail(ctx, json.RawMessage(`{"EmailSettings":{"ConnectionSecurity":"STARTTLS"}}`))
		if err == nil || !strings.Contains(err.Error(), "connect went well") || !strings.Contains(err.Error(), "TLS failed") {
			t.Fatal(err)
		}
		_, err = admin.TestEmail(ctx, json.RawMessage(`{"EmailSettings":{"ConnectionSecurity":"x"}}`))
		refused(t, err, 400, badParameter)
		// A kept password is told to nobody else.
		s.Configure(t, `{"EmailSettings":{"EnableSMTPAuth":true,"SMTPUsername":"u","SMTPPassword":"kept"}}`)
		_, err = admin.TestEmail(ctx, json.RawMessage(`{"EmailSettings":{"SMTPServer":"evil.example","SMTPPassword":"`+config.SecretMask+`"}}`))
		refused(t, err, 400, "api.admin.test_email.reenter_password")
	})
}
