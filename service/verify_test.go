package service

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/idemhq/idem/internal/api"
	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/store"
	"github.com/idemhq/idem/internal/verify"
	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox"
)

// testFlows are the flows of the tests.
func testFlows() map[string]FlowConfig {
	return map[string]FlowConfig{
		"kyc": {InquiryTemplate: sandbox.InquiryTemplateID, Attempts: 2, CoolDown: time.Hour},
	}
}

// verify asks to verify somebody, and expects an answer of a type.
func (w *world) verify(reference string) api.Verified {
	w.t.Helper()
	return post[api.Verified](w, "/v1/sandbox/verifications", fmt.Sprintf(`{"reference":%q,"flow":"kyc"}`, reference))
}

// post sends a request that must succeed.
func post[T any](w *world, path, body string) T {
	w.t.Helper()
	status, answer := w.request(path, body)
	var out T
	if status != http.StatusOK || json.Unmarshal([]byte(answer), &out) != nil {
		w.t.Fatalf("POST %s: %d %s", path, status, answer)
	}
	return out
}

// inquiries counts a subject's inquiries at the sandbox.
func (w *world) inquiries(reference string) (ids []string) {
	w.t.Helper()
	for i, err := range w.client.Inquiries.List(w.t.Context(), persona.InquiryListParams{ReferenceID: reference}) {
		if err != nil {
			w.t.Fatal(err)
		}
		ids = append(ids, i.ID)
	}
	return ids
}

func (w *world) verdict(reference string) domain.Verdict {
	w.t.Helper()
	return get[api.Subject](w, "/v1/sandbox/subjects/"+reference).Verdict
}

func testASubjectIsVerified(t *testing.T, database Secret) {
	w := newWorld(t, database)
	first := post[api.Verified](w, "/v1/sandbox/verifications", `{"reference":"user-1","flow":"kyc","redirect_uri":"https://host.example/done","fields":{"name-first":"Zwentibold"}}`)
	if first.Action != verify.ActionCreated || first.Link == "" || first.ID == "" || first.Inquiry == nil || first.Inquiry.Status != "created" || first.Attempts != 1 || first.ExpiresAt == nil {
		t.Fatalf("the first call: %+v", first)
	}
	made, err := w.client.Inquiries.Get(t.Context(), first.Inquiry.ID)
	if err != nil {
		t.Fatal(err)
	}
	if given := made.Attributes.Fields["name-first"].Text(); made.Attributes.ReferenceID != "user-1" || given != "Zwentibold" {
		t.Errorf("the inquiry is of %q, with the first name %s", made.Attributes.ReferenceID, given)
	}
	again := w.verify("user-1")
	if again.Action != verify.ActionReused || again.Inquiry == nil || again.Inquiry.ID != first.Inquiry.ID || again.Link == "" || again.ID != first.ID {
		t.Errorf("the second call: %+v", again)
	}
	w.simulate(first.Inquiry.ID, "start_inquiry")
	if pending := w.verify("user-1"); pending.Action != verify.ActionReused || pending.Inquiry.Status != "pending" || pending.Link == "" {
		t.Errorf("while the person is at it: %+v", pending)
	}
	w.simulate(first.Inquiry.ID, "create_passed_verification", "complete_inquiry")
	w.eventually("the subject is approved", func() bool { return w.verdict("user-1") == domain.VerdictApproved })
	calls := len(w.sandbox.Calls(sandbox.EnvironmentSandbox))
	if approved := w.verify("user-1"); approved.Action != verify.ActionAlreadyApproved || approved.Link != "" || approved.Inquiry != nil || approved.Verdict != domain.VerdictApproved {
		t.Errorf("after the approval: %+v", approved)
	}
	for _, call := range w.sandbox.Calls(sandbox.EnvironmentSandbox)[calls:] {
		if strings.Contains(call.Path, "/inquiries") && call.Method == http.MethodPost {
			t.Errorf("after the approval it called %s %s", call.Method, call.Path)
		}
	}
	if n := len(w.inquiries("user-1")); n != 1 {
		t.Errorf("there are %d inquiries", n)
	}
	if log := w.log.String(); strings.Contains(log, "Zwentibold") || strings.Contains(log, "verify?code=") || strings.Contains(log, "host.example") {
		t.Error("the log contains a field, a link or the redirect address")
	}
}

func testAttemptsCoolDownsAndResetsCount(t *testing.T, database Secret) {
	w := newWorld(t, database, "inquiry.created") // the policy would mark the failed inquiry for review, and it would be reused
	first := w.verify("user-1")
	w.simulate(first.Inquiry.ID, "start_inquiry", "fail_inquiry")
	cooling := w.verify("user-1")
	if cooling.Action != verify.ActionRefused || cooling.Reason != verify.CoolingDown || cooling.RetryAt == nil || time.Until(*cooling.RetryAt).Round(time.Minute) != time.Hour {
		t.Fatalf("after a failed inquiry: %+v", cooling)
	}
	reset := post[api.Verification](w, "/v1/sandbox/verifications/"+first.ID+"/reset", `{"reason":"the camera was broken"}`)
	if reset.ResetAt == nil || reset.Attempts != 0 || reset.InquiryID != first.Inquiry.ID {
		t.Errorf("after the reset: %+v", reset)
	}
	second := w.verify("user-1")
	if second.Action != verify.ActionCreated || second.Attempts != 1 || second.Inquiry.ID == first.Inquiry.ID {
		t.Fatalf("after the reset: %+v", second)
	}
	w.simulate(second.Inquiry.ID, "expire_inquiry")
	third := w.verify("user-1")
	if third.Action != verify.ActionCreated || third.Attempts != 2 {
		t.Fatalf("after it expired: %+v", third)
	}
	w.simulate(third.Inquiry.ID, "expire_inquiry")
	if last := w.verify("user-1"); last.Action != verify.ActionRefused || last.Reason != verify.AttemptsUsed || last.RetryAt != nil || last.ID != first.ID {
		t.Errorf("after the last attempt: %+v", last)
	}
	shown := get[api.Verification](w, "/v1/sandbox/verifications/"+first.ID)
	if shown.InquiryID != third.Inquiry.ID || len(shown.Earlier) != 2 || shown.Earlier[0].ID != first.Inquiry.ID || shown.Starting {
		t.Errorf("it shows %+v", shown)
	}
	listed := get[listed[api.Verification]](w, "/v1/sandbox/verifications?reference=user-1&flow=kyc").Data
	if len(listed) != 1 || listed[0].ID != first.ID {
		t.Errorf("the list has %+v", listed)
	}
	if none := get[struct{ Data []api.Verification }](w, "/v1/sandbox/verifications?reference=user-2").Data; len(none) != 0 {
		t.Errorf("another subject has %+v", none)
	}
	var trail []string
	for _, e := range get[api.AuditTrail](w, "/v1/sandbox/audit").Entries {
		if strings.HasPrefix(e.What, "verification.") {
			trail = append(trail, e.What)
		}
		if e.What == "verification.reset" && (!strings.Contains(e.Detail, "the camera was broken") || e.Actor != "api") {
			t.Errorf("the entry of the reset: %+v", e)
		}
	}
	if want := []string{"verification.started", "verification.reset", "verification.started", "verification.started"}; !slices.Equal(trail, want) {
		t.Errorf("the audit trail has %v, want %v", trail, want)
	}
}

func testAHundredCallsMakeOneInquiry(t *testing.T, database Secret) {
	w := newWorld(t, database)
	answers := make([]api.Verified, 100)
	var all sync.WaitGroup
	for i := range answers {
		all.Go(func() { answers[i] = w.verify("user-1") })
	}
	all.Wait()
	created := 0
	for _, a := range answers {
		if a.Action == verify.ActionCreated {
			created++
		}
		if a.Inquiry == nil || a.Inquiry.ID != answers[0].Inquiry.ID || a.Link == "" {
			t.Errorf("an answer is %+v", a)
		}
	}
	if n := len(w.inquiries("user-1")); n != 1 || created != 1 {
		t.Errorf("%d inquiries, and %d answers say created", n, created)
	}
}

// testLostAnswersMakeOneInquiry loses answers of Persona to the request for an inquiry.
func testLostAnswersMakeOneInquiry(t *testing.T, database Secret) {
	if testing.Short() {
		t.Skip("-short: it takes several seconds")
	}
	w := newWorld(t, database)
	person := 0
	for name, faults := range map[string][]string{
		"one answer is lost":              {"kind=lost_answer,operation=Inquiries.Create,times=1"},
		"all answers of a call are lost":  {"kind=lost_answer,operation=Inquiries.Create,times=3"},
		"the answers of calls are lost":   {"kind=lost_answer,operation=Inquiries.Create,times=7"},
		"a gateway hides them":            {"kind=status_after,status=503,operation=Inquiries.Create,times=3"},
		"a gateway fails before the call": {"kind=status_before,status=502,operation=Inquiries.Create,times=3"},
		"links are lost too":              {"kind=lost_answer,operation=Inquiries.Create,times=3", "kind=lost_answer,operation=Inquiries.GenerateOneTimeLink,times=4"},
		"the list of inquiries fails":     {"kind=lost_answer,operation=Inquiries.Create,times=3", "kind=status_before,status=500,operation=Inquiries.List,times=4"},
		"a 500 comes after the effect":    {"kind=status_after,status=500,operation=Inquiries.Create,times=1"},
		"the rate limit comes in between": {"kind=rate_limited,delay=1s,operation=Inquiries.Create,times=1"},
	} {
		t.Run(name, func(t *testing.T) {
			person++
			reference := fmt.Sprintf("user-%d", person)
			w.sandbox.ClearFaults()
			for _, text := range faults {
				fault, err := sandbox.ParseFault(text)
				if err == nil {
					err = w.sandbox.AddFault(fault)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			var answer api.Verified
			fields := 0
			w.eventually("a call succeeds", func() bool {
				fields++ // a repeated request need not be the same
				status, text := w.request("/v1/sandbox/verifications", fmt.Sprintf(`{"reference":%q,"flow":"kyc","fields":{"name-first":"Name %d"}}`, reference, fields))
				if status != http.StatusOK && status != http.StatusServiceUnavailable {
					t.Fatalf("answered %d: %s", status, text)
				}
				return status == http.StatusOK && json.Unmarshal([]byte(text), &answer) == nil
			})
			if ids := w.inquiries(reference); len(ids) != 1 || answer.Inquiry == nil || answer.Inquiry.ID != ids[0] || answer.Link == "" || answer.Attempts != 1 {
				t.Errorf("there are the inquiries %v, and the answer is %+v", ids, answer)
			}
			for _, f := range w.sandbox.Faults() {
				if f.Happened == 0 {
					t.Errorf("%s did not happen", f.Kind)
				}
			}
		})
	}
}

func testAVerificationIsCancelledAndGetsLinks(t *testing.T, database Secret) {
	w := newWorld(t, database)
	first := w.verify("user-1")
	path := "/v1/sandbox/verifications/" + first.ID
	linked := post[api.Verified](w, path+"/links", "{}")
	if linked.Link == "" || linked.Inquiry.ID != first.Inquiry.ID {
		t.Errorf("another link: %+v", linked)
	}
	cancelled := post[api.Verification](w, path+"/cancel", `{"reason":"the person left"}`)
	if cancelled.InquiryID != first.Inquiry.ID {
		t.Errorf("cancelled: %+v", cancelled)
	}
	post[api.Verification](w, path+"/cancel", `{"reason":"once more"}`) // has no effect
	if n := w.effects("inquiry.expired", first.Inquiry.ID); n != 1 {
		t.Errorf("the inquiry expired %d times", n)
	}
	if status, answer := w.request(path+"/links", "{}"); status != http.StatusConflict || !strings.Contains(answer, "is expired and cannot be opened") {
		t.Errorf("a link to a cancelled inquiry: %d %s", status, answer)
	}
	second := w.verify("user-1")
	if second.Action != verify.ActionCreated || second.Inquiry.ID == first.Inquiry.ID {
		t.Fatalf("after it was cancelled: %+v", second)
	}
	w.simulate(second.Inquiry.ID, "start_inquiry", "create_failed_verification", "complete_inquiry")
	w.eventually("it is in review", func() bool { return w.verdict("user-1") == domain.VerdictReview })
	review := w.verify("user-1")
	if review.Action != verify.ActionReused || review.Verdict != domain.VerdictReview || review.Inquiry.ID != second.Inquiry.ID || review.Link == "" {
		t.Errorf("in review: %+v", review)
	}
	if linked := post[api.Verified](w, path+"/links", "{}"); linked.Link == "" {
		t.Errorf("a link in review: %+v", linked)
	}
	if status, answer := w.request(path+"/cancel", `{"reason":"too late"}`); status != http.StatusConflict || !strings.Contains(answer, "cannot be cancelled") {
		t.Errorf("cancelled in review: %d %s", status, answer)
	}
	if n := len(w.inquiries("user-1")); n != 2 {
		t.Errorf("there are %d inquiries", n)
	}
}

func testBadRequestsToVerifyAreRejected(t *testing.T, database Secret) {
	w := newWorld(t, database)
	id := w.verify("user-1").ID
	calls := len(w.sandbox.Calls(sandbox.EnvironmentSandbox))
	for name, test := range map[string]struct {
		path, body string
		want       int
		says       string
	}{
		"an unknown flow":                        {"", `{"reference":"user-1","flow":"kyb"}`, 404, `there is no flow \"kyb\"; did you mean \"kyc\"? There are: kyc`},
		"a flow that is nothing like one":        {"", `{"reference":"user-1","flow":"mortgage"}`, 404, `there is no flow \"mortgage\". There are: kyc`},
		"no flow":                                {"", `{"reference":"user-1"}`, 422, "flow"},
		"no reference":                           {"", `{"flow":"kyc"}`, 422, "reference"},
		"an empty reference":                     {"", `{"reference":"","flow":"kyc"}`, 422, "reference"},
		"a blank reference":                      {"", `{"reference":"  ","flow":"kyc"}`, 422, "reference"},
		"a reference with a NUL":                 {"", `{"reference":"a\u0000","flow":"kyc"}`, 422, "reference"},
		"a reference that is too long":           {"", `{"reference":"` + strings.Repeat("x", 255) + `","flow":"kyc"}`, 422, "reference"},
		"an unknown member":                      {"", `{"reference":"user-1","flow":"kyc","template":"itmpl_1"}`, 422, "template"},
		"fields that are a list":                 {"", `{"reference":"user-1","flow":"kyc","fields":[]}`, 422, "fields"},
		"a redirect to a script":                 {"", `{"reference":"user-1","flow":"kyc","redirect_uri":"javascript:alert(1)"}`, 422, "redirect_uri"},
		"a redirect without https":               {"", `{"reference":"user-1","flow":"kyc","redirect_uri":"http://host.example"}`, 422, "it must begin with https://"},
		"a redirect with a password":             {"", `{"reference":"user-1","flow":"kyc","redirect_uri":"https://a:b@host.example"}`, 422, "redirect_uri"},
		"a body that is too long":                {"", `{"reference":"user-1","flow":"kyc","fields":{"note":"` + strings.Repeat("x", 70_000) + `"}}`, 413, ""},
		"a body that is not JSON":                {"", `{`, 400, ""},
		"an unknown verification":                {"/vfy_no/links", `{}`, 404, ""},
		"a reset of an unknown verification":     {"/vfy_no/reset", `{"reason":"x"}`, 404, ""},
		"a reset without a reason":               {"/" + id + "/reset", `{}`, 422, "reason"},
		"a reset with a blank reason":            {"/" + id + "/reset", `{"reason":" "}`, 422, "say why"},
		"a cancellation with a NUL":              {"/" + id + "/cancel", `{"reason":"a\u0000"}`, 422, "reason"},
		"a cancellation with a very long reason": {"/" + id + "/cancel", `{"reason":"` + strings.Repeat("x", 501) + `"}`, 422, "reason"},
		"a cancellation of an unknown one":       {"/vfy_no/cancel", `{"reason":"x"}`, 404, ""},
		"an id with a NUL":                       {"/%00/cancel", `{"reason":"x"}`, 422, ""},
		"a list of an empty flow":                {"?flow=", "", 422, ""},
		"a list with an unknown filter":          {"?subject=user-1", "", 422, "subject"},
		"an unknown verification is read":        {"/vfy_no", "", 404, ""},
		"another environment":                    {"/v1/production/verifications", `{"reference":"user-1","flow":"kyc"}`, 404, "not configured"},
	} {
		t.Run(name, func(t *testing.T) {
			path := "/v1/sandbox/verifications" + test.path
			if strings.HasPrefix(test.path, "/v1/") {
				path = test.path
			}
			status, answer := w.request(path, test.body)
			if status != test.want || !strings.Contains(answer, test.says) {
				t.Errorf("answered %d, want %d: %s", status, test.want, answer)
			}
		})
	}
	for _, call := range w.sandbox.Calls(sandbox.EnvironmentSandbox)[calls:] {
		if call.Path != "/api/v1/events" { // the service reconciles when it starts
			t.Errorf("Persona was called: %s %s", call.Method, call.Path)
		}
	}
	if status, answer := w.request("/v1/sandbox/verifications", `{"reference":"user-2","flow":"kyc","fields":{"no-such-field":1}}`); status != http.StatusUnprocessableEntity || !strings.Contains(answer, "Persona rejects the request") {
		t.Errorf("a field that the template does not have: %d %s", status, answer)
	}
	if after := w.verify("user-2"); after.Action != verify.ActionCreated || after.Attempts != 1 {
		t.Errorf("after a rejected request: %+v", after)
	}
}

// testADeclinedSubjectStartsAgain uses the built-in policy, under which a person must approve
// who was declined before.
func testADeclinedSubjectStartsAgain(t *testing.T, database Secret) {
	w := newWorld(t, database)
	first := w.verify("user-1")
	w.simulate(first.Inquiry.ID, "start_inquiry", "create_failed_verification", "complete_inquiry", "decline_inquiry")
	w.eventually("the subject is declined", func() bool { return w.verdict("user-1") == domain.VerdictDeclined })
	post[api.Verification](w, "/v1/sandbox/verifications/"+first.ID+"/reset", `{"reason":"no cool-down for this test"}`)
	second := w.verify("user-1")
	if second.Action != verify.ActionCreated || second.Verdict != domain.VerdictDeclined {
		t.Fatalf("a declined subject: %+v", second)
	}
	w.eventually("the inquiry is known", func() bool {
		return len(get[listed[api.Object]](w, "/v1/sandbox/objects?object="+second.Inquiry.ID).Data) == 1
	})
	if again := w.verify("user-1"); again.Action != verify.ActionReused || again.Inquiry.ID != second.Inquiry.ID {
		t.Errorf("while the second is open: %+v", again)
	}
}

// testTheDocumentDescribesVerifications makes each request about verifications, and compares
// the answers with the API's document.
func testTheDocumentDescribesVerifications(t *testing.T, database Secret) {
	w := newWorld(t, database)
	document := get[map[string]any](w, "/openapi.json")
	id := w.verify("user-1").ID
	made := w.verify("user-2")
	w.simulate(made.Inquiry.ID, "start_inquiry", "fail_inquiry")
	driven := map[string]bool{}
	for _, test := range []struct {
		method, path, body string
		want               int
	}{
		{"POST", "", `{"reference":"user-1","flow":"kyc"}`, 200},
		{"POST", "", `{"reference":"user-2","flow":"kyc"}`, 200}, // refused
		{"POST", "", `{"reference":"user-1","flow":"kyb"}`, 404},
		{"POST", "", `{"reference":"user-1","flow":"kyc","redirect_uri":"x"}`, 422},
		{"POST", "", `{"reference":"user-1","flow":"kyc","fields":{"a":"` + strings.Repeat("x", 70_000) + `"}}`, 413},
		{"GET", "", "", 200},
		{"GET", "/{id}", "", 200},
		{"POST", "/{id}/links", "{}", 200},
		{"POST", "/{id}/reset", `{"reason":"a test"}`, 200},
		{"POST", "/{id}/cancel", `{"reason":"a test"}`, 200},
		{"POST", "/{id}/links", "{}", 409},
	} {
		path := "/v1/{environment}/verifications" + test.path
		driven[test.method+" "+path] = true
		status, answer := w.request(strings.NewReplacer("{environment}", "sandbox", "{id}", id).Replace(path), test.body)
		if status != test.want {
			t.Errorf("%s %s: answered %d: %s", test.method, path, status, answer)
			continue
		}
		media := "application~1json"
		if status >= 400 {
			media = "application~1problem+json"
		}
		pointer := fmt.Sprintf("/paths/%s/%s/responses/%d/content/%s/schema", strings.ReplaceAll(path, "/", "~1"), strings.ToLower(test.method), status, media)
		checkSchema(t, document, pointer, []byte(answer))
	}
	for path, item := range document["paths"].(map[string]any) {
		for method := range item.(map[string]any) {
			if operation := strings.ToUpper(method) + " " + path; strings.Contains(path, "/verifications") && !driven[operation] {
				t.Errorf("no request of this test is %s", operation)
			}
		}
	}
	checkSchema(t, document, "/paths/~1v1~1{environment}~1verifications/post/requestBody/content/application~1json/schema",
		[]byte(`{"reference":"user-1042","flow":"kyc","fields":{"name-first":"Jane","count":7},"redirect_uri":"https://host.example/verified"}`))
}

// testNothingThatAPersonEntersIsStored looks for what a call was given, and for what it
// answered, in the database and the log.
func testNothingThatAPersonEntersIsStored(t *testing.T, database Secret) {
	w := newWorld(t, database, "report.ready") // no event about the inquiry, which has the fields
	a := post[api.Verified](w, "/v1/sandbox/verifications", `{"reference":"user-1","flow":"kyc","redirect_uri":"https://host.example/done?token=Hildegunde","fields":{"name-first":"Zwentibold"}}`)
	rows, err := w.service.db.Verifications(t.Context(), domain.Sandbox, store.Filter{})
	if err != nil || len(rows.Rows) != 1 {
		t.Fatalf("%+v, error %v", rows, err)
	}
	trail, err := w.service.db.AuditTrail(t.Context(), domain.Sandbox, 0, 100)
	if err != nil || len(trail) == 0 {
		t.Fatalf("%+v, error %v", trail, err)
	}
	_, code, _ := strings.Cut(a.Link, "code=")
	stored := fmt.Sprintf("%+v %+v %s", rows.Rows, trail, w.log)
	for _, text := range []string{"Zwentibold", "Hildegunde", "host.example", code} {
		if text == "" || strings.Contains(stored, text) {
			t.Errorf("%q is stored or logged", text)
		}
	}
}

// testVerificationsAreCounted reads the metrics of verifications.
func testVerificationsAreCounted(t *testing.T, database Secret) {
	w := newWorld(t, database)
	w.verify("user-1")
	w.verify("user-1")
	if _, err := w.service.Verify(t.Context(), Sandbox, VerifyRequest{Reference: "user-1", Flow: "kyc"}); err != nil {
		t.Fatal(err)
	}
	w.request("/v1/sandbox/verifications", `{"reference":"user-1","flow":"made-up"}`)
	status, metrics := w.request("/metrics", "")
	for _, want := range []string{
		`idem_verifications_total{environment="sandbox",flow="kyc",result="created"} 1`, `idem_verifications_total{environment="sandbox",flow="kyc",result="reused"} 2`,
		`idem_verifications_total{environment="sandbox",flow="",result="invalid"} 1`, `idem_verification_seconds_count{environment="sandbox",flow="kyc"} 3`,
	} {
		if !strings.Contains(metrics, want+"\n") {
			t.Errorf("%d without %s", status, want)
		}
	}
	if strings.Contains(metrics, "made-up") {
		t.Error("a caller can make up names of flows")
	}
}

// testAProgramThatEmbedsTheServiceVerifies calls the service without its API.
func testAProgramThatEmbedsTheServiceVerifies(t *testing.T, database Secret) {
	w := newWorld(t, database)
	first, err := w.service.Verify(t.Context(), Sandbox, VerifyRequest{Reference: "user-1", Flow: "kyc", Fields: map[string]json.RawMessage{"name-first": json.RawMessage(`"Jane"`)}})
	if err != nil || first.Action != ActionCreated || first.Link == "" || first.InquiryStatus != "created" {
		t.Fatalf("the first call: %+v, error %v", first, err)
	}
	again, err := w.service.Verify(t.Context(), Sandbox, VerifyRequest{Reference: "user-1", Flow: "kyc"})
	if err != nil || again.Action != ActionReused || again.InquiryID != first.InquiryID || again.ID != first.ID {
		t.Errorf("the second call: %+v, error %v", again, err)
	}
	for want, r := range map[error]VerifyRequest{
		ErrUnknownFlow:        {Reference: "user-1", Flow: "kyb"},
		ErrInvalidRequest:     {Reference: "user-1", Flow: "kyc", RedirectURI: "javascript:alert(1)"},
		persona.ErrBadRequest: {Reference: "user-2", Flow: "kyc", Fields: map[string]json.RawMessage{"no-such-field": json.RawMessage(`1`)}},
	} {
		if _, err := w.service.Verify(t.Context(), Sandbox, r); !errors.Is(err, want) {
			t.Errorf("%+v: %v, want %v", r, err, want)
		}
	}
	if _, err := w.service.Verify(t.Context(), Sandbox, VerifyRequest{Flow: "kyc"}); !errors.Is(err, ErrInvalidRequest) {
		t.Errorf("without a reference: %v", err)
	}
}

// testFlowsAreReloaded adds a flow and changes one while the service runs.
func testFlowsAreReloaded(t *testing.T, database Secret) {
	w := newWorld(t, database)
	first := w.verify("user-1")
	cfg := w.service.cfg
	cfg.Environments = map[Environment]EnvironmentConfig{Sandbox: cfg.Environments[Sandbox]}
	e := cfg.Environments[Sandbox]
	e.Flows = map[string]FlowConfig{"kyc": {InquiryTemplate: sandbox.InquiryTemplateID, Mode: "embedded"}, "kyb": {InquiryTemplate: "itmpl_Absent"}}
	cfg.Environments[Sandbox] = e
	if err := w.service.Reload(t.Context(), func() (Config, error) { return cfg, cfg.Check() }); err != nil {
		t.Fatal(err)
	}
	if again := w.verify("user-1"); again.SessionToken == "" || again.Link != "" || again.Inquiry.ID != first.Inquiry.ID {
		t.Errorf("the changed flow: %+v", again)
	}
	if status, answer := w.request("/v1/sandbox/verifications", `{"reference":"user-1","flow":"kyb"}`); status != http.StatusUnprocessableEntity {
		t.Errorf("the added flow, whose template there is not: %d %s", status, answer)
	}
}
