package crash

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"muster"
	"muster/client"
	"muster/internal/mail/mailtest"
	"muster/internal/store/storetest"
	"muster/internal/subprocess"
)

const (
	accountsEachKill = 2 // with two mails each
	mailPatience     = 2 * time.Minute
)

// gate stands before the mail server. While it is held it takes connections and lets nothing through, so that no mail can have been delivered.
type gate struct {
	net.Listener
	to   string
	held atomic.Bool
}

func newGate(t *testing.T, to string) *gate {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := &gate{Listener: l, to: to}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go g.pass(c)
		}
	}()
	return g
}

func (g *gate) pass(in net.Conn) {
	defer func() { _ = in.Close() }()
	if g.held.Load() {
		_, _ = io.Copy(io.Discard, in) // until the other end is gone
		return
	}
	out, err := net.Dial("tcp", g.to)
	if err != nil {
		return
	}
	defer func() { _ = out.Close() }()
	var both sync.WaitGroup
	both.Go(func() { _, _ = io.Copy(out, in); _ = out.(*net.TCPConn).CloseWrite() })
	both.Go(func() { _, _ = io.Copy(in, out); _ = in.(*net.TCPConn).CloseWrite() })
	both.Wait()
}

// SMTP can't rule out that a mail is sent twice whose sender dies between the server's last "250 OK" and the note that it came. So a kill while mails
// flow may double the one that is at that very point, with the same Message-ID.
func TestEveryMailOutlivesACrash(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a minute")
	}
	program, err := subprocess.Build(t.Context(), "muster/cmd/muster", t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Run("sqlite", func(t *testing.T) { crashMails(t, program, "") })
	t.Run("postgres", func(t *testing.T) { crashMails(t, program, storetest.PostgresDSN(t)) })
}

// post is a running server whose mails go through a gate.
type post struct {
	program, data, dsn string
	gate               *gate
	running            *subprocess.Process
	admin              *client.Client
}

func crashMails(t *testing.T, program, dsn string) {
	inbox := mailtest.Open(t)
	p := &post{program: program, data: t.TempDir(), dsn: dsn, gate: newGate(t, net.JoinHostPort(inbox.Host, inbox.Port))}
	p.start(t)
	t.Cleanup(func() { _ = p.running.Kill() })
	if _, err := p.admin.CreateUser(t.Context(), account("admin")); err != nil {
		t.Fatal(err)
	}
	domain := strings.ToLower(muster.NewID()) + ".test"
	var expected []expectation
	for kill := range kills {
		p.gate.held.Store(kill%2 == 0)
		p.signIn(t)
		for i := range accountsEachKill {
			address := fmt.Sprintf("k%d-%d@%s", kill, i, domain)
			name, _, _ := strings.Cut(address, "@")
			if _, err := p.admin.CreateUser(t.Context(), &muster.User{Username: name, Email: address, Password: password}); err != nil {
				t.Fatal(err)
			}
			if err := p.admin.SendPasswordReset(t.Context(), address); err != nil {
				t.Fatal(err)
			}
			expected = append(expected, expectation{address, "Welcome"}, expectation{address, "Reset your password"})
		}
		time.Sleep(rand.N(30 * time.Millisecond)) // to land anywhere within a delivery
		if err := p.running.Kill(); err != nil {
			t.Fatal(err)
		}
		p.gate.held.Store(true) // what waits from here on is delivered after the next kill, or the last
		p.start(t)
	}
	p.gate.held.Store(false)
	doubled := await(t, inbox, expected)
	if doubled > kills/2 {
		t.Errorf("%d mails came twice", doubled)
	}
	t.Logf("%d mails of %d kills came, %d of them twice, by the same Message-ID, as SMTP allows", len(expected), kills, doubled)
}

func (p *post) start(t *testing.T) {
	t.Helper()
	host, port, err := net.SplitHostPort(p.gate.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	p.running, err = subprocess.Start(context.WithoutCancel(t.Context()), subprocess.Options{
		Program: p.program, Args: []string{"serve", "--listen", "127.0.0.1:0", "--data", p.data}, Log: t.Output(),
		Env: []string{
			"MUSTER_METRICSSETTINGS_LISTENADDRESS=", "MUSTER_SQLSETTINGS_DATASOURCE=" + p.dsn, "MUSTER_EMAILSETTINGS_SMTPSERVER=" + host,
			"MUSTER_EMAILSETTINGS_SMTPPORT=" + port, "MUSTER_EMAILSETTINGS_SMTPSERVERTIMEOUT=2",
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	p.admin = client.New(p.running.URL)
}

func (p *post) signIn(t *testing.T) {
	t.Helper()
	if _, err := p.admin.Login(t.Context(), "admin", password); err != nil {
		t.Fatal(err)
	}
}

// expectation is a mail that must come.
type expectation struct{ to, subject string }

// await waits until every mail came and returns how many came twice.
func await(t *testing.T, inbox *mailtest.Server, expected []expectation) int {
	t.Helper()
	for end := time.Now().Add(mailPatience); ; time.Sleep(200 * time.Millisecond) {
		missing, doubled := 0, 0
		for _, e := range expected {
			switch e.came(t, inbox) {
			case 0:
				missing++
			case 2:
				doubled++
			}
		}
		if missing == 0 {
			return doubled
		}
		if time.Now().After(end) {
			t.Fatalf("%d of %d mails are lost", missing, len(expected))
		}
	}
}

// came returns how often a mail came; a second time it must be the very same.
func (e expectation) came(t *testing.T, inbox *mailtest.Server) int {
	t.Helper()
	mails := slices.DeleteFunc(inbox.Headers(t, e.to), func(m mailtest.Mail) bool { return !strings.HasPrefix(m.Subject, e.subject) })
	if len(mails) > 2 || len(mails) == 2 && mails[0].MessageID != mails[1].MessageID {
		t.Fatalf("%d mails to %s: %+v", len(mails), e.to, mails)
	}
	return len(mails)
}
