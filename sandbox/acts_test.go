package sandbox_test

import (
	"strings"
	"testing"
	"time"

	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox"
)

func TestAnActOverHTTP(t *testing.T) {
	t.Parallel()
	server := start(t, frozen())
	client, ctx := server.client(), t.Context()
	inquiry := newInquiry(t, client, "person")
	status, _, done := server.do("POST", "/_sandbox/act", `{"do":"submit","id":"`+inquiry.ID+`","type":"verification/selfie","outcome":"requires_retry"}`)
	id, _ := done["id"].(string)
	if status != 200 || done["type"] != "verification/selfie" || done["status"] != "requires_retry" {
		t.Fatalf("the answer is %d: %v", status, done)
	}
	got, err := client.Verifications.Get(ctx, id)
	ok(t, err)
	if got.Type != "verification/selfie" || got.Attributes.Status != "requires_retry" || got.Attributes.CompletedAt.IsZero() {
		t.Errorf("the verification is %s: %+v", got.Type, got.Attributes)
	}
}

func TestAnActThatIsRefusedChangesNothing(t *testing.T) {
	t.Parallel()
	server := start(t, frozen())
	client, ctx := server.client(), t.Context()
	act := func(a sandbox.Act) string {
		t.Helper()
		id, err := server.Act("sandbox", a)
		ok(t, err)
		return id
	}
	account := newAccount(t, client, "account").ID
	inquiry := newInquiry(t, client, "person").ID
	done := newInquiry(t, client, "other").ID
	_, err := client.Inquiries.Approve(ctx, done, persona.InquiryApproveParams{})
	ok(t, err)
	session, err := client.InquirySessions.Create(ctx, persona.InquirySessionCreateParams{InquiryID: inquiry})
	ok(t, err)
	review := newCase(t, client).ID
	open := act(sandbox.Act{Do: "submit", ID: inquiry, Type: "verification/database", Outcome: "initiated"})
	run := act(sandbox.Act{Do: "run_importer_pipeline", ID: sandbox.ImporterPipelineID, Rows: "reference_id\nuser-1\n"})
	server.Advance(time.Second)
	before := len(events(t, client))
	for name, test := range map[string]struct {
		act    string
		status int
	}{
		"an unknown act":                             {`{"do":"dance","id":"` + account + `"}`, 400},
		"a field it does not know":                   {`{"do":"archive_account","id":"` + account + `","why":"x"}`, 400},
		"an unknown resource":                        {`{"do":"archive_account","id":"act_unknown"}`, 404},
		"a resource of another type":                 {`{"do":"archive_account","id":"` + inquiry + `"}`, 404},
		"restoring what is not archived":             {`{"do":"restore_account","id":"` + account + `"}`, 409},
		"submitting what is nothing":                 {`{"do":"submit","id":"` + inquiry + `","type":"verification/dance","outcome":"passed"}`, 422},
		"submitting an account":                      {`{"do":"submit","id":"` + inquiry + `","type":"account","outcome":"passed"}`, 422},
		"an outcome that the type does not have":     {`{"do":"submit","id":"` + inquiry + `","type":"verification/selfie","outcome":"tentatively_passed"}`, 422},
		"an outcome that the document does not have": {`{"do":"submit","id":"` + inquiry + `","type":"document/generic","outcome":"extracted"}`, 422},
		"submitting to what is decided":              {`{"do":"submit","id":"` + done + `","type":"verification/selfie","outcome":"passed"}`, 409},
		"moving on to no step":                       {`{"do":"move_on","id":"` + inquiry + `"}`, 400},
		"leaving what nobody opened":                 {`{"do":"cancel_session","id":"` + session.ID + `"}`, 409},
		"a reusable persona of nothing":              {`{"do":"create_reusable_persona","id":"` + inquiry + `"}`, 409},
		"using no reusable persona":                  {`{"do":"use_reusable_persona","id":"` + inquiry + `"}`, 409},
		"escalating what is open":                    {`{"do":"escalate_verification","id":"` + open + `"}`, 409},
		"a comment that says nothing":                {`{"do":"comment_case","id":"` + review + `"}`, 400},
		"publishing what is published":               {`{"do":"publish_template_version","id":"` + sandbox.InquiryTemplateVersionID + `"}`, 409},
		"a report of no kind":                        {`{"do":"create_report","id":"` + account + `","type":"report/dance"}`, 422},
		"a report without a query":                   {`{"do":"create_report","id":"` + account + `","type":"report/watchlist"}`, 400},
		"an inquiry's report of no kind":             {`{"do":"run_report","id":"` + inquiry + `","type":"report/dance"}`, 422},
		"a signal of a session that is none":         {`{"do":"set_session_signals","id":"` + session.ID + `","signals":{"status":"expired"}}`, 400},
		"a signal of a session that is a text":       {`{"do":"set_session_signals","id":"` + session.ID + `","signals":{"is-vpn":"yes"}}`, 400},
		"no signal of a session":                     {`{"do":"set_session_signals","id":"` + session.ID + `"}`, 400},
		"a behavior that is none":                    {`{"do":"set_behaviors","id":"` + inquiry + `","signals":{"mood":"good"}}`, 400},
		"a behavior that is a number":                {`{"do":"set_behaviors","id":"` + inquiry + `","signals":{"behavior-threat-level":3}}`, 400},
		"a workflow that completes an inquiry":       {`{"do":"run_workflow","id":"` + inquiry + `","outcome":"completed"}`, 422},
		"a workflow that approves a second time":     {`{"do":"run_workflow","id":"` + done + `","outcome":"approved"}`, 409},
		"a report of an account, by its inquiry":     {`{"do":"run_report","id":"` + account + `","type":"report/watchlist"}`, 404},
		"deleting a field that there is not":         {`{"do":"delete_transaction_field","id":"` + sandbox.TransactionTypeID + `","field":"colour"}`, 422},
		"a pipeline without rows":                    {`{"do":"run_importer_pipeline","id":"` + sandbox.ImporterPipelineID + `"}`, 400},
		"pausing what is over":                       {`{"do":"pause_importer_pipeline_run","id":"` + run + `"}`, 409},
	} {
		if status, _, body := server.do("POST", "/_sandbox/act", test.act); status != test.status {
			t.Errorf("%s: %d, not %d: %v", name, status, test.status, body)
		}
	}
	if status, _, _ := server.do("POST", "/_sandbox/act?environment=moon", `{"do":"archive_account","id":"`+account+`"}`); status != 404 {
		t.Errorf("another environment: %d", status)
	}
	if after := events(t, client); len(after) != before {
		t.Errorf("what was refused made %v", after[before:])
	}
}

func TestAnArchivedAccountTakesNoInquiryUntilItIsRestored(t *testing.T) {
	t.Parallel()
	server := start(t, frozen())
	client, ctx := server.client(), t.Context()
	account := newAccount(t, client, "account").ID
	for _, step := range []struct {
		do      sandbox.ActKind
		refused bool
	}{{"archive_account", true}, {"restore_account", false}} {
		if _, err := server.Act("sandbox", sandbox.Act{Do: step.do, ID: account}); err != nil {
			t.Fatal(err)
		}
		_, err := client.Inquiries.Create(ctx, persona.InquiryCreateParams{InquiryTemplateID: persona.Set(sandbox.InquiryTemplateID), AccountID: persona.Set(account)})
		if (err != nil) != step.refused {
			t.Errorf("after %s: %v", step.do, err)
		}
	}
	if _, err := server.Act("sandbox", sandbox.Act{Do: "restore_account", ID: account}); err == nil || !strings.Contains(err.Error(), "act restore_account on "+account) {
		t.Errorf("restoring again: %v", err)
	}
}

func TestTheActsOfUsersAreInTheAuditLog(t *testing.T) {
	t.Parallel()
	server := start(t, frozen())
	client, ctx := server.client(persona.WithAPIKey(sandbox.ProductionKey)), t.Context()
	account := newAccount(t, client, "account").ID
	if _, err := server.Act("production", sandbox.Act{Do: "archive_account", ID: account}); err != nil {
		t.Fatal(err)
	}
	page, err := client.UserAuditLogs.ListPage(ctx, persona.UserAuditLogListParams{})
	ok(t, err)
	if latest := page.Data[0].Attributes; len(page.Data) != 2 || !strings.HasSuffix(latest.Path, account) || latest.Method != "POST" {
		t.Errorf("the audit log has %d entries, the latest %+v", len(page.Data), latest)
	}
}

func TestACommentShowsWithItsCase(t *testing.T) {
	t.Parallel()
	server := start(t, frozen())
	client := server.client()
	id := newCase(t, client).ID
	comment, err := server.Act("sandbox", sandbox.Act{Do: "comment_case", ID: id, Text: "looks fine"})
	ok(t, err)
	got, err := client.Cases.Get(t.Context(), id, persona.WithInclude("case-comments"))
	ok(t, err)
	if len(got.Included) != 1 || got.Relationships.CaseComments.Data[0].ID != comment || got.Included[0].(*persona.CaseComment).Attributes.Message != "looks fine" {
		t.Errorf("included is %v", got.Included)
	}
}

func TestAReportThatAnInquiryRunsIsAmongItsReports(t *testing.T) {
	t.Parallel()
	server := start(t, frozen())
	client, ctx := server.client(), t.Context()
	inquiry := newInquiry(t, client, "person")
	report, err := server.Act("sandbox", sandbox.Act{Do: "run_report", ID: inquiry.ID, Type: "report/watchlist", Query: map[string]any{"term": "Kim Jong Un"}})
	ok(t, err)
	server.Advance(time.Second)
	got, err := client.Inquiries.Get(ctx, inquiry.ID, persona.WithInclude("reports"))
	ok(t, err)
	if len(got.Relationships.Reports.Data) != 1 || got.Relationships.Reports.Data[0].ID != report || len(got.Included) != 1 {
		t.Fatalf("the inquiry names %v and includes %v", got.Relationships.Reports.Data, got.Included)
	}
	if made := got.Included[0].(*persona.ReportWatchlist); made.Attributes.HasMatch != true || made.Relationships.Account.Data.ID != inquiry.Relationships.Account.Data.ID {
		t.Errorf("the report is %+v of account %+v", made.Attributes, made.Relationships.Account.Data)
	}
}
