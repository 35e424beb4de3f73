package catalog

import (
	"maps"
	"slices"

	"github.com/idemhq/idem/persona"
)

// QuotaOf is what an operation creates that a quota may be set on, or "".
func QuotaOf(op *persona.Operation) string {
	if op == nil || op.Method != "Create" {
		return ""
	}
	return limitedProducts()[op.Service]
}

// limitedProducts are what a quota may be set on, by the service that makes it.
func limitedProducts() map[string]string {
	return map[string]string{"Inquiries": "inquiry", "Cases": "case", "Accounts": "account", "Reports": "report", "Transactions": "transaction"}
}

func QuotaProducts() []string { return slices.Sorted(maps.Values(limitedProducts())) }
