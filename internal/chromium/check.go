package chromium

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// Axe is the npm package that [Check] needs.
const Axe = "axe-core/axe.min.js"

// screen is a size and a theme in which a page is checked.
type screen struct {
	name          string
	width, height int64
	theme         string
}

func screens() []screen {
	return []screen{
		{"a phone, light", 320, 640, "light"}, {"a phone, dark", 320, 640, "dark"},
		{"a desktop, light", 1280, 900, "light"}, {"a desktop, dark", 1280, 900, "dark"},
	}
}

// violation is one finding of axe.
type violation struct {
	ID    string
	Help  string
	Nodes []struct {
		HTML           string
		FailureSummary string
	}
}

// run is a script that returns what axe finds, and whether the page is wider than the window.
// It opens what is collapsed.
const run = `(async () => (document.querySelectorAll("details").forEach((d) => d.open = true), {
	violations: (await axe.run(document, { resultTypes: ["violations"], iframes: false })).violations,
	width: document.documentElement.scrollWidth,
	window: document.documentElement.clientWidth,
	page: location.pathname,
}))()`

// Check checks the page that the browser shows, on a phone and on a desktop, in both themes:
// axe finds nothing, and the page is not wider than the window.
func Check(t *testing.T, ctx context.Context, name string) {
	t.Helper()
	for _, finding := range findings(t, ctx) {
		t.Errorf("%s: %s", name, finding)
	}
}

// findings returns what is wrong with the page that the browser shows.
func findings(t *testing.T, ctx context.Context) (all []string) {
	t.Helper()
	axe, err := os.ReadFile(Module(t, Axe))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.Run(ctx, chromedp.Evaluate[bool](string(axe)+";true")); err != nil {
		t.Fatalf("load axe: %v", err)
	}
	for _, s := range screens() {
		if err := chromedp.Do(ctx, show(s)); err != nil {
			t.Fatalf("show %s: %v", s.name, err)
		}
		found, err := chromedp.Run(ctx, chromedp.Evaluate[result](run, chromedp.EvalAwaitPromise))
		if err != nil {
			t.Fatalf("run axe on %s: %v", s.name, err)
		}
		for _, finding := range found.findings() {
			all = append(all, found.Page+" on "+s.name+": "+finding)
		}
	}
	if err := chromedp.Do(ctx, chromedp.ResetViewport()); err != nil {
		t.Fatalf("reset the window: %v", err)
	}
	return all
}

// result is what the script returns.
type result struct {
	Violations    []violation
	Width, Window int
	Page          string
}

func (r result) findings() (all []string) {
	if r.Width > r.Window {
		all = append(all, fmt.Sprintf("the page is %d px wide, the window %d", r.Width, r.Window))
	}
	for _, v := range r.Violations {
		for _, node := range v.Nodes {
			all = append(all, fmt.Sprintf("%s: %s\n%s\n%s", v.ID, v.Help, node.HTML, strings.TrimSpace(node.FailureSummary)))
		}
	}
	return all
}

// Still returns the address of a server that answers as the one at an address does, except
// that its pages do not reload themselves, so that a page stays while it is checked.
func Still(t *testing.T, address string) string {
	t.Helper()
	to, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	still := httptest.NewServer(&httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to) },
		ModifyResponse: func(r *http.Response) error {
			r.Header.Del("Refresh")
			return nil
		},
	})
	t.Cleanup(still.Close)
	return still.URL
}

// show makes the window look like a screen.
func show(s screen) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, to *chromedp.Target) error {
		options := []chromedp.EmulateViewportOption{}
		if s.width < 600 {
			options = append(options, chromedp.EmulateMobile, chromedp.EmulateTouch)
		}
		if _, err := chromedp.EmulateViewport(s.width, s.height, options...)(ctx, to); err != nil {
			return err
		}
		_, err := cdp.Call(ctx, to, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: s.theme}},
		})
		return err
	})
}
