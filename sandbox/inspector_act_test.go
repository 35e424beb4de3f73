package sandbox_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox"
)

func TestAPersonDecidesOnThePageOfAnInquiry(t *testing.T) {
	t.Parallel()
	for operation, want := range map[string]string{
		"Inquiries.Approve": "approved", "Inquiries.Decline": "declined", "Inquiries.MarkForReview": "needs_review", "Inquiries.Expire": "expired",
	} {
		t.Run(operation, func(t *testing.T) {
			t.Parallel()
			server := start(t, frozen())
			id := newInquiry(t, server.client(), "").ID
			path := "/_sandbox/sandbox/object/" + id
			if body := server.page(path); !strings.Contains(body, `value="`+operation+`"`) {
				t.Fatalf("the page offers no %s", operation)
			}
			status, body := server.submit(path+"/decide", url.Values{"operation": {operation}, "comment": {" seen by Ada "}})
			if status != 200 || !strings.Contains(body, "Done: "+operation) || !strings.Contains(body, ">"+strings.ReplaceAll(want, "_", " ")+"<") {
				t.Errorf("%d: %s", status, body)
			}
			got, err := server.client().Inquiries.Get(t.Context(), id)
			ok(t, err)
			if string(got.Attributes.Status) != want {
				t.Errorf("the inquiry is %s", got.Attributes.Status)
			}
			if reviewer := server.related("/inquiries/"+id, "reviewer"); (reviewer == nil) != (want == "expired") {
				t.Errorf("the reviewer is %v", reviewer)
			}
			if body := server.page(path); strings.Contains(body, "approve_inquiry") {
				t.Error("what has a button is also among the acts")
			}
			if want != "expired" && got.Attributes.ReviewerComment != "seen by Ada" {
				t.Errorf("the comment is %q", got.Attributes.ReviewerComment)
			}
			if status, body := server.submit(path+"/decide", url.Values{"operation": {operation}, "comment": {`"><b>`}}); status != 409 || !strings.Contains(body, `role="alert"`) || !strings.Contains(body, `value="&#34;&gt;&lt;b&gt;"`) {
				t.Errorf("a second time: %d %s", status, body)
			}
		})
	}
}

func TestAPersonSetsTheStatusOfACase(t *testing.T) {
	t.Parallel()
	server := start(t, frozen())
	made, err := server.client().Cases.Create(t.Context(), persona.CaseCreateParams{CaseTemplateID: sandbox.CaseTemplateID})
	ok(t, err)
	path := "/_sandbox/sandbox/object/" + made.ID
	if status, body := server.submit(path+"/decide", url.Values{"operation": {"Cases.SetStatus"}, "status": {"Approved"}}); status != 200 || !strings.Contains(body, ">Approved<") {
		t.Errorf("%d: %s", status, body)
	}
	_, _, doc := server.do("GET", "/api/v1/cases/"+made.ID, "")
	if at(doc, "data", "attributes", "resolver-type") != "user" || at(doc, "data", "attributes", "updater-type") != "user" || at(doc, "data", "attributes", "creator-type") != "api-key" {
		t.Errorf("who did what: %v", at(doc, "data", "attributes"))
	}
	if status, _ := server.submit(path+"/decide", url.Values{"operation": {"Cases.SetStatus"}, "status": {"Lost"}}); status != 422 {
		t.Errorf("a status that there is not: %d", status)
	}
}

func TestAnyActIsOnThePageOfItsObject(t *testing.T) {
	t.Parallel()
	server := start(t, frozen())
	client := server.client()
	inquiry := newInquiry(t, client, "ada")
	path := "/_sandbox/sandbox/object/" + inquiry.ID
	for _, form := range []url.Values{
		{"do": {"submit"}, "type": {"verification/selfie"}, "outcome": {"failed"}},
		{"do": {"move_on"}, "step": {"verification_selfie"}},
		{"do": {"set_behaviors"}, "signals": {`{"behavior-threat-level":"high"}`}},
		{"do": {"run_report"}, "type": {"report/watchlist"}, "query": {`{"name-first":"Kim","name-last":"Jong Un"}`}},
		{"do": {"run_workflow"}, "outcome": {"declined"}},
	} {
		if status, body := server.submit(path+"/act", form); status != 200 || !strings.Contains(body, "Done: "+strings.ReplaceAll(form.Get("do"), "_", " ")) {
			t.Errorf("%v: %d %s", form, status, body)
		}
	}
	got, err := client.Inquiries.Get(t.Context(), inquiry.ID)
	ok(t, err)
	if got.Attributes.Status != "declined" || len(got.Relationships.Verifications.Data) != 1 || len(got.Relationships.Reports.Data) != 1 {
		t.Errorf("the inquiry is %+v", got)
	}
	for name, test := range map[string]struct {
		form   url.Values
		status int
		says   string
	}{
		"an act that there is not":        {url.Values{"do": {"explode"}}, 400, "do must be one of"},
		"an act of another kind":          {url.Values{"do": {"archive_account"}}, 404, "there is no account"},
		"a query that is not JSON":        {url.Values{"do": {"run_report"}, "type": {"report/watchlist"}, "query": {"{"}}, 400, "query must be JSON"},
		"no outcome":                      {url.Values{"do": {"submit"}, "type": {"verification/selfie"}}, 422, "outcome is missing: it must be one of initiated, "},
		"an outcome that is not possible": {url.Values{"do": {"submit"}, "type": {"verification/selfie"}, "outcome": {"<i>"}}, 422, "cannot have this outcome"},
	} {
		if status, body := server.submit(path+"/act", test.form); status != test.status || !strings.Contains(body, test.says) || strings.Contains(body, "<i>") {
			t.Errorf("%s: %d %s", name, status, body)
		}
	}
}

func TestAnEventIsSentAgain(t *testing.T) {
	t.Parallel()
	server, to := start(t, frozen()), newReceiver(t)
	client := server.client()
	hook := subscribe(t, client, persona.WebhookCreateParams{URL: persona.Set(to.url), EnabledEvents: persona.Set([]string{"inquiry.created"})})
	newInquiry(t, client, "")
	event := to.wait(t, 1)[0].event.ID
	for n, webhook := range []string{"", hook.ID} {
		if status, body := server.submit("/_sandbox/sandbox/object/"+event+"/resend", url.Values{"webhook": {webhook}}); status != 200 || !strings.Contains(body, "The event is sent again") {
			t.Fatalf("%d %s", status, body)
		}
		if got := to.wait(t, n+2)[n+1].event.ID; got != event {
			t.Errorf("%s is sent instead", got)
		}
	}
	server.settled()
	if body := server.page("/_sandbox/sandbox/deliveries/" + event + "/" + hook.ID); strings.Count(body, ">completed<") != 3 {
		t.Errorf("the deliveries are not all shown: %s", body)
	}
	_, err := client.Webhooks.Disable(t.Context(), hook.ID)
	ok(t, err)
	for _, webhook := range []string{"", hook.ID, "wbh_Nothing"} {
		if status, body := server.submit("/_sandbox/sandbox/object/"+event+"/resend", url.Values{"webhook": {webhook}}); status != 409 || !strings.Contains(body, `role="alert"`) {
			t.Errorf("to %q: %d %s", webhook, status, body)
		}
	}
	if status, _ := server.submit("/_sandbox/sandbox/object/"+hook.ID+"/resend", nil); status != 400 {
		t.Errorf("a webhook is sent again: %d", status)
	}
}

func TestOnlyTheInspectorsOwnFormsChangeObjects(t *testing.T) {
	t.Parallel()
	w := newInspected(t)
	before := len(w.Deliveries("sandbox"))
	for path, form := range map[string]url.Values{
		"/object/" + w.inquiry + "/decide": {"operation": {"Inquiries.Decline"}},
		"/object/" + w.inquiry + "/act":    {"do": {"create_reusable_persona"}},
		"/object/" + w.created + "/resend": {"webhook": {w.hook}},
	} {
		for _, header := range [][2]string{{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}} {
			if status, _ := w.submit("/_sandbox/sandbox"+path, form, header[0], header[1]); status != http.StatusForbidden {
				t.Errorf("%s of a page that is %s: %d", path, header[1], status)
			}
		}
		request, err := http.NewRequestWithContext(t.Context(), "POST", w.url+"/_sandbox/sandbox"+path, strings.NewReader(form.Encode()))
		ok(t, err)
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		request.Header.Set("Origin", "http://evil.example.com")
		response, err := http.DefaultClient.Do(request)
		ok(t, err)
		if bodyOf(t, response); response.StatusCode != http.StatusForbidden {
			t.Errorf("%s of another origin: %d", path, response.StatusCode)
		}
		if status, _ := w.raw("GET", "/_sandbox/sandbox"+path+"?"+form.Encode()); status != http.StatusNotFound && status != http.StatusMethodNotAllowed {
			t.Errorf("GET %s: %d", path, status)
		}
	}
	for _, path := range []string{"/_sandbox/production/object/" + w.inquiry + "/decide", "/_sandbox/staging/object/" + w.inquiry + "/act", "/_sandbox/sandbox/object/" + w.code + "/act", "/_sandbox/sandbox/object/" + w.request + "/act"} {
		if status, _ := w.submit(path, url.Values{"operation": {"Inquiries.Decline"}, "do": {"submit"}}); status != http.StatusNotFound {
			t.Errorf("%s: %d", path, status)
		}
	}
	if status, _ := w.submit("/_sandbox/sandbox/object/"+w.inquiry+"/decide", url.Values{"operation": {"Inquiries.Redact"}}); status != 400 {
		t.Errorf("an operation that the page does not offer: %d", status)
	}
	if got, err := w.client().Inquiries.Get(t.Context(), w.inquiry); err != nil || got.Attributes.Status != "approved" || len(w.Deliveries("sandbox")) != before {
		t.Errorf("something happened: %v, %d deliveries instead of %d", got.Attributes.Status, len(w.Deliveries("sandbox")), before)
	}
}

func TestThePageOfADeliverySaysWhyItDidNotArrive(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		answer int
		moved  time.Duration
		says   []string
	}{
		"the receiver failed":        {500, 0, []string{"The receiver answered 500: it failed", "Attempt 2 of 8 is due at 2026-01-02 03:04:08"}},
		"the signature was wrong":    {401, 0, []string{"compare its secret", "Signed with"}},
		"the path was wrong":         {404, 0, []string{"check the webhook&#39;s url"}},
		"the receiver redirected":    {302, 0, []string{"Redirects are not followed"}},
		"an answer that is too good": {206, 0, []string{"Only 200, 201, 202 and 204 count"}},
		"all attempts failed":        {503, 30 * 24 * time.Hour, []string{"All 8 attempts failed"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, to := start(t, frozen()), newReceiver(t, test.answer, test.answer, test.answer, test.answer, test.answer, test.answer, test.answer, test.answer)
			hook := subscribe(t, server.client(), persona.WebhookCreateParams{URL: persona.Set(to.url), EnabledEvents: persona.Set([]string{"inquiry.created"})})
			newInquiry(t, server.client(), "")
			to.wait(t, 1)
			server.Advance(test.moved)
			want := 1
			if test.moved > 0 {
				want = 8
			}
			deadline := time.Now().Add(20 * time.Second)
			for len(server.Deliveries("sandbox")[0].Attempts) < want {
				if time.Now().After(deadline) {
					t.Fatalf("the delivery is %+v", server.Deliveries("sandbox")[0])
				}
				time.Sleep(5 * time.Millisecond)
			}
			body := server.page("/_sandbox/sandbox/deliveries/" + server.Deliveries("sandbox")[0].EventID + "/" + hook.ID)
			for _, want := range test.says {
				if !strings.Contains(body, want) {
					t.Errorf("the page does not say %q: %s", want, body)
				}
			}
		})
	}
}

func TestThePageOfAnEventSaysWhoDidNotGetIt(t *testing.T) {
	t.Parallel()
	server := start(t, frozen())
	client := server.client()
	newInquiry(t, client, "")
	first := func() string {
		for event, err := range client.Events.List(t.Context(), persona.EventListParams{}) {
			ok(t, err)
			return "/_sandbox/sandbox/object/" + event.ID
		}
		return ""
	}
	says := func(path, want string) {
		t.Helper()
		if body := server.page(path); !strings.Contains(body, want) {
			t.Errorf("the page does not say %q: %s", want, body)
		}
	}
	early := first()
	says(early, "There is no webhook in this environment")
	server.Advance(time.Minute)
	hook := subscribe(t, client, persona.WebhookCreateParams{URL: persona.Set(server.url + "/_sandbox/sink"), EnabledEvents: persona.Set([]string{"inquiry.approved"})})
	says(early, "The event happened before the webhook was created")
	server.Advance(time.Minute)
	newInquiry(t, client, "")
	says(first(), "The webhook is not subscribed to inquiry.created")
	_, err := client.Webhooks.Disable(t.Context(), hook.ID)
	ok(t, err)
	id := newInquiry(t, client, "").ID
	_, err = client.Inquiries.Approve(t.Context(), id, persona.InquiryApproveParams{})
	ok(t, err)
	says(first(), "The webhook is disabled. Only enabled webhooks get events")
}

func TestTheInspectorFindsReferenceIDsTagsAndKeys(t *testing.T) {
	t.Parallel()
	w := newInspected(t)
	client := w.client()
	tagged := newInquiry(t, client, "")
	_, err := client.Inquiries.AddTag(t.Context(), tagged.ID, persona.InquiryAddTagParams{TagName: persona.Set("vip customer")})
	ok(t, err)
	_, err = client.Accounts.AddTag(t.Context(), w.account, persona.AccountAddTagParams{TagName: persona.Set("vip customer")})
	ok(t, err)
	elsewhere, err := w.production().Inquiries.Create(t.Context(), persona.InquiryCreateParams{InquiryTemplateID: persona.Set(sandbox.InquiryTemplateID)})
	ok(t, err)
	find := func(text string) (int, string, string) {
		response, err := http.Get(w.url + "/_sandbox/sandbox/find?id=" + url.QueryEscape(text))
		ok(t, err)
		return response.StatusCode, response.Request.URL.RequestURI(), bodyOf(t, response)
	}
	if status, _, body := find("VIP customer"); status != 200 || !strings.Contains(body, tagged.ID) || !strings.Contains(body, w.account) {
		t.Errorf("the tag: %d %s", status, body)
	}
	for range 50 {
		many := newInquiry(t, client, "many-inquiries")
		_, err := client.Inquiries.AddTag(t.Context(), many.ID, persona.InquiryAddTagParams{TagName: persona.Set("crowd")})
		ok(t, err)
	}
	if _, _, body := find("crowd"); strings.Contains(body, "There are more") || strings.Count(body, "/object/inq_") != 50 {
		t.Errorf("a page of 50 is not whole: %s", body)
	}
	_, err = client.Accounts.AddTag(t.Context(), "act_Parent", persona.AccountAddTagParams{TagName: persona.Set("crowd")})
	ok(t, err)
	if _, _, body := find("crowd"); !strings.Contains(body, "There are more") {
		t.Errorf("51 fit on a page of 50: %s", body)
	}
	if status, at, _ := find("key-1"); status != 200 || at != "/_sandbox/sandbox/calls?key=key-1" {
		t.Errorf("the idempotency key: %d %s", status, at)
	}
	if status, at, _ := find(elsewhere.ID); status != 200 || at != "/_sandbox/production/object/"+elsewhere.ID {
		t.Errorf("an id of the other environment: %d %s", status, at)
	}
	for _, nothing := range []string{"", `"><script>alert(1)</script>`, w.code} {
		if status, _, body := find(nothing); status != 404 || strings.Contains(body, "<script") {
			t.Errorf("%q: %d %s", nothing, status, body)
		}
	}
}

func TestThePageOfACallShowsItsBodiesWithoutSecrets(t *testing.T) {
	t.Parallel()
	server := start(t, frozen())
	client := server.client()
	hook, err := client.Webhooks.Create(t.Context(), persona.WebhookCreateParams{Name: persona.Set("a webhook"), URL: persona.Set("https://example.com/"), EnabledEvents: persona.Set([]string{"*"})})
	ok(t, err)
	made, err := client.Inquiries.Create(t.Context(), persona.InquiryCreateParams{InquiryTemplateID: persona.Set(sandbox.InquiryTemplateID), AutoCreateOneTimeLink: persona.Set(true), Note: persona.Set("what was sent")})
	ok(t, err)
	resumed, err := client.Inquiries.Resume(t.Context(), made.ID)
	ok(t, err)
	key, err := client.APIKeys.Create(t.Context(), persona.APIKeyCreateParams{Name: "a key"})
	ok(t, err)
	link, err := url.Parse(made.Meta.OneTimeLink)
	ok(t, err)
	server.do("GET", "/api/v1/inquiries/inq_Nothing", "")
	server.do("POST", "/api/v1/inquiries", "{")
	var pages strings.Builder
	for _, call := range server.Calls("sandbox") {
		pages.WriteString(server.page("/_sandbox/sandbox/calls/" + call.RequestID))
	}
	for _, want := range []string{"what was sent", made.ID, "a key", "Record not found", "1 bytes that are not JSON"} {
		if !strings.Contains(pages.String(), want) {
			t.Errorf("no page shows %q", want)
		}
	}
	for name, secret := range map[string]string{"the webhook's secret": hook.Attributes.Secret, "the key": key.Attributes.Value, "the link": link.Query().Get("code"), "the session token": resumed.Meta.SessionToken} {
		if secret == "" || strings.Contains(pages.String(), secret) {
			t.Errorf("a page shows %s %q", name, secret)
		}
	}
}

func TestAHugeCallHasASmallPage(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: it sends 10 MiB and more")
	}
	t.Parallel()
	server := start(t, frozen())
	huge := strings.Repeat("0123456789", 1<<20) // 10 MiB
	server.do("POST", "/api/v1/inquiries", `{"data":{"attributes":{"inquiry-template-id":"`+sandbox.InquiryTemplateID+`","note":"`+huge+`"}}}`)
	server.do("POST", "/api/v1/inquiries", `{"data":{"attributes":{"inquiry-template-id":"`+sandbox.InquiryTemplateID+`","redirect-uri":[`+strings.Repeat(`"0123456789",`, 1<<17)+`""]}}}`)
	paths := []string{"/_sandbox/sandbox/", "/_sandbox/sandbox/calls", "/_sandbox/sandbox/objects/inquiry"}
	for _, call := range server.Calls("sandbox") {
		paths = append(paths, "/_sandbox/sandbox/calls/"+call.RequestID)
	}
	for inquiry, err := range server.client().Inquiries.List(t.Context(), persona.InquiryListParams{}) {
		ok(t, err)
		paths = append(paths, "/_sandbox/sandbox/object/"+inquiry.ID)
	}
	for _, path := range paths {
		if body := server.page(path); len(body) > 300<<10 {
			t.Errorf("%s has %d bytes", path, len(body))
		}
	}
}
