// Package webhook receives Persona's webhooks. It uses only the standard library.
//
// Most programs use [Handler], which calls a function for each kind of event. A program
// with its own HTTP handler calls [Receive]. Both read the body, check its signature with
// [Verify] and parse the event with [Parse]. A service that stores events before it
// processes them needs only the [Envelope], from [ParseEnvelope]. [Sign] creates the
// signature header for tests and local senders.
//
// A receiver must be ready for this behaviour of Persona (Persona docs: Webhooks, Webhooks
// best practices):
//
//   - A delivery that is not answered within five seconds with 200, 201, 202 or
//     204 is retried, up to seven times over two days. All other statuses are
//     treated alike: any error status causes a retry.
//   - An event can be delivered more than once. It keeps its [Event.ID].
//   - Events can be delivered in any order. [Event.CreatedAt] has their time, to
//     the millisecond.
//   - During a rotation the header contains one signature for each secret. Give
//     Verify all valid secrets.
//   - Keys are in the casing that the webhook is set to: kebab, snake or camel.
package webhook
