package contracttest

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/idemhq/idem/internal/conformance"
	"github.com/idemhq/idem/sandbox"
)

// seen is a request, and what the real Persona answers to it. The rows come from the fact
// sheet, section 20.
type seen struct {
	what, method, path, body string
	status                   int
	title, details           string // "" for any
}

func TestTheSandboxRefusesAsPersonaWasSeenTo(t *testing.T) {
	doc := conformance.LoadOrSkip(t, newest)
	served := start(t, sandbox.Options{RateLimit: 1_000_000})
	w := served.seenWorld(t)
	for _, row := range w.rows() {
		t.Run(row.what, func(t *testing.T) {
			status, header, body := served.ask(t, row.method, row.path, row.body, nil)
			title, details := problem(t, body)
			if status != row.status || row.title != "" && title != row.title || row.details != "" && details != row.details {
				t.Errorf("%s %s: %d %q %q, want %d %q %q", row.method, row.path, status, title, details, row.status, row.title, row.details)
			}
			path, _, _ := strings.Cut(row.path, "?")
			if err := doc.ValidateResponse(row.method, path, status, header, body); err != nil && status != http.StatusNotFound {
				t.Error(err)
			}
		})
	}
}

// seenWorld holds ids that the rows refer to.
type seenWorld struct{ account, inquiry, transaction string }

func (s served) seenWorld(t *testing.T) seenWorld {
	t.Helper()
	s.made(t, "/accounts", `"reference-id":"taken"`)
	s.made(t, "/transactions", `"transaction-type-id":"`+sandbox.TransactionTypeID+`","reference-id":"taken"`)
	return s.freshWorld(t)
}

// freshWorld returns a new account and a new inquiry.
func (s served) freshWorld(t *testing.T) seenWorld {
	t.Helper()
	return seenWorld{
		account: s.made(t, "/accounts", ""), inquiry: s.made(t, "/inquiries", `"inquiry-template-id":"`+sandbox.InquiryTemplateID+`"`),
		transaction: s.made(t, "/transactions", `"transaction-type-id":"`+sandbox.TransactionTypeID+`"`),
	}
}

// made creates a resource and returns its id.
func (s served) made(t *testing.T, path, attributes string) string {
	t.Helper()
	status, _, body := s.ask(t, http.MethodPost, path, `{"data":{"attributes":{`+attributes+`}}}`, nil)
	if status != http.StatusCreated {
		t.Fatalf("POST %s: %d %s", path, status, body)
	}
	return idOf(t, body)
}

// ask sends a request with the sandbox's key, and with headers.
func (s served) ask(t *testing.T, method, path, body string, header map[string]string) (int, http.Header, []byte) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, s.url+"/api/v1"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+sandbox.SandboxKey)
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	for name, value := range header {
		request.Header.Set(name, value)
	}
	return send(t, request)
}

// problem returns the first error of an answer.
func problem(t *testing.T, body []byte) (title, details string) {
	t.Helper()
	var answer struct {
		Errors []struct{ Title, Details string }
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		t.Fatal(err)
	}
	if len(answer.Errors) == 0 {
		return "", ""
	}
	return answer.Errors[0].Title, answer.Errors[0].Details
}

// idOf returns the id of the resource in an answer, or "".
func idOf(t *testing.T, body []byte) string {
	t.Helper()
	var answer struct{ Data struct{ ID string } }
	if err := json.Unmarshal(body, &answer); err != nil {
		t.Fatal(err)
	}
	return answer.Data.ID
}

func (w seenWorld) rows() []seen {
	const wrong, missing = "Bad request", "Record not found"
	long := strings.Repeat("x", 256)
	attributes := func(text string) string { return `{"data":{"attributes":{` + text + `}}}` }
	report := func(template, query string) string {
		return attributes(`"report-template-id":"` + template + `","query":{` + query + `}`)
	}
	const address = `"name-first":"Jane","name-last":"Sample","birthdate":"1990-01-02","address-street-1":"1 Main Street","address-city":"Springfield","address-subdivision":"CA","address-postal-code":"94100","address-country-code":"US"`
	return []seen{
		{"an undeclared field", "PATCH", "/inquiries/" + w.inquiry, attributes(`"fields":{"shoe-size":"42"}`), 400, wrong, ""},
		{"a field of another type", "PATCH", "/inquiries/" + w.inquiry, attributes(`"fields":{"name-first":42}`), 400, wrong, "data.attributes.fields.name_first must be a string"},
		{"a field that is too long", "PATCH", "/inquiries/" + w.inquiry, attributes(`"fields":{"name-first":"` + long + `"}`), 400, wrong, ""},
		{"an undeclared field of a new inquiry", "POST", "/inquiries", attributes(`"inquiry-template-id":"` + sandbox.InquiryTemplateID + `","fields":{"shoe-size":"42"}`), 400, wrong, ""},
		{"an undeclared field of an account", "PATCH", "/accounts/" + w.account, attributes(`"fields":{"shoe_size":"42"}`), 400, wrong, "data.attributes.fields.shoe_size is not a field of the account type"},
		{"an undeclared field of a new account", "POST", "/accounts", attributes(`"fields":{"shoe_size":"42"}`), 400, wrong, ""},
		{"a field of an account of another type", "PATCH", "/accounts/" + w.account, attributes(`"fields":{"birthdate":42}`), 400, wrong, "data.attributes.fields.birthdate must be a date such as 2026-01-31"},
		{"a part of an account's name of another type", "PATCH", "/accounts/" + w.account, attributes(`"fields":{"name":{"first":42}}`), 400, wrong, "data.attributes.fields.name.first must be a string"},
		{"an undeclared field of a case", "POST", "/cases", attributes(`"case-template-id":"` + sandbox.CaseTemplateID + `","fields":{"shoe_size":"42"}`), 400, wrong, ""},
		{"a field of a case of another type", "POST", "/cases", attributes(`"case-template-id":"` + sandbox.CaseTemplateID + `","fields":{"second_look":"yes"}`), 400, wrong, "data.attributes.fields.second_look must be a boolean"},
		{"an undeclared field of a transaction", "POST", "/transactions", attributes(`"transaction-type-id":"` + sandbox.TransactionTypeID + `","fields":{"shoe_size":"42"}`), 400, wrong, ""},
		{"a field of a transaction of another type", "POST", "/transactions", attributes(`"transaction-type-id":"` + sandbox.TransactionTypeID + `","fields":{"amount":"12"}`), 400, wrong, "data.attributes.fields.amount must be a number"},
		{"an unknown inquiry template", "POST", "/inquiries", attributes(`"inquiry-template-id":"itmpl_Unknown"`), 400, wrong, ""},
		{"an unknown template of the old form", "POST", "/inquiries", attributes(`"template-id":"tmpl_Unknown"`), 404, missing, ""},
		{"a selfie photo that is text", "PATCH", "/accounts/" + w.account, attributes(`"selfie-photo":"face.jpg"`), 400, wrong, ""},
		{"an unknown cursor of accounts", "GET", "/accounts?page[after]=act_Unknown", "", 404, missing, ""},
		{"an unknown cursor of inquiries", "GET", "/inquiries?page[after]=inq_Unknown", "", 404, missing, ""},
		{"an unknown cursor of events", "GET", "/events?page[before]=evt_Unknown", "", 404, missing, ""},
		{"a reference id that a new account repeats", "POST", "/accounts", attributes(`"reference-id":"taken"`), 409, "Conflict", "Account already exists with this reference ID"},
		{"a reference id that another account has", "PATCH", "/accounts/" + w.account, attributes(`"reference-id":"taken"`), 409, "Record not unique", ""},
		{"an empty reference id of a new account", "POST", "/accounts", attributes(`"reference-id":""`), 400, wrong, "Reference can't be blank"},
		{"an empty reference id", "PATCH", "/accounts/" + w.account, attributes(`"reference-id":""`), 400, wrong, "Reference can't be blank"},
		{"a long reference id of a new account", "POST", "/accounts", attributes(`"reference-id":"` + long + `"`), 400, wrong, "must be shorter than 255 characters"},
		{"a long reference id", "PATCH", "/accounts/" + w.account, attributes(`"reference-id":"` + long + `"`), 400, wrong, "must be shorter than 255 characters"},
		{"a reference id that another transaction has", "PATCH", "/transactions/" + w.transaction, attributes(`"reference-id":"taken"`), 409, "Record not unique", ""},
		{"an empty reference id of a new transaction", "POST", "/transactions", attributes(`"transaction-type-id":"` + sandbox.TransactionTypeID + `","reference-id":""`), 400, wrong, "Reference can't be blank"},
		{"an empty reference id of a transaction", "PATCH", "/transactions/" + w.transaction, attributes(`"reference-id":" "`), 400, wrong, "Reference can't be blank"},
		{"a long reference id of a new transaction", "POST", "/transactions", attributes(`"transaction-type-id":"` + sandbox.TransactionTypeID + `","reference-id":"` + long + `"`), 400, wrong, "must be shorter than 255 characters"},
		{"a long reference id of a transaction", "PATCH", "/transactions/" + w.transaction, attributes(`"reference-id":"` + long + `"`), 400, wrong, "must be shorter than 255 characters"},
		{"a long tag", "POST", "/accounts/" + w.account + "/add-tag", `{"meta":{"tag-name":"` + long + `"}}`, 400, wrong, "must be shorter than 255 characters"},
		{"a long tag of a change", "PATCH", "/accounts/" + w.account, attributes(`"tags":["` + long + `"]`), 400, wrong, "must be shorter than 255 characters"},
		{"social media for a first name", "POST", "/reports", report(sandbox.SocialMediaReportTemplateID, `"name-first":"Jane"`), 400, wrong, ""},
		{"a profile for a first name", "POST", "/reports", report(sandbox.ProfileNonAuthoritativeReportTemplateID, `"name-first":"Jane"`), 400, wrong, ""},
		{"a synthetic report without a number", "POST", "/reports", report(sandbox.SyntheticReportTemplateID, address), 400, wrong, ""},
		{"a graph query without parameters", "POST", "/graph-queries", attributes(`"graph-query-template-id":"` + sandbox.GraphQueryTemplateID + `"`), 400, wrong, "data.attributes.parameter_map is missing"},
		{"a cell of a theme set that does not exist", "POST", "/theme-sets", attributes(`"name":"x","styles":{"sepia":{}}`), 400, wrong, "data.attributes.styles.sepia is unknown"},
		{"a cell of a theme set of another type", "POST", "/theme-sets", attributes(`"name":"x","styles":{"settings":{"use-dark-theme":"yes"}}`), 400, wrong, "data.attributes.styles.settings.use_dark_theme is of another type"},
	}
}

func TestTheSandboxAcceptsWhatPersonaWasSeenToAccept(t *testing.T) {
	served := start(t, sandbox.Options{RateLimit: 1_000_000})
	w := served.seenWorld(t)
	for what, row := range w.accepted() {
		if status, _, body := served.ask(t, row.method, row.path, row.body, nil); status != row.status {
			t.Errorf("%s: %d %s, want %d", what, status, body, row.status)
		}
	}
}

func (w seenWorld) accepted() map[string]seen {
	list := func(kind string) seen {
		return seen{method: "POST", path: "/list/" + kind, body: `{"data":{"attributes":{"name":"Blocked"}}}`, status: 201}
	}
	return map[string]seen{
		"consolidating an account into itself": {method: "POST", path: "/accounts/" + w.account + "/consolidate", body: `{"meta":{"source-account-ids":["` + w.account + `"]}}`, status: 202},
		"a slash before the query":             {method: "GET", path: "/inquiries/?filter[status]=created", status: 200},
		"a list of names":                      list("names"), "a list of strings with the same name": list("strings"), "a list of countries with the same name": list("countries"),
		"social media for a whole name": {method: "POST", path: "/reports", status: 201,
			body: `{"data":{"attributes":{"report-template-id":"` + sandbox.SocialMediaReportTemplateID + `","query":{"name-first":"Jane","name-last":"Sample"}}}}`},
		"social media for an address alone": {method: "POST", path: "/reports", status: 201,
			body: `{"data":{"attributes":{"report-template-id":"` + sandbox.SocialMediaReportTemplateID + `","query":{"email-address":"jane@example.com"}}}}`},
		"all events of a type of object": {method: "POST", path: "/webhooks", status: 201,
			body: `{"data":{"attributes":{"name":"x","url":"http://127.0.0.1:1/","enabled-events":["inquiry.created"],"included-allowlist":{"state":"custom","event-types":[{"event-type":"inquiry","relationships":["account"]}]}}}}`},
	}
}

func TestASecondRedactionAnswersWithTheResourceInOldVersions(t *testing.T) {
	served := start(t, sandbox.Options{RateLimit: 1_000_000})
	for version, again := range map[string]map[string]int{
		"2022-09-01": {"/accounts/": 409, "/inquiries/": 200},
		"2023-01-05": {"/accounts/": 409, "/inquiries/": 200},
		newest:       {"/accounts/": 409, "/inquiries/": 409},
	} {
		w := served.freshWorld(t)
		for path, id := range map[string]string{"/accounts/": w.account, "/inquiries/": w.inquiry} {
			header := map[string]string{"Persona-Version": version}
			if status, _, body := served.ask(t, http.MethodDelete, path+id, "", header); status != http.StatusOK {
				t.Fatalf("%s in %s: %d %s", path, version, status, body)
			}
			status, _, body := served.ask(t, http.MethodDelete, path+id, "", header)
			if status != again[path] || (idOf(t, body) == id) != (version < "2025-10-27") {
				t.Errorf("%s again in %s: %d %s", path, version, status, body)
			}
		}
	}
}

func TestWhatIsRefusedToAKeyWithoutTheRight(t *testing.T) {
	seed, err := sandbox.ReadSeed("keys.yaml", strings.NewReader(`
sandbox:
  keys:
    - {value: persona_sandbox_Narrow, without: [api_key.read, api_key.write, connect.read, connect.write, list.write, inquiry_template.read, inquiry_template.write, user_audit_log.read]}
    - {value: persona_sandbox_Wide, permissions: [api_key.read, connect.read, list.write, inquiry_template.read, user_audit_log.read]}
`))
	if err != nil {
		t.Fatal(err)
	}
	served := start(t, sandbox.Options{Seed: seed})
	for path, narrow := range map[string]int{
		"/api-keys": 403, "/connect/connections": 403, "/connect/share-tokens": 403, "POST /list/strings": 401, "/inquiry-templates": 401, "/user-audit-logs": 401,
	} {
		method, body, wide := http.MethodGet, "", http.StatusOK
		if post, ok := strings.CutPrefix(path, "POST "); ok {
			method, path, body, wide = http.MethodPost, post, `{"data":{"attributes":{"name":"Blocked"}}}`, http.StatusCreated
		}
		for key, want := range map[string]int{"persona_sandbox_Narrow": narrow, "persona_sandbox_Wide": wide} {
			if status, _, answer := served.ask(t, method, path, body, map[string]string{"Authorization": "Bearer " + key}); status != want {
				t.Errorf("%s %s with %s: %d %s, want %d", method, path, key, status, answer, want)
			}
		}
	}
}

func TestAnUnavailableService(t *testing.T) {
	seed, err := sandbox.ReadSeed("faults.yaml", strings.NewReader("faults:\n  - {kind: status_before, operation: Cases.Create, status: 503}\n"))
	if err != nil {
		t.Fatal(err)
	}
	served := start(t, sandbox.Options{Seed: seed})
	status, _, body := served.ask(t, http.MethodPost, "/cases", `{"data":{"attributes":{"case-template-id":"`+sandbox.CaseTemplateID+`"}}}`, nil)
	if title, _ := problem(t, body); status != 503 || title != "Service unavailable" {
		t.Errorf("%d %s", status, body)
	}
}
