package mail

import (
	"bytes"
	"embed"
	"fmt"
	htmltemplate "html/template"
	netmail "net/mail"
	"net/url"
	"regexp"
	"strings"
	texttemplate "text/template"
	"unicode"
	"unicode/utf8"

	gomail "github.com/wneessen/go-mail"
)

// Limits for what goes into headers, whose lines must stay below 998 octets even where no space allows folding (RFC 5322, 2.1.1).
const (
	maxSubject = 200 // characters
	maxName    = 128 // characters
	maxAddress = 254 // octets: a path has at most 256, brackets included (RFC 5321, 4.5.3.1.3)
)

const textWidth = 72 // columns of the text part

//go:embed message.txt message.html
var files embed.FS

var (
	textTemplate = texttemplate.Must(texttemplate.New("message.txt").Funcs(texttemplate.FuncMap{"wrap": wrap}).ParseFS(files, "message.txt"))
	htmlTemplate = htmltemplate.Must(htmltemplate.ParseFS(files, "message.html"))

	messageID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,128}$`)
	hostName  = regexp.MustCompile(`^[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63}){0,8}$`)
)

// compose returns a message in the format of RFC 5322, with its content as plain text and as HTML. Errors are permanent, since no retry can help,
// except for those about the site's own addresses, which an administrator can correct.
func compose(m Message) ([]byte, error) {
	msg, err := headers(m)
	if is[*failure](err) {
		return nil, err
	}
	if err != nil {
		return nil, &failure{"compose message: " + err.Error(), permanent}
	}
	if err := body(msg, m); err != nil {
		return nil, &failure{"compose message: " + clean(err.Error(), maxReply), permanent}
	}
	var b bytes.Buffer
	if _, err := msg.WriteTo(&b); err != nil {
		return nil, fmt.Errorf("compose message: %w", err)
	}
	return b.Bytes(), nil
}

// headers rejects malformed addresses and cleans texts, so that nothing in a message can become a header of its own.
func headers(m Message) (*gomail.Msg, error) {
	from, err := address(m.FromName, m.From)
	if err != nil {
		return nil, &failure{"sender: " + err.Error() + " (check FeedbackEmail)", temporary}
	}
	to, err := address("", m.To)
	if err != nil {
		return nil, err
	}
	if !messageID.MatchString(m.ID) {
		return nil, fmt.Errorf("%q is not a valid message id", truncate(m.ID, maxName))
	}
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	msg.FromMailAddress(from)
	msg.ToMailAddress(to)
	if m.ReplyTo != "" {
		replyTo, err := address("", m.ReplyTo)
		if err != nil {
			return nil, &failure{"reply address: " + err.Error() + " (check ReplyToAddress)", temporary}
		}
		msg.ReplyToMailAddress(replyTo)
	}
	msg.Subject(phrase(subject(m), maxSubject))
	msg.SetDateWithValue(m.Date.UTC())
	msg.SetMessageIDWithValue(m.ID + "@" + m.Site.host())
	msg.SetGenHeader("Auto-Submitted", "auto-generated")        // RFC 3834: vacation responders don't reply to it
	msg.SetGenHeader(gomail.HeaderXAutoResponseSuppress, "All") // the same for Microsoft Exchange
	return msg, nil
}

// address returns an address as it goes into a header. The name may be "".
func address(name, addr string) (*netmail.Address, error) {
	a, err := netmail.ParseAddress(addr)
	if err != nil || a.Name != "" || a.Address != addr || len(addr) > maxAddress || !ascii(addr) {
		return nil, fmt.Errorf("%q is not a valid email address", truncate(addr, maxAddress))
	}
	a.Name = displayName(name)
	return a, nil
}

// displayName returns a name without backslashes: net/mail does not encode them in an encoded word, where they are not allowed (RFC 2047, 5).
func displayName(s string) string { return phrase(strings.ReplaceAll(s, `\`, "/"), maxName) }

func ascii(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r >= utf8.RuneSelf })
}

func subject(m Message) string {
	if m.Site.Name == "" {
		return m.Subject
	}
	return m.Subject + " - " + m.Site.Name
}

// phrase returns text for a header: with single spaces between words, so that folding leaves no empty line, and with nothing in it that a reader would
// decode as an encoded word (RFC 2047).
func phrase(s string, max int) string {
	return truncate(strings.ReplaceAll(strings.Join(strings.Fields(line(s)), " "), "=?", "= ?"), max)
}

// line returns valid UTF-8 on one line, with spaces in place of control characters and line separators.
func line(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
}

// host returns the host name of the site's address, or localhost.
func (s Site) host() string {
	if u, err := url.Parse(s.URL); err == nil && hostName.MatchString(u.Hostname()) {
		return u.Hostname()
	}
	return "localhost"
}

func body(msg *gomail.Msg, m Message) error {
	data, err := newTemplateData(m)
	if err != nil {
		return err
	}
	if err := msg.SetBodyTextTemplate(textTemplate, data); err != nil {
		return err
	}
	return msg.AddAlternativeHTMLTemplate(htmlTemplate, data)
}

// templateData is the cleaned message that the templates show.
type templateData struct {
	Site Site // URL is "" unless it can be a link
	Content
}

func newTemplateData(m Message) (templateData, error) {
	d := templateData{Site{Name: line(m.Site.Name)}, Content{Subject: line(m.Subject), Greeting: line(m.Greeting)}}
	if isLink(m.Site.URL) {
		d.Site.URL = m.Site.URL
	}
	for _, s := range m.Paragraphs {
		d.Paragraphs = append(d.Paragraphs, line(s))
	}
	for _, s := range m.Notes {
		d.Notes = append(d.Notes, line(s))
	}
	if m.Button != nil {
		if !isLink(m.Button.URL) {
			return templateData{}, fmt.Errorf("%q is not an http or https link", truncate(m.Button.URL, maxName))
		}
		d.Button = &Button{Text: line(m.Button.Text), URL: m.Button.URL}
	}
	return d, nil
}

// isLink reports whether s is an absolute http or https URL without characters at which a mail program would end a link in plain text.
func isLink(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && utf8.ValidString(s) &&
		!strings.ContainsFunc(s, func(r rune) bool {
			return !unicode.IsGraphic(r) || unicode.IsSpace(r) || strings.ContainsRune(`<>"\`, r)
		})
}

// wrap breaks text at spaces into lines of textWidth columns. A longer word, such as a link, stays whole.
func wrap(s string) string {
	var b strings.Builder
	column := 0
	for _, word := range strings.Fields(s) {
		width := utf8.RuneCountInString(word)
		switch {
		case column == 0:
		case column+1+width > textWidth:
			b.WriteByte('\n')
			column = 0
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += width
	}
	return b.String()
}
