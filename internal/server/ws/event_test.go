package ws_test

import (
	"log/slog"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"muster"
	"muster/client"
	"muster/internal/server/ws"
	"muster/internal/testserver"
)

func TestTypingReachesOnlyTheChannel(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		d := newHub(t, s, ws.Options{})
		ann, annUser := d.User(t, "ann")
		bob, bobUser := d.User(t, "bob")
		cid, cidUser := d.User(t, "cid")
		ch := channelOf(t, d, annUser, bobUser)
		typing, typingToo := d.signedIn(t, ann), d.signedIn(t, ann)
		member, outsider := d.signedIn(t, bob), d.signedIn(t, cid)

		typing.send(1, "user_typing", map[string]any{"channel_id": ch, "parent_id": ""})
		typing.reply("OK", 1)
		h := member.event(muster.EventTyping, 1)
		if h.Data["user_id"] != annUser.ID || h.Data["parent_id"] != "" || h.Broadcast["channel_id"] != ch {
			t.Errorf("received %s", show(h))
		}
		if omitted, _ := h.Broadcast["omit_users"].(map[string]any); len(omitted) != 1 || omitted[annUser.ID] != true {
			t.Errorf("broadcast %v", h.Broadcast)
		}
		publishMarker(t, ann, annUser.ID, "1")
		publishMarker(t, cid, cidUser.ID, "1")
		typing.event(markerEvent, 1)
		typingToo.event(markerEvent, 1)
		outsider.event(markerEvent, 1)
	})
}

func channelOf(t *testing.T, d *testHub, members ...*muster.User) string {
	t.Helper()
	ctx := t.Context()
	admin, _ := d.Admin(t)
	team, err := admin.CreateTeam(ctx, &muster.Team{Name: "team-a", DisplayName: "Team", Type: "O"})
	must(t, err)
	for _, u := range members {
		_, err := admin.AddTeamMember(ctx, team.ID, u.ID)
		must(t, err)
	}
	ch, err := admin.CreateChannel(ctx, &muster.Channel{TeamID: team.ID, Name: "talk", DisplayName: "Talk", Type: "O"})
	must(t, err)
	for _, u := range members {
		_, err := admin.AddChannelMember(ctx, ch.ID, u.ID)
		must(t, err)
	}
	d.hub.WaitDelivered() // so that later connections receive none of these events
	return ch.ID
}

func TestUserUpdatedIsSanitizedForEachRecipient(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		d := newHub(t, s, ws.Options{})
		ctx := t.Context()
		d.Configure(t, `{"PrivacySettings":{"ShowEmailAddress":false,"ShowFullName":false},"GuestAccountsSettings":{"Enable":true}}`)
		admin, _ := d.Admin(t)
		ann, annUser := d.User(t, "ann")
		bob, _ := d.User(t, "bob")
		guest, guestUser := d.User(t, "guest")
		far, farUser := d.User(t, "far")
		for _, id := range []string{guestUser.ID, farUser.ID} {
			must(t, admin.DemoteToGuest(ctx, id))
		}
		channelOf(t, d, annUser, guestUser)

		sockets := map[string]*socket{}
		for name, c := range map[string]*client.Client{"self": ann, "admin": admin, "other": bob, "guest": guest, "far": far} {
			sockets[name] = d.signedIn(t, c)
		}
		nick := "Annie"
		_, err := ann.PatchUser(ctx, annUser.ID, &muster.UserPatch{Nickname: &nick})
		must(t, err)
		for name, sensitive := range map[string]struct{ email, props, sanitized, sensitive bool }{
			"self":  {email: true, props: true},
			"admin": {email: true, sensitive: true},
			"other": {sanitized: true},
			"guest": {sanitized: true},
		} {
			h := sockets[name].event(muster.EventUserUpdated, 1)
			u, _ := h.Data["user"].(map[string]any)
			email, _ := u["email"].(string)
			_, props := u["notify_props"]
			if u["nickname"] != nick || (email != "") != sensitive.email || sensitive.props && !props || u["password"] != nil && u["password"] != "" {
				t.Errorf("%s received %s", name, show(h))
			}
			if is, _ := h.Broadcast["contains_sanitized_data"].(bool); is != sensitive.sanitized {
				t.Errorf("%s: broadcast %v", name, h.Broadcast)
			}
			if is, _ := h.Broadcast["contains_sensitive_data"].(bool); is != sensitive.sensitive {
				t.Errorf("%s: broadcast %v", name, h.Broadcast)
			}
		}
		publishMarker(t, far, farUser.ID, "1")
		sockets["far"].event(markerEvent, 1)
	})
}

func TestASlowReaderIsDropped(t *testing.T) {
	d := newHub(t, testserver.New(t), ws.Options{})
	ann, annUser := d.User(t, "ann")
	bob, bobUser := d.User(t, "bob")
	ch := channelOf(t, d, annUser, bobUser)
	d.signedIn(t, ann) // reads no more
	quick := d.signedIn(t, bob)
	wide := strings.Repeat("wide ", 400)
	sends := 0
	for ; d.hub.Stats().Connections == 2; sends++ {
		if sends > 5000 {
			t.Fatal("it never was")
		}
		publishMarker(t, ann, annUser.ID, wide)
		if sends%10 == 9 { // a slow reader misses typing events first
			quick.send(int64(sends), "user_typing", map[string]any{"channel_id": ch})
			quick.reply("OK", int64(sends))
		}
	}
	s := d.hub.Stats()
	if s.Resumable != 0 || s.EventsDropped < 2 {
		t.Errorf("after %d events: %+v", sends, s)
	}
	publishMarker(t, bob, bobUser.ID, "1")
	quick.event(markerEvent, 1)
}

func TestAClientThatDoesNotAnswerPingsIsDropped(t *testing.T) {
	d := newHub(t, testserver.New(t), ws.Options{Timing: ws.Timing{PingInterval: 20 * time.Millisecond, PongTimeout: 60 * time.Millisecond, SweepInterval: 5 * time.Millisecond}})
	ann, _ := d.User(t, "ann")
	d.signedIn(t, ann) // a client that does not read does not answer
	eventually(t, "the socket's end", func() bool { return d.hub.Stats().Connections == 0 })
}

const hubWorkers = 4 // goroutines of a hub without sockets: dispatch, validateSessions, sweep, storePresence

func TestCloseEndsEverything(t *testing.T) {
	s := testserver.New(t)
	before := 0 // the server has a hub of its own, which may still be beginning
	eventually(t, "the server's own hub", func() bool { before = running(); return before >= hubWorkers })
	d := newHub(t, s, ws.Options{})
	ann, _ := d.User(t, "ann")
	in, stranger := d.signedIn(t, ann), d.connect(t, dialOptions{})
	d.signedIn(t, ann).disconnect(d)
	done := make(chan struct{})
	go func() {
		defer close(done)
		in.closed(websocket.StatusGoingAway)
		stranger.closed(websocket.StatusGoingAway)
	}()
	must(t, d.hub.Close(t.Context()))
	<-done
	must(t, d.hub.Close(t.Context()))
	if s := d.hub.Stats(); s.Connections != 0 || s.Resumable != 0 {
		t.Errorf("left over: %+v", s)
	}
	eventually(t, "the goroutines to end", func() bool { return running() <= before })
	_, res, err := d.dial(t, dialOptions{token: ann.Token()})
	refusedUpgrade(t, res, err, 503, "api.websocket_handler.server_busy.app_error")
}

func TestAPanicEndsOneSocket(t *testing.T) {
	ws.AddPanic("panic")
	var log strings.Builder
	d := newHub(t, testserver.New(t), ws.Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
	ann, _ := d.User(t, "ann")
	bad, good := d.signedIn(t, ann), d.signedIn(t, ann)
	bad.send(1, "panic", nil)
	if h, err := bad.read(); err == nil {
		t.Errorf("received %s", show(h))
	}
	good.send(1, "ping", nil)
	good.reply("OK", 1)
	must(t, d.hub.Close(t.Context()))
	if !strings.Contains(log.String(), "as a test asked for") {
		t.Errorf("the log says %q", log.String())
	}
}

// running counts this package's goroutines.
func running() int {
	b := make([]byte, 4<<20)
	b = b[:runtime.Stack(b, true)]
	n := 0
	for g := range strings.SplitSeq(string(b), "\n\n") {
		if strings.Contains(g, "internal/server/ws.(*") {
			n++
		}
	}
	return n
}
