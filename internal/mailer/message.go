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

// noticeLife is how long a mail without a link is worth sending.
const noticeLife = 3 * core.Day

// smtpPort is where mail servers listen when no port is named (RFC 5321).
const smtpPort = "25"

func mailPurpose(id string) string { return "mail " + id }

// encrypted returns a mail for the outbox that is worth sending until a time (Unix ms).
func (m *Mailer) encrypted(to string, content mail.Content, giveUpAt int64) *store.Mail {
	id := muster.NewID()
	text, _ := json.Marshal(content) // strings can always be encoded
	return &store.Mail{ID: id, To: to, Content: m.secrets.Encrypt(string(text), mailPurpose(id)), CreateAt: m.core.Now(), GiveUpAt: giveUpAt}
}

// Notification returns the mail that tells a person what happened to their account; none for bots, or where the settings turn notifications off.
func (m *Mailer) Notification(u *muster.User, content mail.Content) []*store.Mail {
	if u.IsBot {
		return nil
	}
	return m.NotificationTo(u.Email, content)
}

// NotificationTo is Notification for an address.
func (m *Mailer) NotificationTo(address string, content mail.Content) []*store.Mail {
	if !m.core.Config().EmailSettings.SendEmailNotifications {
		return nil
	}
	return []*store.Mail{m.encrypted(address, content, m.core.Now()+noticeLife)}
}

// MessageWithLink returns a mail with a link that is valid for a time (ms). write returns the content for the link's token.
func (m *Mailer) MessageWithLink(link muster.MailToken, life int64, write func(token string) mail.Content) *store.Mail {
	token := muster.NewMailToken()
	link.CreateAt = m.core.Now()
	link.ExpiresAt = link.CreateAt + life
	message := m.encrypted(link.Email, write(token), link.ExpiresAt)
	message.Link = &store.Link{Token: &link, Hash: MailTokenHash(token)}
	return message
}

// message returns a mail of the outbox as it is sent; secretbox.ErrDecrypt if it was encrypted with another key.
func (m *Mailer) message(waiting *store.Mail) (mail.Message, error) {
	text, err := m.secrets.Decrypt(waiting.Content, mailPurpose(waiting.ID))
	if err != nil {
		return mail.Message{}, fmt.Errorf("mail %s: %w", waiting.ID, err)
	}
	msg := m.Envelope(m.core.Config().EmailSettings, waiting.To)
	msg.ID, msg.Date = waiting.ID, time.UnixMilli(waiting.CreateAt)
	return msg, json.Unmarshal([]byte(text), &msg.Content)
}

// Envelope returns a message from the site without its content, as the settings say.
func (m *Mailer) Envelope(c config.EmailSettings, to string) mail.Message {
	site := mail.Site{Name: m.core.Config().TeamSettings.SiteName, URL: m.core.SiteURL()}
	return mail.Message{From: c.Sender(m.core.SiteHost()), FromName: cmp.Or(c.FeedbackName, site.Name), ReplyTo: c.ReplyTo(), To: to, Site: site}
}

// SMTP returns the sender for the mail server in the settings.
func SMTP(c config.EmailSettings) mail.SMTPSender {
	s := mail.SMTPSender{
		Host: c.SMTPServer, Port: cmp.Or(c.SMTPPort, smtpPort), Security: c.ConnectionSecurity,
		Timeout: time.Duration(c.SMTPServerTimeout) * time.Second, SkipVerify: c.SkipServerCertificateVerification,
	}
	if c.EnableSMTPAuth {
		s.Username, s.Password = c.SMTPUsername, c.SMTPPassword
	}
	return s
}

// send hands a mail to the mail server or, if none is set, writes it to a file.
func (m *Mailer) send(ctx context.Context, waiting *store.Mail) error {
	msg, err := m.message(waiting)
	if err != nil {
		return err
	}
	if c := m.core.Config().EmailSettings; c.HasServer() {
		return SMTP(c).Send(ctx, msg)
	}
	if err := m.files.Send(ctx, msg); err != nil {
		return err
	}
	m.log.Info("mail written to a file in the folder mail of the data directory: no mail server is set (EmailSettings.SMTPServer)", "mail", waiting.ID, "subject", msg.Subject)
	return nil
}
