package attack_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"muster"
	"muster/client"
	"muster/internal/core"
	"muster/internal/require"
	"muster/internal/testserver"
)

const (
	wrongCredentials = "api.user.login.invalid_credentials_email_username"
	tooMany          = "api.user.check_user_login_attempts.too_many.app_error"
	serverBusy       = "api.context.server_busy.app_error"
)

// parallel runs n tasks at once and counts what they return.
func parallel(n int, task func(i int) string) map[string]int {
	var mu sync.Mutex
	counts := map[string]int{}
	var running sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		running.Go(func() {
			<-start
			got := task(i)
			mu.Lock()
			defer mu.Unlock()
			counts[got]++
		})
	}
	close(start)
	running.Wait()
	return counts
}

// tryLogin returns the id of the refusal, "" for a sign-in.
func tryLogin(t testing.TB, s *testserver.Server, c *http.Client, name, password string, headers ...string) string {
	a, err := send(t.Context(), c, http.MethodPost, s.URL+"/api/v4/users/login", map[string]string{"login_id": name, "password": password}, headers...)
	switch {
	case err != nil:
		return err.Error()
	case a.status == http.StatusOK:
		return ""
	}
	return a.errorID()
}

func refusedAs(t testing.TB, got *answer, status int, id string) {
	t.Helper()
	if got.status != status || got.errorID() != id {
		t.Fatalf("%d %s, want %d %s", got.status, got.body, status, id)
	}
}

func signsIn(t testing.TB, got *answer) *answer {
	t.Helper()
	if got.status != http.StatusOK {
		t.Fatalf("sign-in: %d %s", got.status, got.body)
	}
	return got
}

// exhaust makes the wrong tries that the settings allow.
func exhaust(t testing.TB, s *testserver.Server, c *http.Client, name string) {
	t.Helper()
	for range s.Services.Core.Config().ServiceSettings.MaximumLoginAttempts {
		refusedAs(t, login(t, s, c, name, "wrong"), 401, wrongCredentials)
	}
}

func TestGuessesAtOnceDoNotPassTheLimitTogether(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		_, ann := s.User(t, "ann")
		c := clientFrom("127.0.9.1")
		for _, name := range []string{"ann", "nobody"} {
			got := parallel(450, func(i int) string { return tryLogin(t, s, c, name, fmt.Sprint("guess ", i)) })
			if got[wrongCredentials] != 10 || got[wrongCredentials]+got[tooMany]+got[serverBusy] != 450 {
				t.Fatalf("%s: %v, want 10 that were looked at", name, got)
			}
		}
		refused := login(t, s, c, "ann", testserver.Password)
		refusedAs(t, refused, 401, tooMany)
		if refused.header.Get("Retry-After") == "" {
			t.Fatal("no Retry-After")
		}
		if u, err := s.Store.User(t.Context(), ann.ID); err != nil || u.FailedAttempts != 10 {
			t.Fatalf("%+v (%v)", u, err)
		}
	})
}

func TestManySignInsAtOnceWithTheRightPasswordAllSucceed(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		s.User(t, "ann")
		s.Configure(t, `{"ServiceSettings":{"MaximumLoginAttempts":3}}`)
		c := clientFrom("127.0.9.1")
		refusedAs(t, login(t, s, c, "ann", "wrong"), 401, wrongCredentials)
		if got := parallel(50, func(int) string { return tryLogin(t, s, c, "ann", testserver.Password) }); got[""] != 50 {
			t.Fatal(got)
		}
		exhaust(t, s, c, "ann") // nothing is left of them
		refusedAs(t, login(t, s, c, "ann", testserver.Password), 401, tooMany)
	})
}

func TestTwoThousandNetworksDoNotKeepTheOwnerOut(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		s.User(t, "ann")
		phone, home := clientFrom("127.0.9.1"), clientFrom("127.0.9.2")
		device := signsIn(t, login(t, s, phone, "ann", testserver.Password)).header.Get("X-Device-Token")
		signsIn(t, login(t, s, home, "ann", testserver.Password))

		var next atomic.Int32
		var attackers sync.WaitGroup
		over := make(chan struct{})
		for range 16 {
			attackers.Go(func() {
				for n := next.Add(1); n <= 2000; n = next.Add(1) {
					c := clientFrom(fmt.Sprintf("127.1.%d.%d", n/250, 1+n%250))
					if got := tryLogin(t, s, c, "ann", fmt.Sprint("guess ", n)); got != wrongCredentials {
						t.Errorf("guess %d: %q", n, got)
					}
					c.CloseIdleConnections()
				}
			})
		}
		go func() {
			attackers.Wait()
			close(over)
		}()
		signIns := 0
		for attacked := true; attacked; signIns++ {
			select {
			case <-over:
				attacked = false
			default:
			}
			signsIn(t, login(t, s, clientFrom(fmt.Sprintf("127.2.0.%d", 1+signIns%200)), "ann", testserver.Password, "X-Device-Token", device)) // wherever the phone is
			signsIn(t, login(t, s, home, "ann", testserver.Password))
		}
		if signIns < 3 {
			t.Fatalf("the owner signed in %d times only", signIns)
		}
		// From everywhere else the account is locked, which looks like a wrong password.
		refusedAs(t, login(t, s, clientFrom("127.3.0.1"), "ann", testserver.Password), 401, wrongCredentials)
	})
}

func TestTheOnlyAdministratorIsNotLockedOutByAStranger(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		admin, me := s.Admin(t)
		here := clientFrom("127.0.9.1")
		device := signsIn(t, login(t, s, here, "admin", testserver.Password)).header.Get("X-Device-Token")
		exhaust(t, s, here, "admin") // even from the same network
		refusedAs(t, login(t, s, here, "admin", testserver.Password), 401, tooMany)
		for n := range 120 {
			c := clientFrom(fmt.Sprintf("127.4.0.%d", n+1))
			refusedAs(t, login(t, s, c, "admin", "wrong"), 401, wrongCredentials)
			c.CloseIdleConnections()
		}
		signsIn(t, login(t, s, here, "admin", testserver.Password, "X-Device-Token", device))
		require.NoError(t, admin.UpdateUserPassword(ctx, me.ID, testserver.Password, "An0ther!long-password"))
		signsIn(t, login(t, s, clientFrom("127.5.0.1"), "admin", "An0ther!long-password"))
	})
}

func TestASessionGuessesAtThePasswordByItself(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		stolen, me := s.User(t, "ann")
		own, _ := s.SignIn(t, "ann")
		got := parallel(40, func(int) string {
			err := stolen.UpdateUserPassword(ctx, me.ID, "wrong", "An0ther!long-password")
			if client.HasID(err, tooMany) {
				return tooMany
			}
			return "looked at"
		})
		if got["looked at"] != 10 || got[tooMany] != 30 {
			t.Fatal(got)
		}
		if err := stolen.UpdateUserPassword(ctx, me.ID, testserver.Password, "An0ther!long-password"); !client.HasID(err, tooMany) {
			t.Fatal(err)
		}
		require.NoError(t, own.UpdateUserPassword(ctx, me.ID, testserver.Password, "An0ther!long-password"))
	})
}

func TestADelayGrowsAndHoldsAfterARestart(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		s.User(t, "ann")
		at := newClock()
		n := s.Node(t, at.now)
		c := clientFrom("127.0.9.1")
		exhaust(t, n, c, "ann")
		n = s.Node(t, at.now)
		for _, minutes := range []time.Duration{1, 2, 4, 8, 16, 32, 60, 60} {
			at.forward(minutes*time.Minute - time.Second)
			refusedAs(t, login(t, n, c, "ann", testserver.Password), 401, tooMany)
			at.forward(time.Second)
			refusedAs(t, login(t, n, c, "ann", "wrong"), 401, wrongCredentials)
			refusedAs(t, login(t, n, c, "ann", testserver.Password), 401, tooMany)
		}
		at.forward(time.Hour)
		signsIn(t, login(t, n, c, "ann", testserver.Password))
	})
}

// lockEverywhere has many networks guess until the account is locked for all that it does not know.
func lockEverywhere(t testing.TB, s *testserver.Server, name string) {
	t.Helper()
	for n := range 35 {
		c := clientFrom(fmt.Sprintf("127.6.0.%d", n+1))
		refusedAs(t, login(t, s, c, name, "wrong"), 401, wrongCredentials)
		c.CloseIdleConnections()
	}
}

func TestWhatUnlocksAnAccount(t *testing.T) {
	const another = "An0ther!long-password"
	for _, way := range []struct {
		name, password string
		unlock         func(t *testing.T, s *testserver.Server, u *muster.User)
	}{
		{"an administrator", testserver.Password, func(t *testing.T, s *testserver.Server, u *muster.User) {
			admin, _ := s.Admin(t)
			require.NoError(t, admin.ResetFailedAttempts(t.Context(), u.ID))
		}},
		{"the local socket", testserver.Password, func(t *testing.T, s *testserver.Server, u *muster.User) {
			local := &core.Caller{Session: &muster.Session{Local: true}}
			require.NoError(t, s.Services.Auth.ResetFailedAttempts(t.Context(), local, u.ID))
		}},
		{"a mailed link", testserver.Password, func(t *testing.T, s *testserver.Server, u *muster.User) {
			token := s.MailedToken(t, u.Email, 1)
			device, err := s.Services.Auth.Unlock(t.Context(), &core.Caller{IP: "127.0.9.9"}, token)
			if err != nil || device == "" {
				t.Fatal(device, err)
			}
			if _, err := s.Services.Auth.Unlock(t.Context(), &core.Caller{}, token); !muster.HasID(err, "api.user.unlock.invalid_link.app_error") {
				t.Fatal(err)
			}
		}},
		{"a password set by an administrator", another, func(t *testing.T, s *testserver.Server, u *muster.User) {
			admin, _ := s.Admin(t)
			require.NoError(t, admin.UpdateUserPassword(t.Context(), u.ID, "", another))
		}},
		{"a reset by mail", another, func(t *testing.T, s *testserver.Server, u *muster.User) {
			s.Mails(t, u.Email, 1)
			require.NoError(t, s.Client().SendPasswordReset(t.Context(), u.Email))
			require.NoError(t, s.Client().ResetPassword(t.Context(), s.MailedToken(t, u.Email, 2), another))
		}},
	} {
		t.Run(way.name, func(t *testing.T) {
			testserver.Each(t, func(t *testing.T, s *testserver.Server) {
				_, ann := s.User(t, "ann")
				s.Configure(t, `{"ServiceSettings":{"MaximumLoginAttempts":3}}`)
				here, there := clientFrom("127.0.9.1"), clientFrom("127.0.9.2")
				exhaust(t, s, here, "ann")
				lockEverywhere(t, s, "ann")
				refusedAs(t, login(t, s, here, "ann", testserver.Password), 401, tooMany)
				refusedAs(t, login(t, s, there, "ann", testserver.Password), 401, wrongCredentials)
				way.unlock(t, s, ann)
				signsIn(t, login(t, s, here, "ann", way.password))
				signsIn(t, login(t, s, there, "ann", way.password))
			})
		})
	}
}

func TestALockOfTheAccountEndsByTime(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		s.User(t, "ann")
		s.Configure(t, `{"ServiceSettings":{"MaximumLoginAttempts":3}}`)
		at := newClock()
		n := s.Node(t, at.now)
		lockEverywhere(t, n, "ann")
		c := clientFrom("127.0.9.1")
		refusedAs(t, login(t, n, c, "ann", testserver.Password), 401, wrongCredentials)
		at.forward(15 * time.Minute)
		signsIn(t, login(t, n, c, "ann", testserver.Password))
	})
}

func TestAnUnlockingPageAsksFirst(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		s.User(t, "ann")
		c := clientFrom("127.0.9.1")
		exhaust(t, s, c, "ann")
		token := s.MailedToken(t, "ann@example.com", 1)
		page, err := send(t.Context(), c, http.MethodGet, s.URL+"/unlock?token="+token, nil)
		require.NoError(t, err)
		if page.status != http.StatusOK {
			t.Fatalf("%d %s", page.status, page.body)
		}
		refusedAs(t, login(t, s, c, "ann", testserver.Password), 401, tooMany) // programs open links too
	})
}

func TestWhoMayUnlock(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		admin, me := s.Admin(t)
		ann, annUser := s.User(t, "ann")
		manager, managerUser := s.User(t, "manager")
		role, err := admin.RoleByName(ctx, "system_user_manager")
		require.NoError(t, err)
		granted := append(role.Permissions, string(muster.PermWriteUserManagementUsers))
		_, err = admin.PatchRole(ctx, role.ID, &muster.RolePatch{Permissions: &granted})
		require.NoError(t, err)
		require.NoError(t, admin.UpdateUserRoles(ctx, managerUser.ID, "system_user system_user_manager"))
		const forbidden = "api.user.reset_password_failed_attempts.permissions.app_error"
		if err := ann.ResetFailedAttempts(ctx, annUser.ID); !client.HasID(err, forbidden) {
			t.Error(err)
		}
		require.NoError(t, manager.ResetFailedAttempts(ctx, annUser.ID))
		if err := manager.ResetFailedAttempts(ctx, me.ID); !client.HasID(err, "api.context.permissions.app_error") {
			t.Error(err)
		}
		if err := admin.ResetFailedAttempts(ctx, muster.NewID()); !client.HasID(err, "app.user.missing_account.const") {
			t.Error(err)
		}
		name := "at the service"
		_, err = s.Services.Accounts.UpdateUserAuth(ctx, &core.Caller{Session: &muster.Session{Local: true}}, annUser.ID, muster.UserAuth{AuthData: &name, AuthService: "saml"})
		require.NoError(t, err)
		if err := admin.ResetFailedAttempts(ctx, annUser.ID); !client.HasID(err, "api.user.reset_password_failed_attempts.ldap_and_email_only.app_error") {
			t.Error(err)
		}
		var status struct{ Status string }
		got, err := send(ctx, http.DefaultClient, http.MethodPost, s.URL+"/api/v4/users/"+managerUser.ID+"/reset_failed_attempts", nil, "Authorization", "Bearer "+admin.Token())
		if err == nil {
			err = json.Unmarshal(got.body, &status)
		}
		if err != nil || status.Status != "OK" {
			t.Error(status, err)
		}
	})
}
