package browser_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
)

// letter is a mail as Mailpit tells of it.
type letter struct {
	ID, Subject, Text, HTML string
}

// mailed waits until an address has n mails with a link to a page of the site, and gives the latest such link as its reader would click it.
func (s *site) mailed(t *testing.T, to, page string, n int) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	link := regexp.MustCompile(regexp.QuoteMeta(s.url+page) + `\?[^\s"'<>]+`)
	var letters []letter
	for {
		var links []string
		letters = lettersTo(ctx, t, to)
		for _, l := range letters {
			links = append(links, link.FindAllString(l.Text, 1)...)
		}
		if len(links) >= n {
			return links[0]
		}
		select {
		case <-time.After(askEvery):
		case <-ctx.Done():
			t.Fatalf("%d mails to %s have a link to %s, want %d: %+v", len(links), to, page, n, letters)
		}
	}
}

// lettersTo gives the mails to an address, the latest first.
func lettersTo(ctx context.Context, t *testing.T, to string) (letters []letter) {
	t.Helper()
	var found struct{ Messages []letter }
	ask(ctx, t, "/api/v1/search?"+url.Values{"query": {fmt.Sprintf("to:%q", to)}}.Encode(), &found)
	for _, m := range found.Messages {
		var whole letter
		ask(ctx, t, "/api/v1/message/"+m.ID, &whole)
		letters = append(letters, whole)
	}
	return letters
}

func ask(ctx context.Context, t *testing.T, path string, into any) {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(os.Getenv(smtpAPIVariable), "/")+path, nil)
	must(t, err)
	answer, err := http.DefaultClient.Do(r)
	must(t, err)
	defer func() { must(t, answer.Body.Close()) }()
	if answer.StatusCode != http.StatusOK {
		t.Fatalf("Mailpit answers %s to %s", answer.Status, path)
	}
	must(t, json.NewDecoder(answer.Body).Decode(into))
}

// pageOf is where a letter can be looked at as mail programs show it.
func pageOf(l letter) string {
	return strings.TrimSuffix(os.Getenv(smtpAPIVariable), "/") + "/view/" + l.ID + ".html"
}
