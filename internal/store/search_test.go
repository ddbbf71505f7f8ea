package store_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"

	"muster"
	"muster/internal/store"
	"muster/internal/store/storetest"
)

func names(users []*muster.User) string {
	var list []string
	for _, u := range users {
		list = append(list, u.Username)
	}
	return strings.Join(list, " ")
}

func everything(limit int) store.UserSearch {
	return store.UserSearch{UserFilter: store.UserFilter{Limit: limit}, FullNames: true, Emails: true}
}

func TestSearchFindsTheBeginningsOfWords(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		u := newUser("anna.b-smith")
		u.Nickname, u.FirstName, u.LastName, u.Email = "Die Große", "Ännchen", "van der Öst", "a.b@mail.example.com"
		create(t, s, u)
		create(t, s, newUser("bob"))
		for term, want := range map[string]string{
			"a": "anna.b-smith", "anna.b": "anna.b-smith", "b-sm": "anna.b-smith", "SMITH": "anna.b-smith", "@anna": "anna.b-smith",
			"große": "anna.b-smith", "änn": "anna.b-smith", "van öst": "anna.b-smith", "der sm": "anna.b-smith", "b@mail": "anna.b-smith",
			"b": "anna.b-smith bob", "nna": "", "mail": "", "a bob": "", "%": "", "_": "", "*": "", "a%": "", u.ID: "anna.b-smith", "": "anna.b-smith bob",
			"bob@example.com": "bob", "xyz": "",
		} {
			found, err := s.SearchUsers(ctx, term, everything(10))
			if err != nil || names(found) != want {
				t.Errorf("%q found %q, want %q (%v)", term, names(found), want, err)
			}
		}
		hidden := store.UserSearch{UserFilter: store.UserFilter{Limit: 10}}
		for _, term := range []string{"ännchen", "a.b@mail", "öst"} {
			if found, err := s.SearchUsers(ctx, term, hidden); err != nil || len(found) != 0 {
				t.Errorf("%q found %q though it is hidden (%v)", term, names(found), err)
			}
		}
	})
}

func TestSearchFollowsARename(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		u := create(t, s, newUser("before"))
		must(t, storetest.ChangeUser(ctx, s, u.ID, func(_ *store.Tx, u *muster.User) error {
			u.Username, u.Email = "after", "after@example.com"
			return nil
		}))
		for term, want := range map[string]string{"before": "", "after": "after"} {
			if found, err := s.SearchUsers(ctx, term, everything(10)); err != nil || names(found) != want {
				t.Errorf("%q found %q (%v)", term, names(found), err)
			}
		}
	})
}

// A prefix that more accounts share than one search reads from the index is answered by a walk, and as exactly.
func TestSearchByAPrefixOfNearlyEverybody(t *testing.T) {
	store.LimitCandidates(t, 50)
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		var users []*muster.User
		for i := range 200 {
			u := newUser(fmt.Sprintf("u%03d", i))
			if i < 3 {
				u.DeleteAt = someTime
			}
			users = append(users, u)
		}
		must(t, storetest.InsertUsers(ctx, s, users))
		q := everything(2)
		q.Active = true
		for term, want := range map[string]string{"u": "u003 u004", "u1 u199": "u199", "u199": "u199", "": "u003 u004"} {
			if found, err := s.SearchUsers(ctx, term, q); err != nil || names(found) != want {
				t.Errorf("%q found %q, want %q (%v)", term, names(found), want, err)
			}
		}
		q.Active, q.Inactive = false, true
		if found, err := s.SearchUsers(ctx, "u", q); err != nil || names(found) != "u000 u001" {
			t.Errorf("inactive: %q (%v)", names(found), err)
		}
	})
}

// The store must find what a plain reading of the rule finds, whatever the names.
func TestSearchAgreesWithThePlainRule(t *testing.T) {
	s := storetest.SQLite(t)
	ctx := context.Background()
	word := rapid.StringMatching(`[ab]{1,3}([.\-_][ab]{1,3}){0,2}`)
	var all []*muster.User
	rapid.Check(t, func(rt *rapid.T) {
		u := newUser(fmt.Sprintf("%s.%d", word.Draw(rt, "username"), len(all)))
		u.Nickname, u.FirstName = word.Draw(rt, "nickname"), word.Draw(rt, "first")
		create(t, s, u)
		all = append(all, u)
		term := word.Draw(rt, "term") + rapid.SampledFrom([]string{"", " a", " b"}).Draw(rt, "second")
		found, err := s.SearchUsers(ctx, term, everything(1000))
		if err != nil {
			rt.Fatal(err)
		}
		if got, want := names(found), names(plainSearch(all, term)); got != want {
			rt.Fatalf("%q found %q, want %q", term, got, want)
		}
	})
}

func plainSearch(all []*muster.User, term string) []*muster.User {
	var found []*muster.User
	for _, u := range all {
		fields := []string{u.Username, u.Nickname, u.FirstName, u.LastName, u.Email[:strings.Index(u.Email, "@")]}
		if !slices.ContainsFunc(strings.Fields(term), func(w string) bool { return !plainMatch(fields, w) }) {
			found = append(found, u)
		}
	}
	slices.SortFunc(found, func(a, b *muster.User) int { return strings.Compare(a.Username, b.Username) })
	return found
}

func plainMatch(fields []string, word string) bool {
	for _, f := range fields {
		for i := range f {
			starts := i == 0 || !isWord(f[i-1]) && isWord(f[i])
			if starts && strings.HasPrefix(f[i:], word) {
				return true
			}
		}
	}
	return false
}

func isWord(b byte) bool { return unicode.IsLetter(rune(b)) || unicode.IsNumber(rune(b)) }
