package sandbox_test

import (
	"cmp"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/idemhq/idem/sandbox"
)

// FuzzAPI sends any body to any operation. No request may make the sandbox fail.
func FuzzAPI(f *testing.F) {
	if testing.Short() {
		f.Skip("-short: its inputs are hundreds of requests")
	}
	options := frozen()
	options.RateLimit = 1 << 30
	sb, err := sandbox.New(options)
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(sb.Close)
	served, _ := sandbox.Coverage()
	do := func(method, path, body string) *httptest.ResponseRecorder {
		request := httptest.NewRequest(method, "/api/v1"+path, strings.NewReader(body))
		request.Header.Set("Authorization", "Bearer "+sandbox.SandboxKey)
		recorded := httptest.NewRecorder()
		sb.ServeHTTP(recorded, request)
		return recorded
	}
	// create creates a resource, and returns its id.
	create := func(path, body string) string {
		_, rest, _ := strings.Cut(do("POST", path, body).Body.String(), `"id":"`)
		id, _, _ := strings.Cut(rest, `"`)
		return id
	}
	// latest returns the id of the latest event. The clock stands still, so no event comes by
	// itself.
	latest := func() string {
		_, rest, _ := strings.Cut(do("GET", "/events?page[size]=1", "").Body.String(), `"id":"`)
		id, _, _ := strings.Cut(rest, `"`)
		return id
	}
	for i := range served {
		f.Add(uint8(i), "{}", "")
		for _, body := range []string{
			`{"data":{"attributes":{"fields":{"name":{"first":null}},"tags":[1,null],"note":{},"url":"http://127.0.0.1:1","enabled-events":["*"],"name":"n"}}}`,
			`{"meta":{"simulate-actions":[null,5,{"type":"create_passed_verification","data":{}}],"tag-name":["a",1],"object-ids":[null],"expires-in-seconds":1e300}}`,
			`{"query":{"and":[{"not":{"attribute":"status","operator":"eq","value":{}}}]},"sort":{"attribute":"created_at"},"page":{"size":-1}}`,
		} {
			f.Add(uint8(i), body, "page[size]=2&include=account.x,&fields[inquiry]=,fields.&filter[status]=%00")
		}
	}
	f.Fuzz(func(t *testing.T, n uint8, body, query string) {
		op := served[int(n)%len(served)]
		inquiry := create("/inquiries", `{"data":{"attributes":{"inquiry-template-id":"`+sandbox.InquiryTemplateID+`"}}}`)
		path := strings.NewReplacer(
			"{inquiry-id}", inquiry, "{case-id}", create("/cases", `{"data":{"attributes":{"case-template-id":"`+sandbox.CaseTemplateID+`"}}}`),
			"{account-id}", create("/accounts", `{}`), "{webhook-id}", "wbh_1", "{api-key-id}", "api_1",
			"{report-id}", create("/reports", `{"data":{"type":"report/watchlist","attributes":{"report-template-id":"`+sandbox.WatchlistReportTemplateID+`","query":{"name-first":"A","name-last":"B"}}}}`),
			"{transaction-id}", create("/transactions", `{"data":{"attributes":{"transaction-type-id":"`+sandbox.TransactionTypeID+`"}}}`),
			"{theme-set-id}", sandbox.ThemeSetID, "{workflow-id}", sandbox.WorkflowID,
			"{inquiry-session-id}", create("/inquiry-sessions", `{"data":{"attributes":{"inquiry-id":"`+inquiry+`"}}}`),
		).Replace(op.Path)
		request := httptest.NewRequest(op.HTTPMethod, "/api/v1/x", strings.NewReader(body))
		request.URL.Path, request.URL.RawQuery = "/api/v1"+path, query
		if op.Service == "Relays" {
			request.URL.Path = "/api/privacy/v1" + path
		}
		if op.Service == "OAuth" {
			request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		request.Header.Set("Authorization", "Bearer "+sandbox.SandboxKey)
		before := latest()
		recorded := httptest.NewRecorder()
		sb.ServeHTTP(recorded, request)
		if recorded.Code >= 500 {
			t.Errorf("%s: %d %s", op.Name(), recorded.Code, recorded.Body)
		}
		if after := latest(); recorded.Code >= 400 && after != before {
			t.Errorf("%s was refused with %d, and yet there is an event", op.Name(), recorded.Code)
		}
	})
}

// FuzzAct carries out any act with any values. It happens or is refused.
func FuzzAct(f *testing.F) {
	sb, err := sandbox.New(sandbox.Options{RateLimit: 1 << 30})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(sb.Close)
	post := func(path, body string) string {
		request := httptest.NewRequest("POST", "/api/v1"+path, strings.NewReader(body))
		request.Header.Set("Authorization", "Bearer "+sandbox.SandboxKey)
		recorded := httptest.NewRecorder()
		sb.ServeHTTP(recorded, request)
		_, rest, _ := strings.Cut(recorded.Body.String(), `"id":"`)
		id, _, _ := strings.Cut(rest, `"`)
		return id
	}
	ids := []string{
		sandbox.TransactionTypeID, sandbox.ImporterPipelineID, sandbox.InquiryTemplateVersionID, post("/accounts", `{}`),
		post("/inquiries", `{"data":{"attributes":{"inquiry-template-id":"`+sandbox.InquiryTemplateID+`"}}}`),
		post("/cases", `{"data":{"attributes":{"case-template-id":"`+sandbox.CaseTemplateID+`"}}}`),
		post("/transactions", `{"data":{"attributes":{"transaction-type-id":"`+sandbox.TransactionTypeID+`"}}}`),
	}
	for _, do := range sandbox.ActNames() {
		for i := range ids {
			f.Add(do, do, uint8(i), "verification/selfie", "passed", "a,b\n1", "term", "x")
		}
	}
	f.Fuzz(func(t *testing.T, do, then string, n uint8, typ, outcome, rows, name, text string) {
		a := sandbox.Act{
			Do: sandbox.ActKind(do), ID: ids[int(n)%len(ids)], Type: typ, Outcome: outcome, Rows: rows, Step: text, Field: name, Text: text, Tags: []string{text},
			Query: map[string]any{name: text, "term": nil},
		}
		for _, a.Do = range []sandbox.ActKind{sandbox.ActKind(do), sandbox.ActKind(then)} {
			made, err := sb.Act("sandbox", a)
			if (made == "") != (err != nil) {
				t.Errorf("%s made %q: %v", a.Do, made, err)
			}
			sb.Advance(time.Second)
			a.ID = cmp.Or(made, a.ID) // what was created
		}
	})
}
