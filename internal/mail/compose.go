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

// Bounds of what goes into headers, whose lines must stay below 998 octets even if there is no blank to fold them at (RFC 5322 2.1.1).
const (
	subjectMax = 200 // characters
	nameMax    = 128 // characters
	addressMax = 254 // octets, as a path has at most 256 with its brackets (RFC 5321 4.5.3.1.3)
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

// compose makes the text of a mail (RFC 5322): the letter as plain text and as HTML. An error is Refused, as no
// retry will help; other than one of the site's own addresses, which somebody may mend.
func compose(m Message) ([]byte, error) {
	msg, err := headers(m)
	if is[*failure](err) {
		return nil, err
	}
	if err != nil {
		return nil, &failure{"compose mail: " + err.Error(), refused}
	}
	if err := body(msg, m); err != nil {
		return nil, &failure{"compose mail: " + clean(err.Error(), replyMax), refused}
	}
	var b bytes.Buffer
	if _, err := msg.WriteTo(&b); err != nil {
		return nil, fmt.Errorf("compose mail: %w", err)
	}
	return b.Bytes(), nil
}

// headers refuses addresses that are none and cleans texts, so that nothing in a message can become a header of its own.
func headers(m Message) (*gomail.Msg, error) {
	from, err := address(m.FromName, m.From)
	if err != nil {
		return nil, &failure{"sender: " + err.Error() + " (check FeedbackEmail)", unsent}
	}
	to, err := address("", m.To)
	if err != nil {
		return nil, err
	}
	if !messageID.MatchString(m.ID) {
		return nil, fmt.Errorf("%q can't be the id of a mail", cut(m.ID, nameMax))
	}
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	msg.FromMailAddress(from)
	msg.ToMailAddress(to)
	if m.ReplyTo != "" {
		replyTo, err := address("", m.ReplyTo)
		if err != nil {
			return nil, &failure{"address for replies: " + err.Error() + " (check ReplyToAddress)", unsent}
		}
		msg.ReplyToMailAddress(replyTo)
	}
	msg.Subject(phrase(subject(m), subjectMax))
	msg.SetDateWithValue(m.Date.UTC())
	msg.SetMessageIDWithValue(m.ID + "@" + m.Site.host())
	msg.SetGenHeader("Auto-Submitted", "auto-generated")        // RFC 3834: vacation notices don't answer it
	msg.SetGenHeader(gomail.HeaderXAutoResponseSuppress, "All") // the same to Exchange
	return msg, nil
}

// address gives the form that a header has of an address, with a name or "".
func address(name, addr string) (*netmail.Address, error) {
	a, err := netmail.ParseAddress(addr)
	if err != nil || a.Name != "" || a.Address != addr || len(addr) > addressMax || !ascii(addr) {
		return nil, fmt.Errorf("%q is no address of mail", cut(addr, addressMax))
	}
	a.Name = displayName(name)
	return a, nil
}

// displayName is a phrase without backslashes, which net/mail leaves bare in an encoded word, where they may not be (RFC 2047 5).
func displayName(s string) string { return phrase(strings.ReplaceAll(s, `\`, "/"), nameMax) }

func ascii(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r >= utf8.RuneSelf })
}

func subject(m Message) string {
	if m.Site.Name == "" {
		return m.Subject
	}
	return m.Subject + " - " + m.Site.Name
}

// phrase makes text for a header: one blank between words, so that folding leaves no empty line, and nothing that readers would take for an
// encoded word (RFC 2047) which nobody encoded.
func phrase(s string, max int) string {
	return cut(strings.ReplaceAll(strings.Join(strings.Fields(line(s)), " "), "=?", "= ?"), max)
}

// line makes valid UTF-8 of one line, with blanks for control characters and line separators.
func line(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
}

// host is that of the site's address, or localhost.
func (s Site) host() string {
	if u, err := url.Parse(s.URL); err == nil && hostName.MatchString(u.Hostname()) {
		return u.Hostname()
	}
	return "localhost"
}

func body(msg *gomail.Msg, m Message) error {
	page, err := cleaned(m)
	if err != nil {
		return err
	}
	if err := msg.SetBodyTextTemplate(textTemplate, page); err != nil {
		return err
	}
	return msg.AddAlternativeHTMLTemplate(htmlTemplate, page)
}

// page is what the templates see.
type page struct {
	Site Site // URL is "" unless it can be a link
	Content
}

func cleaned(m Message) (page, error) {
	p := page{Site{Name: line(m.Site.Name)}, Content{Subject: line(m.Subject), Greeting: line(m.Greeting)}}
	if isLink(m.Site.URL) {
		p.Site.URL = m.Site.URL
	}
	for _, s := range m.Paragraphs {
		p.Paragraphs = append(p.Paragraphs, line(s))
	}
	for _, s := range m.Notes {
		p.Notes = append(p.Notes, line(s))
	}
	if m.Button != nil {
		if !isLink(m.Button.URL) {
			return page{}, fmt.Errorf("%q is no link of http or https", cut(m.Button.URL, nameMax))
		}
		p.Button = &Button{Text: line(m.Button.Text), URL: m.Button.URL}
	}
	return p, nil
}

// isLink tells whether s is an absolute http or https address that a plain text shows whole, without anything that would end it early.
func isLink(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && utf8.ValidString(s) &&
		!strings.ContainsFunc(s, func(r rune) bool {
			return !unicode.IsGraphic(r) || unicode.IsSpace(r) || strings.ContainsRune(`<>"\`, r)
		})
}

// wrap breaks text at blanks into lines of textWidth columns. A longer word, such as a link, stays whole.
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
