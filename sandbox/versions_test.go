package sandbox_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox"
)

// everyVersion returns the versions that requests may use.
var everyVersion = []string{
	"2020-05-18", "2021-02-21", "2021-05-14", "2021-07-05", "2021-08-18", "2022-09-01", "2023-01-05", "2025-10-27", "2025-12-08", "2026-09-29",
}

func TestAnInquiryAndItsCaseConformInEveryVersion(t *testing.T) {
	t.Parallel()
	for _, version := range everyVersion {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			server := start(t, sandbox.Options{})
			client, ctx := server.client(persona.WithVersion(version)), t.Context()
			inquiry := newInquiry(t, client, "user-1")
			_, err := client.Inquiries.PerformSimulateActions(ctx, inquiry.ID, persona.InquiryPerformSimulateActionsParams{SimulateActions: []persona.SimulateAction{
				verification("create_passed_verification", sandbox.GovernmentIDTemplateID), verification("create_passed_verification", sandbox.SelfieTemplateID),
				verification("create_passed_verification", sandbox.DatabaseTemplateID), action("complete_inquiry"),
			}})
			ok(t, err)
			got, err := client.Inquiries.Get(ctx, inquiry.ID, persona.WithInclude("account", "verifications", "documents", "selfies", "sessions"))
			ok(t, err)
			if got.Attributes.Status != "completed" || len(got.Included) != 6 {
				t.Errorf("the inquiry is %s, and %d resources are included", got.Attributes.Status, len(got.Included))
			}
			account, err := client.Accounts.Get(ctx, inquiry.Relationships.Account.Data.ID)
			ok(t, err)
			if shown := account.Attributes.NameFirst; (shown == "ALEXANDER J") != (version < "2025-10-27") {
				t.Errorf("name-first is %q", shown)
			}
			c := newCase(t, client, inquiry.ID)
			_, err = client.Cases.SetStatus(ctx, c.ID, persona.CaseSetStatusParams{Status: "Approved"})
			ok(t, err)
			// The changelog has the status here before 2025-10-27, but no document does.
			status, _, _ := server.do("POST", "/api/v1/cases/"+c.ID+"/set-status", `{"data":{"attributes":{"status":"Declined"}}}`, "Persona-Version", version, "X-Unchecked", "1")
			if (status == 200) != (version < "2025-10-27") {
				t.Errorf("set-status in the old form: %d", status)
			}
			_, err = client.Cases.Get(ctx, c.ID)
			ok(t, err)
			for _, err := range client.Events.List(ctx, persona.EventListParams{}) {
				ok(t, err)
			}
		})
	}
}

func TestOldVersionsWriteFieldsAsAttributes(t *testing.T) {
	t.Parallel()
	server := start(t, sandbox.Options{})
	const ofInquiry, ofCase = `"inquiry-template-id":"` + sandbox.InquiryTemplateID + `"`, `"case-template-id":"` + sandbox.CaseTemplateID + `"`
	workflow := "/workflows/" + sandbox.WorkflowID + "/trigger"
	for name, test := range map[string]struct {
		path, body string
		want       string // the fields with a value, or the status of what was created
	}{
		"a name of an inquiry":        {"/inquiries", `{"data":{"attributes":{` + ofInquiry + `,"name-first":"Ada"}}}`, "name-first=Ada selected-country-code=US"},
		"the country of an inquiry":   {"/inquiries", `{"data":{"attributes":{` + ofInquiry + `,"country-code":"NL","fields":{"name-last":"Sample"}}}}`, "name-last=Sample selected-country-code=NL"},
		"what is no field":            {"/inquiries", `{"data":{"attributes":{` + ofInquiry + `,"shoe-size":42,"name-last":"Sample"}}}`, "name-last=Sample selected-country-code=US"},
		"a field of a case":           {"/cases", `{"data":{"attributes":{` + ofCase + `,"reason":"mismatch"}}}`, "reason=mismatch"},
		"what a workflow is given":    {workflow, `{"data":{"attributes":{"outcome":"maybe"}}}`, "422"},
		"the parameters of a run":     {workflow, `{"data":{"attributes":{}},"meta":{"params":{"outcome":"maybe"}}}`, "422"},
		"nothing of what is no field": {"/cases", `{"data":{"attributes":{` + ofCase + `}}}`, ""},
	} {
		for version, old := range map[string]bool{"2023-01-05": true, "2025-10-27": false} {
			status, _, doc := server.do("POST", "/api/v1"+test.path, test.body, "Persona-Version", version, "X-Unchecked", "1")
			got := written(doc)
			if status >= 300 {
				got = strconv.Itoa(status)
			}
			if (got == test.want) != (old || test.want == "") {
				t.Errorf("%s in %s: %d %q", name, version, status, got)
			}
		}
	}
}

func TestOldVersionsIncludeUnasked(t *testing.T) {
	t.Parallel()
	server := start(t, sandbox.Options{})
	client := server.client()
	inquiry := newInquiry(t, client, "user-1")
	_, err := client.Inquiries.PerformSimulateActions(t.Context(), inquiry.ID, persona.InquiryPerformSimulateActionsParams{SimulateActions: []persona.SimulateAction{
		verification("create_passed_verification", sandbox.GovernmentIDTemplateID),
	}})
	ok(t, err)
	one := newCase(t, client, inquiry.ID, inquiry.Relationships.Account.Data.ID)
	report, err := client.Reports.Create(t.Context(), reportParams(sandbox.WatchlistReportTemplateID, "watchlist", term("Jane Sample")))
	ok(t, err)
	for path, want := range map[string][]string{
		"/inquiries/" + inquiry.ID: {"document/government-id", "inquiry-template", "verification/government-id"},
		"/cases/" + one.ID:         {"account", "inquiry", "verification/government-id"},
		"/reports/" + report.ID:    {"report-template/watchlist"},
		"/user-audit-logs":         {"user"},
	} {
		for version, old := range map[string]bool{"2020-05-18": true, "2023-01-05": true, "2025-10-27": false} {
			key := sandbox.SandboxKey
			if path == "/user-audit-logs" {
				key = sandbox.ProductionKey
			}
			_, _, doc := server.do("GET", "/api/v1"+path, "", "Persona-Version", version, "Authorization", "Bearer "+key)
			included, _ := doc["included"].([]any)
			var types []string
			for _, r := range included {
				types = append(types, r.(map[string]any)["type"].(string))
			}
			slices.Sort(types)
			always := path == "/user-audit-logs" // which include in every version
			if (old || always) && !slices.Equal(types, want) || !old && !always && doc["included"] != nil {
				t.Errorf("%s in %s includes %v", path, version, types)
			}
			if _, _, doc := server.do("GET", "/api/v1"+path+"?include=", "", "Persona-Version", version, "Authorization", "Bearer "+key, "X-Unchecked", "1"); doc["included"] != nil {
				t.Errorf("%s in %s includes what was asked away", path, version)
			}
		}
	}
}

// written returns the fields of a resource that have a value.
func written(doc map[string]any) string {
	data, _ := doc["data"].(map[string]any)
	attributes, _ := data["attributes"].(map[string]any)
	fields, _ := attributes["fields"].(map[string]any)
	var filled []string
	for name, field := range fields {
		if value := field.(map[string]any)["value"]; value != nil {
			filled = append(filled, fmt.Sprintf("%s=%v", name, value))
		}
	}
	slices.Sort(filled)
	return strings.Join(filled, " ")
}

func TestTheSameAnswerInEveryCasing(t *testing.T) {
	t.Parallel()
	server := start(t, sandbox.Options{})
	inquiry := newInquiry(t, server.client(), "user-1")
	_, _, want := server.do("GET", "/api/v1/inquiries/"+inquiry.ID+"?include=account", "")
	for casing, back := range map[string]func(string) string{
		"snake": func(key string) string { return strings.ReplaceAll(key, "_", "-") },
		"camel": func(key string) string {
			var b strings.Builder
			for _, r := range key {
				if r >= 'A' && r <= 'Z' {
					b.WriteByte('-')
				}
				b.WriteString(strings.ToLower(string(r)))
			}
			return b.String()
		},
	} {
		_, _, got := server.do("GET", "/api/v1/inquiries/"+inquiry.ID+"?include=account", "", "Key-Inflection", casing, "X-Unchecked", casing)
		if again := rekey(got, back); !reflect.DeepEqual(again, any(want)) {
			text, err := json.Marshal(again)
			ok(t, err)
			t.Errorf("%s: %s", casing, text)
		}
	}
}

// rekey rewrites keys, except those of fields.
func rekey(v any, back func(string) string) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for key, value := range v {
			if key != "fields" {
				value = rekey(value, back)
			}
			out[back(key)] = value
		}
		return out
	case []any:
		for i := range v {
			v[i] = rekey(v[i], back)
		}
		return v
	default:
		return v
	}
}

func TestAnEmptyIncludeIncludesNothingOfSomeResources(t *testing.T) {
	t.Parallel()
	server := start(t, sandbox.Options{})
	hook := subscribe(t, server.client(), persona.WebhookCreateParams{URL: persona.Set("http://127.0.0.1:1/")})
	for path, empty := range map[string]bool{
		"/account-types/" + sandbox.AccountTypeID: true, "/case-templates/" + sandbox.CaseTemplateID: true, "/webhooks/" + hook.ID: true, "/webhooks": true, "/inquiries": false,
	} {
		for _, version := range everyVersion {
			_, _, doc := server.do("GET", "/api/v1"+path+"?include=", "", "Persona-Version", version, "X-Unchecked", "1")
			included, isList := doc["included"].([]any)
			if isList != empty || len(included) != 0 {
				t.Errorf("%s in %s: included is %v", path, version, doc["included"])
			}
			if _, _, doc := server.do("GET", "/api/v1"+path, "", "Persona-Version", version, "X-Unchecked", "1"); doc["included"] != nil {
				t.Errorf("%s in %s, without include: included is %v", path, version, doc["included"])
			}
		}
	}
}
