package mail

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"os"
	"strings"
	"time"

	"github.com/wneessen/go-mail/smtp"
)

// maxRead is how many bytes are read in one session, certificates included: a server that never stops must not fill the memory.
const maxRead = 256 << 10

// dataTimeout is how long a server may take to reply to the end of the data, since it scans the message then (RFC 5321, 4.5.3.2.6). A client that gives
// up earlier sends a message again that was accepted.
const dataTimeout = 10 * time.Minute

// quitTimeout bounds QUIT, whose reply changes nothing.
const quitTimeout = time.Second

// session is one connection to a server, over which one message is sent.
type session struct {
	server      SMTPSender
	message     Message
	data        []byte // the composed message
	conn        net.Conn
	client      *smtp.Client
	rcptSent    bool                  // the server knows the recipient: its replies from here on are about this message
	stopTimeout func() (stopped bool) // ends the session's deadline
}

type sessionStep struct {
	name string
	run  func(context.Context) (detail string, err error)
}

// steps returns the steps of the session. parent lives as long as the whole attempt; each step gets a context with the session's deadline.
func (s *session) steps(parent context.Context) []sessionStep {
	steps := []sessionStep{{"connect", s.connect}}
	if s.server.Security != "" {
		steps = append(steps, sessionStep{"TLS", s.secure})
	}
	if s.server.Username != "" {
		steps = append(steps, sessionStep{"auth", s.authenticate})
	}
	return append(steps, sessionStep{"accept", func(ctx context.Context) (string, error) { return s.transfer(parent, ctx) }})
}

// close sends QUIT and closes the connection. Errors are ignored: once the server has accepted the message, nothing it says changes that.
func (s *session) close() {
	if s.client != nil {
		_ = s.conn.SetDeadline(time.Now().Add(quitTimeout))
		_ = s.client.Quit()
	}
	if s.conn != nil {
		_ = s.conn.Close()
	}
}

func (s *session) address() string { return net.JoinHostPort(s.server.Host, s.server.Port) }

func (s *session) connect(ctx context.Context) (string, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", s.address())
	if err != nil {
		return "", s.fail(ctx, "connect to "+s.address(), err, unreachable)
	}
	s.conn = &limitedConn{conn, maxRead}
	// One deadline holds for the whole session: a server that sends a byte now and then can't extend it.
	s.stopTimeout = context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	if s.server.Security == "TLS" {
		return "connected to " + s.address(), nil
	}
	if err := s.hello(s.conn); err != nil {
		return "", s.fail(ctx, "connect to "+s.address(), err, unreachable)
	}
	return "connected to " + s.address() + ": " + s.redact(s.client.HelloResponse()), nil
}

// hello reads the server's greeting and sends EHLO.
func (s *session) hello(conn net.Conn) error {
	client, err := smtp.NewClient(conn, s.server.Host)
	if err != nil {
		return err
	}
	s.client = client
	client.SkipSMTPUTF8(true) // Without need for it, it makes relays that don't support it reject the message.
	host, _ := os.Hostname()
	return client.Hello(cmp.Or(s.server.HELO, host, "localhost"))
}

func (s *session) secure(ctx context.Context) (string, error) {
	if err := s.startTLS(); err != nil {
		return "", s.fail(ctx, "TLS with "+s.address(), err, unreachable)
	}
	state, _ := s.client.TLSConnectionState()
	cert := state.PeerCertificates[0]
	detail := fmt.Sprintf("%s, certificate of %s, valid until %s", tls.VersionName(state.Version),
		s.redact(cmp.Or(strings.Join(cert.DNSNames, ", "), cert.Subject.CommonName, s.server.Host)), cert.NotAfter.UTC().Format(time.DateOnly))
	if s.server.SkipVerify {
		detail += ", not verified"
	}
	return detail, nil
}

var (
	errSecurity   = errors.New(`the connection security must be "", "TLS" or "STARTTLS"`)
	errNoSTARTTLS = errors.New("the server does not offer STARTTLS")
)

func (s *session) startTLS() error {
	config := &tls.Config{ServerName: s.server.Host, MinVersion: tls.VersionTLS12, InsecureSkipVerify: s.server.SkipVerify}
	switch s.server.Security {
	case "TLS":
		conn := tls.Client(s.conn, config)
		if err := conn.Handshake(); err != nil {
			return err
		}
		return s.hello(conn)
	case "STARTTLS":
		if offered, _ := s.client.Extension("STARTTLS"); !offered {
			return errNoSTARTTLS
		}
		return s.client.StartTLS(config)
	default:
		return errSecurity
	}
}

func (s *session) authenticate(ctx context.Context) (string, error) {
	action := "authenticate to " + s.address() + " as " + clean(s.server.Username, maxName)
	_, encrypted := s.client.TLSConnectionState()
	_, offered := s.client.Extension("AUTH")
	name, auth, err := chooseMechanism(strings.Fields(offered), s.server, encrypted || isLoopback(s.server.Host))
	if err != nil {
		return "", s.fail(ctx, action, err, unreachable)
	}
	if err := s.client.Auth(auth); err != nil {
		return "", s.fail(ctx, action, err, unreachable)
	}
	return "authenticated as " + clean(s.server.Username, maxName) + " with " + name, nil
}

// transfer sends the message. From RCPT on a failure says nothing about other messages: a filter may well drop the connection because of this one.
func (s *session) transfer(parent, ctx context.Context) (string, error) {
	if err := s.client.Mail("<" + s.message.From + ">"); err != nil {
		return "", s.fail(ctx, "sender "+s.message.From, err, temporary)
	}
	s.rcptSent = true
	if err := s.client.Rcpt("<" + s.message.To + ">"); err != nil {
		return "", s.fail(ctx, "recipient "+s.message.To, err, replyKind(err))
	}
	reply, err := s.sendData(parent)
	if errors.Is(err, errNoFinalReply) {
		return "", &failure{"content: " + errNoFinalReply.Error(), temporary}
	}
	if err != nil {
		return "", s.fail(ctx, "content", err, replyKind(err))
	}
	return s.redact(cmp.Or(reply, "accepted")), nil
}

var errNoFinalReply = fmt.Errorf("the server did not say within %s whether it accepted the message", dataTimeout)

// sendData sends the composed message and returns the server's final reply, for which dataTimeout replaces the session's deadline.
func (s *session) sendData(parent context.Context) (string, error) {
	w, err := s.client.Data()
	if err != nil {
		return "", err
	}
	if _, err := w.Write(s.data); err != nil {
		_ = s.conn.Close() // Otherwise QUIT would end the data and so deliver half of the message.
		return "", err
	}
	if !s.stopTimeout() {
		_ = s.conn.Close()
		return "", context.DeadlineExceeded
	}
	defer context.AfterFunc(parent, func() { _ = s.conn.SetDeadline(time.Unix(1, 0)) })()
	_ = s.conn.SetDeadline(time.Now().Add(dataTimeout))
	if err := w.Close(); errors.Is(err, os.ErrDeadlineExceeded) {
		return "", errNoFinalReply
	} else if err != nil {
		return "", err
	}
	if data, ok := w.(*smtp.DataCloser); ok {
		return data.ServerResponse(), nil
	}
	return "", nil
}

// replyKind returns what a reply to the recipient or to the content means for the message. A 530 is about the sender, which should have authenticated
// (RFC 4954, 6).
func replyKind(err error) failureKind {
	reply, ok := errors.AsType[*textproto.Error](err)
	if ok && reply.Code >= 500 && reply.Code != 530 {
		return permanent
	}
	return temporary
}

// limitedConn fails reads once remaining bytes were read.
type limitedConn struct {
	net.Conn
	remaining int
}

var errTooMuchData = errors.New("the server sends too much data")

func (c *limitedConn) Read(p []byte) (int, error) {
	if c.remaining == 0 {
		return 0, errTooMuchData
	}
	n, err := c.Conn.Read(p[:min(len(p), c.remaining)])
	c.remaining -= n
	return n, err
}
