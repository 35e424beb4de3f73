// Package deliveries sends events to webhooks the way Persona does: one at a time for
// each webhook, signed, and retried on the sandbox's clock.
//
// An [Outbox] holds the deliveries of one environment. A [Dispatcher] sends what is due
// in all outboxes. It asks the sandbox, its [Source], for the body of each message just
// before it sends it.
//
// Every outbox has a lock of its own. The sandbox may hold its lock while it calls an
// outbox. A dispatcher holds no lock while it calls the sandbox.
package deliveries
