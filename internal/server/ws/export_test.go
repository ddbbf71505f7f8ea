package ws

import (
	"context"
	"time"

	"muster"
)

// DecodeFrame decodes a frame and returns its fields.
func DecodeFrame(binary bool, b []byte) (seq int64, action string, data map[string]any, err error) {
	f, err := decodeFrame(binary, b)
	if err != nil {
		return 0, "", nil, err
	}
	return f.Seq, f.Action, f.Data, nil
}

// EventQueue is an eventQueue whose events are numbers.
type EventQueue struct {
	q      eventQueue
	number map[*encodedEvent]int64
	added  int64
}

// The sizes of the queue.
const (
	DeadQueueSize = deadQueueSize
	SendQueueSize = sendQueueSize
)

// Add adds the next event, whose content is its number.
func (q *EventQueue) Add() {
	if q.number == nil {
		q.number = map[*encodedEvent]int64{}
	}
	m := &encodedEvent{prefix: []byte{0}}
	q.number[m] = q.added
	q.added++
	q.q.add(m)
}

// Take returns the content and the number of the event to send next.
func (q *EventQueue) Take() (content, seq int64, ok bool) {
	m, seq, ok := q.q.take()
	if !ok {
		return 0, 0, false
	}
	return q.number[m], seq, true
}

// Rewind makes the event with that number the next to be sent.
func (q *EventQueue) Rewind(seq int64) bool { return q.q.rewind(seq) }

// Unsent returns how many events were never sent.
func (q *EventQueue) Unsent() int { return q.q.unsent() }

// Held returns how many events are held.
func (q *EventQueue) Held() int { return len(q.q.events) }

// WaitDelivered waits until every event so far is in the queues of its recipients: the event that it adds is taken after all of them.
func (h *Hub) WaitDelivered() {
	h.enqueue(muster.Event{Audience: muster.Audience{UserID: "nobody"}})
	for len(h.events) > 0 {
		time.Sleep(time.Millisecond)
	}
}

// SweepNow runs one sweep.
func (h *Hub) SweepNow() { h.sweepOnce() }

// AddPanic adds an action that panics.
func AddPanic(name string) {
	actions[name] = action{do: func(context.Context, request) (map[string]any, error) { panic("as a test asked for") }}
}
