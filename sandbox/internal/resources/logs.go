package resources

import (
	"time"

	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// How long logs can be read (Persona docs: API logs, Events; OpenAPI 2025-12-08).
const (
	apiLogLife    = 14 * 24 * time.Hour
	eventLife     = 90 * 24 * time.Hour
	userAuditLife = 180 * 24 * time.Hour
)

// logOperations returns the operations on what is only logged: calls, events and the acts
// of users. A sandbox has no dashboard, so its user audit log has one entry from the start
// and one for each act of a user.
func logOperations() map[string]engine.Operation {
	return map[string]engine.Operation{
		"APILogs.List": func(c *engine.Call) (*engine.Answer, error) { return c.List("api-log", youngerThan(c, apiLogLife)) },
		"APILogs.Get":  getYoungerThan(apiLogLife, "api-log"),
		"RateLimits.List": func(c *engine.Call) (*engine.Answer, error) {
			limit, remaining, reset := c.RateLimit()
			return &engine.Answer{Many: []*storage.Resource{{Typ: "rate-limit/api", Attributes: map[string]any{"limit": limit, "remaining": remaining, "seconds-to-reset": reset}}}}, nil
		},
		"Events.Get": getYoungerThan(eventLife, "event"),
		"Events.List": func(c *engine.Call) (*engine.Answer, error) {
			young := youngerThan(c, eventLife)
			return c.List("event", func(r *storage.Resource) bool {
				return young(r) && accepted(c, r, "name") && engine.Accepts(c.Filter("id"), r.ID) && engine.Accepts(c.Filter("object-id"), r.Object.ID)
			}, engine.SplitList(c.Filter("object-id"))...)
		},
		"UserAuditLogs.List": inProduction(func(c *engine.Call) (*engine.Answer, error) {
			return c.List("user-audit-log", youngerThan(c, userAuditLife))
		}),
		"UserAuditLogs.Get": inProduction(getYoungerThan(userAuditLife, "user-audit-log")),
	}
}

// youngerThan returns a function that reports whether a resource was created within a
// time.
func youngerThan(c *engine.Call, life time.Duration) func(*storage.Resource) bool {
	return func(r *storage.Resource) bool { return c.Now.Before(r.Time("created-at").Add(life)) }
}

// getYoungerThan is the operation that answers with the resource that its path names,
// unless it is too old.
func getYoungerThan(life time.Duration, family string) engine.Operation {
	return func(c *engine.Call) (*engine.Answer, error) {
		found, err := c.AnswerFound(family)
		if err == nil && !youngerThan(c, life)(found.One) {
			return nil, engine.NotFound("")
		}
		return found, err
	}
}
