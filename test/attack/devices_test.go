package attack_test

import (
	"strings"
	"testing"
	"time"

	"muster"
	"muster/internal/auth"
	"muster/internal/core"
	"muster/internal/require"
	"muster/internal/testserver"
)

func TestADeviceTokenIsGoodForItsAccountAloneAndForATime(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		admin, _ := s.Admin(t)
		_, ann := s.User(t, "ann")
		s.User(t, "bob")
		at := newClock()
		n := s.Node(t, at.now)
		c := clientFrom("127.0.9.1")
		anns := signsIn(t, login(t, n, c, "ann", testserver.Password)).header.Get("X-Device-Token")
		bobs := signsIn(t, login(t, n, c, "bob", testserver.Password)).header.Get("X-Device-Token")
		if anns == "" || anns == bobs {
			t.Fatal(anns, bobs)
		}
		exhaust(t, n, c, "ann")
		parts := strings.Split(anns, ".")
		parts[1] = muster.NewID()
		for what, token := range map[string]string{
			"another account's": bobs, "forged": strings.Join(parts, "."), "cut": anns[:len(anns)-1], "none": "x", "dots": "...", "long": strings.Repeat(anns, 9),
		} {
			if got := login(t, n, c, "ann", testserver.Password, "X-Device-Token", token); got.errorID() != tooMany {
				t.Errorf("%s: %d %s", what, got.status, got.body)
			}
		}
		again := signsIn(t, login(t, n, c, "ann", testserver.Password, "X-Device-Token", anns)).header.Get("X-Device-Token")
		if device := strings.Split(again, ".")[1]; device != strings.Split(anns, ".")[1] {
			t.Errorf("the device became %s", device)
		}

		at.forward(180 * 24 * time.Hour) // ends it
		exhaust(t, n, c, "ann")
		refusedAs(t, login(t, n, c, "ann", testserver.Password, "X-Device-Token", again), 401, tooMany)

		at.forward(-180*24*time.Hour + time.Minute)
		require.NoError(t, admin.UpdateUserPassword(ctx, ann.ID, "", "An0ther!long-password")) // so does a new password
		exhaust(t, s, c, "ann")
		refusedAs(t, login(t, s, c, "ann", "An0ther!long-password", "X-Device-Token", anns), 401, tooMany)
	})
}

func TestAStolenDeviceTokenBringsFewGuesses(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		s.User(t, "ann")
		c := clientFrom("127.0.9.1")
		device := signsIn(t, login(t, s, c, "ann", testserver.Password)).header.Get("X-Device-Token")
		got := parallel(60, func(int) string { return tryLogin(t, s, c, "ann", "wrong", "X-Device-Token", device) })
		if got[wrongCredentials] != 20 || got[tooMany] != 40 { // the device's ten, and ten as any stranger has
			t.Fatal(got)
		}
		refusedAs(t, login(t, s, c, "ann", testserver.Password, "X-Device-Token", device), 401, tooMany)
	})
}

func TestASessionTokenShowsAKnownDevice(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ann, _ := s.User(t, "ann")
		bob, _ := s.User(t, "bob")
		c := clientFrom("127.0.9.1")
		exhaust(t, s, c, "ann")
		refusedAs(t, login(t, s, c, "ann", testserver.Password, "Authorization", "Bearer "+bob.Token()), 401, tooMany)
		signsIn(t, login(t, s, c, "ann", testserver.Password, "Authorization", "Bearer "+ann.Token()))
	})
}

func TestABrowserIsKnownAfterSignIn(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		s.User(t, "ann")
		who := &core.Caller{IP: "127.0.9.1", Path: "/login"}
		in, err := s.Services.Auth.BeginLogin(t.Context(), who, auth.LoginRequest{LoginID: "ann", Password: testserver.Password}, "")
		require.NoError(t, err)
		c := clientFrom("127.0.9.2")
		exhaust(t, s, c, "ann")
		refusedAs(t, login(t, s, c, "ann", testserver.Password), 401, tooMany)
		signsIn(t, login(t, s, c, "ann", testserver.Password, "Cookie", "MUSTERDEVICE="+in.Session.DeviceToken))
	})
}
