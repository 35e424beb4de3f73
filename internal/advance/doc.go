// Package advance processes the waiting events of objects: it folds them, decides by the
// environment's policy, and commits the results in one transaction.
//
// [Advancer.Advance] does this for many objects at once. An object that must be read from
// Persona, because an event's payload is incomplete or because a decision needs facts, gets
// a job of its own, which calls [Advancer.Read]. So a slow read delays no other object. One
// worker at a time reads for an object: it holds a claim, and a worker that finds a claim
// leaves the object to the claim's holder. Correctness does not depend on claims, because
// an object is saved only if its version is still the one that was loaded.
//
// A decision is made only on the transition that led to the object's current status, not on
// earlier ones in the same batch. Its facts are read from Persona at that moment, since the
// snapshots in events can be outdated.
package advance
