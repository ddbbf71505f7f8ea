package mail

import (
	"errors"
	"strings"
	"unicode"
)

// verdict is what a failure means for whoever wants to try again.
type verdict int

const (
	unsent      verdict = iota // try this mail again later
	refused                    // never will this mail be taken
	unreachable                // no mail will be taken at the moment
)

// failure is why a mail did not go. It unwraps to nothing: what a server answered is safe to show only as the text has it.
type failure struct {
	text    string
	verdict verdict
}

func (f *failure) Error() string { return f.text }

// IsPermanent tells that this very mail will never be taken, so that a retry is pointless: it can't be composed (an address that is none, a link
// that is none), or the server refused its recipient or its contents with a 5xx (RFC 5321 4.2.1).
func IsPermanent(err error) bool { return judged(err, refused) }

// IsUnreachable tells that no mail at all will go at the moment: connecting, TLS or signing in failed, or the server closes down (421)
// before it knows whom the mail is for.
// What is neither this nor Refused is to be tried again: a 4xx, a lost connection, or a sender that the server does not want.
func IsUnreachable(err error) bool { return judged(err, unreachable) }

func judged(err error, v verdict) bool {
	f, ok := errors.AsType[*failure](err)
	return ok && f.verdict == v
}

// clean makes text of anybody's fit for a line of a log or a page: valid UTF-8 with blanks for whatever is not printed, and not longer than max
// characters.
func clean(s string, max int) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, strings.ToValidUTF8(s, "\uFFFD"))
	return cut(strings.Join(strings.Fields(s), " "), max)
}

// cut shortens s to max characters; an ellipsis tells that it did.
func cut(s string, max int) string {
	if r := []rune(s); len(r) > max {
		return strings.TrimSpace(string(r[:max-1])) + "…"
	}
	return s
}
