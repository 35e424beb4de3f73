package resources

import (
	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/storage"
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

// audit logs what a user did.
func audit(c *engine.Change, a Act) {
	c.Create("user-audit-log", "ual", map[string]any{
		"path": "/dashboard/" + a.ID, "method": "POST", "get-params": map[string]any{}, "post-params": map[string]any{"do": a.Do},
		"ip-address": "127.0.0.1", "user-agent": "Sandbox", "response-status": 200,
	}, map[string]any{"user": storage.Identifier{Type: "user", ID: UserID}, "user-session": storage.Identifier{Type: "user-session", ID: UserSessionID}})
}
