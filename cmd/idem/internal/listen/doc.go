// Package listen forwards the events of Persona's list to web addresses, signed like
// Persona's webhooks. It needs no tunnel, because it polls.
//
// An event is forwarded at least once. Deliveries that were not accepted are stored in a
// file and retried, also after a restart. The file contains ids and addresses, no events.
package listen
