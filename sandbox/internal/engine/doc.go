// Package engine answers requests to the API the way Persona does: routing,
// authentication, versions, casing, rate limits, idempotency, rendering, events,
// deliveries of webhooks, snapshots. It knows no kind of resource: [Behaviour] says what
// operations do.
//
// One lock, Engine.Mu, guards all environments. The methods that take it say nothing;
// the others say that the caller holds it.
package engine
