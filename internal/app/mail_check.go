package app

import (
	"bytes"
	"context"
	"strings"

	"muster"
	"muster/internal/config"
	"muster/internal/mail"
)

// CheckMail sends the caller a mail by the settings in force, or by those of proposed, a JSON object of sections that changes some of them, and tells how
// far it came step by step. It needs test_email, proposals manage_system. Kinds: Forbidden; Invalid, which says what failed.
func (a *App) CheckMail(ctx context.Context, who *Caller, proposed []byte) ([]mail.Step, error) {
	if err := a.requireSystem(ctx, who, muster.PermTestEmail); err != nil {
		return nil, err
	}
	c, err := a.proposedMail(ctx, who, proposed)
	if err != nil {
		return nil, err
	}
	if !c.HasServer() {
		return nil, muster.E(muster.Invalid, "api.admin.test_email.missing_server")
	}
	to := c.Sender(a.siteHost())
	if who.User != nil {
		to = who.User.Email
	}
	msg := a.envelope(*c, to)
	msg.ID, msg.Date, msg.Content = muster.NewID(), a.clock(), a.testLetter()
	steps := smtp(*c).Test(ctx, msg)
	if err := a.store.SaveAudit(ctx, a.auditSelf(who, "server="+c.SMTPServer)); err != nil {
		return nil, err
	}
	if failed := steps[len(steps)-1]; !failed.OK {
		return nil, muster.E(muster.Invalid, "api.admin.test_email.failure", "Steps", tellSteps(steps))
	}
	return steps, nil
}

// proposedMail is the mail settings in force, or as they would be.
func (a *App) proposedMail(ctx context.Context, who *Caller, proposed []byte) (*config.EmailSettings, error) {
	if text := bytes.TrimSpace(proposed); len(text) == 0 || string(text) == "null" || string(text) == "{}" {
		return &a.Config().EmailSettings, nil
	}
	if err := a.requireSystem(ctx, who, muster.PermManageSystem); err != nil {
		return nil, err
	}
	whole, err := a.config.Propose(proposed)
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
