package browser_test

import (
	"regexp"
	"testing"
	"time"
)

// mailed waits until an address has n mails with a link to a page of the site, and returns the latest such link as its reader would click it.
func (s *site) mailed(t *testing.T, to, page string, n int) string {
	t.Helper()
	link := regexp.MustCompile(regexp.QuoteMeta(s.url+page) + `\?[^\s"'<>]+`)
	for end := time.Now().Add(patience); ; time.Sleep(askEvery) {
		var links []string
		mails := s.inbox.To(t, to)
		for _, m := range mails {
			links = append(links, link.FindAllString(m.Text, 1)...)
		}
		if len(links) >= n {
			return links[len(links)-1]
		}
		if time.Now().After(end) {
			t.Fatalf("%d mails to %s have a link to %s, want %d: %+v", len(links), to, page, n, mails)
		}
	}
}
