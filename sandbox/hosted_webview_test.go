package sandbox_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/idemhq/idem/sandbox"
)

// webView returns a browser like that of an app, which does not follow what the page leads to.
func webView(t *testing.T) *browser {
	app := newBrowser(t)
	app.client.CheckRedirect = func(request *http.Request, _ []*http.Request) error {
		if request.URL.Host == "personacallback" || request.URL.Scheme != "http" {
			return http.ErrUseLastResponse
		}
		return nil
	}
	return app
}

// ledTo returns where the page leads the app.
func (b *browser) ledTo() *url.URL {
	b.t.Helper()
	to, err := url.Parse(b.header.Get("Location"))
	ok(b.t, err)
	return to
}

func TestAWebViewIsLedToItsAppAtTheEnd(t *testing.T) {
	t.Parallel()
	server := start(t, sandbox.Options{})
	for name, test := range map[string]struct{ parameters, want string }{
		"Persona's callback":         {"&is-webview=true", "https://personacallback"},
		"in another casing":          {"&isWebview=true", "https://personacallback"},
		"an app's own scheme":        {"&redirect-uri=" + url.QueryEscape("acme://done/here?a=1"), "acme://done/here"},
		"a scheme without a host":    {"&redirect-uri=" + url.QueryEscape("com.example.app:/done"), "com.example.app:/done"},
		"the scheme in a web view":   {"&is-webview=true&redirect-uri=" + url.QueryEscape("acme://done"), "acme://done"},
		"a script in a web view":     {"&is-webview=true&redirect-uri=" + url.QueryEscape("javascript:alert(1)"), "https://personacallback"},
		"an address without a place": {"&is-webview=true&redirect-uri=" + url.QueryEscape("mailto:ada@example.com"), "https://personacallback"},
	} {
		t.Run(name, func(t *testing.T) {
			app := webView(t).open(server.url + "/verify?environment=sandbox&reference-id=person&inquiry-template-id=" + sandbox.InquiryTemplateID + test.parameters)
			app.press("begin", "")
			scheme, _, _ := strings.Cut(test.want, ":")
			if !strings.Contains(app.header.Get("Content-Security-Policy"), scheme+":") {
				t.Errorf("the form must not lead to %s: %s", scheme, app.header.Get("Content-Security-Policy"))
			}
			for range 4 {
				app.press("submit", "passed")
			}
			app.press("finish", "completed")
			to := app.ledTo()
			query := to.Query()
			to.RawQuery = ""
			if to.String() != test.want || query.Get("status") != "completed" || !strings.HasPrefix(query.Get("inquiry-id"), "inq_") || query.Get("reference-id") != "person" {
				t.Errorf("it leads to %s with %v", to, query)
			}
		})
	}
}

func TestAWebViewIsLedToItsAppByACancel(t *testing.T) {
	t.Parallel()
	server := start(t, sandbox.Options{})
	address := server.url + "/verify?environment=sandbox&is-webview=true&inquiry-template-id=" + sandbox.InquiryTemplateID
	if to := webView(t).open(address).press("cancel", "").ledTo(); to.String() != "https://personacallback" {
		t.Errorf("before the start it leads to %s", to)
	}
	to := webView(t).open(address).press("begin", "").press("cancel", "").ledTo()
	if to.Host != "personacallback" || to.Query().Get("status") != "pending" || to.Query().Get("inquiry-id") == "" {
		t.Errorf("after the start it leads to %s", to)
	}
}

func TestTheMetadataOfEveryMessageIsAnObject(t *testing.T) {
	t.Parallel()
	server := start(t, sandbox.Options{})
	page := newBrowser(t).open(server.url + "/widget?environment=sandbox&container-id=c1&iframe-origin=http://localhost:3000&inquiry-template-id=" + sandbox.InquiryTemplateID)
	for _, what := range []string{"before the start", "after a cancel"} {
		if what == "after a cancel" {
			page.press("cancel", "")
		}
		messages, metadata := strings.Count(page.page, `"containerId"`), strings.Count(page.page, `"metadata":{`)
		if messages == 0 || messages != metadata {
			t.Errorf("%s, %d of %d messages have metadata: %s", what, metadata, messages, page.page)
		}
	}
}
