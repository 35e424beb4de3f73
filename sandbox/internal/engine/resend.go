package engine

import (
	"github.com/idemhq/idem/sandbox/internal/deliveries"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// Resend plans one more delivery of an event: to a webhook, or, if webhookID is empty, to all
// that are enabled and subscribe to the event. It applies neither a payload filter nor a
// fault. It returns how many deliveries there are. The caller holds the lock.
func (e *Engine) Resend(env *Environment, event *storage.Resource, webhookID string) (int, error) {
	sent := 0
	for hook := range env.All("webhook") {
		switch {
		case webhookID != "" && hook.ID != webhookID, webhookID == "" && !deliveries.Subscribes(hook, event.Text("name")):
			continue
		case hook.Text("status") != "enabled":
			return 0, Conflict("the webhook is " + hook.Text("status") + ": enable it first")
		}
		env.outbox.Add(deliveries.Delivery{WebhookID: hook.ID, EventID: event.ID, EventName: event.Text("name"), Due: e.clock.Now()}, nil)
		sent++
	}
	if sent == 0 {
		return 0, Conflict("no enabled webhook subscribes to " + event.Text("name"))
	}
	e.changed()
	return sent, nil
}
