// Package tutorial is Persona's integration tutorial in six steps. Each step is a small
// program in a folder of its own; what the steps share is in this package. The test runs
// the programs against a sandbox.
//
// `idem demo` takes the same steps from this package, with Idem's service in place of the
// webhook handlers that the programs write by hand.
package tutorial
