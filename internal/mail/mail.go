// Package mail composes messages and sends them: through an SMTP server or, without one, as .eml files in a directory that mail programs open.
//
// Security rules:
//   - Nothing in a message can add a header, a recipient or markup: addresses are checked, texts become single lines, and templates escape them.
//   - The password goes over an encrypted connection only, or to this machine itself, and never appears in an error.
//   - What a server says is bounded, cleaned and redacted before it reaches a log or a page.
package mail

import "time"

// Site is the site that sends a message: its name, and the address of its pages or "".
type Site struct{ Name, URL string }

// Button is the call to action of a message. Its URL is http or https.
type Button struct {
	Text string `json:"text"`
	URL  string `json:"url"`
}

// Content is what a message says; the templates decide how it looks. Every text is plain and a single line: markup is shown as it is written, and
// control characters become spaces.
type Content struct {
	Subject    string   `json:"subject"` // without the site's name, which is added to it
	Greeting   string   `json:"greeting,omitempty"`
	Paragraphs []string `json:"paragraphs,omitempty"` // above the button
	Button     *Button  `json:"button,omitempty"`     // nil for none
	Notes      []string `json:"notes,omitempty"`      // small print below the button
}

// Message is content for one recipient. Addresses are ASCII (RFC 5321) and have no display name.
type Message struct {
	ID       string // of ASCII letters, digits, "-" and "_". It becomes the Message-ID, which shows that two copies are the same message
	Date     time.Time
	From     string
	FromName string // "" for none
	ReplyTo  string // "" for From
	To       string
	Site     Site
	Content
}
