package store_test

import (
	"context"
	"errors"
	"testing"

	"muster"
	"muster/internal/store"
	"muster/internal/store/storetest"
)

func mailToken(u *muster.User, purpose string) *muster.MailToken {
	return &muster.MailToken{Purpose: purpose, UserID: u.ID, Email: u.Email, CreateAt: someTime, ExpiresAt: 1 << 62}
}

func TestAnAccountHasOneMailedLinkOfAPurpose(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		u, other := create(t, s, newUser("ann")), create(t, s, newUser("bob"))
		must(t, s.SaveMailToken(ctx, mailToken(u, muster.TokenVerifyEmail), []byte("another purpose")))
		must(t, s.SaveMailToken(ctx, mailToken(other, muster.TokenPasswordRecovery), []byte("another account")))
		const n = 16
		each(n, func(i int) {
			if err := s.SaveMailToken(ctx, mailToken(u, muster.TokenPasswordRecovery), []byte{byte(i)}); err != nil {
				t.Error(err)
			}
		})
		left := 0
		for i := range n {
			if _, err := s.MailToken(ctx, []byte{byte(i)}); err == nil {
				left++
			} else if !errors.Is(err, store.ErrNotFound) {
				t.Fatal(err)
			}
		}
		if left != 1 {
			t.Fatalf("%d links are good", left)
		}
		for _, name := range []string{"another purpose", "another account"} {
			if _, err := s.MailToken(ctx, []byte(name)); err != nil {
				t.Fatalf("of %s: %v", name, err)
			}
		}
		gone := newUser("gone")
		if err := s.SaveMailToken(ctx, mailToken(gone, muster.TokenVerifyEmail), []byte("x")); !errors.Is(err, store.ErrNotFound) {
			t.Fatalf("a link of an account that is gone: %v", err)
		}
	})
}

func TestASecretIsGoodOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		firsts := make([]bool, 16)
		each(len(firsts), func(i int) {
			var err error
			if firsts[i], err = s.UseOnce(ctx, muster.TokenCWS, []byte("secret")); err != nil {
				t.Error(err)
			}
		})
		n := 0
		for _, first := range firsts {
			if first {
				n++
			}
		}
		if n != 1 {
			t.Fatalf("%d were first", n)
		}
		// Neither mails nor the deletion of all accounts make it good again.
		u := create(t, s, newUser("ann"))
		must(t, s.SaveMailToken(ctx, mailToken(u, muster.TokenVerifyEmail), []byte("x")))
		must(t, s.DeleteAllUsers(ctx))
		if first, err := s.UseOnce(ctx, muster.TokenCWS, []byte("secret")); err != nil || first {
			t.Fatal(first, err)
		}
	})
}
