package muster

import (
	"iter"
	"strings"
	"unicode/utf8"
)

// suggestMaxRunes bounds the work of a suggestion: no name that somebody could have meant is longer.
const suggestMaxRunes = 100

// Suggest returns "; did you mean NAME?" with the name that is nearest to what somebody wrote, or "" where none is near.
func Suggest(written string, names iter.Seq[string]) string {
	if name := Nearest(written, names); name != "" {
		return "; did you mean " + name + "?"
	}
	return ""
}

// Nearest returns the name that somebody who wrote this most likely meant: the one with the smallest edit distance, letter case aside,
// where that is at most a third of its length; otherwise "".
func Nearest(written string, names iter.Seq[string]) string {
	if written == "" || utf8.RuneCountInString(written) > suggestMaxRunes {
		return ""
	}
	folded := strings.ToLower(written)
	nearest, least := "", suggestMaxRunes
	for name := range names {
		if name == "" {
			continue
		}
		d := editDistance(folded, strings.ToLower(name))
		if d < least && d <= max(1, utf8.RuneCountInString(name)/3) {
			nearest, least = name, d
		}
	}
	return nearest
}

// editDistance counts the characters to insert, delete or replace to make b of a (Levenshtein).
func editDistance(a, b string) int {
	from, to := []rune(a), []rune(b)
	row := make([]int, len(to)+1)
	for j := range row {
		row[j] = j
	}
	for i, r := range from {
		diagonal := row[0]
		row[0] = i + 1
		for j, s := range to {
			replaced := diagonal
			if r != s {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, diagonal+1, row[j]+1)
		}
	}
	return row[len(to)]
}
