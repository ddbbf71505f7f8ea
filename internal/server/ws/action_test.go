package ws_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/coder/websocket"
	"github.com/tinylib/msgp/msgp"

	"muster"
	"muster/internal/server/ws"
	"muster/internal/testserver"
)

func TestPing(t *testing.T) {
	d := newHub(t, testserver.New(t), ws.Options{})
	ann, _ := d.User(t, "ann")
	ws := d.signedIn(t, ann)
	for seq := range int64(3) {
		ws.send(seq+1, "ping", map[string]any{})
		h := ws.reply("OK", seq+1)
		if h.Data["text"] != "pong" || h.Data["version"] != "9.9.0" || h.Data["node_id"] != "" || h.Data["server_time"].(float64) < 1.7e12 {
			t.Fatalf("pong %v", h.Data)
		}
	}
	b := msgp.AppendMapHeader(nil, 3)
	b = msgp.AppendInt64(msgp.AppendString(b, "seq"), 7)
	b = msgp.AppendString(msgp.AppendString(b, "action"), "ping")
	b = msgp.AppendMapHeader(msgp.AppendString(b, "data"), 0)
	must(t, ws.ws.Write(t.Context(), websocket.MessageBinary, b))
	ws.reply("OK", 7)
}

func TestRefusedFrames(t *testing.T) {
	d := newHub(t, testserver.New(t), ws.Options{})
	ann, annUser := d.User(t, "ann")
	ws := d.signedIn(t, ann)
	const invalid = "api.websocket_handler.invalid_param.app_error"
	for i, c := range []struct {
		frame string
		seq   int64
		code  int
		id    string
	}{
		{`{"seq":1}`, 1, 400, "api.web_socket_router.no_action.app_error"},
		{`{}`, 0, 400, "api.web_socket_router.no_action.app_error"},
		{`null`, 0, 400, "api.web_socket_router.no_action.app_error"},
		{`{"action":"ping"}`, 0, 400, "api.web_socket_router.bad_seq.app_error"},
		{`{"seq":-4,"action":"ping"}`, -4, 400, "api.web_socket_router.bad_seq.app_error"},
		{`{"seq":5,"action":"dance"}`, 5, 400, "api.web_socket_router.bad_action.app_error"},
		{`{"seq":5,"action":"user_typing"}`, 5, 400, invalid},
		{`{"seq":5,"action":"user_typing","data":{"channel_id":5}}`, 5, 400, invalid},
		{`{"seq":5,"action":"user_typing","data":{"channel_id":"` + annUser.ID + `","parent_id":5}}`, 5, 400, invalid},
		{`{"seq":5,"action":"user_typing","data":{"channel_id":"` + annUser.ID + `"}}`, 5, 403, "api.context.permissions.app_error"},
		{`{"seq":5,"action":"user_update_active_status","data":{"user_is_active":"yes"}}`, 5, 400, invalid},
		{`{"seq":5,"action":"get_statuses_by_ids"}`, 5, 400, invalid},
		{`{"seq":5,"action":"get_statuses_by_ids","data":{"user_ids":[]}}`, 5, 400, invalid},
		{`{"seq":5,"action":"get_statuses_by_ids","data":{"user_ids":["x"]}}`, 5, 400, invalid},
		{`{"seq":5,"action":"get_statuses_by_ids","data":{"user_ids":[{}]}}`, 5, 400, invalid},
	} {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			ws.t = t
			ws.text(c.frame)
			ws.refused(c.seq, c.code, c.id)
		})
	}
}

func TestWhatIsNoFrameClosesTheSocket(t *testing.T) {
	d := newHub(t, testserver.New(t), ws.Options{})
	ann, _ := d.User(t, "ann")
	for _, c := range []struct {
		kind websocket.MessageType
		text string
		code websocket.StatusCode
	}{
		{websocket.MessageText, `{"seq":1`, websocket.StatusInvalidFramePayloadData},
		{websocket.MessageText, ``, websocket.StatusInvalidFramePayloadData},
		{websocket.MessageText, `[]`, websocket.StatusInvalidFramePayloadData},
		{websocket.MessageText, `{"seq":"1","action":"ping"}`, websocket.StatusInvalidFramePayloadData},
		{websocket.MessageBinary, "\xc1", websocket.StatusInvalidFramePayloadData},
		{websocket.MessageBinary, "\xdd\xff\xff\xff\xff", websocket.StatusInvalidFramePayloadData},
		{websocket.MessageBinary, `{"seq":1,"action":"ping"}`, websocket.StatusInvalidFramePayloadData},
		{websocket.MessageText, `{"seq":1,"action":"ping","data":{"x":"` + strings.Repeat("x", 8192) + `"}}`, websocket.StatusMessageTooBig},
	} {
		ws := d.signedIn(t, ann)
		must(t, ws.ws.Write(t.Context(), c.kind, []byte(c.text)))
		ws.closed(c.code)
	}
	ws := d.signedIn(t, ann)
	full := `{"seq":1,"action":"ping","data":{"x":"`
	ws.text(full + strings.Repeat("x", 8192-len(full)-len(`"}}`)) + `"}}`)
	ws.reply("OK", 1)
}

func TestAFloodOfFramesIsCutOff(t *testing.T) {
	d := newHub(t, testserver.New(t), ws.Options{})
	ann, _ := d.User(t, "ann")
	ws := d.signedIn(t, ann)
	refusals := 0
	for i := 1; ; i++ { // each answer is read before the next frame: what is under way when a socket ends may be lost
		if ws.ws.Write(t.Context(), websocket.MessageText, fmt.Appendf(nil, `{"seq":%d,"action":"ping"}`, i)) != nil {
			break
		}
		h, err := ws.read()
		if err != nil {
			break
		}
		if h.Status == "FAIL" {
			refusals++
			if h.Error.ID != "api.web_socket_router.rate_limited.app_error" || h.Error.StatusCode != 429 {
				t.Fatalf("refused with %s", show(h))
			}
		}
	}
	if refusals == 0 || refusals > 100 {
		t.Errorf("%d refusals before the end, want some, but not over 100", refusals)
	}
	if s := d.hub.Stats(); s.Resumable != 0 {
		t.Errorf("the connection was kept: %+v", s)
	}
}

func TestStatuses(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		d := newHubWithStatuses(t, s, ws.Options{})
		ann, annUser := d.User(t, "ann")
		bob, bobUser := d.User(t, "bob")
		ws := d.signedIn(t, ann)
		changed := func(h received, status string) {
			t.Helper()
			if h.Event != muster.EventStatusChange || h.Data["status"] != status || h.Data["user_id"] != annUser.ID || h.Broadcast["user_id"] != annUser.ID {
				t.Fatalf("received %s, want %s", show(h), status)
			}
		}
		// away says so and takes the reply and the event, in whichever order they come.
		away := func(seq int64, data any) {
			t.Helper()
			ws.send(seq, "user_update_active_status", data)
			h, other := ws.next(), ws.next()
			if h.Event == "" {
				h, other = other, h
			}
			changed(h, "away")
			if other.Status != "OK" || other.SeqReply != seq {
				t.Fatalf("received %s", show(other))
			}
		}
		changed(ws.next(), "online")
		away(1, map[string]any{"user_is_active": false})
		ws.send(2, "get_statuses", nil)
		if h := ws.reply("OK", 2); len(h.Data) != 1 || h.Data[annUser.ID] != "away" {
			t.Fatalf("statuses %v", h.Data)
		}
		d.signedIn(t, bob)
		ws.send(3, "get_statuses_by_ids", map[string]any{"user_ids": []string{annUser.ID, bobUser.ID, muster.NewID()}})
		if h := ws.reply("OK", 3); h.Data[annUser.ID] != "away" || h.Data[bobUser.ID] == nil {
			t.Fatalf("statuses %v", h.Data)
		}
		ws.send(4, "get_statuses", nil)
		if h := ws.reply("OK", 4); len(h.Data) != 2 {
			t.Fatalf("statuses %v", h.Data)
		}
		ws.send(5, "posted_notify_ack", map[string]any{"post_id": "x"}) // has no reply
		ws.send(6, "presence", map[string]any{"channel_id": "x"})
		ws.reply("OK", 6)
		away(7, map[string]any{"user_is_active": false, "manual": true})
		if st, err := ann.Status(t.Context(), annUser.ID); err != nil || !st.Manual {
			t.Fatalf("status %+v, %v", st, err)
		}
	})
}

func TestPresenceFollowsTheConnections(t *testing.T) {
	d := newHubWithStatuses(t, testserver.New(t), ws.Options{Timing: ws.Timing{OfflineDelay: 1}})
	ann, annUser := d.User(t, "ann")
	admin, _ := d.Admin(t)
	is := func(status string) {
		t.Helper()
		eventually(t, status, func() bool {
			st, err := admin.Status(t.Context(), annUser.ID)
			return err == nil && st.Status == status
		})
	}
	a, b := d.signedIn(t, ann), d.signedIn(t, ann)
	is("online")
	a.disconnect(d)
	publishMarker(t, ann, annUser.ID, "1")
	b.until(markerEvent)
	is("online")
	b.disconnect(d)
	is("offline")
	d.signedIn(t, ann)
	is("online")
	must(t, d.hub.Close(t.Context()))
	is("offline")
}

func TestAReloadPublishesNoStatus(t *testing.T) {
	d := newHubWithStatuses(t, testserver.New(t), ws.Options{})
	ann, annUser := d.User(t, "ann")
	first := d.signedIn(t, ann)
	first.until(muster.EventStatusChange)
	d.ForgetEvents()
	first.disconnect(d)
	second := d.signedIn(t, ann)
	publishMarker(t, ann, annUser.ID, "1")
	second.event(markerEvent, 1)
	if got := d.Events(muster.EventStatusChange); len(got) != 0 {
		t.Errorf("told %v", got)
	}
}

func FuzzFrame(f *testing.F) {
	f.Add(false, []byte(`{"seq":1,"action":"ping","data":{"a":[1,"x",null]}}`))
	f.Add(false, []byte(`{"seq":9223372036854775808}`))
	f.Add(true, []byte("\x82\xa3seq\x01\xa6action\xa4ping"))
	f.Add(true, []byte("\x81\xa4data\xcb\x7f\xef\xff\xff\xff\xff\xff\xff"))
	f.Add(true, []byte("\xc7\x0c\xff\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff"))
	f.Add(true, []byte("\xd6\xff\x00\x00\x00\x00"))
	f.Add(true, []byte("\xdc\xff\xff"))
	f.Fuzz(func(t *testing.T, binary bool, b []byte) {
		if len(b) > 8192 {
			return // the socket takes no larger one
		}
		seq, action, data, err := ws.DecodeFrame(binary, b)
		if err != nil {
			return
		}
		text, err := json.Marshal(map[string]any{"seq": seq, "action": action, "data": data})
		must(t, err)
		if len(text) > 6*8*8192+len(b)*6+100 {
			t.Fatalf("%d bytes became %d", len(b), len(text))
		}
		again, name, _, err := ws.DecodeFrame(false, text)
		if err != nil || again != seq || name != action {
			t.Fatalf("%s: %d %q %v, want %d %q", text, again, name, err, seq, action)
		}
	})
}
