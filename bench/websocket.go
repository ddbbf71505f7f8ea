package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"

	"muster"
	"muster/internal/store"
	"muster/internal/subprocess"
)

const (
	dialers       = 64              // WebSockets opened at once
	settleTime    = 6 * time.Second // until the users' status is saved
	typingWarmUp  = time.Second
	deliveryGrace = 3 * time.Second // for events still in transit at the end
)

// sockets measures the memory of idle WebSockets, and the delivery of typing events to the other members of a channel.
func (b *bench) sockets(ctx context.Context, d directory) error {
	step(fmt.Sprintf("%d sessions in %s", b.Sockets, d.name))
	listeners, err := createListeners(ctx, store.Options{DSN: d.dsn, DataDir: d.data}, min(b.Sockets, b.Users))
	if err != nil {
		return err
	}
	return b.with(ctx, d, func(ctx context.Context, d directory, p *subprocess.Process) error {
		wait(ctx, idleBeforeMemory)
		before, err := residentBytes(p.PID())
		if err != nil {
			return err
		}
		step(fmt.Sprintf("%d WebSockets on %s", len(listeners), d.name))
		t := &typing{sent: map[string]time.Time{}}
		defer t.hangUp()
		if err := t.open(ctx, p.URL, listeners); err != nil {
			return err
		}
		wait(ctx, settleTime)
		idle, err := residentBytes(p.PID())
		if err != nil {
			return err
		}
		b.table.measured(fmt.Sprintf("memory per WebSocket, %d idle, %s", len(listeners), d.name), fmt.Sprintf("%.1f KiB", float64(idle-before)/float64(len(listeners))/1024))
		return b.typing(ctx, d, t, listeners)
	})
}

// typing sends b.Typing typing events per second and measures until all other members of the channel have received them.
func (b *bench) typing(ctx context.Context, d directory, t *typing, listeners []listener) error {
	step(fmt.Sprintf("%d typing events a second on %s", b.Typing, d.name))
	tick := time.NewTicker(time.Second / time.Duration(b.Typing))
	defer tick.Stop()
	began, events := time.Now(), 0
	for n := 0; time.Since(began) < typingWarmUp+b.TypingTime; n++ {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
		i := n * 7919 % len(listeners) // a prime: every channel has its turn
		counts := time.Since(began) > typingWarmUp
		if err := t.send(ctx, i, listeners[i].channelID, n+1, counts); err != nil {
			return err
		}
		if counts {
			events++
		}
	}
	wanted := events * (channelSize - 1)
	for end := time.Now().Add(deliveryGrace); time.Now().Before(end) && t.delivered() < wanted; {
		wait(ctx, 10*time.Millisecond)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.took) == 0 {
		return errors.New("no typing event was delivered")
	}
	slices.Sort(t.took)
	b.table.measured(fmt.Sprintf("typing events delivered, %d/s to channels of %d, %s", b.Typing, channelSize, d.name), fmt.Sprintf("%d of %d", len(t.took), wanted))
	b.table.measured("delivery p50, "+d.name, round(t.took[len(t.took)/2]))
	b.table.measured("delivery p99, "+d.name, round(t.took[len(t.took)*99/100]))
	return nil
}

// typing is a set of clients and the events they received.
type typing struct {
	conns []*websocket.Conn
	ready sync.WaitGroup // done when each has received hello

	mu   sync.Mutex
	sent map[string]time.Time // by the mark that an event carries
	took []time.Duration
}

func (t *typing) open(ctx context.Context, base string, listeners []listener) error {
	t.conns = make([]*websocket.Conn, len(listeners))
	t.ready.Add(len(listeners))
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var next atomic.Int64
	var running sync.WaitGroup
	for range dialers {
		running.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(listeners) && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				c, _, err := websocket.Dial(ctx, strings.Replace(base, "http", "ws", 1)+"/api/v4/websocket", &websocket.DialOptions{
					HTTPHeader: http.Header{"Authorization": {"Bearer " + listeners[i].token}},
				})
				if err != nil {
					cancel(fmt.Errorf("open WebSocket %d: %w", i, err))
					return
				}
				t.conns[i] = c
				go t.read(c)
			}
		})
	}
	running.Wait()
	if err := context.Cause(ctx); err != nil {
		return err
	}
	t.ready.Wait()
	return nil
}

func (t *typing) hangUp() {
	for _, c := range t.conns {
		if c != nil {
			_ = c.CloseNow() // the server stops next
		}
	}
}

var (
	helloEvent  = []byte(`"event":"hello"`)
	typingEvent = []byte(`"event":"typing"`)
	parentMark  = []byte(`"parent_id":"`)
)

// read reads until the connection ends. It searches the text for marks, because decoding it would take more CPU time than the server.
func (t *typing) read(c *websocket.Conn) {
	for {
		_, message, err := c.Read(context.Background())
		if err != nil {
			return
		}
		at := time.Now()
		switch {
		case bytes.Contains(message, helloEvent):
			t.ready.Done()
		case bytes.Contains(message, typingEvent):
			if _, rest, ok := bytes.Cut(message, parentMark); ok && len(rest) >= 26 {
				t.received(string(rest[:26]), at)
			}
		}
	}
}

func (t *typing) received(mark string, at time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if sent, ok := t.sent[mark]; ok {
		t.took = append(t.took, at.Sub(sent))
	}
}

func (t *typing) delivered() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.took)
}

func (t *typing) send(ctx context.Context, i int, channelID string, seq int, counts bool) error {
	mark := muster.NewID()
	if counts {
		t.mu.Lock()
		t.sent[mark] = time.Now()
		t.mu.Unlock()
	}
	frame := fmt.Sprintf(`{"seq":%d,"action":"user_typing","data":{"channel_id":"%s","parent_id":"%s"}}`, seq, channelID, mark)
	return t.conns[i].Write(ctx, websocket.MessageText, []byte(frame))
}
