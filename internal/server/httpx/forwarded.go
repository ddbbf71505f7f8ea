package httpx

import (
	"net/netip"
	"strings"
)

// cutLastElement splits the value of a Forwarded header at the last comma outside of quotes (RFC 7239, section 4). It reads from the right, where the
// trusted proxies wrote, so that a quote left open by a client does not hide what they added.
func cutLastElement(list string) (before, last string) {
	quoted := false
	for i := len(list) - 1; i >= 0; i-- {
		switch {
		case list[i] == '"' && !escaped(list, i):
			quoted = !quoted
		case list[i] == ',' && !quoted:
			return list[:i], list[i+1:]
		}
	}
	return "", list
}

// escaped reports whether the byte at i has an odd number of backslashes before it.
func escaped(text string, i int) bool {
	n := 0
	for i--; i >= 0 && text[i] == '\\'; i-- {
		n++
	}
	return n%2 == 1
}

// forwardedAddress returns the address of an element's "for" parameter. It returns false if the element is malformed or hides the address ("unknown", or
// an identifier that begins with an underscore).
func forwardedAddress(element string) (netip.Addr, bool) {
	found := netip.Addr{}
	for rest := strings.TrimSpace(element); rest != ""; {
		name, value, after, ok := cutPair(rest)
		if !ok {
			return netip.Addr{}, false
		}
		rest = after
		if !strings.EqualFold(name, "for") {
			continue
		}
		a, ok := parseAddress(value)
		if !ok || found.IsValid() { // a parameter must not be repeated
			return netip.Addr{}, false
		}
		found = a
	}
	return found, found.IsValid()
}

// cutPair splits an element after its first parameter.
func cutPair(element string) (name, value, rest string, ok bool) {
	name, rest, ok = strings.Cut(element, "=")
	if !ok || !isToken(name) {
		return "", "", "", false
	}
	if quoted, is := strings.CutPrefix(rest, `"`); is {
		value, rest, ok = cutQuoted(quoted)
	} else if i := strings.IndexByte(rest, ';'); i >= 0 {
		value, rest = rest[:i], rest[i:]
	} else {
		value, rest = rest, ""
	}
	if !ok || rest != "" && rest[0] != ';' {
		return "", "", "", false
	}
	return name, value, strings.TrimPrefix(rest, ";"), true
}

// cutQuoted splits a text after a quoted string whose opening quote was read already.
func cutQuoted(text string) (value, rest string, ok bool) {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '"':
			return b.String(), text[i+1:], true
		case '\\':
			if i++; i == len(text) {
				return "", "", false
			}
		}
		b.WriteByte(text[i])
	}
	return "", "", false
}

// isToken reports whether a text is a token (RFC 9110, section 5.6.2).
func isToken(text string) bool {
	for i := range len(text) {
		if c := text[i]; c <= ' ' || c >= 0x7f || strings.IndexByte(`"(),/:;<=>?@[\]{}`, c) >= 0 {
			return false
		}
	}
	return text != ""
}
