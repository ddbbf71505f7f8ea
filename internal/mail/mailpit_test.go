package mail

import (
	"bytes"
	"cmp"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"testing"
	"time"

	"muster"
	"muster/internal/mail/mailtest"
)

// The mail servers of scripts/with-smtp.sh. The name of a variable with apiSuffix has the address under which the server's mails are read.
const (
	plainServer    = "MUSTER_TEST_SMTP"
	starttlsServer = "MUSTER_TEST_SMTP_STARTTLS"
	tlsServer      = "MUSTER_TEST_SMTP_TLS"
	authority      = "MUSTER_TEST_SMTP_CA"
	apiSuffix      = "_API"
)

// TestMain makes this process trust the servers' certificate, which nothing else on the machine does.
func TestMain(m *testing.M) {
	if file := os.Getenv(authority); file != "" {
		if err := os.Setenv("SSL_CERT_FILE", file); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

// server returns a sender for one of the servers. Without them the test is skipped, or fails where CI is true.
func server(t *testing.T, variable string) SMTPSender {
	t.Helper()
	u := mailtest.Named(t, variable)
	password, _ := u.User.Password()
	s := SMTPSender{Host: u.Hostname(), Port: u.Port(), Username: u.User.Username(), Password: password, Timeout: 30 * time.Second}
	switch variable {
	case starttlsServer:
		s.Security = "STARTTLS"
	case tlsServer:
		s.Security = "TLS"
	}
	return s
}

func message() Message {
	return Message{
		ID: muster.NewID(), Date: time.Date(2026, 3, 4, 5, 6, 7, 890e6, time.UTC),
		From: "muster@example.com", FromName: "Muster at Example", ReplyTo: "help@example.com", To: "ann@example.com",
		Site: Site{"Example", "https://muster.example.com"},
		Content: Content{
			Subject: "Confirm your email address", Greeting: "Hello ann,",
			Paragraphs: []string{"Please confirm that this is your address.", "The link works for a day."},
			Button:     &Button{"Confirm address", "https://muster.example.com/do_verify_email?token=abc&email=ann%40example.com"},
			Notes:      []string{"You did not ask for this? Then there is nothing to do."},
		},
	}
}

// received is a mail as Mailpit understood it.
type received struct {
	ID, MessageID, Subject, Text, HTML string
	Date                               time.Time
	From                               mailbox
	To, ReplyTo                        []mailbox
	raw                                []byte
}

type mailbox struct{ Name, Address string }

// find returns what a server received of a message, which must be there exactly once.
func find(t *testing.T, variable string, m Message) received {
	t.Helper()
	found := inbox(t, variable, m)
	if len(found) != 1 {
		t.Fatalf("%d mails with this id, want 1", len(found))
	}
	return found[0]
}

func inbox(t *testing.T, variable string, m Message) (found []received) {
	t.Helper()
	var list struct{ Messages []received }
	decode(t, get(t, variable, "/api/v1/search?query="+url.QueryEscape("message-id:"+m.ID)), &list)
	for _, r := range list.Messages {
		if r.MessageID == m.ID+"@"+m.Site.host() {
			var whole received
			decode(t, get(t, variable, "/api/v1/message/"+r.ID), &whole)
			whole.raw = get(t, variable, "/api/v1/message/"+r.ID+"/raw")
			found = append(found, whole)
		}
	}
	return found
}

// chaos makes a server answer every command of a kind ("Sender", "Recipient", "Authentication") with a code, until the test ends.
func chaos(t *testing.T, command string, code int) {
	t.Helper()
	type trigger struct{ ErrorCode, Probability int }
	put(t, map[string]trigger{command: {code, 100}})
	t.Cleanup(func() { put(t, map[string]trigger{}) })
}

func put(t *testing.T, body any) {
	t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	request(t, http.MethodPut, starttlsServer, "/api/v1/chaos", text)
}

func get(t *testing.T, variable, path string) []byte {
	t.Helper()
	return request(t, http.MethodGet, variable, path, nil)
}

func request(t *testing.T, method, variable, path string, body []byte) []byte {
	t.Helper()
	r, err := http.NewRequest(method, os.Getenv(variable+apiSuffix)+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(answer.Body)
	if err := cmp.Or(err, answer.Body.Close()); err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%s %s: %s %v\n%s", method, path, answer.Status, err, text)
	}
	return text
}

func decode(t *testing.T, text []byte, v any) {
	t.Helper()
	if err := json.Unmarshal(text, v); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
}
