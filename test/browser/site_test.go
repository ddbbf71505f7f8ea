package browser_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"muster"
	"muster/client"
	"muster/internal/mail/mailtest"
	"muster/internal/subprocess"
)

const (
	siteName = "Example"
	password = "a long enough secret"
	terms    = "Be kind to each other.\n\nKeep what you read here to yourself."
)

// site is a server under test with its administrator. There are terms of service, which people made by person have accepted.
type site struct {
	url   string
	admin *client.Client
	inbox *mailtest.Server
	team  *muster.Team

	mu    sync.Mutex
	names []string // for accounts to come
}

// newSite starts the program over an empty directory, with settings NAME=value beside those of every test.
func newSite(t *testing.T, settings ...string) *site {
	t.Helper()
	needsTools(t)
	path, err := program()
	must(t, err)
	inbox := mailtest.Open(t)
	running, err := subprocess.Start(context.WithoutCancel(t.Context()), subprocess.Options{
		Program: path, Args: []string{"serve", "--listen", "127.0.0.1:0", "--data", t.TempDir()}, Log: t.Output(),
		Env: append([]string{
			"MUSTER_METRICSSETTINGS_LISTENADDRESS=",
			"MUSTER_TEAMSETTINGS_SITENAME=" + siteName,
			"MUSTER_TEAMSETTINGS_ENABLEOPENSERVER=true",
			"MUSTER_TEAMSETTINGS_ENABLEUSERDEACTIVATION=true",
			"MUSTER_EMAILSETTINGS_SMTPSERVER=" + inbox.Host,
			"MUSTER_EMAILSETTINGS_SMTPPORT=" + inbox.Port,
			"MUSTER_EMAILSETTINGS_FEEDBACKEMAIL=accounts@example.com",
			"MUSTER_SERVICESETTINGS_ENABLEMULTIFACTORAUTHENTICATION=true",
			"MUSTER_SERVICESETTINGS_ENABLEAPIUSERDELETION=true",
		}, settings...),
	})
	must(t, err)
	t.Cleanup(func() { must(t, running.Stop()) })
	s := &site{url: running.URL, admin: client.New(running.URL), inbox: inbox, names: strings.Fields(givenNames)}
	s.found(t)
	return s
}

// found makes the administrator, and sets what needs one or the address, and what tests change: what the environment sets is settled.
func (s *site) found(t *testing.T) {
	t.Helper()
	u, err := s.admin.CreateUser(t.Context(), &muster.User{Username: "admin", Email: "admin@example.com", Password: password})
	must(t, err)
	_, err = s.admin.Login(t.Context(), u.Username, password)
	must(t, err)
	s.configure(t, fmt.Sprintf(`{"ServiceSettings":{"SiteURL":%q,"EnableUserAccessTokens":true},"EmailSettings":{"RequireEmailVerification":true},`+
		`"SupportSettings":{"CustomTermsOfServiceEnabled":true}}`, s.url))
	s.team, err = s.admin.CreateTeam(t.Context(), &muster.Team{Name: "gardeners", DisplayName: "Gardeners", Type: "O"})
	must(t, err)
	_, err = s.admin.CreateTerms(t.Context(), terms)
	must(t, err)
}

func (s *site) configure(t *testing.T, patch string) {
	t.Helper()
	_, err := s.admin.PatchConfig(t.Context(), json.RawMessage(patch))
	must(t, err)
}

// givenNames are those of the accounts that tests make, in this order.
const givenNames = "ann ben cleo dora emil fay gus hana ida jon kim lea max nina oskar pia quinn rosa sam tess ugo vera will xenia yann zoe " +
	"abel bea carl dana eli finn gil hugo iris jan karl lena mia nora otto paul rita sven tom uma vito wanda yara zeno"

// person is somebody with an account.
type person struct {
	*client.Client // signed in, as a program is
	id, name       string
	email          string
	app            *authenticator // nil without two-step sign-in
	recovery       []string
}

// person makes a verified account that has accepted the terms.
func (s *site) person(t *testing.T) *person {
	t.Helper()
	p := s.newcomer(t)
	inForce, err := p.Terms(t.Context())
	must(t, err)
	must(t, p.AcceptTerms(t.Context(), client.Me, inForce.ID, true))
	return p
}

// newcomer makes a verified account that has not.
func (s *site) newcomer(t *testing.T) *person {
	t.Helper()
	p := s.unverified(t)
	_, err := s.admin.VerifyEmailOf(t.Context(), p.id)
	must(t, err)
	_, err = p.Login(t.Context(), p.name, password)
	must(t, err)
	return p
}

// unverified makes an account whose address nobody has shown to be theirs.
func (s *site) unverified(t *testing.T) *person {
	t.Helper()
	name := s.newName(t)
	given := strings.ToUpper(name[:1]) + name[1:]
	u, err := s.admin.CreateUser(t.Context(), &muster.User{Username: name, Email: name + "@example.com", Password: password, FirstName: given, LastName: "Gardener"})
	must(t, err)
	return &person{Client: client.New(s.url), id: u.ID, name: name, email: u.Email}
}

// newName is a name that no account of the site has yet.
func (s *site) newName(t *testing.T) string {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.names) == 0 {
		t.Fatal("there are no given names left")
	}
	name := s.names[0]
	s.names = s.names[1:]
	return name
}

// enrol turns two-step sign-in on for the account.
func (p *person) enrol(t *testing.T) {
	t.Helper()
	secret, err := p.GenerateMfaSecret(t.Context(), client.Me)
	must(t, err)
	p.app = &authenticator{secret: secret.Secret}
	p.recovery, err = p.UpdateMfa(t.Context(), client.Me, true, p.app.code(t))
	must(t, err)
}

// authenticator is somebody's app: oathtool, which shares no code with the server.
type authenticator struct {
	secret string
	used   int64 // the latest step whose code was given
}

const stepSeconds = 30

// code is a code that the server takes now: that of this time step or, if it is used up, of the next, which clocks may have reached.
func (a *authenticator) code(t *testing.T) string {
	t.Helper()
	now := time.Now().Unix() / stepSeconds
	a.used = max(now, a.used+1)
	if a.used > now+1 {
		t.Fatal("no code is left in this half minute")
	}
	//nolint:gosec // the secret is the test's own
	out, err := exec.CommandContext(t.Context(), "oathtool", "--totp", "--base32", fmt.Sprintf("--now=@%d", a.used*stepSeconds), a.secret).CombinedOutput()
	if err != nil {
		t.Fatalf("oathtool: %v\n%s", err, out)
	}
	return strings.TrimSpace(string(out))
}
