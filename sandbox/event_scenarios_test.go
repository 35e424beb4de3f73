package sandbox_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox"
)

// scenario is something that happens, step by step. A step that fails ends the test.
type scenario struct {
	*testing.T
	environment sandbox.Environment // sandbox or production
	server      *server
	client      *persona.Client
}

// act carries out an act, and returns the id of what it created or changed.
func (s *scenario) act(a sandbox.Act) string {
	s.Helper()
	id, err := s.server.Act(s.environment, a)
	ok(s.T, err)
	return id
}

func (s *scenario) inquiry() string {
	s.Helper()
	return newInquiry(s.T, s.client, "person").ID
}

func (s *scenario) simulate(inquiry string, actions ...persona.SimulateAction) {
	s.Helper()
	_, err := s.client.Inquiries.PerformSimulateActions(s.Context(), inquiry, persona.InquiryPerformSimulateActionsParams{SimulateActions: actions})
	ok(s.T, err)
}

func (s *scenario) transaction() string {
	s.Helper()
	made, err := s.client.Transactions.Create(s.Context(), persona.TransactionCreateParams{
		TransactionTypeID: persona.Set(sandbox.TransactionTypeID), Fields: persona.Set(map[string]any{"amount": 12.5}),
	})
	ok(s.T, err)
	return made.ID
}

func (s *scenario) graphQuery(text string) string {
	s.Helper()
	made, err := s.client.GraphQueries.Create(s.Context(), persona.GraphQueryCreateParams{
		GraphQueryTemplateID: sandbox.GraphQueryTemplateID, ParameterMap: persona.Set(map[string]any{"name": text}), TimeoutInSeconds: persona.Set[int64](30),
	})
	ok(s.T, err)
	return made.ID
}

// session starts a session of a new inquiry.
func (s *scenario) session() string {
	s.Helper()
	link, err := s.client.Inquiries.GenerateOneTimeLink(s.Context(), s.inquiry(), persona.InquiryGenerateOneTimeLinkParams{})
	ok(s.T, err)
	open(s.T, link.Meta.OneTimeLink)
	return link.Relationships.Sessions.Data[0].ID
}

// scenarios returns what happens, with the expected events in order.
func scenarios() map[string]struct {
	happens func(*scenario)
	events  string
} {
	started := "account.created inquiry.created inquiry.started "
	governmentID := "document.created document.submitted document.processed verification.created verification.submitted "
	return map[string]struct {
		happens func(*scenario)
		events  string
	}{
		"an inquiry passes and is approved": {func(s *scenario) {
			id := s.inquiry()
			s.simulate(id, action("start_inquiry"), verification("create_passed_verification", sandbox.GovernmentIDTemplateID),
				verification("create_passed_verification", sandbox.SelfieTemplateID), verification("create_passed_verification", sandbox.DatabaseTemplateID), action("complete_inquiry"))
			_, err := s.client.Inquiries.Approve(s.Context(), id, persona.InquiryApproveParams{})
			ok(s.T, err)
		}, started + governmentID + "verification.passed account.updated-fields selfie.created selfie.submitted selfie.processed verification.created verification.submitted verification.passed account.updated-fields " +
			"verification.created verification.submitted verification.passed inquiry.completed account.updated-fields inquiry.approved"},
		"an inquiry fails, is reviewed and declined": {func(s *scenario) {
			id := s.inquiry()
			s.simulate(id, verification("create_failed_verification", sandbox.DocumentTemplateID), action("fail_inquiry"))
			_, err := s.client.Inquiries.MarkForReview(s.Context(), id)
			ok(s.T, err)
			_, err = s.client.Inquiries.Decline(s.Context(), id, persona.InquiryDeclineParams{})
			ok(s.T, err)
		}, started + governmentID + "verification.failed inquiry.failed inquiry.marked-for-review inquiry.declined"},
		"an inquiry is tagged and redacted": {func(s *scenario) {
			id := s.inquiry()
			_, err := s.client.Inquiries.AddTag(s.Context(), id, persona.InquiryAddTagParams{TagName: persona.Set("vip")})
			ok(s.T, err)
			_, err = s.client.Inquiries.Redact(s.Context(), id)
			ok(s.T, err)
			s.server.Advance(time.Second)
		}, "account.created inquiry.created inquiry.updated-tags inquiry.redacted"},
		"an inquiry expires with its session and an open verification": {func(s *scenario) {
			id := s.inquiry()
			link, err := s.client.Inquiries.GenerateOneTimeLink(s.Context(), id, persona.InquiryGenerateOneTimeLinkParams{})
			ok(s.T, err)
			open(s.T, link.Meta.OneTimeLink)
			s.act(sandbox.Act{Do: "submit", ID: id, Type: "verification/database", Outcome: "initiated"})
			s.server.Advance(24 * time.Hour)
		}, "account.created inquiry.created inquiry-session.started inquiry.started verification.created inquiry.expired inquiry-session.expired verification.canceled"},
		"a person moves on and leaves twice": {func(s *scenario) {
			session := s.session()
			got, err := s.client.InquirySessions.Get(s.Context(), session)
			ok(s.T, err)
			s.act(sandbox.Act{Do: "move_on", ID: got.Relationships.Inquiry.Data.ID, Step: "start"})
			s.act(sandbox.Act{Do: "cancel_session", ID: session})
			s.act(sandbox.Act{Do: "cancel_session", ID: session})
		}, "account.created inquiry.created inquiry-session.started inquiry.started inquiry.transitioned inquiry-session.canceled inquiry-session.canceled"},
		"a reusable persona is made and used": {func(s *scenario) {
			first := s.inquiry()
			s.simulate(first, action("start_inquiry"), action("complete_inquiry"))
			s.act(sandbox.Act{Do: "create_reusable_persona", ID: first})
			s.act(sandbox.Act{Do: "use_reusable_persona", ID: s.inquiry()})
		}, started + "inquiry.completed inquiry.reusable-persona-created inquiry.created inquiry.started " + governmentID + "verification.passed account.updated-fields inquiry.reusable-persona-used"},
		"a verification is to be tried again, is escalated and tagged": {func(s *scenario) {
			id := s.act(sandbox.Act{Do: "submit", ID: s.inquiry(), Type: "verification/selfie", Outcome: "requires_retry"})
			s.act(sandbox.Act{Do: "escalate_verification", ID: id})
			s.act(sandbox.Act{Do: "tag_verification", ID: id, Tags: []string{"look"}})
		}, started + "selfie.created selfie.submitted selfie.processed verification.created verification.submitted verification.requires-retry verification.escalated verification.updated-tags"},
		"a verification is skipped": {func(s *scenario) {
			s.act(sandbox.Act{Do: "submit", ID: s.inquiry(), Type: "verification/aamva", Outcome: "skipped"})
		}, started + "verification.created verification.skipped"},
		"a document passes tentatively, and then": {func(s *scenario) {
			s.act(sandbox.Act{Do: "submit", ID: s.inquiry(), Type: "verification/document", Outcome: "tentatively_passed"})
			s.server.Advance(time.Minute)
		}, started + governmentID + "verification.tentatively-passed verification.passed"},
		"a business fails tentatively, and then": {func(s *scenario) {
			s.act(sandbox.Act{Do: "submit", ID: s.inquiry(), Type: "verification/database-business", Outcome: "tentatively_failed"})
			s.server.Advance(time.Minute)
		}, started + "verification.created verification.submitted verification.tentatively-failed verification.failed"},
		"documents and selfies outside of verifications": {func(s *scenario) {
			id := s.inquiry()
			for _, a := range []sandbox.Act{
				{Type: "document/government-id", Outcome: "extracted"}, {Type: "document/generic", Outcome: "errored"},
				{Type: "selfie/profile-and-center", Outcome: "errored"}, {Type: "document/generic", Outcome: "pending"},
			} {
				a.Do, a.ID = "submit", id
				s.act(a)
			}
			s.server.Advance(time.Minute)
		}, started + "document.created document.submitted document.processed document.extracted document.created document.submitted document.errored " +
			"selfie.created selfie.submitted selfie.errored document.created document.submitted document.pending document.processed"},
		"an account changes": {func(s *scenario) {
			account, other := newAccount(s.T, s.client, "a"), newAccount(s.T, s.client, "b")
			_, err := s.client.Accounts.Update(s.Context(), account.ID, persona.AccountUpdateParams{AccountStatus: persona.Set("Active"), NameFirst: persona.Set("Jane")})
			ok(s.T, err)
			_, err = s.client.Accounts.SetTags(s.Context(), account.ID, persona.AccountSetTagsParams{TagName: persona.Set([]string{"x"})})
			ok(s.T, err)
			_, err = s.client.Accounts.SetTags(s.Context(), account.ID, persona.AccountSetTagsParams{TagName: persona.Set([]string{"y"})})
			ok(s.T, err)
			_, err = s.client.Accounts.AddRelation(s.Context(), account.ID, persona.AccountAddRelationParams{RelationSchemaKey: "associates", TargetObjectID: other.ID})
			ok(s.T, err)
			_, err = s.client.Accounts.RemoveRelation(s.Context(), account.ID, persona.AccountRemoveRelationParams{RelationSchemaKey: "associates", TargetObjectID: other.ID})
			ok(s.T, err)
			_, err = s.client.Accounts.Redact(s.Context(), account.ID)
			ok(s.T, err)
			s.server.Advance(time.Second)
		}, "account.created account.created account.status-updated account.updated-fields account.tag-added account.updated-tags " +
			"account.tag-added account.tag-removed account.updated-tags account.added-relation account.removed-relation account.redacted"},
		"accounts are archived, restored and consolidated": {func(s *scenario) {
			account, other := newAccount(s.T, s.client, "a"), newAccount(s.T, s.client, "b")
			s.act(sandbox.Act{Do: "archive_account", ID: account.ID})
			s.act(sandbox.Act{Do: "restore_account", ID: account.ID})
			_, err := s.client.Accounts.Consolidate(s.Context(), account.ID, persona.AccountConsolidateParams{SourceAccountIDs: []string{other.ID}})
			ok(s.T, err)
		}, "account.created account.created account.archived account.restored account.consolidated account.archived account.consolidated-with"},
		"a case is worked on": {func(s *scenario) {
			id := newCase(s.T, s.client).ID
			_, err := s.client.Cases.Assign(s.Context(), id, persona.CaseAssignParams{UserEmailAddress: "reviewer@example.com"})
			ok(s.T, err)
			_, err = s.client.Cases.Update(s.Context(), id, persona.CaseUpdateParams{
				Fields: persona.Set(map[string]any{"reason": "name"}), CaseQueueID: persona.Set(sandbox.CaseQueueID), SLAExpiresInSeconds: persona.Set(60.0),
			})
			ok(s.T, err)
			_, err = s.client.Cases.AddTag(s.Context(), id, persona.CaseAddTagParams{TagName: persona.Set("x")})
			ok(s.T, err)
			s.server.Advance(time.Minute)
			for _, status := range []string{"Approved", "Open"} {
				_, err = s.client.Cases.SetStatus(s.Context(), id, persona.CaseSetStatusParams{Status: status})
				ok(s.T, err)
			}
			s.act(sandbox.Act{Do: "comment_case", ID: id, Text: "a friend of the house"})
			s.act(sandbox.Act{Do: "export_case", ID: id})
			_, err = s.client.Cases.Redact(s.Context(), id)
			ok(s.T, err)
		}, "case.created case.assigned case.updated-fields case.queue-updated case.updated-tags case.sla-expired case.status-updated case.resolved " +
			"case.status-updated case.reopened case-comment.created case.exported case.redacted"},
		"a transaction is worked on": {func(s *scenario) {
			payer, id := newAccount(s.T, s.client, "payer").ID, s.transaction()
			_, err := s.client.Transactions.AddRelation(s.Context(), id, persona.TransactionAddRelationParams{RelationSchemaKey: "payer", TargetObjectID: payer})
			ok(s.T, err)
			_, err = s.client.Transactions.RemoveRelation(s.Context(), id, persona.TransactionRemoveRelationParams{RelationSchemaKey: "payer", TargetObjectID: payer})
			ok(s.T, err)
			_, err = s.client.Transactions.Update(s.Context(), id, persona.TransactionUpdateParams{Status: persona.Set("approved")})
			ok(s.T, err)
			_, err = s.client.Transactions.Label(s.Context(), id, persona.TransactionLabelParams{Label: persona.Set("good")})
			ok(s.T, err)
			s.act(sandbox.Act{Do: "process_sentinel_session", ID: id})
			_, err = s.client.Transactions.Redact(s.Context(), id)
			ok(s.T, err)
		}, "account.created transaction.created transaction.added-relation transaction.removed-relation transaction.status-updated transaction.labeled " +
			"transaction.updated-fields transaction.sentinel-session-processed transaction.redacted"},
		"a field of transactions is deleted": {func(s *scenario) {
			s.act(sandbox.Act{Do: "delete_transaction_field", ID: sandbox.TransactionTypeID, Field: "memo"})
		}, "transaction-type.deleted-field"},
		"graph queries end in every way": {func(s *scenario) {
			id := s.graphQuery("Jane")
			s.server.Advance(time.Second)
			s.act(sandbox.Act{Do: "rerun_graph_query", ID: id})
			s.act(sandbox.Act{Do: "cancel_graph_query", ID: id})
			s.graphQuery(sandbox.ReportErrorText)
			s.server.Advance(time.Second)
			s.graphQuery(sandbox.GraphQueryTimeoutText)
			s.server.Advance(30 * time.Second)
		}, "graph-query.submitted graph-query.completed graph-query.reran graph-query.cancelled graph-query.submitted graph-query.errored graph-query.submitted graph-query.timed-out"},
		"runs of an importer pipeline end in every way": {func(s *scenario) {
			run := func(rows string) string {
				return s.act(sandbox.Act{Do: "run_importer_pipeline", ID: sandbox.ImporterPipelineID, Rows: rows})
			}
			id := run("reference_id,name_first\nuser-1,Jane\n")
			s.act(sandbox.Act{Do: "pause_importer_pipeline_run", ID: id})
			s.act(sandbox.Act{Do: "resume_importer_pipeline_run", ID: id})
			s.server.Advance(time.Second)
			run("colour\nred\n")
			s.server.Advance(time.Second)
			s.act(sandbox.Act{Do: "cancel_importer_pipeline_run", ID: run("reference_id\nuser-2\n")})
			s.server.Advance(time.Second)
		}, "importer-pipeline-run.started importer-pipeline-run.paused importer-pipeline-run.resumed account.created importer-pipeline-run.completed " +
			"importer-pipeline-run.started importer-pipeline-run.errored importer-pipeline-run.started importer-pipeline-run.canceled"},
		"share tokens are redeemed": {func(s *scenario) {
			connection := newConnection(s.T, s.server).ID
			source, destination := newAccount(s.T, s.client, "a"), newAccount(s.T, s.client, "b")
			redeem := func(source string, params persona.ShareTokenRedeemParams) {
				token, err := s.client.ShareTokens.Create(s.Context(), persona.ShareTokenCreateParams{ConnectionID: connection, SourceID: source})
				ok(s.T, err)
				_, err = s.client.ShareTokens.Redeem(s.Context(), token.ID, params)
				ok(s.T, err)
				s.server.Advance(time.Second)
			}
			redeem(source.ID, persona.ShareTokenRedeemParams{DestinationID: persona.Set(destination.ID)})
			redeem(s.inquiry(), persona.ShareTokenRedeemParams{})
		}, "account.created account.created connect/share-token.outbound-created connect/share-token.inbound-created account.updated-fields " +
			"connect/share-token.outbound-redeemed connect/share-token.inbound-redeemed account.created inquiry.created " +
			"connect/share-token.outbound-created connect/share-token.inbound-created inquiry.created connect/share-token.outbound-redeemed connect/share-token.inbound-redeemed"},
		"what makes no event": {func(s *scenario) {
			id := s.inquiry()
			_, err := s.client.Inquiries.Update(s.Context(), id, persona.InquiryUpdateParams{Fields: persona.Set(map[string]any{"name-first": "Jane"})})
			ok(s.T, err)
			_, err = s.client.Inquiries.GenerateOneTimeLink(s.Context(), id, persona.InquiryGenerateOneTimeLinkParams{})
			ok(s.T, err)
			_, err = s.client.InquirySessions.Create(s.Context(), persona.InquirySessionCreateParams{InquiryID: id})
			ok(s.T, err)
			_, err = s.client.Inquiries.Resume(s.Context(), id)
			ok(s.T, err)
			account, transaction, review := newAccount(s.T, s.client, "a").ID, s.transaction(), newCase(s.T, s.client).ID
			_, err = s.client.Accounts.Update(s.Context(), account, persona.AccountUpdateParams{AccountStatus: persona.Set("Default")})
			ok(s.T, err)
			_, err = s.client.Transactions.Update(s.Context(), transaction, persona.TransactionUpdateParams{Fields: persona.Set(map[string]any{"amount": 12.5}), Status: persona.Set("created")})
			ok(s.T, err)
			_, err = s.client.Transactions.AddTag(s.Context(), transaction, persona.TransactionAddTagParams{TagName: persona.Set("x")})
			ok(s.T, err)
			_, err = s.client.Cases.AddObjects(s.Context(), review, persona.CaseAddObjectsParams{ObjectIDs: persona.Set([]string{account})})
			ok(s.T, err)
			_, err = s.client.Cases.SetStatus(s.Context(), review, persona.CaseSetStatusParams{Status: "Open"})
			ok(s.T, err)
		}, "account.created inquiry.created account.created transaction.created case.created"},
		"an inquiry that is expired is resumed": {func(s *scenario) {
			id := s.inquiry()
			_, err := s.client.InquirySessions.Create(s.Context(), persona.InquirySessionCreateParams{InquiryID: id})
			ok(s.T, err)
			_, err = s.client.Inquiries.Expire(s.Context(), id)
			ok(s.T, err)
			_, err = s.client.Inquiries.Resume(s.Context(), id)
			ok(s.T, err)
		}, "account.created inquiry.created inquiry.expired inquiry-session.expired"},
		"a run of a workflow fails and is resumed": {func(s *scenario) {
			run, err := s.client.Workflows.Trigger(s.Context(), sandbox.WorkflowID, persona.WorkflowTriggerParams{Fields: map[string]any{"outcome": "errored"}})
			ok(s.T, err)
			s.server.Advance(time.Second)
			s.act(sandbox.Act{Do: "resume_workflow_run", ID: run.ID})
			s.server.Advance(time.Second)
		}, "workflow-run.created workflow-run.errored workflow-run.resumed"},
	}
}

// publishVersion creates and publishes a version of the inquiry template, and creates an
// inquiry with it.
func publishVersion(s *scenario) []string {
	translations := []persona.InquiryTemplateImportTranslationsTranslation{{
		Step: "start", Component: "title", AttributeName: "text",
		LocaleValues: []persona.InquiryTemplateImportTranslationsTranslationLocaleValue{{Locale: "es", Value: persona.Set("Verifica tu identidad")}},
	}}
	draft, err := s.client.InquiryTemplates.ImportTranslations(s.Context(), sandbox.InquiryTemplateID, persona.InquiryTemplateImportTranslationsParams{Translations: translations})
	ok(s.T, err)
	s.act(sandbox.Act{Do: "publish_template_version", ID: draft.ID})
	if got := newInquiry(s.T, s.client, "person").Relationships.InquiryTemplateVersion.Data.ID; got != draft.ID {
		s.Errorf("a new inquiry is of version %s, not of the published %s", got, draft.ID)
	}
	return []string{"inquiry-template-version.created", "inquiry-template-version.published", "account.created", "inquiry.created"}
}

// reportScenarios returns reports of each kind with every outcome.
func reportScenarios() map[string]func(*scenario) []string {
	matching := map[string]string{
		"watchlist": "Kim Jong Un", "adverse-media": "Kim Jong Un", "politically-exposed-person": "Boris Johnson",
		"business-watchlist": "Globovision", "business-adverse-media": "Globovision", "crypto-address-watchlist": "1Fz29BQp82pE3vXXcsZoMNQ3KSHfMzfMe3",
	}
	query := func(text string) map[string]any {
		return map[string]any{
			"term": text, "crypto-address": text, "email-address": text, "phone-number": text, "business-name": text, "name-first": text, "name-last": "Sample", "birthdate": "1990-01-02", "social-security-number": "123-45-6789",
			"address-street-1": "1 Main Street", "address-city": "Springfield", "address-subdivision": "CA", "address-postal-code": "94100", "address-country-code": "US",
		}
	}
	kinds := []string{
		"address-lookup", "adverse-media", "business-adverse-media", "business-associated-persons", "business-lookup", "business-registrations-lookup", "business-watchlist",
		"crypto-address-watchlist", "email-address", "phone-number", "politically-exposed-person", "profile", "profile-non-authoritative", "integration/sentilink-scores",
		"social-media", "synthetic", "watchlist",
	}
	all := map[string]func(*scenario) []string{}
	for _, kind := range kinds {
		all["a report of kind "+kind] = func(s *scenario) []string {
			account := newAccount(s.T, s.client, "subject").ID
			create := func(text string) string {
				id := s.act(sandbox.Act{Do: "create_report", ID: account, Type: "report/" + kind, Query: query(text)})
				s.server.Advance(time.Second)
				return id
			}
			name := "report/" + strings.TrimPrefix(kind, "integration/") + "."
			first := []string{}
			if kind == "address-lookup" {
				first = []string{name + "submitted"}
			}
			create("Jane")
			create(sandbox.ReportErrorText)
			want := slices.Concat([]string{"account.created"}, first, []string{name + "ready"}, first, []string{name + "errored"})
			if text := matching[kind]; text != "" {
				id := create(text)
				want = append(want, name+"ready", name+"matched")
				if kind != "crypto-address-watchlist" {
					_, err := s.client.Reports.Dismiss(s.Context(), id, persona.ReportDismissParams{
						Reason: persona.Set("another"), DismissType: persona.Set("entity"), EntityID: persona.Set("sandbox-entity-1"),
					})
					ok(s.T, err)
					want = append(want, name+"dismissed")
				}
			}
			return want
		}
	}
	return all
}
