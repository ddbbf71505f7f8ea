package app

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	"golang.org/x/net/idna"

	"muster"
	"muster/internal/config"
	"muster/internal/mail"
	"muster/internal/store"
)

// noticeLife is how long a mail that holds no link is worth sending.
const noticeLife = 3 * day

// smtpPort is where mail servers listen when no port is named (RFC 5321).
const smtpPort = "25"

func mailPurpose(id string) string { return "mail " + id }

// sealedMail makes a letter ready for the outbox; it is of use until a time (Unix ms).
func (a *App) sealedMail(to string, l mail.Content, useUntil int64) *store.Mail {
	id := muster.NewID()
	text, _ := json.Marshal(l) // strings always encode
	return &store.Mail{ID: id, To: to, Letter: a.secrets.Encrypt(string(text), mailPurpose(id)), CreateAt: a.now(), GiveUpAt: useUntil}
}

// notice tells an account's person what happened to it, where the settings ask for that.
func (a *App) notice(u *muster.User, l mail.Content) store.Post {
	if u.IsBot {
		return store.Post{}
	}
	return a.noticeTo(u.Email, l)
}

func (a *App) noticeTo(address string, l mail.Content) store.Post {
	if !a.Config().EmailSettings.SendEmailNotifications {
		return store.Post{}
	}
	return store.Post{Mails: []*store.Mail{a.sealedMail(address, l, a.now()+noticeLife)}}
}

// mailed is a post of one letter with a link in it: write gets the token that the link carries.
func (a *App) mailed(m muster.MailToken, life int64, write func(token string) mail.Content) store.Post {
	token := muster.NewMailToken()
	m.CreateAt = a.now()
	m.ExpiresAt = m.CreateAt + life
	return store.Post{
		Mails: []*store.Mail{a.sealedMail(m.Email, write(token), m.ExpiresAt)},
		Links: []store.Link{{Token: &m, Hash: mailTokenHash(token)}},
	}
}

// message is a waiting mail as it is sent. ErrBroken when it was sealed with another key.
func (a *App) message(m *store.Mail) (mail.Message, error) {
	c := a.Config()
	text, err := a.secrets.Decrypt(m.Letter, mailPurpose(m.ID))
	if err != nil {
		return mail.Message{}, fmt.Errorf("mail %s: %w", m.ID, err)
	}
	msg := a.envelope(c.EmailSettings, m.To)
	msg.ID, msg.Date = m.ID, time.UnixMilli(m.CreateAt)
	return msg, json.Unmarshal([]byte(text), &msg.Content)
}

// envelope is a message from the site, by some settings.
func (a *App) envelope(c config.EmailSettings, to string) mail.Message {
	site := mail.Site{Name: a.Config().TeamSettings.SiteName, URL: a.siteURL()}
	return mail.Message{From: c.Sender(a.siteHost()), FromName: cmp.Or(c.FeedbackName, site.Name), ReplyTo: c.ReplyTo(), To: to, Site: site}
}

// smtp is the server that takes outgoing mail, by some settings.
func smtp(c config.EmailSettings) mail.SMTPSender {
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
func (a *App) sendMail(ctx context.Context, m *store.Mail) error {
	msg, err := a.message(m)
	if err != nil {
		return err
	}
	if c := a.Config().EmailSettings; c.HasServer() {
		return smtp(c).Send(ctx, msg)
	}
	if err := a.mail.Send(ctx, msg); err != nil {
		return err
	}
	a.log.Info("mail written to a file in the folder mail of the data directory: no mail server is set (EmailSettings.SMTPServer)", "mail", m.ID, "subject", msg.Subject)
	return nil
}

// siteURL is where people find the site: SiteURL or else where this server listens; without a slash at its end.
func (a *App) siteURL() string {
	c := a.Config().ServiceSettings
	return strings.TrimSuffix(cmp.Or(c.SiteURL, "http://"+reachable(c.ListenAddress)), "/")
}

// reachable is an address to reach a listener at: one that listens on every interface is found on this machine.
func reachable(listen string) string {
	host, port, err := net.SplitHostPort(listen)
	if ip := net.ParseIP(host); err == nil && (host == "" || ip != nil && ip.IsUnspecified()) {
		return net.JoinHostPort("localhost", port)
	}
	return listen
}

// siteHost is the site's host name, for addresses of the site's own.
func (a *App) siteHost() string {
	site, err := url.Parse(a.siteURL())
	if err != nil || net.ParseIP(site.Hostname()) != nil {
		return "localhost"
	}
	host, err := idna.Lookup.ToASCII(site.Hostname())
	if err != nil || host == "" {
		return "localhost"
	}
	return host
}

// page is the address of a page for people.
func (a *App) page(path string, query url.Values) string {
	if len(query) == 0 {
		return a.siteURL() + path
	}
	return a.siteURL() + path + "?" + query.Encode()
}
