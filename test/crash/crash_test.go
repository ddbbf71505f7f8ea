// Package crash kills the server while it writes and looks for what it had acknowledged.
package crash

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os/exec"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"muster"
	"muster/client"
	"muster/internal/subprocess"
)

const (
	writes  = 2000
	writers = 8
	kills   = 20

	password = "a long enough secret"
)

// server is the server under test: always at one address, over one data directory.
type server struct {
	program, data, address string
	running                *subprocess.Process
}

func (s *server) start(t *testing.T) {
	t.Helper()
	p, err := subprocess.Start(context.WithoutCancel(t.Context()), subprocess.Options{
		Program: s.program, Args: []string{"serve", "--listen", s.address, "--data", s.data},
		Env: []string{"MUSTER_METRICSSETTINGS_LISTENADDRESS="}, Log: t.Output(),
	})
	if err != nil {
		t.Fatal(err)
	}
	s.running = p
}

// crash kills the server, checks the database that it left behind, starts it again and looks for what was acknowledged.
func (s *server) crash(t *testing.T, l *load) {
	t.Helper()
	if err := s.running.Kill(); err != nil {
		t.Fatal(err)
	}
	l.pause.Lock() // from here on no write is under way
	defer l.pause.Unlock()
	s.check(t)
	s.start(t)
	l.verify(t)
}

func (s *server) check(t *testing.T) {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), s.program, "check", "--data", s.data).CombinedOutput(); err != nil {
		t.Fatalf("integrity check: %v\n%s", err, out)
	}
}

func TestEveryAcknowledgedWriteOutlivesACrash(t *testing.T) {
	if testing.Short() {
		t.Skip("takes half a minute")
	}
	program, err := subprocess.Build(t.Context(), "muster/cmd/muster", t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	s := &server{program: program, data: t.TempDir(), address: "127.0.0.1:0"}
	s.start(t)
	t.Cleanup(func() { _ = s.running.Kill() }) // only does something when the test failed
	at, err := url.Parse(s.running.URL)
	if err != nil {
		t.Fatal(err)
	}
	s.address = at.Host

	admin := client.New(s.running.URL)
	if _, err := admin.CreateUser(t.Context(), account("admin")); err != nil {
		t.Fatal(err)
	}
	if _, err := admin.Login(t.Context(), "admin", password); err != nil {
		t.Fatal(err)
	}

	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	l := &load{url: s.running.URL, admin: admin, killAt: map[int64]bool{}, kill: make(chan struct{}, kills)}
	for len(l.killAt) < kills {
		l.killAt[1+random.Int64N(writes-1)] = true
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var running sync.WaitGroup
	for i := range writers {
		w := &writer{load: l, name: fmt.Sprintf("w%d", i), random: rand.New(rand.NewPCG(seed, uint64(i+1)))}
		l.writers = append(l.writers, w)
		running.Go(func() {
			if err := w.run(ctx); err != nil {
				t.Errorf("writer %s: %v", w.name, err)
				cancel()
			}
		})
	}
	for range kills {
		select {
		case <-l.kill:
		case <-ctx.Done():
			t.FailNow()
		}
		time.Sleep(time.Duration(random.Int64N(int64(3 * time.Millisecond)))) // to land anywhere within the writes under way
		s.crash(t, l)
	}
	running.Wait()
	s.crash(t, l)
	if err := s.running.Stop(); err != nil {
		t.Fatal(err)
	}
	s.check(t)
	accounts, sessions := l.sizes()
	t.Logf("%d writes acknowledged, %d cut off; %d accounts and %d sessions at the end", l.acknowledged.Load(), l.cutOff.Load(), accounts, sessions)
	if l.cutOff.Load() == 0 {
		t.Error("no write was under way at any kill: the test showed nothing")
	}
}

func account(name string) *muster.User {
	return &muster.User{Username: name, Email: name + "@example.com", Password: password}
}

// load is what all writers do together.
type load struct {
	url     string
	admin   *client.Client
	writers []*writer

	pause        sync.RWMutex // held by each write, and against all of them
	acknowledged atomic.Int64
	cutOff       atomic.Int64 // writes that were under way at a kill
	killAt       map[int64]bool
	kill         chan struct{}
}

// answered counts a write, and asks for a kill when it is one of those after which to.
func (l *load) answered() {
	if l.killAt[l.acknowledged.Add(1)] {
		l.kill <- struct{}{}
	}
}

// verify holds what the server has against what was acknowledged.
func (l *load) verify(t *testing.T) {
	t.Helper()
	var all sync.WaitGroup
	for _, w := range l.writers {
		all.Go(func() {
			for _, u := range w.users {
				u.verify(t, l)
			}
		})
	}
	all.Wait()
	if t.Failed() {
		t.FailNow()
	}
}

func (l *load) sizes() (accounts, sessions int) {
	for _, w := range l.writers {
		accounts += len(w.users)
		for _, u := range w.users {
			sessions += len(u.sessions)
		}
	}
	return accounts, sessions
}

// writer writes one thing after the other to accounts of its own.
type writer struct {
	*load
	name   string
	random *rand.Rand
	users  []*user
	made   int
}

// user is an account as it must be.
type user struct {
	id, username string
	nickname     string
	unsure       []string // nicknames given without an answer since
	sessions     []*session
}

type session struct {
	token  string
	ended  bool
	unsure bool // ending it was not answered
}

// run writes until there were enough writes.
func (w *writer) run(ctx context.Context) error {
	for w.acknowledged.Load() < writes && ctx.Err() == nil {
		w.pause.RLock()
		err := w.write(ctx)
		if err == nil {
			w.answered()
		}
		w.pause.RUnlock()
		if _, refused := errors.AsType[*client.Error](err); refused {
			return err
		}
		if err != nil && !errors.Is(err, syscall.ECONNREFUSED) {
			w.cutOff.Add(1)
		}
	}
	return nil
}

// write makes one write and notes what it changed, also when it does not know whether it did.
func (w *writer) write(ctx context.Context) error {
	kind := w.random.IntN(100)
	if len(w.users) == 0 || kind < 10 {
		return w.create(ctx)
	}
	u := w.users[w.random.IntN(len(w.users))]
	switch {
	case kind < 20:
		return w.signIn(ctx, u)
	case kind < 25:
		return w.signOut(ctx, u)
	}
	return w.patch(ctx, u)
}

func (w *writer) create(ctx context.Context) error {
	w.made++
	name := fmt.Sprintf("%s-%d", w.name, w.made)
	made, err := w.admin.CreateUser(ctx, account(name))
	if err != nil {
		return err
	}
	w.users = append(w.users, &user{id: made.ID, username: name})
	return nil
}

func (w *writer) patch(ctx context.Context, u *user) error {
	nickname := fmt.Sprintf("nick %d", w.random.Uint64())
	if _, err := w.admin.PatchUser(ctx, u.id, &muster.UserPatch{Nickname: &nickname}); err != nil {
		u.unsure = append(u.unsure, nickname)
		return err
	}
	u.nickname, u.unsure = nickname, nil
	return nil
}

func (w *writer) signIn(ctx context.Context, u *user) error {
	c := client.New(w.url)
	if _, err := c.Login(ctx, u.username, password); err != nil {
		return err
	}
	u.sessions = append(u.sessions, &session{token: c.Token()})
	return nil
}

// signOut ends the account's latest session; without one it signs in.
func (w *writer) signOut(ctx context.Context, u *user) error {
	if len(u.sessions) == 0 || u.sessions[len(u.sessions)-1].ended {
		return w.signIn(ctx, u)
	}
	s := u.sessions[len(u.sessions)-1]
	s.unsure = true
	if err := client.New(w.url, client.WithToken(s.token)).Logout(ctx); err != nil {
		return err
	}
	s.ended, s.unsure = true, false
	return nil
}

// verify holds the account against the server's, and learns how writes without an answer ended.
func (u *user) verify(t *testing.T, l *load) {
	t.Helper()
	got, err := l.admin.User(t.Context(), u.id)
	if err != nil {
		t.Errorf("%s: %v", u.username, err)
		return
	}
	if got.Nickname != u.nickname && !slices.Contains(u.unsure, got.Nickname) {
		t.Errorf("%s is called %q, want %q or one of %q", u.username, got.Nickname, u.nickname, u.unsure)
	}
	u.nickname, u.unsure = got.Nickname, nil
	for _, s := range u.sessions {
		ended, err := s.hasEnded(t.Context(), l.url)
		if err != nil {
			t.Errorf("%s: %v", u.username, err)
		}
		if s.unsure {
			s.ended, s.unsure = ended, false
		}
		if ended != s.ended {
			t.Errorf("%s: a session has ended: %t, want %t", u.username, ended, s.ended)
		}
	}
}

func (s *session) hasEnded(ctx context.Context, url string) (bool, error) {
	_, err := client.New(url, client.WithToken(s.token)).Me(ctx)
	if client.HasID(err, "api.context.session_expired.app_error") {
		return true, nil
	}
	return false, err
}
