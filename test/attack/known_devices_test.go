package attack_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"muster"
	"muster/client"
	"muster/internal/core"
	"muster/internal/require"
	"muster/internal/testserver"
)

const anotherPassword = "An0ther!long-password"

// guessFromEverywhere has more networks guess than an account takes, so that it is locked for all that it does not know.
func guessFromEverywhere(t testing.TB, s *testserver.Server, name string) {
	t.Helper()
	for n := range 120 {
		c := clientFrom(fmt.Sprintf("127.8.0.%d", n+1))
		refusedAs(t, login(t, s, c, name, "wrong"), 401, wrongCredentials)
		c.CloseIdleConnections()
	}
	refusedAs(t, login(t, s, clientFrom("127.8.1.1"), name, testserver.Password), 401, wrongCredentials)
}

// attackMails counts the mails that told somebody of an attack, once there are n.
func attackMails(t testing.TB, s *testserver.Server, to string, n int) int {
	t.Helper()
	told := func() (told int) {
		for _, m := range s.Mails(t, to, 0) {
			if strings.HasPrefix(m.Subject, "Failed attempts to sign in to your account") {
				told++
			}
		}
		return told
	}
	for end := time.Now().Add(patience); told() < n && time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
	}
	return told()
}

// A new password ends the tokens of all devices; whoever set it is known by another one.
func TestAPasswordResetUnderAttackDoesNotLockTheOwnerOut(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		_, ann := s.User(t, "ann")
		old := signsIn(t, login(t, s, clientFrom("127.0.9.1"), "ann", testserver.Password)).header.Get("X-Device-Token")
		guessFromEverywhere(t, s, "ann")
		if n := attackMails(t, s, ann.Email, 1); n != 1 {
			t.Fatalf("%d mails", n)
		}

		require.NoError(t, s.Client().SendPasswordReset(ctx, ann.Email))
		link := s.MailedToken(t, ann.Email, 2)
		here := clientFrom("127.0.9.2")
		owner := client.New(s.URL, client.WithHTTPClient(here))
		require.NoError(t, owner.ResetPassword(ctx, link, anotherPassword))
		guessFromEverywhere(t, s, "ann")
		if n := attackMails(t, s, ann.Email, 2); n != 2 { // with another link that unlocks
			t.Fatalf("%d mails", n)
		}

		elsewhere := clientFrom("127.0.9.3")
		refusedAs(t, login(t, s, elsewhere, "ann", anotherPassword), 401, wrongCredentials)
		refusedAs(t, login(t, s, elsewhere, "ann", anotherPassword, "X-Device-Token", old), 401, wrongCredentials)
		signsIn(t, login(t, s, elsewhere, "ann", anotherPassword, "X-Device-Token", owner.DeviceToken()))
		signsIn(t, login(t, s, here, "ann", anotherPassword)) // a client of the reference, which has no such token
	})
}

func TestANewPasswordOfOnesOwnKeepsTheDeviceKnown(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		admin, _ := s.Admin(t)
		_, ann := s.User(t, "ann")
		owner := client.New(s.URL, client.WithHTTPClient(clientFrom("127.0.9.1")))
		_, err := owner.Login(ctx, "ann", testserver.Password)
		require.NoError(t, err)
		old := owner.DeviceToken()
		guessFromEverywhere(t, s, "ann")
		require.NoError(t, owner.UpdateUserPassword(ctx, ann.ID, testserver.Password, anotherPassword))
		guessFromEverywhere(t, s, "ann")
		elsewhere := clientFrom("127.0.9.3")
		refusedAs(t, login(t, s, elsewhere, "ann", anotherPassword, "X-Device-Token", old), 401, wrongCredentials)
		signsIn(t, login(t, s, elsewhere, "ann", anotherPassword, "X-Device-Token", owner.DeviceToken()))

		before := admin.DeviceToken()
		require.NoError(t, admin.UpdateUserPassword(ctx, ann.ID, "", testserver.Password)) // another's
		if admin.DeviceToken() != before {
			t.Fatal("somebody else's device is known")
		}
	})
}

// The API sets no cookie that clients of the reference don't know, and keeps the one that a browser has from the pages.
func TestTheAPIRenewsABrowsersDeviceCookie(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		s.User(t, "ann")
		c := clientFrom("127.0.9.1")
		deviceCookies := func(a *answer) (set []string) {
			for _, ck := range signsIn(t, a).header.Values("Set-Cookie") {
				if strings.HasPrefix(ck, "MUSTERDEVICE=") {
					set = append(set, ck)
				}
			}
			return set
		}
		first := login(t, s, c, "ann", testserver.Password, "X-Requested-With", "XMLHttpRequest")
		if set := deviceCookies(first); len(set) != 0 {
			t.Fatal(set)
		}
		other := muster.NewID() + ".x.y.z"
		second := login(t, s, c, "ann", testserver.Password, "Cookie", "MUSTERDEVICE="+other)
		set := deviceCookies(second)
		if len(set) != 1 || !strings.HasPrefix(set[0], "MUSTERDEVICE="+second.header.Get("X-Device-Token")+"~"+other+"; ") || !strings.Contains(set[0], "HttpOnly") {
			t.Fatal(set)
		}
	})
}

// Clients of the reference keep no device tokens: the account knows the networks that they signed in from, whether a session is left or not.
func TestTheAccountsLockDoesNotHoldInKnownNetworks(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		s.User(t, "ann")
		s.User(t, "bob")
		at := newClock()
		n := s.Node(t, at.now)
		home, office := clientFrom("127.0.9.1"), clientFrom("127.0.9.2")
		in := signsIn(t, login(t, n, home, "ann", testserver.Password))
		signsIn(t, login(t, n, office, "bob", testserver.Password))
		out, err := send(t.Context(), home, http.MethodPost, n.URL+"/api/v4/users/logout", nil, "Authorization", "Bearer "+in.header.Get("Token"))
		require.NoError(t, err)
		if out.status != http.StatusOK {
			t.Fatalf("%d %s", out.status, out.body)
		}
		guessFromEverywhere(t, n, "ann")
		refusedAs(t, login(t, n, office, "ann", testserver.Password), 401, wrongCredentials) // bob's alone
		signsIn(t, login(t, n, home, "ann", testserver.Password))
		exhaust(t, n, home, "ann")
		refusedAs(t, login(t, n, home, "ann", testserver.Password), 401, tooMany) // a known network gets no more tries than others

		at.forward(30 * 24 * time.Hour)
		guessFromEverywhere(t, n, "ann")
		refusedAs(t, login(t, n, home, "ann", testserver.Password), 401, wrongCredentials)
	})
}

func TestTheNetworkThatAnUnlockingLinkIsOpenedInIsKnown(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		admin, _ := s.Admin(t)
		_, ann := s.User(t, "ann")
		guessFromEverywhere(t, s, "ann")
		_, err := s.Services.Auth.Unlock(t.Context(), &core.Caller{IP: "127.0.9.1"}, s.MailedToken(t, ann.Email, 1))
		require.NoError(t, err)
		guessFromEverywhere(t, s, "ann")
		signsIn(t, login(t, s, clientFrom("127.0.9.1"), "ann", testserver.Password)) // an app on the same network
		refusedAs(t, login(t, s, clientFrom("127.0.9.2"), "ann", testserver.Password), 401, wrongCredentials)

		require.NoError(t, client.New(s.URL, client.WithHTTPClient(clientFrom("127.0.9.3")), func(c *client.Client) { c.SetToken(admin.Token()) }).ResetFailedAttempts(t.Context(), ann.ID))
		guessFromEverywhere(t, s, "ann")
		refusedAs(t, login(t, s, clientFrom("127.0.9.3"), "ann", testserver.Password), 401, wrongCredentials) // the administrator's network
	})
}

func TestCORSNamesEachHeaderOnce(t *testing.T) {
	s := testserver.New(t)
	s.Configure(t, `{"ServiceSettings":{"AllowCorsFrom":"https://app.example.com"}}`)
	got, err := send(t.Context(), http.DefaultClient, http.MethodOptions, s.URL+"/api/v4/users/login", nil, "Origin", "https://app.example.com", "Access-Control-Request-Method", "POST")
	require.NoError(t, err)
	for _, name := range []string{"Access-Control-Allow-Headers", "Access-Control-Expose-Headers"} {
		names := strings.Split(got.header.Get(name), ", ")
		if slices.Sort(names); len(slices.Compact(slices.Clone(names))) != len(names) || !slices.Contains(names, "X-Device-Token") {
			t.Errorf("%s: %q", name, names)
		}
	}
}
