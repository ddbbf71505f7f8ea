package browser_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

const (
	axeFile = "test/js/node_modules/axe-core/axe.min.js"

	// Widths of screens in CSS pixels. WCAG 2.2, 1.4.10, has no sideways scrolling on the narrowest.
	narrowest, telephone, desk = 320, 390, 1280

	picturesVariable = "MUSTER_SCREENSHOTS" // folder for the pictures that docs/screenshots does not keep
)

var schemes = []string{"light", "dark"}

// violation is a rule of axe that a page breaks.
type violation struct {
	ID, Impact, Help string
	Nodes            []struct {
		HTML           string
		FailureSummary string
	}
}

func (v violation) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s (%s): %s", v.ID, v.Impact, v.Help)
	for _, n := range v.Nodes {
		fmt.Fprintf(&b, "\n  %s\n%s", n.HTML, indent(n.FailureSummary))
	}
	return b.String()
}

// TestEveryPageIsForEverybody holds each page, light and dark, against axe's rules, and that none scrolls sideways on a narrow screen.
func TestEveryPageIsForEverybody(t *testing.T) {
	s := newSite(t)
	needs(t, exists(t, root(axeFile)), axeFile+" (npm ci in test/js brings it)")
	axe, err := os.ReadFile(root(axeFile))
	must(t, err)
	eachState(t, s, func(t *testing.T, p *page, st state) {
		run := "axe.run().then(r => r.violations)"
		if st.name == letterState { // mails have no landmarks: programs show them within pages of their own
			run = "axe.run({ rules: { region: { enabled: false }, 'landmark-one-main': { enabled: false } } }).then(r => r.violations)"
		}
		do(p, "load axe", chromedp.Evaluate[chromedp.Void](string(axe)))
		for _, scheme := range schemes {
			p.looksLike(scheme, desk)
			for _, v := range do(p, "run axe", chromedp.Evaluate[[]violation](run, chromedp.EvalAwaitPromise)) {
				t.Errorf("%s: %s", scheme, v)
			}
		}
		p.looksLike("light", narrowest)
		if width := do(p, "measure", chromedp.Evaluate[int]("document.documentElement.scrollWidth")); width > narrowest {
			p.fatalf("the page is %d pixels wide on a screen of %d", width, narrowest)
		}
	})
}

// looksLike sets the screen's width in CSS pixels and the colours that its owner prefers. Nothing moves, so that no look is one of something half way.
func (p *page) looksLike(scheme string, width int64) {
	p.t.Helper()
	do(p, "set the screen", func(ctx context.Context, t *chromedp.Target) (cdp.Empty, error) {
		features := []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}}
		if _, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: features}); err != nil {
			return cdp.Empty{}, err
		}
		return cdp.Call(ctx, t, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
			Width: width, Height: 800, DeviceScaleFactor: 1, ScrollbarType: emulation.SetDeviceMetricsOverrideScrollbarTypeOverlay,
		})
	})
}

// TestScreenshots takes the pictures of "make screenshots": of every page, on a telephone and on a desk, light and dark. It tests nothing.
func TestScreenshots(t *testing.T) {
	others := os.Getenv(picturesVariable)
	if others == "" {
		t.Skip("make screenshots takes them")
	}
	s := newSite(t)
	kept := root("docs", "screenshots")
	if !filepath.IsAbs(others) {
		others = root(others)
	}
	must(t, os.MkdirAll(kept, 0o755))
	must(t, os.MkdirAll(others, 0o755))
	eachState(t, s, func(t *testing.T, p *page, st state) {
		for _, width := range []int64{telephone, desk} {
			for _, scheme := range schemes {
				dir := others
				look := fmt.Sprintf("%d-%s", width, scheme)
				if look == st.shown {
					dir = kept
				}
				p.looksLike(scheme, width)
				picture := do(p, "take a picture", chromedp.FullScreenshot(100))
				must(t, os.WriteFile(filepath.Join(dir, st.name+"-"+look+".png"), picture, 0o644))
			}
		}
	})
}
