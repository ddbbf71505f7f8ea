package web

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"maps"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"muster"
	"muster/internal/server/httpx"
)

//go:embed all:templates
var templateFiles embed.FS

// pages are the parsed templates by name: templates/NAME.html each, with the layout and the parts (templates/_*.html) that all share.
var templates = parseTemplates()

func parseTemplates() map[string]*template.Template {
	shared := template.Must(template.New("").Funcs(template.FuncMap{
		"field": newField, "newPassword": newPassword, "date": formatDate, "reauth": reauthIfNeeded, "reauthAlways": reauthAlways, "revokeTokens": revokeTokensChecked,
	}).ParseFS(templateFiles, "templates/_*.html"))
	files, err := fs.Glob(templateFiles, "templates/[a-z]*.html")
	if err != nil {
		panic(err) // the pattern above is wrong
	}
	parsed := map[string]*template.Template{}
	for _, file := range files {
		parsed[strings.TrimSuffix(path.Base(file), ".html")] = template.Must(template.Must(shared.Clone()).ParseFS(templateFiles, file))
	}
	return parsed
}

// page is what a handler has to show.
type page struct {
	name    string            // of its template, which defines "content"
	heading string            // its h1
	data    any               // what the template calls .Page
	text    bool              // is for reading, so wider than a form
	values  map[string]string // what its fields hold at first; what was posted wins, where that was refused
	err     error             // why what was posted was refused; gives the status, 200 without
	status  int               // where no err gives it
	flash   string            // good news
}

// view is what a template works with.
type view struct {
	Heading   string
	Site      string
	Base      string       // goes before the path of every link
	Path      string       // of this page, below Base
	Account   bool         // is one of the account's pages, which have a navigation
	Text      bool         // is for reading, so wider than a form
	User      *muster.User // who is signed in, nil for nobody
	Flash     string
	FormError *formError // nil for none
	Page      any
	request   *pageRequest
	values    map[string]string
}

// problem is why a form was refused.
type formError struct {
	Message string
	Field   string // the name of the field that it is about, "" for none or several
}

// show answers with a page. An err that is nobody's but ours goes on to be the error page.
func (req *pageRequest) show(p page) error {
	status := max(p.status, http.StatusOK)
	v := &view{
		Heading: p.heading, Site: req.site(), Base: req.base, Path: req.path, Account: strings.HasPrefix(p.name, "account"), Text: p.text, User: req.who.User,
		Flash: p.flash, Page: p.data, request: req, values: p.values,
	}
	if p.err != nil {
		e := req.publicError(p.err)
		if e.Kind == muster.Internal {
			return p.err
		}
		req.exchange.Err, status = p.err, e.Kind.Status()
		httpx.SetRetryAfter(req.w.Header(), e)
		v.FormError = &formError{Message: messageFor(e)}
		if req.form.Has(e.Field) { // a page has several forms, and fields of the same name
			v.FormError.Field = e.Field
		}
		v.values = maps.Clone(p.values)
		v.keepSubmitted()
	}
	if v.Flash == "" && status < http.StatusBadRequest {
		v.Flash = flashes[req.query(flashParam)]
	}
	return req.render(status, p.name, "layout", v)
}

// showFragment answers with a part of a page, for a script that puts it in its place.
func (req *pageRequest) showFragment(name string, data any) error {
	return req.render(http.StatusOK, name, "fragment", data)
}

// render executes a template as a whole before anything of it is sent: what fails can still become an error page.
func (req *pageRequest) render(status int, name, entry string, data any) error {
	var b bytes.Buffer
	if err := templates[name].ExecuteTemplate(&b, entry, data); err != nil {
		return fmt.Errorf("page %s: %w", name, err)
	}
	req.send(status, "text/html; charset=utf-8", b.Bytes())
	return nil
}

// send answers with bytes.
func (req *pageRequest) send(status int, mime string, body []byte) {
	req.w.Header().Set("Content-Type", mime)
	req.w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	req.w.WriteHeader(status)
	_, _ = req.w.Write(body) // a client that left is no fault of ours
}

// keepPosted has the form show what was posted, but no secret of it.
func (v *view) keepSubmitted() {
	if v.values == nil {
		v.values = map[string]string{}
	}
	for name, posted := range v.request.form {
		if !slices.ContainsFunc(secretFields, func(s string) bool { return strings.Contains(name, s) }) {
			v.values[name] = posted[0]
		}
	}
}

// secretFields are parts of the names of fields that are never shown again.
var secretFields = []string{"password", "code", csrfField}

// Title is the document's: the heading, and the site where that does not name it.
func (v *view) Title() string {
	if strings.Contains(v.Heading, v.Site) {
		return v.Heading
	}
	return v.Heading + " - " + v.Site
}

// FormKey is the value of the hidden field that every form has; the template "key" is that field.
func (v *view) CSRFToken() string { return v.request.ensureCSRFToken() }

// Asset is the address of a file of the pages.
func (v *view) Asset(name string) (string, error) {
	a := assets[name]
	if a == nil {
		return "", fmt.Errorf("there is no static/%s", name)
	}
	return v.Base + staticPath + a.name, nil
}

// Value is what a field of the page's form holds.
func (v *view) Value(name string) string { return v.values[name] }

// HasTerms tells whether the site has terms of service to read.
func (v *view) HasTerms() bool {
	if !v.request.config().SupportSettings.CustomTermsOfServiceEnabled {
		return false
	}
	_, err := v.request.services.Auth.Terms(v.request.ctx())
	return err == nil
}

// field is a labelled input. The template "field" draws it.
type field struct {
	Name, ID, Label, Value, Help string
	Attrs                        template.HTMLAttr // as the template wrote them
	Wrong                        bool              // the page's problem is about it
	Focus                        bool
}

// newField makes the field of the view's form that has this name; attrs are the input's further attributes.
func newField(v *view, name, label string, attrs template.HTMLAttr) field {
	f := field{Name: name, ID: name, Label: label, Value: v.Value(name), Attrs: attrs}
	f.Wrong = v.FormError != nil && v.FormError.Field == name
	return f
}

// Hint adds a line that helps to fill the field in.
func (f field) WithHint(text string) field {
	f.Help = text
	return f
}

// As gives the field another id than its name, where a page has two of that name. Only one of them can be what a problem is about.
func (f field) WithID(id string) field {
	f.ID = id
	return f
}

// First has the page begin with the field, unless there is news to begin with.
func (f field) Autofocus(v *view) field {
	f.Focus = v.FormError == nil && v.Flash == ""
	return f
}

// DescribedBy names what says more about the field (WAI-ARIA, aria-describedby).
func (f field) DescribedBy() string {
	var ids []string
	if f.Wrong {
		ids = append(ids, "form-error")
	}
	if f.Help != "" {
		ids = append(ids, f.ID+"-hint")
	}
	return strings.Join(ids, " ")
}

// date writes a time (Unix ms) as its day, in UTC.
func formatDate(ms int64) string { return time.UnixMilli(ms).UTC().Format("2 January 2006") }

// moment writes a time (Unix ms) to the minute, in UTC.
func formatTime(ms int64) string { return time.UnixMilli(ms).UTC().Format("2 January 2006, 15:04 UTC") }
