package api_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"muster"
	"muster/client"
	"muster/internal/require"
	"muster/internal/server/api"
	"muster/internal/testserver"
)

const (
	badVerify   = "api.user.verify_email.bad_link.app_error"
	lateVerify  = "api.user.verify_email.link_expired.app_error"
	badReset    = "api.user.reset_password.invalid_link.app_error"
	lateReset   = "api.user.reset_password.link_expired.app_error"
	badSignup   = "api.user.create_user.signup_link_invalid.app_error"
	lateSignup  = "api.user.create_user.signup_link_expired.app_error"
	badCWS      = "api.user.login_by_cws.invalid_token.app_error"
	cwsSecret   = "a secret of the control plane, long enough"
	newPassword = "An0ther!password"
)

func TestAnAccountMovesToAnotherService(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		admin, adminUser := s.Admin(t)
		ann, me := s.User(t, "ann")
		require.NoError(t, s.Client().SendPasswordReset(ctx, me.Email))
		link := s.MailedToken(t, me.Email, 1)
		s.ForgetEvents()
		got, err := admin.UpdateUserAuth(ctx, me.ID, muster.UserAuth{AuthService: "saml", AuthData: ptr("Ann of SAML")})
		require.NoError(t, err)
		if got.AuthService != "saml" || got.AuthData == nil || *got.AuthData != "Ann of SAML" {
			t.Fatalf("%+v", got)
		}
		onRecord(t, s, adminUser.ID, "/users/"+me.ID+"/auth", "user_id="+me.ID+" auth_service=saml")
		stopped(t, ann)
		_, err = s.Client().Login(ctx, "ann", testserver.Password)
		refused(t, err, 401, badCredentials)
		stored, err := s.Store.User(ctx, me.ID)
		require.NoError(t, err)
		if stored.Password != "" || stored.AuthService != "saml" || stored.AuthDataValue() != "Ann of SAML" {
			t.Fatalf("%+v", stored)
		}
		if n := len(s.Events(muster.EventUserUpdated)); n != 3 {
			t.Fatalf("%d events", n)
		}
		refused(t, s.Client().ResetPassword(ctx, link, newPassword), 400, badReset)
		refused(t, admin.UpdateUserPassword(ctx, me.ID, "", newPassword), 400, "api.user.update_password.oauth.app_error")

		require.NoError(t, s.Client().SendPasswordReset(ctx, me.Email)) // there is no password to set
		require.NoError(t, s.Client().SendPasswordReset(ctx, adminUser.Email))
		s.Mails(t, adminUser.Email, 1)
		if n := len(s.Mails(t, me.Email, 0)); n != 1 {
			t.Fatalf("%d mails", n)
		}
	})
}

func TestWhichServicesAnAccountMayMoveTo(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		admin, _ := s.Admin(t)
		_, annUser := s.User(t, "ann")
		bob, bobUser := s.User(t, "bob")
		_, err := admin.UpdateUserAuth(ctx, annUser.ID, muster.UserAuth{AuthService: "ldap", AuthData: ptr("uid1")})
		require.NoError(t, err)
		const invalid = "api.user.update_user_auth.invalid_request"
		for name, c := range map[string]struct {
			userID, service string
			data            *string
			status          int
			id              string
		}{
			"no data":          {bobUser.ID, "saml", nil, 400, invalid},
			"blank data":       {bobUser.ID, "saml", ptr(""), 400, invalid},
			"no service":       {bobUser.ID, "", ptr("x"), 400, invalid},
			"passwords":        {bobUser.ID, "email", ptr("x"), 400, invalid},
			"unknown service":  {bobUser.ID, "nonsense", ptr("x"), 400, "model.user.is_valid.auth_data_type.app_error"},
			"long data":        {bobUser.ID, "saml", ptr(strings.Repeat("x", muster.AuthDataMaxBytes+1)), 400, "model.user.is_valid.auth_data.app_error"},
			"somebody else is": {bobUser.ID, "ldap", ptr("uid1"), 400, "app.user.update_auth_data.email_exists.app_error"},
			"a ghost":          {ghostID, "saml", ptr("x"), 404, unknownAccount},
		} {
			_, err := admin.UpdateUserAuth(ctx, c.userID, muster.UserAuth{AuthService: c.service, AuthData: c.data})
			if err == nil {
				t.Fatal(name)
			}
			refused(t, err, c.status, c.id)
		}
		works(t, bob)
		s.SignIn(t, "bob")

		s.Configure(t, botsOn)
		bot := makeBot(t, admin, "robot")
		_, err = admin.UpdateUserAuth(ctx, bot.UserID, muster.UserAuth{AuthService: "saml", AuthData: ptr("robot")})
		refused(t, err, 400, invalid)
	})
}

// The same name at two services is two people, until one of them moves.
func TestTwoServicesMayHaveOneName(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		admin, _ := s.Admin(t)
		_, annUser := s.User(t, "ann")
		_, bobUser := s.User(t, "bob")
		move := func(userID, service, data string) error {
			_, err := admin.UpdateUserAuth(ctx, userID, muster.UserAuth{AuthService: service, AuthData: &data})
			return err
		}
		require.NoError(t, move(annUser.ID, "ldap", "uid1"))
		require.NoError(t, move(bobUser.ID, "saml", "uid1"))
		refused(t, move(bobUser.ID, "ldap", "uid1"), 400, "app.user.update_auth_data.email_exists.app_error")
		require.NoError(t, move(bobUser.ID, "ldap", "uid2"))
	})
}

func TestWhoMovesAnAccount(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		admin, adminUser := s.Admin(t)
		manager, managerUser := s.User(t, "manager")
		ann, annUser := s.User(t, "ann")
		to := muster.UserAuth{AuthService: "saml", AuthData: ptr("mine")}
		for _, id := range []string{"me", managerUser.ID, ghostID} {
			_, err := ann.UpdateUserAuth(ctx, id, to)
			refused(t, err, 403, noPermission)
		}
		role, err := admin.RoleByName(ctx, "system_user_manager")
		require.NoError(t, err)
		granted := append(role.Permissions, "edit_other_users")
		_, err = admin.PatchRole(ctx, role.ID, &muster.RolePatch{Permissions: &granted})
		require.NoError(t, err)
		require.NoError(t, admin.UpdateUserRoles(ctx, managerUser.ID, "system_user system_user_manager"))
		_, err = manager.UpdateUserAuth(ctx, adminUser.ID, to)
		refused(t, err, 403, noPermission)
		works(t, admin)
		s.SignIn(t, "admin")
		_, err = manager.UpdateUserAuth(ctx, annUser.ID, to)
		require.NoError(t, err)
		stopped(t, ann)
		elsewhere, _ := s.SignIn(t, "admin")
		_, err = admin.UpdateUserAuth(ctx, "me", muster.UserAuth{AuthService: "openid", AuthData: ptr("boss")})
		require.NoError(t, err)
		works(t, admin) // the session that asked goes on
		stopped(t, elsewhere)
	})
}

// signInByCWS is the operation as a browser sees it.
func signInByCWS(t *testing.T, s *testserver.Server, name, secret string) *http.Response {
	t.Helper()
	body, err := json.Marshal(map[string]string{"login_id": name, "cws_token": secret})
	require.NoError(t, err)
	r, err := http.NewRequestWithContext(t.Context(), "POST", s.URL+api.Prefix+"/users/login/cws", strings.NewReader(string(body)))
	require.NoError(t, err)
	resp, err := http.DefaultTransport.RoundTrip(r) // which follows no redirect
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	return resp
}

func setCWS(t *testing.T, s *testserver.Server, secret string) {
	t.Helper()
	text, err := json.Marshal(map[string]any{"CloudSettings": map[string]string{"CWSToken": secret}})
	require.NoError(t, err)
	s.Configure(t, string(text))
}

func TestTheControlPlanesSecretSignsInOnce(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		admin, adminUser := s.Admin(t)
		for _, secret := range []string{cwsSecret, ""} {
			refused(t, s.Client().LoginCWS(ctx, "admin", secret), 401, "api.user.login_cws.license.error")
		}
		setCWS(t, s, cwsSecret)
		for _, wrong := range []string{"", "x", cwsSecret[1:], cwsSecret + "x", strings.ToUpper(cwsSecret), strings.Repeat("x", 5000)} {
			refused(t, s.Client().LoginCWS(ctx, "admin", wrong), 400, badCWS)
		}
		resp := signInByCWS(t, s, "admin@example.com", cwsSecret)
		if resp.StatusCode != http.StatusFound || resp.Header.Get("Location") != "/" {
			t.Fatal(resp.Status, resp.Header)
		}
		cookies := map[string]string{}
		for _, c := range resp.Cookies() {
			cookies[c.Name] = c.Value
		}
		token := resp.Header.Get("Token")
		if cookies["MMAUTHTOKEN"] != token || cookies["MMUSERID"] != adminUser.ID || cookies["MMCSRF"] == "" {
			t.Fatal(cookies)
		}
		u, err := bearer(s, token).Me(ctx)
		require.NoError(t, err)
		if u.ID != adminUser.ID {
			t.Fatal(u.Username)
		}
		onRecord(t, s, adminUser.ID, "/users/login/cws", "success")
		refused(t, s.Client().LoginCWS(ctx, "admin", cwsSecret), 400, badCWS)
		restarted := otherNode(t, s, 100*24*time.Hour)
		refused(t, restarted.Client().LoginCWS(ctx, "admin", cwsSecret), 400, badCWS)
		setCWS(t, s, cwsSecret+" anew")
		setCWS(t, s, cwsSecret)
		refused(t, s.Client().LoginCWS(ctx, "admin", cwsSecret), 400, badCWS)

		answer, err := admin.Do(ctx, &client.Request{Method: "GET", Path: "/config"})
		require.NoError(t, err)
		if strings.Contains(string(answer.Body), "control plane") || !strings.Contains(string(answer.Body), `"CWSToken"`) {
			t.Fatal("GET /config tells the secret, or not that there is one")
		}
		audits, err := s.Store.Audits(ctx, "", 0, 200)
		require.NoError(t, err)
		for _, a := range audits {
			if strings.Contains(a.ExtraInfo, "control plane") {
				t.Fatal(a.ExtraInfo)
			}
		}
	})
}

func TestWhomTheControlPlanesSecretSignsIn(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		s.Configure(t, botsOn)
		admin, _ := s.Admin(t)
		makeBot(t, admin, "robot")
		_, gone := s.User(t, "gone")
		require.NoError(t, admin.UpdateUserActive(ctx, gone.ID, false))
		for i, c := range []struct {
			name   string
			status int
			id     string
		}{
			{"robot", 401, botLogin}, {"gone", 401, "api.user.login.inactive.app_error"}, {"nobody", 400, badCWS}, {"", 400, badCWS}, {"\x00", 400, badCWS},
		} {
			secret := cwsSecret + strings.Repeat("!", i+1)
			setCWS(t, s, secret)
			refused(t, s.Client().LoginCWS(ctx, c.name, secret), c.status, c.id)
			refused(t, s.Client().LoginCWS(ctx, "admin", secret), 400, badCWS) // it was good for one try
		}
		setCWS(t, s, cwsSecret)
		oneWins(t, together(8, func(int) error { return s.Client().LoginCWS(ctx, "admin", cwsSecret) }), 400, badCWS)
	})
}

// malformed are tokens that no mail ever carried.
func malformed(token string) []string {
	return []string{"", "x", token[1:], token + "x", token[:63] + "-", strings.Repeat("\x00", 64)}
}

func TestAnAddressIsVerifiedByMail(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		ann, me := s.User(t, "ann")
		for _, bad := range []string{"", "x", "a\x00@example.com"} {
			refused(t, s.Client().SendVerification(ctx, bad), 400, badParameter)
		}
		require.NoError(t, s.Client().SendVerification(ctx, "nobody@example.com")) // mails go out in order: this one's would be the first
		require.NoError(t, s.Client().SendVerification(ctx, " ANN@example.com "))
		token := s.MailedToken(t, me.Email, 1)
		if n := len(s.Mails(t, "nobody@example.com", 0)); n != 0 {
			t.Fatal("a mail to nobody")
		}
		onRecord(t, s, me.ID, "/users/email/verify/send", "verification")
		notStored(t, me.ID, token)
		for _, bad := range malformed(token) {
			refused(t, s.Client().VerifyEmail(ctx, bad), 400, badParameter)
		}
		refused(t, s.Client().VerifyEmail(ctx, muster.NewMailToken()), 400, badVerify)
		refused(t, s.Client().VerifyEmail(ctx, strings.ToUpper(token)), 400, badVerify)
		if u, err := ann.Me(ctx); err != nil || u.EmailVerified {
			t.Fatal(u, err)
		}
		s.ForgetEvents()
		require.NoError(t, s.Client().VerifyEmail(ctx, token))
		u, err := ann.Me(ctx)
		if err != nil || !u.EmailVerified {
			t.Fatal(u, err)
		}
		onRecord(t, s, me.ID, "/users/email/verify", "verified")
		if n := len(s.Events(muster.EventUserUpdated)); n != 3 {
			t.Fatalf("%d events", n)
		}
		refused(t, s.Client().VerifyEmail(ctx, token), 400, badVerify)
		require.NoError(t, s.Client().SendVerification(ctx, me.Email)) // there is nothing to verify any more
		require.NoError(t, s.Client().SendVerification(ctx, "admin@example.com"))
		s.Mails(t, "admin@example.com", 1)
		if n := len(s.Mails(t, me.Email, 0)); n != 1 {
			t.Fatalf("%d mails", n)
		}
	})
}

func TestWhatVoidsAVerification(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		ann, me := s.User(t, "ann")
		ask := func(n int, email string) string {
			t.Helper()
			require.NoError(t, s.Client().SendVerification(ctx, email))
			return s.MailedToken(t, email, n)
		}
		first := ask(1, me.Email)
		second := ask(2, me.Email)
		move := func(to string) {
			t.Helper()
			_, err := ann.PatchUser(ctx, "me", &muster.UserPatch{Email: &to, Password: ptr(testserver.Password)})
			require.NoError(t, err)
		}
		for _, to := range []string{"other@example.com", me.Email} { // and back
			move(to)
			for _, void := range []string{first, second} {
				refused(t, s.Client().VerifyEmail(ctx, void), 400, badVerify)
			}
		}
		third := ask(3, me.Email)
		late := otherNode(t, s, 25*time.Hour)
		refused(t, late.Client().VerifyEmail(ctx, third), 400, lateVerify)
		if u, err := ann.Me(ctx); err != nil || u.EmailVerified {
			t.Fatal(u, err)
		}
		oneWins(t, together(8, func(int) error { return s.Client().VerifyEmail(ctx, third) }), 400, badVerify)
	})
}

func TestAnAddressMayHaveToBeVerified(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		admin, adminUser := s.Admin(t)
		before, err := admin.VerifyEmailOf(ctx, adminUser.ID)
		require.NoError(t, err)
		if before.EmailVerified || before.Password != "" || before.ID != adminUser.ID {
			t.Fatalf("%+v", before)
		}
		s.Configure(t, `{"EmailSettings":{"RequireEmailVerification":true},"TeamSettings":{"EnableOpenServer":true}}`)
		_, err = s.Client().CreateUser(ctx, account("ann"))
		require.NoError(t, err)
		token := s.MailedToken(t, "ann@example.com", 1)
		_, err = s.Client().Login(ctx, "ann", testserver.Password)
		refused(t, err, 401, "api.user.login.not_verified.app_error")
		_, err = s.Client().Login(ctx, "ann", "wrong") // who does not know the password learns nothing
		refused(t, err, 401, badCredentials)
		require.NoError(t, s.Client().VerifyEmail(ctx, token))
		ann, _ := s.SignIn(t, "ann")

		bob, err := s.Client().CreateUser(ctx, account("bob"))
		require.NoError(t, err)
		_, err = ann.VerifyEmailOf(ctx, bob.ID)
		refused(t, err, 403, noPermission)
		_, err = admin.VerifyEmailOf(ctx, ghostID)
		refused(t, err, 404, unknownAccount)
		_, err = admin.VerifyEmailOf(ctx, bob.ID)
		require.NoError(t, err)
		onRecord(t, s, adminUser.ID, "/users/"+bob.ID+"/email/verify/member", "user_id="+bob.ID)
		s.SignIn(t, "bob")
	})
}

func TestAPasswordIsResetByMail(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		admin, _ := s.Admin(t)
		ann, me := s.User(t, "ann")
		bob, _ := s.User(t, "bob")
		_, gone := s.User(t, "gone")
		require.NoError(t, admin.UpdateUserActive(ctx, gone.ID, false))
		s.Configure(t, `{"ServiceSettings":{"MaximumLoginAttempts":1}}`)
		_, err := s.Client().Login(ctx, "ann", "wrong")
		refused(t, err, 401, badCredentials)
		for _, bad := range []string{"", "x", "a\x00@example.com"} {
			refused(t, s.Client().SendPasswordReset(ctx, bad), 400, badParameter)
		}
		for _, nobodys := range []string{"nobody@example.com", gone.Email, "ANN@example.com"} { // the last is hers
			require.NoError(t, s.Client().SendPasswordReset(ctx, nobodys))
		}
		token := s.MailedToken(t, me.Email, 2) // after the mail that somebody guesses at the password
		if n := len(s.Mails(t, "nobody@example.com", 0)); n != 0 {
			t.Fatalf("%d mails to nobody", n)
		}
		if mails := s.Mails(t, gone.Email, 0); len(mails) > 1 { // that the account was deactivated
			t.Fatal(mails)
		}
		onRecord(t, s, me.ID, "/users/password/reset/send", "password reset asked for")
		notStored(t, me.ID, token)
		for _, bad := range malformed(token) {
			refused(t, s.Client().ResetPassword(ctx, bad, newPassword), 400, badParameter)
		}
		refused(t, s.Client().ResetPassword(ctx, muster.NewMailToken(), newPassword), 400, badReset)
		for _, weak := range []string{"", "x", strings.Repeat("x", muster.PasswordMaxBytes+1)} {
			if err := s.Client().ResetPassword(ctx, token, weak); err == nil || !strings.Contains(err.Error(), "model.user.is_valid.pwd") {
				t.Fatal(err)
			}
		}
		works(t, ann)
		require.NoError(t, s.Client().ResetPassword(ctx, token, newPassword))
		stopped(t, ann)
		works(t, bob)
		onRecord(t, s, me.ID, "/users/password/reset", "password reset")
		_, err = s.Client().Login(ctx, "ann", newPassword) // the lock is gone too
		require.NoError(t, err)
		stored, err := s.Store.User(ctx, me.ID)
		if err != nil || !stored.EmailVerified || stored.LastPasswordUpdate < me.LastPasswordUpdate {
			t.Fatal(stored, err)
		}
		refused(t, s.Client().ResetPassword(ctx, token, testserver.Password), 400, badReset)
		_, err = s.Client().Login(ctx, "ann", testserver.Password)
		refused(t, err, 401, badCredentials)
	})
}

func TestWhatVoidsAPasswordReset(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		admin, _ := s.Admin(t)
		ann, me := s.User(t, "ann")
		asked := 0
		ask := func() string {
			t.Helper()
			asked++
			require.NoError(t, s.Client().SendPasswordReset(ctx, me.Email))
			return s.MailedToken(t, me.Email, asked)
		}
		void := func(token string) {
			t.Helper()
			refused(t, s.Client().ResetPassword(ctx, token, newPassword), 400, badReset)
		}
		first := ask()
		second := ask() // which leaves the first good
		require.NoError(t, ann.UpdateUserPassword(ctx, me.ID, testserver.Password, testserver.Password))
		void(first)
		void(second)
		third := ask()
		for _, to := range []string{"other@example.com", me.Email} {
			_, err := ann.PatchUser(ctx, "me", &muster.UserPatch{Email: &to, Password: ptr(testserver.Password)})
			require.NoError(t, err)
			void(third)
		}
		fourth := ask()
		require.NoError(t, admin.UpdateUserActive(ctx, me.ID, false))
		void(fourth)
		require.NoError(t, admin.UpdateUserActive(ctx, me.ID, true))
		fifth := ask()
		late := otherNode(t, s, 25*time.Hour)
		refused(t, late.Client().ResetPassword(ctx, fifth, newPassword), 400, lateReset)
		s.SignIn(t, "ann") // the password is what it was
		oneWins(t, together(8, func(i int) error {
			return s.Client().ResetPassword(ctx, fifth, newPassword+strings.Repeat("!", i))
		}), 400, badReset)
		sixth := ask()
		resp := rawRequest(t, s, "POST", "/users/password/reset", `{"code":"`+sixth+`","new_password":"`+newPassword+`"}`, nil) // as the documentation has it
		if resp.StatusCode != 200 {
			t.Fatal(resp.StatusCode)
		}
		seventh := ask()
		s.Configure(t, `{"ServiceSettings":{"EnableAPIUserDeletion":true}}`)
		require.NoError(t, admin.DeleteUserPermanently(ctx, me.ID))
		void(seventh)
	})
}

func TestAnInvitationMakesAnAccount(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		ann, annUser := s.User(t, "ann")
		bob, _ := s.User(t, "bob")
		team := makeTeam(t, ann, "crew")
		_, err := bob.InviteToTeam(ctx, team.ID, []string{"new@example.com"}, false)
		refused(t, err, 403, noPermission)
		_, err = ann.InviteToTeam(ctx, team.ID, []string{"new@example.com", "nonsense"}, false)
		refused(t, err, 400, "api.team.invite_members.invalid_email.app_error")
		_, err = ann.InviteToTeam(ctx, team.ID, nil, false)
		refused(t, err, 400, badParameter)
		_, err = ann.InviteToTeam(ctx, team.ID, []string{" NEW@example.com"}, false)
		require.NoError(t, err)
		token := s.MailedToken(t, "new@example.com", 1)
		if n := len(s.Mails(t, "new@example.com", 1)); n != 1 {
			t.Fatalf("%d mails", n)
		}
		onRecord(t, s, annUser.ID, "/teams/"+team.ID+"/invite/email", "team_id="+team.ID+" invited new@example.com")
		notStored(t, annUser.ID, token)

		_, err = s.Client().CreateUser(ctx, account("new"))
		refused(t, err, 403, "api.user.create_user.no_open_server")
		for _, bad := range malformed(token)[1:] {
			_, err = s.Client().CreateUserWithToken(ctx, account("new"), bad)
			if strings.Contains(bad, "\x00") {
				refused(t, err, 400, "api.context.invalid_url_param.app_error")
				continue
			}
			refused(t, err, 404, badSignup)
		}
		_, err = s.Client().CreateUserWithToken(ctx, account("new"), muster.NewMailToken())
		refused(t, err, 400, badSignup)
		_, err = s.Client().CreateUserWithToken(ctx, account("other"), token)
		refused(t, err, 400, "api.user.create_user.bad_token_email_data.app_error")
		taken := account("new")
		taken.Username = "bob"
		_, err = s.Client().CreateUserWithToken(ctx, taken, token)
		refused(t, err, 400, "app.user.save.username_exists.app_error") // and the link is not spent
		s.ForgetEvents()
		in := account("new")
		in.Email, in.Roles = "New@Example.com", "system_admin"
		u, err := s.Client().CreateUserWithToken(ctx, in, token)
		require.NoError(t, err)
		if !u.EmailVerified || u.Roles != "system_user" {
			t.Fatalf("%+v", u)
		}
		member, err := ann.TeamMember(ctx, team.ID, u.ID)
		if err != nil || !member.SchemeUser || member.SchemeAdmin || member.SchemeGuest {
			t.Fatal(member, err)
		}
		if n := len(s.Events(muster.EventAddedToTeam)); n != 1 {
			t.Fatalf("%d added_to_team events", n)
		}
		another := account("another")
		another.Email = "new@example.com"
		_, err = s.Client().CreateUserWithToken(ctx, another, token)
		refused(t, err, 400, badSignup)
	})
}

func TestAnInvitationsLimits(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		ann, _ := s.User(t, "ann")
		team := makeTeam(t, ann, "crew")
		invite := func(n int) string {
			t.Helper()
			_, err := ann.InviteToTeam(ctx, team.ID, []string{"new@example.com"}, false)
			require.NoError(t, err)
			return s.MailedToken(t, "new@example.com", n)
		}
		first, second := invite(1), invite(2) // an address may have several
		late := otherNode(t, s, 49*time.Hour)
		_, err := late.Client().CreateUserWithToken(ctx, account("new"), first)
		refused(t, err, 400, lateSignup)
		oneWins(t, together(8, func(i int) error {
			in := account("new")
			in.Username += strings.Repeat("x", i) // so that it is the link which lets one in
			_, err := s.Client().CreateUserWithToken(ctx, in, first)
			return err
		}), 400, badSignup)
		again := account("again")
		again.Email = "new@example.com"
		_, err = s.Client().CreateUserWithToken(ctx, again, second)
		refused(t, err, 400, "app.user.save.email_exists.app_error")

		s.Configure(t, `{"TeamSettings":{"RestrictCreationToDomains":"example.com"}}`)
		results, err := ann.InviteToTeam(ctx, team.ID, []string{"x@elsewhere.example", "y@example.com", "z"}, true)
		require.NoError(t, err)
		var fine []string
		for _, r := range results {
			if r.Error == nil {
				fine = append(fine, r.Email)
			}
		}
		if len(results) != 3 || !slices.Equal(fine, []string{"y@example.com"}) {
			t.Fatalf("%d results, invited %v", len(results), fine)
		}
		token := s.MailedToken(t, "y@example.com", 1)
		if n := len(s.Mails(t, "x@elsewhere.example", 0)); n != 0 {
			t.Fatal("a mail to who was refused")
		}
		in := account("y")
		require.NoError(t, ann.DeleteTeam(ctx, team.ID))
		_, err = s.Client().CreateUserWithToken(ctx, in, token)
		refused(t, err, 400, badSignup)
	})
}

func TestAMailedLinkIsGoodForOnePurpose(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		ann, me := s.User(t, "ann")
		team := makeTeam(t, ann, "crew")
		require.NoError(t, s.Client().SendVerification(ctx, me.Email))
		verify := s.MailedToken(t, me.Email, 1)
		require.NoError(t, s.Client().SendPasswordReset(ctx, me.Email))
		reset := s.MailedToken(t, me.Email, 2)
		_, err := ann.InviteToTeam(ctx, team.ID, []string{me.Email, "new@example.com"}, false)
		require.NoError(t, err)
		invited := s.MailedToken(t, "new@example.com", 1)
		for _, token := range []string{reset, invited} {
			refused(t, s.Client().VerifyEmail(ctx, token), 400, badVerify)
		}
		for _, token := range []string{verify, invited} {
			refused(t, s.Client().ResetPassword(ctx, token, newPassword), 400, badReset)
		}
		for _, token := range []string{verify, reset} {
			_, err := s.Client().CreateUserWithToken(ctx, account("new"), token)
			refused(t, err, 400, badSignup)
		}
		_, err = s.Client().CreateUserWithToken(ctx, account("new"), invited)
		require.NoError(t, err)
		require.NoError(t, s.Client().VerifyEmail(ctx, verify))
		require.NoError(t, s.Client().ResetPassword(ctx, reset, newPassword))
		_, err = s.Client().Login(ctx, "ann", newPassword)
		require.NoError(t, err)
	})
}
