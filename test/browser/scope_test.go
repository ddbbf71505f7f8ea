package browser_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/input"
	protocol "github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// Roles of the accessibility tree.
var (
	fields  = []string{"textbox", "Date", "checkbox"}
	buttons = []string{"button"}
	links   = []string{"link"}
)

type element = runtime.RemoteObjectID

// scope is a page or a part of it.
type scope struct {
	p    *page
	root chromedp.Action[element]
}

func document(ctx context.Context, t *chromedp.Target) (element, error) {
	o, err := chromedp.Evaluate[*runtime.RemoteObject]("document")(ctx, t)
	if err != nil {
		return "", err
	}
	return o.ObjectID, nil
}

// form is the form that a button sends.
func (p *page) form(button string) scope {
	return scope{p, func(ctx context.Context, t *chromedp.Target) (element, error) {
		b, err := p.one(ctx, t, button, buttons)
		if err != nil {
			return "", err
		}
		return related(ctx, t, b, "function() { return this.form }")
	}}
}

// row is the row of a table or list that holds a text.
func (p *page) row(text string) scope {
	return scope{p, func(ctx context.Context, t *chromedp.Target) (element, error) {
		d, err := document(ctx, t)
		if err != nil {
			return "", err
		}
		return related(ctx, t, d, "function(text) { return [...this.querySelectorAll('tbody tr, li')].find(e => e.innerText.includes(text)) }", text)
	}}
}

// related is the element that a function of another one returns.
func related(ctx context.Context, t *chromedp.Target, e element, function string, args ...any) (element, error) {
	o, err := chromedp.CallFunctionOn[*runtime.RemoteObject](function, on(e), args...)(ctx, t)
	if err != nil {
		return "", err
	}
	if o.ObjectID == "" {
		return "", errors.New("there is none")
	}
	return o.ObjectID, nil
}

func on(e element) chromedp.CallOption {
	return func(p *runtime.CallFunctionOnParams) { p.ObjectID = e }
}

// all returns the elements of a scope with a name and one of the roles, as assistive technology sees them.
func (s scope) all(ctx context.Context, t *chromedp.Target, name string, roles []string) (found []element, err error) {
	top, err := s.root(ctx, t)
	if err != nil {
		return nil, err
	}
	tree, err := cdp.Call(ctx, t, accessibility.QueryAXTree, accessibility.QueryAXTreeParams{ObjectID: top, AccessibleName: name})
	if err != nil {
		return nil, err
	}
	for _, n := range tree.Nodes {
		if n.Ignored || n.Role == nil || !slices.Contains(roles, text(n.Role)) {
			continue
		}
		r, err := cdp.Call(ctx, t, dom.ResolveNode, dom.ResolveNodeParams{BackendNodeID: n.BackendDOMNodeID})
		if err != nil {
			return nil, err
		}
		found = append(found, r.Object.ObjectID)
	}
	return found, nil
}

// text is a value of the accessibility tree; "" for none.
func text(v *accessibility.Value) (s string) {
	if v != nil {
		_ = json.Unmarshal(v.Value, &s) // what is no text is none
	}
	return s
}

func (s scope) one(ctx context.Context, t *chromedp.Target, name string, roles []string) (element, error) {
	found, err := s.all(ctx, t, name, roles)
	if err != nil {
		return "", err
	}
	if len(found) != 1 {
		return "", fmt.Errorf("%d elements are a %s %q", len(found), strings.Join(roles, " or "), name)
	}
	return found[0], nil
}

// find waits for the one element with a name.
func (s scope) find(name string, roles []string) (found element) {
	s.p.t.Helper()
	s.p.until(fmt.Sprintf("a %s %q", roles[0], name), func(ctx context.Context, t *chromedp.Target) (bool, error) {
		var err error
		found, err = s.one(ctx, t, name, roles)
		return err == nil, err
	})
	return found
}

// fill types a text into the field with a label, in place of what it holds.
func (s scope) fill(label, value string) {
	s.p.t.Helper()
	field := s.find(label, fields)
	do(s.p, "fill "+label, func(ctx context.Context, t *chromedp.Target) (string, error) {
		if _, err := cdp.Call(ctx, t, dom.Focus, dom.FocusParams{ObjectID: field}); err != nil {
			return "", err
		}
		if _, err := chromedp.CallFunctionOn[chromedp.Void]("function() { this.select() }", on(field))(ctx, t); err != nil {
			return "", err
		}
		if _, err := cdp.Call(ctx, t, input.InsertText, input.InsertTextParams{Text: value}); err != nil {
			return "", err
		}
		return valueOf(ctx, t, field)
	})
	if got := s.value(label); got != value {
		s.p.fatalf("%q holds %q after %q was typed", label, got, value)
	}
}

// value is what the field with a label holds.
func (s scope) value(label string) string {
	s.p.t.Helper()
	field := s.find(label, fields)
	return do(s.p, "read "+label, func(ctx context.Context, t *chromedp.Target) (string, error) { return valueOf(ctx, t, field) })
}

func valueOf(ctx context.Context, t *chromedp.Target, field element) (string, error) {
	return chromedp.CallFunctionOn[string]("function() { return this.value }", on(field))(ctx, t)
}

// press clicks a button and waits for the page that comes of it.
func (s scope) press(button string) {
	s.p.t.Helper()
	s.p.leaveBy("press "+button, click(s.find(button, buttons)))
}

// push clicks a button that leaves the page where it is.
func (s scope) push(button string) {
	s.p.t.Helper()
	do(s.p, "push "+button, click(s.find(button, buttons)))
}

// follow clicks a link and waits for its page.
func (s scope) follow(link string) {
	s.p.t.Helper()
	s.p.leaveBy("follow "+link, click(s.find(link, links)))
}

// leaveBy does what leads to another page, and waits until that is there.
func (p *page) leaveBy(what string, action chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	do(p, what, chromedp.WaitEvent(protocol.LoadEventFired, nil, action))
}

// click clicks the middle of an element, if nothing lies above it.
func click(e element) chromedp.Action[chromedp.Void] {
	return func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		if _, err := cdp.Call(ctx, t, dom.ScrollIntoViewIfNeeded, dom.ScrollIntoViewIfNeededParams{ObjectID: e}); err != nil {
			return chromedp.Void{}, err
		}
		at, err := chromedp.CallFunctionOn[struct{ X, Y float64 }](middle, on(e))(ctx, t)
		if err != nil {
			return chromedp.Void{}, err
		}
		return chromedp.MouseClickXY(at.X, at.Y)(ctx, t)
	}
}

const middle = `function() {
	const r = this.getBoundingClientRect(), X = r.x + r.width / 2, Y = r.y + r.height / 2, top = document.elementFromPoint(X, Y);
	if (!this.contains(top)) throw new Error("covered by " + (top && top.outerHTML));
	return { X, Y };
}`

// choose selects a file in the file field with a label. The accessible name of such a field includes the file.
func (p *page) choose(label, file string) {
	p.t.Helper()
	do(p, "choose a file for "+label, func(ctx context.Context, t *chromedp.Target) (cdp.Empty, error) {
		d, err := document(ctx, t)
		if err != nil {
			return cdp.Empty{}, err
		}
		field, err := related(ctx, t, d, "function(text) { return [...this.querySelectorAll('label')].find(l => l.innerText.trim() === text)?.control }", label)
		if err != nil {
			return cdp.Empty{}, err
		}
		return cdp.Call(ctx, t, dom.SetFileInputFiles, dom.SetFileInputFilesParams{Files: []string{file}, ObjectID: field})
	})
}

// heading waits until a text is the page's one heading of the first level.
func (p *page) heading(want string) {
	p.t.Helper()
	p.holds("the heading "+want, "[...document.querySelectorAll('h1')].map(h => h.innerText.trim()).join(' | ') === %s", want)
}

// see waits until the page shows a text, with whatever space between its words.
func (p *page) see(want string) {
	p.t.Helper()
	p.holds("the text "+want, "document.body.innerText.replace(/\\s+/g, ' ').includes(%s)", want)
}

// unseen holds that the page, which must be there already, does not show a text.
func (p *page) unseen(text string) {
	p.t.Helper()
	if do(p, "look for "+text, chromedp.Evaluate[bool](fmt.Sprintf("document.body.innerText.includes(%s)", quote(text)))) {
		p.fatalf("the page shows %q", text)
	}
}

// refused waits until the page shows an error as an alert that has the focus, so that whoever does not see it hears it and goes on from there.
func (p *page) refused() {
	p.t.Helper()
	p.holds("an alert with the focus", "[...document.querySelectorAll('[role=alert]')].some(a => a.innerText.trim() && a.contains(document.activeElement))")
}

// holds waits until an expression about texts, which fill its %s, is true.
func (p *page) holds(what, expression string, texts ...string) {
	p.t.Helper()
	var quoted []any
	for _, s := range texts {
		quoted = append(quoted, quote(s))
	}
	p.until(what, chromedp.Evaluate[bool](fmt.Sprintf(expression, quoted...)))
}

// read is what the page shows.
func (p *page) read() string {
	p.t.Helper()
	return do(p, "read the page", chromedp.Evaluate[string]("document.body.innerText"))
}

// quote makes a text a literal of JavaScript.
func quote(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err) // a string always has a JSON form
	}
	return string(b)
}
