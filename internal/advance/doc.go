// Package advance brings objects forward: it folds the events that wait for them,
// decides by the environment's policy, and commits everything that follows in one
// transaction.
//
// [Advancer.Advance] does so for many objects at once. An object that needs reads from
// Persona, for a thin payload or for a decision, gets a job of its own, and
// [Advancer.Read] does it: a read that takes long holds up no other object. One worker at
// a time reads for an object. It has a claim; who finds one leaves the object to its
// holder. Correctness does not depend on claims: an object is saved only over the version
// that was loaded.
//
// A decision is made on the transition that leads to the object's present status; the
// statuses that were passed on the way have nothing left to decide. Its facts are read
// from Persona at that moment, since the snapshots in events can be late.
package advance
