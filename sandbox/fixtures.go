package sandbox

// What a new sandbox holds, in both environments alike but for the keys.
const (
	SandboxKey    = "persona_sandbox_5a0dbeef-0000-4000-8000-000000000001"
	ProductionKey = "persona_production_9c0ffee0-0000-4000-8000-000000000002"

	InquiryTemplateID        = "itmpl_SandboxKnowYourCustomer1"
	InquiryTemplateVersionID = "itmplv_SandboxKnowYourCustomer1"
	GovernmentIDTemplateID   = "vtmpl_SandboxGovernmentIdCheck1"
	SelfieTemplateID         = "vtmpl_SandboxSelfieMatchCheck1"
	DatabaseTemplateID       = "vtmpl_SandboxDatabaseMatchTest1"
	CaseTemplateID           = "ctmpl_SandboxManualReviewCase1"
	CaseQueueID              = "cqueue_SandboxFirstReviewQueue1"
	AccountTypeID            = "acttp_SandboxUserAccountType11"
	DefaultAccountStatusID   = "actst_SandboxDefaultStatus1111"
	ActiveAccountStatusID    = "actst_SandboxActiveStatus11111"
	BlockedAccountStatusID   = "actst_SandboxBlockedStatus1111"
	AccountActionID          = "accac_SandboxRefreshAction1111"
	TransactionTypeID        = "txntp_SandboxPaymentTransaction"
)

// verificationTemplates are the kinds of verification the inquiry template has.
func verificationTemplates() map[string]string {
	return map[string]string{
		GovernmentIDTemplateID: "verification/government-id",
		SelfieTemplateID:       "verification/selfie",
		DatabaseTemplateID:     "verification/database",
	}
}

// caseStatuses are the statuses of the case template. The resolved ones close a case.
func caseStatuses() map[string]bool {
	return map[string]bool{"Open": false, "Pending": false, "Approved": true, "Declined": true}
}

// relation is one side of a relation of accounts and transactions: the family it leads
// to, what it is called from there, and whether it leads to many.
type relation struct {
	to      string
	inverse string
	many    bool
}

// relations are the relations of the account type and of the transaction type.
func relations(family string) map[string]relation {
	switch family {
	case "account":
		return map[string]relation{
			"parent":     {to: "account", inverse: "children"},
			"children":   {to: "account", inverse: "parent", many: true},
			"associates": {to: "account", inverse: "associates", many: true},
			"payments":   {to: "transaction", inverse: "payer", many: true},
		}
	case "transaction":
		return map[string]relation{
			"payer":    {to: "account", inverse: "payments"},
			"original": {to: "transaction", inverse: "refunds"},
			"refunds":  {to: "transaction", inverse: "original", many: true},
		}
	default:
		return nil
	}
}

// transactionStatuses are the statuses of the transaction type. The first is
// Persona's own, and the one of a new transaction.
func transactionStatuses() []string {
	return []string{"created", "approved", "declined", "needs_review"}
}

// transactionFieldSchemas describe the fields of the transaction type.
func transactionFieldSchemas() []any {
	schema := func(typ, key, label string) any {
		return map[string]any{"type": typ, "key": key, "label": label, "default-value": nil, "config": map[string]any{"required": false}}
	}
	return []any{schema("number", "amount", "Amount"), schema("string", "currency", "Currency"), schema("string", "memo", "Memo")}
}

// seed puts the fixtures into an environment.
func (e *environment) seed(key string, at string) {
	put := func(typ, id string, attributes map[string]any, relationships map[string]any) {
		e.insert(&resource{typ: typ, id: id, attributes: attributes, relationships: relationships, created: e.nextSequence()})
	}
	put("api-key", newID("api"), map[string]any{
		"name": "Default key", "api-version": defaultVersion, "api-key-inflection": "kebab", "permissions": []any{},
		"ip-address-allowlist": []any{"*"}, "api-attributes-blocklist": []any{}, "file-access-token-expires-in": fileTokenLife,
		"created-at": at, secretValue: key,
	}, nil)
	put("inquiry-template-version", InquiryTemplateVersionID, map[string]any{"status": "published", "live": true, "created-at": at},
		map[string]any{"inquiry-template": identifier{"inquiry-template", InquiryTemplateID}})
	put("inquiry-template", InquiryTemplateID, map[string]any{"name": "Know your customer", "status": "active"},
		map[string]any{"latest-published-version": identifier{"inquiry-template-version", InquiryTemplateVersionID}})
	for id, typ := range verificationTemplates() {
		put("verification-template/"+typ[len("verification/"):], id, nil, nil)
	}
	put("case-template", CaseTemplateID, map[string]any{
		"name": "Manual review", "status": "active", "resolutions": []any{"Approved", "Declined"}, "created-at": at,
	}, nil)
	put("case-queue", CaseQueueID, map[string]any{"name": "First review", "status": "active", "created-at": at}, nil)
	put("transaction-type", TransactionTypeID, map[string]any{"name": "Payment", "field-schemas": transactionFieldSchemas(), "created-at": at}, nil)
	put("account-type", AccountTypeID, map[string]any{"name": "User", "created-at": at},
		map[string]any{"default-account-status": identifier{"account-status", DefaultAccountStatusID}, "account-statuses": []identifier{
			{"account-status", DefaultAccountStatusID}, {"account-status", ActiveAccountStatusID}, {"account-status", BlockedAccountStatusID},
		}})
}

// accountStatuses are the statuses of the account type. The first is the default.
func accountStatuses() []string { return []string{"Default", "Active", "Blocked"} }

// accountStatusID is the id of an account status, which searches go by.
func accountStatusID(name string) string {
	switch name {
	case "Default":
		return DefaultAccountStatusID
	case "Active":
		return ActiveAccountStatusID
	case "Blocked":
		return BlockedAccountStatusID
	default:
		return ""
	}
}
