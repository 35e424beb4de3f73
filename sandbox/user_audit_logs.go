package sandbox

// userAuditLogOperations: what users did at Persona's dashboard. A sandbox has no
// dashboard, and one entry from the beginning.
func userAuditLogOperations() map[string]operation {
	return map[string]operation{
		"UserAuditLogs.List": inProduction(func(c *call) (*answer, error) { return c.list("user-audit-log", nil) }),
		"UserAuditLogs.Get":  inProduction(func(c *call) (*answer, error) { return c.answerFound("user-audit-log") }),
	}
}
