package mail

import (
	"cmp"
	"context"
	"fmt"
	"time"
)

// defaultTimeout bounds an exchange with a server when no time is set: one without any end could block a sender for good.
const defaultTimeout = 10 * time.Second

// SMTPSender is a server that takes outgoing mail (EmailSettings). Every mail has a connection of its own.
type SMTPSender struct {
	Host       string
	Port       string
	Security   string        // "" for none, "TLS" from the first byte on (RFC 8314), "STARTTLS" (RFC 3207), without which nothing goes
	Username   string        // "" not to sign in
	Password   string        // never told over a clear line, other than to this machine itself; in no error either
	Timeout    time.Duration // for all that one mail takes but the server's last word on it, which may take ten minutes; 0 for ten seconds
	SkipVerify bool          // take any certificate
	HELO       string        // how this machine calls itself; "" for its host name
}

// Step is one part of handing a mail over.
type Step struct {
	Name   string `json:"name"` // connect, TLS, auth or accept
	OK     bool   `json:"ok"`
	Detail string `json:"detail"` // what the server said, or what went wrong and what to do about it
}

// Send hands a mail to the server. Nil means that the server answers for it from now on. See Refused and Unreachable for the errors; one of ctx
// is given as it is.
func (s SMTPSender) Send(ctx context.Context, m Message) error {
	_, err := s.deliver(ctx, m)
	return err
}

// Test hands a mail to the server and tells how each step went, up to the first that failed: "connect", "TLS" and "auth" where they are set,
// and "accept", which means that the server took the mail.
func (s SMTPSender) Test(ctx context.Context, m Message) []Step {
	steps, _ := s.deliver(ctx, m)
	return steps
}

// deliver goes through the steps until one fails.
func (s SMTPSender) deliver(ctx context.Context, m Message) ([]Step, error) {
	text, err := compose(m)
	if err != nil {
		return []Step{{Name: "accept", Detail: err.Error()}}, err
	}
	limited, cancel := context.WithTimeout(ctx, cmp.Or(s.Timeout, defaultTimeout))
	defer cancel()
	x := &exchange{server: s, mail: m, text: text}
	defer x.close()
	var done []Step
	for _, step := range x.steps(ctx) {
		detail, err := step.do(limited)
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
