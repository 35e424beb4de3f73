// Package verify starts the verification of a subject in a flow with one call: it finds the
// subject's live inquiry, or creates one, and returns a link or a session token for it.
//
// A subject has at most one live inquiry in a flow. [Decide] is the pure part: it says from
// the state of a subject and a flow what to do next. [Verifier] does it.
//
// Before Persona is asked to create an inquiry, the request and its idempotency key are
// stored. While the outcome is unknown, because the answer was lost or the process was
// killed, every later call first looks for the inquiry at Persona, by the reference id and
// the flow's template, and then repeats the request with the same key. A new key is used
// only when Persona no longer knows the old one, or answers it with an error for good.
//
// Field values, redirect addresses, links and tokens are never stored or logged.
package verify
