// Package engine answers requests to the API the way Persona does: routes,
// authentication, versions, casing, rate limits, idempotency, rendering, events and
// snapshots. It knows no kind of resource: a [Behaviour] says what operations do.
//
// One lock guards all environments. Methods take it themselves unless their comment says
// that the caller holds it. Operations run while the lock is held; other packages get it
// with [Engine.WithLock].
package engine
