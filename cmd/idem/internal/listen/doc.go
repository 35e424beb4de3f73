// Package listen forwards the events of Persona's list to web addresses, signed, as
// Persona's webhooks would bring them. It needs no tunnel: it asks, and is not called.
//
// An event is forwarded at least once. What was not accepted is kept in a file and
// tried again, also after a restart. The file holds ids and addresses, and no event.
package listen
