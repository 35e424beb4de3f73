package resources

import (
	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

func logOperations() map[string]engine.Operation {
	return map[string]engine.Operation{
		"APILogs.List": func(c *engine.Call) (*engine.Answer, error) { return c.List("api-log", c.Within(engine.LogLife)) },
		"APILogs.Get":  func(c *engine.Call) (*engine.Answer, error) { return c.AnswerWithin(engine.LogLife, "api-log") },
		"RateLimits.List": func(c *engine.Call) (*engine.Answer, error) {
			limit := c.Engine.Options.RateLimit
			remaining, reset := c.Env.Window.Left(c.Now, limit)
			return &engine.Answer{Many: []*storage.Resource{{Typ: "rate-limit/api", Attributes: map[string]any{"limit": limit, "remaining": remaining, "seconds-to-reset": reset}}}}, nil
		},
	}
}
