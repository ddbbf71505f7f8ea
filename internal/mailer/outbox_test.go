package mailer

import (
	"context"
	"sync"
	"testing"
	"time"

	"muster"
	"muster/internal/config"
	"muster/internal/core"
	"muster/internal/eventbus"
	"muster/internal/mail"
	"muster/internal/require"
	"muster/internal/secretbox"
	"muster/internal/store"
	"muster/internal/store/storetest"
)

// newMailer returns a Mailer that does not run.
func newMailer(t *testing.T, s *store.Store) *Mailer {
	t.Helper()
	settings, _, err := config.Load(config.Options{})
	require.NoError(t, err)
	box, err := secretbox.New([]byte("a secret that is long enough"))
	require.NoError(t, err)
	c := core.New(core.Options{Store: s, Config: settings, Bus: &eventbus.Bus{}, Now: time.Now})
	t.Cleanup(c.Close)
	return New(Options{Core: c, Store: s, Secrets: box, Now: time.Now})
}

// A claim that was not committed must not look as if it were.
func TestAClaimThatFailsReturnsNoMail(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		m := newMailer(t, s)
		require.NoError(t, s.Write(t.Context(), func(tx *store.Tx) error {
			return tx.Enqueue(t.Context(), m.encrypted("ann@example.com", mail.Content{}, 1<<62))
		}))
		for i := range 300 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i)*10*time.Microsecond)
			claimed, err := m.claimMail(ctx)
			cancel()
			if claimed == nil {
				continue
			}
			if err != nil {
				t.Fatalf("%+v with %v", claimed, err)
			}
			require.NoError(t, s.Write(t.Context(), func(tx *store.Tx) error { return tx.DelayMail(t.Context(), claimed, 0, 0, "") }))
		}
	})
}

func TestALinkRequestIsAnsweredOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		m := newMailer(t, s)
		u := &muster.User{ID: muster.NewID(), Username: "ann", Email: "ann@example.com", Roles: muster.RoleSystemUser}
		_, err := storetest.CreateUser(ctx, s, u)
		require.NoError(t, err)
		answerAll := func() (answered int) {
			var mu sync.Mutex
			var workers sync.WaitGroup
			for range 8 {
				workers.Go(func() {
					for range 4 {
						n, err := m.answerLinkRequests(ctx)
						if err != nil {
							t.Error(err)
						}
						mu.Lock()
						answered += n
						mu.Unlock()
					}
				})
			}
			workers.Wait()
			return answered
		}
		for round, want := range []int64{1, 2, 3, 3} { // the account gets no more within an hour
			for _, email := range []string{u.Email, "nobody@example.com", u.Email} {
				audit := &muster.Audit{ID: muster.NewID(), Action: "asked"}
				require.NoError(t, m.RequestLink(ctx, muster.TokenVerifyEmail, email, audit))
			}
			answered := answerAll()
			stats, err := s.MailStats(ctx)
			require.NoError(t, err)
			audits, err := s.Audits(ctx, u.ID, 0, 10)
			require.NoError(t, err)
			if answered != 2 || stats.Waiting != want || int64(len(audits)) != want {
				t.Fatalf("round %d: %d requests answered, %d mails, %d audits", round, answered, stats.Waiting, len(audits))
			}
		}
	})
}
