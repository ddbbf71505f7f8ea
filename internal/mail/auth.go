package mail

import (
	"errors"
	"net"
	"slices"

	"github.com/wneessen/go-mail/smtp"
)

var (
	errNoAuth    = errors.New("the server takes no sign-in on this connection")
	errClearText = errors.New("the server wants the password over a line that is not encrypted")
	errMechanism = errors.New("the server offers no way to sign in that is known here")
)

// mechanism picks the best way to sign in (RFC 4954) among those that a server offers: those that don't show it the password (SCRAM) before those
// that do, PLAIN and LOGIN, which need a line that nobody else reads. CRAM-MD5 comes last where the line is private: servers that keep
// passwords hashed offer it and can't do it.
func mechanism(offered []string, s SMTPSender, private bool) (string, smtp.Auth, error) {
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
	clear := false
	for _, k := range known {
		switch {
		case !slices.Contains(offered, k.name):
		case !private && (k.name == "PLAIN" || k.name == "LOGIN"):
			clear = true
		default:
			return k.name, k.auth, nil
		}
	}
	switch {
	case clear:
		return "", nil, errClearText
	case len(offered) == 0:
		return "", nil, errNoAuth
	}
	return "", nil, errMechanism
}

// isLoopback tells whether what goes to a host stays on this machine.
func isLoopback(host string) bool {
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}
