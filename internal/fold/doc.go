// Package fold turns Persona's events into the state of our objects. It is pure: no
// clock, no I/O, the same code for live events, replay and back-test.
//
// Persona promises no order of events and delivers some twice, so the state of an
// object is not the last event to arrive but the greatest one under a total order:
// see [Fold]. Any permutation, repetition and late arrival of an object's events
// therefore leads to the same state.
//
// The rules that protect people are here: completed is not approved, an unknown
// status means review and never approval, a stale event never undoes a newer or a
// decided state, and a case outranks the inquiry it is about.
package fold
