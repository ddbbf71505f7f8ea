package attack_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/hotp"

	"muster"
	"muster/client"
	"muster/internal/auth"
	"muster/internal/core"
	"muster/internal/require"
	"muster/internal/testserver"
)

// enrol turns the second factor of a fresh account on, and returns what makes codes for some steps from now, and the recovery codes.
func enrol(t *testing.T, s *testserver.Server, name string) (code func(steps int) string, recovery []string) {
	t.Helper()
	s.Configure(t, `{"ServiceSettings":{"EnableMultifactorAuthentication":true}}`)
	c, _ := s.User(t, name)
	secret, err := c.GenerateMfaSecret(t.Context(), client.Me)
	require.NoError(t, err)
	code = func(steps int) string {
		code, err := hotp.GenerateCode(secret.Secret, uint64(time.Now().Unix()/30+int64(steps)))
		require.NoError(t, err)
		return code
	}
	recovery, err = c.UpdateMfa(t.Context(), client.Me, true, code(0))
	require.NoError(t, err)
	return code, recovery
}

// loginByCode tries to sign in with the right password and a code.
func loginByCode(t testing.TB, s *testserver.Server, c *http.Client, name, code string, headers ...string) string {
	body := map[string]string{"login_id": name, "password": testserver.Password, "token": code}
	a, err := send(t.Context(), c, http.MethodPost, s.URL+"/api/v4/users/login", body, headers...)
	switch {
	case err != nil:
		return err.Error()
	case a.status == http.StatusOK:
		return ""
	}
	return a.errorID()
}

// wrongCodes are no code of any moment near.
func wrongCodes(n int, real func(int) string) (codes []string) {
	near := map[string]bool{}
	for steps := -3; steps <= 10; steps++ {
		near[real(steps)] = true
	}
	for i := 0; len(codes) < n; i++ {
		if code := fmt.Sprintf("%06d", i*3001); !near[code] {
			codes = append(codes, code)
		}
	}
	return codes
}

func TestCodesGuessedAtOnceDoNotPassTheLimitTogether(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		code, recovery := enrol(t, s, "ann")
		owner, thief := clientFrom("127.0.9.1"), clientFrom("127.0.9.2")
		first := login(t, s, owner, "ann", testserver.Password)
		refusedAs(t, first, 401, "mfa.validate_token.authenticate.app_error") // asks for the code, and counts nothing
		body := map[string]string{"login_id": "ann", "password": testserver.Password, "token": recovery[0]}
		a, err := send(t.Context(), owner, http.MethodPost, s.URL+"/api/v4/users/login", body)
		require.NoError(t, err)
		device := signsIn(t, a).header.Get("X-Device-Token")

		guesses := wrongCodes(200, code)
		got := parallel(200, func(i int) string { return loginByCode(t, s, thief, "ann", guesses[i]) })
		if got[badCode] != 10 || got[badCode]+got[tooMany]+got[serverBusy] != 200 {
			t.Fatalf("%v, want 10 codes that were looked at", got)
		}
		for _, good := range []string{code(0), recovery[1]} { // from anywhere that the account does not know
			if got := loginByCode(t, s, clientFrom("127.0.9.3"), "ann", good); got != tooMany {
				t.Fatal(got)
			}
		}
		if got := loginByCode(t, s, owner, "ann", code(0), "X-Device-Token", device); got != "" {
			t.Fatal(got)
		}
		mails := s.Mails(t, "ann@example.com", 2) // the first says that two-step sign-in was turned on
		known := 0
		for _, m := range mails {
			if strings.HasPrefix(m.Subject, "Someone knows your password") {
				known++
			}
		}
		if known != 1 {
			t.Fatalf("%d mails that somebody knows the password among %d", known, len(mails))
		}
	})
}

func TestRecoveryCodesGuessedAtOnceDoNotPassTheLimitTogether(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		enrol(t, s, "ann")
		c := clientFrom("127.0.9.2")
		got := parallel(100, func(int) string { return loginByCode(t, s, c, "ann", muster.NewID()[:16]) })
		if got[badCode] != 10 || got[badCode]+got[tooMany]+got[serverBusy] != 100 {
			t.Fatalf("%v, want 10 codes that were looked at", got)
		}
	})
}

// The pages ask for the code in a step of its own.
func TestCodesGuessedAtOnceInStepsDoNotPassTheLimitTogether(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		code, _ := enrol(t, s, "ann")
		thief := func() *core.Caller { return &core.Caller{IP: "127.0.9.2", Path: "/login"} }
		var under []string
		for range 4 { // a sign-in more brings no guesses more
			in, err := s.Services.Auth.BeginLogin(t.Context(), thief(), auth.LoginRequest{LoginID: "ann", Password: testserver.Password}, "")
			require.NoError(t, err)
			under = append(under, in.Token)
		}
		guesses := wrongCodes(200, code)
		got := parallel(200, func(i int) string {
			_, err := s.Services.Auth.LoginCode(t.Context(), thief(), under[i%len(under)], guesses[i])
			return muster.AsError(err).ID
		})
		if got[badCode] != 10 || got[tooMany] != 190 {
			t.Fatalf("%v, want 10 codes that were looked at", got)
		}
		if _, err := s.Services.Auth.LoginCode(t.Context(), thief(), under[0], code(0)); !muster.HasID(err, tooMany) {
			t.Fatal(err)
		}
	})
}

func TestCodesGuessedInAnOpenSessionAreCountedByIt(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		code, recovery := enrol(t, s, "ann")
		c := s.Client()
		_, err := c.LoginWith(t.Context(), client.Credentials{LoginID: "ann", Password: testserver.Password, Code: recovery[0]})
		require.NoError(t, err)
		session, u, err := s.Services.Auth.Authenticate(t.Context(), c.Token())
		require.NoError(t, err)
		guesses := wrongCodes(50, code)
		got := parallel(50, func(i int) string {
			who := &core.Caller{IP: "127.0.9.2", Path: "/account/confirm", Session: session, User: u}
			return muster.AsError(s.Services.Auth.Reauthenticate(t.Context(), who, auth.Proof{Password: testserver.Password, Code: guesses[i]})).ID
		})
		if got[badCode] != 10 || got[tooMany] != 40 {
			t.Fatalf("%v, want 10 codes that were looked at", got)
		}
		if got := loginByCode(t, s, clientFrom("127.0.9.1"), "ann", code(0)); got != "" {
			t.Fatal(got)
		}
	})
}
