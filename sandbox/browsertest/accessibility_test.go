package browsertest

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/idemhq/idem/internal/chromium"
	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox"
)

// hostileNames are names that a page must survive: markup, a word without an end, and text from
// right to left.
func hostileNames() []string {
	return []string{`"><img src=x onerror=document.title='owned'><b>`, strings.Repeat("unbreakable", 20), "\u202eשלום עולם\u202c 🙂 \u0000 é"}
}

// page is a page of the browser's, which a test can reach.
type page struct {
	name, path string
}

// filled is a sandbox with something for every page, and every name hostile.
func filled(t *testing.T) (server *sandbox.Server, pages []page) {
	t.Helper()
	answer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }))
	t.Cleanup(answer.Close)
	server = sandbox.NewServer(t)
	client, names := server.Client(), hostileNames()
	fail := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	hook, err := client.Webhooks.Create(t.Context(), persona.WebhookCreateParams{Name: persona.Set(names[0]), URL: persona.Set(answer.URL + "/" + names[1]), EnabledEvents: persona.Set([]string{"inquiry.created", "inquiry.completed"})})
	fail(err)
	_, err = client.Webhooks.Enable(t.Context(), hook.ID)
	fail(err)
	var inquiry *persona.InquiryCreateResult
	for _, name := range names {
		inquiry, err = client.Inquiries.Create(t.Context(), persona.InquiryCreateParams{
			InquiryTemplateID: persona.Set(sandbox.InquiryTemplateID), Note: persona.Set(name), AutoCreateAccountReferenceID: persona.Set(name),
			Fields: persona.Set(map[string]any{"name_first": name, "name_last": name}), Tags: persona.Set([]string{name, "vip"}),
		}, persona.WithIdempotencyKey("key-"+strings.Repeat("k", 60)+inquiryNumber(name)))
		fail(err)
	}
	_, err = client.Inquiries.PerformSimulateActions(t.Context(), inquiry.ID, persona.InquiryPerformSimulateActionsParams{SimulateActions: []persona.SimulateAction{{Type: "start_inquiry"}, {Type: "complete_inquiry"}}})
	fail(err)
	verification, err := server.Act("sandbox", sandbox.Act{Do: sandbox.ActSubmit, ID: newPending(t, client), Type: "verification/government-id", Outcome: "passed"})
	fail(err)
	report, err := server.Act("sandbox", sandbox.Act{Do: sandbox.ActRunReport, ID: inquiry.ID, Type: "report/watchlist", Query: map[string]any{"name-first": names[0], "name-last": "Jong Un"}})
	fail(err)
	made, err := client.Cases.Create(t.Context(), persona.CaseCreateParams{CaseTemplateID: sandbox.CaseTemplateID, ObjectIDs: persona.Set([]string{inquiry.ID, inquiry.Relationships.Account.Data.ID})})
	fail(err)
	_, _ = client.Inquiries.Get(t.Context(), "inq_Nothing")
	for deadline := time.Now().Add(20 * time.Second); len(server.Deliveries("sandbox")[0].Attempts) == 0; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("no delivery was attempted")
		}
	}
	err = server.AddFault(sandbox.Fault{Kind: sandbox.FaultLateDelivery, Event: "inquiry.approved"})
	fail(err)
	delivery, calls := server.Deliveries("sandbox")[0], server.Calls("sandbox")
	object := "/_sandbox/sandbox/object/"
	return server, []page{
		{"the overview", "/_sandbox/sandbox/"}, {"the overview that is watched", "/_sandbox/sandbox/?watch=1"}, {"an empty overview", "/_sandbox/production/"},
		{"inquiries", "/_sandbox/sandbox/objects/inquiry"}, {"webhooks", "/_sandbox/sandbox/objects/webhook"}, {"no transactions", "/_sandbox/production/objects/account"},
		{"an inquiry", object + inquiry.ID}, {"what was done", object + inquiry.ID + "?done=Inquiries.Approve"},
		{"an account", object + inquiry.Relationships.Account.Data.ID}, {"a case", object + made.ID},
		{"a verification", object + verification}, {"a report", object + report}, {"a webhook", object + hook.ID}, {"an event", object + delivery.EventID},
		{"events", "/_sandbox/sandbox/events"}, {"events of nothing", "/_sandbox/sandbox/events?object=" + url.QueryEscape(names[0])},
		{"deliveries", "/_sandbox/sandbox/deliveries"}, {"a delivery", "/_sandbox/sandbox/deliveries/" + delivery.EventID + "/" + hook.ID},
		{"calls", "/_sandbox/sandbox/calls"}, {"a call", "/_sandbox/sandbox/calls/" + calls[2].RequestID}, {"a call that failed", "/_sandbox/sandbox/calls/" + calls[len(calls)-1].RequestID},
		{"the clock and faults", "/_sandbox/control"}, {"what has a tag", "/_sandbox/sandbox/find?id=vip"}, {"nothing", "/_sandbox/sandbox/find?id=" + url.QueryEscape(names[0])},
	}
}

// inquiryNumber makes a name fit for the end of an idempotency key.
func inquiryNumber(name string) string { return string(rune('a' + len(name)%26)) }

func newPending(t *testing.T, client *persona.Client) string {
	t.Helper()
	made, err := client.Inquiries.Create(t.Context(), persona.InquiryCreateParams{InquiryTemplateID: persona.Set(sandbox.InquiryTemplateID)})
	if err != nil {
		t.Fatal(err)
	}
	return made.ID
}

func open(t *testing.T, ctx context.Context, address string) {
	t.Helper()
	if err := chromedp.Do(ctx, chromedp.Navigate(address)); err != nil {
		t.Fatalf("open %s: %v", address, err)
	}
}

// run runs a script that returns nothing.
func run(script string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, to *chromedp.Target) error {
		_, err := chromedp.Evaluate[*runtime.RemoteObject](script)(ctx, to)
		return err
	})
}

// notOwned fails the test if a name became a script or an element.
func notOwned(t *testing.T, ctx context.Context, name string) {
	t.Helper()
	owned, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`document.title === "owned" || document.querySelector("img") !== null`))
	if err != nil || owned {
		t.Errorf("%s runs what a name says, or has an element of it, error %v", name, err)
	}
}

func TestEverybodyCanUseTheInspector(t *testing.T) {
	ctx := chromium.Start(t, chromium.Axe)
	server, pages := filled(t)
	still := chromium.Still(t, server.URL)
	for _, page := range pages {
		open(t, ctx, still+page.path)
		notOwned(t, ctx, page.name)
		chromium.Check(t, ctx, page.name)
	}
}

// TestEverybodyIsToldWhatWentWrong looks at pages that answer a form.
func TestEverybodyIsToldWhatWentWrong(t *testing.T) {
	ctx := chromium.Start(t, chromium.Axe)
	server := sandbox.NewServer(t)
	open(t, ctx, server.URL+"/_sandbox/sandbox/object/"+newPending(t, server.Client()))
	press := func(selector string) {
		t.Helper()
		if _, err := chromedp.RunResponse(ctx, chromedp.Click(chromedp.CSS(selector))); err != nil {
			t.Fatal(err)
		}
	}
	press(`button[value="Inquiries.Approve"]`)
	press(`button[value="Inquiries.Approve"]`)
	chromium.Check(t, ctx, "a decision that is not possible")
	if _, err := chromedp.RunResponse(ctx, run(`(() => {
		const form = document.querySelector("form[aria-label='run workflow']");
		form.elements.outcome.value = "won";
		form.requestSubmit(form.querySelector("button"));
	})()`)); err != nil {
		t.Fatal(err)
	}
	chromium.Check(t, ctx, "an act that is not possible")
	open(t, ctx, server.URL+"/_sandbox/control")
	if err := chromedp.Do(ctx, chromedp.SendKeys(chromedp.CSS(`input[name="advance"]`), "never")); err != nil {
		t.Fatal(err)
	}
	press(`form[action="/_sandbox/control/clock"] button`)
	chromium.Check(t, ctx, "a clock that does not move")
}

// TestEverybodyCanUseTheHostedPage walks through the flow, and checks each page.
func TestEverybodyCanUseTheHostedPage(t *testing.T) {
	ctx := chromium.Start(t, chromium.Axe)
	server := sandbox.NewServer(t)
	names := hostileNames()
	query := url.Values{"environment": {"sandbox"}, "inquiry-template-id": {sandbox.InquiryTemplateID}, "language": {"de"}, "redirect-uri": {server.URL + "/verify"}, "fields[name-first]": {names[0]}, "fields[name-last]": {names[1]}, "fields[name-middle]": {names[2]}}
	open(t, ctx, server.URL+"/verify?"+query.Encode())
	chromium.Check(t, ctx, "the start")
	for _, step := range []struct{ button, page string }{
		{"begin", "the first step"}, {"skip", "the second step"}, {"skip", "the third step"}, {"skip", "the fourth step"}, {"skip", "the end of the steps"}, {"finish", "where the person goes, an error"},
	} {
		if _, err := chromedp.RunResponse(ctx, chromedp.Click(chromedp.CSS(`button[value="`+step.button+`"]`))); err != nil {
			t.Fatalf("press %s: %v", step.button, err)
		}
		notOwned(t, ctx, step.page)
		chromium.Check(t, ctx, step.page)
	}
	inquiry, err := server.Client().Inquiries.Create(t.Context(), persona.InquiryCreateParams{InquiryTemplateID: persona.Set(sandbox.InquiryTemplateID), AutoCreateOneTimeLink: persona.Set(true), RedirectURI: persona.Set("https://shop.example.com/")})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := server.Client().Inquiries.Approve(t.Context(), newPending(t, server.Client()), persona.InquiryApproveParams{}); err != nil {
		t.Fatal(err)
	}
	open(t, ctx, inquiry.Meta.OneTimeLink)
	chromium.Check(t, ctx, "the start of a link")
	if _, err := chromedp.RunResponse(ctx, chromedp.Click(chromedp.CSS(`button[value="cancel"]`))); err != nil {
		t.Fatal(err)
	}
	chromium.Check(t, ctx, "the page of a person who left")
	open(t, ctx, inquiry.Meta.OneTimeLink)
	chromium.Check(t, ctx, "a link that was used")
}

func TestEverybodyCanUseThePageOfARelayInEachLanguage(t *testing.T) {
	ctx := chromium.Start(t, chromium.Axe)
	server := sandbox.NewServer(t)
	for _, language := range []string{"en", "de", "fr", "es"} {
		relay, err := server.Client().Relays.Create(t.Context(), persona.RelayCreateParams{ClaimType: "live_human_presence"})
		if err != nil {
			t.Fatal(err)
		}
		address := server.URL + "/relay?language=" + language + "&relay-session-access-token="
		open(t, ctx, address+url.QueryEscape(relay.RelaySessionAccessToken))
		speaks(t, ctx, language)
		chromium.Check(t, ctx, "a relay in "+language)
		if _, err := chromedp.RunResponse(ctx, chromedp.Click(chromedp.CSS(`button[value="submit"]`))); err != nil {
			t.Fatal(err)
		}
		speaks(t, ctx, language)
		chromium.Check(t, ctx, "a relay that was answered, in "+language)
		open(t, ctx, address)
		speaks(t, ctx, language)
		chromium.Check(t, ctx, "no relay, in "+language)
	}
}

// speaks fails the test if the page is not in a language.
func speaks(t *testing.T, ctx context.Context, language string) {
	t.Helper()
	got, err := chromedp.Run(ctx, chromedp.Evaluate[string](`document.documentElement.lang`))
	if err != nil || got != language {
		t.Errorf("the page is in %q, not in %q, error %v", got, language, err)
	}
}

// tabTo presses the tab key until an element that matches has the focus, which must be visible.
func tabTo(t *testing.T, ctx context.Context, selector string) {
	t.Helper()
	var passed []string
	for range 80 {
		if err := chromedp.Do(ctx, chromedp.KeyEvent(kb.Tab)); err != nil {
			t.Fatal(err)
		}
		at, err := chromedp.Run(ctx, chromedp.Evaluate[struct {
			Matches, Outlined bool
			Name              string
		}](`(() => { const at = document.activeElement, style = getComputedStyle(at), around = at.closest("label");
			return { Matches: at.matches(`+"`"+selector+"`"+`), Name: at.outerHTML.slice(0, 80),
				Outlined: style.outlineStyle !== "none" || (around !== null && getComputedStyle(around).outlineStyle !== "none") }; })()`))
		if err != nil {
			t.Fatal(err)
		}
		if !at.Outlined {
			t.Errorf("the focus on %s cannot be seen", at.Name)
		}
		if at.Matches {
			return
		}
		passed = append(passed, at.Name)
	}
	t.Fatalf("the tab key does not reach %s, only %q", selector, passed)
}

// enter presses a key that leads to another page.
func enter(t *testing.T, ctx context.Context, key string) {
	t.Helper()
	if _, err := chromedp.RunResponse(ctx, chromedp.KeyEvent(key)); err != nil {
		t.Fatal(err)
	}
}

func TestAKeyboardIsEnough(t *testing.T) {
	ctx := chromium.Start(t)
	server := sandbox.NewServer(t)
	open(t, ctx, server.URL+"/verify?environment=sandbox&inquiry-template-id="+sandbox.InquiryTemplateID)
	tabTo(t, ctx, `button[value="begin"]`)
	enter(t, ctx, kb.Enter)
	tabTo(t, ctx, `input[name="outcome"]`)
	if err := chromedp.Do(ctx, chromedp.KeyEvent(kb.ArrowDown)); err != nil { // fails
		t.Fatal(err)
	}
	tabTo(t, ctx, `button[value="submit"]`)
	enter(t, ctx, kb.Enter)
	at, err := chromedp.Run(ctx, chromedp.Location())
	if err != nil {
		t.Fatal(err)
	}
	address, err := url.Parse(at)
	if err != nil {
		t.Fatal(err)
	}
	id := address.Query().Get("inquiry-id")
	open(t, ctx, server.URL+"/_sandbox/sandbox/object/"+id)
	tabTo(t, ctx, `button[value="Inquiries.Decline"]`)
	enter(t, ctx, kb.Enter)
	tabTo(t, ctx, `summary`)
	got, err := server.Client().Inquiries.Get(t.Context(), id, persona.WithInclude("verifications"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for event, err := range server.Client().Events.List(t.Context(), persona.EventListParams{}) {
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, event.Attributes.Name)
	}
	if got.Attributes.Status != "declined" || !slices.Contains(names, "verification.failed") {
		t.Errorf("the inquiry is %s, the events are %q", got.Attributes.Status, names)
	}
}
