package mail

import (
	"errors"
	"net"
	"slices"

	"github.com/wneessen/go-mail/smtp"
)

var (
	errNoAuth    = errors.New("the server does not offer authentication on this connection")
	errClearText = errors.New("the server asks for the password over an unencrypted connection")
	errMechanism = errors.New("the server offers no supported authentication mechanism")
)

// chooseMechanism picks the best authentication mechanism (RFC 4954) that a server offers: first SCRAM, which does not reveal the password, then PLAIN
// and LOGIN, which need a private connection. CRAM-MD5 comes last on a private connection: servers that store hashed passwords may offer it but can't
// support it.
func chooseMechanism(offered []string, s SMTPSender, private bool) (string, smtp.Auth, error) {
	known := []struct {
		name string
		auth smtp.Auth
	}{
		{"SCRAM-SHA-256", smtp.ScramSHA256Auth(s.Username, s.Password)},
		{"SCRAM-SHA-1", smtp.ScramSHA1Auth(s.Username, s.Password)},
		{"PLAIN", smtp.PlainAuth("", s.Username, s.Password, s.Host, private)},
		{"LOGIN", smtp.LoginAuth(s.Username, s.Password, s.Host, private)},
		{"CRAM-MD5", smtp.CRAMMD5Auth(s.Username, s.Password)},
	}
	clearText := false
	for _, k := range known {
		switch {
		case !slices.Contains(offered, k.name):
		case !private && (k.name == "PLAIN" || k.name == "LOGIN"):
			clearText = true
		default:
			return k.name, k.auth, nil
		}
	}
	switch {
	case clearText:
		return "", nil, errClearText
	case len(offered) == 0:
		return "", nil, errNoAuth
	}
	return "", nil, errMechanism
}

// isLoopback reports whether data for a host stays on this machine.
func isLoopback(host string) bool {
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}
