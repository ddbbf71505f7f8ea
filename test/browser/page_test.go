package browser_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	protocol "github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

const (
	patience = time.Minute           // for a page to do what it must
	askEvery = 20 * time.Millisecond // whether it did
)

// page is one tab of a browser profile that nobody else uses. Its fields and buttons are found by the names that assistive technology gives them.
type page struct {
	scope
	t       *testing.T
	s       *site
	ctx     context.Context
	console *console
}

// page opens an empty tab in a fresh profile.
func (s *site) page(t *testing.T) *page {
	t.Helper()
	browser, err := chromium()
	must(t, err)
	return s.tab(t, browser, chromedp.WithNewBrowserContext())
}

// tab opens another tab in the page's profile.
func (p *page) tab() *page {
	p.t.Helper()
	return p.s.tab(p.t, p.ctx)
}

// tab opens an empty tab. Whatever the browser complains about until the test's end fails the test.
func (s *site) tab(t *testing.T, parent context.Context, options ...chromedp.ContextOption) *page {
	t.Helper()
	c := &console{documents: map[network.RequestID]bool{}}
	ctx, _ := chromedp.NewContext(parent, append(options, chromedp.WithListener(c.hear))...)
	p := &page{t: t, s: s, ctx: ctx, console: c}
	p.scope = scope{p: p, root: document}
	t.Cleanup(func() {
		for _, complaint := range c.all() {
			t.Errorf("the browser complains: %s", complaint)
		}
		must(t, chromedp.Cancel(ctx))
	})
	must(t, chromedp.Do(ctx)) // without a deadline, which would be the tab's
	return p
}

// open goes to an address of the site, or to a whole URL, and waits until the page is there.
func (p *page) open(address string) {
	p.t.Helper()
	if strings.HasPrefix(address, "/") {
		address = p.s.url + address
	}
	do(p, "open "+address, chromedp.Navigate(address))
}

// at waits until the address bar shows a path of the site, with its query if there is one.
func (p *page) at(path string) {
	p.t.Helper()
	p.until("the address "+path, chromedp.Evaluate[bool](fmt.Sprintf("location.href === %s", quote(p.s.url+path))))
}

// status is that of the answer which the page came with.
func (p *page) status(want int64) {
	p.t.Helper()
	p.console.mu.Lock()
	got := p.console.status
	p.console.mu.Unlock()
	if got != want {
		p.fatalf("the page came with status %d, want %d", got, want)
	}
}

// do runs an action that must succeed and returns its value.
func do[T any](p *page, what string, action chromedp.Action[T]) T {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	v, err := chromedp.Run(ctx, action)
	if err != nil {
		p.fatalf("%s: %v", what, err)
	}
	return v
}

// until asks until the answer is yes. Errors are no answer: a page that is being left has none to give.
func (p *page) until(what string, ask chromedp.Action[bool]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	for {
		yes, err := chromedp.Run(ctx, ask)
		if yes && err == nil {
			return
		}
		select {
		case <-time.After(askEvery):
		case <-ctx.Done():
			p.fatalf("waited in vain for %s (%v)", what, err)
		}
	}
}

// fatalf ends the test with what the page shows.
func (p *page) fatalf(format string, args ...any) {
	p.t.Helper()
	address, _ := chromedp.Run(p.ctx, chromedp.Location())
	text, _ := chromedp.Run(p.ctx, chromedp.Evaluate[string]("document.body.innerText"))
	picture, err := chromedp.Run(p.ctx, chromedp.FullScreenshot(100))
	name, _ := filepath.Abs(root("build", "screenshots", "failed", strings.ReplaceAll(p.t.Name(), "/", "-")+".png"))
	if err == nil {
		err = os.MkdirAll(filepath.Dir(name), 0o755)
	}
	if err == nil {
		err = os.WriteFile(name, picture, 0o644)
	}
	if err != nil {
		name = err.Error()
	}
	p.t.Fatalf("%s\nat %s\npicture: %s\n%s", fmt.Sprintf(format, args...), address, name, indent(text))
}

func indent(text string) string { return "  | " + strings.ReplaceAll(text, "\n", "\n  | ") }

// console keeps what the browser complains about: exceptions, violations of the security policy, files that don't come, dialogs.
type console struct {
	mu         sync.Mutex
	complaints []string
	documents  map[network.RequestID]bool // requests for pages: that a page comes with an error's status is no complaint
	status     int64                      // of the latest page; 0 before the first
}

func (c *console) all() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.complaints
}

func (c *console) hear(event any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		c.documents[e.RequestID] = e.Type == network.ResourceTypeDocument
	case *network.EventResponseReceived:
		if e.Type == network.ResourceTypeDocument {
			c.status = e.Response.Status
		}
	case *network.EventLoadingFailed:
		if !e.Canceled && e.Type != network.ResourceTypeDocument {
			c.complain("%s did not load: %s%s", e.Type, e.ErrorText, e.BlockedReason)
		}
	case *runtime.EventExceptionThrown:
		c.complain("%s: %s", e.ExceptionDetails.Text, exception(e.ExceptionDetails))
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeWarning {
			c.complain("console.%s was called", e.Type)
		}
	case *log.EventEntryAdded:
		if e.Entry.Level != log.EntryLevelVerbose && !c.documents[e.Entry.NetworkRequestID] {
			c.complain("%s (%s, %s)", e.Entry.Text, e.Entry.Source, e.Entry.URL)
		}
	case *protocol.EventJavascriptDialogOpening:
		c.complain("a dialog opens: %s", e.Message)
	}
}

func (c *console) complain(format string, args ...any) {
	c.complaints = append(c.complaints, fmt.Sprintf(format, args...))
}

func exception(d *runtime.ExceptionDetails) string {
	if d.Exception == nil {
		return d.URL
	}
	return d.Exception.Description
}
