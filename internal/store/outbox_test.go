package store_test

import (
	"context"
	"errors"
	"fmt"
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
	m, err := s.ClaimMail(context.Background(), within)
	must(t, err)
	return m
}

func nothingDue(t *testing.T, s *store.Store) {
	t.Helper()
	if m, err := s.ClaimMail(context.Background(), time.Hour); !errors.Is(err, store.ErrNotFound) {
		t.Fatalf("%+v, %v is due", m, err)
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
				m, err := s.ClaimMail(context.Background(), time.Hour)
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

// What a claimer that is stopped in the middle gets is not claimed, and must not look as if it were.
func TestAClaimThatFailsGivesNoMail(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		post(t, s, 1)
		for i := range 300 {
			ctx, cancel := context.WithTimeout(context.Background(), time.Duration(i)*10*time.Microsecond)
			m, err := s.ClaimMail(ctx, nobodysClaim)
			cancel()
			if err != nil && m != nil {
				t.Fatalf("%+v with %v", m, err)
			}
		}
	})
}

func TestLinkRequestsAreBounded(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ask := func(i int, from string) error {
			return s.RequestLink(context.Background(), &store.LinkRequest{
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
			n, err := s.AnswerLinkRequests(context.Background(), nil) // nobody's addresses: nothing is written
			must(t, err)
			if n == 0 {
				t.Fatalf("%d are left", left)
			}
			left -= n
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
		for what, end := range map[string]error{"sent": s.MailSent(ctx, late), "delayed": s.DelayMail(ctx, late, 0, 0, ""), "set aside": s.SetMailAside(ctx, late, ""),
			"extended": s.ExtendClaim(ctx, late, time.Hour)} {
			if !errors.Is(end, store.ErrNotFound) {
				t.Errorf("%s by who has no claim any more: %v", what, end)
			}
		}
		nothingDue(t, s)
		must(t, s.ExtendClaim(ctx, m, nobodysClaim))
		must(t, s.ExtendClaim(ctx, m, time.Hour)) // it is still its claimer's
		nothingDue(t, s)
		must(t, s.DelayMail(ctx, m, 0, m.Attempts, "busy"))
		m = claim(t, s, time.Hour)
		must(t, s.DelayMail(ctx, m, time.Hour, m.Attempts, "busy"))
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
		must(t, s.MailSent(ctx, m))
		must(t, enqueue(s, &store.Mail{ID: muster.NewID(), To: "old@example.com", Content: "sealed", GiveUpAt: someTime}))
		must(t, s.SetMailAside(ctx, claim(t, s, time.Hour), strings.Repeat("no such mailbox \u00e9", 100)))
		m = claim(t, s, time.Hour)
		if !m.TooOld {
			t.Error("a mail is sent that is too old")
		}
		must(t, s.MailSent(ctx, m))
		nothingDue(t, s)
		stats := func(want store.MailStats) {
			t.Helper()
			if got, err := s.MailStats(ctx); err != nil || got != want {
				t.Fatalf("%+v, %v", got, err)
			}
		}
		stats(store.MailStats{SetAside: 1})
		must(t, s.SweepMails(ctx, someTime))
		stats(store.MailStats{SetAside: 1})
		must(t, s.SweepMails(ctx, 1<<62))
		stats(store.MailStats{})
	})
}

// A process that holds its database alone takes its claims back at once after a crash; several nodes wait for each other's claims to end.
func TestClaimsOfAProcessThatIsGone(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		post(t, s, 1)
		claim(t, s, time.Hour)
		must(t, s.ReleaseMails(context.Background()))
		if !strings.HasSuffix(t.Name(), "sqlite") {
			nothingDue(t, s)
			return
		}
		claim(t, s, time.Hour)
	})
}

func TestALinkRequestIsAnsweredOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		u := create(t, s, newUser("ann"))
		ask := func(email string) {
			t.Helper()
			must(t, s.RequestLink(ctx, &store.LinkRequest{Purpose: muster.TokenVerifyEmail, Email: email, Audit: &muster.Audit{ID: muster.NewID(), CreateAt: someTime, Action: "asked"}}))
		}
		for range 3 { // which are one
			ask(u.Email)
		}
		ask("nobody@example.com")
		var mu sync.Mutex
		answered := 0
		each(8, func(int) {
			for range 4 {
				n, err := s.AnswerLinkRequests(ctx, func(r *store.LinkRequest, to *muster.User) *store.Mail {
					mu.Lock()
					defer mu.Unlock()
					if to.ID != u.ID || r.Audit.Action != "asked" {
						t.Errorf("%+v for %+v", r, to)
					}
					return &store.Mail{ID: muster.NewID(), To: to.Email, Content: "sealed"}
				})
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				answered += n
				mu.Unlock()
			}
		})
		stats, err := s.MailStats(ctx)
		must(t, err)
		if answered != 2 || stats.Waiting != 1 {
			t.Fatalf("%d requests answered, %d mails", answered, stats.Waiting)
		}
		if audits, err := s.Audits(ctx, u.ID, 0, 10); err != nil || len(audits) != 1 {
			t.Fatal(audits, err)
		}
	})
}
