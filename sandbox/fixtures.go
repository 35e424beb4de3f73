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

// relation is one side of a relation between accounts.
type relation struct {
	inverse string
	many    bool
}

// relations are the relations of the account type.
func relations() map[string]relation {
	return map[string]relation{
		"parent":     {inverse: "children"},
		"children":   {inverse: "parent", many: true},
		"associates": {inverse: "associates", many: true},
	}
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
