package mustertest

import (
	"io"
	"mime"
	"mime/quotedprintable"
	"net/mail"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
	"time"
)

// Mail is one mail that the server sent.
type Mail struct{ Subject, Text string }

// mailPatience is how long a test waits for mails that the server sends after its answer.
const mailPatience = 10 * time.Second

// Mails waits until n mails went to an address and gives all of them, oldest first.
func (s *Server) Mails(t testing.TB, to string, n int) []Mail {
	t.Helper()
	for end := time.Now().Add(mailPatience); ; time.Sleep(5 * time.Millisecond) {
		mails := s.mailsTo(t, to)
		if len(mails) >= n {
			return mails
		}
		if time.Now().After(end) {
			t.Fatalf("%d mails to %s, want %d", len(mails), to, n)
		}
	}
}

var linkToken = regexp.MustCompile(`[?&](?:t|token)=([A-Za-z0-9]+)`)

// MailedToken waits for the n-th mail to an address and gives the token of the link in it.
func (s *Server) MailedToken(t testing.TB, to string, n int) string {
	t.Helper()
	text := s.Mails(t, to, n)[n-1].Text
	found := linkToken.FindStringSubmatch(text)
	if found == nil {
		t.Fatalf("no link in the mail:\n%s", text)
	}
	return found[1]
}

func (s *Server) mailsTo(t testing.TB, to string) (mails []Mail) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(s.mails, "*.eml"))
	must(t, err)
	slices.Sort(files)
	for _, name := range files {
		f, err := os.Open(name)
		must(t, err)
		m, err := mail.ReadMessage(f)
		must(t, err)
		list, err := m.Header.AddressList("To")
		must(t, err)
		subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
		must(t, err)
		text, err := io.ReadAll(quotedprintable.NewReader(m.Body))
		must(t, err)
		must(t, f.Close())
		if len(list) == 1 && list[0].Address == to {
			mails = append(mails, Mail{subject, string(text)})
		}
	}
	return mails
}
