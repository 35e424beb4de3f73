package sandbox_test

import (
	"bytes"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/idemhq/idem/sandbox"
)

// paid makes a transaction with a payer, and returns the ids of both.
func (s *server) paid() (transaction, payer string) {
	s.t.Helper()
	payer = s.id("POST", "/accounts", `{"data":{"attributes":{"reference-id":"payer"}}}`, 201)
	transaction = s.id("POST", "/transactions", `{"data":{"attributes":{"transaction-type-id":"`+sandbox.TransactionTypeID+`"}}}`, 201)
	s.id("POST", "/transactions/"+transaction+"/add-relation", `{"meta":{"relation-schema-key":"payer","target-object-id":"`+payer+`"}}`, 200)
	return transaction, payer
}

// acted performs an act and returns the id of what it made.
func (s *server) acted(a sandbox.Act) string {
	s.t.Helper()
	id, err := s.Act("sandbox", a)
	ok(s.t, err)
	return id
}

// related returns the id that a relationship leads to.
func (s *server) related(path, relationship string) any {
	s.t.Helper()
	status, _, doc := s.do("GET", "/api/v1"+path, "")
	if status != http.StatusOK {
		s.t.Fatalf("%s: %d %v", path, status, doc)
	}
	return at(doc, "data", "relationships", relationship, "data", "id")
}

func TestWhatIsMadeForATransactionSaysSo(t *testing.T) {
	t.Parallel()
	server := start(t, frozen())
	transaction, payer := server.paid()
	inquiry := server.acted(sandbox.Act{Do: sandbox.ActMakeInquiry, ID: transaction})
	of := map[string]string{
		"the inquiry":                       "/inquiries/" + inquiry,
		"a verification of the inquiry":     "/verifications/" + server.acted(sandbox.Act{Do: sandbox.ActSubmit, ID: inquiry, Type: "verification/government-id", Outcome: "passed"}),
		"a document of the inquiry":         "/documents/" + server.acted(sandbox.Act{Do: sandbox.ActSubmit, ID: inquiry, Type: "document/generic", Outcome: "processed"}),
		"a report of the inquiry":           "/reports/" + server.acted(sandbox.Act{Do: sandbox.ActRunReport, ID: inquiry, Type: "report/watchlist", Query: map[string]any{"term": "Ada"}}),
		"a verification of the transaction": "/verifications/" + server.acted(sandbox.Act{Do: sandbox.ActSubmit, ID: transaction, Type: "verification/database", Outcome: "failed"}),
		"a document of the transaction":     "/documents/" + server.acted(sandbox.Act{Do: sandbox.ActSubmit, ID: transaction, Type: "document/generic", Outcome: "processed"}),
		"a report of the transaction":       "/reports/" + server.acted(sandbox.Act{Do: sandbox.ActRunReport, ID: transaction, Type: "report/watchlist", Query: map[string]any{"term": "Ada"}}),
	}
	for what, path := range of {
		if got := server.related(path, "transaction"); got != transaction {
			t.Errorf("%s is for the transaction %v", what, got)
		}
		isOf := strings.HasSuffix(what, "of the inquiry")
		if got := server.related(path, "inquiry"); isOf != (got == inquiry) {
			t.Errorf("%s belongs to the inquiry %v", what, got)
		}
	}
	for _, what := range []string{"the inquiry", "a report of the inquiry", "a report of the transaction"} {
		if got := server.related(of[what], "account"); got != payer {
			t.Errorf("%s is about the account %v, not about the payer", what, got)
		}
	}
	_, _, doc := server.do("GET", "/api/v1/transactions/"+transaction, "")
	related, _ := at(doc, "data", "relationships", "related-objects", "data").([]any)
	for _, id := range []string{payer, inquiry, strings.TrimPrefix(of["a verification of the transaction"], "/verifications/"), strings.TrimPrefix(of["a report of the transaction"], "/reports/")} {
		if !slices.ContainsFunc(related, func(r any) bool { return at(r, "id") == id }) {
			t.Errorf("the related objects lack %s: %v", id, related)
		}
	}
	if got := server.related("/reports/"+server.id("POST", "/reports", `{"data":{"type":"report/watchlist","attributes":{"report-template-id":"`+sandbox.WatchlistReportTemplateID+`","account-id":"`+payer+`","query":{"term":"Ada"}}}}`, 201), "transaction"); got != transaction {
		t.Errorf("a report about the account, whose latest inquiry is the transaction's, is for %v", got)
	}
}

func TestWhatIsMadeForNoTransactionNamesNone(t *testing.T) {
	t.Parallel()
	server := start(t, frozen())
	inquiry := server.id("POST", "/inquiries", `{"data":{"attributes":{"inquiry-template-id":"`+sandbox.InquiryTemplateID+`"}}}`, 201)
	verification := server.acted(sandbox.Act{Do: sandbox.ActSubmit, ID: inquiry, Type: "verification/database", Outcome: "passed"})
	for _, path := range []string{"/inquiries/" + inquiry, "/verifications/" + verification} {
		_, _, doc := server.do("GET", "/api/v1"+path, "")
		if of, shown := at(doc, "data", "relationships", "transaction").(map[string]any); !shown || of["data"] != nil {
			t.Errorf("%s: %v", path, of)
		}
	}
}

func TestATransactionIncludesWhatWasMadeForIt(t *testing.T) {
	t.Parallel()
	server := start(t, frozen())
	transaction, _ := server.paid()
	inquiry := server.acted(sandbox.Act{Do: sandbox.ActMakeInquiry, ID: transaction, Template: sandbox.InquiryTemplateID})
	_, _, doc := server.do("GET", "/api/v1/inquiries/"+inquiry+"?include=transaction", "")
	included, _ := at(doc, "included").([]any)
	if len(included) != 1 || at(included, 0, "id") != transaction {
		t.Errorf("%v", included)
	}
}

func TestAWorkflowDecidesOnATransaction(t *testing.T) {
	t.Parallel()
	server := start(t, frozen())
	transaction, _ := server.paid()
	run := server.acted(sandbox.Act{Do: sandbox.ActRunWorkflow, ID: transaction, Outcome: "declined"})
	_, _, doc := server.do("GET", "/api/v1/transactions/"+transaction, "")
	if at(doc, "data", "attributes", "status") != "declined" || at(doc, "data", "relationships", "reviewer", "data", "id") != run {
		t.Errorf("%v", doc)
	}
	if names := events(t, server.client()); count(names, "transaction.status-updated") != 1 || count(names, "workflow-run.created") != 1 {
		t.Errorf("events %v", names)
	}
}

func TestARunOfAWorkflowNamesTheEventThatStartedIt(t *testing.T) {
	t.Parallel()
	server := start(t, frozen())
	inquiry := server.id("POST", "/inquiries", `{"data":{"attributes":{"inquiry-template-id":"`+sandbox.InquiryTemplateID+`"}}}`, 201)
	run := server.acted(sandbox.Act{Do: sandbox.ActRunWorkflow, ID: inquiry, Outcome: "approved"})
	_, _, doc := server.do("GET", "/api/v1/workflow-runs/"+run+"?include=creator", "")
	if at(doc, "data", "relationships", "creator", "data", "type") != "event" || at(doc, "included", 0, "attributes", "name") != "inquiry.created" ||
		at(doc, "included", 0, "attributes", "payload", "data", "id") != inquiry {
		t.Errorf("%v", doc)
	}
	if got := server.related("/workflow-runs/"+server.id("POST", "/workflows/"+sandbox.WorkflowID+"/trigger", `{"data":{"attributes":{"fields":{}}}}`, 200), "creator"); got != nil {
		t.Errorf("a run that a key triggered was created by %v", got)
	}
}

func TestATransactionThatIsRedactedTakesWhatWasMadeForItAlong(t *testing.T) {
	t.Parallel()
	server := start(t, frozen())
	transaction, _ := server.paid()
	verification := server.acted(sandbox.Act{Do: sandbox.ActSubmit, ID: transaction, Type: "verification/database", Outcome: "passed"})
	report := server.acted(sandbox.Act{Do: sandbox.ActRunReport, ID: transaction, Type: "report/watchlist", Query: map[string]any{"term": "Ada"}})
	server.Advance(time.Second)
	server.id("POST", "/verifications/"+verification+"/investigation-lock", "", 200)
	if status, _, doc := server.do("DELETE", "/api/v1/transactions/"+transaction, ""); status != 409 {
		t.Errorf("with a locked verification: %d %v", status, doc)
	}
	server.id("POST", "/verifications/"+verification+"/investigation-unlock", "", 200)
	server.id("DELETE", "/transactions/"+transaction, "", 200)
	for _, path := range []string{"/verifications/" + verification, "/reports/" + report} {
		_, _, doc := server.do("GET", "/api/v1"+path, "")
		if at(doc, "data", "attributes", "redacted-at") == nil || at(doc, "data", "attributes", "name-first") != nil {
			t.Errorf("%s: %v", path, doc)
		}
	}
	for _, a := range []sandbox.Act{
		{Do: sandbox.ActMakeInquiry}, {Do: sandbox.ActSubmit, Type: "verification/database", Outcome: "passed"},
		{Do: sandbox.ActRunReport, Type: "report/watchlist", Query: map[string]any{"term": "Ada"}}, {Do: sandbox.ActRunWorkflow, Outcome: "approved"},
	} {
		a.ID = transaction
		if _, err := server.Act("sandbox", a); err == nil || !strings.Contains(err.Error(), "redacted") {
			t.Errorf("%s for a redacted transaction: %v", a.Do, err)
		}
	}
}

func TestWhatCannotBeMadeForATransactionIsRefused(t *testing.T) {
	t.Parallel()
	server := start(t, frozen())
	transaction, payer := server.paid()
	for what, a := range map[string]sandbox.Act{
		"no selfie":        {Do: sandbox.ActSubmit, Type: "selfie/profile-and-center", Outcome: "processed"},
		"takes no selfie":  {Do: sandbox.ActSubmit, Type: "verification/selfie", Outcome: "passed"},
		"inquiry template": {Do: sandbox.ActMakeInquiry, Template: sandbox.CaseTemplateID},
		"outcome must be":  {Do: sandbox.ActRunWorkflow, Outcome: "perhaps"},
	} {
		a.ID = transaction
		if _, err := server.Act("sandbox", a); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("%+v: %v", a, err)
		}
	}
	server.acted(sandbox.Act{Do: sandbox.ActArchiveAccount, ID: payer})
	if _, err := server.Act("sandbox", sandbox.Act{Do: sandbox.ActMakeInquiry, ID: transaction}); err == nil || !strings.Contains(err.Error(), "archived") {
		t.Errorf("an inquiry about an archived payer: %v", err)
	}
}

func TestASerproVerificationComparesTheSelfieOfItsInquiry(t *testing.T) {
	t.Parallel()
	server := start(t, frozen())
	inquiry := server.id("POST", "/inquiries", `{"data":{"attributes":{"inquiry-template-id":"`+sandbox.InquiryTemplateID+`"}}}`, 201)
	selfie := server.acted(sandbox.Act{Do: sandbox.ActSubmit, ID: inquiry, Type: "selfie/profile-and-center", Outcome: "processed"})
	verification := server.acted(sandbox.Act{Do: sandbox.ActSubmit, ID: inquiry, Type: "verification/database-serpro", Outcome: "passed"})
	if got := server.related("/verifications/"+verification, "selfie"); got != selfie {
		t.Errorf("it compares the selfie %v", got)
	}
}

func TestTheReviewerOfADecisionIsWhoDecided(t *testing.T) {
	t.Parallel()
	server := start(t, frozen())
	made := func() string {
		return server.id("POST", "/inquiries", `{"data":{"attributes":{"inquiry-template-id":"`+sandbox.InquiryTemplateID+`"}}}`, 201)
	}
	for kind, status := range map[sandbox.ActKind]string{
		sandbox.ActApproveInquiry: "approved", sandbox.ActDeclineInquiry: "declined", sandbox.ActMarkInquiryForReview: "needs_review",
	} {
		inquiry := made()
		server.acted(sandbox.Act{Do: kind, ID: inquiry, Text: "Looked at it"})
		_, _, doc := server.do("GET", "/api/v1/inquiries/"+inquiry+"?include=reviewer", "")
		if at(doc, "data", "attributes", "status") != status || at(doc, "data", "attributes", "reviewer-comment") != "Looked at it" ||
			at(doc, "data", "relationships", "reviewer", "data", "type") != "user" || at(doc, "included", 0, "attributes", "email-address") == nil {
			t.Errorf("%s: %v", kind, doc)
		}
		_, _, doc = server.do("GET", "/api/v1/inquiries/"+inquiry, "", "Persona-Version", "2020-05-18")
		if at(doc, "data", "attributes", "reviewer-type") != "user" || at(doc, "data", "attributes", "reviewer") == nil {
			t.Errorf("%s in the first version: %v", kind, at(doc, "data", "attributes"))
		}
		if _, err := server.Act("sandbox", sandbox.Act{Do: kind, ID: inquiry}); err == nil {
			t.Errorf("%s happens twice", kind)
		}
	}
	inquiry := made()
	if got := server.related("/inquiries/"+inquiry, "reviewer"); got != nil {
		t.Errorf("nobody decided, and the reviewer is %v", got)
	}
	server.acted(sandbox.Act{Do: sandbox.ActApproveInquiry, ID: inquiry})
	server.id("POST", "/inquiries/"+inquiry+"/decline", "", 200)
	if got := server.related("/inquiries/"+inquiry, "reviewer"); got != nil {
		t.Errorf("a call decided, and the reviewer is %v", got)
	}
	_, _, doc := server.do("GET", "/api/v1/inquiries/"+inquiry, "", "Persona-Version", "2020-05-18")
	if at(doc, "data", "attributes", "reviewer-type") != "api" {
		t.Errorf("a call decided: %v", at(doc, "data", "attributes"))
	}
}

func TestAVerificationWithoutAnInquiryIsShownEverywhere(t *testing.T) {
	t.Parallel()
	server := start(t, frozen())
	transaction, payer := server.paid()
	verification := server.acted(sandbox.Act{Do: sandbox.ActSubmit, ID: transaction, Type: "verification/government-id", Outcome: "passed"})
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.url+"/api/v1/verifications/"+verification+"/print", nil)
	ok(t, err)
	request.Header.Set("Authorization", "Bearer "+sandbox.SandboxKey)
	printed, err := http.DefaultClient.Do(request)
	ok(t, err)
	ok(t, printed.Body.Close())
	if printed.StatusCode != http.StatusOK || printed.Header.Get("Content-Type") != "application/pdf" {
		t.Errorf("printed: %s", printed.Status)
	}
	if body := server.page("/_sandbox/sandbox/object/" + verification); !strings.Contains(body, transaction) {
		t.Error("the inspector does not lead to the transaction")
	}
	_, _, doc := server.do("GET", "/api/v1/accounts/"+payer, "")
	if numbers, _ := at(doc, "data", "attributes", "fields", "identification_numbers", "value").([]any); len(numbers) != 1 {
		t.Errorf("the payer has the numbers %v", numbers)
	}
	restored := start(t, frozen())
	var saved bytes.Buffer
	ok(t, server.Snapshot(&saved))
	ok(t, restored.Restore(&saved))
	if got := restored.related("/verifications/"+verification, "transaction"); got != transaction {
		t.Errorf("after a restore it is for %v", got)
	}
	if lines, _ := checksOf(restored, verification); len(lines) != 39 {
		t.Errorf("after a restore it has %d checks", len(lines))
	}
}
