package attack_test

import (
	"fmt"
	"strings"
	"testing"

	"muster/internal/require"
	"muster/internal/testserver"
)

func TestAnAttackIsSeenAndFillsNothing(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		ctx := t.Context()
		admin, _ := s.Admin(t)
		_, ann := s.User(t, "ann")
		before := s.Services.Auth.AttackStats()
		for n := range 12 {
			c := clientFrom(fmt.Sprintf("127.7.0.%d", n+1))
			exhaust(t, s, c, "ann")
			refusedAs(t, login(t, s, c, "ann", "wrong"), 401, tooMany)
			c.CloseIdleConnections()
		}
		stats := s.Services.Auth.AttackStats()
		if got := stats.LoginFailures - before.LoginFailures; got != 120 {
			t.Errorf("%d failures", got)
		}
		if got := stats.Throttled - before.Throttled; got != 12 {
			t.Errorf("%d throttled", got)
		}
		if got := stats.Lockouts - before.Lockouts; got != 13 { // twelve networks, and the account
			t.Errorf("%d lockouts", got)
		}
		audits, err := s.Store.Audits(ctx, ann.ID, 0, 1000)
		require.NoError(t, err)
		failures, locks, more := 0, 0, 0
		for _, a := range audits {
			if strings.HasPrefix(a.ExtraInfo, "failure") {
				failures++
			}
			if strings.Contains(a.ExtraInfo, "the account is locked") {
				locks++
			}
			if strings.Contains(a.ExtraInfo, "left out") {
				more++
			}
		}
		if failures != 61 || locks != 1 || more != 1 {
			t.Errorf("%d lines of failures, %d of locks, %d that say that there are more", failures, locks, more)
		}
		require.NoError(t, admin.ResetFailedAttempts(ctx, ann.ID))
		for n := range 3 { // what unlocks an account has its owner told of the next attack, once
			exhaust(t, s, clientFrom(fmt.Sprintf("127.7.1.%d", n+1)), "ann")
		}
		mails := s.Mails(t, ann.Email, 2)
		if len(mails) != 2 || !strings.HasPrefix(mails[0].Subject, "Failed attempts to sign in to your account") || !strings.Contains(mails[0].Text, "127.7.0.1") {
			t.Errorf("%d mails: %s", len(mails), mails[0].Text)
		}
		own, err := admin.Audits(ctx, 0, 1)
		if err != nil || len(own) != 1 {
			t.Error(own, err)
		}
		audits, err = s.Store.Audits(ctx, "", 0, 1000)
		require.NoError(t, err)
		unlocked := 0
		for _, a := range audits {
			if strings.Contains(a.ExtraInfo, "user_id="+ann.ID+" unlocked") {
				unlocked++
			}
		}
		if unlocked != 1 {
			t.Errorf("%d lines of the unlocking", unlocked)
		}
	})
}

func TestNamesThatNobodyHasGetNoMailAndNoHistory(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		s.Admin(t)
		audits, err := s.Store.Audits(t.Context(), "", 0, 1000)
		require.NoError(t, err)
		before := len(audits)
		exhaust(t, s, clientFrom("127.0.9.1"), "nobody@example.com")
		exhaust(t, s, clientFrom("127.0.9.2"), strings.Repeat("long ", 2000))
		if audits, err = s.Store.Audits(t.Context(), "", 0, 1000); err != nil || len(audits) != before {
			t.Errorf("%d lines more (%v)", len(audits)-before, err)
		}
		if mails := s.Mails(t, "nobody@example.com", 0); len(mails) != 0 {
			t.Errorf("%d mails", len(mails))
		}
	})
}
