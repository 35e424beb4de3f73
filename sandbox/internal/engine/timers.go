package engine

import (
	"errors"
	"time"

	"github.com/idemhq/idem/sandbox/internal/deliveries"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// expireDue does everything that is due by now, in order, each at its own time. The
// caller holds the lock.
func (e *Engine) expireDue() {
	now := e.clock.Now()
	for env := range e.Environments() {
		for {
			at, id, ok := env.timers.Take(now)
			if !ok {
				break
			}
			c := NewChange(env, at)
			e.fire(c, id)
			e.Commit(c)
		}
	}
}

// fire does what is due for a resource.
func (e *Engine) fire(c *Change, id string) {
	r := c.Edit(id)
	if r == nil {
		return
	}
	if due := e.behaviour.Due[r.Family()]; due != nil {
		due(c, r)
	}
}

// nextTimer returns when the next timer is due, and whether there is one. The caller
// holds the lock.
func (e *Engine) nextTimer() (next time.Time, some bool) {
	for env := range e.Environments() {
		if at, waits := env.timers.Next(); waits && (!some || at.Before(next)) {
			next, some = at, true
		}
	}
	return next, some
}

// Commit stores a change and plans the deliveries of its events. The caller holds the
// lock.
func (e *Engine) Commit(c *Change) {
	c.store()
	e.changed()
	for _, event := range c.events {
		for hook := range c.Env.All("webhook") {
			if deliveries.Subscribes(hook, event.Text("name")) {
				e.deliver(c.Env, hook, event)
			}
		}
	}
}

// deliver plans the delivery of an event to a webhook.
func (e *Engine) deliver(env *Environment, hook, event *storage.Resource) {
	due := event.Time("created-at")
	if now := e.clock.Now(); now.Before(due) { // events of one moment are dated a millisecond apart
		due = now
	}
	d := deliveries.Delivery{WebhookID: hook.ID, EventID: event.ID, EventName: event.Text("name"), Due: due}
	if !e.passesFilter(env, hook, event) {
		env.outbox.Skip(d)
		return
	}
	env.outbox.Add(d, e.plan.OfDelivery(env.Name, d.EventName))
}

// ExpireRefused expires the inquiry that a refusal names. What was refused has changed
// nothing else. The caller holds the lock.
func (e *Engine) ExpireRefused(env *Environment, now time.Time, err error) {
	var refused *Refusal
	if !errors.As(err, &refused) || refused.Expires == "" {
		return
	}
	c := NewChange(env, now)
	if e.behaviour.Expire(c, refused.Expires) {
		e.Commit(c)
	}
}

// deliverySource is the engine as the dispatcher sees it.
type deliverySource Engine

// ExpireDue implements [deliveries.Source].
func (s *deliverySource) ExpireDue() (next time.Time, some bool) {
	e := (*Engine)(s)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.expireDue()
	return e.nextTimer()
}

// Message implements [deliveries.Source].
func (s *deliverySource) Message(environment, webhookID, eventID string) (*storage.Resource, []byte, error) {
	e := (*Engine)(s)
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.message(environment, webhookID, eventID)
}

// Changed implements [deliveries.Source].
func (s *deliverySource) Changed() { (*Engine)(s).changed() }
