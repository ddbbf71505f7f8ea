package password

import (
	"crypto/sha1" //nolint:gosec // the lists' hash
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"muster"
	"muster/internal/message"
)

// breachedFile writes a list of some passwords, in the order of their hashes.
func breachedFile(t testing.TB, end string, passwords ...string) string {
	t.Helper()
	var lines []string
	for i, p := range passwords {
		lines = append(lines, fmt.Sprintf("%X:%d", sha1.Sum([]byte(p)), i+1)) //nolint:gosec // as above
	}
	slices.Sort(lines)
	return write(t, strings.Join(lines, end)+end)
}

func write(t testing.TB, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "breached.txt")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestBreachedPasswordsAreFoundInTheFile(t *testing.T) {
	var many []string
	for i := range 5000 {
		many = append(many, fmt.Sprint("breached password ", i))
	}
	for name, end := range map[string]string{"line feeds": "\n", "as Windows ends lines": "\r\n"} {
		for _, n := range []int{1, 2, 3, 5000} {
			b, err := OpenBreached(breachedFile(t, end, many[:n]...))
			if err != nil {
				t.Fatal(name, err)
			}
			t.Cleanup(func() { _ = b.Close() })
			for i, p := range many {
				if found, err := b.Contains(p); err != nil || found != (i < n) {
					t.Fatalf("%s, %d lines: %q found %v, %v", name, n, p, found, err)
				}
			}
		}
	}
	for name, c := range map[string]struct{ text, want string }{
		"empty":           {"", "empty"},
		"of another kind": {"<html>\n", "HASH:COUNT"},
		"NTLM hashes":     {strings.Repeat("A", 32) + ":1\n", "HASH:COUNT"},
		"sorted by count": {strings.Repeat("B", 40) + ":9\n" + strings.Repeat("A", 40) + ":1\n", "order"},
		"twice the same":  {strings.Repeat("B", 40) + ":9\n" + strings.Repeat("b", 40) + ":1\n", "order"},
		"one long line":   {strings.Repeat("B", 4000), "more than"},
		"an empty line":   {strings.Repeat("A", 40) + ":9\n\n" + strings.Repeat("B", 40) + ":1\n", "HASH:COUNT"},
	} {
		if _, err := OpenBreached(write(t, c.text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("a file that is %s: %v, want %q", name, err, c.want)
		}
	}
	if _, err := OpenBreached(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("a missing file was opened")
	}
	gone, err := OpenBreached(breachedFile(t, "\n", "x"))
	if err != nil {
		t.Fatal(err)
	}
	_ = gone.Close()
	if err := (Policy{Breached: gone}).Check("not on any list of that kind", nil); err == nil || muster.IsKind(err, muster.Invalid) {
		t.Errorf("a file that can't be read: %v", err)
	}
}

func TestCommonPasswords(t *testing.T) {
	lines := strings.Split(strings.TrimSuffix(commonText, "\n"), "\n")
	if len(lines) < 20_000 || len(commonText) > 2<<20 || !slices.IsSorted(lines) {
		t.Fatalf("%d passwords in %d bytes", len(lines), len(commonText))
	}
	for _, line := range []string{lines[0], lines[1], lines[len(lines)/3], lines[len(lines)-1]} {
		if !isCommon(line) || !isCommon(strings.ToUpper(line)) {
			t.Errorf("%q is not found", line)
		}
	}
	for plain, want := range map[string]bool{
		"password": true, "12345678": true, "PassWord": true, "ｐａｓｓｗｏｒｄ": true, "qwertyuiop": true,
		"": false, "password ": false, "correct horse battery staple": false, "\xff": false, "zzzzzzzzzzzzzzzzzz": false, "!": false,
	} {
		if isCommon(plain) != want {
			t.Errorf("%q: %v", plain, !want)
		}
	}
}

func TestGuessablePasswordsAreRefused(t *testing.T) {
	breached, err := OpenBreached(breachedFile(t, "\r\n", "lamp-river-otter-92"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = breached.Close() })
	about := []string{"wrzbkowski"}
	for _, c := range []struct {
		strength int
		plain    string
		want     string
	}{
		{1, "password", "_common"},
		{0, "12345678", "_common"},
		{1, "Wrzbkowski", "_guessable"},
		{0, "Wrzbkowski", ""},
		{1, "lamp-river-otter-92", "_breached"},
		{1, "Passw0rd!wire", ""},
		{3, "Passw0rd!wire", "_guessable"},
		{4, "lamp-river-otter-93", ""},
	} {
		err := Policy{MinimumLength: 8, MinimumStrength: c.strength, Breached: breached}.Check(c.plain, about)
		if c.want == "" && err != nil || c.want != "" && !muster.HasID(err, policyID+c.want+".app_error") {
			t.Errorf("%q at %d: %v, want %q", c.plain, c.strength, err, c.want)
		}
		if e := muster.AsError(err); c.want == "_guessable" && !strings.HasPrefix(message.Of(e), "This password is too easy to guess. ") {
			t.Errorf("%q is told %q", c.plain, message.Of(e))
		}
	}
}

// A search of sorted lines finds what is there and nothing else, and ends whatever the text is.
func FuzzSortedLines(f *testing.F) {
	f.Add("a\nb\nc\n", "b")
	f.Add("", "")
	f.Add("\n\n\n", "x")
	f.Add(strings.Repeat("x", 600), "x")
	f.Add("AA:1\r\nBB:2\r\nCC", "BB")
	f.Fuzz(func(t *testing.T, text, key string) {
		search := func(text string) (bool, error) {
			return sortedLines{strings.NewReader(text), int64(len(text)), hashOfLine}.contains(key)
		}
		_, _ = search(text) // what is not sorted may hide lines, no more than that
		keys := strings.Split(text, "\n")
		for i, line := range keys {
			keys[i] = hashOfLine(strings.TrimSuffix(line, "\r"))
			if len(keys[i]) > maxSortedLine {
				return
			}
		}
		slices.Sort(keys)
		sorted := strings.Join(keys, "\n")
		want := slices.Contains(keys, key) && sorted != "" && (key != "" || keys[len(keys)-1] != "")
		if found, err := search(sorted); err != nil || found != want {
			t.Fatalf("%q in %q: %v, %v", key, sorted, found, err)
		}
	})
}
