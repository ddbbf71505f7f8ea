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

// templates are the parsed pages by name: templates/NAME.html, each with the shared templates/_*.html.
var templates = parseTemplates()

func parseTemplates() map[string]*template.Template {
	shared := template.Must(template.New("").Funcs(template.FuncMap{
		"field": newField, "newPassword": newPassword, "date": formatDate, "reauth": reauthIfNeeded, "reauthAlways": reauthAlways, "revokeTokens": revokeTokensChecked,
	}).ParseFS(templateFiles, "templates/_*.html"))
	files, err := fs.Glob(templateFiles, "templates/[a-z]*.html")
	if err != nil {
		panic(err) // the pattern above is malformed
	}
	parsed := map[string]*template.Template{}
	for _, file := range files {
		parsed[strings.TrimSuffix(path.Base(file), ".html")] = template.Must(template.Must(shared.Clone()).ParseFS(templateFiles, file))
	}
	return parsed
}

// page is what a handler renders.
type page struct {
	name    string            // of the template, which defines "content"
	heading string            // the h1
	data    any               // what the template calls .Page
	text    bool              // has text to read, so it's wider than a form
	values  map[string]string // initial values of the fields; submitted ones replace them after an error
	err     error             // why the form was refused; sets the status, which is 200 without it
	status  int               // if not 200 and without err
	flash   string            // message of success
}

// view is the data of a template.
type view struct {
	Heading   string
	Site      string
	Base      string       // prefix of the path of every link
	Path      string       // of this page, below Base
	Account   bool         // is an account page, which has a navigation
	Text      bool         // has text to read, so it's wider than a form
	User      *muster.User // the signed-in user, nil for none
	Flash     string
	FormError *formError // nil for none
	Page      any
	request   *pageRequest
	values    map[string]string
}

// formError says why a form was refused.
type formError struct {
	Message string
	Field   string // name of the field at fault, "" for none
}

// show renders a page. It returns a page's err of kind Internal, so that the error page is shown instead.
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
		if req.form.Has(e.Field) { // not a field of the same name in another form
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

// showFragment renders a part of a page for a script to insert.
func (req *pageRequest) showFragment(name string, data any) error {
	return req.render(http.StatusOK, name, "fragment", data)
}

// render executes a template into memory before sending it, so that a failure can still become an error page.
func (req *pageRequest) render(status int, name, entry string, data any) error {
	var b bytes.Buffer
	if err := templates[name].ExecuteTemplate(&b, entry, data); err != nil {
		return fmt.Errorf("page %s: %w", name, err)
	}
	req.send(status, "text/html; charset=utf-8", b.Bytes())
	return nil
}

// send writes the response.
func (req *pageRequest) send(status int, mime string, body []byte) {
	req.w.Header().Set("Content-Type", mime)
	req.w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	req.w.WriteHeader(status)
	_, _ = req.w.Write(body) // the client may have gone
}

// keepSubmitted refills the form with the submitted values, except secrets.
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

// secretFields are parts of the names of fields that are never refilled.
var secretFields = []string{"password", "code", csrfField}

// Title returns the document's title: the heading and, unless the heading contains it, the site's name.
func (v *view) Title() string {
	if strings.Contains(v.Heading, v.Site) {
		return v.Heading
	}
	return v.Heading + " - " + v.Site
}

// CSRFToken returns the value of the hidden field that every form has (template "csrf").
func (v *view) CSRFToken() string { return v.request.ensureCSRFToken() }

// Asset returns the URL of a static file.
func (v *view) Asset(name string) (string, error) {
	a := assets[name]
	if a == nil {
		return "", fmt.Errorf("there is no static/%s", name)
	}
	return v.Base + staticPath + a.name, nil
}

// Value returns the value of a form field.
func (v *view) Value(name string) string { return v.values[name] }

// HasTerms reports whether the site has terms of service.
func (v *view) HasTerms() bool {
	if !v.request.config().SupportSettings.CustomTermsOfServiceEnabled {
		return false
	}
	_, err := v.request.services.Auth.Terms(v.request.ctx())
	return err == nil
}

// field is a labelled input, rendered by the template "field".
type field struct {
	Name, ID, Label, Value, Help string
	Attrs                        template.HTMLAttr // further attributes of the input
	Wrong                        bool              // the form error is about it
	Focus                        bool
}

// newField returns the field of that name with its current value.
func newField(v *view, name, label string, attrs template.HTMLAttr) field {
	f := field{Name: name, ID: name, Label: label, Value: v.Value(name), Attrs: attrs}
	f.Wrong = v.FormError != nil && v.FormError.Field == name
	return f
}

// WithHint adds a hint below the field.
func (f field) WithHint(text string) field {
	f.Help = text
	return f
}

// WithID sets an id other than the name, where a page has several fields of that name.
func (f field) WithID(id string) field {
	f.ID = id
	return f
}

// Autofocus focuses the field when the page loads, unless there is a message to focus.
func (f field) Autofocus(v *view) field {
	f.Focus = v.FormError == nil && v.Flash == ""
	return f
}

// DescribedBy returns the ids of the elements that describe the field (WAI-ARIA, aria-describedby).
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

// formatDate formats the day of a time (Unix ms), in UTC.
func formatDate(ms int64) string { return time.UnixMilli(ms).UTC().Format("2 January 2006") }

// formatTime formats a time (Unix ms) to the minute, in UTC.
func formatTime(ms int64) string { return time.UnixMilli(ms).UTC().Format("2 January 2006, 15:04 UTC") }
