package mail

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"io"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"
)

// These tests play servers that misbehave in ways no real one does.

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func at(l net.Listener) SMTPSender {
	host, port, _ := net.SplitHostPort(l.Addr().String())
	return SMTPSender{Host: host, Port: port, Timeout: 30 * time.Second}
}

// talk listens, and has each connection served by a function.
func talk(t *testing.T, serve func(net.Conn)) SMTPSender {
	l := listen(t)
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = conn.Close() }()
				serve(conn)
			}()
		}
	}()
	return at(l)
}

// script plays a server that replies to each line beginning with one of the commands, "." for the end of the data, and 250 to all others.
// An empty reply closes the connection; one that begins with laterMark comes after the session's timeout.
func script(t *testing.T, answers map[string]string) SMTPSender {
	return talk(t, func(conn net.Conn) {
		lines := bufio.NewScanner(conn)
		for answer := "220 test"; answer != ""; {
			if _, err := io.WriteString(conn, answer+"\r\n"); err != nil || !lines.Scan() {
				return
			}
			for strings.HasPrefix(answer, "354") && lines.Text() != "." && lines.Scan() {
			}
			answer = "250 OK"
			for command, a := range answers {
				if strings.HasPrefix(lines.Text(), command) {
					answer = strings.ReplaceAll(a, "LINE", lines.Text())
				}
			}
			if rest, late := strings.CutPrefix(answer, laterMark); late {
				time.Sleep(3 * shortTime)
				answer = rest
			}
		}
	})
}

const (
	shortTime = 200 * time.Millisecond // for a session
	laterMark = "later:"
)

// A server may scan a message for a long time before it replies. A client that gives up earlier sends a message again that was accepted.
func TestTheLastAnswerMayComeLate(t *testing.T) {
	s := script(t, map[string]string{"DATA": "354 go", ".": laterMark + "250 queued", "QUIT": laterMark + "221 bye"})
	s.Timeout = shortTime
	if err := s.Send(t.Context(), message()); err != nil {
		t.Error(err)
	}
	s = script(t, map[string]string{"RCPT": laterMark + "250 fine"}) // any other may not
	s.Timeout = shortTime
	failing{s, message(), "accept", []string{"no answer within 200ms"}, temporary}.check(t)
}

func TestPeersThatAreNoServer(t *testing.T) {
	for name, test := range map[string]struct {
		serve  func(net.Conn)
		detail []string
	}{
		"silent": {func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }, []string{"no answer within 200ms"}},
		"dribbling": {func(c net.Conn) {
			for err := error(nil); err == nil; time.Sleep(20 * time.Millisecond) {
				_, err = c.Write([]byte("2"))
			}
		}, []string{"no answer within 200ms"}},
		"closing": {func(net.Conn) {}, []string{"closed the connection", ""}},
		"web":     {func(c net.Conn) { _, _ = io.WriteString(c, "HTTP/1.1 400 Bad Request\r\n\r\n") }, []string{"SMTPPort"}},
		"busy":    {func(c net.Conn) { _, _ = io.WriteString(c, "421 too \x1b[31mbusy\r\n") }, []string{"421 too [31mbusy"}},
		"unkind":  {func(c net.Conn) { _, _ = io.WriteString(c, "554-no\r\n554 mail\r\n") }, []string{"554 no mail"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := talk(t, test.serve)
			if strings.Contains(test.detail[0], "200ms") {
				s.Timeout = 200 * time.Millisecond
			}
			failing{s, message(), "connect", test.detail, unreachable}.check(t)
		})
	}
}

func TestEndlessAnswersDontFillTheMemory(t *testing.T) {
	s := talk(t, func(c net.Conn) {
		for err := error(nil); err == nil; {
			_, err = io.WriteString(c, "220-"+strings.Repeat("x", 1000)+"\r\n")
		}
	})
	s.Timeout = time.Hour
	failing{s, message(), "connect", []string{"too much data"}, unreachable}.check(t)
}

func TestAnswersInTheMiddle(t *testing.T) {
	for name, test := range map[string]struct {
		answers map[string]string
		detail  []string
		kind    failureKind
	}{
		"sender refused":      {map[string]string{"MAIL": "553 5.1.8 not yours"}, []string{"sender muster@example.com: 553 5.1.8 not yours"}, temporary},
		"DATA refused":        {map[string]string{"DATA": "554 5.5.1 nobody valid"}, []string{"content: 554 5.5.1 nobody valid"}, permanent},
		"DATA later":          {map[string]string{"DATA": "452 full"}, []string{"content: 452 full"}, temporary},
		"contents refused":    {map[string]string{"DATA": "354 go", ".": "550 spam"}, []string{"content: 550 spam"}, permanent},
		"contents later":      {map[string]string{"DATA": "354 go", ".": "451 later"}, []string{"content: 451 later"}, temporary},
		"closing down":        {map[string]string{"DATA": "354 go", ".": "421 bye"}, []string{"content: 421 bye"}, temporary},
		"lost":                {map[string]string{"RCPT": ""}, []string{"recipient ann@example.com: the server closed the connection"}, temporary},
		"answer is long":      {map[string]string{"MAIL": "550 " + strings.Repeat("é", 900)}, []string{"550 éé", "é…"}, temporary},
		"answer is no text":   {map[string]string{"MAIL": "550 \xff\x00a\tb\u202ec"}, []string{"550 \uFFFD a b c"}, temporary},
		"answer of two lines": {map[string]string{"MAIL": "550-a\r\n550 b"}, []string{"550 a b"}, temporary},
	} {
		t.Run(name, func(t *testing.T) {
			failing{script(t, test.answers), message(), "accept", test.detail, test.kind}.check(t)
		})
	}
}

func TestWhatIsTakenIsSent(t *testing.T) {
	s := script(t, map[string]string{"DATA": "354 go", ".": "250 queued", "QUIT": ""})
	if err := s.Send(t.Context(), message()); err != nil {
		t.Error(err)
	}
}

// The server may receive the password in clear text, since it is on this machine.
func TestAnswersThatRepeatThePassword(t *testing.T) {
	const password = "correct horse"
	for name, answer := range map[string]string{
		"plain": "535 no " + password, "encoded": "535 no " + base64.StdEncoding.EncodeToString([]byte(password)), "line": "500 what is LINE?",
		"half": "535 no correct hor",
	} {
		t.Run(name, func(t *testing.T) {
			s := script(t, map[string]string{"EHLO": "250-test\r\n250 AUTH PLAIN", "AUTH": answer})
			s.Username, s.Password = "ann", password
			failing{s, message(), "auth", []string{"left out"}, unreachable}.check(t)
		})
	}
}

func TestUntrustedCertificate(t *testing.T) {
	l := tls.NewListener(listen(t), &tls.Config{Certificates: []tls.Certificate{selfSigned(t)}})
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				_, _ = io.Copy(io.Discard, conn)
				_ = conn.Close()
			}()
		}
	}()
	s := at(l)
	s.Security = "TLS"
	failing{s, message(), "TLS", []string{"certificate", "must trust the authority"}, unreachable}.check(t)
}

func selfSigned(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	from := x509.Certificate{SerialNumber: big.NewInt(1), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	cert, err := x509.CreateCertificate(rand.Reader, &from, &from, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{cert}, PrivateKey: key}
}

func TestMechanisms(t *testing.T) {
	for _, test := range []struct {
		offered string
		private bool
		name    string
		err     error
	}{
		{"LOGIN PLAIN SCRAM-SHA-1 SCRAM-SHA-256 CRAM-MD5", false, "SCRAM-SHA-256", nil},
		{"PLAIN LOGIN SCRAM-SHA-1", true, "SCRAM-SHA-1", nil},
		{"CRAM-MD5 LOGIN PLAIN", true, "PLAIN", nil},
		{"CRAM-MD5 LOGIN", true, "LOGIN", nil},
		{"CRAM-MD5 LOGIN PLAIN", false, "CRAM-MD5", nil},
		{"LOGIN PLAIN", false, "", errClearText},
		{"GSSAPI", true, "", errMechanism},
		{"", true, "", errNoAuth},
	} {
		name, auth, err := chooseMechanism(strings.Fields(test.offered), SMTPSender{Username: "ann", Password: "secret"}, test.private)
		if name != test.name || (auth == nil) != (name == "") || !errors.Is(err, test.err) {
			t.Errorf("%q private %t: %s %v", test.offered, test.private, name, err)
		}
	}
}

func TestLoopback(t *testing.T) {
	for host, want := range map[string]bool{
		"localhost": true, "127.0.0.1": true, "127.9.9.9": true, "::1": true, "": false, "mail.example.com": false, "10.0.0.1": false, "localhost.example.com": false,
	} {
		if isLoopback(host) != want {
			t.Error(host)
		}
	}
}
