package attack_test

import (
	"bytes"
	"context"
	"fmt"
	"runtime/debug"
	"sync/atomic"
	"testing"
	"time"

	"muster/internal/auth"
	"muster/internal/core"
	"muster/internal/require"
	"muster/internal/testserver"
)

// failIn makes a node whose clock does something, once, when the named function of internal/auth asks it for the time.
func failIn(t *testing.T, s *testserver.Server, function string, do func()) *testserver.Server {
	var done atomic.Bool
	return s.Node(t, func() time.Time {
		if bytes.Contains(debug.Stack(), []byte("(*Auth)."+function+"(")) && done.CompareAndSwap(false, true) {
			do()
		}
		return time.Now()
	})
}

// A fault of ours in the middle of a sign-in costs that one alone: its attempt is given back, and nobody waits for it.
func TestAPanicAmidASignInGivesItsAttemptBack(t *testing.T) {
	for _, function := range []string{"startSession", "attemptFailed"} {
		t.Run(function, func(t *testing.T) {
			testserver.Each(t, func(t *testing.T, s *testserver.Server) {
				s.User(t, "ann")
				s.Configure(t, `{"ServiceSettings":{"MaximumLoginAttempts":1}}`)
				n := failIn(t, s, function, func() { panic("a fault") })
				password, want := testserver.Password, ""
				if function == "attemptFailed" {
					password, want = "wrong", tooMany // it was looked at: it stays counted, but nobody waits for it
				}
				func() {
					defer func() {
						if recover() == nil {
							t.Error("the panic did not go on")
						}
					}()
					_, _, _ = n.Services.Auth.Login(t.Context(), &core.Caller{IP: "127.0.9.1"}, auth.LoginRequest{LoginID: "ann", Password: password})
				}()
				if id := tryLogin(t, n, clientFrom("127.0.9.1"), "ann", testserver.Password); id != want {
					t.Fatalf("%q after the panic, want %q", id, want)
				}
			})
		})
	}
}

// A client that leaves while its attempt is counted leaves nothing behind.
func TestAClientThatLeavesAmidASignInLeavesNoAttempt(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		s.User(t, "ann")
		s.Configure(t, `{"ServiceSettings":{"MaximumLoginAttempts":1}}`)
		ctx, leave := context.WithCancel(t.Context())
		n := failIn(t, s, "count", leave)
		who := &core.Caller{IP: "127.0.9.1"}
		if _, _, err := n.Services.Auth.Login(ctx, who, auth.LoginRequest{LoginID: "ann", Password: testserver.Password}); err == nil {
			t.Fatal("signed in without a client")
		}
		if id := tryLogin(t, n, clientFrom("127.0.9.1"), "ann", testserver.Password); id != "" {
			t.Fatal(id)
		}
	})
}

func TestRightSignInsAtOnceFromManyNetworksAllSucceed(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		_, service := s.User(t, "service")
		s.Configure(t, `{"ServiceSettings":{"MaximumLoginAttempts":1}}`)
		got := parallel(40, func(i int) string {
			return tryLogin(t, s, clientFrom(fmt.Sprintf("127.8.0.%d", i+1)), "service", testserver.Password)
		})
		if got[""] != 40 {
			t.Fatal(got)
		}
		u, err := s.Store.User(t.Context(), service.ID)
		require.NoError(t, err)
		if stats := s.Services.Auth.AttackStats(); u.FailedAttempts != 0 || stats.LoginFailures != 0 {
			t.Errorf("%d failed attempts, %+v", u.FailedAttempts, stats)
		}
	})
}
