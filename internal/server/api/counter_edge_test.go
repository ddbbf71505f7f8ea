package api_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"muster/internal/require"
	"muster/internal/store/storetest"
	"muster/internal/testserver"
)

// Links are counted by the account, by what they are for, and for an hour; what is older counts no more.
func TestTheLimitOfLinksIsOfOnePurposeAndEndsAfterAnHour(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		_, ann := s.User(t, "ann")
		_, bob := s.User(t, "bob")
		reset := func() { require.NoError(t, s.Client().SendPasswordReset(ctx, ann.Email)) }
		for n := 1; n <= 3; n++ {
			reset()
			s.MailedToken(t, ann.Email, n)
		}
		require.NoError(t, s.Client().SendVerification(ctx, ann.Email)) // for something else
		s.MailedToken(t, ann.Email, 4)
		earlier := func(d time.Duration) {
			storetest.ExecUnseen(t, s.Store, fmt.Sprintf("UPDATE mail_tokens SET create_at = create_at - %d WHERE user_id = '%s'", d.Milliseconds(), ann.ID))
		}
		earlier(55 * time.Minute)
		reset()
		require.NoError(t, s.Client().SendPasswordReset(ctx, bob.Email))
		s.MailedToken(t, bob.Email, 1) // answered after what was asked for before
		if n := len(s.Mails(t, ann.Email, 0)); n != 4 {
			t.Fatalf("within the hour there are %d mails", n)
		}
		earlier(6 * time.Minute)
		reset()
		s.MailedToken(t, ann.Email, 5)
	})
}

// A token's last use is the latest, whichever node writes its own down last.
func TestALateReportOfActivityTakesNothingBack(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		s.Configure(t, `{"ServiceSettings":{"EnableUserAccessTokens":true}}`)
		ann, me := holder(t, s, "ann")
		token, program := issue(t, s, ann, me.ID)
		works(t, program)
		ahead, behind := otherNode(t, s, 2*time.Hour), otherNode(t, s, time.Hour)
		for _, n := range []*node{ahead, behind} {
			works(t, bearer(n.Server, program.Token()))
			works(t, bearer(n.Server, ann.Token()))
			require.NoError(t, n.Services.Auth.WriteActivity(ctx, true))
			stored, err := s.Store.AccessToken(ctx, token.ID)
			require.NoError(t, err)
			if stored.LastUsedAt != ahead.unixMilli.Load() {
				t.Errorf("the token was used at %d, want %d", stored.LastUsedAt, ahead.unixMilli.Load())
			}
			list, err := s.Store.Sessions(ctx, me.ID)
			require.NoError(t, err)
			for _, session := range list {
				if session.LastActivityAt != ahead.unixMilli.Load() {
					t.Errorf("a session was used at %d, want %d", session.LastActivityAt, ahead.unixMilli.Load())
				}
			}
		}
	})
}

// A session that nobody uses ends after its time. What keeps one in use counts for it alone, and devices and programs are not asked.
func TestASessionThatNobodyUsesEnds(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		s.Configure(t, `{"ServiceSettings":{"EnableUserAccessTokens":true,"ExtendSessionLengthWithActivity":false,"SessionIdleTimeoutInMinutes":60}}`)
		n := otherNode(t, s, 0)
		ann, me := holder(t, n.Server, "ann")
		idle, _ := n.SignIn(t, "ann")
		phone, _ := n.SignIn(t, "ann")
		require.NoError(t, phone.AttachDevice(ctx, "apple:x"))
		_, program := issue(t, n.Server, ann, me.ID)
		works(t, program)
		n.pass(40 * time.Minute)
		works(t, ann)
		n.pass(20 * time.Minute)
		works(t, ann)
		works(t, idle) // to the minute
		n.pass(time.Hour + time.Millisecond)
		for _, c := range []interface{ Token() string }{ann, idle} {
			stopped(t, bearer(n.Server, c.Token()))
		}
		works(t, phone)
		works(t, program)
	})
}

// Without the other setting a session in use is not cut off, and with none of them none is.
func TestWhereSessionsDoNotEndUnused(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		for _, settings := range []string{
			`{"ServiceSettings":{"ExtendSessionLengthWithActivity":true,"SessionIdleTimeoutInMinutes":60}}`,
			`{"ServiceSettings":{"ExtendSessionLengthWithActivity":false,"SessionIdleTimeoutInMinutes":0}}`,
		} {
			s.Configure(t, settings)
			n := otherNode(t, s, 0)
			c, _ := n.Admin(t)
			n.pass(3 * time.Hour)
			works(t, c)
		}
	})
}

// What a browser is told when it signs out takes the cookies away that signing in set, by the same attributes.
func TestSigningOutClearsTheCookie(t *testing.T) {
	s := testserver.New(t)
	s.User(t, "ann")
	xhr := map[string]string{"X-Requested-With": "XMLHttpRequest"}
	in := rawRequest(t, s, http.MethodPost, "/users/login", `{"login_id":"ann","password":"`+testserver.Password+`"}`, xhr)
	xhr["Cookie"] = "MMAUTHTOKEN=" + in.Header.Get("Token")
	out := rawRequest(t, s, http.MethodPost, "/users/logout", "", xhr)
	cookies := out.Cookies()
	if out.StatusCode != http.StatusOK || len(cookies) != 1 {
		t.Fatal(out.StatusCode, cookies)
	}
	if ck := cookies[0]; ck.Name != "MMAUTHTOKEN" || ck.Value != "" || ck.MaxAge >= 0 || !ck.HttpOnly || ck.Path != "/" {
		t.Errorf("%+v", ck)
	}
}

// A code is used up for the account whose it is.
func TestACodeOfOneAccountUsesUpNobodyElses(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		n := mfaServer(t, s)
		ann, _ := n.User(t, "ann")
		bob, _ := n.User(t, "bob")
		annsApp, _ := enrol(t, n, ann)
		bobsApp, _ := enrol(t, n, bob)
		require.NoError(t, signInBy(t, n.Server, "ann", annsApp.code(0)))
		require.NoError(t, signInBy(t, n.Server, "bob", bobsApp.code(0)))
		refused(t, signInBy(t, n.Server, "bob", bobsApp.code(0)), 401, badCode)
	})
}

// A database that can't be read closes the server to nobody: it is at fault itself.
func TestAFailedLookUpClosesNoServer(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		s.Admin(t)
		storetest.ExecUnseen(t, s.Store, "ALTER TABLE system RENAME TO system_away")
		may, err := s.Services.Accounts.CanSignUp(t.Context())
		storetest.ExecUnseen(t, s.Store, "ALTER TABLE system_away RENAME TO system")
		if may || err == nil {
			t.Errorf("%v (%v)", may, err)
		}
		if may, err := s.Services.Accounts.CanSignUp(t.Context()); may || err != nil {
			t.Errorf("%v (%v)", may, err)
		}
	})
}
