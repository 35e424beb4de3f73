package sandbox

// userAuditLogOperations: what users did at Persona's dashboard. A sandbox has no
// dashboard: there is one entry from the beginning, and one for each act of a user.
func userAuditLogOperations() map[string]operation {
	return map[string]operation{
		"UserAuditLogs.List": inProduction(func(c *call) (*answer, error) { return c.list("user-audit-log", c.within(auditLife)) }),
		"UserAuditLogs.Get":  inProduction(func(c *call) (*answer, error) { return c.answerWithin(auditLife, "user-audit-log") }),
	}
}

// audit logs what a user did.
func (c *change) audit(a Act) {
	c.create("user-audit-log", "ual", map[string]any{
		"path": "/dashboard/" + a.ID, "method": "POST", "get-params": map[string]any{}, "post-params": map[string]any{"do": a.Do},
		"ip-address": "127.0.0.1", "user-agent": "Sandbox", "response-status": 200,
	}, map[string]any{"user": identifier{"user", UserID}, "user-session": identifier{"user-session", UserSessionID}})
}
