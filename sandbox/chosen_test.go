package sandbox_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox"
)

// checkOf returns a check of a verification as an answer shows it.
func checkOf(t *testing.T, s *server, verification, name string) map[string]any {
	t.Helper()
	_, _, doc := s.do("GET", "/api/v1/verifications/"+verification, "")
	for _, check := range at(doc, "data", "attributes", "checks").([]any) {
		if at(check, "name") == name {
			return check.(map[string]any)
		}
	}
	t.Fatalf("there is no check %s: %v", name, doc)
	return nil
}

// submitted submits a verification with choices, and returns its id.
func submitted(t *testing.T, s *server, act sandbox.Act) string {
	t.Helper()
	act.Do, act.ID = sandbox.ActSubmit, newInquiry(t, s.client(), "").ID
	id, err := s.Act("sandbox", act)
	ok(t, err)
	return id
}

func TestATestChoosesWhichCheckFailsAndWhy(t *testing.T) {
	t.Parallel()
	server := start(t, frozen())
	id := submitted(t, server, sandbox.Act{Type: "verification/government-id", Outcome: "failed", Checks: []sandbox.Check{
		{Name: "id_expired_detection", Reasons: []string{"expired"}, Metadata: map[string]any{"expired_on": "2020-01-01"}},
		{Name: "id_age_comparison"},
		{Name: "id_glare_detection", Status: "not_applicable", Reasons: []string{"disabled_by_check_config"}},
	}})
	for _, want := range []string{
		"id_expired_detection failed required [expired] map[expired-on:2020-01-01]",
		"id_age_comparison failed not_required [simulated_failure] map[]",
		"id_glare_detection not_applicable not_required [disabled_by_check_config] map[]",
		"id_entity_detection passed required [] map[]",
	} {
		check := checkOf(t, server, id, strings.Fields(want)[0])
		if got := fmt.Sprint(check["name"], " ", check["status"], " ", check["requirement"], " ", check["reasons"], " ", check["metadata"]); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestAnOptionalCheckThatFailsDoesNotFailTheVerification(t *testing.T) {
	t.Parallel()
	server := start(t, frozen())
	id := submitted(t, server, sandbox.Act{Type: "verification/selfie", Outcome: "passed", Checks: []sandbox.Check{{Name: "selfie_age_comparison"}}})
	holds(t, map[string]any{"attributes": checkOf(t, server, id, "selfie_age_comparison")}, map[string]any{"status": "failed"})
	id = submitted(t, server, sandbox.Act{Type: "verification/selfie", Outcome: "failed", Checks: []sandbox.Check{{Name: "selfie_age_comparison"}}})
	holds(t, map[string]any{"attributes": checkOf(t, server, id, "selfie_liveness_detection")}, map[string]any{"status": "failed"}) // the reason why it failed
}

func TestATentativeResultKeepsTheChosenChecks(t *testing.T) {
	t.Parallel()
	server := start(t, frozen())
	id := submitted(t, server, sandbox.Act{Type: "verification/document", Outcome: "tentatively_passed", Checks: []sandbox.Check{{Name: "document_expired_detection"}}})
	server.Advance(2 * time.Minute)
	_, _, doc := server.do("GET", "/api/v1/verifications/"+id, "")
	if status := at(doc, "data", "attributes", "status"); status != "passed" {
		t.Errorf("the status is %v", status)
	}
	holds(t, map[string]any{"attributes": checkOf(t, server, id, "document_expired_detection")}, map[string]any{"status": "failed"})
}

func TestATestChoosesWhatIsExtracted(t *testing.T) {
	t.Parallel()
	server := start(t, frozen())
	id := submitted(t, server, sandbox.Act{Type: "verification/government-id", Outcome: "passed", Extracted: map[string]any{
		"name_first": "ADA", "name-last": "EXAMPLE", "birthdate": "2011-02-03", "id-class": "pp", "document-number": "X7", "identification-number": "P123", "address-city": nil,
	}})
	_, _, doc := server.do("GET", "/api/v1/verifications/"+id+"?include=inquiry,document", "")
	want := map[string]any{"name-first": "ADA", "name-last": "EXAMPLE", "birthdate": "2011-02-03", "id-class": "pp", "document-number": "X7", "address-city": nil, "sex": "Male"}
	holds(t, doc["data"].(map[string]any), want)
	for _, included := range doc["included"].([]any) {
		included := included.(map[string]any)
		switch included["type"] {
		case "document/government-id":
			holds(t, included, want)
		case "inquiry":
			fields := at(included, "attributes", "fields").(map[string]any)
			for name, value := range map[string]any{"name-first": "ADA", "birthdate": "2011-02-03", "identification-number": "P123", "identification-class": "pp", "selected-id-class": "pp", "address-city": nil} {
				if got := at(fields, name, "value"); got != value {
					t.Errorf("the field %s is %v, want %v", name, got, value)
				}
			}
			_, _, account := server.do("GET", "/api/v1/accounts/"+at(included, "relationships", "account", "data", "id").(string), "")
			if got := at(account, "data", "attributes", "fields", "identification_numbers", "value", 0, "value", "identification_class", "value"); got != "pp" {
				t.Errorf("the account's number is of the class %v", got)
			}
		}
	}
}

func TestMistypedChoicesAreRefusedWithTheNearestName(t *testing.T) {
	t.Parallel()
	server := start(t, frozen())
	inquiry := newInquiry(t, server.client(), "").ID
	const id, selfie = "verification/government-id", "verification/selfie"
	check := func(k sandbox.Check) []sandbox.Check { return []sandbox.Check{k} }
	for name, test := range map[string]struct {
		act  sandbox.Act
		want string
	}{
		"a check":                       {sandbox.Act{Type: id, Outcome: "failed", Checks: check(sandbox.Check{Name: "id_expird_detection"})}, `"id_expired_detection"`},
		"a check of another type":       {sandbox.Act{Type: selfie, Outcome: "failed", Checks: check(sandbox.Check{Name: "id_portrait_detection"})}, "has no check"},
		"a check of a generic type":     {sandbox.Act{Type: "verification/document", Outcome: "failed", Checks: check(sandbox.Check{Name: "document_fraud_detecton"})}, `"document_fraud_detection"`},
		"a status":                      {sandbox.Act{Type: id, Outcome: "failed", Checks: check(sandbox.Check{Name: "id_mrz_detection", Status: "fail"})}, `"failed"`},
		"a requirement":                 {sandbox.Act{Type: id, Outcome: "failed", Checks: check(sandbox.Check{Name: "id_mrz_detection", Requirement: "requird"})}, `"required"`},
		"a required check that fails":   {sandbox.Act{Type: id, Outcome: "passed", Checks: check(sandbox.Check{Name: "id_mrz_detection"})}, "cannot pass"},
		"a check twice":                 {sandbox.Act{Type: id, Outcome: "failed", Checks: []sandbox.Check{{Name: "id_mrz_detection"}, {Name: "id_mrz_detection"}}}, "twice"},
		"a check without a result":      {sandbox.Act{Type: id, Outcome: "skipped", Checks: check(sandbox.Check{Name: "id_mrz_detection"})}, "only a verification that passes or fails"},
		"an extracted name":             {sandbox.Act{Type: id, Outcome: "passed", Extracted: map[string]any{"birthdat": "2000-01-01"}}, `"birthdate"`},
		"an attribute that is not data": {sandbox.Act{Type: id, Outcome: "passed", Extracted: map[string]any{"status": "failed"}}, "is nothing that"},
		"an extracted date":             {sandbox.Act{Type: id, Outcome: "passed", Extracted: map[string]any{"birthdate": "31.1.2000"}}, "must be a date"},
		"an extracted number":           {sandbox.Act{Type: id, Outcome: "passed", Extracted: map[string]any{"name-first": 7}}, "has the wrong type"},
		"extracted from what is not":    {sandbox.Act{Type: id, Outcome: "skipped", Extracted: map[string]any{"name-first": "A"}}, "nothing is extracted"},
		"a type":                        {sandbox.Act{Type: "verification/govermnent-id", Outcome: "passed"}, `"verification/government-id"`},
		"an outcome":                    {sandbox.Act{Type: id, Outcome: "pased"}, `"passed"`},
		"metadata that is no JSON":      {sandbox.Act{Type: id, Outcome: "failed", Checks: check(sandbox.Check{Name: "id_mrz_detection", Metadata: map[string]any{"a": func() {}}})}, "cannot be written as JSON"},
		"choices about a document":      {sandbox.Act{Type: "document/generic", Outcome: "processed", Extracted: map[string]any{"name": "a"}}, "only a verification"},
	} {
		test.act.Do, test.act.ID = sandbox.ActSubmit, inquiry
		_, err := server.Act("sandbox", test.act)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want an error with %s", name, err, test.want)
		}
	}
	_, _, doc := server.do("GET", "/api/v1/inquiries/"+inquiry, "")
	if got := at(doc, "data", "relationships", "verifications", "data").([]any); len(got) != 0 {
		t.Errorf("what was refused left %v behind", got)
	}
}

func TestACheckThatTheSandboxDoesNotKnowCanBeChosenForOtherTypes(t *testing.T) {
	t.Parallel()
	server := start(t, frozen())
	id := submitted(t, server, sandbox.Act{Type: "verification/database", Outcome: "failed", Checks: []sandbox.Check{{Name: "database_deceased_detection", Requirement: "not_required"}}})
	holds(t, map[string]any{"attributes": checkOf(t, server, id, "database_deceased_detection")}, map[string]any{"status": "failed", "requirement": "not_required"})
}

func TestAMagicNameLetsACheckFail(t *testing.T) {
	t.Parallel()
	server := start(t, frozen())
	passed := func(name, template string) (string, map[string]any) {
		inquiry, err := server.client().Inquiries.Create(t.Context(), persona.InquiryCreateParams{InquiryTemplateID: persona.Set(sandbox.InquiryTemplateID), Fields: persona.Set(map[string]any{"name-last": name})})
		ok(t, err)
		_, err = server.client().Inquiries.PerformSimulateActions(t.Context(), inquiry.ID, persona.InquiryPerformSimulateActionsParams{SimulateActions: []persona.SimulateAction{verification("create_passed_verification", template)}})
		ok(t, err)
		_, _, doc := server.do("GET", "/api/v1/inquiries/"+inquiry.ID+"?include=verifications", "")
		v := doc["included"].([]any)[0].(map[string]any)
		return v["id"].(string), v["attributes"].(map[string]any)
	}
	id, v := passed("id_expired_detection", sandbox.GovernmentIDTemplateID)
	holds(t, map[string]any{"attributes": checkOf(t, server, id, "id_expired_detection")}, map[string]any{"status": "failed"})
	if v["status"] != "failed" {
		t.Errorf("a required check failed, and the verification is %v", v["status"])
	}
	id, v = passed("selfie_glasses_detection", sandbox.SelfieTemplateID)
	holds(t, map[string]any{"attributes": checkOf(t, server, id, "selfie_glasses_detection")}, map[string]any{"status": "failed"})
	if v["status"] != "passed" {
		t.Errorf("an optional check failed, and the verification is %v", v["status"])
	}
	if _, v = passed("id_expired_detection", sandbox.SelfieTemplateID); v["status"] != "passed" {
		t.Errorf("a selfie has no such check, and is %v", v["status"])
	}
}

func TestAMagicNameSetsRiskSignals(t *testing.T) {
	t.Parallel()
	server := start(t, frozen())
	client, ctx := server.client(), t.Context()
	for name, want := range map[string]map[string]any{
		"is-vpn": {"is-vpn": true, "is-tor": false, "threat-level": "high"},
		"is_tor": {"is-vpn": false, "is-tor": true, "threat-level": "high"},
		"Sample": {"is-vpn": false, "is-tor": false, "threat-level": "low"},
	} {
		inquiry, err := client.Inquiries.Create(ctx, persona.InquiryCreateParams{InquiryTemplateID: persona.Set(sandbox.InquiryTemplateID), Fields: persona.Set(map[string]any{"name-last": name})})
		ok(t, err)
		link, err := client.Inquiries.GenerateOneTimeLink(ctx, inquiry.ID, persona.InquiryGenerateOneTimeLinkParams{})
		ok(t, err)
		answer, err := http.Get(link.Meta.OneTimeLink)
		ok(t, err)
		ok(t, answer.Body.Close())
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, answer.Request.URL.String(), strings.NewReader("do=begin"))
		ok(t, err)
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		answer, err = http.DefaultClient.Do(request)
		ok(t, err)
		ok(t, answer.Body.Close())
		_, _, doc := server.do("GET", "/api/v1/inquiries/"+inquiry.ID+"?include=sessions", "")
		holds(t, doc["included"].([]any)[0].(map[string]any), want)
	}
	inquiry, err := client.Inquiries.Create(ctx, persona.InquiryCreateParams{InquiryTemplateID: persona.Set(sandbox.InquiryTemplateID), Fields: persona.Set(map[string]any{"name-last": "behavior-threat-level"})})
	ok(t, err)
	_, _, doc := server.do("POST", "/api/v1/inquiries/"+inquiry.ID+"/perform-simulate-actions", `{"meta":{"simulate-actions":[{"type":"start_inquiry"},{"type":"complete_inquiry"}]}}`)
	if got := at(doc, "data", "attributes", "behaviors", "behavior-threat-level"); got != "high" {
		t.Errorf("the behavior's threat level is %v", got)
	}
}

func TestAPersonOnTheHostedPageChoosesTheSame(t *testing.T) {
	t.Parallel()
	server := start(t, frozen())
	inquiry := newInquiry(t, server.client(), "").ID
	post := func(address string, form url.Values) (int, string) {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader(form.Encode()))
		ok(t, err)
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		answer, err := http.DefaultClient.Do(request)
		ok(t, err)
		ok(t, answer.Body.Close())
		return answer.StatusCode, answer.Request.URL.String()
	}
	status, step := post(server.url+"/verify?environment=sandbox&inquiry-id="+inquiry, url.Values{"do": {"begin"}, "threat-level": {"high"}, "signal": {"is-proxy"}, "country-code": {"DE"}})
	if status != 200 {
		t.Fatalf("begin: %d", status)
	}
	for name, form := range map[string]url.Values{
		"a reason without a check": {"do": {"submit"}, "outcome": {"failed"}, "reason": {"x"}},
		"metadata that is no JSON": {"do": {"submit"}, "outcome": {"failed"}, "check": {"id_mrz_detection"}, "metadata": {"x"}},
		"an unknown check":         {"do": {"submit"}, "outcome": {"failed"}, "check": {"id_mrz_detecton"}},
		"a date that is none":      {"do": {"submit"}, "outcome": {"passed"}, "extracted.birthdate": {"tomorrow"}},
	} {
		if status, _ := post(step, form); status != 400 {
			t.Errorf("%s: %d", name, status)
		}
	}
	status, _ = post(step, url.Values{
		"do": {"submit"}, "outcome": {"failed"}, "check": {"id_mrz_detection"}, "reason": {"unreadable"}, "metadata": {`{"line":2}`},
		"extracted.name-first": {"ADA"}, "extracted.name-last": {""}, "extracted.entity-confidence-score": {"41.5"},
	})
	if status != 200 {
		t.Fatalf("submit: %d", status)
	}
	_, _, doc := server.do("GET", "/api/v1/inquiries/"+inquiry+"?include=verifications,sessions", "")
	included := doc["included"].([]any)
	v := included[0].(map[string]any)
	holds(t, v, map[string]any{"status": "failed", "name-first": "ADA", "name-last": "SAMPLE", "entity-confidence-score": 41.5})
	check := checkOf(t, server, v["id"].(string), "id_mrz_detection")
	if fmt.Sprint(check["status"], " ", check["reasons"], " ", check["metadata"]) != "failed [unreadable] map[line:2]" {
		t.Errorf("the check is %v", check)
	}
	holds(t, included[1].(map[string]any), map[string]any{"threat-level": "high", "is-proxy": true, "is-vpn": false, "country-code": "DE"})
}

// reportIDs returns the ids of an inquiry's reports.
func reportIDs(s *server, inquiry string) (ids []string) {
	s.t.Helper()
	_, _, doc := s.do("GET", "/api/v1/inquiries/"+inquiry, "")
	for _, r := range at(doc, "data", "relationships", "reports", "data").([]any) {
		ids = append(ids, at(r, "id").(string))
	}
	return ids
}

func TestReportsAppearInTheInquiry(t *testing.T) {
	t.Parallel()
	server := start(t, frozen())
	inquiry := newInquiry(t, server.client(), "user-1")
	query := map[string]any{"name-first": "Ada"}
	var want []string
	for _, act := range []sandbox.Act{
		{Do: sandbox.ActRunReport, ID: inquiry.ID, Type: "report/watchlist", Query: query},
		{Do: sandbox.ActCreateReport, ID: inquiry.Relationships.Account.Data.ID, Type: "report/adverse-media", Query: query},
	} {
		id, err := server.Act("sandbox", act)
		ok(t, err)
		want = append(want, id)
	}
	_, _, doc := server.do("POST", "/api/v1/reports", `{"data":{"type":"report/watchlist","attributes":{"report-template-id":"`+sandbox.WatchlistReportTemplateID+`","account-id":"`+inquiry.Relationships.Account.Data.ID+`","query":{"name-first":"Ada"}}}}`)
	want = append(want, at(doc, "data", "id").(string))
	if got := at(doc, "data", "relationships", "inquiry", "data", "id"); got != inquiry.ID {
		t.Errorf("the report belongs to %v", got)
	}
	_, err := server.Act("sandbox", sandbox.Act{Do: sandbox.ActRunWorkflow, ID: inquiry.ID, Outcome: "needs_review", Type: "report/phone-number", Query: map[string]any{"phone-number": "+14155550123"}, Signals: map[string]any{"phone-risk-level": "high"}})
	ok(t, err)
	got := reportIDs(server, inquiry.ID)
	if len(got) != 4 || !slices.Equal(got[:3], want) {
		t.Errorf("the inquiry's reports are %v, want %v and one more", got, want)
	}
	server.Advance(time.Minute)
	_, _, doc = server.do("GET", "/api/v1/reports/"+got[3], "")
	holds(t, doc["data"].(map[string]any), map[string]any{"status": "ready", "phone-risk-level": "high"})
}

func TestATestChoosesWhatAReportFinds(t *testing.T) {
	t.Parallel()
	server := start(t, frozen())
	inquiry := newInquiry(t, server.client(), "").ID
	run := func(signals map[string]any) (string, error) {
		return server.Act("sandbox", sandbox.Act{Do: sandbox.ActRunReport, ID: inquiry, Type: "report/watchlist", Query: map[string]any{"name-first": "Ada", "name-last": "Example"}, Signals: signals})
	}
	id, err := run(map[string]any{"has-match": true})
	ok(t, err)
	server.Advance(time.Minute)
	_, _, doc := server.do("GET", "/api/v1/reports/"+id, "")
	holds(t, doc["data"].(map[string]any), map[string]any{"status": "ready", "has-match": true})
	if lists := at(doc, "data", "attributes", "matched-lists").([]any); len(lists) != 1 {
		t.Errorf("the matched lists are %v", lists)
	}
	for signals, want := range map[string]string{"has-mach": `"has-match"`, "status": "is not a signal"} {
		if _, err := run(map[string]any{signals: true}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", signals, err)
		}
	}
	if _, err := run(map[string]any{"has-match": "yes"}); err == nil {
		t.Error("has-match took a text")
	}
	if got := reportIDs(server, inquiry); len(got) != 1 {
		t.Errorf("what was refused left a report behind: %v", got)
	}
}

func TestAMistypedFieldOfAnActIsRefusedWithTheNearestName(t *testing.T) {
	t.Parallel()
	server := start(t, frozen())
	for body, want := range map[string]string{
		`{"do":"submit","check":[]}`:                `did you mean "checks"?`,
		`{"do":"submit","checks":[{"nam":"x"}]}`:    `did you mean "name"?`,
		`{"do":"submit","extractd":{}}`:             `did you mean "extracted"?`,
		`{"do":"submit","checks":[{"status":1}]}`:   "the fields of this control",
		`{"do":"submit","wholly-unknown-field":{}}`: `there is no "wholly-unknown-field"`,
	} {
		status, _, doc := server.do("POST", "/_sandbox/act", body)
		if details, _ := at(doc, "errors", 0, "details").(string); status != 400 || !strings.Contains(details, want) {
			t.Errorf("%s: %d %v, want %s", body, status, doc, want)
		}
	}
}

// A passed ID writes the sample person's name into the inquiry.
func TestAMagicNameHoldsAfterAnIDHasPassed(t *testing.T) {
	t.Parallel()
	server := start(t, frozen())
	inquiry := func(name string) string {
		_, _, doc := server.do("POST", "/api/v1/inquiries", `{"data":{"attributes":{"inquiry-template-id":"`+sandbox.InquiryTemplateID+`","fields":{"name-last":"`+name+`"}}}}`)
		id := at(doc, "data", "id").(string)
		_, err := server.Act("sandbox", sandbox.Act{Do: sandbox.ActSubmit, ID: id, Type: "verification/government-id", Outcome: "passed"})
		ok(t, err)
		return id
	}
	selfie := func(id string) string {
		made, err := server.Act("sandbox", sandbox.Act{Do: sandbox.ActSubmit, ID: id, Type: "verification/selfie", Outcome: "passed"})
		ok(t, err)
		_, _, doc := server.do("GET", "/api/v1/verifications/"+made, "")
		return at(doc, "data", "attributes", "status").(string)
	}
	if status := selfie(inquiry("selfie_liveness_detection")); status != "failed" {
		t.Errorf("the selfie is %s", status)
	}
	id := inquiry("behavior-threat-level")
	_, _, doc := server.do("POST", "/api/v1/inquiries/"+id+"/perform-simulate-actions", `{"meta":{"simulate-actions":[{"type":"complete_inquiry"}]}}`)
	if got := at(doc, "data", "attributes", "behaviors", "behavior-threat-level"); got != "high" {
		t.Errorf("the behavior's threat level is %v", got)
	}
	id = inquiry("selfie_liveness_detection")
	server.do("PATCH", "/api/v1/inquiries/"+id, `{"data":{"attributes":{"fields":{"name-last":"Sample"}}}}`)
	if status := selfie(id); status != "passed" {
		t.Errorf("after another name, the selfie is %s", status)
	}
}
