// Package fold computes the state of objects from Persona's events. It does no I/O and uses
// no clock, and the same code handles new events and replays.
//
// Persona does not promise an order of events and delivers some twice. So the state of an
// object is not its last event to arrive but the greatest one in a total order: see [Fold].
// Reordered, repeated and late events all lead to the same state.
//
// The package implements the rules that protect people: completed is not approved, an
// unknown status means review and never approval, a stale event never undoes a newer state
// or a decision, a case outranks its inquiry, and a case approves only what was in it when it
// got its status.
package fold
