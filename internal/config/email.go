package config

// The reference server's defaults (config.json). They are placeholders, not a real address or server.
const (
	referenceEmail      = "test@example.com"
	referenceSMTPServer = "localhost"
	referenceSMTPPort   = "10025"
)

// HasServer reports whether an SMTP server is set.
func (e EmailSettings) HasServer() bool {
	return e.SMTPServer != "" && (e.SMTPServer != referenceSMTPServer || e.SMTPPort != referenceSMTPPort)
}

// Sender returns the email address of the sender, by default muster@ the given host.
func (e EmailSettings) Sender(host string) string {
	if e.FeedbackEmail == "" || e.FeedbackEmail == referenceEmail {
		return "muster@" + host
	}
	return e.FeedbackEmail
}

// ReplyTo returns the email address for replies, or "" for the sender's.
func (e EmailSettings) ReplyTo() string {
	if e.ReplyToAddress == referenceEmail {
		return ""
	}
	return e.ReplyToAddress
}
