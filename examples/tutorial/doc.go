// Package tutorial is Persona's integration tutorial in six steps. Each step is a small
// program in its own folder, and this package is what the steps share. The test runs the
// programs against a sandbox.
//
// `idem demo` performs the same steps with this package, but with Idem's service instead of
// hand-written webhook handlers.
package tutorial
