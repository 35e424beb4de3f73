package chromium

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

func TestACheckFindsWhatKeepsPeopleOut(t *testing.T) {
	ctx := Start(t, Axe)
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		page := map[string]string{
			"/good": `<p>Enough contrast</p>`, "/unlabelled": `<input name="id">`, "/wide": `<p style="width:600px">wide</p>`,
			"/faint": `<p style="color:#999;background:#fff">faint</p>`, "/faint-at-night": `<style>@media (prefers-color-scheme: dark) { p { color:#333; background:#222 } }</style><p>faint</p>`,
			"/only-phones": `<style>@media (max-width: 400px) { p { color:#ddd; background:#fff } }</style><p>faint</p>`,
		}[r.URL.Path]
		_, _ = w.Write([]byte(`<!doctype html><html lang="en"><meta name="viewport" content="width=device-width"><title>t</title><main><h1>h</h1>` + page + `</main></html>`))
	}))
	t.Cleanup(site.Close)
	for name, test := range map[string]struct {
		says  string
		count int
	}{
		"good": {"", 0}, "unlabelled": {"label", 4}, "wide": {"608 px wide, the window 320", 2}, "faint": {"color-contrast", 4},
		"faint-at-night": {"a desktop, dark", 2}, "only-phones": {"a phone, light", 2},
	} {
		if err := chromedp.Do(ctx, chromedp.Navigate(site.URL+"/"+name)); err != nil {
			t.Fatal(err)
		}
		all := findings(t, ctx)
		if len(all) != test.count || !strings.Contains(strings.Join(all, "\n"), test.says) {
			t.Errorf("%s: %q", name, all)
		}
	}
}
