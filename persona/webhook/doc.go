// Package webhook receives Persona's webhooks. It needs the standard library alone.
//
// Most programs use [Handler], which calls a function for each kind of event. A program
// with an HTTP handler of its own calls [Receive]. Both read the body, check its
// signature by [Verify] and read the event by [Parse]. A service that must answer fast
// and work later reads only the [Envelope], with [ParseEnvelope]. [Sign] makes the
// header that a test or a local sender needs.
//
// What Persona does, and what a receiver has to be ready for (Persona docs:
// Webhooks, Webhooks best practices):
//
//   - A delivery that is not answered within five seconds with 200, 201, 202 or
//     204 is tried again, up to seven more times over two days. Every other status
//     is treated alike, so an error status asks for another delivery.
//   - The same event can arrive more than once: [Event.ID] tells.
//   - Events can arrive in any order: [Event.CreatedAt] tells, to the millisecond.
//   - While a secret is being rotated the header carries one signature for each
//     secret. Give Verify every secret that is still valid.
//   - Keys come in the casing the webhook is set to: kebab, snake or camel.
package webhook
