package muster

import (
	"iter"
	"strings"
	"unicode/utf8"
)

// suggestMaxRunes limits the work of a suggestion. All names are shorter.
const suggestMaxRunes = 100

// Suggest returns "; did you mean NAME?" with the nearest name, or "" if none is near. See Nearest.
func Suggest(written string, names iter.Seq[string]) string {
	if name := Nearest(written, names); name != "" {
		return "; did you mean " + name + "?"
	}
	return ""
}

// Nearest returns the name with the smallest edit distance to what was written, ignoring case. It returns "" if the distance is more than a
// third of the name's length.
func Nearest(written string, names iter.Seq[string]) string {
	if written == "" || utf8.RuneCountInString(written) > suggestMaxRunes {
		return ""
	}
	normalized := strings.ToLower(written)
	nearest, least := "", suggestMaxRunes
	for name := range names {
		if name == "" {
			continue
		}
		d := editDistance(normalized, strings.ToLower(name))
		if d < least && d <= max(1, utf8.RuneCountInString(name)/3) {
			nearest, least = name, d
		}
	}
	return nearest
}

// editDistance returns the Levenshtein distance: the number of characters to insert, delete or replace to turn a into b.
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
