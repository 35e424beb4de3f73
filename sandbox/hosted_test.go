package sandbox_test

import (
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox"
)

// browser is a person's browser, which follows links and sends forms.
type browser struct {
	t      *testing.T
	client *http.Client
	status int
	header http.Header
	at     *url.URL
	page   string
}

func newBrowser(t *testing.T) *browser {
	jar, err := cookiejar.New(nil)
	ok(t, err)
	return &browser{t: t, client: &http.Client{Jar: jar, Timeout: 10 * time.Second}}
}

func (b *browser) load(request *http.Request) *browser {
	b.t.Helper()
	request.Header.Set("User-Agent", "Acme Browser/1.0")
	response, err := b.client.Do(request)
	ok(b.t, err)
	defer response.Body.Close()
	page, err := io.ReadAll(response.Body)
	ok(b.t, err)
	b.status, b.header, b.at, b.page = response.StatusCode, response.Header, response.Request.URL, html.UnescapeString(string(page))
	return b
}

func (b *browser) open(address string) *browser {
	b.t.Helper()
	request, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, address, nil)
	ok(b.t, err)
	return b.load(request)
}

// press sends the form of the page, with an outcome unless it is empty.
func (b *browser) press(do, outcome string) *browser {
	b.t.Helper()
	action := regexp.MustCompile(`<form method="post" action="([^"]*)"`).FindStringSubmatch(b.page)
	if action == nil || !strings.Contains(b.page, `value="`+do+`"`) || outcome != "" && !strings.Contains(b.page, `value="`+outcome+`"`) {
		b.t.Fatalf("the page has no form with %s and %s:\n%s", do, outcome, b.page)
	}
	to, err := b.at.Parse(action[1])
	ok(b.t, err)
	return b.post(to.String(), url.Values{"do": {do}, "outcome": {outcome}})
}

func (b *browser) post(address string, form url.Values) *browser {
	b.t.Helper()
	request, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, address, strings.NewReader(form.Encode()))
	ok(b.t, err)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Origin", b.at.Scheme+"://"+b.at.Host)
	return b.load(request)
}

func (b *browser) sees(text string) {
	b.t.Helper()
	if !strings.Contains(b.page, text) {
		b.t.Fatalf("%d %s does not show %q:\n%s", b.status, b.at, text, b.page)
	}
}

// invited returns a browser at the one-time link of a new inquiry.
func invited(t *testing.T, client *persona.Client) *browser {
	t.Helper()
	made, err := client.Inquiries.Create(t.Context(), persona.InquiryCreateParams{InquiryTemplateID: persona.Set(sandbox.InquiryTemplateID), AutoCreateOneTimeLink: persona.Set(true)})
	ok(t, err)
	return newBrowser(t).open(made.Meta.OneTimeLink)
}

// TestFromALinkToAnApproval follows a whole inquiry: it is created, the person opens the link
// and completes the page, and the receiver of the webhook approves it.
func TestFromALinkToAnApproval(t *testing.T) {
	t.Parallel()
	server, to := start(t, sandbox.Options{}), newReceiver(t)
	client := server.client()
	subscribe(t, client, persona.WebhookCreateParams{URL: persona.Set(to.url), EnabledEvents: persona.Set([]string{"inquiry.completed"})})
	inquiry, err := client.Inquiries.Create(t.Context(), persona.InquiryCreateParams{
		InquiryTemplateID: persona.Set(sandbox.InquiryTemplateID), AutoCreateOneTimeLink: persona.Set(true), ReferenceID: persona.Set("acme-1"),
	})
	ok(t, err)

	person := newBrowser(t).open(inquiry.Meta.OneTimeLink)
	person.sees("Verify your identity")
	person.press("begin", "").sees("Government ID")
	person.press("submit", "passed").sees("Selfie")
	person.press("submit", "requires_retry").sees("Selfie") // once more
	person.press("submit", "passed").sees("Personal details")
	person.press("submit", "passed").sees("Document")
	person.press("skip", "").sees("You are done")
	person.sees("ALEXANDER")
	person.press("finish", "completed").sees("The inquiry is completed")

	received := to.wait(t, 1)[0]
	if received.event.Object().Identifier().ID != inquiry.ID {
		t.Fatalf("the webhook is about %s", received.event.Object().Identifier().ID)
	}
	_, err = client.Inquiries.Approve(t.Context(), received.event.Object().Identifier().ID, persona.InquiryApproveParams{})
	ok(t, err)
	got, err := client.Inquiries.Get(t.Context(), inquiry.ID, persona.WithInclude("verifications"))
	ok(t, err)
	if got.Attributes.Status != "approved" || len(got.Relationships.Verifications.Data) != 5 {
		t.Errorf("the inquiry is %s with %d verifications", got.Attributes.Status, len(got.Relationships.Verifications.Data))
	}
	want := []string{
		"account.created", "inquiry.created", "inquiry-session.started", "inquiry.started", "inquiry.transitioned",
	}
	if names := events(t, client); !slices.Equal(names[:len(want)], want) || count(names, "inquiry.transitioned") != 6 || count(names, "inquiry.completed") != 1 {
		t.Errorf("the events are %q", names)
	}
	again := newBrowser(t).open(person.at.String())
	again.sees("The inquiry is approved")
	if again.post(person.at.String(), url.Values{"do": {"submit"}, "outcome": {"failed"}}); again.status != 409 {
		t.Errorf("who is approved submits once more: %d", again.status)
	}
}

func TestAnAddressMakesAnInquiryWhenThePersonBegins(t *testing.T) {
	t.Parallel()
	server := start(t, sandbox.Options{})
	client := server.client()
	host := newReceiverOfPeople(t)
	address := server.url + "/verify?inquiryTemplateId=" + sandbox.InquiryTemplateID + "&environment=sandbox&reference-id=acme-2&fields[name-first]=Ann&style-variant=dark&redirect-uri=" + url.QueryEscape(host.URL+"/back?shop=1")
	person := newBrowser(t).open(address)
	person.sees(`class="dark"`)
	if names := events(t, client); len(names) != 0 {
		t.Errorf("looking at the page led to %q", names)
	}
	person.press("begin", "")
	for range 4 {
		person.press("submit", "failed")
	}
	person.press("finish", "failed").sees("welcome back")
	query := person.at.Query()
	got, err := client.Inquiries.Get(t.Context(), query.Get("inquiry-id"))
	ok(t, err)
	if got.Attributes.Status != "failed" || query.Get("status") != "failed" || query.Get("reference-id") != "acme-2" || query.Get("shop") != "1" || !strings.Contains(query.Get("fields"), "name-first") {
		t.Errorf("an inquiry that is %s led to %s", got.Attributes.Status, person.at)
	}
	if got.Attributes.ReferenceID != "acme-2" {
		t.Error("the inquiry is not the person's")
	}
}

func TestWhoLeavesCanComeBackByANewLink(t *testing.T) {
	t.Parallel()
	server := start(t, sandbox.Options{})
	client := server.client()
	inquiry := newInquiry(t, client, "")
	link := func() string {
		made, err := client.Inquiries.GenerateOneTimeLink(t.Context(), inquiry.ID, persona.InquiryGenerateOneTimeLinkParams{})
		ok(t, err)
		return made.Meta.OneTimeLink
	}
	person := newBrowser(t).open(link())
	person.press("begin", "").press("submit", "passed")
	before := person.at.String()
	person.press("cancel", "").sees("You left")
	if got := events(t, client); count(got, "inquiry-session.canceled") != 1 {
		t.Errorf("the events are %q", got)
	}
	if person.post(before, url.Values{"do": {"submit"}, "outcome": {"passed"}}); person.status != 409 {
		t.Errorf("the session that was left goes on: %d", person.status)
	}
	person.open(link()).sees("Selfie")
}

func TestThePageIsRefused(t *testing.T) {
	t.Parallel()
	server := start(t, sandbox.Options{})
	client := server.client()
	pending := newInquiry(t, client, "")
	simulateAll(t, client, pending.ID, "start_inquiry")
	template := "inquiry-template-id=" + sandbox.InquiryTemplateID
	for name, test := range map[string]struct {
		address string
		status  int
		says    string
	}{
		"a link that there is not":                   {"/verify?code=us1-no", 404, "Ask for a new one"},
		"nothing":                                    {"/verify", 400, "names no inquiry and no template"},
		"a template that there is not":               {"/verify?inquiry-template-id=itmpl_no", 400, "no template with this id"},
		"an environment that there is not":           {"/verify?environment=staging&" + template, 400, "no such environment"},
		"an environment id that there is not":        {"/verify?environment-id=env_no&" + template, 400, "no such environment"},
		"an inquiry that there is not":               {"/verify?inquiry-id=inq_no", 400, "no inquiry with this id"},
		"an inquiry under way, without a session":    {"/verify?inquiry-id=" + pending.ID, 409, "Ask for a new link"},
		"a token that somebody made up":              {"/verify?inquiry-id=" + pending.ID + "&session-token=a.b.c", 409, "Ask for a new link"},
		"a token without any parts":                  {"/verify?session-token=x", 409, "Ask for a new link"},
		"inside another page, nothing that is meant": {"/widget?container-id=c&iframe-origin=http://localhost:1", 400, `"code":"invalid_config"`},
	} {
		t.Run(name, func(t *testing.T) {
			page := newBrowser(t).open(server.url + test.address)
			if page.status != test.status {
				t.Errorf("the status is %d", page.status)
			}
			page.sees(test.says)
		})
	}
	t.Run("a form of another site", func(t *testing.T) {
		person := newBrowser(t).open(server.url + "/verify?environment=sandbox&" + template)
		person.at.Host = "evil.example.com"
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.url+"/verify?environment=sandbox&"+template, strings.NewReader("do=begin"))
		ok(t, err)
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		request.Header.Set("Sec-Fetch-Site", "cross-site")
		if person.load(request); person.status != 400 {
			t.Errorf("it is taken: %d", person.status)
		}
	})
	t.Run("an outcome that there is not", func(t *testing.T) {
		person := newBrowser(t).open(server.url+"/verify?environment=sandbox&"+template).press("begin", "")
		if person.post(person.at.String(), url.Values{"do": {"submit"}, "outcome": {"won"}}); person.status != 400 {
			t.Errorf("it is taken: %d", person.status)
		}
	})
}

func TestThePageInsideAnotherIsItsAlone(t *testing.T) {
	t.Parallel()
	server := start(t, sandbox.Options{})
	inside := newBrowser(t).open(server.url + "/widget?environment=sandbox&container-id=c1&iframe-origin=http%3A%2F%2Flocalhost%3A3000&inquiry-template-id=" + sandbox.InquiryTemplateID)
	inside.sees(`data-target="http://localhost:3000"`)
	inside.sees(`"name":"ready","containerId":"c1","templateId":"` + sandbox.InquiryTemplateID + `"`)
	if policy := inside.header.Get("Content-Security-Policy"); !strings.Contains(policy, "frame-ancestors http://localhost:3000") {
		t.Errorf("the policy is %s", policy)
	}
	alone := newBrowser(t).open(server.url + "/verify?environment=sandbox&inquiry-template-id=" + sandbox.InquiryTemplateID)
	if policy := alone.header.Get("Content-Security-Policy"); !strings.Contains(policy, "frame-ancestors 'none'") || strings.Contains(alone.page, "<script") {
		t.Errorf("the policy is %s", policy)
	}
}

func TestWhoLeavesBeforeBeginningIsToldSo(t *testing.T) {
	t.Parallel()
	server := start(t, sandbox.Options{})
	client := server.client()
	inquiry := newInquiry(t, client, "")
	made, err := client.Inquiries.GenerateOneTimeLink(t.Context(), inquiry.ID, persona.InquiryGenerateOneTimeLinkParams{})
	ok(t, err)
	person := newBrowser(t).open(made.Meta.OneTimeLink)
	person.press("cancel", "").sees("You left")

	resumed, err := client.Inquiries.Resume(t.Context(), inquiry.ID)
	ok(t, err)
	inside := newBrowser(t).open(server.url + "/widget?container-id=c1&iframe-origin=http://localhost:3000&inquiry-id=" + inquiry.ID + "&session-token=" + resumed.Meta.SessionToken)
	inside.sees(`"name":"page-change"`)
	inside.press("cancel", "").sees(`"name":"exit"`)
	inside.sees(inquiry.ID)
}

func TestASessionThatEndedLeadsNowhere(t *testing.T) {
	t.Parallel()
	server := start(t, sandbox.Options{})
	client := server.client()
	person := newBrowser(t).open(server.url+"/verify?environment=sandbox&inquiry-template-id="+sandbox.InquiryTemplateID).press("begin", "")
	id := person.at.Query().Get("inquiry-id")
	_, err := client.InquirySessions.ExpireAll(t.Context(), persona.InquirySessionExpireAllParams{InquiryIDs: []string{id}})
	ok(t, err)
	if person.open(person.at.String()); person.status != 409 {
		t.Errorf("the page of an expired session: %d", person.status)
	}
	person.sees("Ask for a new link")
}

func TestAnUploadThatCannotBeProcessedIsAskedForAgain(t *testing.T) {
	t.Parallel()
	server := start(t, sandbox.Options{})
	client := server.client()
	person := invited(t, client)
	person.press("begin", "").sees("Government ID")
	for range 2 {
		person.post(person.at.String(), url.Values{"do": {"submit"}, "outcome": {"errored"}, "at": {"0"}}).sees("pictures of a passport")
	}
	if names := events(t, client); count(names, "document.errored") != 1 || count(names, "verification.created") != 0 {
		t.Errorf("the events are %q", names)
	}
	person.press("submit", "passed").sees("pictures of their face")
	person.press("submit", "errored").sees("pictures of their face")
	person.press("submit", "failed").sees("Personal details")
	form := person.at.String()
	if strings.Contains(person.page, `value="errored"`) {
		t.Errorf("a step without an upload offers an error:\n%s", person.page)
	}
	if person.post(form, url.Values{"do": {"submit"}, "outcome": {"errored"}}); person.status != 400 {
		t.Errorf("a step without an upload ends in an error: %d", person.status)
	}
	person.open(form).press("submit", "passed").sees("Document")
	person.press("submit", "errored").press("submit", "passed").sees("You are done")
	if names := events(t, client); count(names, "document.errored") != 2 || count(names, "selfie.errored") != 1 || count(names, "verification.created") != 4 {
		t.Errorf("the events are %q", names)
	}
}

func TestASkippedStepTellsNothingOfThePerson(t *testing.T) {
	t.Parallel()
	server := start(t, sandbox.Options{})
	client := server.client()
	person := invited(t, client)
	person.press("begin", "").press("skip", "").press("skip", "").press("skip", "").press("skip", "").sees("You are done")
	if strings.Contains(person.page, "ALEXANDER") {
		t.Errorf("the page knows who skipped every step:\n%s", person.page)
	}
	names := events(t, client)
	for name, want := range map[string]int{"verification.skipped": 4, "verification.submitted": 0, "document.created": 2, "document.submitted": 0, "selfie.created": 1, "selfie.submitted": 0} {
		if count(names, name) != want {
			t.Errorf("there are %d %s, not %d", count(names, name), name, want)
		}
	}
}

func TestASessionThatNobodyOpenedLeadsIntoNoDecidedInquiry(t *testing.T) {
	t.Parallel()
	server := start(t, sandbox.Options{})
	client := server.client()
	id := newInquiry(t, client, "").ID
	resumed, err := client.Inquiries.Resume(t.Context(), id)
	ok(t, err)
	simulateAll(t, client, id, "approve_inquiry")
	person := newBrowser(t).open(server.url + "/verify?" + url.Values{"inquiry-id": {id}, "session-token": {resumed.Meta.SessionToken}}.Encode())
	person.sees("The inquiry is approved")
	if person.post(person.at.String(), url.Values{"do": {"begin"}}); person.status != 409 {
		t.Errorf("beginning: %d", person.status)
	}
	if names := events(t, client); count(names, "inquiry-session.started")+count(names, "inquiry.transitioned") != 0 {
		t.Errorf("the events are %q", names)
	}
}

func TestAFormThatIsSentTwiceCountsOnce(t *testing.T) {
	t.Parallel()
	server := start(t, sandbox.Options{})
	client := server.client()
	person := invited(t, client)
	begin := person.at.String()
	person.press("begin", "")
	person.post(begin, url.Values{"do": {"begin"}}).sees("Government ID")
	for range 2 {
		person.post(person.at.String(), url.Values{"do": {"submit"}, "outcome": {"passed"}, "at": {"0"}}).sees("Selfie")
	}
	for range 3 {
		person.press("skip", "")
	}
	for range 2 {
		person.post(person.at.String(), url.Values{"do": {"finish"}, "outcome": {"completed"}, "at": {"7"}}).sees("The inquiry is completed")
	}
	names := events(t, client)
	for name, want := range map[string]int{"inquiry.started": 1, "inquiry.transitioned": 5, "verification.created": 4, "inquiry.completed": 1} {
		if count(names, name) != want {
			t.Errorf("there are %d %s, not %d", count(names, name), name, want)
		}
	}
}

func TestAnInquiryKnowsWhereItsPersonGoes(t *testing.T) {
	t.Parallel()
	server := start(t, sandbox.Options{})
	client := server.client()
	host := newReceiverOfPeople(t)
	made, err := client.Inquiries.Create(t.Context(), persona.InquiryCreateParams{
		InquiryTemplateID: persona.Set(sandbox.InquiryTemplateID), RedirectURI: persona.Set(host.URL + "/old"), AutoCreateOneTimeLink: persona.Set(true),
	})
	ok(t, err)
	_, err = client.Inquiries.Update(t.Context(), made.ID, persona.InquiryUpdateParams{RedirectURI: persona.Set(host.URL + "/new")})
	ok(t, err)
	person := newBrowser(t).open(made.Meta.OneTimeLink).press("begin", "")
	for range 4 {
		person.press("skip", "")
	}
	person.press("finish", "completed").sees("welcome back")
	if person.at.Path != "/new" || person.at.Query().Get("inquiry-id") != made.ID {
		t.Errorf("the person is at %s", person.at)
	}
}

func TestFramesInFramesAreKnownOnEveryPage(t *testing.T) {
	t.Parallel()
	server := start(t, sandbox.Options{})
	inside := newBrowser(t).open(server.url + "/widget?environment=sandbox&container-id=c1&iframe-origin=http://localhost:3000&frame-ancestors[0]=https://a.example.com&frame-ancestors[1]=https://b.example.com&inquiry-template-id=" + sandbox.InquiryTemplateID)
	for _, page := range []string{"start", "first step"} {
		if policy := inside.header.Get("Content-Security-Policy"); !strings.HasSuffix(policy, "frame-ancestors https://a.example.com https://b.example.com http://localhost:3000") {
			t.Errorf("the policy of the page %s is %s", page, policy)
		}
		if page == "start" {
			inside.press("begin", "")
		}
	}
}

// newReceiverOfPeople returns the host's own site, to which people return.
func newReceiverOfPeople(t *testing.T) *httptest.Server {
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "welcome back") }))
	t.Cleanup(site.Close)
	return site
}

func simulateAll(t *testing.T, client *persona.Client, id string, types ...string) {
	t.Helper()
	var actions []persona.SimulateAction
	for _, typ := range types {
		actions = append(actions, persona.SimulateAction{Type: typ})
	}
	_, err := client.Inquiries.PerformSimulateActions(t.Context(), id, persona.InquiryPerformSimulateActionsParams{SimulateActions: actions})
	ok(t, err)
}
