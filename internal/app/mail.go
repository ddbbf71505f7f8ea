package app

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"strings"

	"muster"
	"muster/internal/mail"
)

// errandsMax is how much work may wait that no answer waits for; more is refused, whoever asks.
const errandsMax = 1000

// later runs work after the answer: whoever asks for a mail must not learn from the time that it takes whether the address is
// anybody's. Kind Unavailable when too much waits already.
func (a *App) later(work func(context.Context)) error {
	select {
	case a.errands <- work:
		return nil
	default:
		return muster.E(muster.Unavailable, "api.context.server_busy.app_error")
	}
}

// runErrands works until ctx ends, and then through what still waits.
func (a *App) runErrands(ctx context.Context) {
	work := context.WithoutCancel(ctx)
	for {
		select {
		case errand := <-a.errands:
			errand(work)
			continue
		default:
		}
		select {
		case errand := <-a.errands:
			errand(work)
		case <-ctx.Done():
			if len(a.errands) == 0 {
				return
			}
		}
	}
}

// send writes a mail; a failure is for the log, nobody waits for it.
func (a *App) send(ctx context.Context, to, subject, text string) {
	c := a.Config()
	err := a.mail.Send(ctx, mail.Message{From: cmp.Or(c.EmailSettings.FeedbackEmail, "muster@localhost"), To: to, Subject: c.TeamSettings.SiteName + ": " + subject, Text: text})
	if err != nil {
		a.log.Error("send mail", "subject", subject, "error", err)
	}
}

// page is the address of a page for people, at SiteURL or else where this server listens.
func (a *App) page(path string, query url.Values) string {
	c := a.Config().ServiceSettings
	address := c.ListenAddress
	if strings.HasPrefix(address, ":") {
		address = "localhost" + address
	}
	return strings.TrimSuffix(cmp.Or(c.SiteURL, "http://"+address), "/") + path + "?" + query.Encode()
}

// greeting begins a mail to an account.
func greeting(u *muster.User) string { return fmt.Sprintf("Hello %s,\n\n", u.Username) }
