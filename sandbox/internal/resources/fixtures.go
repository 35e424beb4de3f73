package resources

import (
	"maps"

	"github.com/idemhq/idem/sandbox/internal/catalog"
	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/reportkind"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// The contents of a new sandbox. Both environments have the same ids.
const (
	SandboxKey    = "persona_sandbox_5a0dbeef-0000-4000-8000-000000000001"
	ProductionKey = "persona_production_9c0ffee0-0000-4000-8000-000000000002"

	InquiryTemplateID        = "itmpl_SandboxKnowYourCustomer1"
	InquiryTemplateVersionID = "itmplv_SandboxKnowYourCustomer1"
	GovernmentIDTemplateID   = "vtmpl_SandboxGovernmentIdCheck1"
	SelfieTemplateID         = "vtmpl_SandboxSelfieMatchCheck1"
	DatabaseTemplateID       = "vtmpl_SandboxDatabaseMatchTest1"
	DocumentTemplateID       = "vtmpl_SandboxDocumentCheck11111"
	CaseTemplateID           = "ctmpl_SandboxManualReviewCase1"
	CaseQueueID              = "cqueue_SandboxFirstReviewQueue1"
	AccountTypeID            = "acttp_SandboxUserAccountType11"
	DefaultAccountStatusID   = "actst_SandboxDefaultStatus1111"
	ActiveAccountStatusID    = "actst_SandboxActiveStatus11111"
	BlockedAccountStatusID   = "actst_SandboxBlockedStatus1111"
	AccountActionID          = "accac_SandboxRefreshAction1111"
	TransactionTypeID        = "txntp_SandboxPaymentTransaction"
	ThemeSetID               = "theset_SandboxDefaultThemeSet11"
)

// A workflow, a graph query template, an importer pipeline and a user of the dashboard.
const (
	WorkflowID           = "wfl_SandboxNotifyWorkflow1111111"
	WorkflowVersionID    = "wfv_SandboxNotifyWorkflow1111111"
	GraphQueryTemplateID = "grphqt_SandboxSharedValues1111111"
	ImporterPipelineID   = "mprtp_SandboxAccountsPipeline111"
	UserID               = "user_SandboxReviewer111111111111"
	UserSessionID        = "uses_SandboxReviewer111111111111"
	UserAuditLogID       = "ual_SandboxReviewerLogin11111111"
)

// The report templates, one of each kind. Only an act creates reports about the associated
// persons or the registrations of a business, or about SentiLink's scores.
const (
	AddressLookupReportTemplateID             = "rptp_SandboxAddressLookup11111111"
	AdverseMediaReportTemplateID              = "rptp_SandboxAdverseMedia111111111"
	BusinessAdverseMediaReportTemplateID      = "rptp_SandboxBusinessAdverseMedia1"
	BusinessAssociatedPersonsReportTemplateID = "rptp_SandboxBusinessAssociated11"
	BusinessRegistrationsReportTemplateID     = "rptp_SandboxBusinessRegistration"
	SentilinkScoresReportTemplateID           = "rptp_SandboxSentilinkScores111111"
	BusinessLookupReportTemplateID            = "rptp_SandboxBusinessLookup1111111"
	BusinessWatchlistReportTemplateID         = "rptp_SandboxBusinessWatchlist1111"
	CryptoAddressWatchlistReportTemplateID    = "rptp_SandboxCryptoAddrWatchlist11"
	EmailAddressReportTemplateID              = "rptp_SandboxEmailAddress111111111"
	PhoneNumberReportTemplateID               = "rptp_SandboxPhoneNumber1111111111"
	PoliticallyExposedPersonReportTemplateID  = "rptp_SandboxPoliticallyExposed111"
	ProfileReportTemplateID                   = "rptp_SandboxProfile11111111111111"
	ProfileNonAuthoritativeReportTemplateID   = "rptp_SandboxProfileNonAuthoritati"
	SocialMediaReportTemplateID               = "rptp_SandboxSocialMedia1111111111"
	SyntheticReportTemplateID                 = "rptp_SandboxSynthetic111111111111"
	WatchlistReportTemplateID                 = "rptp_SandboxWatchlist111111111111"
)

// Parameters that make a graph query fail or time out. They are the sandbox's own: Persona
// documents none.
const (
	GraphQueryErrorText   = reportkind.ErrorText
	GraphQueryTimeoutText = "Sandbox Timeout"
)

// VerificationTemplates returns the verification templates: types by id.
func VerificationTemplates() map[string]string {
	return map[string]string{
		GovernmentIDTemplateID: "verification/government-id",
		SelfieTemplateID:       "verification/selfie",
		DatabaseTemplateID:     "verification/database",
		DocumentTemplateID:     "verification/document",
	}
}

// ReportTemplates returns the report templates: types of reports by id.
func ReportTemplates() map[string]string {
	return map[string]string{
		AddressLookupReportTemplateID:             "report/address-lookup",
		AdverseMediaReportTemplateID:              "report/adverse-media",
		BusinessAdverseMediaReportTemplateID:      "report/business-adverse-media",
		BusinessAssociatedPersonsReportTemplateID: "report/business-associated-persons",
		BusinessRegistrationsReportTemplateID:     "report/business-registrations-lookup",
		SentilinkScoresReportTemplateID:           "report/integration/sentilink-scores",
		BusinessLookupReportTemplateID:            "report/business-lookup",
		BusinessWatchlistReportTemplateID:         "report/business-watchlist",
		CryptoAddressWatchlistReportTemplateID:    "report/crypto-address-watchlist",
		EmailAddressReportTemplateID:              "report/email-address",
		PhoneNumberReportTemplateID:               "report/phone-number",
		PoliticallyExposedPersonReportTemplateID:  "report/politically-exposed-person",
		ProfileReportTemplateID:                   "report/profile",
		ProfileNonAuthoritativeReportTemplateID:   "report/profile-non-authoritative",
		SocialMediaReportTemplateID:               "report/social-media",
		SyntheticReportTemplateID:                 "report/synthetic",
		WatchlistReportTemplateID:                 "report/watchlist",
	}
}

// Relation is one side of a relation between accounts or transactions.
type Relation struct {
	To      string // the family that it leads to
	inverse string // the key of the other side
	many    bool   // whether it leads to more than one
}

// Relations returns the relations of accounts or transactions, by key.
func Relations(family string) map[string]Relation {
	switch family {
	case "account":
		return map[string]Relation{
			"parent":     {To: "account", inverse: "children"},
			"children":   {To: "account", inverse: "parent", many: true},
			"associates": {To: "account", inverse: "associates", many: true},
			"payments":   {To: "transaction", inverse: "payer", many: true},
		}
	case "transaction":
		return map[string]Relation{
			"payer":    {To: "account", inverse: "payments"},
			"original": {To: "transaction", inverse: "refunds"},
			"refunds":  {To: "transaction", inverse: "original", many: true},
		}
	default:
		return nil
	}
}

// transactionStatuses returns the statuses of the transaction type. The first one is Persona's
// own; a new transaction has it.
func transactionStatuses() []string {
	return []string{"created", "approved", "declined", "needs_review"}
}

// transactionFieldSchemas describes the fields of the transaction type.
func transactionFieldSchemas() []any {
	schema := func(typ, key, label string, config map[string]any) any {
		maps.Copy(config, map[string]any{"required": false, "archived-at": nil, "deactivated-at": nil})
		described := map[string]any{"type": typ, "key": key, "label": label, "config": config}
		if typ != "relation-schema" {
			described["default-value"] = nil
		}
		return described
	}
	text := func(length float64) map[string]any {
		return map[string]any{"max-char-length": length, "sanitize": []any{}}
	}
	return []any{
		schema("number", "amount", "Amount", map[string]any{}), schema("string", "currency", "Currency", text(3)), schema("string", "memo", "Memo", text(255)),
		schema("date", "due_on", "Due on", map[string]any{}), schema("relation-schema", "payer", "Payer", map[string]any{"target": "account"}),
	}
}

// AddFixtures adds the contents of a new sandbox to an environment, created at a time.
func AddFixtures(e *engine.Environment, at string) {
	put := func(typ, id string, attributes, relationships map[string]any) {
		insert(e, typ, id, attributes, relationships)
	}
	key := SandboxKey
	if e.Name == "production" {
		key = ProductionKey
	}
	put("api-key", storage.NewID("api"), map[string]any{
		"name": "Default key", "api-version": catalog.DefaultVersion, "api-key-inflection": "kebab", "permissions": []any{},
		"ip-address-allowlist": []any{"*"}, "api-attributes-blocklist": []any{}, "file-access-token-expires-in": float64(catalog.FileTokenLife),
		"created-at": at, storage.SecretValue: key,
	}, nil)
	AddInquiryTemplate(e, at, InquiryTemplateID, InquiryTemplateVersionID, "Know your customer", storage.PersonFields(), VerificationTemplates())
	put("workflow-version", WorkflowVersionID, map[string]any{
		"workflow-name": "Notify", "status": "published", "trigger-type": "api", "live": true, "created-at": at, "updated-at": at, "published-at": at,
		"inputs": []any{map[string]any{"name": "outcome", "type": "string", "required": false}},
	}, map[string]any{"workflow": storage.Identifier{Type: "workflow", ID: WorkflowID}})
	put("importer-pipeline", ImporterPipelineID, map[string]any{
		"name": "Accounts", "status": "active", "destination": "account", "created-at": at, "updated-at": at,
		"pipeline-config": map[string]any{"destination": "account", "sync-mode": "create", "archive-after-completion": false},
	}, nil)
	put("workflow", WorkflowID, map[string]any{"name": "Notify", "status": "active", "created-at": at},
		map[string]any{"latest-published-version": storage.Identifier{Type: "workflow-version", ID: WorkflowVersionID}})
	put("user", UserID, map[string]any{"email-address": "reviewer@example.com", "name-first": "Robin", "name-last": "Reviewer"}, nil)
	put("user-audit-log", UserAuditLogID, map[string]any{
		"path": "/dashboard/inquiries", "method": "GET", "get-params": map[string]any{}, "post-params": map[string]any{}, "ip-address": "127.0.0.1",
		"user-agent": "Sandbox", "response-status": 200, "created-at": at,
	}, map[string]any{"user": storage.Identifier{Type: "user", ID: UserID}, "user-session": storage.Identifier{Type: "user-session", ID: UserSessionID}})
	for id, typ := range ReportTemplates() {
		put(reportkind.TemplateType(typ), id, map[string]any{
			"name": "Report", "created-at": at, "updated-at": at, storage.ResourceMeta: map[string]any{"version": map[string]any{"name": "v1", "created-at": at, "updated-at": at}},
		}, nil)
	}
	AddCaseTemplate(e, at, CaseTemplateID, "Manual review", []string{"Open", "Pending"}, []string{"Approved", "Declined"})
	put("case-queue", CaseQueueID, map[string]any{"name": "First review", "status": "active", "created-at": at}, nil)
	put("theme-set", ThemeSetID, map[string]any{"name": "Default", "status": "active", "styles": defaultStyles(), "created-at": at, "updated-at": at}, nil)
	put("transaction-type", TransactionTypeID, map[string]any{"name": "Payment", "field-schemas": transactionFieldSchemas(), "created-at": at}, nil)
	AddAccountType(e, at, AccountTypeID, "User", []AccountStatus{
		{DefaultAccountStatusID, "Default"}, {ActiveAccountStatusID, "Active"}, {BlockedAccountStatusID, "Blocked"},
	})
}

// locales returns the locales of an inquiry template, the one of its own texts first.
func locales() []string { return []string{"en", "en-US", "es", "es-MX", "fr", "de"} }

// translations returns the texts of an inquiry template.
func translations() []any {
	text := func(step, component, value string) any {
		values := []any{}
		for _, locale := range locales() {
			values = append(values, map[string]any{"locale": locale, "value": nil})
		}
		values[0].(map[string]any)["value"] = value
		return map[string]any{"step": step, "step-display-name": step, "component": component, "attribute-name": "text", "locale-values": values}
	}
	return []any{text("start", "title", "Verify your identity"), text("start", "button", "Begin")}
}
