// Package reference evaluates policies and verdicts a second time, and compares the two.
//
// Everything here is tests. The evaluation was written from the documents alone, without
// fold and policy and without CEL: plain facts, a plain list of rules, plain loops. It is
// slow and easy to read. Generators draw policies, facts and histories from seeds; the
// tests hold the service to the reference: no approval that the reference does not give,
// and no verdict told that is not the one that stands.
//
// A failure prints its seed. REFERENCE_SEED=n draws that one again; see seeds.
package reference
