package password

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/trustelem/zxcvbn"
	"github.com/trustelem/zxcvbn/match"

	"muster"
)

// Limits on what is estimated: zxcvbn tries every way to read look-alikes (4 for a, $ for s) in every part of the text, which can take half a second.
// Within these limits it takes some milliseconds.
const (
	maxRunes      = 40
	maxLookalikes = 6 // different ones
	maxUserInputs = 32
	lookalikes    = "4@8({[<3691!|0$57+%2"
)

// Strength says how hard a password is to guess, as zxcvbn estimates it (Daniel Wheeler, USENIX Security 2016).
type Strength struct {
	Score  int    // 0 to 4; 3 and more withstands offline guessing at stolen hashes
	Label  string // the score in words
	Advice string // what would help most; "" from score 3 on
}

var strengthLabels = [...]string{"Very easy to guess", "Easy to guess", "Fair", "Good", "Strong"}

// Estimate estimates the strength of a password. userInputs is what others may know about its owner, such as names and addresses.
func Estimate(plain string, userInputs []string) Strength {
	r := zxcvbn.PasswordStrength(limitInput(plain), words(userInputs))
	score := min(max(r.Score, 0), len(strengthLabels)-1)
	s := Strength{Score: score, Label: strengthLabels[score]}
	if score < 3 {
		s.Advice = advice(r.Sequence)
	}
	return s
}

// limitInput returns the part of a password that is estimated. Look-alikes beyond maxLookalikes become an ordinary symbol.
func limitInput(plain string) string {
	plain = strings.ToValidUTF8(plain[:min(len(plain), muster.PasswordMaxBytes)], "")
	var b strings.Builder
	seen, kinds, n := map[rune]bool{}, 0, 0
	for _, r := range plain {
		if n++; n > maxRunes {
			break
		}
		if strings.ContainsRune(lookalikes, r) && !seen[r] {
			if kinds == maxLookalikes {
				r = '~'
			} else {
				seen[r] = true
				kinds++
			}
		}
		b.WriteRune(r)
	}
	return b.String()
}

// words returns the names and addresses as a whole, and the words in them.
func words(userInputs []string) (list []string) {
	for _, text := range userInputs {
		if len(text) > muster.EmailMaxBytes {
			continue
		}
		parts := strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
		for _, word := range append(parts, text) {
			if utf8.RuneCountInString(word) > 2 && len(list) < maxUserInputs {
				list = append(list, word)
			}
		}
	}
	return list
}

// advice returns what to do about the longest part of a password that is easy to guess.
func advice(parts []*match.Match) string {
	var longest *match.Match
	for _, m := range parts {
		if m.Pattern != "bruteforce" && (longest == nil || len(m.Token) > len(longest.Token)) {
			longest = m
		}
	}
	if longest == nil {
		return "Make it longer, for example by adding a few words."
	}
	switch longest.Pattern {
	case "dictionary":
		switch longest.DictionaryName {
		case "user_inputs":
			return "Don't use your name, your email address or the name of this site."
		case "passwords":
			return "This is close to a common password. Use several unrelated words instead."
		}
		return "A single word or name is easy to guess. Use several unrelated words instead."
	case "spatial":
		return "Keys next to each other are easy to guess. Use several unrelated words instead."
	case "repeat":
		return "Repeating a word doesn't help much. Use several different words instead."
	case "sequence":
		return "Sequences like abc or 6543 are easy to guess. Use several unrelated words instead."
	}
	return "Years and dates are easy to guess. Use several unrelated words instead." // regex, date
}
