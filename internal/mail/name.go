package mail

import (
	"strings"
	"unicode"
)

const maxSafeName = 50 // characters

// SafeName returns the name of a person, team or site as a message to strangers may show it: one short line in which no mail program finds a link.
// Programs turn whatever looks like a host name into one, so a name that was chosen as bait must not look like that.
func SafeName(s string) string {
	runes := []rune(s)
	for i, r := range runes {
		switch {
		case unicode.Is(unicode.Cf, r), !unicode.IsPrint(r), strings.ContainsRune(`/\:@<>`, r):
			runes[i] = ' '
		case isDot(r) && i+1 < len(runes) && !unicode.IsSpace(runes[i+1]):
			runes[i] = ' '
		}
	}
	return truncate(strings.Join(strings.Fields(string(runes)), " "), maxSafeName)
}

// isDot reports whether a rune separates the labels of a host name (UTS #46, 2.3).
func isDot(r rune) bool { return strings.ContainsRune(".\u3002\uff0e\uff61", r) }
