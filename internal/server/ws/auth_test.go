package ws_test

import (
	"crypto/sha256"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"muster"
	"muster/internal/server/ws"
	"muster/internal/store"
	"muster/internal/testserver"
)

const upgradeFailed = "api.web_socket.connect.upgrade.app_error"

func TestASessionComesByCookieHeaderOrChallenge(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		d := newHub(t, s, ws.Options{})
		ann, annUser := d.User(t, "ann")
		challenge := func(ws *socket) {
			ws.send(1, "authentication_challenge", map[string]any{"token": ann.Token()})
			ws.reply("OK", 1)
		}
		for name, c := range map[string]struct {
			options dialOptions
			then    func(*socket)
		}{
			"cookie":              {dialOptions{cookie: ann.Token()}, nil},
			"header":              {dialOptions{token: ann.Token()}, nil},
			"cookie, own page":    {dialOptions{cookie: ann.Token(), origin: d.url}, nil},
			"challenge":           {dialOptions{}, challenge},
			"challenge after all": {dialOptions{token: muster.NewID()}, challenge},
		} {
			t.Run(name, func(t *testing.T) {
				ws := d.connect(t, c.options)
				if c.then != nil {
					c.then(ws)
				}
				h := ws.hello()
				if h.Broadcast["user_id"] != annUser.ID || h.Broadcast["omit_users"] != nil {
					t.Errorf("broadcast %v", h.Broadcast)
				}
				version, _ := h.Data["server_version"].(string)
				if parts := strings.Split(version, "."); len(parts) != 6 || !strings.HasPrefix(version, "9.9.0.test.") || parts[5] != "false" {
					t.Errorf("server_version %q", version)
				}
				ws.send(2, "authentication_challenge", map[string]any{"token": "nonsense"}) // ignored
				ws.send(3, "ping", nil)
				ws.reply("OK", 3)
			})
		}
	})
}

func TestTheAPIServesItWithATrailingSlashToo(t *testing.T) {
	s := testserver.New(t)
	ann, _ := s.User(t, "ann")
	for _, path := range []string{ws.Path, ws.Path + "/"} {
		d := &testHub{Server: s, url: s.URL}
		d.connect(t, dialOptions{cookie: ann.Token(), origin: s.URL, path: path}).hello()
	}
}

func TestATokenInTheAddressIsNotTaken(t *testing.T) {
	d := newHub(t, testserver.New(t), ws.Options{Timing: ws.Timing{AuthTimeout: 50 * time.Millisecond}})
	ann, _ := d.User(t, "ann")
	ws := d.connect(t, dialOptions{query: "access_token=" + ann.Token()})
	ws.closed(websocket.StatusPolicyViolation)
}

func TestABadTokenClosesTheSocketWithoutAReply(t *testing.T) {
	d := newHub(t, testserver.New(t), ws.Options{})
	for _, token := range []any{"nonsense", muster.NewID(), "", 7, nil} {
		ws := d.connect(t, dialOptions{})
		ws.send(1, "authentication_challenge", map[string]any{"token": token})
		ws.closed(websocket.StatusPolicyViolation)
	}
}

func TestWhoDoesNotSignInIsClosed(t *testing.T) {
	d := newHub(t, testserver.New(t), ws.Options{Timing: ws.Timing{AuthTimeout: 100 * time.Millisecond}})
	ws := d.connect(t, dialOptions{cookie: muster.NewID()})
	ws.send(1, "get_statuses", nil)
	ws.refused(1, 401, "api.web_socket_router.not_authenticated.app_error")
	ws.closed(websocket.StatusPolicyViolation)
	eventually(t, "the slot to be free", func() bool { return d.hub.Stats().Connections == 0 })
}

func TestAForeignPageIsRefused(t *testing.T) {
	d := newHub(t, testserver.New(t), ws.Options{})
	ann, _ := d.User(t, "ann")
	for _, w := range []dialOptions{
		{cookie: ann.Token(), origin: "https://evil.example"},
		{token: ann.Token(), origin: "https://evil.example"},
		{cookie: ann.Token(), origin: "null"},
		{origin: "https://evil.example"},
		{cookie: ann.Token(), origin: d.url + ".evil.example"},
	} {
		_, res, err := d.dial(t, w)
		refusedUpgrade(t, res, err, 400, upgradeFailed)
	}
	d.Configure(t, `{"ServiceSettings":{"SiteURL":"https://id.example.com","AllowCorsFrom":"https://a.example https://b.example/"}}`)
	for _, origin := range []string{"https://id.example.com", "https://id.example.com:443", "https://a.example", "https://B.example"} {
		d.connect(t, dialOptions{cookie: ann.Token(), origin: origin}).hello()
	}
	_, res, err := d.dial(t, dialOptions{cookie: ann.Token(), origin: "https://c.example"})
	refusedUpgrade(t, res, err, 400, upgradeFailed)
}

func TestAPageOfAnyOriginNeedsItsOwnToken(t *testing.T) {
	d := newHub(t, testserver.New(t), ws.Options{})
	ann, _ := d.User(t, "ann")
	d.Configure(t, `{"ServiceSettings":{"AllowCorsFrom":"*"}}`)
	d.connect(t, dialOptions{token: ann.Token(), origin: "https://c.example"}).hello()
	ws := d.connect(t, dialOptions{cookie: ann.Token(), origin: "https://c.example"})
	ws.send(1, "ping", nil)
	ws.refused(1, 401, "api.web_socket_router.not_authenticated.app_error")
	ws.send(2, "authentication_challenge", map[string]any{"token": ann.Token()})
	ws.reply("OK", 2)
	ws.hello()
}

func TestWhatIsNoUpgradeGetsTheErrorObject(t *testing.T) {
	d := newHub(t, testserver.New(t), ws.Options{})
	for _, method := range []string{"GET", "POST"} {
		req, err := http.NewRequestWithContext(t.Context(), method, d.url+ws.Path+"/", nil)
		must(t, err)
		res, err := http.DefaultClient.Do(req)
		must(t, err)
		refusedUpgrade(t, res, errors.New("no upgrade"), 400, upgradeFailed)
		_, err = io.Copy(io.Discard, res.Body)
		must(t, errors.Join(err, res.Body.Close()))
	}
}

func TestARevokedSessionsSocketClosesAtOnce(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		d := newHub(t, s, ws.Options{})
		admin, _ := d.Admin(t)
		ann, annUser := d.User(t, "ann")
		other, _ := d.SignIn(t, "ann")
		ends, stays := d.signedIn(t, ann), d.signedIn(t, other)
		sessions, err := other.Sessions(t.Context(), annUser.ID)
		must(t, err)
		own := sessionOf(t, d, ann.Token())
		if len(sessions) != 2 {
			t.Fatalf("%d sessions", len(sessions))
		}
		must(t, other.RevokeSession(t.Context(), annUser.ID, own))
		publishMarker(t, other, annUser.ID, "1")
		ends.closed(websocket.StatusPolicyViolation)
		stays.event(markerEvent, 1)

		watching := d.signedIn(t, admin)
		must(t, admin.UpdateUserActive(t.Context(), annUser.ID, false))
		stays.closed(websocket.StatusPolicyViolation)
		watching.until(muster.EventUserActivationStatusChange) // the last of its events

		adminSocket := d.signedIn(t, admin)
		must(t, admin.RevokeSessionsFromAllUsers(t.Context()))
		adminSocket.closed(websocket.StatusPolicyViolation)
	})
}

func sessionOf(t *testing.T, d *testHub, token string) string {
	t.Helper()
	hash := sha256.Sum256([]byte(token))
	s, err := d.Store.SessionByTokenHash(t.Context(), hash[:])
	must(t, err)
	return s.ID
}

func TestAnExpiredSessionsSocketCloses(t *testing.T) {
	d := newHub(t, testserver.New(t), ws.Options{Timing: ws.Timing{SweepInterval: 10 * time.Millisecond}})
	_, ann := d.User(t, "ann")
	token := muster.NewID()
	hash := sha256.Sum256([]byte(token))
	now := time.Now()
	session := &muster.Session{
		ID: muster.NewID(), UserID: ann.ID, CreateAt: now.UnixMilli(), ExpiresAt: now.Add(2 * time.Second).UnixMilli(), Roles: ann.Roles,
	}
	must(t, d.Store.Write(t.Context(), func(tx *store.Tx) error { return tx.InsertSession(t.Context(), session, hash[:]) }))
	ws := d.connect(t, dialOptions{token: token})
	ws.hello()
	ws.closed(websocket.StatusPolicyViolation)
}

func TestASessionThatMustEnrolGetsNothing(t *testing.T) {
	d := newHub(t, testserver.New(t), ws.Options{})
	ann, _ := d.User(t, "ann")
	before := d.signedIn(t, ann)
	d.Configure(t, `{"ServiceSettings":{"EnableMultifactorAuthentication":true,"EnforceMultifactorAuthentication":true}}`)
	before.closed(websocket.StatusPolicyViolation, "config_changed")
	d.connect(t, dialOptions{token: ann.Token()}).closed(websocket.StatusPolicyViolation)
	ws := d.connect(t, dialOptions{})
	ws.send(1, "authentication_challenge", map[string]any{"token": ann.Token()})
	ws.closed(websocket.StatusPolicyViolation)
}

func TestConnectionsAreBounded(t *testing.T) {
	d := newHub(t, testserver.New(t), ws.Options{Limits: ws.Limits{Connections: 8, PerUser: 2}})
	ann, _ := d.User(t, "ann")
	const busy = "api.websocket_handler.server_busy.app_error"
	d.signedIn(t, ann)
	d.signedIn(t, ann)
	_, res, err := d.dial(t, dialOptions{token: ann.Token()})
	refusedUpgrade(t, res, err, 503, busy)
	stranger := d.connect(t, dialOptions{})
	stranger.send(1, "authentication_challenge", map[string]any{"token": ann.Token()})
	stranger.refused(1, 503, busy)
	d.connect(t, dialOptions{})
	_, res, err = d.dial(t, dialOptions{}) // sockets without a session may take a quarter of the slots
	refusedUpgrade(t, res, err, 503, busy)
	for i := range 4 {
		c, _ := d.User(t, "user"+string(rune('a'+i)))
		d.signedIn(t, c)
	}
	bob, _ := d.User(t, "bob")
	_, res, err = d.dial(t, dialOptions{token: bob.Token()})
	refusedUpgrade(t, res, err, 503, busy)
}

func TestPostedAckIsAccepted(t *testing.T) {
	d := newHub(t, testserver.New(t), ws.Options{})
	ann, _ := d.User(t, "ann")
	d.connect(t, dialOptions{token: ann.Token(), query: "posted_ack=true"}).hello()
}
