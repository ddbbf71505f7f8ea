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
	replyMax = 300 // characters that are kept of what a server says
	echoMin  = 8   // characters of a password, or of its encoded form, that make an answer unfit to be shown
)

// fail tells what failed, why, and what to do about it.
func (x *exchange) fail(ctx context.Context, doing string, err error, v verdict) error {
	reply, isReply := errors.AsType[*textproto.Error](err)
	if isReply && reply.Code == 421 && !x.named { // "closing transmission channel", as an answer to anything (RFC 5321 3.8)
		v = unreachable
	}
	reason := x.quote(err.Error())
	switch {
	case isReply:
		reason = fmt.Sprintf("%d %s", reply.Code, x.quote(reply.Msg))
	case ctx.Err() != nil:
		reason = fmt.Sprintf("no answer within %s", cmp.Or(x.server.Timeout, defaultTimeout))
	case errors.Is(err, io.EOF):
		reason = "the server closed the connection"
	}
	text := doing + ": " + reason
	if advice := x.advice(ctx, err); advice != "" {
		text += " (" + advice + ")"
	}
	return &failure{text, v}
}

// advice is for an administrator, in the terms of EmailSettings; "" if there is nothing to say that the answer does not.
func (x *exchange) advice(ctx context.Context, err error) string {
	switch {
	case x.conn == nil && ctx.Err() != nil:
		return "check SMTPServer and SMTPPort; a firewall may be in the way"
	case is[*net.DNSError](err):
		return "check SMTPServer"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nothing listens there: check SMTPServer and SMTPPort"
	case x.client == nil && ctx.Err() != nil && x.server.Security != "TLS":
		return "a port for TLS, such as 465, waits for the other side: if it is one, set ConnectionSecurity to TLS"
	case is[tls.RecordHeaderError](err):
		return "that port does not begin with TLS: set ConnectionSecurity to STARTTLS, or SMTPPort to the one for TLS, often 465"
	case errors.Is(err, errNoSTARTTLS):
		return "check SMTPPort; if the server does TLS from the first byte on, set ConnectionSecurity to TLS"
	case is[x509.HostnameError](err):
		return "SMTPServer must be a name that the certificate is for"
	case is[*tls.CertificateVerificationError](err):
		return "this machine must trust the authority that signed the certificate; SkipServerCertificateVerification is for trials only"
	case is[textproto.ProtocolError](err):
		return "that is no answer of a mail server: check SMTPPort"
	case errors.Is(err, errNoAuth), errors.Is(err, errClearText):
		return "set ConnectionSecurity to TLS or STARTTLS"
	}
	return adviceOnReply(err)
}

func adviceOnReply(err error) string {
	reply, _ := errors.AsType[*textproto.Error](err)
	switch {
	case reply == nil:
	case reply.Code == 530: // RFC 4954 6, and RFC 3207 4 before STARTTLS
		return "the server wants a sign-in or TLS first: see EnableSMTPAuth and ConnectionSecurity"
	case reply.Code == 535:
		return "check SMTPUsername and SMTPPassword"
	}
	return ""
}

func is[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

// quote gives what a server said, unless it repeats something of the password.
func (x *exchange) quote(text string) string {
	s := x.server
	for _, secret := range []string{
		s.Password,
		base64.StdEncoding.EncodeToString([]byte(s.Password)),
		base64.StdEncoding.EncodeToString([]byte("\x00" + s.Username + "\x00" + s.Password)), // as PLAIN sends it
	} {
		if s.Password != "" && overlaps(text, secret) {
			return "an answer that repeats the password, and so is left out"
		}
	}
	return clean(text, replyMax)
}

// overlaps tells whether text has echoMin characters of the secret in a row, or all of one that is shorter.
func overlaps(text, secret string) bool {
	size := min(echoMin, len(secret))
	for i := 0; i+size <= len(secret); i++ {
		if strings.Contains(text, secret[i:i+size]) {
			return true
		}
	}
	return false
}
