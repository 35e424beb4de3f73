package browsertest

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/idemhq/idem/internal/chromium"
	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox"
)

// personaPackage is Persona's package for browsers.
const personaPackage = "persona/dist/persona.mjs"

func newBrowser(t *testing.T) context.Context {
	t.Helper()
	return chromium.Start(t, personaPackage)
}

// shop is a host's own site that embeds the flow with Persona's package. The page lists the
// calls that the package makes.
func shop(t *testing.T, options map[string]any) string {
	t.Helper()
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/persona.mjs":
			w.Header().Set("Content-Type", "text/javascript")
			http.ServeFile(w, r, chromium.Module(t, personaPackage))
		case "/":
			text, _ := json.Marshal(options) // texts
			w.Header().Set("Content-Type", "text/html")
			// The package slides the flow in; a click on a moving button misses it.
			fmt.Fprintf(w, `<!doctype html><title>Acme</title><style>.persona-widget__iframe { animation: none !important }</style><p id="calls"></p><script type="module">
				globalThis.process = { env: {} };
				const { Client } = await import("/persona.mjs");
				const calls = [];
				const called = (name, value) => { calls.push([name, value ?? null]); document.title = name; document.getElementById("calls").textContent = JSON.stringify(calls); };
				const client = globalThis.client = new Client({
					...%s,
					onLoad: () => called("load"),
					onReady: () => { called("ready"); client.open(); },
					onComplete: (value) => called("complete", value),
					onCancel: (value) => called("cancel", value),
					onError: (value) => called("error", value),
					onEvent: (name) => called("event " + name),
				});
			</script>`, text)
		}
	}))
	t.Cleanup(site.Close)
	return strings.Replace(site.URL, "127.0.0.1", "localhost", 1)
}

// call is one call that Persona's package made to the shop.
type call struct {
	name  string
	value map[string]any
}

// called waits until the package has made a call. It returns the call and the names of all
// calls so far.
func called(t *testing.T, ctx context.Context, name string) (last call, all []string) {
	t.Helper()
	for {
		text, err := chromedp.Run(ctx, chromedp.Evaluate[string](`document.getElementById("calls").textContent`))
		if err != nil {
			t.Fatalf("waiting for %s after %q: %v", name, all, err)
		}
		var calls [][2]any
		if text != "" {
			if err := json.Unmarshal([]byte(text), &calls); err != nil {
				t.Fatal(err)
			}
		}
		all = nil
		for _, c := range calls {
			all = append(all, c[0].(string))
			if c[0] == name {
				last.name = name
				last.value, _ = c[1].(map[string]any)
			}
		}
		if last.name != "" {
			return last, all
		}
		select {
		case <-ctx.Done():
			t.Fatalf("%s was not called, only %q", name, all)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// flow returns the page inside of the shop's page.
type flow struct {
	t   *testing.T
	ctx context.Context
}

// inside runs actions in the page of the flow after it has a title.
func (f flow) inside(title string, actions func(in chromedp.QueryOption) []chromedp.Action[chromedp.Void]) {
	f.t.Helper()
	for shown := ""; ; {
		frames, err := chromedp.Run(f.ctx, chromedp.Nodes(chromedp.CSS("iframe.persona-widget__iframe")))
		if err != nil {
			f.t.Fatalf("looking for %q after %q: %v", title, shown, err)
		}
		in := chromedp.FromNode(frames[0])
		try, cancel := context.WithTimeout(f.ctx, time.Second) // the page may change meanwhile
		shown, err = chromedp.Run(try, chromedp.Text(chromedp.CSS("h1"), in))
		cancel()
		if err != nil || shown != title {
			continue
		}
		if err := chromedp.Do(f.ctx, actions(in)...); err != nil {
			f.t.Fatalf("on the page %q: %v", title, err)
		}
		return
	}
}

func (f flow) press(title, button string, choices ...string) {
	f.t.Helper()
	f.inside(title, func(in chromedp.QueryOption) []chromedp.Action[chromedp.Void] {
		var actions []chromedp.Action[chromedp.Void]
		for _, choice := range choices {
			actions = append(actions, chromedp.Click(chromedp.CSS(`input[value="`+choice+`"]`), in))
		}
		return append(actions, chromedp.Click(chromedp.CSS(`button[value="`+button+`"]`), in))
	})
}

func newSandbox(t *testing.T) (server *sandbox.Server, host string) {
	server = sandbox.NewServer(t)
	return server, strings.Replace(strings.TrimPrefix(server.URL, "http://"), "127.0.0.1", "localhost", 1)
}

// behindASlowLine is a host whose scripts arrive late, so that a quick person could press a
// button before them.
func behindASlowLine(t *testing.T, host string) string {
	line := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		if strings.HasSuffix(r.In.URL.Path, ".js") {
			time.Sleep(200 * time.Millisecond)
		}
		r.SetURL(&url.URL{Scheme: "http", Host: host})
		r.Out.Host = r.In.Host
	}})
	t.Cleanup(line.Close)
	return strings.Replace(strings.TrimPrefix(line.URL, "http://"), "127.0.0.1", "localhost", 1)
}

func TestPersonasPackageWalksThroughTheFlow(t *testing.T) {
	ctx := newBrowser(t)
	server, host := newSandbox(t)
	host = behindASlowLine(t, host)
	site := shop(t, map[string]any{
		"templateId": sandbox.InquiryTemplateID, "environment": "sandbox", "host": host, "referenceId": "acme-1",
		"fields": map[string]any{"nameFirst": "Ann"},
	})
	if err := chromedp.Do(ctx, chromedp.Navigate(site)); err != nil {
		t.Fatal(err)
	}
	called(t, ctx, "ready")
	page := flow{t, ctx}
	page.press("Verify your identity", "begin")
	page.press("Government ID", "submit", "failed")
	page.press("Selfie", "skip")
	page.press("Personal details", "submit", "passed")
	page.press("Document", "skip")
	page.press("You are done", "finish", "completed")
	complete, all := called(t, ctx, "complete")
	id, _ := complete.value["inquiryId"].(string)
	inquiry, err := server.Client().Inquiries.Get(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if complete.value["status"] != "completed" || inquiry.Attributes.Status != "completed" || inquiry.Attributes.ReferenceID != "acme-1" {
		t.Errorf("the package says %v of an inquiry that is %s", complete.value, inquiry.Attributes.Status)
	}
	fields, _ := complete.value["fields"].(map[string]any)
	if _, there := fields["name-first"]; !there {
		t.Errorf("the package tells the fields %v", fields)
	}
	for _, want := range []string{"load", "event load", "event ready", "event start", "event page-change", "event complete"} {
		if !slices.Contains(all, want) {
			t.Errorf("the package said %q, and not %s", all, want)
		}
	}
	if slices.Contains(all, "error") || slices.Contains(all, "cancel") {
		t.Errorf("the package said %q", all)
	}
}

func TestPersonasPackageResumesAnInquiryAndLeavesIt(t *testing.T) {
	ctx := newBrowser(t)
	server, host := newSandbox(t)
	client := server.Client()
	inquiry, err := client.Inquiries.Create(t.Context(), persona.InquiryCreateParams{InquiryTemplateID: persona.Set(sandbox.InquiryTemplateID)})
	if err != nil {
		t.Fatal(err)
	}
	resumed, err := client.Inquiries.Resume(t.Context(), inquiry.ID)
	if err != nil {
		t.Fatal(err)
	}
	site := shop(t, map[string]any{"inquiryId": inquiry.ID, "sessionToken": resumed.Meta.SessionToken, "host": host})
	if err := chromedp.Do(ctx, chromedp.Navigate(site)); err != nil {
		t.Fatal(err)
	}
	called(t, ctx, "ready")
	page := flow{t, ctx}
	page.press("Verify your identity", "begin")
	page.inside("Government ID", func(chromedp.QueryOption) []chromedp.Action[chromedp.Void] { return nil })
	if _, err := chromedp.Run(ctx, chromedp.Evaluate[any](`client.cancel(true)`)); err != nil {
		t.Fatal(err)
	}
	cancel, _ := called(t, ctx, "cancel")
	if cancel.value["inquiryId"] != inquiry.ID || cancel.value["sessionToken"] == "" {
		t.Errorf("the package says %v", cancel.value)
	}
	var names []string
	for event, err := range client.Events.List(t.Context(), persona.EventListParams{}) {
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, event.Attributes.Name)
	}
	if !slices.Contains(names, "inquiry-session.canceled") {
		t.Errorf("the events are %q", names)
	}
}

func TestWhoLeavesBeforeTheStartEndsInOnCancel(t *testing.T) {
	ctx := newBrowser(t)
	_, host := newSandbox(t)
	site := shop(t, map[string]any{"templateId": sandbox.InquiryTemplateID, "environment": "sandbox", "language": "de", "host": host})
	if err := chromedp.Do(ctx, chromedp.Navigate(site)); err != nil {
		t.Fatal(err)
	}
	called(t, ctx, "ready")
	flow{t, ctx}.press("Bestätigen Sie Ihre Identität", "cancel")
	if _, all := called(t, ctx, "cancel"); slices.Contains(all, "error") || slices.Contains(all, "complete") {
		t.Errorf("the package said %q", all)
	}
}

func TestPersonasPackageIsToldWhatIsWrong(t *testing.T) {
	ctx := newBrowser(t)
	_, host := newSandbox(t)
	site := shop(t, map[string]any{"templateId": "itmpl_thereIsNone", "host": host})
	if err := chromedp.Do(ctx, chromedp.Navigate(site)); err != nil {
		t.Fatal(err)
	}
	wrong, _ := called(t, ctx, "error")
	if wrong.value["code"] != "invalid_config" {
		t.Errorf("the package says %v", wrong.value)
	}
}

// For a page that is not of this machine, a browser says less about where a form comes from
// and restricts it more. The host may also redirect.
func TestThePageOfAnotherMachineLeadsBackToTheHost(t *testing.T) {
	ctx := newBrowser(t)
	server, _ := newSandbox(t)
	host := strings.Replace(strings.TrimPrefix(server.URL, "http://"), "127.0.0.1", "sandbox.example.com", 1)
	back := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if name, port, _ := strings.Cut(r.Host, ":"); name != "www.example.com" {
			http.Redirect(w, r, "http://www.example.com:"+port+r.RequestURI, http.StatusFound)
			return
		}
		io.WriteString(w, "<title>welcome back</title>")
	}))
	t.Cleanup(back.Close)
	address := "http://" + host + "/verify?environment=sandbox&inquiry-template-id=" + sandbox.InquiryTemplateID + "&redirect-uri=" + back.URL
	press := func(button string) chromedp.Action[chromedp.Void] {
		return chromedp.Click(chromedp.CSS(`button[value="` + button + `"]`))
	}
	if err := chromedp.Do(ctx, chromedp.Navigate(address)); err != nil {
		t.Fatal(err)
	}
	for _, button := range []string{"begin", "skip", "skip", "skip", "skip", "finish"} {
		if _, err := chromedp.RunResponse(ctx, press(button)); err != nil {
			t.Fatalf("press %s: %v", button, err)
		}
	}
	at, err := chromedp.Run(ctx, chromedp.Location())
	if err != nil {
		t.Fatal(err)
	}
	title, err := chromedp.Run(ctx, chromedp.Title())
	if err != nil || title != "welcome back" || !strings.Contains(at, "status=completed") || !strings.Contains(at, "inquiry-id=inq_") {
		t.Errorf("the person comes back to %q with %s, error %v", title, at, err)
	}
}
