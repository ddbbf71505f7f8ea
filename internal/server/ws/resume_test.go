package ws_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/coder/websocket"
	"pgregory.net/rapid"

	"muster"
	"muster/internal/server/ws"
	"muster/internal/testserver"
)

// TestResume goes through the cases of websocket.json, reliable.
func TestResume(t *testing.T) {
	testserver.Each(t, func(t *testing.T, s *testserver.Server) {
		d := newHub(t, s, ws.Options{})
		ann, annUser := d.User(t, "ann")
		bob, _ := d.User(t, "bob")
		// lost returns a connection that received events 0 to 3 and lost its socket. Events 4 and 5 came after that.
		lost := func(t *testing.T) *socket {
			ws := d.signedIn(t, ann)
			for i := range int64(3) {
				publishMarker(t, ann, annUser.ID, fmt.Sprint(i))
				ws.event(markerEvent, i+1)
			}
			ws.disconnect(d)
			publishMarker(t, ann, annUser.ID, "4")
			publishMarker(t, ann, annUser.ID, "5")
			return ws
		}
		again := func(t *testing.T, query string) *socket {
			t.Helper()
			return d.connect(t, dialOptions{token: ann.Token(), query: query})
		}
		anew := func(t *testing.T, old, ws *socket) {
			t.Helper()
			ws.hello()
			if ws.id == old.id {
				t.Error("the connection has its old id")
			}
			publishMarker(t, ann, annUser.ID, "new")
			ws.event(markerEvent, 1)
		}

		t.Run("unknown", func(t *testing.T) {
			ws := again(t, "connection_id="+muster.NewID()+"&sequence_number=7")
			anew(t, &socket{}, ws)
		})
		t.Run("other user", func(t *testing.T) {
			ws := lost(t)
			other := d.connect(t, dialOptions{token: bob.Token(), query: resuming(ws, 4)})
			other.hello()
			if other.id == ws.id {
				t.Error("somebody else has it now")
			}
			again(t, resuming(ws, 4)).event(markerEvent, 4)
		})
		t.Run("bad sequence number", func(t *testing.T) {
			ws := lost(t)
			for _, query := range []string{"connection_id=" + ws.id, resuming(ws, "x"), resuming(ws, -1), resuming(ws, "")} {
				again(t, query).closed(websocket.StatusPolicyViolation)
			}
			again(t, resuming(ws, 4)).event(markerEvent, 4)
		})
		t.Run("bad connection id", func(t *testing.T) {
			again(t, "connection_id=x&sequence_number=1").closed(websocket.StatusPolicyViolation)
			d.connect(t, dialOptions{query: "connection_id=x"}).closed(websocket.StatusPolicyViolation)
		})
		t.Run("replayed", func(t *testing.T) {
			old := lost(t)
			ws := again(t, resuming(old, 2))
			for seq := int64(2); seq <= 5; seq++ {
				ws.event(markerEvent, seq)
			}
			publishMarker(t, ann, annUser.ID, "6")
			ws.event(markerEvent, 6)
			ws.disconnect(d)
			from0 := again(t, resuming(old, 0))
			from0.event(muster.EventHello, 0)
			from0.event(markerEvent, 1)
		})
		t.Run("continued", func(t *testing.T) {
			ws := again(t, resuming(lost(t), 4))
			ws.event(markerEvent, 4)
			ws.event(markerEvent, 5)
			publishMarker(t, ann, annUser.ID, "6")
			ws.event(markerEvent, 6)
		})
		t.Run("by challenge", func(t *testing.T) {
			ws := d.connect(t, dialOptions{query: resuming(lost(t), 5)})
			ws.send(1, "authentication_challenge", map[string]any{"token": ann.Token()})
			ws.reply("OK", 1)
			ws.hello() // 5 was never sent: lost
			again := d.connect(t, dialOptions{query: resuming(lost(t), 4)})
			again.send(1, "authentication_challenge", map[string]any{"token": ann.Token()})
			again.reply("OK", 1)
			again.event(markerEvent, 4)
		})
		t.Run("lost", func(t *testing.T) {
			old := lost(t)
			anew(t, old, again(t, resuming(old, 7)))
			anew(t, old, again(t, resuming(old, 4))) // it is not known any more
		})
		t.Run("taken over", func(t *testing.T) {
			first := d.signedIn(t, ann)
			second := again(t, resuming(first, 1))
			first.closed(websocket.StatusPolicyViolation)
			publishMarker(t, ann, annUser.ID, "1")
			second.event(markerEvent, 1)
		})
	})
}

func TestAConnectionWithoutASocketEnds(t *testing.T) {
	d := newHub(t, testserver.New(t), ws.Options{Timing: ws.Timing{ResumeWindow: time.Nanosecond, SweepInterval: time.Hour}})
	ann, annUser := d.User(t, "ann")
	resumable := func(want int) {
		t.Helper()
		eventually(t, fmt.Sprintf("%d connections kept", want), func() bool { return d.hub.Stats().Resumable == want })
	}
	t.Run("by time", func(t *testing.T) {
		ws := d.signedIn(t, ann)
		ws.disconnect(d)
		resumable(1)
		d.hub.SweepNow()
		resumable(0)
		d.connect(t, dialOptions{token: ann.Token(), query: resuming(ws, 1)}).hello()
	})
	t.Run("by number", func(t *testing.T) {
		for range 12 {
			d.signedIn(t, ann).disconnect(d)
		}
		resumable(10)
	})
	t.Run("with its session", func(t *testing.T) {
		must(t, ann.RevokeAllSessions(t.Context(), annUser.ID))
		resumable(0)
	})
	t.Run("by too many events", func(t *testing.T) {
		ann, _ := d.SignIn(t, "ann")
		conn := d.signedIn(t, ann)
		conn.disconnect(d)
		for range ws.SendQueueSize {
			publishMarker(t, ann, annUser.ID, "x")
		}
		resumable(1)
		publishMarker(t, ann, annUser.ID, "too many")
		resumable(0)
		d.connect(t, dialOptions{token: ann.Token(), query: resuming(conn, 1)}).hello()
	})
}

// TestEventQueue compares the queue with a list of everything that was ever added to it.
func TestEventQueue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var b ws.EventQueue
		var added, next, sent int64 // sent: one more than the last number ever sent
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				for range rapid.IntRange(1, 100).Draw(t, "n") {
					if b.Unsent() < ws.SendQueueSize {
						b.Add()
						added++
					}
				}
			},
			"take": func(t *rapid.T) {
				for range rapid.IntRange(1, 200).Draw(t, "n") {
					content, seq, ok := b.Take()
					if ok != (next < added) {
						t.Fatalf("took %v with %d of %d sent", ok, next, added)
					}
					if !ok {
						return
					}
					if content != next || seq != next {
						t.Fatalf("event %d came as %d, want %d", content, seq, next)
					}
					next++
					sent = max(sent, next)
				}
			},
			"rewind": func(t *rapid.T) {
				seq := rapid.Int64Range(max(0, sent-2*ws.DeadQueueSize), added+1).Draw(t, "seq")
				want := seq <= sent && seq >= sent-ws.DeadQueueSize
				if got := b.Rewind(seq); got != want {
					t.Fatalf("rewind to %d is %v with %d sent", seq, got, sent)
				}
				if want {
					next = seq
				}
			},
			"": func(t *rapid.T) {
				if int64(b.Unsent()) != added-sent {
					t.Fatalf("%d wait, want %d", b.Unsent(), added-sent)
				}
				if b.Held() > ws.SendQueueSize+3*ws.DeadQueueSize {
					t.Fatalf("%d held", b.Held())
				}
			},
		})
	})
}
