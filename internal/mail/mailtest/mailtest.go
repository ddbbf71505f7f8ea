// Package mailtest gives tests a real mail server, Mailpit, and reads what it received back over HTTP. scripts/with-smtp.sh starts the server.
package mailtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"

	"muster/internal/require"
)

const serverVariable = "MUSTER_TEST_SMTP"

// Server accepts mail at Host and Port, without TLS or authentication.
type Server struct {
	Host, Port string
	api        string
}

// Mail is a message that the server received.
type Mail struct {
	ID        string
	MessageID string
	Subject   string
	Text      string
	HTML      string
}

// Open returns the server that MUSTER_TEST_SMTP names; see Named.
func Open(t testing.TB) *Server {
	t.Helper()
	u := Named(t, serverVariable)
	return &Server{Host: u.Hostname(), Port: u.Port(), api: strings.TrimSuffix(os.Getenv(serverVariable+"_API"), "/")}
}

// Named returns the URL of the server that an environment variable names. If it is not set, the test is skipped, or fails where CI is true.
func Named(t testing.TB, variable string) *url.URL {
	t.Helper()
	text := os.Getenv(variable)
	if text == "" {
		if os.Getenv("CI") == "true" {
			t.Fatal(variable + " names no mail server")
		}
		t.Skip("SKIPPED: " + variable + " names no mail server (scripts/with-smtp.sh starts one)")
	}
	u, err := url.Parse(text)
	require.NoError(t, err)
	return u
}

// Settings returns the EmailSettings for this server, as JSON.
func (s *Server) Settings() string {
	return fmt.Sprintf(`{"EmailSettings":{"SMTPServer":%q,"SMTPPort":%q,"FeedbackEmail":"muster@example.com"}}`, s.Host, s.Port)
}

// To returns the messages that an address has received so far, oldest first. It makes one request for each; see Headers.
func (s *Server) To(t testing.TB, address string) []Mail {
	t.Helper()
	var mails []Mail
	for _, m := range s.Headers(t, address) {
		var whole Mail
		s.get(t, "/api/v1/message/"+m.ID, &whole)
		mails = append(mails, whole)
	}
	return mails
}

// Headers returns the messages that an address, or any address with this ending, has received so far, oldest first, without their bodies.
func (s *Server) Headers(t testing.TB, address string) []Mail {
	t.Helper()
	var found struct{ Messages []Mail }
	s.get(t, "/api/v1/search?"+url.Values{"query": {fmt.Sprintf("to:%q", address)}, "limit": {"1000"}}.Encode(), &found)
	slices.Reverse(found.Messages)
	return found.Messages
}

// Page returns the URL at which a browser sees the HTML of a message.
func (s *Server) Page(m Mail) string { return s.api + "/view/" + m.ID + ".html" }

func (s *Server) get(t testing.TB, path string, into any) {
	t.Helper()
	answer, err := http.Get(s.api + path)
	require.NoError(t, err)
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		t.Fatalf("the mail server answered %s to %s", answer.Status, path)
	}
	require.NoError(t, json.NewDecoder(answer.Body).Decode(into))
}
