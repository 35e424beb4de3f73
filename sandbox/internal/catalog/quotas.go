package catalog

import (
	"maps"
	"slices"

	"github.com/idemhq/idem/persona"
)

// QuotaOf returns the product whose quota limits an operation, or "".
func QuotaOf(op *persona.Operation) string {
	if op == nil || op.Method != "Create" {
		return ""
	}
	return limitedProducts()[op.Service]
}

// limitedProducts returns the products that can have a quota, by the service that creates
// them.
func limitedProducts() map[string]string {
	return map[string]string{"Inquiries": "inquiry", "Cases": "case", "Accounts": "account", "Reports": "report", "Transactions": "transaction"}
}

// QuotaProducts returns the products that can have a quota, sorted.
func QuotaProducts() []string { return slices.Sorted(maps.Values(limitedProducts())) }
