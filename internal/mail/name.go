package mail

import (
	"strings"
	"unicode"
)

// nameShown is how many characters of somebody's name a letter says.
const nameShown = 50

// SafeName makes the name of a person, team or site fit for a letter to strangers: one short line in which no mail program finds a link. Programs turn
// whatever looks like a host name into one, so a name that somebody chose as bait must not look like that.
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
	words := strings.Fields(string(runes))
	runes = []rune(strings.Join(words, " "))
	if len(runes) > nameShown {
		return strings.TrimSpace(string(runes[:nameShown-1])) + "…"
	}
	return string(runes)
}

// isDot reports whether a rune separates the labels of a host name (UTS #46, 2.3).
func isDot(r rune) bool { return strings.ContainsRune(".\u3002\uff0e\uff61", r) }
