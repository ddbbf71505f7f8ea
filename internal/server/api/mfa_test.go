package api_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image/png"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"muster"
	"muster/client"
	"muster/internal/require"
	"muster/internal/server/api"
	"muster/internal/store"
	"muster/internal/store/storetest"
	"muster/internal/testserver"
)

const (
	mfaOn       = `{"ServiceSettings":{"EnableMultifactorAuthentication":true}}`
	mfaEnforced = `{"ServiceSettings":{"EnableMultifactorAuthentication":true,"EnforceMultifactorAuthentication":true}}`
	noCode      = "mfa.validate_token.authenticate.app_error"
	badCode     = "api.user.check_user_mfa.bad_code.app_error"
	badProof    = "mfa.activate.bad_token.app_error"
	mustEnrol   = "api.context.mfa_required.app_error"
	mfaStep     = 30 * time.Second
)

// authenticator is somebody's app: oathtool, which shares no code with the server.
type authenticator struct {
	t      *testing.T
	n      *node
	secret string
}

// code is the one-time code of so many steps from the node's now.
func (a authenticator) code(steps int) string {
	a.t.Helper()
	at := a.n.now().Add(time.Duration(steps) * mfaStep)
	//nolint:gosec // the secret is the test's own
	out, err := exec.CommandContext(a.t.Context(), "oathtool", "--totp", "--base32", fmt.Sprintf("--now=@%d", at.Unix()), a.secret).CombinedOutput()
	if err != nil {
		a.t.Fatalf("oathtool: %v\n%s", err, out)
	}
	return strings.TrimSpace(string(out))
}

// wrong is a code of no step around now.
func (a authenticator) wrong() string {
	a.t.Helper()
	var near []string
	for s := -2; s <= 2; s++ {
		near = append(near, a.code(s))
	}
	for i := 0; ; i++ {
		if c := fmt.Sprintf("%06d", i); !slices.Contains(near, c) {
			return c
		}
	}
}

// mfaServer is a node where second factors are allowed and time stands in the middle of a step.
func mfaServer(t *testing.T, s *testserver.Server) *node {
	t.Helper()
	if _, err := exec.LookPath("oathtool"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("there is no oathtool to make one-time codes with")
		}
		t.Skip("SKIPPED: there is no oathtool to make one-time codes with (Debian package oathtool)")
	}
	n := otherNode(t, s, 0)
	n.unixMilli.Store(time.Now().Truncate(mfaStep).Add(mfaStep / 2).UnixMilli())
	n.Configure(t, mfaOn)
	return n
}

// setUp generates a secret for the client's account.
func setUp(t *testing.T, n *node, c *client.Client) authenticator {
	t.Helper()
	got, err := c.GenerateMfaSecret(t.Context(), "me")
	require.NoError(t, err)
	return authenticator{t, n, got.Secret}
}

// enrol turns the second factor of the client's account on.
func enrol(t *testing.T, n *node, c *client.Client) (authenticator, []string) {
	t.Helper()
	a := setUp(t, n, c)
	recovery, err := c.UpdateMfa(t.Context(), "me", true, a.code(0))
	require.NoError(t, err)
	return a, recovery
}

// signInBy signs an account of the test in with its right password and a code.
func signInBy(t *testing.T, s *testserver.Server, name, code string) error {
	t.Helper()
	_, err := s.Client().LoginWith(t.Context(), client.Credentials{LoginID: name, Password: testserver.Password, Code: code})
	return err
}

func TestASecondFactorIsSetUp(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		n := mfaServer(t, s)
		ann, me := n.User(t, "ann")
		needed, err := n.Client().CheckMfa(ctx, "ann")
		if err != nil || needed {
			t.Fatal(needed, err)
		}
		got, err := ann.GenerateMfaSecret(ctx, "me")
		require.NoError(t, err)
		picture, err := base64.StdEncoding.DecodeString(got.QRCode)
		require.NoError(t, err)
		if _, err := png.Decode(bytes.NewReader(picture)); err != nil {
			t.Fatalf("the QR code: %v", err)
		}
		onRecord(t, n.Server, me.ID, "/users/me/mfa/generate", "user_id="+me.ID)
		require.NoError(t, signInBy(t, n.Server, "ann", "")) // until it is turned on
		a := authenticator{t, n, got.Secret}
		_, err = ann.UpdateMfa(ctx, "me", true, a.wrong())
		refused(t, err, 401, badProof)
		_, err = ann.UpdateMfa(ctx, "me", true, "")
		refused(t, err, 400, badParameter)
		if u, err := ann.Me(ctx); err != nil || u.MfaActive {
			t.Fatal(u, err)
		}
		before := len(n.Events(muster.EventUserUpdated))
		recovery, err := ann.UpdateMfa(ctx, "me", true, a.code(0))
		require.NoError(t, err)
		if slices.Sort(recovery); len(slices.Compact(recovery)) != 10 {
			t.Fatalf("recovery codes: %v", recovery)
		}
		onRecord(t, n.Server, me.ID, "/users/me/mfa", "user_id="+me.ID+" activate=true")
		u, err := ann.Me(ctx)
		require.NoError(t, err)
		if !u.MfaActive || u.MfaSecret != "" {
			t.Fatalf("%+v", u)
		}
		events := n.Events(muster.EventUserUpdated)[before:]
		if len(events) != 3 {
			t.Fatalf("%d events", len(events))
		}
		for _, e := range events {
			if told := e.Data["user"].(*muster.User); told.MfaSecret != "" || e.Audience.UserID == me.ID && !told.MfaActive {
				t.Fatalf("%+v", told)
			}
		}
		for _, name := range []string{"ann", "ANN", "ann@example.com"} {
			if needed, err := n.Client().CheckMfa(ctx, name); err != nil || !needed {
				t.Error(name, needed, err)
			}
		}
		for _, name := range []string{"nobody", "admin", "\x00"} {
			if needed, err := n.Client().CheckMfa(ctx, name); err != nil || needed {
				t.Error(name, needed, err)
			}
		}
		_, err = n.Client().CheckMfa(ctx, "")
		refused(t, err, 400, badParameter)
		notStored(t, me.ID, append(recovery, a.secret, strings.ReplaceAll(recovery[0], "-", ""))...)
	})
}

func TestSigningInTakesTheSecondFactor(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		n := mfaServer(t, s)
		ann, _ := n.User(t, "ann")
		a, _ := enrol(t, n, ann)
		works(t, ann) // who is signed in stays so
		refused(t, signInBy(t, n.Server, "ann", ""), 401, noCode)
		for _, code := range []string{a.wrong(), "12345", "1234567", "      ", "no code", a.code(0) + "0", a.code(2), a.code(-2), strings.Repeat("x", 5000)} {
			refused(t, signInBy(t, n.Server, "ann", code), 401, badCode)
			require.NoError(t, unlock(t, n))
		}
		_, err := n.Client().LoginWith(ctx, client.Credentials{LoginID: "ann", Password: "wrong", Code: a.code(0)})
		refused(t, err, 401, badCredentials) // and the code is not spent
		require.NoError(t, signInBy(t, n.Server, "ann", a.code(0)))
		refused(t, signInBy(t, n.Server, "ann", a.code(0)), 401, badCode)
		now := a.code(0)
		n.pass(mfaStep)
		refused(t, signInBy(t, n.Server, "ann", now), 401, badCode)
		require.NoError(t, signInBy(t, n.Server, "ann", a.code(0)))
	})
}

// unlock forgets the wrong tries of ann.
func unlock(t *testing.T, n *node) error {
	t.Helper()
	admin, _ := n.Admin(t)
	u, err := admin.UserByUsername(t.Context(), "ann")
	require.NoError(t, err)
	return admin.UpdateUserPassword(t.Context(), u.ID, "", testserver.Password)
}

func TestAClockMayBeAStepOff(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		n := mfaServer(t, s)
		ann, _ := n.User(t, "ann")
		a, _ := enrol(t, n, ann)
		require.NoError(t, signInBy(t, n.Server, "ann", a.code(-1)))
		require.NoError(t, signInBy(t, n.Server, "ann", a.code(1)))
		for _, steps := range []int{-1, 0, 1} { // a code ends those before it
			refused(t, signInBy(t, n.Server, "ann", a.code(steps)), 401, badCode)
		}
		n.pass(2 * mfaStep)
		refused(t, signInBy(t, n.Server, "ann", a.code(-1)), 401, badCode)
		require.NoError(t, signInBy(t, n.Server, "ann", a.code(0)))
	})
}

func TestACodeSignsInOnce(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		n := mfaServer(t, s)
		ann, _ := n.User(t, "ann")
		a, recovery := enrol(t, n, ann)
		for _, code := range []string{a.code(0), recovery[0]} {
			oneWins(t, together(8, func(int) error { return signInBy(t, n.Server, "ann", code) }), 401, badCode)
			require.NoError(t, unlock(t, n))
		}
	})
}

func TestARecoveryCodeSignsInOnce(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		n := mfaServer(t, s)
		ann, me := n.User(t, "ann")
		bob, _ := n.User(t, "bob")
		a, recovery := enrol(t, n, ann)
		_, bobs := enrol(t, n, bob)
		require.NoError(t, signInBy(t, n.Server, "ann", recovery[0]))
		onRecord(t, n.Server, me.ID, "/users/login", "success by a recovery code")
		refused(t, signInBy(t, n.Server, "ann", recovery[0]), 401, badCode)
		refused(t, signInBy(t, n.Server, "ann", bobs[0]), 401, badCode)
		refused(t, signInBy(t, n.Server, "ann", "abcd-efgh-ijkl-mnop"), 401, badCode)
		onRecord(t, n.Server, me.ID, "/users/login", "failure - wrong one-time code")
		_, err := n.Client().LoginWith(ctx, client.Credentials{LoginID: "ann", Password: "wrong", Code: recovery[1]})
		refused(t, err, 401, badCredentials)
		spellings := []func(string) string{
			strings.ToUpper, func(c string) string { return strings.ReplaceAll(c, "-", "") }, func(c string) string { return " " + strings.ReplaceAll(c, "-", " ") + " " },
		}
		for i, code := range recovery[1:] {
			require.NoError(t, signInBy(t, n.Server, "ann", spellings[i%len(spellings)](code)))
			refused(t, signInBy(t, n.Server, "ann", code), 401, badCode)
		}
		require.NoError(t, signInBy(t, n.Server, "ann", a.code(0))) // the app still counts
		require.NoError(t, signInBy(t, n.Server, "bob", bobs[0]))
	})
}

func TestASecondFactorIsReplacedByAProvedOneAlone(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		n := mfaServer(t, s)
		ann, me := n.User(t, "ann")
		_, err := ann.UpdateMfa(ctx, "me", true, "123456")
		refused(t, err, 401, badProof) // nothing was generated
		old, oldRecovery := enrol(t, n, ann)
		fresh := setUp(t, n, ann)
		require.NoError(t, signInBy(t, n.Server, "ann", old.code(0)))
		refused(t, signInBy(t, n.Server, "ann", fresh.code(1)), 401, badCode)
		_, err = ann.UpdateMfa(ctx, "me", true, old.code(1))
		refused(t, err, 401, badProof)
		_, err = ann.UpdateMfa(ctx, "me", true, fresh.code(0))
		require.NoError(t, err)
		_, err = ann.UpdateMfa(ctx, "me", true, fresh.code(0))
		refused(t, err, 401, badProof) // it is pending no more
		refused(t, signInBy(t, n.Server, "ann", old.code(1)), 401, badCode)
		refused(t, signInBy(t, n.Server, "ann", oldRecovery[0]), 401, badCode)
		require.NoError(t, signInBy(t, n.Server, "ann", fresh.code(0)))

		_, err = ann.UpdateMfa(ctx, "me", false, "")
		require.NoError(t, err)
		onRecord(t, n.Server, me.ID, "/users/me/mfa", "user_id="+me.ID+" activate=false")
		if u, err := ann.Me(ctx); err != nil || u.MfaActive {
			t.Fatal(u, err)
		}
		require.NoError(t, signInBy(t, n.Server, "ann", ""))
		_, err = ann.UpdateMfa(ctx, "me", true, fresh.code(0))
		refused(t, err, 401, badProof) // the secret is gone
	})
}

func TestWhoResetsASecondFactor(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		n := mfaServer(t, s)
		admin, adminUser := n.Admin(t)
		ann, annUser := n.User(t, "ann")
		bob, bobUser := n.User(t, "bob")
		enrol(t, n, ann)
		adminsApp, _ := enrol(t, n, admin)
		for _, other := range []string{annUser.ID, ghostID} {
			_, err := bob.UpdateMfa(ctx, other, false, "")
			refused(t, err, 403, noPermission)
			_, err = bob.GenerateMfaSecret(ctx, other)
			refused(t, err, 403, noPermission)
		}
		_, err := admin.UpdateMfa(ctx, annUser.ID, false, "")
		require.NoError(t, err)
		onRecord(t, n.Server, annUser.ID, "/users/"+annUser.ID+"/mfa", "user_id="+annUser.ID+" activate=false session_user="+adminUser.ID)
		require.NoError(t, signInBy(t, n.Server, "ann", ""))
		_, err = admin.UpdateMfa(ctx, ghostID, false, "")
		refused(t, err, 404, unknownAccount)
		_, err = admin.GenerateMfaSecret(ctx, ghostID)
		refused(t, err, 404, unknownAccount)

		role, err := admin.RoleByName(ctx, "system_user_manager")
		require.NoError(t, err)
		granted := append(role.Permissions, "edit_other_users")
		_, err = admin.PatchRole(ctx, role.ID, &muster.RolePatch{Permissions: &granted})
		require.NoError(t, err)
		require.NoError(t, admin.UpdateUserRoles(ctx, bobUser.ID, "system_user system_user_manager"))
		_, err = bob.UpdateMfa(ctx, adminUser.ID, false, "")
		refused(t, err, 403, noPermission)
		_, err = bob.GenerateMfaSecret(ctx, adminUser.ID)
		refused(t, err, 403, noPermission)
		require.NoError(t, signInBy(t, n.Server, "admin", adminsApp.code(0)))
	})
}

func TestWrongCodesLockTheAccount(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		n := mfaServer(t, s)
		n.Configure(t, `{"ServiceSettings":{"MaximumLoginAttempts":3}}`)
		ann, _ := n.User(t, "ann")
		a, recovery := enrol(t, n, ann)
		refused(t, signInBy(t, n.Server, "ann", a.wrong()), 401, badCode)
		refused(t, signInBy(t, n.Server, "ann", "abcd-efgh-ijkl-mnop"), 401, badCode)
		require.NoError(t, signInBy(t, n.Server, "ann", a.code(0))) // forgets them
		for range 3 {
			refused(t, signInBy(t, n.Server, "ann", a.code(0)), 401, badCode) // used
		}
		refused(t, signInBy(t, n.Server, "ann", a.code(1)), 401, "api.user.check_user_login_attempts.too_many.app_error")
		refused(t, signInBy(t, n.Server, "ann", recovery[0]), 401, "api.user.check_user_login_attempts.too_many.app_error")
		require.NoError(t, unlock(t, n))
		require.NoError(t, signInBy(t, n.Server, "ann", a.code(1)))
	})
}

func TestSecondFactorsAreOffAtFirst(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		ann, _ := s.User(t, "ann")
		_, err := ann.GenerateMfaSecret(ctx, "me")
		refused(t, err, 501, "mfa.mfa_disabled.app_error")
		_, err = ann.UpdateMfa(ctx, "me", true, "123456")
		refused(t, err, 501, "mfa.mfa_disabled.app_error")
		n := mfaServer(t, s)
		ann, _ = n.SignIn(t, "ann")
		enrol(t, n, ann)
		n.Configure(t, `{"ServiceSettings":{"EnableMultifactorAuthentication":false}}`)
		require.NoError(t, signInBy(t, n.Server, "ann", ""))
		if needed, err := n.Client().CheckMfa(ctx, "ann"); err != nil || needed {
			t.Fatal(needed, err)
		}
		_, err = ann.UpdateMfa(ctx, "me", false, "") // one may get rid of it all the same
		require.NoError(t, err)
	})
}

func TestANewPasswordLeavesTheSecondFactor(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		n := mfaServer(t, s)
		ann, _ := n.User(t, "ann")
		a, _ := enrol(t, n, ann)
		require.NoError(t, s.Client().SendPasswordReset(t.Context(), "ann@example.com"))
		require.NoError(t, s.Client().ResetPassword(t.Context(), s.MailedToken(t, "ann@example.com", 1), testserver.Password))
		refused(t, signInBy(t, n.Server, "ann", ""), 401, noCode)
		require.NoError(t, signInBy(t, n.Server, "ann", a.code(0)))
	})
}

// enrolmentRoutes are what setting up takes.
var enrolmentRoutes = []string{"POST /users/logout", "POST /users/{user_id}/mfa/generate", "PUT /users/{user_id}/mfa"}

func TestWhoMustEnrolDoesNothingElse(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		n := mfaServer(t, s)
		admin, _ := n.Admin(t)
		ann, _ := n.User(t, "ann")
		n.Configure(t, mfaEnforced)
		asked := 0
		open := map[string]bool{}
		for _, name := range api.Routes() {
			method, path, _ := strings.Cut(name, " ")
			if name == "POST /users/logout" {
				continue // below
			}
			if stranger := rawRequest(t, n.Server, method, path, "", nil).StatusCode; stranger != http.StatusUnauthorized {
				open[name] = true // or nobody's, on the local socket alone
				continue
			}
			_, err := admin.Do(ctx, &client.Request{Method: method, Path: strings.ReplaceAll(path, "{user_id}", "me")})
			if slices.Contains(enrolmentRoutes, name) {
				if client.HasID(err, mustEnrol) {
					t.Errorf("%s is needed to enrol: %v", name, err)
				}
				continue
			}
			if asked++; !client.HasID(err, mustEnrol) {
				t.Errorf("%s: %v", name, err)
			} else {
				refused(t, err, 403, mustEnrol)
			}
		}
		if asked < 50 || len(open) < 8 {
			t.Fatalf("asked %d routes; open: %v", asked, slices.Sorted(maps.Keys(open)))
		}

		// Elsewhere the session is nobody's.
		settings, err := admin.ClientConfig(ctx)
		require.NoError(t, err)
		if _, told := settings["EnableUserAccessTokens"]; told || settings["EnforceMultifactorAuthentication"] != "true" {
			t.Fatal("what a stranger is told, no more and no less")
		}
		_, err = admin.CreateUser(ctx, account("new"))
		refused(t, err, 403, "api.user.create_user.no_open_server")

		a := setUp(t, n, ann)
		_, err = ann.UpdateMfa(ctx, "me", true, a.code(0))
		require.NoError(t, err)
		works(t, ann)
		_, err = admin.UpdateMfa(ctx, "me", false, "")
		require.NoError(t, err)
		left := bearer(n.Server, admin.Token())
		require.NoError(t, admin.Logout(ctx))
		stopped(t, left)
		require.NoError(t, signInBy(t, n.Server, "admin", ""))
		refused(t, signInBy(t, n.Server, "ann", ""), 401, noCode)
	})
}

func TestWhoNeedNotEnrol(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		n := mfaServer(t, s)
		admin, _ := n.Admin(t)
		a, _ := enrol(t, n, admin)
		configure := func(patch string) {
			t.Helper()
			_, err := admin.PatchConfig(ctx, []byte(patch))
			require.NoError(t, err)
		}
		configure(`{"ServiceSettings":{"EnableBotAccountCreation":true,"EnableUserAccessTokens":true},"GuestAccountsSettings":{"Enable":true}}`)
		bot, err := admin.CreateBot(ctx, &muster.Bot{Username: "robot"})
		require.NoError(t, err)
		_, robot := issue(t, n.Server, admin, bot.UserID)
		newcomer := func(name string) (*client.Client, *muster.User) {
			t.Helper()
			_, err := admin.CreateUser(ctx, account(name))
			require.NoError(t, err)
			return n.SignIn(t, name)
		}
		guest, guestUser := newcomer("guest")
		require.NoError(t, admin.DemoteToGuest(ctx, guestUser.ID))
		saml, samlUser := newcomer("saml")
		ldap, ldapUser := newcomer("ldap")
		ann, annUser := newcomer("ann")
		require.NoError(t, admin.UpdateUserRoles(ctx, annUser.ID, tokenHolder))
		_, script := issue(t, n.Server, ann, "me")
		for service, u := range map[string]*muster.User{"saml": samlUser, "ldap": ldapUser} { // who stay signed in here, by the hand below
			require.NoError(t, storetest.ChangeUser(ctx, n.Store, u.ID, func(_ *store.Tx, u *muster.User) error {
				u.AuthService, u.AuthData, u.Password = service, &u.Username, ""
				return nil
			}))
		}
		configure(mfaEnforced)

		for _, c := range []*client.Client{admin, robot, guest, saml} {
			works(t, c)
		}
		_, err = saml.GenerateMfaSecret(ctx, "me")
		refused(t, err, 400, "api.user.activate_mfa.email_and_ldap_only.app_error")
		for _, c := range []*client.Client{ann, script, ldap} {
			_, err := c.Me(ctx)
			refused(t, err, 403, mustEnrol)
		}
		configure(`{"GuestAccountsSettings":{"EnforceMultifactorAuthentication":true}}`)
		_, err = guest.Me(ctx)
		refused(t, err, 403, mustEnrol)
		enrol(t, n, guest)
		works(t, guest)
		configure(`{"ServiceSettings":{"EnforceMultifactorAuthentication":false}}`)
		for _, c := range []*client.Client{ann, script, ldap, guest} {
			works(t, c)
		}
		require.NoError(t, signInBy(t, n.Server, "admin", a.code(0)))
	})
}

// Whoever has yet to enrol may set up the own second factor and touch nobody else's.
func TestEnrolmentIsForOneself(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		admin, me := s.Admin(t)
		_, ann := s.User(t, "ann")
		s.Configure(t, `{"ServiceSettings":{"EnableMultifactorAuthentication":true,"EnforceMultifactorAuthentication":true}}`)
		const required = "api.context.mfa_required.app_error"
		_, err := admin.GenerateMfaSecret(ctx, ann.ID)
		refused(t, err, 403, required)
		_, err = admin.UpdateMfa(ctx, ann.ID, false, "")
		refused(t, err, 403, required)
		_, err = admin.GenerateMfaSecret(ctx, me.ID)
		require.NoError(t, err)
	})
}
