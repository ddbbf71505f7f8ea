package mailer

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"muster"
	"muster/internal/config"
	"muster/internal/core"
	"muster/internal/mail"
	"muster/internal/store"
)

// noticeLife is how long a mail that holds no link is worth sending.
const noticeLife = 3 * core.Day

// smtpPort is where mail servers listen when no port is named (RFC 5321).
const smtpPort = "25"

func mailPurpose(id string) string { return "mail " + id }

// encrypted makes a mail ready for the outbox; it is of use until a time (Unix ms).
func (m *Mailer) encrypted(to string, content mail.Content, useUntil int64) *store.Mail {
	id := muster.NewID()
	text, _ := json.Marshal(content) // strings always encode
	return &store.Mail{ID: id, To: to, Content: m.secrets.Encrypt(string(text), mailPurpose(id)), CreateAt: m.core.Now(), GiveUpAt: useUntil}
}

// Notification tells an account's person what happened to it, where the settings ask for that.
func (m *Mailer) Notification(u *muster.User, content mail.Content) []*store.Mail {
	if u.IsBot {
		return nil
	}
	return m.NotificationTo(u.Email, content)
}

func (m *Mailer) NotificationTo(address string, content mail.Content) []*store.Mail {
	if !m.core.Config().EmailSettings.SendEmailNotifications {
		return nil
	}
	return []*store.Mail{m.encrypted(address, content, m.core.Now()+noticeLife)}
}

// MessageWithLink returns a mail with a link in it, which is of use for a time (ms): write gets the token that the link carries.
func (m *Mailer) MessageWithLink(link muster.MailToken, life int64, write func(token string) mail.Content) *store.Mail {
	token := muster.NewMailToken()
	link.CreateAt = m.core.Now()
	link.ExpiresAt = link.CreateAt + life
	message := m.encrypted(link.Email, write(token), link.ExpiresAt)
	message.Link = &store.Link{Token: &link, Hash: MailTokenHash(token)}
	return message
}

// message is a waiting mail as it is sent. ErrBroken when it was sealed with another key.
func (a *Mailer) message(m *store.Mail) (mail.Message, error) {
	c := a.core.Config()
	text, err := a.secrets.Decrypt(m.Content, mailPurpose(m.ID))
	if err != nil {
		return mail.Message{}, fmt.Errorf("mail %s: %w", m.ID, err)
	}
	msg := a.Envelope(c.EmailSettings, m.To)
	msg.ID, msg.Date = m.ID, time.UnixMilli(m.CreateAt)
	return msg, json.Unmarshal([]byte(text), &msg.Content)
}

// Envelope is a message from the site, by some settings.
func (m *Mailer) Envelope(c config.EmailSettings, to string) mail.Message {
	site := mail.Site{Name: m.core.Config().TeamSettings.SiteName, URL: m.core.SiteURL()}
	return mail.Message{From: c.Sender(m.core.SiteHost()), FromName: cmp.Or(c.FeedbackName, site.Name), ReplyTo: c.ReplyTo(), To: to, Site: site}
}

// Smtp is the server that takes outgoing mail, by some settings.
func Smtp(c config.EmailSettings) mail.SMTPSender {
	s := mail.SMTPSender{
		Host: c.SMTPServer, Port: cmp.Or(c.SMTPPort, smtpPort), Security: c.ConnectionSecurity,
		Timeout: time.Duration(c.SMTPServerTimeout) * time.Second, SkipVerify: c.SkipServerCertificateVerification,
	}
	if c.EnableSMTPAuth {
		s.Username, s.Password = c.SMTPUsername, c.SMTPPassword
	}
	return s
}

// sendMail hands a waiting mail to the mail server or, without one, writes it to the folder.
func (a *Mailer) sendMail(ctx context.Context, m *store.Mail) error {
	msg, err := a.message(m)
	if err != nil {
		return err
	}
	if c := a.core.Config().EmailSettings; c.HasServer() {
		return Smtp(c).Send(ctx, msg)
	}
	if err := a.mail.Send(ctx, msg); err != nil {
		return err
	}
	a.log.Info("mail written to a file in the folder mail of the data directory: no mail server is set (EmailSettings.SMTPServer)", "mail", m.ID, "subject", msg.Subject)
	return nil
}
