package mail

import (
	"cmp"
	"context"
	"fmt"
	"time"
)

// defaultTimeout bounds a session when no timeout is set: one that never ends could block a worker for good.
const defaultTimeout = 10 * time.Second

// SMTPSender sends messages through a server (EmailSettings). Every message has a connection of its own.
type SMTPSender struct {
	Host       string
	Port       string
	Security   string        // "" for none, "TLS" for implicit TLS (RFC 8314), "STARTTLS" (RFC 3207), which is then mandatory
	Username   string        // "" to skip authentication
	Password   string        // sent over an encrypted connection or to this machine only; never part of an error
	Timeout    time.Duration // for everything but the server's last reply, which may take ten minutes; 0 for ten seconds
	SkipVerify bool          // accept any certificate
	HELO       string        // the name for EHLO; "" for this machine's host name
}

// Step is one part of sending a message.
type Step struct {
	Name   string `json:"name"` // connect, TLS, auth or accept
	OK     bool   `json:"ok"`
	Detail string `json:"detail"` // what the server said, or what went wrong and what to do about it
}

// Send sends a message. A nil error means that the server has taken responsibility for it. See IsPermanent and IsUnreachable for other errors; the
// error of ctx is wrapped.
func (s SMTPSender) Send(ctx context.Context, m Message) error {
	_, err := s.deliver(ctx, m)
	return err
}

// Test sends a message and returns how each step went, up to the first that failed: "connect", "TLS" and "auth" where they are configured, and
// "accept", which means that the server took the message.
func (s SMTPSender) Test(ctx context.Context, m Message) []Step {
	steps, _ := s.deliver(ctx, m)
	return steps
}

// deliver runs the steps until one fails.
func (s SMTPSender) deliver(ctx context.Context, m Message) ([]Step, error) {
	data, err := compose(m)
	if err != nil {
		return []Step{{Name: "accept", Detail: err.Error()}}, err
	}
	limited, cancel := context.WithTimeout(ctx, cmp.Or(s.Timeout, defaultTimeout))
	defer cancel()
	session := &session{server: s, message: m, data: data}
	defer session.close()
	var done []Step
	for _, step := range session.steps(ctx) {
		detail, err := step.run(limited)
		if ctx.Err() != nil && err != nil {
			err = fmt.Errorf("mail server: %w", ctx.Err())
		}
		if err != nil {
			return append(done, Step{Name: step.name, Detail: err.Error()}), err
		}
		done = append(done, Step{Name: step.name, OK: true, Detail: detail})
	}
	return done, nil
}
