// Package perform performs the actions of decisions at Persona, each exactly once in
// effect.
//
// Each attempt first reads the object. If the effect is already there, no call is made. If
// the precondition no longer holds, the action is dropped.
//
// An action that is performed long after its decision is confirmed first: what the decision
// was based on can have changed without a change of the object's status.
//
// The idempotency key is stored before the first call and reused after a lost answer or a
// crash. A new key is stored and used when the old one is no longer useful: after a 5xx
// that Persona would repeat for the same key, or when the key is older than Persona keeps
// keys. Then the state that was just read prevents a second effect.
package perform
