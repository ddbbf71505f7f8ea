// Package mail composes letters and hands them on: to a server that takes outgoing mail, or without one to a folder, as files that mail
// programs open.
package mail

import "time"

// Site is whose mail it is: a name, and the address of its pages or "".
type Site struct{ Name, URL string }

// Button is the one thing that a letter asks for. Its URL is http or https.
type Button struct {
	Text string `json:"text"`
	URL  string `json:"url"`
}

// Content is what a mail says; how it looks is the templates' matter. All of it is plain text of one line: markup is shown as it is written, and
// control characters become blanks.
type Content struct {
	Subject    string   `json:"subject"` // without the site's name, which composing adds
	Greeting   string   `json:"greeting,omitempty"`
	Paragraphs []string `json:"paragraphs,omitempty"` // above the button
	Button     *Button  `json:"button,omitempty"`     // nil for none
	Notes      []string `json:"notes,omitempty"`      // small print below it
}

// Message is one letter to one address. Addresses are plain ASCII ones (RFC 5321), without a name.
type Message struct {
	ID       string // ASCII letters, digits, "-" and "_". Makes the Message-ID, so that a mail that had to be sent twice can be told
	Date     time.Time
	From     string
	FromName string // "" for none
	ReplyTo  string // "" for From
	To       string
	Site     Site
	Content
}
