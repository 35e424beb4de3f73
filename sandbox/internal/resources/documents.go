package resources

import (
	"github.com/idemhq/idem/sandbox/internal/engine"
)

// documentOperations: documents come with verifications, and are only read.
func documentOperations() map[string]engine.Operation {
	get := func(typ string) engine.Operation {
		return func(c *engine.Call) (*engine.Answer, error) {
			found, err := c.AnswerFound("document")
			if err == nil && typ != "" && found.One.Typ != typ {
				return nil, engine.NotFound("")
			}
			return found, err
		}
	}
	return map[string]engine.Operation{
		"Documents.Get":             get(""),
		"Documents.GetGeneric":      get("document/generic"),
		"Documents.GetGovernmentID": get("document/government-id"),
	}
}
