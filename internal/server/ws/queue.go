package ws

// How many events a connection holds (websocket.json, reliable).
const (
	deadQueueSize = 128 // sent already, kept for a client that lost them
	sendQueueSize = 256 // waiting to be sent
)

// eventQueue holds the events that a connection was sent last and those waiting to be sent, oldest first. Events are numbered as they are added, so that
// a number stands for the same event however often it is sent.
type eventQueue struct {
	events []*encodedEvent
	first  int64 // number of events[0]
	next   int   // index of the first event waiting to be sent
	resend int   // how many of those waiting were sent before
}

// unsent returns how many events were never sent.
func (q *eventQueue) unsent() int { return len(q.events) - q.next - q.resend }

// hasNext reports whether an event waits to be sent.
func (q *eventQueue) hasNext() bool { return q.next < len(q.events) }

func (q *eventQueue) add(m *encodedEvent) { q.events = append(q.events, m) }

// take returns the next event to send with its number, and counts it as sent.
func (q *eventQueue) take() (m *encodedEvent, seq int64, ok bool) {
	if !q.hasNext() {
		return nil, 0, false
	}
	m, seq = q.events[q.next], q.first+int64(q.next)
	q.next++
	q.resend = max(q.resend-1, 0)
	q.trim()
	return m, seq, true
}

// trim drops events that were sent too long ago, many at a time so that copying stays cheap.
func (q *eventQueue) trim() {
	if q.next < 2*deadQueueSize {
		return
	}
	cut := q.next - deadQueueSize
	n := copy(q.events, q.events[cut:])
	clear(q.events[n:])
	q.events, q.next, q.first = q.events[:n], deadQueueSize, q.first+int64(cut)
}

// rewind makes the event with that number the next to be sent. It returns false if the event is no longer held, or was neither sent before nor is next.
func (q *eventQueue) rewind(seq int64) bool {
	i := seq - q.first
	sent := q.next + q.resend
	if i < 0 || i > int64(sent) || int64(sent)-i > deadQueueSize {
		return false
	}
	q.next = int(i)
	q.resend = sent - q.next
	return true
}
