package ws

import (
	"context"
	"time"

	"muster"
)

// DecodeFrame is for fuzzing: it gives back what a frame says.
func DecodeFrame(binary bool, b []byte) (seq int64, action string, data map[string]any, err error) {
	f, err := decodeFrame(binary, b)
	if err != nil {
		return 0, "", nil, err
	}
	return f.Seq, f.Action, f.Data, nil
}

// Backlog is a connection's queue with numbers for events.
type Backlog struct {
	b      backlog
	number map[*encodedEvent]int64
	added  int64
}

// The queue's sizes.
const (
	DeadQueue = deadQueue
	SendQueue = sendQueue
)

// Add appends the next event; its content is its number.
func (b *Backlog) Add() {
	if b.number == nil {
		b.number = map[*encodedEvent]int64{}
	}
	m := &encodedEvent{head: []byte{0}}
	b.number[m] = b.added
	b.added++
	b.b.add(m)
}

// Take gives the content and the number of the event to send next.
func (b *Backlog) Take() (content, seq int64, ok bool) {
	m, seq, ok := b.b.take()
	if !ok {
		return 0, 0, false
	}
	return b.number[m], seq, true
}

// Rewind goes back to an event by its number.
func (b *Backlog) Rewind(seq int64) bool { return b.b.rewind(seq) }

// Waiting is how many events were never sent.
func (b *Backlog) Waiting() int { return b.b.waiting() }

// Held is how many events are held at all.
func (b *Backlog) Held() int { return len(b.b.kept) }

// Settle waits until every event so far is in the queues of those who hear of it: the one that it adds is taken after all of them.
func (h *Hub) Settle() {
	h.enqueue(muster.Event{Audience: muster.Audience{UserID: "nobody"}})
	for len(h.events) > 0 {
		time.Sleep(time.Millisecond)
	}
}

// SweepNow looks at every connection as the sweep does.
func (h *Hub) SweepNow() { h.sweepOnce() }

// AddPanic makes an action that panics.
func AddPanic(name string) {
	actions[name] = action{do: func(context.Context, request) (map[string]any, error) { panic("as a test asked for") }}
}
