// Package advance works on one object at a time: it folds the events that wait for
// it, decides by the environment's policy, and commits everything that follows in one
// transaction.
//
// It decides on the transition that leads to the object's present status; statuses
// that were passed on the way have nothing left to decide. The facts of a decision
// are read from Persona at that moment, since the snapshots in events can be late,
// and nothing is decided when the object has moved on meanwhile: an event will tell.
package advance
