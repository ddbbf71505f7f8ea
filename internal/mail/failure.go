package mail

import (
	"errors"
	"strings"
	"unicode"
)

// failureKind says whether a retry makes sense.
type failureKind int

const (
	temporary   failureKind = iota // this message may go through later
	permanent                      // this message will never go through
	unreachable                    // no message goes through at the moment
)

// failure is the reason why a message was not sent. It wraps no other error: what a server answered is safe to show only as text has it.
type failure struct {
	text string
	kind failureKind
}

func (f *failure) Error() string { return f.text }

// IsPermanent reports whether a message can never be sent, so that a retry is pointless: it can't be composed (because of a malformed address or
// link), or the server rejected its recipient or its content with a 5xx reply (RFC 5321, 4.2.1).
func IsPermanent(err error) bool { return isKind(err, permanent) }

// IsUnreachable reports whether no message can be sent at the moment: connecting, TLS or authentication failed, or the server closed the channel (421)
// before it knew the recipient.
// An error that is neither this nor permanent is worth a retry: a 4xx reply, a lost connection, or a sender that the server rejects.
func IsUnreachable(err error) bool { return isKind(err, unreachable) }

func isKind(err error, kind failureKind) bool {
	f, ok := errors.AsType[*failure](err)
	return ok && f.kind == kind
}

// clean makes untrusted text fit for one line of a log or a page: valid UTF-8, spaces for what can't be printed, at most max characters.
func clean(s string, max int) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, strings.ToValidUTF8(s, "\uFFFD"))
	return truncate(strings.Join(strings.Fields(s), " "), max)
}

// truncate shortens s to max characters, the last of which is then an ellipsis.
func truncate(s string, max int) string {
	if r := []rune(s); len(r) > max {
		return strings.TrimSpace(string(r[:max-1])) + "…"
	}
	return s
}
