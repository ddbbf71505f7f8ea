package config

// What the reference server's settings hold before anybody sets them (config.json): an address and a mail server that nobody has.
const (
	nobodysAddress = "test@example.com"
	nobodysServer  = "localhost"
	nobodysPort    = "10025"
)

// HasServer tells whether a server that takes outgoing mail is set.
func (e EmailSettings) HasServer() bool {
	return e.SMTPServer != "" && (e.SMTPServer != nobodysServer || e.SMTPPort != nobodysPort)
}

// Sender is the address that mails come from; host is where the site is, for a site that sets none.
func (e EmailSettings) Sender(host string) string {
	if e.FeedbackEmail == "" || e.FeedbackEmail == nobodysAddress {
		return "muster@" + host
	}
	return e.FeedbackEmail
}

// ReplyTo is the address for replies, "" for the sender's.
func (e EmailSettings) ReplyTo() string {
	if e.ReplyToAddress == nobodysAddress {
		return ""
	}
	return e.ReplyToAddress
}
