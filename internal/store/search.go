package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"muster"
)

// Kinds of search terms, a bit mask: settings may hide full names and addresses from who searches.
const (
	termName     = 1 << iota // username and nickname
	termFullName             // first and last name
	termEmail
)

const (
	termMaxRunes  = 64
	termsPerField = 16
)

// candidateMax is how many rows of the term index one search reads at the most before it walks the directory instead.
var candidateMax = 5_000 // changed by a test alone

// UserSearch narrows a search and says by which fields it may find.
type UserSearch struct {
	UserFilter
	FullNames, Emails bool
}

func (q *UserSearch) kinds() int {
	k := termName
	if q.FullNames {
		k |= termFullName
	}
	if q.Emails {
		k |= termEmail
	}
	return k
}

// termsOf returns what an account is found by: each field, and each field from every later word's start on, so that
// "anna.b-smith" is found by the beginnings of "anna.b-smith", "b-smith" and "smith".
func termsOf(u *muster.User) map[string]int {
	terms := map[string]int{}
	add := func(kind int, field string, end int) {
		starts := wordStarts(field, end)
		for _, at := range starts[:min(len(starts), termsPerField)] {
			terms[foldTerm(field[at:])] |= kind
		}
	}
	add(termName, u.Username, len(u.Username))
	add(termName, u.Nickname, len(u.Nickname))
	add(termFullName, u.FirstName, len(u.FirstName))
	add(termFullName, u.LastName, len(u.LastName))
	add(termEmail, u.Email, strings.LastIndexByte(u.Email, '@')) // everybody's domain would be no help
	delete(terms, "")
	return terms
}

// wordStarts returns the byte offsets below end where a word of s starts, 0 first.
func wordStarts(s string, end int) []int {
	starts := []int{0}
	inWord := true
	for i, r := range s {
		if i >= end {
			break
		}
		word := unicode.IsLetter(r) || unicode.IsNumber(r)
		if word && !inWord {
			starts = append(starts, i)
		}
		inWord = word
	}
	return starts
}

// foldTerm is the form in which terms are kept and asked for.
func foldTerm(s string) string {
	r := []rune(strings.ToLower(strings.TrimSpace(s)))
	return string(r[:min(len(r), termMaxRunes)])
}

func (t *Tx) saveTerms(ctx context.Context, u *muster.User) error {
	if _, err := t.exec(ctx, "DELETE FROM search_terms WHERE user_id = ?", u.ID); err != nil {
		return fmt.Errorf("drop search terms: %w", err)
	}
	terms := termsOf(u)
	values := make([]any, 0, 4*len(terms))
	for term, kind := range terms {
		values = append(values, term, u.Username, u.ID, kind)
	}
	rows := strings.TrimSuffix(strings.Repeat("(?,?,?,?),", len(terms)), ",")
	if _, err := t.exec(ctx, "INSERT INTO search_terms (term, username, user_id, kind) VALUES "+rows, values...); err != nil {
		return fmt.Errorf("save search terms: %w", err)
	}
	return nil
}

// SearchUsers returns the accounts that have, for every word of the term, a search term that begins with it, ordered by username.
// A word that is an account's id finds it. A term without words finds everybody that the filter lets through.
func (s *Store) SearchUsers(ctx context.Context, term string, q UserSearch) ([]*muster.User, error) {
	words := queryWords(term)
	if len(words) == 0 {
		return s.ListUsers(ctx, q.UserFilter)
	}
	c, small, err := s.build(ctx, q.UserFilter)
	if err != nil {
		return nil, err
	}
	if small {
		return s.walk(ctx, words, c, q)
	}
	ids, all, err := s.candidates(ctx, words[0], q.kinds())
	if err != nil {
		return nil, err
	}
	users, err := s.narrow(ctx, ids, words, c, q)
	if err != nil || all || len(users) == q.Limit {
		return users, err
	}
	return s.walk(ctx, words, c, q)
}

// queryWords splits what somebody typed into at most a handful of words, the longest and so the rarest first.
func queryWords(term string) []string {
	const wordsMax = 8
	var words []string
	for w := range strings.FieldsSeq(term) {
		if w = foldTerm(strings.TrimLeft(w, "@")); w != "" {
			words = append(words, w)
		}
	}
	slices.SortStableFunc(words, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	return words[:min(len(words), wordsMax)]
}

// afterPrefix is greater than every text that begins with p.
func afterPrefix(p string) string { return p + string(unicode.MaxRune) }

// candidates returns the accounts that the index has under a word, by username; all reports whether there are no more.
func (s *Store) candidates(ctx context.Context, word string, kinds int) (ids []string, all bool, err error) {
	rows, err := s.query(ctx, "SELECT username, user_id FROM search_terms WHERE term >= ? AND term < ? AND kind & ? <> 0 LIMIT ?",
		word, afterPrefix(word), kinds, candidateMax)
	found, err := collect(rows, err, func(r scanner) (p [2]string, err error) { return p, r.Scan(&p[0], &p[1]) })
	if err != nil {
		return nil, false, fmt.Errorf("look up search terms: %w", err)
	}
	all = len(found) < candidateMax
	if muster.ValidID(word) {
		found = append(found, [2]string{"", word})
	}
	slices.SortFunc(found, func(a, b [2]string) int { return strings.Compare(a[0], b[0]) })
	for _, p := range found {
		if len(ids) == 0 || ids[len(ids)-1] != p[1] {
			ids = append(ids, p[1])
		}
	}
	return ids, all, nil
}

// narrow reads candidates in order until the limit is reached, leaving out what the filter or another word excludes.
func (s *Store) narrow(ctx context.Context, ids, words []string, c *condition, q UserSearch) ([]*muster.User, error) {
	list := []*muster.User{}
	seen := map[string]bool{}
	for chunk := range slices.Chunk(ids, idsPerQuery) {
		in := &condition{slices.Clone(c.parts), slices.Clone(c.args)}
		in.add("u.id IN ("+placeholders(len(chunk))+")", toArgs(chunk)...)
		for _, w := range words[1:] {
			addWord(in, w, q.kinds())
		}
		rows, err := s.query(ctx, "SELECT "+userColumns+" FROM users u"+in.where()+" ORDER BY u.username", in.args...)
		users, err := collect(rows, err, scanUser)
		if err != nil {
			return nil, fmt.Errorf("search users: %w", err)
		}
		for _, u := range users {
			if !seen[u.ID] {
				seen[u.ID] = true
				list = append(list, u)
			}
		}
		if len(list) >= q.Limit {
			return list[:q.Limit], nil
		}
	}
	return list, nil
}

// walk goes through the directory by username, or through a small set of members, and probes each account's terms.
func (s *Store) walk(ctx context.Context, words []string, c *condition, q UserSearch) ([]*muster.User, error) {
	for _, w := range words {
		addWord(c, w, q.kinds())
	}
	rows, err := s.query(ctx, "SELECT "+userColumns+" FROM users u"+c.where()+" ORDER BY u.username LIMIT ?", append(c.args, q.Limit)...)
	users, err := collect(rows, err, scanUser)
	if err != nil {
		return nil, fmt.Errorf("search users: %w", err)
	}
	return users, nil
}

// addWord asks that one of the account's terms begins with a word, or that the word is its id.
func addWord(c *condition, word string, kinds int) {
	c.add("(u.id = ? OR EXISTS (SELECT 1 FROM search_terms t WHERE t.user_id = u.id AND t.term >= ? AND t.term < ? AND t.kind & ? <> 0))",
		word, word, afterPrefix(word), kinds)
}
