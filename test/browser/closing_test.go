package browser_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/chromedp"

	"muster/client"
)

// close sends the form that closes the account.
func (p *page) close(button, password string) {
	p.t.Helper()
	form := p.form(button)
	form.fill("Current password", password)
	form.press(button)
}

func TestAccountIsDeactivatedByItsOwner(t *testing.T) {
	s := newSite(t)
	ann := s.person(t)
	p := s.page(t)
	p.account(ann, "/account/data")
	p.close("Deactivate my account", password)
	u, err := s.admin.User(t.Context(), ann.id)
	must(t, err)
	if u.DeleteAt == 0 {
		t.Fatal("the account is active")
	}
	p.open("/account")
	p.heading("Sign in to " + siteName)
}

func TestAccountIsDeletedByItsOwner(t *testing.T) {
	s := newSite(t)
	ann := s.person(t)
	ann.enrol(t)
	p := s.page(t)
	p.account(ann, "/account/data")
	p.close("Delete my account", password)
	p.refused() // for want of the code
	if _, err := s.admin.User(t.Context(), ann.id); err != nil {
		t.Fatalf("the account is gone without a code: %v", err)
	}
	p.form("Delete my account").fill(codeLabel, ann.recovery[0])
	p.close("Delete my account", password)
	if _, err := s.admin.User(t.Context(), ann.id); !client.HasID(err, "app.user.missing_account.const") {
		t.Fatalf("the account is not gone: %v", err)
	}
}

func TestDataIsDownloaded(t *testing.T) {
	s := newSite(t)
	ann := s.person(t)
	p := s.page(t)
	p.account(ann, "/account/data")
	data := p.download("Download my data")
	var got any
	must(t, json.Unmarshal(data, &got))
	if !strings.Contains(string(data), ann.email) {
		t.Errorf("the file lacks the address:\n%s", data)
	}
	for _, secret := range []string{"$argon2", ann.Token()} {
		if strings.Contains(string(data), secret) {
			t.Errorf("the file holds %q", secret)
		}
	}
}

// download pushes a button and returns the file that comes of it.
func (p *page) download(button string) []byte {
	p.t.Helper()
	dir := p.t.TempDir()
	_, err := chromedp.Call(p.ctx, browser.SetDownloadBehavior, browser.SetDownloadBehaviorParams{
		Behavior: browser.SetDownloadBehaviorBehaviorAllowAndName, BrowserContextID: chromedp.FromContext(p.ctx).BrowserContextID, DownloadPath: dir, EventsEnabled: new(true),
	})
	must(p.t, err)
	whole := func(e browser.EventDownloadProgress) bool { return e.State == browser.DownloadProgressStateCompleted }
	file := do(p, "download", chromedp.WaitEvent(browser.DownloadProgress, whole, click(p.find(button, buttons))))
	data, err := os.ReadFile(filepath.Join(dir, file.GUID))
	must(p.t, err)
	return data
}
