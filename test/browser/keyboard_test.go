package browser_test

import (
	"context"
	"slices"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// keys presses keys, and waits for nothing.
func (p *page) keys(keys string) {
	p.t.Helper()
	do(p, "press keys", chromedp.KeyEvent(keys))
}

// write puts a text in where the focus is.
func (p *page) write(text string) {
	p.t.Helper()
	do(p, "write", func(ctx context.Context, t *chromedp.Target) (cdp.Empty, error) {
		return cdp.Call(ctx, t, input.InsertText, input.InsertTextParams{Text: text})
	})
}

// stop is where the focus can be.
type stop struct {
	Name    string // label or text
	Seen    bool   // it is within the screen, and an outline marks it: shadows and borders are there without the focus too
	Nothing bool   // it is on the page as a whole
}

// focus tells where the focus is.
func (p *page) focus() stop {
	p.t.Helper()
	return do(p, "look for the focus", chromedp.Evaluate[stop](`(() => {
		const e = document.activeElement, nothing = !e || e === document.body;
		if (nothing) return { Name: "", Seen: true, Nothing: true };
		const label = e.labels && e.labels.length ? e.labels[0].innerText : e.getAttribute("aria-label") || e.innerText;
		const s = getComputedStyle(e), r = e.getBoundingClientRect();
		const marked = s.outlineStyle !== "none" && parseFloat(s.outlineWidth) > 0;
		return { Name: label.trim(), Seen: marked && r.width > 0 && r.bottom > 0 && r.top < innerHeight, Nothing: false };
	})()`))
}

const stopsMax = 100 // of a page

// tabStops goes through a page with the Tab key, from its top once around, and returns the names of where the focus was.
func (p *page) tabStops() (names []string) {
	p.t.Helper()
	do(p, "begin at the top", chromedp.Evaluate[chromedp.Void]("document.body.tabIndex = -1, document.body.focus(), document.body.removeAttribute('tabindex')"))
	for range stopsMax {
		p.keys(kb.Tab)
		at := p.focus()
		if at.Nothing {
			return names
		}
		if !at.Seen {
			p.t.Errorf("%s: with the focus on %q, nobody sees that it is there", do(p, "where", chromedp.Location()), at.Name)
		}
		names = append(names, at.Name)
	}
	p.fatalf("the Tab key leads nowhere out of the page: %q", names)
	return nil
}

func TestSignInByKeyboardAlone(t *testing.T) {
	s := newSite(t)
	ann := s.person(t)
	p := s.page(t)
	p.open("/login")
	if at := p.focus().Name; at != "Username or email address" {
		t.Fatalf("the focus begins on %q", at)
	}
	p.write(ann.name)
	p.keys(kb.Tab)
	p.write(password)
	p.leaveBy("press Enter", chromedp.KeyEvent(kb.Enter))
	p.at("/account")
	for range stopsMax {
		if p.focus().Name == "Security" {
			break
		}
		p.keys(kb.Tab)
	}
	p.leaveBy("press Enter", chromedp.KeyEvent(kb.Enter))
	p.at("/account/security")
}

func TestFocusGoesWhereTheEyeGoes(t *testing.T) {
	s := newSite(t)
	ann := s.person(t)
	p := s.page(t)
	p.open("/login")
	stopsInclude(t, p, "Username or email address", "Password", "Sign in", "Forgot your password?", "Create an account")
	p.signIn(ann)
	stopsInclude(t, p, "Sign out", "Profile", "Security", "Sessions", "Access tokens", "Your data",
		"Username", "First name", "Last name", "Nickname", "Position", "Save profile")
}

// stopsInclude holds that the Tab key leads by these, in this order.
func stopsInclude(t *testing.T, p *page, want ...string) {
	t.Helper()
	got := p.tabStops()
	rest := got
	for _, name := range want {
		i := slices.Index(rest, name)
		if i < 0 {
			t.Fatalf("the Tab key leads by %q, want by %q", got, want)
		}
		rest = rest[i+1:]
	}
}

// TestSkipLink: who uses the keyboard need not go through the head of each page.
func TestSkipLink(t *testing.T) {
	s := newSite(t)
	p := s.page(t)
	p.account(s.person(t), "/account/sessions")
	p.keys(kb.Tab)
	if at := p.focus(); at.Name != "Skip to content" || !at.Seen {
		t.Fatalf("the first stop is %+v", at)
	}
	p.keys(kb.Enter)
	p.holds("the focus in the content", "document.activeElement.matches('main')")
}
