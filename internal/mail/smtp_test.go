package mail

import (
	"context"
	"errors"
	"fmt"
	"net"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"muster"
)

func TestServersTakeMail(t *testing.T) {
	for variable, names := range map[string][]string{
		plainServer:    {"connect", "accept"},
		starttlsServer: {"connect", "TLS", "auth", "accept"},
		tlsServer:      {"connect", "TLS", "auth", "accept"},
	} {
		t.Run(variable, func(t *testing.T) {
			s, m := server(t, variable), message()
			if err := s.Send(t.Context(), m); err != nil {
				t.Fatal(err)
			}
			got := find(t, variable, m)
			want := received{
				ID: got.ID, MessageID: m.ID + "@muster.example.com", Subject: "Confirm your email address - Example", Text: got.Text, HTML: got.HTML,
				Date: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC), From: mailbox{"Muster at Example", m.From}, To: []mailbox{{"", m.To}},
				ReplyTo: []mailbox{{"", m.ReplyTo}}, raw: got.raw,
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got %+v", got)
			}
			for _, part := range []string{got.Text, strings.ReplaceAll(got.HTML, "&amp;", "&")} {
				for _, text := range []string{m.Greeting, m.Paragraphs[0], m.Paragraphs[1], m.Button.Text, m.Button.URL, m.Notes[0], m.Site.URL} {
					if !strings.Contains(part, text) {
						t.Errorf("%q is missing in\n%s", text, part)
					}
				}
			}

			m.ID = muster.NewID()
			steps := s.Test(t.Context(), m)
			find(t, variable, m)
			if slices.ContainsFunc(steps, func(s Step) bool { return !s.OK || s.Detail == "" }) || !slices.Equal(stepNames(steps), names) {
				t.Errorf("%+v", steps)
			}
		})
	}
}

func stepNames(steps []Step) (names []string) {
	for _, s := range steps {
		names = append(names, s.Name)
	}
	return names
}

// failing is a server, or something else at its address, and the failure it must cause.
type failing struct {
	server  SMTPSender
	message Message
	step    string   // that fails
	detail  []string // in the error
	kind    failureKind
}

func (f failing) check(t *testing.T) {
	t.Helper()
	err := f.server.Send(t.Context(), f.message)
	if err == nil {
		t.Fatal("was sent")
	}
	if IsPermanent(err) != (f.kind == permanent) || IsUnreachable(err) != (f.kind == unreachable) {
		t.Errorf("permanent %t, unreachable %t: %v", IsPermanent(err), IsUnreachable(err), err)
	}
	for _, d := range f.detail {
		if !strings.Contains(err.Error(), d) {
			t.Errorf("%q is missing: %v", d, err)
		}
	}
	steps := f.server.Test(t.Context(), f.message)
	last := len(steps) - 1
	for i, s := range steps {
		if s.OK != (i < last) {
			t.Errorf("%+v", steps)
		}
	}
	if steps[last].Name != f.step || !strings.Contains(steps[last].Detail, f.detail[0]) {
		t.Errorf("%+v", steps)
	}
	for _, text := range []string{err.Error(), fmt.Sprint(steps)} {
		if f.server.Password != "" && strings.Contains(text, f.server.Password) {
			t.Errorf("reveals the password: %s", text)
		}
	}
}

func TestFailuresOfServers(t *testing.T) {
	to := func(address string) Message {
		m := message()
		m.To = address
		return m
	}
	for name, test := range map[string]struct {
		variable string
		change   func(*SMTPSender)
		message  Message
		step     string
		detail   []string
		kind     failureKind
	}{
		"recipient": {plainServer, func(*SMTPSender) {}, to("ann@refused.example"), "accept", []string{"recipient ann@refused.example: 550 5.1.0"}, permanent},
		"no address": {plainServer, func(*SMTPSender) {}, to("ann@example.com>\r\nDATA"), "accept",
			[]string{"is not a valid email address"}, permanent},
		"password": {starttlsServer, func(s *SMTPSender) { s.Password += "x" }, message(), "auth", []string{"535", "SMTPPassword"}, unreachable},
		"nobody":   {starttlsServer, func(s *SMTPSender) { s.Username = "" }, message(), "accept", []string{"sender", "530", "EnableSMTPAuth"}, temporary},
		"no sign-in offered": {plainServer, func(s *SMTPSender) { s.Username = "ann" }, message(), "auth",
			[]string{"does not offer authentication on this connection", "ConnectionSecurity"}, unreachable},
		"no STARTTLS":   {plainServer, func(s *SMTPSender) { s.Security = "STARTTLS" }, message(), "TLS", []string{"does not offer STARTTLS"}, unreachable},
		"TLS to plain":  {plainServer, func(s *SMTPSender) { s.Security = "TLS" }, message(), "TLS", []string{"does not use implicit TLS", "STARTTLS"}, unreachable},
		"unknown words": {plainServer, func(s *SMTPSender) { s.Security = "tls" }, message(), "TLS", []string{"security"}, unreachable},
		"plain to STARTTLS": {starttlsServer, func(s *SMTPSender) { s.Security, s.Username = "", "" }, message(), "accept",
			[]string{"530", "ConnectionSecurity"}, temporary},
		"plain to TLS": {tlsServer, func(s *SMTPSender) { s.Security, s.Timeout = "", 300*time.Millisecond }, message(), "connect",
			[]string{"no answer within 300ms", "set ConnectionSecurity to TLS"}, unreachable},
		"other name":          {tlsServer, func(s *SMTPSender) { s.Host = "localhost" }, message(), "TLS", []string{"certificate", "SMTPServer"}, unreachable},
		"other name STARTTLS": {starttlsServer, func(s *SMTPSender) { s.Host = "localhost" }, message(), "TLS", []string{"certificate"}, unreachable},
		"greeting of lines":   {plainServer, func(s *SMTPSender) { s.HELO = "a\r\nMAIL FROM:<x@y.z>" }, message(), "connect", []string{"CR or LF"}, unreachable},
	} {
		t.Run(name, func(t *testing.T) {
			s := server(t, test.variable)
			test.change(&s)
			failing{s, test.message, test.step, test.detail, test.kind}.check(t)
		})
	}
}

func TestTooLargeContentsAreRefused(t *testing.T) {
	m := message()
	m.Paragraphs = []string{strings.Repeat("word ", 300_000)}
	failing{server(t, plainServer), m, "accept", []string{"content: 552"}, permanent}.check(t)
}

func TestChaos(t *testing.T) {
	for _, test := range []struct {
		command string
		code    int
		step    string
		kind    failureKind
	}{
		{"Sender", 451, "accept", temporary},
		{"Sender", 421, "accept", unreachable},
		{"Sender", 550, "accept", temporary},
		{"Recipient", 450, "accept", temporary},
		{"Recipient", 421, "accept", temporary},
		{"Recipient", 551, "accept", permanent},
		{"Recipient", 530, "accept", temporary},
		{"Authentication", 454, "auth", unreachable},
		{"Authentication", 535, "auth", unreachable},
	} {
		t.Run(fmt.Sprint(test.command, test.code), func(t *testing.T) {
			s := server(t, starttlsServer)
			chaos(t, test.command, test.code)
			failing{s, message(), test.step, []string{fmt.Sprint(test.code, " Chaos")}, test.kind}.check(t)
		})
	}
}

func TestUnverifiedCertificate(t *testing.T) {
	for _, variable := range []string{starttlsServer, tlsServer} {
		s, m := server(t, variable), message()
		s.Host, s.SkipVerify = "localhost", true // which the certificate is not for
		steps := s.Test(t.Context(), m)
		find(t, variable, m)
		if len(steps) != 4 || !strings.Contains(steps[1].Detail, "not verified") {
			t.Errorf("%+v", steps)
		}
	}
}

func TestNobodyListens(t *testing.T) {
	l := listen(t)
	s := at(l)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	failing{s, message(), "connect", []string{"connection refused", "SMTPPort"}, unreachable}.check(t)
	s.Host = "mail.invalid"
	failing{s, message(), "connect", []string{"mail.invalid", "SMTPServer"}, unreachable}.check(t)
}

func TestEndedContextIsNobodysFault(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := talk(t, func(net.Conn) { cancel(); <-t.Context().Done() })
	s.Timeout = time.Hour
	err := s.Send(ctx, message())
	if !errors.Is(err, context.Canceled) || IsPermanent(err) || IsUnreachable(err) {
		t.Fatal(err)
	}
}
