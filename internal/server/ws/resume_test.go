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
		d := open(t, s, ws.Options{})
		ann, annUser := d.User(t, "ann")
		bob, _ := d.User(t, "bob")
		// lost gives a connection that heard events 0 to 3 and lost its socket; 4 and 5 came while it was away.
		lost := func(t *testing.T) *socket {
			ws := d.signedIn(t, ann)
			for i := range int64(3) {
				mark(t, ann, annUser.ID, fmt.Sprint(i))
				ws.event(marked, i+1)
			}
			ws.lose(d)
			mark(t, ann, annUser.ID, "4")
			mark(t, ann, annUser.ID, "5")
			return ws
		}
		again := func(t *testing.T, query string) *socket {
			t.Helper()
			return d.connect(t, way{token: ann.Token(), query: query})
		}
		anew := func(t *testing.T, old, ws *socket) {
			t.Helper()
			ws.hello()
			if ws.id == old.id {
				t.Error("the connection has its old id")
			}
			mark(t, ann, annUser.ID, "new")
			ws.event(marked, 1)
		}

		t.Run("unknown", func(t *testing.T) {
			ws := again(t, "connection_id="+muster.NewID()+"&sequence_number=7")
			anew(t, &socket{}, ws)
		})
		t.Run("other user", func(t *testing.T) {
			ws := lost(t)
			other := d.connect(t, way{token: bob.Token(), query: resuming(ws, 4)})
			other.hello()
			if other.id == ws.id {
				t.Error("somebody else has it now")
			}
			again(t, resuming(ws, 4)).event(marked, 4)
		})
		t.Run("bad sequence number", func(t *testing.T) {
			ws := lost(t)
			for _, query := range []string{"connection_id=" + ws.id, resuming(ws, "x"), resuming(ws, -1), resuming(ws, "")} {
				again(t, query).closed(websocket.StatusPolicyViolation)
			}
			again(t, resuming(ws, 4)).event(marked, 4)
		})
		t.Run("bad connection id", func(t *testing.T) {
			again(t, "connection_id=x&sequence_number=1").closed(websocket.StatusPolicyViolation)
			d.connect(t, way{query: "connection_id=x"}).closed(websocket.StatusPolicyViolation)
		})
		t.Run("replayed", func(t *testing.T) {
			old := lost(t)
			ws := again(t, resuming(old, 2))
			for seq := int64(2); seq <= 5; seq++ {
				ws.event(marked, seq)
			}
			mark(t, ann, annUser.ID, "6")
			ws.event(marked, 6)
			ws.lose(d)
			from0 := again(t, resuming(old, 0))
			from0.event(muster.EventHello, 0)
			from0.event(marked, 1)
		})
		t.Run("continued", func(t *testing.T) {
			ws := again(t, resuming(lost(t), 4))
			ws.event(marked, 4)
			ws.event(marked, 5)
			mark(t, ann, annUser.ID, "6")
			ws.event(marked, 6)
		})
		t.Run("by challenge", func(t *testing.T) {
			ws := d.connect(t, way{query: resuming(lost(t), 5)})
			ws.send(1, "authentication_challenge", map[string]any{"token": ann.Token()})
			ws.reply("OK", 1)
			ws.hello() // 5 was never sent: lost
			again := d.connect(t, way{query: resuming(lost(t), 4)})
			again.send(1, "authentication_challenge", map[string]any{"token": ann.Token()})
			again.reply("OK", 1)
			again.event(marked, 4)
		})
		t.Run("lost", func(t *testing.T) {
			old := lost(t)
			anew(t, old, again(t, resuming(old, 7)))
			anew(t, old, again(t, resuming(old, 4))) // by now nobody knows it
		})
		t.Run("taken over", func(t *testing.T) {
			first := d.signedIn(t, ann)
			second := again(t, resuming(first, 1))
			first.closed(websocket.StatusPolicyViolation)
			mark(t, ann, annUser.ID, "1")
			second.event(marked, 1)
		})
	})
}

func TestAnAwayConnectionEnds(t *testing.T) {
	d := open(t, testserver.New(t), ws.Options{Waits: ws.Waits{Away: time.Nanosecond, Sweep: time.Hour}})
	ann, annUser := d.User(t, "ann")
	away := func(want int) {
		t.Helper()
		eventually(t, fmt.Sprintf("%d connections kept", want), func() bool { return d.hub.Stats().Away == want })
	}
	t.Run("by time", func(t *testing.T) {
		ws := d.signedIn(t, ann)
		ws.lose(d)
		away(1)
		d.hub.SweepNow()
		away(0)
		d.connect(t, way{token: ann.Token(), query: resuming(ws, 1)}).hello()
	})
	t.Run("by number", func(t *testing.T) {
		for range 12 {
			d.signedIn(t, ann).lose(d)
		}
		away(10)
	})
	t.Run("with its session", func(t *testing.T) {
		must(t, ann.RevokeAllSessions(t.Context(), annUser.ID))
		away(0)
	})
	t.Run("by too many events", func(t *testing.T) {
		ann, _ := d.SignIn(t, "ann")
		conn := d.signedIn(t, ann)
		conn.lose(d)
		for range ws.SendQueue {
			mark(t, ann, annUser.ID, "x")
		}
		away(1)
		mark(t, ann, annUser.ID, "too many")
		away(0)
		d.connect(t, way{token: ann.Token(), query: resuming(conn, 1)}).hello()
	})
}

// TestBacklog holds the queue against a plain list of everything that ever was in it.
func TestBacklog(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var b ws.Backlog
		var added, next, sent int64 // sent: one more than the last number ever sent
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				for range rapid.IntRange(1, 100).Draw(t, "n") {
					if b.Waiting() < ws.SendQueue {
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
				seq := rapid.Int64Range(max(0, sent-2*ws.DeadQueue), added+1).Draw(t, "seq")
				want := seq <= sent && seq >= sent-ws.DeadQueue
				if got := b.Rewind(seq); got != want {
					t.Fatalf("rewind to %d is %v with %d sent", seq, got, sent)
				}
				if want {
					next = seq
				}
			},
			"": func(t *rapid.T) {
				if int64(b.Waiting()) != added-sent {
					t.Fatalf("%d wait, want %d", b.Waiting(), added-sent)
				}
				if b.Held() > ws.SendQueue+3*ws.DeadQueue {
					t.Fatalf("%d held", b.Held())
				}
			},
		})
	})
}
