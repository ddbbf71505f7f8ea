package store_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"muster"
	"muster/internal/store"
	"muster/internal/store/storetest"
)

func mailToken(u *muster.User, purpose string) *muster.MailToken {
	return &muster.MailToken{Purpose: purpose, UserID: u.ID, Email: u.Email, CreateAt: someTime, ExpiresAt: 1 << 62}
}

func saveLink(s *store.Store, m *muster.MailToken, hash []byte) error {
	ctx := context.Background()
	return s.Write(ctx, func(tx *store.Tx) error { return tx.InsertLink(ctx, &store.Link{Token: m, Hash: hash}) })
}

func isLink(t *testing.T, s *store.Store, hash string) bool {
	t.Helper()
	_, err := s.MailToken(context.Background(), []byte(hash))
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		t.Fatal(err)
	}
	return err == nil
}

// Several links of a purpose are good until one is used: asking for another must not spoil the one that somebody is about to open.
func TestUsingALinkVoidsItsSiblings(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		u, other := create(t, s, newUser("ann")), create(t, s, newUser("bob"))
		for hash, m := range map[string]*muster.MailToken{
			"first": mailToken(u, muster.TokenVerifyEmail), "second": mailToken(u, muster.TokenVerifyEmail),
			"another purpose": mailToken(u, muster.TokenPasswordRecovery), "another account": mailToken(other, muster.TokenVerifyEmail),
		} {
			must(t, saveLink(s, m, []byte(hash)))
		}
		use := func() error {
			return s.Write(ctx, func(tx *store.Tx) error { return tx.UseLink(ctx, []byte("first")) })
		}
		var won atomic.Int32
		each(8, func(int) {
			if err := use(); err == nil {
				won.Add(1)
			} else if !errors.Is(err, store.ErrNotFound) {
				t.Error(err)
			}
		})
		if won.Load() != 1 {
			t.Fatalf("the link was used %d times", won.Load())
		}
		for hash, want := range map[string]bool{"first": false, "second": false, "another purpose": true, "another account": true} {
			if isLink(t, s, hash) != want {
				t.Errorf("%s is good: %v", hash, !want)
			}
		}
	})
}

func useOnce(s *store.Store, secret string) (first bool, err error) {
	ctx := context.Background()
	err = s.Write(ctx, func(tx *store.Tx) error {
		first, err = tx.UseOnce(ctx, muster.TokenCWS, []byte(secret))
		return err
	})
	return first, err
}

func TestASecretIsGoodOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		firsts := make([]bool, 16)
		each(len(firsts), func(i int) {
			var err error
			if firsts[i], err = useOnce(s, "secret"); err != nil {
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
		must(t, saveLink(s, mailToken(u, muster.TokenVerifyEmail), []byte("x")))
		must(t, deleteAll(ctx, s))
		if first, err := useOnce(s, "secret"); err != nil || first {
			t.Fatal(first, err)
		}
	})
}
