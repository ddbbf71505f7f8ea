package testserver

import (
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"muster/internal/require"
)

// Mail is one mail that the server sent.
type Mail struct{ Subject, Text, HTML string }

// mailPatience is how long a test waits for mails.
const mailPatience = time.Minute

// Mails waits until n mails were sent to an address and returns all of them, oldest first.
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

// MailAbout waits for a mail to an address whose subject contains some words, and returns the latest.
func (s *Server) MailAbout(t testing.TB, to, subject string) Mail {
	t.Helper()
	for n := 1; ; {
		mails := s.Mails(t, to, n)
		for _, m := range slices.Backward(mails) {
			if strings.Contains(m.Subject, subject) {
				return m
			}
		}
		n = len(mails) + 1
	}
}

var linkToken = regexp.MustCompile(`[?&](?:t|token)=([A-Za-z0-9]+)`)

// MailedToken waits for the n-th mail with a link to an address and returns the link's token.
func (s *Server) MailedToken(t testing.TB, to string, n int) string {
	t.Helper()
	for wait := 1; ; wait++ {
		var tokens []string
		for _, m := range s.Mails(t, to, wait) {
			if found := linkToken.FindStringSubmatch(m.Text); found != nil {
				tokens = append(tokens, found[1])
			}
		}
		if len(tokens) >= n {
			return tokens[n-1]
		}
	}
}

func (s *Server) mailsTo(t testing.TB, to string) (mails []Mail) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(s.MailDir, "*.eml"))
	require.NoError(t, err)
	slices.Sort(files)
	for _, name := range files {
		f, err := os.Open(name)
		require.NoError(t, err)
		m, err := mail.ReadMessage(f)
		require.NoError(t, err)
		list, err := m.Header.AddressList("To")
		require.NoError(t, err)
		subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
		require.NoError(t, err)
		if len(list) == 1 && list[0].Address == to {
			text, html := parts(t, m)
			mails = append(mails, Mail{subject, text, html})
		}
		require.NoError(t, f.Close())
	}
	return mails
}

// parts returns the text and the HTML of a mail.
func parts(t testing.TB, m *mail.Message) (text, html string) {
	t.Helper()
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	require.NoError(t, err)
	if kind != "multipart/alternative" {
		t.Fatalf("a mail of type %s", kind)
	}
	body := multipart.NewReader(m.Body, params["boundary"])
	for {
		part, err := body.NextPart() // decodes quoted-printable
		if errors.Is(err, io.EOF) {
			return text, html
		}
		require.NoError(t, err)
		content, err := io.ReadAll(part)
		require.NoError(t, err)
		switch kind, _, _ := mime.ParseMediaType(part.Header.Get("Content-Type")); kind {
		case "text/plain":
			text = string(content)
		case "text/html":
			html = string(content)
		}
	}
}
