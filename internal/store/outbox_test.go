package store_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"muster"
	"muster/internal/store"
	"muster/internal/store/storetest"
)

const nobodysClaim = time.Nanosecond // which is over at once

func post(t *testing.T, s *store.Store, n int) {
	t.Helper()
	var mails []*store.Mail
	for i := range n {
		mails = append(mails, &store.Mail{ID: muster.NewID(), To: fmt.Sprint("u", i, "@example.com"), Content: "sealed", CreateAt: someTime, GiveUpAt: 1 << 62})
	}
	must(t, enqueue(s, mails...))
}

func enqueue(s *store.Store, mails ...*store.Mail) error {
	ctx := context.Background()
	return s.Write(ctx, func(tx *store.Tx) error { return tx.Enqueue(ctx, mails...) })
}

func claim(t *testing.T, s *store.Store, within time.Duration) *store.Mail {
	t.Helper()
	m, err := claimMail(s, within)
	must(t, err)
	return m
}

func claimMail(s *store.Store, within time.Duration) (m *store.Mail, err error) {
	ctx := context.Background()
	return m, s.Write(ctx, func(tx *store.Tx) error {
		m, err = tx.ClaimMail(ctx, within)
		return err
	})
}

func nothingDue(t *testing.T, s *store.Store) {
	t.Helper()
	if m, err := claimMail(s, time.Hour); !errors.Is(err, store.ErrNotFound) {
		t.Fatalf("%+v, %v is due", m, err)
	}
	if due, err := s.MailDue(context.Background()); due || err != nil {
		t.Fatalf("a mail is due: %v (%v)", due, err)
	}
}

func TestAMailIsClaimedByOne(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		const mails, claimers = 40, 8
		post(t, s, mails)
		var mu sync.Mutex
		claimed := map[string]int{}
		each(claimers, func(int) {
			for misses := 0; misses < 20; {
				m, err := claimMail(s, time.Hour)
				if errors.Is(err, store.ErrNotFound) { // perhaps only because the others hold the rest this moment
					misses++
					time.Sleep(time.Millisecond)
					continue
				}
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				claimed[m.ID]++
				mu.Unlock()
			}
		})
		if len(claimed) != mails {
			t.Errorf("%d of %d were claimed", len(claimed), mails)
		}
		for id, n := range claimed {
			if n != 1 {
				t.Errorf("%s was claimed %d times", id, n)
			}
		}
	})
}

func requestLink(s *store.Store, r *store.LinkRequest) error {
	ctx := context.Background()
	return s.Write(ctx, func(tx *store.Tx) error { return tx.InsertLinkRequest(ctx, r) })
}

func takeLinkRequests(s *store.Store, limit int) (taken []*store.LinkRequest, err error) {
	ctx := context.Background()
	return taken, s.Write(ctx, func(tx *store.Tx) error {
		taken, err = tx.TakeLinkRequests(ctx, limit)
		return err
	})
}

func TestLinkRequestsAreBounded(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ask := func(i int, from string) error {
			return requestLink(s, &store.LinkRequest{
				Purpose: muster.TokenVerifyEmail, Email: fmt.Sprintf("u%d@example.com", i), Audit: &muster.Audit{IPAddress: from},
			})
		}
		for i := range store.LinkRequestsAsker {
			must(t, ask(i, "192.0.2.1"))
		}
		if err := ask(store.LinkRequestsAsker, "192.0.2.1"); !muster.IsKind(err, muster.Unavailable) {
			t.Fatal(err)
		}
		must(t, ask(store.LinkRequestsAsker, "192.0.2.2"))
		for left := store.LinkRequestsAsker + 1; left > 0; {
			taken, err := takeLinkRequests(s, 100)
			must(t, err)
			if len(taken) == 0 {
				t.Fatalf("%d are left", left)
			}
			left -= len(taken)
		}
		must(t, ask(0, "192.0.2.1"))
	})
}

func TestAClaimEndsOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		post(t, s, 1)
		late := claim(t, s, nobodysClaim)
		time.Sleep(2 * time.Millisecond)
		m := claim(t, s, time.Hour) // as another node does when the claimer did not come back
		if m.ID != late.ID || m.Attempts != 2 {
			t.Fatalf("%+v after %+v", m, late)
		}
		for what, end := range map[string]func(tx *store.Tx) error{
			"delete":  func(tx *store.Tx) error { return tx.DeleteMail(ctx, late) },
			"delayed": func(tx *store.Tx) error { return tx.DelayMail(ctx, late, 0, 0, "") },
			"fail":    func(tx *store.Tx) error { return tx.FailMail(ctx, late, "") },
			"extend":  func(tx *store.Tx) error { return tx.ExtendClaim(ctx, late, time.Hour) },
		} {
			if err := s.Write(ctx, end); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("%s, without the claim: %v", what, err)
			}
		}
		extend := func(within time.Duration) error {
			return s.Write(ctx, func(tx *store.Tx) error { return tx.ExtendClaim(ctx, m, within) })
		}
		delay := func(by time.Duration) error {
			return s.Write(ctx, func(tx *store.Tx) error { return tx.DelayMail(ctx, m, by, m.Attempts, "busy") })
		}
		nothingDue(t, s)
		must(t, extend(nobodysClaim))
		must(t, extend(time.Hour)) // it is still its claimer's
		nothingDue(t, s)
		must(t, delay(0))
		m = claim(t, s, time.Hour)
		must(t, delay(time.Hour))
		nothingDue(t, s)
	})
}

func TestWhatBecomesOfMails(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		post(t, s, 2)
		m := claim(t, s, time.Hour)
		if m.TooOld {
			t.Error("a mail is given up before its time")
		}
		deleteMail := func(m *store.Mail) {
			t.Helper()
			must(t, s.Write(ctx, func(tx *store.Tx) error { return tx.DeleteMail(ctx, m) }))
		}
		deleteMail(m)
		must(t, enqueue(s, &store.Mail{ID: muster.NewID(), To: "old@example.com", Content: "sealed", GiveUpAt: someTime}))
		m = claim(t, s, time.Hour)
		must(t, s.Write(ctx, func(tx *store.Tx) error { return tx.FailMail(ctx, m, strings.Repeat("no such mailbox \u00e9", 100)) }))
		m = claim(t, s, time.Hour)
		if !m.TooOld {
			t.Error("a mail is sent that is too old")
		}
		deleteMail(m)
		nothingDue(t, s)
		stats := func(want store.MailStats) {
			t.Helper()
			if got, err := s.MailStats(ctx); err != nil || got != want {
				t.Fatalf("%+v, %v", got, err)
			}
		}
		stats(store.MailStats{Failed: 1})
		for _, sweep := range []struct {
			before int64
			want   store.MailStats
		}{{someTime, store.MailStats{Failed: 1}}, {1 << 62, store.MailStats{}}} {
			must(t, s.Write(ctx, func(tx *store.Tx) error { return tx.DeleteFailedMails(ctx, sweep.before) }))
			stats(sweep.want)
		}
	})
}

// A process that holds its database alone takes its claims back at once after a crash; several nodes wait for each other's claims to end.
func TestClaimsOfAProcessThatIsGone(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		post(t, s, 1)
		claim(t, s, time.Hour)
		ctx := context.Background()
		must(t, s.Write(ctx, func(tx *store.Tx) error { return tx.ReleaseMails(ctx) }))
		if !strings.HasSuffix(t.Name(), "sqlite") {
			nothingDue(t, s)
			return
		}
		claim(t, s, time.Hour)
	})
}

func TestALinkRequestIsTakenOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		for _, email := range []string{"b@example.com", "b@example.com", "b@example.com", "a@example.com"} { // three are one
			must(t, requestLink(s, &store.LinkRequest{Purpose: muster.TokenVerifyEmail, Email: email, Audit: &muster.Audit{Action: "asked"}}))
		}
		if requested, err := s.LinkRequested(ctx); !requested || err != nil {
			t.Fatal(requested, err)
		}
		var mu sync.Mutex
		var taken []string
		each(8, func(int) {
			for range 4 {
				requests, err := takeLinkRequests(s, 100)
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				for _, r := range requests {
					taken = append(taken, r.Email)
					if r.Purpose != muster.TokenVerifyEmail || r.Audit.Action != "asked" {
						t.Errorf("%+v", r)
					}
				}
				mu.Unlock()
			}
		})
		slices.Sort(taken) // on PostgreSQL two may have shared them
		if strings.Join(taken, " ") != "a@example.com b@example.com" {
			t.Errorf("%v were taken", taken)
		}
		if requested, err := s.LinkRequested(ctx); requested || err != nil {
			t.Error(requested, err)
		}
	})
}
