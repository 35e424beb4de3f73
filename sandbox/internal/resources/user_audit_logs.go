package resources

import (
	"github.com/idemhq/idem/sandbox/internal/engine"
)

// userAuditLogOperations: what users did at Persona's dashboard. A sandbox has no
// dashboard: there is one entry from the beginning, and one for each act of a user.
func userAuditLogOperations() map[string]engine.Operation {
	return map[string]engine.Operation{
		"UserAuditLogs.List": inProduction(func(c *engine.Call) (*engine.Answer, error) {
			return c.List("user-audit-log", c.Within(engine.AuditLife))
		}),
		"UserAuditLogs.Get": inProduction(func(c *engine.Call) (*engine.Answer, error) {
			return c.AnswerWithin(engine.AuditLife, "user-audit-log")
		}),
	}
}
