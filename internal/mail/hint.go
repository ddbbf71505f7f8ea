package mail

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"strings"
	"syscall"
)

const (
	maxReply       = 300 // characters that are kept of a server's reply
	minSecretMatch = 8   // characters of a password, or of its encoded form, that make a reply unfit to be shown
)

// fail returns the failure of an action: what failed, why, and what an administrator can do about it.
func (s *session) fail(ctx context.Context, action string, err error, kind failureKind) error {
	reply, isReply := errors.AsType[*textproto.Error](err)
	if isReply && reply.Code == 421 && !s.rcptSent { // "closing transmission channel", in reply to any command (RFC 5321, 3.8)
		kind = unreachable
	}
	reason := s.redact(err.Error())
	switch {
	case isReply:
		reason = fmt.Sprintf("%d %s", reply.Code, s.redact(reply.Msg))
	case ctx.Err() != nil:
		reason = fmt.Sprintf("no answer within %s", cmp.Or(s.server.Timeout, defaultTimeout))
	case errors.Is(err, io.EOF):
		reason = "the server closed the connection"
	}
	text := action + ": " + reason
	if hint := s.hint(ctx, err); hint != "" {
		text += " (" + hint + ")"
	}
	return &failure{text, kind}
}

// hint returns what an administrator can do, in the terms of EmailSettings, or "" if the server's reply says it all.
func (s *session) hint(ctx context.Context, err error) string {
	switch {
	case s.conn == nil && ctx.Err() != nil:
		return "check SMTPServer and SMTPPort; a firewall may block the connection"
	case is[*net.DNSError](err):
		return "check SMTPServer"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "no server listens there: check SMTPServer and SMTPPort"
	case s.client == nil && ctx.Err() != nil && s.server.Security != "TLS":
		return "a port for implicit TLS, such as 465, waits for the client: if this is one, set ConnectionSecurity to TLS"
	case is[tls.RecordHeaderError](err):
		return "that port does not use implicit TLS: set ConnectionSecurity to STARTTLS, or SMTPPort to the port for TLS, often 465"
	case errors.Is(err, errNoSTARTTLS):
		return "check SMTPPort; if the server uses implicit TLS, set ConnectionSecurity to TLS"
	case is[x509.HostnameError](err):
		return "SMTPServer must be a name in the certificate"
	case is[*tls.CertificateVerificationError](err):
		return "this machine must trust the authority that issued the certificate; SkipServerCertificateVerification is for tests only"
	case is[textproto.ProtocolError](err):
		return "that is not a mail server: check SMTPPort"
	case errors.Is(err, errNoAuth), errors.Is(err, errClearText):
		return "set ConnectionSecurity to TLS or STARTTLS"
	}
	return replyHint(err)
}

func replyHint(err error) string {
	reply, _ := errors.AsType[*textproto.Error](err)
	switch {
	case reply == nil:
	case reply.Code == 530: // RFC 4954, 6, and RFC 3207, 4 before STARTTLS
		return "the server requires authentication or TLS: see EnableSMTPAuth and ConnectionSecurity"
	case reply.Code == 535:
		return "check SMTPUsername and SMTPPassword"
	}
	return ""
}

func is[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

// redact returns what a server said as one short line, or a placeholder if it repeats part of the password.
func (s *session) redact(text string) string {
	server := s.server
	for _, secret := range []string{
		server.Password,
		base64.StdEncoding.EncodeToString([]byte(server.Password)),
		base64.StdEncoding.EncodeToString([]byte("\x00" + server.Username + "\x00" + server.Password)), // as PLAIN sends it
	} {
		if server.Password != "" && revealsPart(text, secret) {
			return "a reply that repeats the password and is left out here"
		}
	}
	return clean(text, maxReply)
}

// revealsPart reports whether text contains minSecretMatch consecutive characters of a secret, or a shorter secret as a whole.
func revealsPart(text, secret string) bool {
	size := min(minSecretMatch, len(secret))
	for i := 0; i+size <= len(secret); i++ {
		if strings.Contains(text, secret[i:i+size]) {
			return true
		}
	}
	return false
}
