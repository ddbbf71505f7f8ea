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

// readMax is how much a server may say in one exchange, its certificates included: one that never ends must not fill the memory.
const readMax = 256 << 10

// How long a server may take over the end of a mail: it looks into it then (RFC 5321 4.5.3.2.6). Who gives up earlier sends again what was taken.
const verdictTime = 10 * time.Minute

const farewellTime = time.Second // for what follows on the last word that matters

// exchange is one connection to a server, over which one mail goes.
type exchange struct {
	server SMTPSender
	mail   Message
	text   []byte // the composed mail
	conn   net.Conn
	client *smtp.Client
	named  bool                  // the server was told whom the mail is for: what it says from here on is about this mail
	hurry  func() (stopped bool) // ends the deadline of the exchange
}

type step struct {
	name string
	do   func(context.Context) (detail string, err error)
}

// steps are what there is to do; whole is the context of all of it, each step has one with the exchange's deadline.
func (x *exchange) steps(whole context.Context) []step {
	steps := []step{{"connect", x.connect}}
	if x.server.Security != "" {
		steps = append(steps, step{"TLS", x.protect})
	}
	if x.server.Username != "" {
		steps = append(steps, step{"auth", x.signIn})
	}
	return append(steps, step{"accept", func(ctx context.Context) (string, error) { return x.hand(whole, ctx) }})
}

// close leaves politely if there is anybody to leave. What the server says to that is of no interest: a mail is its own once it took it.
func (x *exchange) close() {
	if x.client != nil {
		_ = x.conn.SetDeadline(time.Now().Add(farewellTime))
		_ = x.client.Quit()
	}
	if x.conn != nil {
		_ = x.conn.Close()
	}
}

func (x *exchange) address() string { return net.JoinHostPort(x.server.Host, x.server.Port) }

func (x *exchange) connect(ctx context.Context) (string, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", x.address())
	if err != nil {
		return "", x.fail(ctx, "connect to "+x.address(), err, unreachable)
	}
	x.conn = &boundedConn{conn, readMax}
	// one deadline for the whole exchange, which dribbling answers don't put off
	x.hurry = context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	if x.server.Security == "TLS" {
		return x.address() + " takes connections", nil
	}
	if err := x.greet(x.conn); err != nil {
		return "", x.fail(ctx, "connect to "+x.address(), err, unreachable)
	}
	return x.address() + " answers: " + x.quote(x.client.HelloResponse()), nil
}

// greet exchanges greetings, after which mail could go.
func (x *exchange) greet(conn net.Conn) error {
	client, err := smtp.NewClient(conn, x.server.Host)
	if err != nil {
		return err
	}
	x.client = client
	client.SkipSMTPUTF8(true) // asked for without need, it makes servers further on refuse the mail that don't know it
	host, _ := os.Hostname()
	return client.Hello(cmp.Or(x.server.HELO, host, "localhost"))
}

func (x *exchange) protect(ctx context.Context) (string, error) {
	if err := x.startTLS(); err != nil {
		return "", x.fail(ctx, "TLS with "+x.address(), err, unreachable)
	}
	state, _ := x.client.TLSConnectionState()
	cert := state.PeerCertificates[0]
	detail := fmt.Sprintf("%s with the certificate of %s, valid until %s", tls.VersionName(state.Version),
		x.quote(cmp.Or(strings.Join(cert.DNSNames, ", "), cert.Subject.CommonName, x.server.Host)), cert.NotAfter.UTC().Format(time.DateOnly))
	if x.server.SkipVerify {
		detail += ", which nobody verified"
	}
	return detail, nil
}

var (
	errSecurity   = errors.New(`the connection's security is none of "", "TLS" and "STARTTLS"`)
	errNoSTARTTLS = errors.New("the server does not offer STARTTLS")
)

func (x *exchange) startTLS() error {
	config := &tls.Config{ServerName: x.server.Host, MinVersion: tls.VersionTLS12, InsecureSkipVerify: x.server.SkipVerify}
	switch x.server.Security {
	case "TLS":
		conn := tls.Client(x.conn, config)
		if err := conn.Handshake(); err != nil {
			return err
		}
		return x.greet(conn)
	case "STARTTLS":
		if offered, _ := x.client.Extension("STARTTLS"); !offered {
			return errNoSTARTTLS
		}
		return x.client.StartTLS(config)
	default:
		return errSecurity
	}
}

func (x *exchange) signIn(ctx context.Context) (string, error) {
	doing := "sign in at " + x.address() + " as " + clean(x.server.Username, nameMax)
	_, encrypted := x.client.TLSConnectionState()
	_, offered := x.client.Extension("AUTH")
	name, auth, err := mechanism(strings.Fields(offered), x.server, encrypted || isLoopback(x.server.Host))
	if err != nil {
		return "", x.fail(ctx, doing, err, unreachable)
	}
	if err := x.client.Auth(auth); err != nil {
		return "", x.fail(ctx, doing, err, unreachable)
	}
	return "signed in as " + clean(x.server.Username, nameMax) + " by " + name, nil
}

// hand gives the mail away. From the recipient on a failure says nothing about other mails: a filter may well break off for this one.
func (x *exchange) hand(whole, ctx context.Context) (string, error) {
	if err := x.client.Mail("<" + x.mail.From + ">"); err != nil {
		return "", x.fail(ctx, "sender "+x.mail.From, err, unsent)
	}
	x.named = true
	if err := x.client.Rcpt("<" + x.mail.To + ">"); err != nil {
		return "", x.fail(ctx, "recipient "+x.mail.To, err, ofMail(err))
	}
	answer, err := x.write(whole)
	if errors.Is(err, errNoVerdict) {
		return "", &failure{"contents: " + errNoVerdict.Error(), unsent}
	}
	if err != nil {
		return "", x.fail(ctx, "contents", err, ofMail(err))
	}
	return x.quote(cmp.Or(answer, "taken")), nil
}

var errNoVerdict = fmt.Errorf("the server did not say within %s whether it took the mail", verdictTime)

// write sends the mail itself and gives the server's answer, for which it has time of its own.
func (x *exchange) write(whole context.Context) (string, error) {
	w, err := x.client.Data()
	if err != nil {
		return "", err
	}
	if _, err := w.Write(x.text); err != nil {
		_ = x.conn.Close() // else QUIT would end the text first and so send half of it
		return "", err
	}
	if !x.hurry() {
		_ = x.conn.Close()
		return "", context.DeadlineExceeded
	}
	defer context.AfterFunc(whole, func() { _ = x.conn.SetDeadline(time.Unix(1, 0)) })()
	_ = x.conn.SetDeadline(time.Now().Add(verdictTime))
	if err := w.Close(); errors.Is(err, os.ErrDeadlineExceeded) {
		return "", errNoVerdict
	} else if err != nil {
		return "", err
	}
	if data, ok := w.(*smtp.DataCloser); ok {
		return data.ServerResponse(), nil
	}
	return "", nil
}

// ofMail tells what an answer to a recipient or to contents means for the mail. A 530 speaks of the sender, who should have signed in (RFC 4954 6).
func ofMail(err error) verdict {
	reply, ok := errors.AsType[*textproto.Error](err)
	if ok && reply.Code >= 500 && reply.Code != 530 {
		return refused
	}
	return unsent
}

// boundedConn ends after left bytes were read.
type boundedConn struct {
	net.Conn
	left int
}

var errTooMuch = errors.New("the server says too much")

func (c *boundedConn) Read(p []byte) (int, error) {
	if c.left == 0 {
		return 0, errTooMuch
	}
	n, err := c.Conn.Read(p[:min(len(p), c.left)])
	c.left -= n
	return n, err
}
