// Package reference evaluates policies and verdicts a second time and compares the results.
// It contains only tests.
//
// The evaluation was written from the documents, without the packages fold and policy and
// without CEL: plain facts, a plain list of rules, plain loops. It is slow and easy to
// read. Generators draw policies, facts and histories from seeds. The tests check that the
// service approves nobody whom the reference does not approve, and that notified verdicts
// are the current ones.
//
// A failure prints its seed. REFERENCE_SEED=n repeats it; see seeds.
package reference
