package resources

import (
	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// eventOperations: events are what was delivered to webhooks, or would have been.
func eventOperations() map[string]engine.Operation {
	return map[string]engine.Operation{
		"Events.Get": func(c *engine.Call) (*engine.Answer, error) { return c.AnswerWithin(engine.EventLife, "event") },
		"Events.List": func(c *engine.Call) (*engine.Answer, error) {
			recent := c.Within(engine.EventLife)
			return c.List("event", func(r *storage.Resource) bool {
				return recent(r) && engine.OneOf(c.Filter("name"), r.Text("name")) && engine.OneOf(c.Filter("id"), r.ID) && engine.OneOf(c.Filter("object-id"), r.Object.ID)
			}, engine.SplitList(c.Filter("object-id"))...)
		},
	}
}
