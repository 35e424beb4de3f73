package sandbox_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox"
	"go.uber.org/goleak"
)

// do sends a request with the sandbox's key, and returns the status and the body. Headers are
// pairs of name and value.
func (s *server) do(method, path, body string, headers ...string) (int, http.Header, map[string]any) {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, strings.NewReader(body))
	ok(s.t, err)
	request.Header.Set("Authorization", "Bearer "+sandbox.SandboxKey)
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	for pair := range slices.Chunk(headers, 2) {
		request.Header.Set(pair[0], pair[1])
	}
	response, err := http.DefaultClient.Do(request)
	ok(s.t, err)
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	ok(s.t, err)
	var doc map[string]any
	if err := json.Unmarshal(raw, &doc); err != nil {
		s.t.Fatalf("%s %s: %v", method, path, err)
	}
	return response.StatusCode, response.Header, doc
}

const inquiryBody = `{"data":{"attributes":{"inquiry-template-id":"` + sandbox.InquiryTemplateID + `"}}}`

func TestTheKeyDecidesTheEnvironment(t *testing.T) {
	t.Parallel()
	server := start(t, sandbox.Options{})
	inquiry := newInquiry(t, server.client(), "")
	for name, test := range map[string]struct {
		key   string
		want  int
		title string
	}{
		"the sandbox's key":    {sandbox.SandboxKey, 200, ""},
		"the production's key": {sandbox.ProductionKey, 404, "Record not found"},
		"an unknown key":       {"persona_sandbox_unknown", 401, "Token is invalid"},
	} {
		status, header, doc := server.do("GET", "/api/v1/inquiries/"+inquiry.ID, "", "Authorization", "Bearer "+test.key)
		if status != test.want || test.title != "" && title(doc) != test.title {
			t.Errorf("%s: %d %v", name, status, doc)
		}
		if (header.Get("Persona-Environment-Id") != "") != (status != 401) {
			t.Errorf("%s: Persona-Environment-Id is %q", name, header.Get("Persona-Environment-Id"))
		}
	}
	if status, _, doc := server.do("GET", "/api/v1/inquiries", "", "Authorization", ""); status != 401 || title(doc) != "Must be authenticated to access this endpoint" {
		t.Errorf("without a key: %d %v", status, doc)
	}
	status, _, doc := server.do("POST", "/api/v1/inquiries", inquiryBody, "Authorization", "Bearer "+sandbox.ProductionKey)
	if status != 201 {
		t.Fatal(status, doc)
	}
	id := doc["data"].(map[string]any)["id"].(string)
	status, _, _ = server.do("POST", "/api/v1/inquiries/"+id+"/perform-simulate-actions", `{"meta":{"simulate-actions":[{"type":"start_inquiry"}]}}`, "Authorization", "Bearer "+sandbox.ProductionKey)
	if status != 403 {
		t.Errorf("simulate in production: %d", status)
	}
}

func title(doc map[string]any) string {
	errs, _ := doc["errors"].([]any)
	if len(errs) == 0 {
		return ""
	}
	text, _ := errs[0].(map[string]any)["title"].(string)
	return text
}

func details(doc map[string]any) string {
	errs, _ := doc["errors"].([]any)
	if len(errs) == 0 {
		return ""
	}
	text, _ := errs[0].(map[string]any)["details"].(string)
	return text
}

func TestARequestThatIsWrongIsRefusedWithItsPath(t *testing.T) {
	t.Parallel()
	server := start(t, sandbox.Options{})
	inquiry := newInquiry(t, server.client(), "").ID
	for name, test := range map[string]struct {
		path, body string
		status     int
		details    string
	}{
		"no template":         {"/inquiries", `{"data":{"attributes":{}}}`, 400, "data.attributes.inquiry_template_id is missing"},
		"a prefix":            {"/inquiries", `{"data":{"attributes":{"inquiryTemplateId":"tmpl_1"}}}`, 400, "data.attributes.inquiry_template_id must start with itmpl (sent 'tmpl_1')"},
		"a type":              {"/inquiries", `{"data":{"attributes":{"inquiry_template_id":5}}}`, 400, "data.attributes.inquiry_template_id must be a string"},
		"an unknown template": {"/inquiries", `{"data":{"attributes":{"inquiry-template-id":"itmpl_1"}}}`, 400, "data.attributes.inquiry_template_id is not found"},
		"not JSON":            {"/inquiries", `{"data":`, 400, "the body is not valid JSON"},
		"not an object":       {"/inquiries", `[]`, 400, "the body must be an object"},
		"no body":             {"/cases", ``, 400, "data.attributes.case_template_id is missing"},
		"no simulate actions": {"/inquiries/" + inquiry + "/perform-simulate-actions", `{"meta":{"simulate-actions":[]}}`, 400, "meta.simulate_actions must be filled"},
		"an unknown action":   {"/inquiries/" + inquiry + "/perform-simulate-actions", `{"meta":{"simulate-actions":[{"type":"win"}]}}`, 400, "meta.simulate_actions[0].type is not a simulate action"},
		"an unknown inquiry":  {"/inquiries/inq_1/approve", ``, 404, ""},
		"an unknown path":     {"/inquiry", `{}`, 404, "there is no such path"},
	} {
		t.Run(name, func(t *testing.T) {
			status, _, doc := server.do("POST", "/api/v1"+test.path, test.body)
			if status != test.status || details(doc) != test.details {
				t.Errorf("%d %q", status, details(doc))
			}
		})
	}
}

func TestAnIdempotencyKeyGivesTheFirstAnswerAgain(t *testing.T) {
	t.Parallel()
	server := start(t, sandbox.Options{})
	id := func(doc map[string]any) any { data, _ := doc["data"].(map[string]any); return data["id"] }
	post := func(body, key string) (int, map[string]any) {
		status, _, doc := server.do("POST", "/api/v1/inquiries", body, "Idempotency-Key", key)
		return status, doc
	}
	_, first := post(inquiryBody, "k1")
	if _, again := post(inquiryBody, "k1"); id(again) != id(first) {
		t.Error("the same key made another inquiry")
	}
	if _, other := post(inquiryBody, "k2"); id(other) == id(first) {
		t.Error("another key made no other inquiry")
	}
	if status, _ := post(inquiryBody+" ", "k1"); status != 409 {
		t.Errorf("another body with the same key: %d", status)
	}
	bad := `{"data":{"attributes":{"inquiry-template-id":"itmpl_1"}}}`
	if status, _ := post(bad, "k3"); status != 400 {
		t.Fatal(status)
	}
	if status, _ := post(bad, "k3"); status != 400 {
		t.Errorf("a failure is not replayed: %d", status)
	}
	logs := 0
	for _, err := range server.client().APILogs.List(t.Context(), persona.APILogListParams{}) {
		ok(t, err)
		logs++
	}
	if calls := server.Calls("sandbox"); len(calls) != 7 || !calls[1].Replayed || logs != 3 {
		t.Errorf("%d calls and %d in the API log", len(calls), logs)
	}
	server.Advance(25 * time.Hour)
	if _, late := post(inquiryBody, "k1"); id(late) == id(first) {
		t.Error("a key is kept for longer than a day")
	}
}

func TestTheRateLimitIsAFixedWindowOfAMinute(t *testing.T) {
	t.Parallel()
	server := start(t, sandbox.Options{RateLimit: 3})
	for i, want := range []int{200, 200, 200, 429, 429} {
		status, header, doc := server.do("GET", "/api/v1/inquiries", "")
		if status != want || header.Get("RateLimit-Limit") != "3" || header.Get("RateLimit-Remaining") != fmt.Sprint(max(0, 2-i)) || header.Get("RateLimit-Reset") == "" {
			t.Errorf("call %d: %d %v %v", i+1, status, header, doc)
		}
	}
	server.Advance(time.Minute)
	limits, err := server.client().RateLimits.List(t.Context())
	ok(t, err)
	if len(limits) != 1 || limits[0].Attributes.Remaining != 2 {
		t.Errorf("limits: %+v", limits)
	}
}

func TestALimitedCallIsNotRememberedUnderItsIdempotencyKey(t *testing.T) {
	t.Parallel()
	server := start(t, sandbox.Options{RateLimit: 1})
	server.do("GET", "/api/v1/inquiries", "")
	if status, _, _ := server.do("POST", "/api/v1/inquiries", inquiryBody, "Idempotency-Key", "k"); status != 429 {
		t.Fatal(status)
	}
	server.Advance(time.Minute)
	if status, _, _ := server.do("POST", "/api/v1/inquiries", inquiryBody, "Idempotency-Key", "k"); status != 201 {
		t.Errorf("the limit was replayed: %d", status)
	}
}

func TestAQuotaLimitsWhatIsCreated(t *testing.T) {
	t.Parallel()
	server := start(t, sandbox.Options{Quotas: map[string]int{"inquiry": 1}})
	for i, want := range []int{201, 429} {
		status, header, doc := server.do("POST", "/api/v1/inquiries", inquiryBody, "Idempotency-Key", fmt.Sprint(i))
		if status != want || header.Get("Quota-Limit") != "1" || header.Get("Quota-Remaining") != "0" || status == 429 && title(doc) != "Quota exceeded" {
			t.Errorf("inquiry %d: %d %v %v", i+1, status, header, doc)
		}
	}
	if status, header, _ := server.do("POST", "/api/v1/accounts", "{}"); status != 201 || header.Get("Quota-Limit") != "" {
		t.Errorf("an account: %d %v", status, header)
	}
	server.Advance(time.Minute)
	if status, _, _ := server.do("POST", "/api/v1/inquiries", inquiryBody, "Idempotency-Key", "1"); status != 201 {
		t.Errorf("with the same key, a minute later: %d", status)
	}
}

func TestPagesGoForthAndBack(t *testing.T) {
	t.Parallel()
	server := start(t, sandbox.Options{})
	client, ctx := server.client(), t.Context()
	var newest []string
	for range 25 {
		newest = append(newest, newInquiry(t, client, "").ID)
	}
	slices.Reverse(newest)
	var got []string
	for inquiry, err := range client.Inquiries.List(ctx, persona.InquiryListParams{Status: "created"}) {
		ok(t, err)
		got = append(got, inquiry.ID)
	}
	if !slices.Equal(got, newest) {
		t.Error("the pages do not hold every inquiry once, newest first")
	}
	page, err := client.Inquiries.ListPage(ctx, persona.InquiryListParams{Before: newest[15], Size: 5})
	ok(t, err)
	if len(page.Data) != 5 || page.Data[0].ID != newest[10] {
		t.Errorf("the page before the 16th starts with the wrong inquiry")
	}
	_, _, doc := server.do("GET", "/api/v1/inquiries?page[size]=10&filter[status]=created&page[after]="+newest[9], "")
	links, _ := doc["links"].(map[string]any)
	if next, _ := links["next"].(string); !strings.HasPrefix(next, "/api/v1/inquiries?") || !strings.Contains(next, "filter%5Bstatus%5D=created") || !strings.Contains(next, "page%5Bafter%5D="+newest[19]) {
		t.Errorf("next is %q", next)
	}
	if prev, _ := links["prev"].(string); !strings.Contains(prev, "page%5Bbefore%5D="+newest[10]) {
		t.Errorf("prev is %q", prev)
	}
	for _, query := range []string{"page[size]=0", "page[size]=101", "page[after]=" + newest[1] + "&page[before]=" + newest[2]} {
		if status, _, _ := server.do("GET", "/api/v1/inquiries?"+query, ""); status != 400 {
			t.Errorf("%s: %d", query, status)
		}
	}
	for _, list := range []string{"inquiries", "accounts", "events", "cases", "lists", "webhooks", "reports", "transactions"} {
		for _, cursor := range []string{"page[after]", "page[before]"} {
			if status, _, doc := server.do("GET", "/api/v1/"+list+"?"+cursor+"=inq_unknown", ""); status != 404 || title(doc) != "Record not found" {
				t.Errorf("%s, an unknown %s: %d %v", list, cursor, status, doc)
			}
		}
	}
}

func TestAnAnswerLooksAsItsVersionAndCasingSay(t *testing.T) {
	t.Parallel()
	server := start(t, sandbox.Options{})
	id := newInquiry(t, server.client(), "").ID
	for version, tests := range map[string]map[string]bool{
		"2020-05-18": {"name-first": true, "reviewer": true, "status": true},
		"2021-07-05": {"name-first": true, "reviewer": false},
		"2023-01-05": {"name-first": true, "reviewer": false},
		"2025-10-27": {"name-first": false, "status": true},
		"2025-12-08": {"name-first": false, "status": true},
		"2026-09-29": {"name-first": false, "status": true},
	} {
		_, _, doc := server.do("GET", "/api/v1/inquiries/"+id, "", "Persona-Version", version)
		attributes := doc["data"].(map[string]any)["attributes"].(map[string]any)
		for name, want := range tests {
			if _, there := attributes[name]; there != want {
				t.Errorf("%s: %s is there: %v", version, name, there)
			}
		}
		if _, included := doc["included"]; included != (version < "2025-10-27") {
			t.Errorf("%s: included is there: %v", version, included)
		}
	}
	for casing, name := range map[string]string{"kebab": "created-at", "snake": "created_at", "camel": "createdAt"} {
		_, _, doc := server.do("GET", "/api/v1/inquiries/"+id, "", "Key-Inflection", casing, "X-Unchecked", casing)
		attributes := doc["data"].(map[string]any)["attributes"].(map[string]any)
		if _, there := attributes[name]; !there {
			t.Errorf("%s: there is no %s in %v", casing, name, slices.Sorted(maps.Keys(attributes)))
		}
		if _, there := attributes["fields"].(map[string]any)["name-first"]; !there {
			t.Errorf("%s: the fields were rewritten", casing)
		}
	}
	for header, value := range map[string]string{"Persona-Version": "2019-01-01", "Key-Inflection": "train"} {
		if status, _, _ := server.do("GET", "/api/v1/inquiries/"+id, "", header, value, "X-Unchecked", "1"); status != 400 {
			t.Errorf("%s %s: %d", header, value, status)
		}
	}
}

func TestSparseFieldsLeaveOutTheRest(t *testing.T) {
	t.Parallel()
	server := start(t, sandbox.Options{})
	id := newInquiry(t, server.client(), "").ID
	_, _, doc := server.do("GET", "/api/v1/inquiries/"+id+"?fields[inquiry]=status,fields.name-first&include=inquiry-template.latest-published-version&fields[inquiry-template]=name", "")
	data := doc["data"].(map[string]any)
	want := map[string]any{"status": "created", "fields": map[string]any{"name-first": map[string]any{"type": "string", "value": nil}}}
	if got := encoded(data["attributes"]); !bytes.Equal(got, encoded(want)) {
		t.Errorf("attributes: %s", got)
	}
	if included, _ := doc["included"].([]any); len(included) != 2 {
		t.Errorf("included: %v", doc["included"])
	}
}

func encoded(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // only for a test's own values
	}
	return b
}

func TestManyCallsAtOnce(t *testing.T) {
	server := sandbox.NewServer(t, sandbox.Options{RateLimit: 1_000_000})
	client := server.Client()
	var wait sync.WaitGroup
	for worker := range 8 {
		wait.Go(func() {
			for i := range 20 {
				inquiry, err := client.Inquiries.Create(t.Context(), persona.InquiryCreateParams{
					InquiryTemplateID: persona.Set(sandbox.InquiryTemplateID), AutoCreateAccountReferenceID: persona.Set("shared"),
				})
				if err != nil {
					t.Error(err)
					return
				}
				if _, err := client.Inquiries.Approve(t.Context(), inquiry.ID, persona.InquiryApproveParams{}); err != nil {
					t.Errorf("worker %d, call %d: %v", worker, i, err)
				}
			}
		})
	}
	wait.Wait()
	if got := server.Calls("sandbox"); len(got) != 320 {
		t.Errorf("%d calls", len(got))
	}
	page, err := client.Accounts.ListPage(t.Context(), persona.AccountListParams{})
	ok(t, err)
	if len(page.Data) != 1 {
		t.Errorf("%d accounts share a reference id", len(page.Data))
	}
}

func TestCloseStopsEverything(t *testing.T) {
	before := goleak.IgnoreCurrent()
	sb, err := sandbox.New(sandbox.Options{})
	ok(t, err)
	sb.Advance(time.Hour)
	sb.Close()
	goleak.VerifyNone(t, before)
}

func TestEveryOperationIsServed(t *testing.T) {
	served, missing := sandbox.Coverage()
	if len(served) != 209 || len(missing) > 0 {
		t.Errorf("%d operations are served, and not %v", len(served), missing)
	}
}
