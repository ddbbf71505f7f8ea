package ws

// How many events a connection holds (websocket.json, reliable).
const (
	deadQueue = 128 // sent, for a client that lost them
	sendQueue = 256 // yet to be sent
)

// backlog is what a connection was sent last and what it has yet to be sent, oldest first. Events are numbered as they come in, so that
// a number stands for the same event however often it is sent.
type backlog struct {
	kept   []*encodedEvent
	first  int64 // number of kept[0]
	next   int   // in kept, the first that is yet to be sent
	resend int   // how many of those were sent once already
}

// waiting is how many events were never sent.
func (b *backlog) waiting() int { return len(b.kept) - b.next - b.resend }

func (b *backlog) add(m *encodedEvent) { b.kept = append(b.kept, m) }

// take gives the next event to send and its number, and counts it as sent.
func (b *backlog) take() (m *encodedEvent, seq int64, ok bool) {
	if b.next == len(b.kept) {
		return nil, 0, false
	}
	m, seq = b.kept[b.next], b.first+int64(b.next)
	b.next++
	b.resend = max(b.resend-1, 0)
	b.trim()
	return m, seq, true
}

// trim forgets what was sent too long ago, in steps that make the copying cheap.
func (b *backlog) trim() {
	if b.next < 2*deadQueue {
		return
	}
	cut := b.next - deadQueue
	n := copy(b.kept, b.kept[cut:])
	clear(b.kept[n:])
	b.kept, b.next, b.first = b.kept[:n], deadQueue, b.first+int64(cut)
}

// rewind makes the event of that number the next to be sent; false when it is no longer held, or was never sent and is not the next.
func (b *backlog) rewind(seq int64) bool {
	i := seq - b.first
	sent := b.next + b.resend
	if i < 0 || i > int64(sent) || int64(sent)-i > deadQueue {
		return false
	}
	b.next = int(i)
	b.resend = sent - b.next
	return true
}
