package resources

import "github.com/idemhq/idem/sandbox/internal/engine"

// documentOperations returns the operations on documents, which can only be read: they are
// created with verifications.
func documentOperations() map[string]engine.Operation {
	return map[string]engine.Operation{
		"Documents.Get":             engine.Get("document"),
		"Documents.GetGeneric":      engine.Get("document/generic"),
		"Documents.GetGovernmentID": engine.Get("document/government-id"),
	}
}
