// Package perform performs at Persona what was decided, exactly once in effect.
//
// Each attempt reads the object first: a call whose effect is there already is not
// made, and one whose precondition is gone is dropped with a note. The idempotency
// key was stored before the first call, and is used again after a lost answer or a
// crash; after an answer of 5xx, which Persona would repeat for the same key, and
// when the key is older than Persona keeps keys, the state that was just read is
// what protects from doing it twice, and a new key is stored first.
package perform
