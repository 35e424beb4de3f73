package catalog

import (
	"maps"
	"net/http"
	"slices"

	"github.com/idemhq/idem/persona"
)

// PermissionFor returns the permission that an operation needs, or "": reads and searches
// need the one to read, everything else the one to write. Persona names the permissions, but
// does not say which operation needs which.
func PermissionFor(op *persona.Operation) string {
	names := map[string]string{
		"Inquiries": "inquiry", "InquirySessions": "inquiry", "Verifications": "verification", "Cases": "case", "CaseTemplates": "case",
		"Accounts": "account", "AccountTypes": "account", "Webhooks": "webhook", "APIKeys": "api_key", "Events": "event", "APILogs": "api_log",
		"Transactions": "txn", "TransactionTypes": "txn", "Lists": "list", "ListItems": "list", "Importers": "importer", "Reports": "report", "Documents": "document", "UserAuditLogs": "user_audit_log",
		"InquiryTemplates": "inquiry_template", "InquiryTemplateVersions": "inquiry_template", "Connections": "connect", "ShareTokens": "connect",
	}
	name := names[op.Service]
	switch {
	case name == "":
		return ""
	case op.HTTPMethod == http.MethodGet || op.Method == "Search":
		return name + ".read"
	default:
		return name + ".write"
	}
}

// LooksUnauthorized reports whether an operation answers 401, not 403, to a key without its
// permission, as observed at Persona.
func LooksUnauthorized(op *persona.Operation) bool {
	switch op.Service {
	case "InquiryTemplates", "InquiryTemplateVersions", "UserAuditLogs":
		return true
	case "Lists":
		return op.HTTPMethod == http.MethodPost
	}
	return false
}

// Permissions returns the permissions that any operation needs.
func Permissions() []string {
	known := map[string]bool{}
	for _, op := range persona.Operations() {
		if permission := PermissionFor(&op); permission != "" {
			known[permission] = true
		}
	}
	return slices.Sorted(maps.Keys(known))
}
