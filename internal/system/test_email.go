package system

import (
	"bytes"
	"context"
	"strings"

	"muster"
	"muster/internal/config"
	"muster/internal/core"
	"muster/internal/mail"
	"muster/internal/mailer"
)

// CheckMail sends the caller a mail by the settings in force, or by those of proposed, a JSON object of sections that changes some of them, and tells how
// far it came step by step. It needs test_email, proposals manage_system. Kinds: Forbidden; Invalid, which says what failed.
func (s *System) CheckMail(ctx context.Context, who *core.Caller, proposed []byte) ([]mail.Step, error) {
	if err := s.core.RequireSystem(ctx, who, muster.PermTestEmail); err != nil {
		return nil, err
	}
	c, err := s.proposedMail(ctx, who, proposed)
	if err != nil {
		return nil, err
	}
	if !c.HasServer() {
		return nil, muster.E(muster.Invalid, "api.admin.test_email.missing_server")
	}
	to := c.Sender(s.core.SiteHost())
	if who.User != nil {
		to = who.User.Email
	}
	msg := s.mailer.Envelope(*c, to)
	msg.ID, msg.Date, msg.Content = muster.NewID(), s.clock(), s.mailer.TestMessage()
	steps := mailer.SMTP(*c).Test(ctx, msg)
	if err := s.core.SaveAudits(ctx, s.core.AuditSelf(who, "server="+c.SMTPServer)); err != nil {
		return nil, err
	}
	if failed := steps[len(steps)-1]; !failed.OK {
		return nil, muster.E(muster.Invalid, "api.admin.test_email.failure", "Steps", tellSteps(steps))
	}
	return steps, nil
}

// proposedMail is the mail settings in force, or as they would be.
func (s *System) proposedMail(ctx context.Context, who *core.Caller, proposed []byte) (*config.EmailSettings, error) {
	if text := bytes.TrimSpace(proposed); len(text) == 0 || string(text) == "null" || string(text) == "{}" {
		return &s.core.Config().EmailSettings, nil
	}
	if err := s.core.RequireSystem(ctx, who, muster.PermManageSystem); err != nil {
		return nil, err
	}
	whole, err := s.config.Preview(proposed)
	if muster.HasID(err, config.ReenterSecretID) {
		return nil, muster.E(muster.Invalid, "api.admin.test_email.reenter_password", err) // as clients know it
	}
	if err != nil {
		return nil, err
	}
	return &whole.EmailSettings, nil
}

// tellSteps puts steps into a sentence.
func tellSteps(steps []mail.Step) string {
	told := make([]string, len(steps))
	for i, s := range steps {
		how := "went well"
		if !s.OK {
			how = "failed"
		}
		told[i] = s.Name + " " + how + ": " + s.Detail
	}
	return strings.Join(told, "; ")
}
