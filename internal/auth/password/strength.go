package password

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/trustelem/zxcvbn"
	"github.com/trustelem/zxcvbn/match"

	"muster"
)

// What of a password is looked at: the estimate tries every way to read look-alikes (4 for a, $ for s) over every part of the text, which would take
// half a second for the worst of texts. Within these bounds it takes some milliseconds.
const (
	judgedRunes     = 40
	judgedLookalike = 6 // different ones
	aboutMax        = 32
	lookalikes      = "4@8({[<3691!|0$57+%2"
)

// Strength is how hard a password is to guess, as Dan Wheeler's zxcvbn estimates it (USENIX Security 2016).
type Strength struct {
	Score  int    // 0 to 4; 3 and up holds against guessing at stolen hashes
	Label  string // the score in words
	Advice string // what would help most, "" from score 3 on
}

var strengthLabels = [...]string{"Very easy to guess", "Easy to guess", "Fair", "Good", "Strong"}

// Estimate judges a password. about is what others may know of its owner: names, addresses.
func Estimate(plain string, about []string) Strength {
	r := zxcvbn.PasswordStrength(judged(plain), words(about))
	score := min(max(r.Score, 0), len(strengthLabels)-1)
	s := Strength{Score: score, Label: strengthLabels[score]}
	if score < 3 {
		s.Advice = advice(r.Sequence)
	}
	return s
}

// judged is the part of a password that is looked at. Look-alikes beyond those allowed count as any other symbol.
func judged(plain string) string {
	plain = strings.ToValidUTF8(plain[:min(len(plain), muster.PasswordMaxBytes)], "")
	var b strings.Builder
	seen, kinds, n := map[rune]bool{}, 0, 0
	for _, r := range plain {
		if n++; n > judgedRunes {
			break
		}
		if strings.ContainsRune(lookalikes, r) && !seen[r] {
			if kinds == judgedLookalike {
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

// words are the words that names and addresses are made of, and these as a whole.
func words(about []string) (list []string) {
	for _, text := range about {
		if len(text) > muster.EmailMaxBytes {
			continue
		}
		parts := strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
		for _, word := range append(parts, text) {
			if utf8.RuneCountInString(word) > 2 && len(list) < aboutMax {
				list = append(list, word)
			}
		}
	}
	return list
}

// advice is about the longest part of a password that somebody would guess.
func advice(parts []*match.Match) string {
	var longest *match.Match
	for _, m := range parts {
		if m.Pattern != "bruteforce" && (longest == nil || len(m.Token) > len(longest.Token)) {
			longest = m
		}
	}
	if longest == nil {
		return "Make it longer: a few more words do."
	}
	switch longest.Pattern {
	case "dictionary":
		switch longest.DictionaryName {
		case "user_inputs":
			return "Leave out your name, your address and the name of this site."
		case "passwords":
			return "This is close to a password that many people have. Put several words together that have nothing to do with each other."
		}
		return "One word or name is tried early. Put several together that have nothing to do with each other."
	case "spatial":
		return "Neighbouring keys are tried early. Put several words together instead."
	case "repeat":
		return "Saying it again helps little. Put several different words together."
	case "sequence":
		return "Rows like abc or 6543 are tried early. Put several words together instead."
	}
	return "Years and dates are tried early. Put several words together instead." // regex, date
}
